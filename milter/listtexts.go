package milter

import (
	"errors"
	"slices"

	"github.com/rcptquota/rcptquota/quota"
	"github.com/rcptquota/rcptquota/quota/list/from"
)

// ListRepliesConfig is the part of the table [replies] that is about lists. Its texts
// may also use {list}, its address, and {managers}, who may post in the language's
// own words.
type ListRepliesConfig struct {
	// ListPosting is the text of 550 5.7.1: only a list's managers may post. This text
	// and those below may also use "{list}" (while LDAP is away perhaps only its
	// domain, as "@listes.example.org") and "{managers}", as in "its moderators". Left
	// out: built in.
	ListPosting string `toml:"list_posting"`
	// ListLogin is the same for a sender who is not logged in, and so may be a manager.
	// Left out: your "list_posting", or built in.
	ListLogin string `toml:"list_login"`
	// ListFrom is the text of 550 5.7.1 for anything that is wrong with who a post is
	// from. Left out: built in, one for each of the following.
	ListFrom string `toml:"list_from"`
	// ListFromEnvelope is the text if the envelope sender is not the sender's own. Left
	// out: your "list_from", or built in.
	ListFromEnvelope string `toml:"list_from_envelope"`
	// ListFromMissing is the text if there is no From. Left out: your "list_from", or
	// built in.
	ListFromMissing string `toml:"list_from_missing"`
	// ListFromSeveral is the text if there are several addresses or fields. Left out:
	// your "list_from", or built in.
	ListFromSeveral string `toml:"list_from_several"`
	// ListFromMalformed is the text if From is no plain mailbox. Left out: your
	// "list_from", or built in.
	ListFromMalformed string `toml:"list_from_malformed"`
	// ListFromOther is the text if From has somebody else's address. Left out: your
	// "list_from", or built in.
	ListFromOther string `toml:"list_from_other_address"`
	// ListFromName is the text if the name has somebody else's address. Left out: your
	// "list_from", or built in.
	ListFromName string `toml:"list_from_name"`
	// ListFromEncoding is the text if the name cannot be read, and may hide an address.
	// Left out: your "list_from", or built in.
	ListFromEncoding string `toml:"list_from_encoding"`
	// ListAutomatic is the text of 550 5.7.1: a bounce or an automatic reply. Left out:
	// built in.
	ListAutomatic string `toml:"list_automatic"`
	// ListHeader is the text of 550 5.7.1: too many fields that would have to be
	// removed. Left out: built in.
	ListHeader string `toml:"list_header"`
	// ListUnchecked is the text of 550 5.7.1: the list takes no message whose header
	// is not seen. Left out: built in.
	ListUnchecked string `toml:"list_unchecked"`
	// ListUnavailable is the text of 451 4.3.0: who may post is not known now. Left
	// out: built in.
	ListUnavailable string `toml:"list_unavailable"`
	// ListLimit is the text of 550 5.5.3: the list alone counts as "{members}" recipients,
	// more than the limit. Left out: your "message_limit", or built in.
	ListLimit string `toml:"list_limit"`
}

// managers are who may post to a list without moderators, and to one with them.
var managers = map[string]map[bool]string{
	"fr": {false: "ses proprietaires", true: "ses moderateurs"}, //nolint:misspell // French
	"en": {false: "its owners", true: "its moderators"},
}

