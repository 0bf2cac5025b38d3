package from

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// sample is a From field of the corpus, testdata: what mail programs and forgers
// write. Each file of an archive has the verdict ("passes" or a from_check), a colon and
// the reason, and then the field. "Go:" begins a field that is written as a Go string, for
// bytes that cannot be in a text file.
type sample struct {
	name, verdict, reason, value string
}

func corpus(t testing.TB) (all []sample) {
	t.Helper()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.Files {
			head, field, _ := strings.Cut(strings.TrimSuffix(string(file.Data), "\n"), "\n")
			s := sample{name: strings.TrimSuffix(filepath.Base(path), ".txtar") + "/" + file.Name}
			s.verdict, s.reason, _ = strings.Cut(head, ": ")
			s.value = strings.TrimPrefix(field, "From: ")
			if quoted, isGo := strings.CutPrefix(field, "Go: "); isGo {
				if s.value, err = strconv.Unquote(quoted); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
			}
			if s.reason == "" {
				t.Errorf("%s: no reason", s.name)
			}
			all = append(all, s)
		}
	}
	return all
}

func TestFromCorpus(t *testing.T) {
	samples := corpus(t)
	if len(samples) < 150 {
		t.Fatalf("%d samples", len(samples))
	}
	for _, s := range samples {
		want := s.verdict
		if want == "passes" {
			want = NoFault.String()
		}
		if got := me.CheckField(s.value); got.String() != want {
			t.Errorf("%s: %v, want %s (%s): %q", s.name, got, want, s.reason, s.value)
		}
		checkFrom(t, s.value)
	}
}

// TestFromMutations changes each sample at random, as a forger would, and checks that for
// three parsers whatever passes is from the manager.
func TestFromMutations(t *testing.T) {
	samples := corpus(t)
	r := rand.New(rand.NewPCG(6, 10))
	passed := 0
	for _, s := range samples {
		for range 100 {
			value := mutate(r, s.value, samples)
			checkFrom(t, value)
			if me.CheckField(value) == NoFault {
				passed++
			}
		}
	}
	if passed < 1000 {
		t.Errorf("only %d mutations pass; the others test nothing", passed)
	}
}

// pieces are what a forger would insert.
var pieces = []string{
	"directeur@entmip.fr", "<x@evil.example>", "x@evil.example,", "@", "<", ">", ",", ";", ":", "(", ")", `"`, `\`, ".", " ", "\t", "\n ", "=?", "?=", "=40",
	"=?utf-8?q?directeur=40entmip.fr?=", "=?utf-8?q?x?=", "=?iso-2022-jp?B?GyRC?=", "=?utf-7?q?+AEA-?=", "\u200b", "\u202e", "\uff20", "\ufe6b", "\u3002", "\u0430",
	"\xff", "\x00", "\xc1\x80", "paul.martin@entmip.fr", "p.martin31@entmip.fr", "entmip.fr", "é", "=?utf-8?b?QA?=", "_", "utf-16", "gb2312", "'", "%", "!",
}

func mutate(r *rand.Rand, value string, samples []sample) string {
	for range 1 + r.IntN(3) {
		i := r.IntN(len(value) + 1)
		j := min(i+r.IntN(12), len(value))
		switch r.IntN(6) {
		case 0:
			value = value[:i] + value[j:]
		case 1:
			value = value[:i] + value[i:j] + value[i:j] + value[j:]
		case 2: // the end of another sample
			other := samples[r.IntN(len(samples))].value
			value = value[:i] + other[r.IntN(len(other)+1):]
		case 3: // inside another sample
			other := samples[r.IntN(len(samples))].value
			k := r.IntN(len(other) + 1)
			value = other[:k] + value[i:j] + other[k:]
		default:
			value = value[:i] + pieces[r.IntN(len(pieces))] + value[i:]
		}
	}
	return value
}

// FuzzFromCorpus changes the samples byte by byte.
func FuzzFromCorpus(f *testing.F) {
	for _, s := range corpus(f) {
		f.Add(s.value)
	}
	f.Fuzz(func(t *testing.T, value string) { checkFrom(t, value) })
}

// FuzzName puts any name, as a quoted string, before the manager's own address.
func FuzzName(f *testing.F) {
	for _, s := range corpus(f) {
		f.Add(s.value)
	}
	f.Fuzz(func(t *testing.T, name string) {
		checkFrom(t, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", "").Replace(name)+`" <`+mine[0]+">")
		checkFrom(t, name+" <"+mine[0]+">")
	})
}

// TestCorpusIsWide: the corpus has a sample for each verdict that a field alone can get.
func TestCorpusIsWide(t *testing.T) {
	samples := corpus(t)
	for fault := Several; fault <= Encoding; fault++ {
		if !slices.ContainsFunc(samples, func(s sample) bool { return s.verdict == fault.String() }) {
			t.Errorf("no sample is %v", fault)
		}
	}
	names := map[string]bool{}
	for _, s := range samples {
		if names[s.name] {
			t.Errorf("%s is there twice", s.name)
		}
		names[s.name] = true
	}
}
