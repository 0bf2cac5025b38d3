// Package httpserver makes HTTP servers that take no more than they are given: their
// clients can neither hang them nor use up the file descriptors, which mail needs.
package httpserver
