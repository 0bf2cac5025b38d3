package site

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Site is a site that was made up.
type Site struct {
	// Config is the configuration, without state_dir, [[listen]] and what else depends on
	// the machine, in two parts: the keys at the top, and the tables. The directory is in
	// the file directory.toml beside it.
	Top, Tables string
	// Directory is the content of that file.
	Directory string

	r         *rand.Rand
	addresses map[string][]string // of each login
	lists     []string
}

const (
	senders = 8
	lists   = 8
	domains = 3
)

// New makes up a site.
func New(r *rand.Rand) *Site {
	s := &Site{r: r, addresses: map[string][]string{}}
	s.config()
	s.directory()
	return s
}

// one draws one of several words.
func one[T any](r *rand.Rand, words ...T) T { return words[r.IntN(len(words))] }

// chance is true once in n times.
func (s *Site) chance(n int) bool { return s.r.IntN(n) == 0 }

func (s *Site) config() {
	var top, tables strings.Builder
	if s.chance(8) {
		top.WriteString("enforce = false\n")
	}
	classes := []string{"a", "b", "c"}
	if s.chance(2) {
		fmt.Fprintf(&top, "default_class = %q\n", one(s.r, classes...))
	}
	fmt.Fprintf(&tables, "[replies]\nlanguage = %q\n", one(s.r, "fr", "en"))
	fmt.Fprintf(&tables, "[senders]\nexempt_recipients = [\"postmaster\", \"p1@ext.test\", \"@inside.test\"]\n")
	fmt.Fprintf(&tables, "[directory_unavailable]\npremium = %q\n", one(s.r, "defer", "base"))
	tables.WriteString("[premium]\nactivation = \"immediate\"\n")
	for i, name := range classes {
		s.class(&tables, name, fmt.Sprintf("match = { domain = [\"d%d.test\"] }\n", i))
	}
	s.class(&tables, "titled", "match = { attribute = \"title\", value = [\"teacher\"], login = [\"s7\", \"nobody\"] }\n")
	if !s.chance(4) {
		s.class(&tables, "premium", "")
	}
	s.listDomains(&tables)
	s.Top, s.Tables = top.String(), tables.String()
}

func (s *Site) class(out *strings.Builder, name, match string) {
	fmt.Fprintf(out, "[class.%s]\nrecipients = %d\n%s", name, 1+s.r.IntN(15), match)
	if s.chance(6) {
		out.WriteString("enforce = false\n")
	}
	if s.chance(4) {
		fmt.Fprintf(out, "visible_recipients = %d\n", 1+s.r.IntN(5))
	}
	for range s.r.IntN(3) {
		fmt.Fprintf(out, "[[class.%s.window]]\nper = %q\nrecipients = %d\ncount = %q\nexceeded = %q\n", name,
			one(s.r, "1h", "24h", "168h"), 2+s.r.IntN(30), one(s.r, "distinct", "copies"), one(s.r, "defer", "defer", "refuse", "hold"))
	}
}

func (s *Site) listDomains(out *strings.Builder) {
	out.WriteString("[lists]\ndomains = [\"listes.test\"]\n")
	rules := func() {
		if s.chance(2) {
			fmt.Fprintf(out, "weight = %q\n", one(s.r, "one", "members"))
		}
		if s.chance(4) {
			out.WriteString("sender_check = false\n")
		}
		if s.chance(4) {
			out.WriteString("reply_to = \"keep\"\n")
		}
	}
	rules()
	fmt.Fprintf(out, "[[lists.domain]]\nname = \"other.test\"\nunauthorised = %q\n", one(s.r, "refuse", "redirect", "pass"))
	rules()
}

func (s *Site) directory() {
	var out strings.Builder
	var logins []string
	for i := range senders {
		login := fmt.Sprintf("s%d", i)
		logins = append(logins, login)
		addresses := []string{}
		for j := range s.r.IntN(3) {
			addresses = append(addresses, fmt.Sprintf("%s.%d@d%d.test", login, j, s.r.IntN(domains+1)))
		}
		s.addresses[login] = addresses
		fmt.Fprintf(&out, "[[sender]]\nlogin = %q\naddresses = %s\nestablishment = \"031000%dA\"\n", login, quoted(addresses), s.r.IntN(2))
		if s.chance(3) {
			fmt.Fprintf(&out, "attributes = { title = [%q] }\n", one(s.r, "Teacher", "head"))
		}
	}
	for i := range 2 {
		fmt.Fprintf(&out, "[[premium]]\nestablishment = \"031000%dA\"\nlogins = %s\n", i, quoted(s.some(logins, 1+s.r.IntN(5))))
	}
	for i := range lists {
		address := fmt.Sprintf("l%d@%s", i, one(s.r, "listes.test", "other.test"))
		s.lists = append(s.lists, address)
		fmt.Fprintf(&out, "[[list]]\naddress = %q\nowners = %s\nmoderators = %s\nmembers = %d\n",
			address, quoted(s.some(logins, s.r.IntN(5))), quoted(s.some(logins, max(s.r.IntN(6)-3, 0))), s.r.IntN(20))
	}
	s.Directory = out.String()
}

// some draws n different words.
func (s *Site) some(words []string, n int) []string {
	var drawn []string
	for _, i := range s.r.Perm(len(words))[:n] {
		drawn = append(drawn, words[i])
	}
	return drawn
}

func quoted(words []string) string {
	for i, word := range words {
		if i == 0 {
			words = append([]string(nil), words...)
		}
		words[i] = fmt.Sprintf("%q", word)
	}
	return "[" + strings.Join(words, ", ") + "]"
}
