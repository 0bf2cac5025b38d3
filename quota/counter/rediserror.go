package counter

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"
)

// meaning is whom an error of a Redis command concerns.
type meaning int

const (
	// redisAway: Redis cannot serve anybody now. The zero meaning.
	redisAway meaning = iota
	// senderAlone: what Redis holds of this one sender cannot be worked with; it
	// answers, and serves the others.
	senderAlone
)

// String implements [fmt.Stringer].
func (m meaning) String() string {
	if m == senderAlone {
		return "of one sender"
	}
	return "away"
}

// serverCodes are the first words of the errors with which Redis 6.2 and later, or
// Valkey, says that it can serve nobody, or not us, now.
var serverCodes = map[string]bool{
	"ASK": true, "BUSY": true, "CLUSTERDOWN": true, "CROSSSLOT": true, "DENIED": true, "EXECABORT": true,
	"LOADING": true, "MASTERDOWN": true, "MISCONF": true, "MOVED": true, "NOAUTH": true, "NOMASTERLINK": true,
	"NOPERM": true, "NOPROTO": true, "NOREPLICAS": true, "NOSCRIPT": true, "OOM": true, "READONLY": true,
	"REDIRECT": true, "TRYAGAIN": true, "UNBLOCKED": true, "UNKILLABLE": true, "WRONGPASS": true,
}

var (
	// code is the first word of a Redis error.
	code = regexp.MustCompile(`^-?([A-Z][A-Z0-9_]+)( |$)`)
	// inScript is the code of an error inside a script as Redis before 7.0 tells it,
	// for instance "ERR Error running script (call to f_…): @user_script:7:
	// @user_script: 7: -OOM command not allowed …".
	inScript = regexp.MustCompile(`^ERR Error running script .*user_script: ?\d+: -?([A-Z][A-Z0-9_]+) `)
	// refused says that the scripts themselves may not do what they do, whoever is
	// the sender. Redis before 7.2 has no code for it.
	refused = regexp.MustCompile(`[Tt]he user executing the script can't|ACL failure in script|Unknown Redis command|not allowed from script`)
)

// meaningOf tells what an error of one of our scripts means.
//
// What is not a reply, such as a lost connection or a deadline that has passed,
// says that Redis is away. So does a reply with one of the serverCodes, one
// that is about the command and not about a run of the script ("ERR unknown
// command", "ERR max number of clients reached"), and one without a code, which a
// proxy before Redis makes up.
//
// Everything else is about the sender: WRONGTYPE, and whatever stops a script while
// it runs, as for a value that is not ours. A code that is not known is read so,
// too: the reply shows that Redis answers. If that is wrong, each message costs
// a command in vain, and its sender is counted as in an outage; if a sender's own
// error were taken for an outage, it would take all the others out of Redis.
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

// isTimeout reports whether an error says no more than that there was no answer in
// time. One slow command, or many at once, may cause it as well as an outage: a
// ping tells which.
func isTimeout(err error) bool {
	if _, ok := errors.AsType[redis.Error](err); ok {
		return false
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout)
}
