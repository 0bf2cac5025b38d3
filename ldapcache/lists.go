package ldapcache

import (
	"context"
	"errors"

	"github.com/rcptquota/rcptquota/quota"
)

// Lists implements [quota.Directory].
func (c *cache) Lists(_ context.Context, addresses []string) []quota.ListAnswer {
	answers := make([]quota.ListAnswer, len(addresses))
	for i := range answers {
		answers[i].Err = errors.New("not yet")
	}
	return answers
}
