package list

import (
	"slices"
	"testing"

	"github.com/rcptquota/rcptquota/quota/list/from"
)

// me is a manager whose login is none of their addresses.
var me = from.Identity{Login: "p.martin31", Addresses: []string{"paul.martin@entmip.fr", "pmartin@entmip.fr"}}

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
