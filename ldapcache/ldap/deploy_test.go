package ldap

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDeployedMembers holds that Postfix, where it expands lists by the deployed
// table, looks for members in each attribute in which the presets have them.
func TestDeployedMembers(t *testing.T) {
	text, err := os.ReadFile("../../deploy/postfix/lists-members.cf")
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`(?m)^special_result_attribute = (.+)$`).FindSubmatch(text)
	if match == nil {
		t.Fatal("lists-members.cf has no special_result_attribute")
	}
	followed := strings.Fields(string(match[1]))
	for name, preset := range presets {
		for _, attribute := range slices.Concat(preset.GroupMembers, preset.ListMembers) {
			if !slices.Contains(followed, attribute) {
				t.Errorf("preset %s has members in %s, lists-members.cf in %q alone", name, attribute, followed)
			}
		}
	}
}

// TestDeployedPlain holds that check and Postfix have one idea of a plain address.
func TestDeployedPlain(t *testing.T) {
	for _, name := range []string{"lists-plain.regexp", "lists-plainowner.regexp"} {
		text, err := os.ReadFile("../../deploy/postfix/" + name)
		if err != nil {
			t.Fatal(err)
		}
		want := "/" + strings.TrimPrefix(plainAddresses.String(), "(?i)") + "/    $1\n"
		if !strings.Contains(string(text), "\n"+want) {
			t.Errorf("%s has not the line\n%s", name, want)
		}
	}
}
