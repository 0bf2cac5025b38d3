package digest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rcptquota/rcptquota/quota/counter/countertest"
	"github.com/rcptquota/rcptquota/quota/counter/digest"
)

func TestDigestsOfSendersAndRecipientsDiffer(t *testing.T) {
	d := digest.New([]byte("key"))
	for recipient := range d.All(countertest.Addresses([]int{1})) {
		if sender := d.Sender("r1@example.org"); len(sender) != 32 || strings.HasPrefix(sender, fmt.Sprintf("%016x", recipient)) || sender == d.Sender("r2@example.org") {
			t.Errorf("sender %s, recipient %x", sender, recipient)
		}
	}
}
