//go:build servers && soak

package soak

import "regexp"

// degraded is how many messages this relay decided on alone.
func (r *relay) degraded() int { return len(r.log.Grep(regexp.MustCompile(`degraded=true`))) }
