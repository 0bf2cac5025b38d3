package ldap

import (
	"bytes"
	"errors"
	"iter"
	"regexp"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
	"golang.org/x/net/idna"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// The places in filters that stand for what is looked for.
const (
	loginPlace         = "%u"
	establishmentPlace = "%e"
	addressPlace       = "%a"
)

// template is a filter (RFC 4515) in which a place stands for what is looked for.
// The zero template is no filter.
type template struct {
	text  string
	place string // empty: nothing is filled in
	// attributes are those compared with the place, without options, each once.
	attributes []string
	// anyValue is the filter that matches whatever the place stands for.
	anyValue string
}

// marker takes the place while a filter is compiled. No filter has it otherwise:
// it is no character of Unicode's.
const marker = "\U0010FFFF"

// comparedAttribute is RFC 4512 section 1.4, oid: a name or a numeric OID.
var comparedAttribute = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)

// parse reads the filter of a key. It wants the place to end a value, and to stand
// nowhere else: escaping makes it safe as a value only, and beside a * it would find
// others. An empty filter, which some presets have, is none.
func (k filterKey) parse() (t template, err error) {
	t = template{text: *k.value, place: k.place}
	if t.text == "" {
		return t, nil
	}
	marked := t.text
	if k.place != "" {
		marked = strings.ReplaceAll(marked, k.place, marker)
		if marked == t.text {
			return t, conf.Errorf(k.name, "has no %s; write it where what is looked for goes, as in %q", k.place, k.sample)
		}
	}
	if i := strings.IndexByte(marked, '%'); i >= 0 { // as other programs would replace
		return t, conf.Errorf(k.name, "%q is not replaced by anything; write a literal %% as \\25", marked[i:min(i+2, len(marked))])
	}
	filter, err := goldap.CompileFilter(marked)
	if err != nil {
		return t, conf.Errorf(k.name, "not a filter (RFC 4515): %v", errors.Unwrap(err))
	}
	for c := range comparisons(filter) {
		places := bytes.Count(c.packet.Data.Bytes(), []byte(marker))
		if places == 0 {
			continue
		}
		before, ends := strings.CutSuffix(c.value, marker)
		if !ends || places > 1 {
			return t, conf.Errorf(k.name, "%s is not a whole value; write it between = and ), as in %q", k.place, k.sample)
		}
		if !comparedAttribute.MatchString(c.attribute) {
			return t, conf.Errorf(k.name, "compares no attribute with %s; write one before the =, as in %q", k.place, k.sample)
		}
		t.attributes = once(t.attributes, []string{c.attribute})
		anything, err := goldap.CompileFilter("(" + c.attribute + "=" + goldap.EscapeFilter(before) + "*)")
		if err != nil {
			return t, conf.Errorf(k.name, "%v", err)
		}
		*c.packet = *anything
	}
	t.anyValue, err = goldap.DecompileFilter(filter)
	return t, err
}

// fill puts a value in the place, as a value and never as syntax (RFC 4515 section
// 3).
func (t template) fill(value string) string {
	return strings.ReplaceAll(t.text, t.place, goldap.EscapeFilter(value))
}

// comparison is one assertion of a compiled filter (RFC 4511 section 4.5.1.7).
type comparison struct {
	packet    *ber.Packet
	attribute string // without its options; empty: none is named
	value     string // empty where it is not compared as a whole
}

// comparisons are all assertions of a filter.
func comparisons(filter *ber.Packet) iter.Seq[comparison] {
	return func(yield func(comparison) bool) { walk(filter, yield) }
}

func walk(filter *ber.Packet, yield func(comparison) bool) bool {
	c := comparison{packet: filter}
	switch filter.Tag {
	case goldap.FilterAnd, goldap.FilterOr, goldap.FilterNot:
		for _, child := range filter.Children {
			if !walk(child, yield) {
				return false
			}
		}
		return true
	case goldap.FilterPresent:
		c.attribute = filter.Data.String()
	case goldap.FilterSubstrings:
		c.attribute = filter.Children[0].Data.String()
	case goldap.FilterExtensibleMatch:
		for _, child := range filter.Children {
			switch child.Tag {
			case goldap.MatchingRuleAssertionType:
				c.attribute = child.Data.String()
			case goldap.MatchingRuleAssertionMatchValue:
				c.value = child.Data.String()
			}
		}
	default: // equality, approximation, order
		c.attribute, c.value = filter.Children[0].Data.String(), filter.Children[1].Data.String()
	}
	c.attribute, _, _ = strings.Cut(c.attribute, ";")
	return yield(c)
}

// anyOf is the filter for entries of which one of the attributes has one of the
// values.
func anyOf(attributes, values []string) string {
	var b strings.Builder
	b.WriteString("(|")
	for _, attribute := range attributes {
		for _, value := range values {
			b.WriteString("(" + attribute + "=" + goldap.EscapeFilter(value) + ")")
		}
	}
	b.WriteString(")")
	return b.String()
}

// inAllLabels returns the addresses, and of one whose domain has A-labels (RFC
// 5890) the form with U-labels too: a server compares letters, and an entry may
// have either.
func inAllLabels(addresses ...string) []string {
	all := make([]string, 0, len(addresses))
	for _, address := range addresses {
		all = append(all, address)
		at := strings.LastIndexByte(address, '@')
		if !strings.Contains(address[at+1:], "xn--") {
			continue
		}
		if domain, err := idna.Punycode.ToUnicode(address[at+1:]); err == nil && domain != address[at+1:] {
			all = append(all, address[:at+1]+domain)
		}
	}
	return all
}
