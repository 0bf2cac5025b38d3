// Package reload tries reloads of the configuration under load: real mail through a real
// Postfix, while good and broken configurations take turns. Nothing is refused or deferred
// that should not be, what is counted is exact, and memory, goroutines and file
// descriptors stay what they were. "make test" does 20 reloads, "make soak" 200.
package reload
