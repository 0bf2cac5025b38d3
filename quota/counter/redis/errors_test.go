package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"
)

// replyError is an error as Redis sends it.
type replyError string

func (e replyError) Error() string { return string(e) }
func (replyError) RedisError()     {}

// The spellings of other versions than the one that the tests run; what that one
// says is in TestMeaningOfRealErrors.
func TestMeaningOf(t *testing.T) {
	const before7 = "ERR Error running script (call to f_7b32e5ae3c1b0f1f0c57e5f2b2f3b1e6a3a0a4d3): @user_script:31: "
	for text, want := range map[string]meaning{
		// Redis 6.2
		before7 + "WRONGTYPE Operation against a key holding the wrong kind of value ":                     senderAlone,
		before7 + "user_script:31: attempt to perform arithmetic on a nil value ":                          senderAlone,
		before7 + "user_script:31: bad argument #1 to 'unpack' (table expected, got nil) ":                 senderAlone,
		before7 + "Missing bytes in input. ":                                                               senderAlone,
		before7 + "ERR value is not a valid float ":                                                        senderAlone,
		before7 + "@user_script: 31: -READONLY You can't write against a read only replica. ":              redisAway,
		before7 + "@user_script: 31: -OOM command not allowed when used memory > 'maxmemory'. ":            redisAway,
		before7 + "@user_script: 31: -MISCONF Redis is configured to save RDB snapshots, but it is … ":     redisAway,
		before7 + "@user_script: 31: -NOREPLICAS Not enough good replicas to write. ":                      redisAway,
		before7 + "The user executing the script can't run this command or subcommand ":                    redisAway,
		before7 + "@user_script: 31: Unknown Redis command called from Lua script ":                        redisAway,
		before7 + "@user_script: 31: This Redis command is not allowed from scripts ":                      redisAway,
		"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.":           redisAway,
		"NOAUTH Authentication required.":                                                                  redisAway,
		"NOPERM this user has no permissions to run the 'evalsha' command or its subcommand":               redisAway,
		"CLUSTERDOWN Hash slot not served":                                                                 redisAway,
		"ERR Error running script (call to f_7b32e5ae3c1b0f1f0c57e5f2b2f3b1e6a3a0a4d3): not enough memory": senderAlone,
		// Redis 7.2 and later, Valkey
		"NOPERM ACL failure in script: User rcptquota has no permissions to run the 'zadd' command script: 7b32, on @user_script:31.": redisAway,
		"ERR ACL failure in script: User rcptquota has no permissions to run the 'time' command script: 7b32, on @user_script:4.":     redisAway,
		"REDIRECT 127.0.0.1:6379": redisAway,
		"WRONGTYPE Operation against a key holding the wrong kind of value script: 7b32, on @user_script:31.":  senderAlone,
		"ERR user_script:31: attempt to compare number with nil script: 7b32, on @user_script:31.":             senderAlone,
		"ERR Script attempted to access a non local key in a cluster node script: 7b32, on @user_script:31.":   senderAlone,
		"ERR value is not an integer or out of range script: 7b32, on @user_script:31.":                        senderAlone,
		"ERR Write commands are not allowed from read-only scripts. script: 7b32, on @user_script:31.":         senderAlone,
		"DENIED Redis is running in protected mode because protected mode is enabled and no password is set …": redisAway,
		"ERR max number of clients reached":                                                  redisAway,
		"ERR unknown command 'EVALSHA', with args beginning with: '7b32' ":                   redisAway,
		"ERR This instance has cluster support disabled":                                     redisAway,
		"ERR AUTH <password> called without any password configured for the default user. …": redisAway,
		"UNBLOCKED client unblocked via CLIENT UNBLOCK":                                      redisAway,
		"EXECABORT Transaction discarded because of previous errors.":                        redisAway,
		"TRYAGAIN Multiple keys request during rehashing of slot":                            redisAway,
		"ASK 3999 127.0.0.1:6381":                                                            redisAway,
		// Proxies
		"upstream failure": redisAway,
		"":                 redisAway,
		// Ours, and what nobody knows
		"GONE this reservation was released before it arrived": senderAlone,
		"NEWCODE of a later version":                           senderAlone,
	} {
		if got := meaningOf(fmt.Errorf("redis: %w", replyError(text))); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for _, c := range []struct {
		err     error
		want    meaning
		timeout bool
	}{
		{context.DeadlineExceeded, redisAway, true},
		{redis.ErrPoolTimeout, redisAway, true},
		{&net.OpError{Op: "read", Err: context.DeadlineExceeded}, redisAway, true},
		{&net.OpError{Op: "dial", Err: errors.New("connection refused")}, redisAway, false},
		{redis.ErrClosed, redisAway, false},
		{context.Canceled, redisAway, false},
		{errors.New("store.password_file: no such file"), redisAway, false},
		{errReply, senderAlone, false},
		{redis.Nil, senderAlone, false},
	} {
		err := fmt.Errorf("redis: %w", c.err)
		if got := meaningOf(err); got != c.want || IsTimeout(err) != c.timeout {
			t.Errorf("%v: %v, timeout %v", err, got, IsTimeout(err))
		}
	}
}

func FuzzMeaningOf(f *testing.F) {
	f.Add("ERR Error running script (call to f_7b): @user_script:1: @user_script: 1: -OOM command not allowed")
	f.Add("WRONGTYPE Operation against a key")
	f.Fuzz(func(t *testing.T, text string) {
		if got := meaningOf(replyError("LOADING " + text)); got != redisAway {
			t.Errorf("LOADING %q: %v", text, got)
		}
		if got := meaningOf(replyError("WRONGTYPE " + text)); got != senderAlone {
			t.Errorf("WRONGTYPE %q: %v", text, got)
		}
		_ = meaningOf(replyError(text)).String()
	})
}

func FuzzMemoryOf(f *testing.F) {
	f.Add("# Memory\r\nmaxmemory:104857600\r\nmaxmemory_human:100.00M\r\nmaxmemory_policy:volatile-lru\r\n")
	f.Add("maxmemory:-1\nmaxmemory_policy")
	f.Fuzz(func(t *testing.T, info string) {
		if policy, _, err := memoryOf(info); err == nil && policy == "" {
			t.Errorf("%q: neither a policy nor an error", info)
		}
	})
}

func FuzzReadUsage(f *testing.F) {
	f.Add("3600000000 10 d;86400000000 20 c;", 4, int64(7))
	f.Add("1 1 d", 1, int64(-1))
	f.Fuzz(func(t *testing.T, windows string, length int, number int64) {
		reply := []any{number, number, windows}
		for range max(0, min(length, 100)) {
			reply = append(reply, number)
		}
		u, err := readUsage(reply, nil)
		if err != nil && !errors.Is(err, errReply) {
			t.Errorf("%q: %v", windows, err)
		}
		if err == nil && 3*len(u.Windows) > len(reply) {
			t.Errorf("%q: %d windows from %d numbers", windows, len(u.Windows), len(reply))
		}
	})
}
