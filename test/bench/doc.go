// Package bench measures rcptquota over real sockets, always beside something
// else in the same run: through Postfix against the same Postfix without a
// milter and with the least that a milter can be, and straight to the socket
// against a go-milter server that only continues. The machines are noisy, the
// ratios less so; how far that of two equal setups is from 1 tells how much. Run
// it with "make bench".
package bench
