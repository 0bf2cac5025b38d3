package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/rcptquota/rcptquota/ldapcache/ldap/failover"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// verification collects what was found out about the servers of a configuration.
type verification struct {
	lines []string        // what works, for people
	seen  map[string]bool // the mistakes so far: several servers may have the same
	errs  []error
}

// Verify asks each LDAP server whether the configuration can work there: that it
// answers and lets us bind, that it has the base, and that it knows each attribute and
// class that the configuration names. A filter on an attribute that the server does not
// know is no error: it finds nothing (RFC 4511 section 4.5.1.7). So the names are
// compared with the schema that the server publishes (RFC 4512 section 4.2).
//
// The attributes that classes match on are given with their keys. The preset's keys for
// lists are checked only where there are lists. The lines tell people what works. The
// error joins the mistakes, with keys from the top of the configuration file.
func Verify(ctx context.Context, config Config, matched map[string]string, lists bool) (lines []string, err error) {
	v := verification{seen: map[string]bool{}}
	for _, url := range config.Servers {
		one := config
		one.Servers = []string{url}
		if err := v.server(ctx, one, matched, lists); err != nil {
			return nil, err
		}
	}
	return v.lines, errors.Join(v.errs...)
}

// add notes a mistake, once.
func (v *verification) add(key, format string, args ...any) {
	err := conf.Errorf(key, format, args...)
	if !v.seen[err.Error()] {
		v.seen[err.Error()] = true
		v.errs = append(v.errs, err)
	}
}

func (v *verification) server(ctx context.Context, config Config, matched map[string]string, lists bool) error {
	d, err := Open(config, nil)
	if err != nil {
		return err
	}
	defer d.Close()
	base, err := failover.Answer(ctx, d.client, func(conn *goldap.Conn) (*goldap.Entry, error) {
		return d.read(conn, d.config.Base, anyEntry, []string{noAttributes})
	})
	if err != nil {
		v.add(blame(err), "%s", strings.TrimSuffix(err.Error(), ": ")) // a result without the server's words ends so
		return nil
	}
	if base == nil {
		anonymous := ""
		if config.BindDN == "" {
			anonymous = "; without bind_dn the searches are anonymous"
		}
		v.add("directory.base", "%s has no entry %q that we may read%s", config.Servers[0], config.Base, anonymous)
		return nil
	}
	elsewhere, err := failover.Answer(ctx, d.client, d.references)
	if err != nil {
		v.add("directory.base", "%v", err)
		return nil
	}
	for _, reference := range elsewhere {
		v.reference(config.Servers[0], reference)
	}
	schema, err := failover.Answer(ctx, d.client, d.readSubschema)
	line := config.Servers[0] + ": answers and has the base"
	switch {
	case err != nil:
		v.add("directory.servers", "%v", err)
		return nil
	case schema == nil:
		line += "; it shows no schema, so the attributes and object classes were not checked"
	default:
		v.names(schema, config, matched, lists)
		line += "; it knows all attributes and object classes"
	}
	v.lines = append(v.lines, line)
	return nil
}

// reference adds the mistake that a server refers to another one, and how to correct it.
func (v *verification) reference(server, reference string) {
	const cost = "%s refers to %s for a part of the tree. A login or list that it does not find may be there, so that " +
		"mail to any unknown address of a list domain gets 451. "
	u, err := parseURL(reference)
	if err != nil {
		v.add("directory.base", cost+"Name a base that this server holds completely", server, reference)
		return
	}
	v.add("directory.base", cost+"Name a base that this server holds completely or, if no senders and no lists are there, write: ignore_references = [%q]", server, reference, u.dn)
}

// blame returns the key that caused a failed connection.
func blame(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "directory.ca_file"
	}
	if goldap.IsErrorAnyOf(err, goldap.LDAPResultInvalidCredentials, goldap.LDAPResultInvalidDNSyntax, goldap.LDAPResultNoSuchObject) {
		return "directory.bind_dn"
	}
	return "directory.servers"
}

// names checks every attribute and object class that the configuration names.
func (v *verification) names(schema *subschema, config Config, matched map[string]string, lists bool) {
	full := config.withPreset()
	written := config.attributes()
	for i, key := range full.attributes() {
		if strings.HasPrefix(key.name, "list_") && !lists && *written[i].value == nil {
			continue
		}
		for _, attribute := range *key.value {
			v.attribute(schema, "directory."+key.name, attribute, ", or [] where there is none")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(matched)) {
		v.attribute(schema, key, matched[key], "")
	}
	writtenFilters := config.filters()
	for i, key := range full.filters() {
		if key.name == "list_filter" && !lists && *writtenFilters[i].value == "" {
			continue
		}
		v.filter(schema, "directory."+key.name, *key.value)
	}
}

// attribute checks an attribute. Its name has to be the one that the server answers with.
func (v *verification) attribute(schema *subschema, key, name, otherwise string) {
	switch answered, ok := schema.attributes[strings.ToLower(name)]; {
	case !ok:
		v.add(key, "the server knows no attribute %q; write one that it knows%s", name, otherwise)
	case !strings.EqualFold(answered, name):
		v.add(key, "the server answers with %q where it is asked for %q; write %q", answered, name, answered)
	}
}

func (v *verification) filter(schema *subschema, key, filter string) {
	packet, err := goldap.CompileFilter(filter)
	if err != nil { // an empty one
		return
	}
	for c := range comparisons(packet) {
		if _, ok := schema.attributes[strings.ToLower(c.attribute)]; !ok && c.attribute != "" {
			v.add(key, "the server knows no attribute %q, so the filter would find nothing", c.attribute)
		}
		if _, ok := schema.classes[strings.ToLower(c.value)]; !ok && strings.EqualFold(c.attribute, "objectClass") && c.value != "" {
			v.add(key, "the server knows no object class %q, so the filter would find nothing", c.value)
		}
	}
}
