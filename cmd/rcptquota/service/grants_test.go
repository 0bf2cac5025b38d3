package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/history"
)

// "Nothing was changed" is said only of what the store has not taken.
func TestCannotGrant(t *testing.T) {
	for want, errs := range map[string][]error{
		"nothing was changed": {errors.New("READONLY You can't write against a read only replica")},
		"may have been":       {fmt.Errorf("redis: %w", context.DeadlineExceeded), fmt.Errorf("redis: %w", io.EOF)},
		"the most that":       {history.ErrTooManyGrants},
	} {
		for _, err := range errs {
			if got := cannotGrant(err).Error(); !strings.Contains(got, want) || strings.Contains(got, "nothing was changed") != (want == "nothing was changed") {
				t.Errorf("%v: %s", err, got)
			}
		}
	}
}
