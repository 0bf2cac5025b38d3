//go:build servers

package redis

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/endpoint"
	"github.com/rcptquota/rcptquota/test/servers"
)

// scene is a server that has been brought to answer with an error.
type scene struct {
	t      *testing.T
	server *servers.Redis
	behind *redis.Client // its connection is there already
	config endpoint.Config
}

// errorOf counts two messages of the sender (Redis refuses a script for a full
// memory only where it has not yet written anything), and releases one; it returns
// the first error.
func (s *scene) errorOf() error {
	s.t.Helper()
	r := openRedis(s.t, s.config)
	for _, id := range []string{"a", "b"} {
		if _, err := r.Reserve(s.t.Context(), countertest.ToReserve("anne", id, countertest.Rulebooks(time.Hour)[3], countertest.People(0, 3))); err != nil {
			return err
		}
	}
	return r.Settle(s.t.Context(), quota.Ticket{Sender: "anne", ID: "b"}, false)
}

// realErrors are what a real server says, and how it is brought to say it.
var realErrors = map[string]struct {
	options []string
	prepare func(s *scene)
	text    string // in the error
	want    meaning
}{
	"a key of another type": {
		prepare: func(s *scene) { countertest.Do(s.t, s.behind, "SET", s.key(0), "x") },
		text:    "WRONGTYPE", want: senderAlone,
	},
	"another key of another type": {
		prepare: func(s *scene) { countertest.Do(s.t, s.behind, "RPUSH", s.key(1), "x") },
		text:    "WRONGTYPE", want: senderAlone,
	},
	"the last key of another type": {
		prepare: func(s *scene) { countertest.Do(s.t, s.behind, "SADD", s.key(2), "x") },
		text:    "WRONGTYPE", want: senderAlone,
	},
	"a number that is none": {
		prepare: func(s *scene) { countertest.Do(s.t, s.behind, "HSET", s.key(2), "last", "x") },
		text:    "user_script", want: senderAlone,
	},
	"a message that is none": {
		prepare: func(s *scene) { countertest.Do(s.t, s.behind, "ZADD", s.key(1), "1e300", "x") },
		text:    "user_script", want: senderAlone,
	},
	"a reservation that is none": {
		prepare: func(s *scene) { s.openReservation("\xc1") },
		text:    "user_script", want: senderAlone,
	},
	"a reservation that is cut off": {
		prepare: func(s *scene) { s.openReservation("\x93\xcf") },
		text:    "user_script", want: senderAlone,
	},
	"a replica": {
		prepare: func(s *scene) {
			host, port, _ := strings.Cut(servers.StartRedis(s.t, "--repl-diskless-sync-delay", "0").Address(), ":")
			countertest.Do(s.t, s.behind, "REPLICAOF", host, port)
			if !servers.Wait(func() bool {
				return strings.Contains(s.behind.Info(s.t.Context(), "replication").Val(), "master_link_status:up")
			}) {
				s.t.Fatal("the replica has no master")
			}
		},
		text: "READONLY", want: redisAway,
	},
	"a replica without its master": {
		prepare: func(s *scene) {
			countertest.Do(s.t, s.behind, "CONFIG", "SET", "replica-serve-stale-data", "no")
			countertest.Do(s.t, s.behind, "REPLICAOF", "127.0.0.1", strconv.Itoa(servers.FreePort(s.t)))
		},
		text: "MASTERDOWN", want: redisAway,
	},
	"a disk that takes nothing": {
		options: []string{"--save", "3600 1000000", "--dbfilename", "folder"},
		prepare: func(s *scene) {
			if err := os.Mkdir(filepath.Join(filepath.Dir(s.server.Socket()), "folder"), 0o700); err != nil {
				s.t.Fatal(err)
			}
			s.t.Cleanup(func() { s.behind.ConfigSet(context.WithoutCancel(s.t.Context()), "save", "") }) // else it would not end
			countertest.Do(s.t, s.behind, "BGSAVE")
			if !servers.Wait(func() bool {
				return strings.Contains(s.behind.Info(s.t.Context(), "persistence").Val(), "rdb_last_bgsave_status:err")
			}) {
				s.t.Fatal("the disk took it")
			}
		},
		text: "MISCONF", want: redisAway,
	},
	"a full memory": {options: []string{"--maxmemory", "1"}, text: "OOM", want: redisAway},
	"a password that is not given": {
		prepare: func(s *scene) { countertest.Do(s.t, s.behind, "CONFIG", "SET", "requirepass", "geheim") },
		text:    "NOAUTH", want: redisAway,
	},
	"a wrong password": {
		prepare: func(s *scene) { s.login("another", "on", ">geheim", "~*", "+@all") },
		text:    "WRONGPASS", want: redisAway,
	},
	"a user who runs no scripts": {
		prepare: func(s *scene) { s.login("geheim", "on", ">geheim", "~*", "+@connection") },
		text:    "NOPERM", want: redisAway,
	},
	"a user whose scripts may not count": {
		prepare: func(s *scene) { s.login("geheim", "on", ">geheim", "~*", "+@all", "-zadd") },
		text:    "user_script", want: redisAway,
	},
	"a user of other keys": {
		prepare: func(s *scene) { s.login("geheim", "on", ">geheim", "~other:*", "+@all") },
		text:    "NOPERM", want: redisAway,
	},
	"a Cluster without slots": {
		options: []string{"--cluster-enabled", "yes"}, text: "CLUSTERDOWN", want: redisAway,
	},
	"a master without replicas": {options: []string{"--min-replicas-to-write", "1"}, text: "NOREPLICAS", want: redisAway},
	"a script that does not end": {
		options: []string{"--lua-time-limit", "1"},
		prepare: func(s *scene) {
			looping := make(chan struct{})
			client := countertest.Direct(s.t, s.server)
			go func() {
				defer close(looping)
				client.Eval(context.WithoutCancel(s.t.Context()), "while true do end", nil)
			}()
			s.t.Cleanup(func() {
				s.behind.ScriptKill(context.WithoutCancel(s.t.Context()))
				<-looping
			})
			if !servers.Wait(func() bool { return s.behind.Ping(s.t.Context()).Err() != nil }) {
				s.t.Fatal("nothing loops")
			}
		},
		text: "BUSY", want: redisAway,
	},
	"data that are being loaded": {
		options: []string{"--enable-debug-command", "local"},
		prepare: func(s *scene) {
			countertest.Do(s.t, s.behind, "CONFIG", "SET", "loading-process-events-interval-bytes", "1024")
			countertest.Do(s.t, s.behind, "DEBUG", "POPULATE", "4000")
			countertest.Do(s.t, s.behind, "CONFIG", "SET", "key-load-delay", "1000") // microseconds
			loaded := make(chan struct{})
			client := redis.NewClient(&redis.Options{Addr: s.server.Socket(), ReadTimeout: time.Minute})
			go func() {
				defer close(loaded)
				defer client.Close() //nolint:errcheck // nothing was written
				client.Do(context.WithoutCancel(s.t.Context()), "DEBUG", "RELOAD")
			}()
			s.t.Cleanup(func() { <-loaded })
			if !servers.Wait(func() bool { return s.behind.Ping(s.t.Context()).Err() != nil }) {
				s.t.Fatal("nothing is loaded")
			}
		},
		text: "LOADING", want: redisAway,
	},
	"too many clients": {
		prepare: func(s *scene) { countertest.Do(s.t, s.behind, "CONFIG", "SET", "maxclients", "1") },
		want:    redisAway, // it hangs up, perhaps before it has said so
	},
	"a command that is renamed": {options: []string{"--rename-command", "EVALSHA", "other"}, text: "unknown command", want: redisAway},
	"a command of a script that is renamed": {
		options: []string{"--rename-command", "ZADD", "other"}, text: "user_script", want: redisAway,
	},
	"a server that has ended": {
		prepare: func(s *scene) { s.server.Stop() },
		text:    "connection refused", want: redisAway,
	},
	"a server that says nothing": {
		prepare: func(s *scene) {
			s.server.Freeze()
			s.config.Timeout = conf.Duration{Duration: 50 * time.Millisecond}
		},
		text: "deadline", want: redisAway,
	},
}

