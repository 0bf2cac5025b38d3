package term

import (
	"math"
	"strings"
)

// eighths of a column, from one to seven.
var eighths = []rune("▏▎▍▌▋▊▉")

// BarWidth is a width for bars that leaves room for a table beside them, in columns.
const BarWidth = 30

// Bar draws value as a share of most, which fills width columns; something above zero is
// always seen. It is empty where most is not above zero.
func Bar(value, most float64, columns int) string {
	if most <= 0 || value <= 0 {
		return ""
	}
	n := int(math.Round(min(value/most, 1) * float64(columns) * 8))
	n = max(n, 1)
	bar := strings.Repeat("█", n/8)
	if n%8 > 0 {
		bar += string(eighths[n%8-1])
	}
	return bar
}
