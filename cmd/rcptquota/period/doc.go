// Package period reads the times that flags such as --since take, as a person writes them.
package period
