package service

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notifyTimeout is how long we wait for systemd, which may be busy or hung.
const notifyTimeout = time.Second

var errNotifyTimeout = fmt.Errorf("it did not take the message within %v", notifyTimeout)

// notify tells systemd, if it runs us (sd_notify(3)). Mail does not wait for a
// systemd that takes longer than notifyTimeout.
func notify(log *slog.Logger, state string) {
	told := make(chan error, 1)
	go func() {
		_, err := daemon.SdNotify(false, state)
		told <- err
	}()
	err := errNotifyTimeout
	select {
	case err = <-told:
	case <-time.After(notifyTimeout):
	}
	if err != nil {
		// Log record "cannot notify systemd": a warning
		log.Warn("cannot notify systemd", "error", err)
	}
}
