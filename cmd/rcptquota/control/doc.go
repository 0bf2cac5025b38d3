// Package control is what a running rcptquota tells and does for its commands and
// pages: HTTP and JSON on a unix socket.
//
// The permissions of the socket are the guard: whoever may connect may ask, and change
// what commands change. A handler learns from the kernel who asks ([PeerOf]), so that
// each change can be logged with its author.
//
// The running program registers handlers on an [http.ServeMux]: [Answer] for a question,
// [Take] for a request with a body, [Follow] for a stream of lines that goes on until
// the client leaves. They return values, which become JSON, and errors, which become
// {"error": "one clear sentence"}; [Errorf] gives an error its status. A command makes a
// [Client], and calls [Get], [Post] or [FollowLines] with the same types.
//
// Mail goes first: requests are bounded in size and number, a client that hangs is cut
// off, and one that leaves ends its request's context.
package control
