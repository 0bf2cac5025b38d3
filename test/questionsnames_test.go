//go:build servers

package test

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// names are what differs from run to run, and what the chapter has in its place.
type names struct {
	start   time.Time
	pairs   [][2]string // the real one, and the chapter's
	printed [][2]string // the same, in what is printed only
	example *time.Location
}

// exampleStart is when the scene is played in the chapter.
const exampleStart = "2026-11-25T16:00:00+01:00"

func (n *names) add(here, shown string) { n.pairs = append(n.pairs, [2]string{here, shown}) }

// real is a command of the chapter as it can be run.
func (n *names) real(command string) string {
	for _, pair := range n.pairs {
		command = strings.ReplaceAll(command, pair[1], pair[0])
	}
	// Midnight in the chapter, whose scene starts at four in the afternoon.
	return strings.ReplaceAll(command, "--until today", "--until "+n.start.Add(8*time.Hour).Format(time.RFC3339))
}

// shown is a command's output as the chapter has it.
func (n *names) shown(output string) string {
	n.learn(output)
	for _, pair := range slices.Concat(n.pairs, n.printed) {
		output = strings.ReplaceAll(output, pair[0], pair[1])
	}
	for _, v := range varying {
		output = v.pattern.ReplaceAllString(output, v.example)
	}
	return moments.ReplaceAllStringFunc(output, n.moment)
}

// learn remembers the names that the output gives to something new.
func (n *names) learn(output string) {
	if m := newGrant.FindStringSubmatch(output); m != nil {
		n.add(m[1], "amd4wuaz")
	}
}

var newGrant = regexp.MustCompile(`\(grant ([a-z0-9]+)\)`)

// varying are the texts that tell how long something took, or which process it was.
var varying = []struct {
	pattern *regexp.Regexp
	example string
}{
	{regexp.MustCompile(`\d+ (?:second|minute)s? (ago|old)`), "40 seconds $1"},
	{regexp.MustCompile(`process \d+`), "process 1234"},
	{regexp.MustCompile(` for \d+ (?:second|minute)s?`), " for 40 seconds"},
	{regexp.MustCompile(`(?m)^rcptquota \S+ (.*) on relay1`), "rcptquota v1.0.0 on relay1"},
	{regexp.MustCompile(`\(\d+ wait, \d+ were lost\)`), "(2 wait, 0 were lost)"},
	{regexp.MustCompile(`Postfix \d+\.\d+\.\d+`), "Postfix 3.7.11"},
}

// moments are the ways in which times are printed.
var moments = regexp.MustCompile(`(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(\d{4}-\d\d-\d\d) (\d\d:\d\d)(:\d\d)?( UTC| CES?T| \+0[12]00)?`)

// moment is a time as far from the example's start as it is from the scene's, to the half
// hour. Cutoffs and effects of the roster are the example's next ones.
func (n *names) moment(text string) string {
	m := moments.FindStringSubmatch(text)
	weekday, day, clock, seconds, zone := m[1], m[2], m[3], m[4], m[5]
	switch weekday + clock + seconds {
	case "Tue00:00:00":
		return "Tue 2026-12-01 00:00:00 CET"
	case "Wed10:00:00":
		return "Wed 2026-12-02 10:00:00 CET"
	}
	offset := map[string]string{"": "+0000", " UTC": "+0000", " CET": "+0100", " CEST": "+0200", " +0100": "+0100", " +0200": "+0200"}[zone]
	at, err := time.Parse("2006-01-02 15:04 -0700", day+" "+clock+" "+offset)
	start, err2 := time.Parse(time.RFC3339, exampleStart)
	if err != nil || err2 != nil {
		return text
	}
	layout := "2006-01-02 15:04"
	if weekday != "" {
		layout = "Mon " + layout
	}
	if seconds != "" {
		layout += ":05"
	}
	if zone != "" {
		layout += " MST"
	}
	return start.Add(at.Sub(n.start).Round(30 * time.Minute)).In(n.example).Format(layout)
}
