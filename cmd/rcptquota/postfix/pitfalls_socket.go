package postfix

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

func unreachable(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		path, unix := strings.CutPrefix(a.socket.Address, "unix:")
		if unix && c.path(a.service, a.milter.address) != plain(path) {
			return c.elsewhere(a, path)
		}
		err := c.reachError(a.service, a.milter.address)
		if err == nil {
			return nil
		}
		var b *blocked
		if !errors.As(err, &b) {
			return one(fmt.Sprintf("Postfix cannot connect to rcptquota (%v)", err), "systemctl start rcptquota.service   # or as you start it; then look into its log")
		}
		return c.forbidden(a, b, path)
	})
}

// elsewhere: the service looks for our socket where it is not.
func (c *situation) elsewhere(a asked, path string) []Finding {
	seen := c.path(a.service, a.milter.address)
	where := "to this service"
	if a.chroot {
		where = "in the chroot of this service"
	}
	sentence := fmt.Sprintf("%s means, %s, %s, and rcptquota listens on %s", a.milter.address, where, seen, path)
	if a.chroot && strings.HasPrefix(c.addressFor(&a.socket), "unix:/") {
		return one(sentence, c.command("-F", a.String()+"/chroot=n"))
	}
	return one(sentence, c.correct(a)...)
}

// forbidden: Postfix's user may not use the socket, or a folder on the way to it.
func (c *situation) forbidden(a asked, b *blocked, path string) []Finding {
	user := c.main["mail_owner"]
	file := b.path
	if !filepath.IsAbs(file) || a.chroot {
		file = filepath.Join(c.main["queue_directory"], file)
	}
	if b.folder {
		return one(fmt.Sprintf("The user %s may not enter %s, and so not connect to rcptquota", user, file),
			"chgrp "+quoted(user)+" "+quoted(file)+" && chmod g+x "+quoted(file))
	}
	findings := one(fmt.Sprintf("The user %s may not connect to %s", user, file),
		"chgrp "+quoted(user)+" "+quoted(file)+" && chmod 0660 "+quoted(file))
	findings[0].Configure = []string{fmt.Sprintf("# below the [[listen]] of unix:%s", path), `mode = "0660"`, fmt.Sprintf("group = %q", user)}
	return findings
}
