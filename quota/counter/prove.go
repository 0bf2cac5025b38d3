package counter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// Prove asks the Redis of a valid configuration whether messages can be counted
// there: that every master answers, takes our password, and lets us run the
// scripts. It counts one message of nobody, and takes it back. The line tells, for
// people, what works; empty, without Redis. The error has its key from the top of
// the configuration file.
func Prove(ctx context.Context, config Config) (line string, err error) {
	if !config.IsRedis() {
		return "", nil
	}
	r, err := OpenRedis(config)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err = r.ping(ctx); err == nil {
		err = r.countNobody(ctx)
	}
	if err != nil {
		return "", conf.Errorf("store.addresses", "%v", err)
	}
	return fmt.Sprintf("redis %s: answers, and counts", strings.Join(config.Addresses, " ")), nil
}

// countNobody counts a message of the empty login, which no sender has.
func (r *Redis) countNobody(ctx context.Context) error {
	reservation := quota.Reservation{
		Ticket:     quota.Ticket{ID: rand.Text()},
		Windows:    []quota.Window{{Per: time.Minute, Recipients: 1000, Count: quota.Distinct}},
		Recipients: slices.Values([]string{"nobody@localhost"}),
		N:          1,
	}
	_, err := r.Reserve(ctx, &reservation)
	return errors.Join(err, r.Settle(ctx, reservation.Ticket, false))
}
