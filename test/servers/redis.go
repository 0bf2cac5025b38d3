package servers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a real Redis server, or a Sentinel.
type Redis struct {
	t          testing.TB
	dir        string
	port       int
	securePort int // 0: none
	options    []string
	process    *Process // nil when stopped
}

// StartRedis starts a server that writes nothing to disk, unless options of
// redis-server say otherwise ("--appendonly", "yes"). It ends with the test.
func StartRedis(t testing.TB, options ...string) *Redis {
	t.Helper()
	r := &Redis{t: t, dir: Scratch(t), port: FreePort(t)}
	r.options = append([]string{"--save", ""}, options...)
	t.Cleanup(r.Stop)
	r.Start()
	return r
}

// StartSecureRedis is StartRedis of a server that listens with TLS, too.
func StartSecureRedis(t testing.TB, options ...string) *Redis {
	t.Helper()
	r := &Redis{t: t, dir: Scratch(t), port: FreePort(t), securePort: FreePort(t)}
	writeCertificates(t, r.dir)
	r.options = append([]string{
		"--tls-port", strconv.Itoa(r.securePort), "--tls-auth-clients", "no", "--tls-ca-cert-file", r.CAFile(),
		"--tls-cert-file", filepath.Join(r.dir, "cert.pem"), "--tls-key-file", filepath.Join(r.dir, "key.pem"), "--save", "",
	}, options...)
	t.Cleanup(r.Stop)
	r.Start()
	return r
}

// StartRedisSentinel starts a Sentinel that knows the server by a name.
func StartRedisSentinel(t testing.TB, name string, master *Redis) *Redis {
	t.Helper()
	r := &Redis{t: t, dir: Scratch(t), port: FreePort(t)}
	config := filepath.Join(r.dir, "sentinel.conf") // which it writes to
	write(t, config, fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 1\n", name, master.port))
	r.options = []string{config, "--sentinel"}
	t.Cleanup(r.Stop)
	r.Start()
	return r
}

// Address is where the server listens: "host:port".
func (r *Redis) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }

// SecureAddress is where a secure server listens with TLS. Its certificate is for
// 127.0.0.1.
func (r *Redis) SecureAddress() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.securePort))
}

// CAFile holds the authority of a secure server's certificate, in PEM.
func (r *Redis) CAFile() string { return filepath.Join(r.dir, "ca.pem") }

// Socket is the path of the server's unix socket.
func (r *Redis) Socket() string { return filepath.Join(r.dir, "socket") }

// Start starts the server that was stopped or killed, on the same port, with
// what it wrote to disk.
func (r *Redis) Start() {
	r.t.Helper()
	command := append([]string{"redis-server"}, r.options...)
	command = append(command, "--bind", "127.0.0.1", "--port", strconv.Itoa(r.port), "--unixsocket", r.Socket(), "--dir", r.dir)
	process, err := StartProcess(filepath.Join(r.dir, "log"), command...)
	if err != nil {
		r.t.Fatal(err)
	}
	r.process = process
	if !Wait(func() bool { return r.answers() || process.Ended() }) || process.Ended() {
		log, _ := os.ReadFile(filepath.Join(r.dir, "log"))
		r.t.Fatalf("redis-server does not answer; it says:\n%s", log)
	}
}

// answers asks by the socket, which needs no TLS. A server that wants a password
// has answered, too.
func (r *Redis) answers() bool {
	conn, err := net.DialTimeout("unix", r.Socket(), maxWait)
	if err != nil {
		return false
	}
	defer conn.Close() //nolint:errcheck // nothing is awaited any more
	_ = conn.SetDeadline(time.Now().Add(maxWait))
	_, _ = conn.Write([]byte("PING\r\n"))
	reply, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && (strings.HasPrefix(reply, "+PONG") || strings.HasPrefix(reply, "-NOAUTH"))
}

// Stop ends the server, and returns when it has ended.
func (r *Redis) Stop() {
	if r.process == nil {
		return
	}
	r.Thaw() // a frozen one would not notice
	r.process.Stop()
	r.process = nil
}

// Kill ends the server as kill -9 does.
func (r *Redis) Kill() {
	if r.process == nil {
		return
	}
	r.process.Kill()
	r.process = nil
}

// Freeze makes the server fall silent: the kernel still accepts connections for
// it, and nothing is answered.
func (r *Redis) Freeze() {
	r.t.Helper()
	if err := r.process.Freeze(); err != nil {
		r.t.Error(err)
	}
}

// Thaw ends Freeze. What was sent meanwhile is carried out then.
func (r *Redis) Thaw() { r.signal(syscall.SIGCONT) }

func (r *Redis) signal(signal os.Signal) {
	r.t.Helper()
	if err := r.process.Signal(signal); err != nil {
		r.t.Error(err)
	}
}

// StartRedisCluster starts a Cluster of three masters and three replicas. It
// ends with the test.
func StartRedisCluster(t testing.TB) []*Redis {
	t.Helper()
	var nodes []*Redis
	command := []string{"--cluster", "create"}
	for range 6 {
		bus := strconv.Itoa(FreePort(t)) // by itself, it would be the port and 10000
		nodes = append(nodes, StartRedis(t, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000",
			"--repl-diskless-sync-delay", "0"))
		command = append(command, nodes[len(nodes)-1].Address())
	}
	command = append(command, "--cluster-replicas", "1", "--cluster-yes")
	if out, err := exec.CommandContext(t.Context(), "redis-cli", command...).CombinedOutput(); err != nil {
		t.Fatalf("redis-cli %s: %v\n%s", strings.Join(command, " "), err, out)
	}
	if !Wait(func() bool { return !slices.ContainsFunc(nodes, func(r *Redis) bool { return !r.joined() }) }) {
		t.Fatal("the Cluster does not come together")
	}
	return nodes
}

// joined reports whether the node sees all slots served and all six nodes and, of
// a replica, has its master's data.
func (r *Redis) joined() bool {
	client := redis.NewClient(&redis.Options{Addr: r.Socket()})
	defer client.Close() //nolint:errcheck // nothing was written
	cluster, err := client.ClusterInfo(context.Background()).Result()
	if err != nil || !strings.Contains(cluster, "cluster_state:ok") || !strings.Contains(cluster, "cluster_known_nodes:6") {
		return false
	}
	replication, err := client.Info(context.Background(), "replication").Result()
	return err == nil && !strings.Contains(replication, "master_link_status:down")
}
