package alert

import (
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota"
)

func TestLoginsThatAreNone(t *testing.T) {
	for login, want := range map[string]string{
		"anne":                   "anne",
		"josé.m":                 "josé.m",
		"a b":                    "a b",
		"eve\r\nx":               `"eve\r\nx"`,
		"\x1b[31m":               `"\x1b[31m"`,
		"a\xff":                  `"a\xff"`,
		"=?utf-8?Q?anne?=":       `"=\x3futf-8?Q?anne?="`,
		strings.Repeat("é", 500): strings.Repeat("é", maxShown/2) + "...",
	} {
		if got := shown(login); got != want {
			t.Errorf("%q: %s, want %s", login, got, want)
		}
	}
	d := refused()
	d.Sender = "eve\nBcc: anne@example.org\n=?utf-8?Q?=0D=0A?="
	refusal, _ := ofDecision(d, noon)
	use, _ := ofUse(d.Sender, "all", Use{Window: quota.Window{Per: day, Recipients: 10}, Used: 9}, 80, noon)
	for _, a := range []Alert{refusal, use} {
		if text := a.subject() + a.body(); strings.Contains(text, "\nBcc:") || strings.Contains(text, "=?") {
			t.Error(text)
		}
	}
}
