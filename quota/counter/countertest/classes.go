package countertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/conf"
)

// changing is a directory whose sender is premium, or is not, as told.
type changing struct {
	quota.Directory
	premium bool
}

func (c *changing) Sender(context.Context, string) (quota.Sender, error) {
	return quota.Sender{ID: "anne", Premium: c.premium}, nil
}

// ChangesOfClass checks that a class of shorter windows does not erase what the longer ones of another class
// hold.
func ChangesOfClass(t *testing.T, c quota.Counter) {
	t.Helper()
	window := func(per time.Duration, recipients int, count string) quota.WindowConfig {
		return quota.WindowConfig{Per: conf.Duration{Duration: per}, Recipients: recipients, Count: count}
	}
	config := quota.DefaultConfig()
	config.Classes = map[string]quota.ClassConfig{
		"base":    {Recipients: new(10), Windows: []quota.WindowConfig{window(24*time.Hour, 10, "distinct"), window(24*time.Hour, 15, "copies")}},
		"premium": {Recipients: new(20), Windows: []quota.WindowConfig{window(time.Second, 20, "distinct")}},
	}
	directory := &changing{}
	rules, err := quota.Compile(&config)
	if err != nil {
		t.Fatal(err)
	}
	policy := quota.NewPolicy(rules, directory, c)
	send := func(premium bool, from, to int) quota.Verdict {
		directory.premium = premium
		var recipients quota.Recipients
		for i := from; i < to; i++ {
			recipients.Add(fmt.Sprintf("r%d@example.org", i))
		}
		v := policy.Judge(t.Context(), &quota.Message{Login: "anne", EnvelopeSender: "anne@example.org", Recipients: &recipients})
		if v.Action == quota.Accept {
			if err := c.Settle(t.Context(), v.Ticket, true); err != nil {
				t.Fatal(err)
			}
		}
		return v
	}
	if v := send(false, 0, 8); v.Action != quota.Accept {
		t.Fatalf("%+v", v)
	}
	for range 5 { // each may be the one that forgets
		if v := send(true, 0, 1); v.Action != quota.Accept {
			t.Fatalf("%+v", v)
		}
	}
	if v := send(false, 8, 11); v.Action != quota.Defer || v.Used != 8 {
		t.Errorf("the 24 hours hold 8 people, and 3 others would make 11: %+v", v)
	}
	if v := send(false, 0, 3); v.Action != quota.Defer || v.Used != 13 {
		t.Errorf("the 24 hours hold 13 copies, and 3 others would make 16: %+v", v)
	}
}
