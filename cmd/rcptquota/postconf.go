package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// postconfTimeout is how long Postfix's postconf may take.
const postconfTimeout = 5 * time.Second

// cutByPostfix warns if this machine's Postfix, in its default instance, lets through
// fewer recipients of one message than limit. It is empty if that cannot be found out.
func cutByPostfix(ctx context.Context, limit int) string {
	ctx, cancel := context.WithTimeout(ctx, postconfTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, "postconf", "-h", "smtpd_recipient_limit").Output()
	if err != nil {
		return ""
	}
	lets, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || lets >= limit {
		return ""
	}
	return fmt.Sprintf("Postfix has smtpd_recipient_limit = %d, and cuts messages to more; to make use of the grant, run postconf -e smtpd_recipient_limit=%d, and reload Postfix. "+
		"A service of master.cf may have a limit of its own", lets, limit+1)
}
