package pitfall

import (
	"slices"
	"strings"
)

// Finding is a pitfall that an installation has.
type Finding struct {
	// Pitfall is the name of it in [Pitfalls].
	Pitfall string `json:"pitfall"`
	// Services are those of master.cf that have it, as "postconf -P" names them; none
	// where it is one of the whole instance.
	Services []string `json:"services,omitempty"`
	// Sentence says what is wrong, and what comes of it.
	Sentence string `json:"sentence"`
	// Write are the commands that put it right; a line that begins with "#" is a hint.
	Write []string `json:"write,omitempty"`
	// Configure are lines for rcptquota.toml, where the mistake is there.
	Configure []string `json:"configure,omitempty"`
}

// merged joins findings that differ by their service alone.
func merged(findings []Finding) (all []Finding) {
	for _, f := range findings {
		i := slices.IndexFunc(all, func(g Finding) bool {
			return g.Pitfall == f.Pitfall && g.Sentence == f.Sentence && slices.Equal(generic(&g), generic(&f))
		})
		if i < 0 {
			all = append(all, f)
			continue
		}
		for _, service := range f.Services {
			if !slices.Contains(all[i].Services, service) {
				all[i].Services = append(all[i].Services, service)
			}
		}
		for _, line := range f.Write {
			if !slices.Contains(all[i].Write, line) {
				all[i].Write = append(all[i].Write, line)
			}
		}
	}
	return all
}

// generic are the lines of a finding without the names of its services.
func generic(f *Finding) []string {
	lines := slices.Clone(f.Write)
	for i := range lines {
		for _, service := range f.Services {
			lines[i] = strings.ReplaceAll(lines[i], service+"/", "*/")
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
