package postfix

import (
	"slices"
	"strings"
)

func beforeQueueFilter(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		if a.values["smtpd_proxy_filter"] == "" || a.socket.isInbound() || a.socket.CountsAtData {
			return nil
		}
		write := []string{c.replace(a, nil)}
		for _, back := range c.services {
			if c.role(back) == wayBack && !c.asksRole(back, false) {
				write = append(write, c.ask(back, &a.socket)...)
			}
		}
		return one("It has smtpd_proxy_filter, with which Postfix shows rcptquota neither the header nor the end of a message: windows never fill, and lists are open; "+
			"README.md, \"A before-queue filter\", tells how the login gets behind the filter", write...)
	})
}

func judgedTwice(c *situation) []Finding {
	return c.eachService(func(back *service) []Finding {
		before := func(s *service) bool { return s.filter() != "" && c.role(s) != unused && len(c.asks(s)) > 0 }
		if len(c.asks(back)) == 0 || !slices.ContainsFunc(c.services, before) {
			return nil
		}
		words := append(strings.FieldsFunc(back.values["receive_override_options"], isSeparator), "no_milters")
		return one("The mail of a content filter comes back here, and rcptquota judges and counts it a second time",
			c.setOwn(back, "receive_override_options", strings.Join(words, ",")))
	}, wayBack)
}

// nonSMTPDMilters looks at cleanup(8), which asks these milters.
func nonSMTPDMilters(c *situation) (all []Finding) {
	for _, s := range c.services {
		milters, err := parseMilters(s.values["non_smtpd_milters"])
		if s.program != "cleanup" || err != nil {
			continue
		}
		isOurs := func(m milter) bool { _, ours := c.ours(c.wanted, m.address); return ours }
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
