//go:build servers

package counter

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
	"github.com/rcptquota/rcptquota/test/servers"
)

// do runs a command behind the store's back.
func do(t *testing.T, client *redis.Client, args ...any) {
	t.Helper()
	if err := client.Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

// scene is a server that has been brought to answer with an error.
type scene struct {
	server *servers.Redis
	behind *redis.Client // its connection is there already
	config Config
}

// errorOf counts two messages of the sender (Redis refuses a script for a full
// memory only where it has not yet written anything), and releases one; it returns
// the first error.
func (s *scene) errorOf(t *testing.T) error {
	t.Helper()
	r := openRedis(t, s.config)
	for _, id := range []string{"a", "b"} {
		if _, err := r.Reserve(t.Context(), toReserve("anne", id, rulebooks(time.Hour)[3], people(0, 3))); err != nil {
			return err
		}
	}
	return r.release(t.Context(), quota.Ticket{Sender: "anne", ID: "b"}, false)
}

// realErrors are what a real server says, and how it is brought to say it.
var realErrors = map[string]struct {
	options []string
	prepare func(t *testing.T, s *scene)
	text    string // in the error
	want    meaning
}{
	"a key of another type": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "SET", s.key(t, 0), "x") },
		text:    "WRONGTYPE", want: senderAlone,
	},
	"another key of another type": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "RPUSH", s.key(t, 1), "x") },
		text:    "WRONGTYPE", want: senderAlone,
	},
	"the last key of another type": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "SADD", s.key(t, 2), "x") },
		text:    "WRONGTYPE", want: senderAlone,
	},
	"a number that is none": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "HSET", s.key(t, 2), "last", "x") },
		text:    "user_script", want: senderAlone,
	},
	"a message that is none": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "ZADD", s.key(t, 1), "1e300", "x") },
		text:    "user_script", want: senderAlone,
	},
	"a reservation that is none": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "HSET", s.key(t, 2), "ra", "\xc1") },
		text:    "user_script", want: senderAlone,
	},
	"a reservation that is cut off": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "HSET", s.key(t, 2), "ra", "\x93\xcf") },
		text:    "user_script", want: senderAlone,
	},
	"a replica": {
		prepare: func(t *testing.T, s *scene) {
			host, port, _ := strings.Cut(servers.StartRedis(t, "--repl-diskless-sync-delay", "0").Address(), ":")
			do(t, s.behind, "REPLICAOF", host, port)
			if !servers.Wait(func() bool {
				return strings.Contains(s.behind.Info(t.Context(), "replication").Val(), "master_link_status:up")
			}) {
				t.Fatal("the replica has no master")
			}
		},
		text: "READONLY", want: redisAway,
	},
	"a replica without its master": {
		prepare: func(t *testing.T, s *scene) {
			do(t, s.behind, "CONFIG", "SET", "replica-serve-stale-data", "no")
			do(t, s.behind, "REPLICAOF", "127.0.0.1", strconv.Itoa(servers.FreePort(t)))
		},
		text: "MASTERDOWN", want: redisAway,
	},
	"a disk that takes nothing": {
		options: []string{"--save", "3600 1000000", "--dbfilename", "folder"},
		prepare: func(t *testing.T, s *scene) {
			if err := os.Mkdir(filepath.Join(filepath.Dir(s.server.Socket()), "folder"), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.behind.ConfigSet(context.Background(), "save", "") }) // else it would not end
			do(t, s.behind, "BGSAVE")
			if !servers.Wait(func() bool {
				return strings.Contains(s.behind.Info(t.Context(), "persistence").Val(), "rdb_last_bgsave_status:err")
			}) {
				t.Fatal("the disk took it")
			}
		},
		text: "MISCONF", want: redisAway,
	},
	"a full memory": {options: []string{"--maxmemory", "1"}, text: "OOM", want: redisAway},
	"a password that is not given": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "CONFIG", "SET", "requirepass", "geheim") },
		text:    "NOAUTH", want: redisAway,
	},
	"a wrong password": {
		prepare: func(t *testing.T, s *scene) { s.login(t, "another", "on", ">geheim", "~*", "+@all") },
		text:    "WRONGPASS", want: redisAway,
	},
	"a user who runs no scripts": {
		prepare: func(t *testing.T, s *scene) { s.login(t, "geheim", "on", ">geheim", "~*", "+@connection") },
		text:    "NOPERM", want: redisAway,
	},
	"a user whose scripts may not count": {
		prepare: func(t *testing.T, s *scene) { s.login(t, "geheim", "on", ">geheim", "~*", "+@all", "-zadd") },
		text:    "user_script", want: redisAway,
	},
	"a user of other keys": {
		prepare: func(t *testing.T, s *scene) { s.login(t, "geheim", "on", ">geheim", "~other:*", "+@all") },
		text:    "NOPERM", want: redisAway,
	},
	"a Cluster without slots": {
		options: []string{"--cluster-enabled", "yes"}, text: "CLUSTERDOWN", want: redisAway,
	},
	"a master without replicas": {options: []string{"--min-replicas-to-write", "1"}, text: "NOREPLICAS", want: redisAway},
	"a script that does not end": {
		options: []string{"--lua-time-limit", "1"},
		prepare: func(t *testing.T, s *scene) {
			looping := make(chan struct{})
			client := direct(t, s.server)
			go func() {
				defer close(looping)
				client.Eval(context.Background(), "while true do end", nil)
			}()
			t.Cleanup(func() {
				s.behind.ScriptKill(context.Background())
				<-looping
			})
			if !servers.Wait(func() bool { return s.behind.Ping(t.Context()).Err() != nil }) {
				t.Fatal("nothing loops")
			}
		},
		text: "BUSY", want: redisAway,
	},
	"data that are being loaded": {
		options: []string{"--enable-debug-command", "local"},
		prepare: func(t *testing.T, s *scene) {
			do(t, s.behind, "CONFIG", "SET", "loading-process-events-interval-bytes", "1024")
			do(t, s.behind, "DEBUG", "POPULATE", "4000")
			do(t, s.behind, "CONFIG", "SET", "key-load-delay", "1000") // microseconds
			loaded := make(chan struct{})
			client := redis.NewClient(&redis.Options{Addr: s.server.Socket(), ReadTimeout: time.Minute})
			go func() {
				defer close(loaded)
				defer client.Close() //nolint:errcheck // nothing was written
				client.Do(context.Background(), "DEBUG", "RELOAD")
			}()
			t.Cleanup(func() { <-loaded })
			if !servers.Wait(func() bool { return s.behind.Ping(t.Context()).Err() != nil }) {
				t.Fatal("nothing is loaded")
			}
		},
		text: "LOADING", want: redisAway,
	},
	"too many clients": {
		prepare: func(t *testing.T, s *scene) { do(t, s.behind, "CONFIG", "SET", "maxclients", "1") },
		want:    redisAway, // it hangs up, perhaps before it has said so
	},
	"a command that is renamed": {options: []string{"--rename-command", "EVALSHA", "other"}, text: "unknown command", want: redisAway},
	"a command of a script that is renamed": {
		options: []string{"--rename-command", "ZADD", "other"}, text: "user_script", want: redisAway,
	},
	"a server that has ended": {
		prepare: func(_ *testing.T, s *scene) { s.server.Stop() },
		text:    "connection refused", want: redisAway,
	},
	"a server that says nothing": {
		prepare: func(_ *testing.T, s *scene) {
			s.server.Freeze()
			s.config.Timeout = conf.Duration{Duration: 50 * time.Millisecond}
		},
		text: "deadline", want: redisAway,
	},
}

