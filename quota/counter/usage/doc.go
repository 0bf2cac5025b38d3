// Package usage says how much of their windows senders have used. It has the answers of
// every store; asking counts nothing.
package usage
