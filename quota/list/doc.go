// Package list holds the rules of mailing lists: which addresses may be lists, who may
// post to one, and what the header of a post has to say.
//
// An address in a configured domain may be a [List]. Only its managers may post: its
// moderators or, where it provably has none, its owners. They are recognised by their
// login, and envelope and header must have their own address.
//
// The rules are asked in three steps. [Rules.Candidates] finds the recipients of a message
// that may be lists, and [Rules.Find] asks the directory which of them are. [Decide] then
// says, at DATA, whether the sender may post, and what remains to be done: a [Posting]. At
// the end of the message [Posting.JudgeHeader] looks at the [Header].
//
// For commands, [Rules.Explain] tells of each recipient by itself what the rules say, and
// [Rules.FindOne] finds one list.
//
// The configuration is in [Config]. What is refused here is a [Refusal]; package quota
// makes a verdict of it.
package list