func (s *scene) key(t *testing.T, i int) string { return openRedis(t, s.config).keys("anne")[i] }

// login makes the ACL user that we are, with the password that we give.
func (s *scene) login(t *testing.T, password string, rules ...any) {
	t.Helper()
	do(t, s.behind, append([]any{"ACL", "SETUSER", "rcptquota"}, rules...)...)
	s.config.Username = "rcptquota"
	s.config.PasswordFile = filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(s.config.PasswordFile, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMeaningOfRealErrors(t *testing.T) {
	for name, c := range realErrors {
		t.Run(name, func(t *testing.T) {
			server := servers.StartRedis(t, c.options...)
			s := &scene{server: server, config: redisConfig(t, server.Address())}
			s.behind = redis.NewClient(&redis.Options{Addr: server.Socket(), PoolSize: 1})
			t.Cleanup(func() { _ = s.behind.Close() })
			do(t, s.behind, "PING")
			if c.prepare != nil {
				c.prepare(t, s)
			}
			err := s.errorOf(t)
			if err == nil || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("%v, want %s", err, c.text)
			}
			if got := meaningOf(err); got != c.want || isTimeout(err) != (c.text == "deadline") {
				t.Errorf("%v: %v, want %v; timeout %v", err, got, c.want, isTimeout(err))
			}
			t.Log(err)
		})
	}
}

// One node of a Cluster, asked as if it were alone.
func TestMeaningOfMoved(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	r := openRedis(t, redisConfig(t, nodes[0].Address()))
	alone := direct(t, nodes[0])
	moved := 0
	for _, sender := range []string{"anne", "bertrand", "chloé", "denis", "eve"} {
		if err := alone.Eval(t.Context(), "return 1", r.keys(sender)).Err(); err != nil {
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
