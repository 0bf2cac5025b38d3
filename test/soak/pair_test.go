//go:build servers && soak

package soak

// slack is how far, in microseconds, a decision's time may lie behind the clock:
// a store gives none out twice.
const slack = 1000

// pair pairs the messages that a store keeps with attempts of the same sender:
// one to one, of the same size, decided while the attempt waited. Each of the
// sure ones that can have a partner gets one, before any of the others. It
// returns the sure ones that were left without, and the kept ones.
func pair(sure, others []attempt, all []kept) (forgotten []attempt, surplus []kept) {
	p := pairing{attempts: append(append([]attempt{}, sure...), others...), kept: all, bySize: map[int][]int{}, partner: make([]int, len(all))}
	for i, k := range all {
		p.bySize[k.n] = append(p.bySize[k.n], i)
		p.partner[i] = -1
	}
	for i := range p.attempts {
		if !p.find(i, map[int]bool{}) && i < len(sure) {
			forgotten = append(forgotten, sure[i])
		}
	}
	for i, a := range p.partner {
		if a < 0 {
			surplus = append(surplus, all[i])
		}
	}
	return forgotten, surplus
}

// pairing is a matching of a bipartite graph, by Kuhn's algorithm.
type pairing struct {
	attempts []attempt
	kept     []kept
	bySize   map[int][]int // indices of kept
	partner  []int         // of kept: index of its attempt; -1: none
}

// find finds a partner for an attempt; who had it finds another one.
func (p *pairing) find(i int, seen map[int]bool) bool {
	a := &p.attempts[i]
	for _, k := range p.bySize[len(a.people)] {
		at := p.kept[k].at
		if at < a.sent.UnixMicro() || at > a.replied.UnixMicro()+slack || seen[k] {
			continue
		}
		seen[k] = true
		if p.partner[k] < 0 || p.find(p.partner[k], seen) {
			p.partner[k] = i
			return true
		}
	}
	return false
}

// of returns the attempts of one sender.
func of(login string, all ...[]attempt) []attempt {
	var some []attempt
	for _, list := range all {
		for _, a := range list {
			if a.login == login {
				some = append(some, a)
			}
		}
	}
	return some
}
