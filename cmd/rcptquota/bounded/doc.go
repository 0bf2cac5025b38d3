// Package bounded keeps a value for each of many names in memory that does not grow
// without end: exactly for the first so many names, and together for all others, which is
// told.
package bounded
