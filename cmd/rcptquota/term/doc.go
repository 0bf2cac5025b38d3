// Package term writes what the commands tell a person: headings, tables and bars, with
// colours where they are seen.
//
// Colours are for a terminal only, and not where NO_COLOR (https://no-color.org) has a
// value or TERM is "dumb". What is written may come from strangers: characters that
// would move the cursor or change the terminal never reach it.
package term
