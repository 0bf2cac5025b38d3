package alert

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// maxWaiting is how many messages wait for one outlet; further ones are dropped.
	maxWaiting = 64
	// sendTimeout bounds one attempt to send a message.
	sendTimeout = 15 * time.Second
)

// pauses are those after a failed attempt to send a message; after the last one and one
// more attempt it is given up.
var pauses = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute}

// Message is what an outlet sends: as mail, or as JSON.
type Message struct {
	Subject, Body string
	JSON          any
}

// sender sends a message, before ctx ends.
type sender interface {
	send(ctx context.Context, m *Message) error
}

// outlet is a way out: mail, or the webhook. Each has a queue and a goroutine, so that one
// that hangs holds up neither the other nor any message of Postfix's.
type outlet struct {
	name string
	// sender is the one that is configured now, or nil.
	sender func() sender
	log    *slog.Logger
	queue  chan *Message

	failing     bool // the last attempt failed, which is in the log
	dropping    atomic.Bool
	undelivered atomic.Uint64
}

func newOutlet(name string, log *slog.Logger, sender func() sender) *outlet {
	return &outlet{name: name, sender: sender, log: log, queue: make(chan *Message, maxWaiting)}
}

// put queues a message, if the outlet is configured. Without room it is dropped, which is
// logged once until there is room again.
func (o *outlet) put(m *Message) {
	if o.sender() == nil {
		return
	}
	select {
	case o.queue <- m:
		o.dropping.Store(false)
	default:
		o.undelivered.Add(1)
		if !o.dropping.Swap(true) {
			// Log key "channel": `mail` or `webhook`; `all`, if the alert was dropped before it
			// was raised
			o.log.Error(msgDropped, "channel", o.name)
		}
	}
}

// run sends what is queued until ctx ends.
func (o *outlet) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-o.queue:
			o.deliver(ctx, m)
		}
	}
}

// deliver tries to send a message, several times.
func (o *outlet) deliver(ctx context.Context, m *Message) {
	for i := 0; ; i++ {
		if o.try(ctx, m) {
			return
		}
		if i == len(pauses) {
			o.undelivered.Add(1)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pauses[i]):
		}
	}
}

// try tries once, and logs when an outlet begins to fail, and when it works again. It
// reports whether the message is done with.
func (o *outlet) try(ctx context.Context, m *Message) bool {
	s := o.sender()
	if s == nil {
		return true // not configured any more
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := s.send(ctx, m)
	switch {
	case err != nil && !o.failing:
		o.log.Error(msgNotSent, "channel", o.name, "error", err)
	case err == nil && o.failing:
		o.log.Info(msgSentAgain, "channel", o.name)
	}
	o.failing = err != nil
	return err == nil
}
