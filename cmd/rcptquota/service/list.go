package service

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/rcptquota/rcptquota/cmd/rcptquota/control"
	"github.com/rcptquota/rcptquota/quota/list"
	"github.com/rcptquota/rcptquota/quota/mailaddr"
)

// ListAnswer is what is known of an address that may be a list's.
type ListAnswer struct {
	Address string `json:"address"`
	// Kind is "list", "no_list" (the directory has no list with the address), "open" (it
	// is never looked up) or "unavailable" (the directory cannot be asked now).
	Kind    string `json:"kind"`
	Problem string `json:"problem,omitempty"`
	// Domain are the rules of the list domain; absent: the address is in none.
	Domain *list.DomainRules `json:"domain,omitempty"`
	// Name is the address of the list, without an extension.
	Name       string       `json:"name,omitempty"`
	Moderated  bool         `json:"moderated"`
	Owners     []ListPerson `json:"owners,omitempty"`
	Moderators []ListPerson `json:"moderators,omitempty"`
	// Posts are who may post: "everybody", "moderators", "owners" or "nobody".
	Posts string `json:"posts,omitempty"`
	// Replies are the addresses that a post's Reply-To gets, and to which a redirected
	// message goes.
	Replies []string `json:"replies,omitempty"`
	// Members is their number; absent where it is not known.
	Members *int `json:"members,omitempty"`
	// Fault is a mistake in the directory about the list.
	Fault  string    `json:"fault,omitempty"`
	Source string    `json:"source"`
	Asked  time.Time `json:"asked,omitzero"`
}

// ListPerson is an owner or a moderator.
type ListPerson struct {
	Entry     string   `json:"entry"`
	Addresses []string `json:"addresses,omitempty"`
}

// list answers GET /list?address=….
func (s *Service) list(r *http.Request) (*ListAnswer, error) {
	address := r.URL.Query().Get("address")
	if i := strings.LastIndexByte(address, '@'); i < 1 || i == len(address)-1 {
		return nil, control.Errorf(http.StatusBadRequest, "%q is not an address; write it as in \"profs@listes.example.org\"", address)
	}
	ctx, cancel := context.WithTimeout(r.Context(), explainTimeout)
	defer cancel()
	return s.InForce().list(ctx, address), nil
}

func (p *Parts) list(ctx context.Context, address string) *ListAnswer {
	rules, a := p.Config.Rules().Lists(), &ListAnswer{Address: address, Kind: "list", Source: p.Directory.Source()}
	if domain, ok := rules.DomainRules(mailaddr.RecipientKey(address)); ok {
		a.Domain = &domain
	}
	found, err := rules.FindOne(ctx, p.Directory, address)
	switch {
	case errors.Is(err, list.ErrOpenAddress):
		a.Kind = "open"
	case errors.Is(err, list.ErrNoList):
		a.Kind, a.Asked = "no_list", p.Directory.ListAsked(mailaddr.RecipientKey(address))
	case err != nil:
		a.Kind, a.Problem = "unavailable", text(err)
	default:
		a.describe(&found)
		a.Asked = p.Directory.ListAsked(found.Name)
		if p.Config.Directory.Source == "file" || p.Config.Directory.CountMembers {
			a.Members = &found.Members
		}
	}
	return a
}

// describe tells of a list that was found.
func (a *ListAnswer) describe(l *list.Recipient) {
	a.Name, a.Moderated, a.Fault = l.Name, l.Moderated, text(l.Fault)
	a.Owners, a.Moderators = people(l.Owners), people(l.Moderators)
	a.Replies = l.ReplyAddresses()
	switch {
	case l.Unauthorised() == list.Pass:
		a.Posts = "everybody"
	case len(l.Managers()) == 0:
		a.Posts = "nobody"
	case l.Moderated:
		a.Posts = "moderators"
	default:
		a.Posts = "owners"
	}
}

func people(persons []list.Person) (all []ListPerson) {
	for _, p := range persons {
		all = append(all, ListPerson{p.ID, p.Addresses})
	}
	return all
}
