// Package sheet writes CSV (RFC 4180) that people open with a spreadsheet: what strangers
// typed stays a text there, and is never taken for a formula.
package sheet
