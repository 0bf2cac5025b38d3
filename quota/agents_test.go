package quota

import (
	"slices"
	"testing"
)

// TestAgents: fields that name a sender other than the manager are removed.
func TestAgents(t *testing.T) {
	for name, c := range map[string]struct {
		fields [][2]string
		want   []string
	}{
		"nobody else":         {nil, nil},
		"own":                 {[][2]string{{"Sender", "Paul <pmartin@entmip.fr>"}}, nil},
		"other":               {[][2]string{{"sender", "directeur@entmip.fr"}}, []string{"Sender"}},
		"a webmail's":         {[][2]string{{"Sender", "p.martin31@localhost"}}, []string{"Sender"}},
		"no address":          {[][2]string{{"Sender", "Le directeur"}}, []string{"Sender"}},
		"other in the name":   {[][2]string{{"Sender", "\"directeur@entmip.fr\" <pmartin@entmip.fr>"}}, []string{"Sender"}},
		"own and other":       {[][2]string{{"Sender", "pmartin@entmip.fr"}, {"SENDER", "directeur@entmip.fr"}}, []string{"Sender"}},
		"own twice":           {[][2]string{{"Sender", "pmartin@entmip.fr"}, {"Sender", "pmartin@entmip.fr"}}, []string{"Sender"}},
		"resent by oneself":   {[][2]string{{"Resent-From", "pmartin@entmip.fr"}, {"Resent-To", "owned@l.fr"}, {"Resent-Date", "x"}}, nil},
		"resent by another":   {[][2]string{{"Resent-From", "directeur@entmip.fr"}, {"Resent-To", "owned@l.fr"}, {"resent-message-id", "x"}}, []string{"Resent-From", "Resent-Message-Id", "Resent-To"}},
		"resent for another":  {[][2]string{{"Resent-Sender", "directeur@entmip.fr"}}, []string{"Resent-Sender"}},
		"resent, by two":      {[][2]string{{"Resent-From", "pmartin@entmip.fr"}, {"Resent-From", "x@y.fr"}}, []string{"Resent-From"}},
		"resent, and a reply": {[][2]string{{"Resent-From", "x@y.fr"}, {"Resent-Reply-To", "x@y.fr"}}, []string{"Resent-From", "Resent-Reply-To"}},
	} {
		h := Header{}
		for _, f := range c.fields {
			h.Add(f[0], f[1])
		}
		if got := h.foreignAgents(me); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestAgentsOfAPost: such fields are removed only where From is checked.
func TestAgentsOfAPost(t *testing.T) {
	for rules, want := range map[string][]string{
		"[lists]\ndomains = [\"l.fr\"]\n":                          {"Sender"},
		"enforce = false\n[lists]\ndomains = [\"l.fr\"]\n":         nil,
		"[lists]\ndomains = [\"l.fr\"]\nsender_check = false\n":    nil,
		"[lists]\ndomains = [\"l.fr\"]\nunauthorised = \"pass\"\n": nil,
	} {
		policy := listPolicy(t, rules, newListed(), nil)
		v := policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope("owned@l.fr")})
		h := Header{From: []string{"owner@entmip.fr"}}
		h.Add("Sender", "directeur@entmip.fr")
		if v = policy.JudgeHeader(&v, &h); v.Action != Accept || !slices.Equal(v.Posting.Remove, want) {
			t.Errorf("%s: %v, %v, %q, want %q", rules, v.Action, v.Reason, v.Posting.Remove, want)
		}
	}
}

// TestReplyToOfThePost: replies go to that address of the poster that is in From.
func TestReplyToOfThePost(t *testing.T) {
	d := newListed()
	owner, moderator := person("owner"), person("moderator")
	d.lists["two@l.fr"] = &List{Owners: []Person{moderator, owner}}
	for _, c := range []struct {
		rules, from string
		want        []string
	}{
		{"", "owner@entmip.fr", []string{"moderator@entmip.fr", "owner@entmip.fr"}},
		{"", "Owner <Owner@ECOLLEGE31.fr>", []string{"moderator@entmip.fr", "owner@ecollege31.fr"}},
		{"sender_check = false\n", "owner@ecollege31.fr", []string{"moderator@entmip.fr", "owner@ecollege31.fr"}},
		{"sender_check = false\n", "x@y.fr", []string{"moderator@entmip.fr", "owner@entmip.fr"}},
		{"sender_check = false\n", "moderator@ecollege31.fr", []string{"moderator@entmip.fr", "owner@entmip.fr"}},
		{"sender_check = false\n", "no address", []string{"moderator@entmip.fr", "owner@entmip.fr"}},
		{"reply_to = \"keep\"\n", "owner@ecollege31.fr", nil},
	} {
		policy := listPolicy(t, "[lists]\ndomains = [\"l.fr\"]\n"+c.rules, d, nil)
		v := policy.Judge(t.Context(), &Message{Login: "owner", EnvelopeSender: "owner@entmip.fr", Recipients: envelope("two@l.fr")})
		if v = policy.JudgeHeader(&v, &Header{From: []string{c.from}}); !slices.Equal(v.Posting.ReplyTo, c.want) {
			t.Errorf("%q: %v, %q, want %q", c.from, v.Reason, v.Posting.ReplyTo, c.want)
		}
	}
}
