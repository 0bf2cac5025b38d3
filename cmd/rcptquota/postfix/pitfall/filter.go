package pitfall

import (
	"slices"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

func beforeQueueFilter(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		if a.Values["smtpd_proxy_filter"] == "" || a.socket.IsInbound() || a.socket.CountsAtData {
			return nil
		}
		write := []string{c.replace(a, nil)}
		for _, back := range c.Services {
			if c.Role(back) == postfix.WayBack && !c.asksRole(back, false) {
				write = append(write, c.ask(back, &a.socket)...)
			}
		}
		return one("It has smtpd_proxy_filter, with which Postfix shows rcptquota neither the header nor the end of a message: windows never fill, and lists are open; "+
			"README.md, \"A before-queue filter\", tells how the login gets behind the filter", write...)
	})
}

func judgedTwice(c *situation) []Finding {
	return c.eachService(func(back *postfix.Service) []Finding {
		before := func(s *postfix.Service) bool {
			return s.Filter() != "" && c.Role(s) != postfix.Unused && len(c.asks(s)) > 0
		}
		if len(c.asks(back)) == 0 || !slices.ContainsFunc(c.Services, before) {
			return nil
		}
		words := append(postfix.Words(back.Values["receive_override_options"]), "no_milters")
		return one("The mail of a content filter comes back here, and rcptquota judges and counts it a second time",
			c.setOwn(back, "receive_override_options", strings.Join(words, ",")))
	}, postfix.WayBack)
}

// nonSMTPDMilters looks at cleanup(8), which asks these milters.
func nonSMTPDMilters(c *situation) (all []Finding) {
	for _, s := range c.Services {
		milters, err := postfix.ParseMilters(s.Values["non_smtpd_milters"])
		if s.Program != "cleanup" || err != nil {
			continue
		}
		isOurs := func(m postfix.Milter) bool { _, ours := c.Ours(c.wanted, m.Address); return ours }
		others := slices.DeleteFunc(slices.Clone(milters), isOurs)
		if len(others) == len(milters) {
			continue
		}
		all = append(all, Finding{
			Services: []string{s.String()},
			Sentence: "non_smtpd_milters has rcptquota: mail from sendmail(1) has no login, and Postfix reports a refusal there as an error of its own (4.3.5)",
			Write:    []string{c.set(s, "non_smtpd_milters", joinMilters(others))},
		})
	}
	return all
}
