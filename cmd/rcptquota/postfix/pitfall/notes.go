package pitfall

import (
	"slices"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

// Notes are what a postmaster should know that is no mistake.
func Notes(in *postfix.Installation, w *postfix.Wanted) (notes []string) {
	c := &situation{in, w}
	notes = []string{}
	if !in.Tried {
		notes = append(notes, "the sockets were not tried: only root can connect as the user "+in.Main["mail_owner"])
	}
	later := func(a asked) []Finding {
		value, _ := a.setting("default_action")
		if value != "tempfail" || in.Version.Before(withShutdown) {
			return nil
		}
		return one(value)
	}
	if len(c.eachAsked(later)) > 0 {
		notes = append(notes, "this Postfix has default_action=shutdown, which spares the rest of an SMTP session its 451 after an outage; tempfail does not")
	}
	expands := func(s *postfix.Service) bool { return s.Program == "cleanup" && s.Values["virtual_alias_maps"] != "" }
	if len(w.ListDomains) > 0 && len(w.Members) == 0 && slices.ContainsFunc(in.Services, expands) {
		notes = append(notes, "name a large list with --list, and its members are compared with virtual_alias_expansion_limit")
	}
	return notes
}
