package quota

import (
	"testing"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// file is a configuration file with nothing but rules, as package conf reads it.
type file struct {
	Config
	rules *Rules
}

// Validate implements [conf.Validator].
func (f *file) Validate() (err error) {
	f.rules, err = Compile(&f.Config)
	return err
}

// readRules compiles the rules of a configuration file.
func readRules(text string) (*Rules, error) {
	f := file{Config: DefaultConfig()}
	err := conf.Decode("t", []byte(text), &f)
	return f.rules, err
}

// mustRules is readRules for a file without mistakes.
func mustRules(t testing.TB, text string) *Rules {
	t.Helper()
	rules, err := readRules(text)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// compiled returns the rules of a configuration without mistakes.
func compiled(t testing.TB, config Config) *Rules {
	t.Helper()
	rules, err := Compile(&config)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}
