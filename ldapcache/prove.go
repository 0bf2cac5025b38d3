package ldapcache

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// proof is what was found out about the servers of a configuration.
type proof struct {
	lines []string        // what works, for people
	seen  map[string]bool // mistakes told, of several servers
	errs  []error
}

// Prove asks each LDAP server whether the configuration can work there: that it
// answers and lets us bind, has the base, and knows each attribute and class that
// is named, since a filter with an unknown one gives no error and finds nothing.
// The attributes that classes match on are given with their keys; the preset's
// keys for lists are looked at where lists are used. The lines tell, for people,
// what works. The error joins the mistakes, with keys from the top of the
// configuration file.
func Prove(ctx context.Context, config Config, matched map[string]string, lists bool) (lines []string, err error) {
	p := proof{seen: map[string]bool{}}
	for _, url := range config.Servers {
		one := config
		one.Servers = []string{url}
		if err := p.server(ctx, one, matched, lists); err != nil {
			return nil, err
		}
	}
	return p.lines, errors.Join(p.errs...)
}

// add notes a mistake, once.
func (p *proof) add(key, format string, args ...any) {
	err := conf.Errorf(key, format, args...)
	if !p.seen[err.Error()] {
		p.seen[err.Error()] = true
		p.errs = append(p.errs, err)
	}
}

func (p *proof) server(ctx context.Context, config Config, matched map[string]string, lists bool) error {
	client, err := newClient(config)
	if err != nil {
		return err
	}
	defer client.close()
	s, err := newSearcher(config.withPreset(), client, nil)
	if err != nil {
		return err
	}
	base, err := answer(ctx, client, func(conn *ldap.Conn) (*ldap.Entry, error) {
		return s.read(conn, s.config.Base, anyEntry, []string{noAttributes})
	})
	if err != nil {
		p.add(blame(err), "%s", strings.TrimSuffix(err.Error(), ": ")) // a result without the server's words ends so
		return nil
	}
	if base == nil {
		asks := ""
		if config.BindDN == "" {
			asks = "; without bind_dn we ask as nobody"
		}
		p.add("directory.base", "%s has no entry %q that we may read%s", config.Servers[0], config.Base, asks)
		return nil
	}
	elsewhere, err := answer(ctx, client, s.references)
	if err != nil {
		p.add("directory.base", "%v", err)
		return nil
	}
	for _, reference := range elsewhere {
		p.reference(config.Servers[0], reference)
	}
	known, err := answer(ctx, client, s.readSubschema)
	line := config.Servers[0] + ": answers, and has the base"
	switch {
	case err != nil:
		p.add("directory.servers", "%v", err)
		return nil
	case known == nil:
		line += "; it shows no schema, so that attributes and classes were not looked at"
	default:
		p.names(known, config, matched, lists)
		line += "; it knows the attributes and classes"
	}
	p.lines = append(p.lines, line)
	return nil
}

// reference tells what a reference costs, and the line that ends it.
func (p *proof) reference(server, reference string) {
	const cost = "%s refers to %s for a part of the tree, so that of a login or list that it does not find nothing is known: " +
		"mail to any unknown address of a list domain gets 451. "
	u, err := parseURL(reference)
	if err != nil {
		p.add("directory.base", cost+"Name a base that this server holds whole", server, reference)
		return
	}
	p.add("directory.base", cost+"Name a base that this server holds whole or, if neither senders nor lists are there, write: ignore_references = [%q]", server, reference, u.dn)
}

// blame returns the key to which a failed connection is due.
func blame(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "directory.ca_file"
	}
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultNoSuchObject) {
		return "directory.bind_dn"
	}
	return "directory.servers"
}

// names looks for the names that the server does not know.
func (p *proof) names(known *subschema, config Config, matched map[string]string, lists bool) {
	full := config.withPreset()
	written := config.attributes()
	for i, key := range full.attributes() {
		if strings.HasPrefix(key.name, "list_") && !lists && *written[i].value == nil {
			continue
		}
		for _, attribute := range *key.value {
			p.attribute(known, "directory."+key.name, attribute, ", or [] where there is none")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(matched)) {
		p.attribute(known, key, matched[key], "")
	}
	writtenFilters := config.filters()
	for i, key := range full.filters() {
		if key.name == "list_filter" && !lists && *writtenFilters[i].value == "" {
			continue
		}
		p.filter(known, "directory."+key.name, *key.value)
	}
}

// attribute wants the name by which the server answers.
func (p *proof) attribute(known *subschema, key, name, otherwise string) {
	switch answered, ok := known.attributes[strings.ToLower(name)]; {
	case !ok:
		p.add(key, "the server knows no attribute %q; write one that it knows%s", name, otherwise)
	case !strings.EqualFold(answered, name):
		p.add(key, "the server answers with %q where it is asked for %q; write %q", answered, name, answered)
	}
}

func (p *proof) filter(known *subschema, key, filter string) {
	packet, err := ldap.CompileFilter(filter)
	if err != nil { // an empty one
		return
	}
	for c := range comparisons(packet) {
		if _, ok := known.attributes[strings.ToLower(c.attribute)]; !ok && c.attribute != "" {
			p.add(key, "the server knows no attribute %q, so that the filter would find nothing", c.attribute)
		}
		if _, ok := known.classes[strings.ToLower(c.value)]; !ok && strings.EqualFold(c.attribute, "objectClass") && c.value != "" {
			p.add(key, "the server knows no object class %q, so that the filter would find nothing", c.value)
		}
	}
}
