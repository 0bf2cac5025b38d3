// Package underway bounds what messages may cost that are under way: reserved, and
// neither committed nor released. Both stores keep to it. A sender has so many at most,
// and for so long; and what is done for one sender is done one piece after another, so
// that a sender who sends much at once delays nobody else.
package underway