var frenchListReplies = ListRepliesConfig{
	ListPosting: "Message refuse: la liste {list} n'accepte que les messages de {managers}. Pour leur ecrire, utilisez " +
		"Repondre (et non Repondre a tous) sur un message de la liste, ou adressez-vous a {contact} (reference {ref}).",
	ListLogin: "Message refuse: la liste {list} n'accepte que les messages de {managers}, identifies sur le serveur de " +
		"l'etablissement. Si vous en etes, renvoyez-le depuis votre messagerie professionnelle; sinon, adressez-vous a {contact} (reference {ref}).",
	ListFrom: "Message refuse: pour ecrire a la liste {list}, l'expediteur du message doit etre " +
		"vous seul, avec votre adresse professionnelle. Corrigez-le, ou adressez-vous a {contact} (reference {ref}).",
	ListFromEnvelope: "Message refuse: votre compte de messagerie n'envoie pas avec votre adresse professionnelle. Mettez-la comme " +
		"expediteur dans ses reglages et renvoyez le message a {list}, ou adressez-vous a {contact} (reference {ref}).",
	ListFromMissing: "Message refuse: il n'a pas d'expediteur (De). Mettez votre adresse professionnelle dans les reglages de votre " +
		"compte et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
	ListFromSeveral: "Message refuse: il a plusieurs expediteurs (De). N'en gardez qu'un, votre adresse professionnelle, " +
		"et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
	ListFromMalformed: "Message refuse: son expediteur (De) est mal ecrit. Dans les reglages de votre compte, mettez un nom simple, " +
		"ou seulement votre adresse, et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
	ListFromOther: "Message refuse: son expediteur (De) n'est pas votre adresse professionnelle. Choisissez-la comme expediteur " +
		"et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
	ListFromName: "Message refuse: votre nom d'expediteur contient une adresse qui n'est pas la votre. Dans les reglages de votre " +
		"compte, ne mettez que votre nom, et renvoyez-le a {list}, ou adressez-vous a {contact} (reference {ref}).",
	ListFromEncoding: "Message refuse: votre nom d'expediteur est illisible. Dans les reglages de votre compte, ecrivez-le en lettres " +
		"simples, sans accents, et renvoyez le message a {list}, ou adressez-vous a {contact} (reference {ref}).",
	ListAutomatic: "Message refuse: la liste {list} ne recoit ni reponses automatiques, ni accuses de lecture, ni avis de non-remise. " +
		"Si vous l'avez ecrit vous-meme, adressez-vous a {contact} (reference {ref}).",
	ListHeader: "Message refuse: son en-tete a trop de champs Reply-To, Sender, Resent ou X-Sender. " +
		"Renvoyez-le sans eux, ou adressez-vous a {contact} (reference {ref}).",
	ListUnchecked: "Message refuse: la liste {list} ne recoit pas de messages par ce serveur, qui ne peut pas verifier " +
		"de qui ils viennent. Adressez-vous a {contact} (reference {ref}).",
	ListUnavailable: "Message differe: votre droit d'ecrire a {list} ne peut pas etre verifie pour le moment. " +
		"Renvoyez-le dans quelques minutes, ou adressez-vous a {contact} (reference {ref}).",
	ListLimit: "Message refuse: la liste {list} compte pour {members} destinataires et votre limite est de {limit}. " +
		"Pour lui ecrire, il faut une limite plus haute: adressez-vous a {contact} (reference {ref}).",
}

var englishListReplies = ListRepliesConfig{
	ListPosting: "Message refused: the list {list} takes messages from {managers} only. To reach them, use " +
		"Reply (not Reply all) on a message from the list, or ask {contact} (reference {ref}).",
	ListLogin: "Message refused: the list {list} takes messages from {managers} only, logged in to their school's server. " +
		"If you are one of them, send it again from your school account; otherwise ask {contact} (reference {ref}).",
	ListFrom: "Message refused: to write to the list {list}, the message must be from your professional address, " +
		"and from it alone. Correct its sender, or ask {contact} (reference {ref}).",
	ListFromEnvelope: "Message refused: your mail account does not send with your professional address. Make it the sender in the " +
		"account's settings and send the message to {list} again, or ask {contact} (reference {ref}).",
	ListFromMissing: "Message refused: it has no sender (From). Put your professional address into the settings of your " +
		"account and send it to {list} again, or ask {contact} (reference {ref}).",
	ListFromSeveral: "Message refused: it has several senders (From). Keep only one, your professional address, " +
		"and send it to {list} again, or ask {contact} (reference {ref}).",
	ListFromMalformed: "Message refused: its sender (From) is not written properly. In the settings of your account, put a plain name, " +
		"or only your address, and send it to {list} again, or ask {contact} (reference {ref}).",
	ListFromOther: "Message refused: its sender (From) is not your professional address. Choose that as the sender " +
		"and send it to {list} again, or ask {contact} (reference {ref}).",
	ListFromName: "Message refused: your sender name contains an address that is not yours. In the settings of your " +
		"account, put only your name, and send it to {list} again, or ask {contact} (reference {ref}).",
	ListFromEncoding: "Message refused: your sender name cannot be read. In the settings of your account, write it in plain " +
		"letters, without accents, and send the message to {list} again, or ask {contact} (reference {ref}).",
	ListAutomatic: "Message refused: the list {list} takes no automatic replies, no read receipts and no delivery reports. " +
		"If you wrote it yourself, ask {contact} (reference {ref}).",
	ListHeader: "Message refused: its header has too many fields Reply-To, Sender, Resent or X-Sender. " +
		"Send it without them, or ask {contact} (reference {ref}).",
	ListUnchecked: "Message refused: the list {list} takes no messages through this server, which cannot check " +
		"who they are from. Ask {contact} (reference {ref}).",
	ListUnavailable: "Message delayed: your right to write to {list} cannot be checked just now. " +
		"Send it again in a few minutes, or ask {contact} (reference {ref}).",
	ListLimit: "Message refused: the list {list} counts as {members} recipients and your limit is {limit}. " +
		"Writing to it takes a higher limit: ask {contact} (reference {ref}).",
}

