package ldap

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// parse reads a configuration of a server, with more keys.
func parse(text string) (Config, error) {
	config := DefaultConfig()
	err := conf.Decode("t", []byte("servers = [\"ldap://a.test\"]\nbase = \"dc=test\"\n"+text), &config)
	return config, err
}

func TestPreset(t *testing.T) {
	config, err := parse("user_addresses = ['proMail']\npremium_members = []")
	if err != nil {
		t.Fatal(err)
	}
	full := config.withPreset()
	if full.UserFilter != presets["sdet"].UserFilter || !slices.Equal(full.UserAddresses, []string{"proMail"}) ||
		len(full.PremiumMembers) != 0 || !slices.Equal(full.UserEstablishment, []string{"ENTPersonStructRattach"}) {
		t.Errorf("with its preset: %+v", full)
	}
}

// TestPresetsAreWhole wants a value for each key, so that a site that overrides
// one key knows what the others are.
func TestPresetsAreWhole(t *testing.T) {
	for name, preset := range presets {
		for _, key := range preset.attributes() {
			if *key.value == nil {
				t.Errorf("%s: no %s", name, key.name)
			}
		}
		for _, key := range preset.filters() {
			if *key.value == "" && key.name != "establishment_filter" {
				t.Errorf("%s: no %s", name, key.name)
			}
		}
	}
}

// TestThePresetAsDeployed holds the values that the example configuration has in
// its comments against the preset.
func TestThePresetAsDeployed(t *testing.T) {
	deployed, err := os.ReadFile("../../deploy/postfix/rcptquota.toml")
	if err != nil {
		t.Fatal(err)
	}
	preset := presets["sdet"]
	var text strings.Builder
	for line := range strings.Lines(string(deployed)) {
		key, value, _ := strings.Cut(strings.TrimPrefix(line, "#"), " = ")
		isKey := func(k string) bool { return strings.HasPrefix(line, "#") && k == key }
		if slices.ContainsFunc(preset.filters(), func(k filterKey) bool { return isKey(k.name) }) ||
			slices.ContainsFunc(preset.attributes(), func(k attributesKey) bool { return isKey(k.name) }) {
			text.WriteString(key + " = " + value)
		}
	}
	config, err := parse(text.String())
	if err != nil || !reflect.DeepEqual(config.Schema, preset) {
		t.Errorf("deploy/postfix/rcptquota.toml has %+v, %v; want %+v", config.Schema, err, preset)
	}
}
