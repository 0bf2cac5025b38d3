package redis

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"
)

// meaning says whom an error of a Redis command concerns.
type meaning int

const (
	// redisAway: Redis cannot serve anybody now. The zero meaning.
	redisAway meaning = iota
	// senderAlone: Redis answers, but the data that it holds of this one sender are
	// unusable.
	senderAlone
)

// String implements [fmt.Stringer].
func (m meaning) String() string {
	if m == senderAlone {
		return "of one sender"
	}
	return "away"
}

// serverCodes are the error codes with which Redis 6.2 and later, or Valkey, says that
// it cannot serve anybody now, or may not serve us.
var serverCodes = map[string]bool{
	"ASK": true, "BUSY": true, "CLUSTERDOWN": true, "CROSSSLOT": true, "DENIED": true, "EXECABORT": true,
	"LOADING": true, "MASTERDOWN": true, "MISCONF": true, "MOVED": true, "NOAUTH": true, "NOMASTERLINK": true,
	"NOPERM": true, "NOPROTO": true, "NOREPLICAS": true, "NOSCRIPT": true, "OOM": true, "READONLY": true,
	"REDIRECT": true, "TRYAGAIN": true, "UNBLOCKED": true, "UNKILLABLE": true, "WRONGPASS": true,
}

var (
	// code is the first word of a Redis error.
	code = regexp.MustCompile(`^-?([A-Z][A-Z0-9_]+)( |$)`)
	// inScript finds the code of an error inside a script as Redis before 7.0 reports
	// it, for instance "ERR Error running script (call to f_…): @user_script:7:
	// @user_script: 7: -OOM command not allowed …".
	inScript = regexp.MustCompile(`^ERR Error running script .*user_script: ?\d+: -?([A-Z][A-Z0-9_]+) `)
	// refused matches the errors that say that our scripts may not run a command,
	// whoever the sender is. Redis before 7.2 has no code for them.
	refused = regexp.MustCompile(`[Tt]he user executing the script can't|ACL failure in script|Unknown Redis command|not allowed from script`)
)

// meaningOf returns what an error of one of our scripts means.
//
// Redis is away if there was no reply (a lost connection, a deadline that passed), or
// a reply with one of the serverCodes, or one about the command rather than a running
// script ("ERR unknown command", "ERR max number of clients reached"), or one without
// a code, which comes from a proxy in front of Redis.
//
// Everything else concerns the sender: WRONGTYPE, and whatever stops a running script,
// such as a value that is not ours. An unknown code is taken for that, too, because
// the reply shows that Redis answers. If that is wrong, each message costs one command
// in vain, and its sender is counted as in an outage. The opposite mistake would be
// worse: one sender's error would take all the others out of Redis.
func meaningOf(err error) meaning {
	if errors.Is(err, errReply) || errors.Is(err, redis.Nil) {
		return senderAlone
	}
	reply, ok := errors.AsType[redis.Error](err)
	if !ok {
		return redisAway
	}
	text := reply.Error()
	first := code.FindStringSubmatch(text)
	switch {
	case first == nil || serverCodes[first[1]]:
		return redisAway
	case first[1] != "ERR":
		return senderAlone
	case !strings.Contains(text, "user_script") && !strings.Contains(text, "Error running script"):
		return redisAway // no script was running
	case refused.MatchString(text):
		return redisAway
	}
	if inner := inScript.FindStringSubmatch(text); inner != nil && serverCodes[inner[1]] {
		return redisAway
	}
	return senderAlone
}

// ConcernsSender reports whether an error of a command on a sender's counts shows that
// Redis answers, and that only what it holds of this one sender is unusable.
func ConcernsSender(err error) bool { return meaningOf(err) == senderAlone }

// IsTimeout reports whether an error only says that there was no answer in time. An
// outage may be the cause, or one slow command, or many at once: a ping shows which.
func IsTimeout(err error) bool {
	if _, ok := errors.AsType[redis.Error](err); ok {
		return false
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout)
}