// overrideLists replaces the texts that a configuration gives. One that is given for
// several cases stands for each that has none of its own.
func (t *ListRepliesConfig) overrideLists(c *RepliesConfig) {
	override(&t.ListPosting, c.ListPosting)
	override(&t.ListLogin, c.ListPosting)
	override(&t.ListLogin, c.ListLogin)
	override(&t.ListLimit, c.MessageLimit)
	override(&t.ListLimit, c.ListLimit)
	override(&t.ListAutomatic, c.ListAutomatic)
	override(&t.ListHeader, c.ListHeader)
	override(&t.ListUnchecked, c.ListUnchecked)
	override(&t.ListUnavailable, c.ListUnavailable)
	for fault := from.NoFault; fault <= from.Encoding; fault++ {
		text := t.from(fault)
		override(text, c.ListFrom)
		override(text, *c.from(fault))
	}
}

// from is the text for what is wrong with who a post is from.
func (t *ListRepliesConfig) from(fault from.Fault) *string {
	switch fault {
	case from.Envelope:
		return &t.ListFromEnvelope
	case from.Missing:
		return &t.ListFromMissing
	case from.Several:
		return &t.ListFromSeveral
	case from.Malformed:
		return &t.ListFromMalformed
	case from.OtherAddress:
		return &t.ListFromOther
	case from.Name:
		return &t.ListFromName
	case from.Encoding:
		return &t.ListFromEncoding
	case from.NoFault:
	}
	return &t.ListFrom
}

// posting is the text for a sender who may not post.
func (t *ListRepliesConfig) posting(v *quota.Verdict) string {
	if v.Sender == "" {
		return t.ListLogin
	}
	return t.ListPosting
}

// validateLists finds what an SMTP reply cannot carry; common are the placeholders
// that any text may use.
func (t *ListRepliesConfig) validateLists(common []string) error {
	ofList := append(slices.Clone(common), "{list}", "{managers}")
	errs := []error{
		checkText("replies.list_posting", t.ListPosting, ofList...),
		checkText("replies.list_login", t.ListLogin, ofList...),
		checkText("replies.list_from", t.ListFrom, ofList...),
		checkText("replies.list_automatic", t.ListAutomatic, ofList...),
		checkText("replies.list_header", t.ListHeader, ofList...),
		checkText("replies.list_unchecked", t.ListUnchecked, ofList...),
		checkText("replies.list_unavailable", t.ListUnavailable, ofList...),
		checkText("replies.list_limit", t.ListLimit, append(slices.Clone(ofList), "{members}")...),
	}
	for fault := from.Envelope; fault <= from.Encoding; fault++ {
		errs = append(errs, checkText("replies.list_from_"+fault.String(), *t.from(fault), ofList...))
	}
	return errors.Join(errs...)
}
