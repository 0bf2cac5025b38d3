//go:build servers

package test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/test/servers"
)

// scene is a relay as the manual installs it, with an LDAP server and Redis, on an
// afternoon on which some messages were refused.
type scene struct {
	*deployed
	slapd *servers.Slapd
	redis *servers.Redis
	names *names
	fresh int // recipients written to so far
}

func startScene(t *testing.T) *scene {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{
		deployed: startDeployed(t),
		slapd:    servers.StartSlapd(t),
		redis:    servers.StartRedis(t),
		names:    &names{start: time.Now().UTC().Truncate(time.Minute), example: paris},
	}
	s.slapd.Add(sceneFile(t, "tree.ldif"))
	dir := filepath.Dir(s.config)
	s.configure(os.Expand(sceneFile(t, "rcptquota.toml"), func(name string) string {
		return map[string]string{"STATE": dir, "LDAP": s.slapd.URL(), "BASE": s.slapd.Base(), "REDIS": s.redis.Address()}[name]
	}))
	writeFile(t, filepath.Join(dir, "digest.key"), strings.Repeat("0123456789abcdef", 3))
	writeFile(t, filepath.Join(dir, "draft.toml"), sceneFile(t, "draft.toml"))
	s.names.add(s.config, "/etc/rcptquota/rcptquota.toml")
	s.names.add(dir, "/etc/rcptquota")
	s.names.add(s.postfix.Log.Path, "/var/log/mail.log")
	s.names.add(filepath.Join(s.postfix.Dir, "etc"), "/etc/postfix")
	s.names.add(filepath.Join(s.postfix.Dir, "queue"), "/var/spool/postfix")
	s.names.add(s.slapd.URL(), "ldap://ldap1.ent.test")
	s.names.add(s.redis.Address(), "127.0.0.1:6379")
	for service, address := range s.ports {
		s.names.printed = append(s.names.printed, [2]string{address, service})
	}
	s.serve()
	s.play()
	return s
}

// configure writes the relay's configuration.
func (s *scene) configure(text string) {
	s.t.Helper()
	if err := os.Remove(s.config); err != nil {
		s.t.Fatal(err)
	}
	writeFile(s.t, s.config, text)
}

// before are the changes on the relay before a question is asked.
func (s *scene) before() map[string]func() {
	configuration, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	return map[string]func(){
		"From when on is he premium?": func() {
			s.slapd.Modify(sceneFile(s.t, "designation.ldif"))
			s.wait("rcptquota explain pmartin", "not yet")
		},
		"Did the last reload work?": func() {
			s.configure(strings.Replace(string(configuration), "recipients = 150", "recipents = 150", 1))
		},
		"Is the configuration right?": func() { s.configure(string(configuration)) },
		"What does this Postfix have wrong?": func() {
			s.postfix.Postconf(s.t, "-X", "smtpd_recipient_limit")
		},
		"Is Redis away?": func() {
			s.redis.Stop()
			marie := s.login(s.t, "mdurand", dialSMTP, "submission")
			s.send(marie, "marie.durand@ecollege31.fr", 1, "250 2.0.0 ")
			s.sendTo(marie, "marie.durand@ecollege31.fr", []string{"profs@listes.ecollege31.fr"}, "550 5.7.1 ")
			s.wait(`rcptquota status`, `(?s)PROBLEM: the counts' store.*PROBLEM: decision records.*PROBLEM: the grants`)
		},
	}
}

// wait runs a command until it prints what is asked for.
func (s *scene) wait(command, pattern string) {
	s.t.Helper()
	found := regexp.MustCompile(pattern)
	said := ""
	if !servers.Wait(func() bool { said = s.run(command); return found.MatchString(said) }) {
		s.t.Fatalf("%s never says %s, but\n%s", command, pattern, said)
	}
}

// sceneReference makes the queue ids that the chapter has for the messages that did not go to
// whom they were meant for.
const sceneReference = "4F%dA2B3C4D5"

// play sends the messages of the afternoon. The scene has to wait for nothing else than the
// decision records, which are written in the background.
func (s *scene) play() {
	marie := s.login(s.t, "mdurand", dialSMTP, "submission")
	paul := s.login(s.t, "pmartin", dialSMTP, "submission")
	leo := s.login(s.t, "lpetit", dialSMTP, "submission")
	claire := s.login(s.t, "cbernard", dialSMTP, "submission")
	elsewhere := s.greet(s.t, dialSMTP, "smtp")

	s.send(claire, "claire.bernard@ecollege31.fr", 800, "250 2.0.0 ")
	s.send(marie, "marie.durand@ecollege31.fr", 60, "250 2.0.0 ")
	s.send(paul, "paul.martin@entmip.fr", 420, "250 2.0.0 ")
	s.send(leo, "leo.petit@eleve.ecollege31.fr", 20, "250 2.0.0 ")
	s.refer(1, s.send(marie, "marie.durand@ecollege31.fr", 151, "550 5.5.3 "))
	s.refer(2, s.send(paul, "paul.martin@entmip.fr", 250, "450 4.7.1 "))
	s.refer(3, s.send(leo, "leo.petit@eleve.ecollege31.fr", 15, "250 2.0.0 "))
	s.refer(4, s.sendTo(claire, "claire.bernard@ecollege31.fr", []string{"parents-6b@listes.ecollege31.fr"}, "550 5.7.1 "))
	s.refer(5, s.sendTo(marie, "marie.durand@ecollege31.fr", []string{"profs@listes.ecollege31.fr"}, "550 5.7.1 "))
	s.sendTo(elsewhere, "parent@example.net", []string{"parents-6b@listes.ecollege31.fr"}, "550 5.7.1 ")
	s.wait("rcptquota refusals", `(?s)(relay1.*){6}`)
}

// send sends a message to so many people who were not written to before, and returns the
// reply that decides.
func (s *scene) send(c *smtpConn, from string, recipients int, want string) reply {
	s.t.Helper()
	to := make([]string, recipients)
	for i := range to {
		s.fresh++
		to[i] = fmt.Sprintf("parent%d@example.net", s.fresh)
	}
	return s.sendTo(c, from, to, want)
}

func (s *scene) sendTo(c *smtpConn, from string, to []string, want string) reply {
	s.t.Helper()
	r, err := c.messageFrom(from, to)
	if err != nil || !strings.HasPrefix(r.String(), want) {
		s.t.Fatalf("from %s to %d: %v %v, not %s\n%s", from, len(to), r, err, want, joined(s.log))
	}
	return r
}

// queueID finds the reference in a reply, or the queue id in Postfix's.
var queueID = regexp.MustCompile(`(?:reference |queued as )([0-9A-Za-z]+)`)

// refer gives the message of a reply its reference in the chapter.
func (s *scene) refer(n int, r reply) {
	s.t.Helper()
	m := queueID.FindStringSubmatch(r.text)
	if m == nil {
		s.t.Fatalf("no queue id in %s", r)
	}
	s.names.add(m[1], fmt.Sprintf(sceneReference, n))
}

func sceneFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "questions", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
