package ldap

import (
	"regexp"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// subschema is what a server knows (RFC 4512 section 4.2): each name and numeric
// OID in lower case, with the name by which the server answers.
type subschema struct {
	attributes, classes map[string]string
}

// readSubschema reads the schema of the entries below base. It returns nil where we may
// not read it.
func (d *Directory) readSubschema(conn *goldap.Conn) (*subschema, error) {
	const pointer = "subschemaSubentry"
	var where string
	for _, dn := range []string{d.config.Base, ""} { // "": the root DSE, RFC 4512 section 5.1
		entry, err := d.read(conn, dn, anyEntry, []string{pointer})
		if err != nil {
			return nil, err
		}
		if entry != nil && where == "" {
			where = entry.GetEqualFoldAttributeValue(pointer)
		}
	}
	if where == "" {
		return nil, nil
	}
	entry, err := d.read(conn, where, "(objectClass=subschema)", []string{"attributeTypes", "objectClasses"})
	if err != nil || entry == nil {
		return nil, err
	}
	var schema subschema
	for attribute, names := range map[string]*map[string]string{"attributeTypes": &schema.attributes, "objectClasses": &schema.classes} {
		descriptions, _, err := d.valuesOf(conn, entry, attribute, maxDefinitions)
		if err != nil || len(descriptions) == 0 {
			return nil, err
		}
		*names = namesOf(descriptions)
	}
	return &schema, nil
}

// maxDefinitions is the most attributes, or classes, that are read; AD with
// Exchange has some 4,000.
const maxDefinitions = 100_000

// namesOf reads definitions (RFC 4512 sections 4.1.1 and 4.1.2).
func namesOf(definitions []string) map[string]string {
	all := map[string]string{}
	for _, definition := range definitions {
		oid, names := parseDefinition(definition)
		if len(names) == 0 {
			names = []string{oid}
		}
		for _, name := range append(names, oid) {
			all[strings.ToLower(name)] = names[0]
		}
	}
	return all
}

// definition matches the beginning of a definition, as in "( 2.5.4.3 NAME ( 'cn'
// 'commonName' ) SUP name )", up to its names: one, or several in brackets.
var definition = regexp.MustCompile(`^\s*\(\s*([^\s()']+)(?:\s+DESC\s+'[^']*')?(?:\s*NAME\s*('[^']*|\([^)]*))?`)

// parseDefinition returns the numeric OID and the names of a definition; what is
// none has neither.
func parseDefinition(text string) (oid string, names []string) {
	match := definition.FindStringSubmatch(text)
	if match == nil {
		return "", nil
	}
	for i, part := range strings.Split(match[2], "'") {
		if i%2 == 1 { // between quotes
			names = append(names, part)
		}
	}
	return match[1], names
}
