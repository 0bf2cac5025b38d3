package reply

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

var update = flag.Bool("update", false, "write testdata/replies.golden anew")

var (
	hour    = quota.Window{Per: time.Hour, Recipients: 150}
	retryAt = time.Date(2026, 11, 22, 14, 4, 0, 1, time.Local)
)

var refusals = []quota.Verdict{
	{Action: quota.Refuse, Reason: quota.MessageLimit, Facts: quota.Facts{Recipients: 151, Limit: 150}},
	{Action: quota.Refuse, Reason: quota.Unauthenticated, Facts: quota.Facts{Recipients: 1}},
	{Action: quota.Defer, Reason: quota.DirectoryUnavailable, Facts: quota.Facts{Recipients: 151, Limit: 150}},
	{Action: quota.Defer, Reason: quota.WindowLimit, Facts: quota.Facts{Recipients: 60, Limit: 150, Window: hour, Used: 100, RetryAt: retryAt}},
	{Action: quota.Refuse, Reason: quota.WindowLimit, Facts: quota.Facts{Recipients: 60, Limit: 150, Window: hour, Used: 100, RetryAt: retryAt}},
	{Action: quota.Refuse, Reason: quota.WindowLimit, Facts: quota.Facts{Recipients: 151, Limit: 150, Window: hour}},
	{Action: quota.Defer, Reason: quota.Concurrency, Facts: quota.Facts{Recipients: 60}},
	{Action: quota.Defer, Reason: quota.StoreUnavailable, Facts: quota.Facts{Recipients: 60}},
	{Action: quota.Refuse, Reason: quota.WindowLimit, Facts: quota.Facts{Recipients: 60, Limit: 150, Window: quota.Window{Per: 168 * time.Hour}, Used: 100, RetryAt: retryAt}},
	{Action: quota.Refuse, Reason: quota.WindowLimit, Facts: quota.Facts{Recipients: 60, Limit: 150, Window: quota.Window{Per: 90 * time.Minute}, Used: 100, RetryAt: retryAt}},
	{Action: quota.Refuse, Reason: quota.MessageLimit, Facts: quota.Facts{Recipients: 300, Limit: 150, List: "parents-6b@listes.ac-test.fr", Members: 299}},
	{Action: quota.Refuse, Reason: quota.ListPosting, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr", Sender: "anne"}},
	{Action: quota.Refuse, Reason: quota.ListPosting, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr", Sender: "anne", Moderated: true}},
	{Action: quota.Refuse, Reason: quota.ListPosting, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListFrom, FromFault: from.Envelope, Facts: quota.Facts{List: "100%@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListFrom, FromFault: from.Missing, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListFrom, FromFault: from.Several, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListFrom, FromFault: from.Malformed, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListFrom, FromFault: from.OtherAddress, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListFrom, FromFault: from.Name, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListFrom, FromFault: from.Encoding, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListAutomatic, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListHeader, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.ListUnchecked, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Defer, Reason: quota.DirectoryUnavailable, Facts: quota.Facts{List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Refuse, Reason: quota.VisibleRecipients, Facts: quota.Facts{Recipients: 152, Limit: 30, Visible: 151, List: "parents-6b@listes.ac-test.fr"}},
	{Action: quota.Defer, Reason: quota.DirectoryUnavailable, Facts: quota.Facts{List: "@listes.ac-test.fr"}},
}

// TestReplies compares every reply that mail users can get with the golden file. Read its
// difference before committing it.
func TestReplies(t *testing.T) {
	var got strings.Builder
	for _, config := range []Config{
		{Language: "fr"},
		{Language: "fr", Contact: "assistance@ac-test.fr"},
		{Language: "en"},
		{Language: "en", Contact: "+33 5 00 00 00 00", MessageLimit: "100% sure: {recipients} > {limit}. {contact}, {ref}, {ref}"},
	} {
		replies, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range refusals {
			for _, ref := range []string{"4FxyZ12", ""} {
				fmt.Fprintln(&got, replies.Wire(&v, ref))
			}
		}
	}
	const golden = "testdata/replies.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("replies:\n%s\nwant:\n%s", got.String(), want)
	}
}

// TestBuiltInTexts: the built-in texts follow the rules for a site's own, so that their end,
// with the reference, is never cut off.
func TestBuiltInTexts(t *testing.T) {
	for name, language := range languages {
		texts := language.texts
		texts.Language = name
		if err := texts.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		replies, err := New(Config{Language: name, Contact: strings.Repeat("c", 80)})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range refusals {
			v.List = strings.Repeat("l", 64) + "@" + strings.Repeat("d", 40) + ".fr"
			if reply := replies.Text(&v, "4FxyZ12abcdefghi"); !strings.HasSuffix(reply, "(reference 4FxyZ12abcdefghi).") {
				t.Errorf("%s: %s", name, reply)
			}
		}
	}
}

// TestEveryTextIsKnown: each key of the table but the language is a text that both
// languages have, that is checked, and that a site may replace.
func TestEveryTextIsKnown(t *testing.T) {
	var config Config
	keys := map[string]*string{}
	for _, text := range config.texts() {
		keys[text.key] = text.value
	}
	for _, v := range []reflect.Value{reflect.ValueOf(&config).Elem(), reflect.ValueOf(&config.ListConfig).Elem()} {
		for field, value := range v.Fields() {
			key := field.Tag.Get("toml")
			if key == "" || key == "language" {
				continue
			}
			if keys[key] != value.Addr().Interface() {
				t.Errorf("texts lacks %s, or has another field for it", key)
			}
			delete(keys, key)
		}
	}
	for key := range keys {
		t.Errorf("%s is no key", key)
	}
	for name, language := range languages {
		for _, text := range language.texts.texts() {
			if *text.value == "" {
				t.Errorf("%s has no text for %s", name, text.key)
			}
		}
	}
}

// TestOverrides: a site's own text is used in all cases for which it was used when it was
// written, before there were texts for single cases.
func TestOverrides(t *testing.T) {
	all := Config{Language: "fr", MessageLimit: "limit", ListConfig: ListConfig{ListPosting: "posting", ListFrom: "from"}}
	some := all
	some.ListLogin, some.ListFromName, some.ListLimit = "login", "name", "{members}"
	for _, c := range []struct {
		config  Config
		verdict quota.Verdict
		want    string
	}{
		{all, quota.Verdict{Reason: quota.ListPosting, Facts: quota.Facts{Sender: "anne"}}, "550 5.7.1 posting"},
		{all, quota.Verdict{Reason: quota.ListPosting}, "550 5.7.1 posting"},
		{some, quota.Verdict{Reason: quota.ListPosting}, "550 5.7.1 login"},
		{all, quota.Verdict{Reason: quota.ListFrom, FromFault: from.Name}, "550 5.7.1 from"},
		{some, quota.Verdict{Reason: quota.ListFrom, FromFault: from.Name}, "550 5.7.1 name"},
		{some, quota.Verdict{Reason: quota.ListFrom, FromFault: from.Several}, "550 5.7.1 from"},
		{all, quota.Verdict{Reason: quota.MessageLimit, Facts: quota.Facts{Members: 9}}, "550 5.5.3 limit"},
		{some, quota.Verdict{Reason: quota.MessageLimit, Facts: quota.Facts{Members: 9}}, "550 5.5.3 9"},
		{some, quota.Verdict{Reason: quota.MessageLimit}, "550 5.5.3 limit"},
	} {
		replies, err := New(c.config)
		if err != nil {
			t.Fatal(err)
		}
		c.verdict.Action = quota.Refuse
		if got := replies.Text(&c.verdict, ""); got != c.want {
			t.Errorf("%+v: %q, want %q", c.verdict, got, c.want)
		}
	}
}

func TestRepliesMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`language = "de"`:               `replies.language: "de" is not known; write "fr" or "en"`,
		`contact = "l'équipe"`:          `replies.contact: an SMTP reply is one line of ASCII; "l'équipe" has 'é': write it without`,
		`contact = "{ref}"`:             `replies.contact: {ref} has no meaning here`,
		`message_limit = "a\r\n250 OK"`: `replies.message_limit: an SMTP reply is one line of ASCII; "a\r\n250 OK" has '\r': write it without`,
		`window = "{limit, {used}"`:     `replies.window: "{limit, {used}" has a lone brace; placeholders are written as in {limit}`,
		`window = "450 4.7.1 no"`:       `replies.window: "450 4.7.1 no" begins with a reply code, which is not part of the text`,
		`list_from_name = "{members}"`:  `replies.list_from_name: {members} is not known; write {limit}, {recipients}, {contact}, {ref}, {list}, {managers}`,
		`unauthenticated = "{login}"`:   `replies.unauthenticated: {login} is not known; write {limit}, {recipients}, {contact}, {ref}`,
		`directory_unavailable = """` + strings.Repeat("x", 300) + `"""`: `replies.directory_unavailable: 300 characters; write at most 255`,
	} {
		config := DefaultConfig()
		err := conf.Decode("t", []byte(text), &config)
		if err == nil || strings.TrimPrefix(err.Error(), "t:1: ") != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func FuzzReply(f *testing.F) {
	f.Add("{contact} {ref}", "help@example.org", "4F1", 151, 150)
	f.Add("100%{recipients}", "a{ref}b", "x\r\n250 OK", -1, 1<<40)
	f.Fuzz(func(t *testing.T, text, contact, ref string, recipients, limit int) {
		replies, err := New(Config{Language: "fr", MessageLimit: text, Contact: contact})
		if err != nil {
			return
		}
		reply := replies.Text(&quota.Verdict{Action: quota.Refuse, Reason: quota.MessageLimit, Facts: quota.Facts{Recipients: recipients, Limit: limit}}, ref)
		if len(reply) > maxReply || strings.IndexFunc(reply, unprintable) >= 0 || !strings.HasPrefix(reply, "550 5.5.3 ") {
			t.Errorf("reply %q", reply)
		}
		if onWire := replies.Wire(&quota.Verdict{}, ref); strings.Contains(strings.ReplaceAll(onWire, "%%", ""), "%") {
			t.Errorf("a lone %% in %q", onWire)
		}
	})
}
