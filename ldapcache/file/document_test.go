package file

import (
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/ldapcache/spelling"
	"github.com/rcptquota/rcptquota/quota/conf"
)

func TestMistakesInAFile(t *testing.T) {
	const sender = "[[sender]]\nlogin = 'a'\n"
	for text, want := range map[string]string{
		"[[sender]]\naddresses = ['a@b']":                "f:1: sender[0].login: missing",
		"[[sender]]\nlogin = ''":                         "f:2: sender[0].login: missing",
		sender + "[[sender]]\nlogin = 'A'":               `f:4: sender[1].login: "A" is in the file already`,
		sender + "addresses = ['a']":                     `f:3: sender[0].addresses: "a" is not an address`,
		sender + "addresses = ['@b']":                    `f:3: sender[0].addresses: "@b" is not an address`,
		sender + "addresses = ['A <a@b>']":               `f:3: sender[0].addresses: "A <a@b>" is not an address`,
		sender + "attributes = { x = ['1'], X = ['2'] }": "f:3: sender[0].attributes: ",
		sender + "adresses = ['a@b']":                    "f:3: sender[0].adresses: unknown key",
		"[[establishment]]\nuai = 'x'":                   "f:1: establishment[0].reference: missing",
		"[[establishment]]\nreference = 'x'":             "f:1: establishment[0].uai: missing",
		"[[establishment]]\nuai='x'\nreference='y'\n[[establishment]]\nuai='X'\nreference='z'":                    `f:5: establishment[1].uai: "X" is in`,
		"[[establishment]]\nuai='0310002b'\nreference='y'\n[[establishment]]\nuai='{UAI}0310002B'\nreference='z'": `f:5: establishment[1].uai: "0310002B" is in`,
		sender + "[[premium]]\nestablishment = ' '\nlogins = ['a']":                                               "f:4: premium[0].establishment: missing",
		sender + "[[premium]]\nlogins = ['a']":                                                                    "f:3: premium[0].establishment: missing",
		sender + "[[premium]]\nestablishment = 'x'":                                                               "f:3: premium[0].logins: missing",
		sender + "[[premium]]\nestablishment = 'x'\nlogins = ['b']":                                               `f:5: premium[0].logins: no [[sender]] has the login "b"`,
		"[[list]]\nmembers = 3":                                       `f:1: list[0].address: "" is not an address`,
		"[[list]]\naddress = 'l@t'\nmembers = -1":                     "f:3: list[0].members: -1 is not",
		"[[list]]\naddress = 'l@t'\n[[list]]\naddress = 'L@t'":        `f:4: list[1].address: "L@t" is in`,
		sender + "[[list]]\naddress = 'l@t'\nowners = ['b']":          `f:5: list[0].owners: no [[sender]] has the login "b"`,
		sender + "[[list]]\naddress = 'l@t'\nmoderators = ['a', 'b']": `f:5: list[0].moderators: no [[sender]] has the login "b"`,
	} {
		err := conf.Decode("f", []byte(text), &document{})
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add(school)
	f.Add("[[sender]]\nlogin='a'\n[[premium]]\nestablishment='x'\nlogins=['A','a']")
	f.Fuzz(func(t *testing.T, text string) {
		var doc document
		if conf.Decode("f", []byte(text), &doc) != nil {
			return
		}
		senders := doc.senders()
		if len(senders) != len(doc.Senders) {
			t.Errorf("%d senders became %d", len(doc.Senders), len(senders))
		}
		for login, sender := range senders {
			if key, ok := spelling.Login(login); !ok || key != login || sender.Stale != nil {
				t.Errorf("%q: %+v", login, sender)
			}
		}
	})
}
