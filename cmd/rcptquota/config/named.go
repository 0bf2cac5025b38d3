package config

import "strings"

// MatchedAttributes are the attributes that classes match on, by their keys.
func (c *Config) MatchedAttributes() map[string]string {
	attributes := map[string]string{}
	for name, class := range c.Classes {
		if class.Match.Attribute != "" {
			attributes["class."+name+".match.attribute"] = class.Match.Attribute
		}
	}
	return attributes
}

// ListDomains are all domains in which addresses may be lists, in lower case.
func (c *Config) ListDomains() (all []string) {
	for _, name := range c.Lists.Domains {
		all = append(all, strings.ToLower(name))
	}
	for _, d := range c.Lists.PerDomain {
		all = append(all, strings.ToLower(d.Name))
	}
	return all
}
