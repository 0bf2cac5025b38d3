package ldapcache

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/rcptquota/rcptquota/ldapcache/roster"
	"github.com/rcptquota/rcptquota/quota"
)

// Directory is an open directory. Its senders are designated, but not premium: a
// [roster.Directory] around it says who is. Close ends its searches and its
// connections; it is not used after that.
type Directory interface { //nolint:interfacebloat // three small ones, each with its own consumer
	quota.Directory
	roster.Source
	io.Closer
}

// Open makes the directory that config describes. The attributes, in lower case,
// are those that classes match on. It asks no server: one that is down is told
// by the look-ups. The error is a mistake in the configuration or in a file that
// it names.
func Open(config Config, attributes []string) (Directory, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.Source == sourceFile {
		return openFile(config)
	}
	return openLDAP(config, attributes)
}

// maxLogin is the longest login, in bytes, that a directory is asked for.
const maxLogin = 1024

// normalise returns the one spelling under which a login is asked for and
// remembered: directories match logins without regard to case. It reports false
// for what cannot be a login.
func normalise(login string) (string, bool) {
	if login == "" || len(login) > maxLogin {
		return "", false
	}
	for i := range len(login) {
		if b := login[i]; b == 0 || b >= utf8.RuneSelf || 'A' <= b && b <= 'Z' {
			return lower(login)
		}
	}
	return login, true // as most are written
}

func lower(login string) (string, bool) {
	if strings.IndexByte(login, 0) >= 0 || !utf8.ValidString(login) {
		return "", false
	}
	return strings.ToLower(login), true
}
