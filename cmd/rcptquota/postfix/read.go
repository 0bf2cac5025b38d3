package postfix

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// parameters are what is read of main.cf, and of each smtpd(8) and cleanup(8).
var parameters = []string{
	"authorized_submit_users", "content_filter", "inet_interfaces", "mail_owner", "master_service_disable", "milter_command_timeout",
	"milter_connect_timeout", "milter_content_timeout", "milter_default_action", "milter_protocol",
	"non_smtpd_milters", "queue_directory", "receive_override_options", "recipient_delimiter", "smtpd_end_of_data_restrictions",
	"smtpd_milter_maps", "smtpd_milters", "smtpd_proxy_filter", "smtpd_recipient_limit", "smtpd_recipient_overshoot_limit",
	"smtpd_sasl_auth_enable", "smtpd_service_name", "virtual_alias_expansion_limit", "virtual_alias_maps", "virtual_alias_recursion_limit",
}

// The parameters that deploy/postfix/main.cf defines, one a role.
const (
	ShippedSubmission = "rcptquota_submission"
	ShippedInbound    = "rcptquota_inbound"
)

// Read reads the instance whose config_directory is dir, or the default one if dir is
// empty, and tries the sockets of wanted as that Postfix would. The error says what
// could not be read.
func Read(ctx context.Context, dir string, wanted *Wanted) (*Installation, error) {
	if dir != "" {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(absolute); err != nil {
			return nil, err
		} else if !info.IsDir() {
			return nil, fmt.Errorf("%s is no folder; name the one with main.cf and master.cf", absolute)
		}
		dir = absolute
	}
	p, err := findPostconf(dir, programs)
	if err != nil {
		return nil, err
	}
	in := &Installation{Dir: dir}
	if err := in.readMain(ctx, p); err != nil {
		return nil, err
	}
	if err := in.readServices(ctx, p); err != nil {
		return nil, err
	}
	return in, in.reachAll(ctx, wanted)
}

// Others are the config_directories of the machine's other instances, where this is
// the one that manages them (postmulti(1)).
func (in *Installation) Others() []string {
	return Words(in.Main["multi_instance_directories"])
}

// Enabled reports whether the instance is started with the others (postmulti(1)).
func (in *Installation) Enabled() bool { return in.Main["multi_instance_enable"] == "yes" }

func (in *Installation) readMain(ctx context.Context, p postconf) error {
	versions, err := p.values(ctx, "-d", "mail_version")
	if err != nil {
		return err
	}
	if in.Version, err = ParseVersion(versions["mail_version"]); err != nil {
		return err
	}
	if in.Main, err = p.values(ctx, append([]string{"-x", "config_directory", "compatibility_level", "multi_instance_directories",
		"multi_instance_enable"}, parameters...)...); err != nil {
		return err
	}
	if in.Dir == "" {
		in.Dir = in.Main["config_directory"]
	}
	// postconf does not tell a parameter of one's own that nothing refers to; so something does.
	values, err := p.values(ctx, "-x", "-o", "smtpd_milters=$"+ShippedSubmission, "-o", "non_smtpd_milters=$"+ShippedInbound,
		"smtpd_milters", "non_smtpd_milters")
	in.Defined = map[string]string{ShippedSubmission: values["smtpd_milters"], ShippedInbound: values["non_smtpd_milters"]}
	return err
}

// serviceLine is a line of "postconf -M": name, type, private, unprivileged, chroot,
// wakeup, process limit, program.
var serviceLine = regexp.MustCompile(`^(\S+)\s+(\S+)\s+\S+\s+\S+\s+(\S+)\s+\S+\s+\S+\s+(\S+)`)

func (in *Installation) readServices(ctx context.Context, p postconf) error {
	lines, err := p.lines(ctx, "-M")
	if err != nil {
		return err
	}
	owns, err := p.lines(ctx, "-P")
	if err != nil {
		return err
	}
	main := mainCf{p, in.Main, map[string]string{}}
	for _, line := range lines {
		f := serviceLine.FindStringSubmatch(line)
		if f == nil || disabled(f[1], f[2], in.Main["master_service_disable"]) {
			continue
		}
		s := &Service{Name: f[1], Kind: f[2], Program: f[4], Chroot: inChroot(f[3], in.Main["compatibility_level"])}
		s.Own = ownValues(owns, s.String())
		if err := s.read(ctx, main); err != nil {
			return err
		}
		in.Services = append(in.Services, s)
	}
	return nil
}

// inChroot tells what the fifth column of master.cf means.
func inChroot(column, compatibility string) bool {
	return column == "y" || column == "-" && strings.HasPrefix(compatibility, "0")
}

// ownValues are the "-o" of one service, from what "postconf -P" prints:
// "name/type/parameter = value".
func ownValues(lines []string, service string) map[string]string {
	own := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, " =")
		if parameter, found := strings.CutPrefix(name, service+"/"); found && !strings.Contains(parameter, "/") {
			own[parameter] = strings.TrimSpace(value)
		}
	}
	return own
}

// read has Postfix itself expand the parameters as they are in this service.
func (s *Service) read(ctx context.Context, p mainCf) error {
	s.Raw = map[string]string{}
	if !slices.Contains([]string{"smtpd", "postscreen", "cleanup"}, s.Program) {
		return nil
	}
	args := []string{"-x"}
	for _, name := range slices.Sorted(maps.Keys(s.Own)) {
		args = append(args, "-o", name+"="+s.Own[name])
	}
	s.Values = p.expanded
	if len(s.Own) > 0 {
		var err error
		if s.Values, err = p.values(ctx, append(args, parameters...)...); err != nil {
			return err
		}
	}
	s.Milters, s.Invalid = ParseMilters(s.Values["smtpd_milters"])
	return s.follow(ctx, p, "smtpd_milters")
}

// reference is a list entry that is one parameter's value.
var reference = regexp.MustCompile(`^\$(?:\{(\w+)\}|\((\w+)\)|(\w+))$`)

// mainCf is what main.cf says.
type mainCf struct {
	postconf
	expanded map[string]string
	known    map[string]string // as it is written
}

func (p mainCf) value(ctx context.Context, name string) (string, error) {
	if value, known := p.known[name]; known {
		return value, nil
	}
	values, err := p.values(ctx, name)
	p.known[name] = values[name]
	return values[name], err
}

// follow reads the unexpanded value of a parameter, and of those that its list refers
// to, so that what is to be changed can be changed where it is written.
func (s *Service) follow(ctx context.Context, p mainCf, name string) error {
	if _, done := s.Raw[name]; done {
		return nil
	}
	value, own := s.Own[name]
	if !own {
		var err error
		if value, err = p.value(ctx, name); err != nil {
			return err
		}
	}
	s.Raw[name] = value
	entries, err := Split(value)
	if err != nil {
		return nil //nolint:nilerr // s.Invalid says so
	}
	for _, entry := range entries {
		if next := Referred(entry); next != "" {
			if err := s.follow(ctx, p, next); err != nil {
				return err
			}
		}
	}
	return nil
}

// Referred is the parameter that a list entry refers to, if it is nothing else.
func Referred(entry string) string {
	m := reference.FindStringSubmatch(entry)
	if m == nil {
		return ""
	}
	return m[1] + m[2] + m[3]
}

// disabled reports whether master_service_disable names a service: by its type, as
// name/type, or, as older versions wrote it, name.type. The first pattern that matches
// decides, and "!" negates it.
func disabled(name, kind, patterns string) bool {
	for _, pattern := range Words(patterns) {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if pattern == kind || pattern == name+"/"+kind || pattern == name+"."+kind {
			return !negated
		}
	}
	return false
}
