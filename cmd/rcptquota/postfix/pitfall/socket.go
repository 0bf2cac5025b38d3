package pitfall

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/postfix"
)

func unreachable(c *situation) []Finding {
	return c.eachAsked(func(a asked) []Finding {
		path, unix := strings.CutPrefix(a.socket.Address, "unix:")
		if unix && c.Path(a.Service, a.milter.Address) != postfix.Plain(path) {
			return c.elsewhere(a, path)
		}
		err := c.ReachError(a.Service, a.milter.Address)
		if err == nil {
			return nil
		}
		b, blocked := errors.AsType[*postfix.Blocked](err)
		if !blocked {
			return one(fmt.Sprintf("Postfix cannot connect to rcptquota (%v)", err), "systemctl start rcptquota.service   # or as you start it; then look into its log")
		}
		return c.forbidden(a, b, path)
	})
}

// elsewhere: the service looks for our socket where it is not.
func (c *situation) elsewhere(a asked, path string) []Finding {
	seen := c.Path(a.Service, a.milter.Address)
	where := "to this service"
	if a.Chroot {
		where = "in the chroot of this service"
	}
	sentence := fmt.Sprintf("%s means, %s, %s, and rcptquota listens on %s", a.milter.Address, where, seen, path)
	if a.Chroot && strings.HasPrefix(c.addressFor(&a.socket), "unix:/") {
		return one(sentence, c.command("-F", a.String()+"/chroot=n"))
	}
	return one(sentence, c.correct(a)...)
}

// forbidden: Postfix's user may not use the socket, or a folder on the way to it.
func (c *situation) forbidden(a asked, b *postfix.Blocked, path string) []Finding {
	user := c.Main["mail_owner"]
	file := b.Path
	if !filepath.IsAbs(file) || a.Chroot {
		file = filepath.Join(c.Main["queue_directory"], file)
	}
	if b.Folder {
		return one(fmt.Sprintf("The user %s may not enter %s, and so not connect to rcptquota", user, file),
			"chgrp "+quoted(user)+" "+quoted(file)+" && chmod g+x "+quoted(file))
	}
	findings := one(fmt.Sprintf("The user %s may not connect to %s", user, file),
		"chgrp "+quoted(user)+" "+quoted(file)+" && chmod 0660 "+quoted(file))
	findings[0].Configure = []string{fmt.Sprintf("# below the [[listen]] of unix:%s", path), `mode = "0660"`, fmt.Sprintf("group = %q", user)}
	return findings
}
