// Package report says what rcptquota did with messages over a while: who was refused,
// when, and why.
//
// It adds up log records ([ParseLine]) or decision records in a [Summary], in memory that does not grow with their number, and writes that as tables and bars for
// a person, as CSV, as JSON, or as one HTML file that can be mailed.
package report
