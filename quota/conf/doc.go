// Package conf reads TOML files strictly, so that a mistake never passes in
// silence: an unknown key, a value of the wrong type and a value that its owner
// refuses are all told with file, line and key, several at a time.
//
// Each package of rcptquota owns the struct of its part of a file. A struct
// that implements [Validator] is asked for the mistakes that only its owner
// knows; it names keys, and this package finds their lines. Before, one that
// implements [Resolver] is told where the file is.
//
// TOML is version 1.0 (https://toml.io/en/v1.0.0).
package conf
