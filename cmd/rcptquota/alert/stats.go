package alert

// Stats are numbers since the start.
type Stats struct {
	// Raised is how many alerts of each kind this relay raised.
	Raised map[Kind]uint64
	// Undelivered is how many messages could not be sent, by channel: mail, webhook.
	Undelivered map[string]uint64
	// Dropped is how many alerts were dropped before they could be raised.
	Dropped uint64
}

// Stats returns the numbers now.
func (a *Alerter) Stats() Stats {
	s := Stats{Raised: map[Kind]uint64{}, Undelivered: map[string]uint64{}, Dropped: a.dropped.Load()}
	for _, k := range Kinds() {
		s.Raised[k] = a.counts[k].Load()
	}
	for _, o := range []*outlet{a.mail, a.hook} {
		s.Undelivered[o.name] = o.undelivered.Load()
	}
	return s
}