// openReservation has the sender's message b be open, and its release bring back what
// packed says.
func (s *scene) openReservation(packed string) {
	s.t.Helper()
	countertest.Do(s.t, s.behind, "HSET", s.key(2), "open", fmt.Sprintf("b %d 1;", time.Now().UnixMicro()), "rb", packed)
}

func (s *scene) key(i int) string { return openRedis(s.t, s.config).Keys("anne")[i] }

// login makes the ACL user that we log in as with that password.
func (s *scene) login(password string, rules ...any) {
	s.t.Helper()
	countertest.Do(s.t, s.behind, append([]any{"ACL", "SETUSER", "rcptquota"}, rules...)...)
	s.config.Username = "rcptquota"
	s.config.PasswordFile = filepath.Join(s.t.TempDir(), "password")
	if err := os.WriteFile(s.config.PasswordFile, []byte(password), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func TestMeaningOfRealErrors(t *testing.T) {
	for name, c := range realErrors {
		t.Run(name, func(t *testing.T) {
			server := servers.StartRedis(t, c.options...)
			s := &scene{t: t, server: server, config: countertest.RedisConfig(t, server.Address())}
			s.behind = redis.NewClient(&redis.Options{Addr: server.Socket(), PoolSize: 1})
			t.Cleanup(func() { _ = s.behind.Close() })
			countertest.Do(t, s.behind, "PING")
			if c.prepare != nil {
				c.prepare(s)
			}
			err := s.errorOf()
			if err == nil || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("%v, want %s", err, c.text)
			}
			if got := meaningOf(err); got != c.want || IsTimeout(err) != (c.text == "deadline") {
				t.Errorf("%v: %v, want %v; timeout %v", err, got, c.want, IsTimeout(err))
			}
			t.Log(err)
		})
	}
}

// One node of a Cluster, asked as if it were alone.
func TestMeaningOfMoved(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	r := openRedis(t, countertest.RedisConfig(t, nodes[0].Address()))
	alone := countertest.Direct(t, nodes[0])
	moved := 0
	for _, sender := range []string{"anne", "bertrand", "chloé", "denis", "eve"} {
		if err := alone.Eval(t.Context(), "return 1", r.Keys(sender)).Err(); err != nil {
			moved++
			if !strings.Contains(err.Error(), "MOVED") || meaningOf(err) != redisAway {
				t.Errorf("%v: %v", err, meaningOf(err))
			}
		}
	}
	if moved == 0 {
		t.Error("all senders are on one node")
	}
}
