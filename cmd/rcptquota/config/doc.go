// Package config is the configuration file as a whole. Each table belongs to the package
// that it is about; this one puts them together, and says what follows from several.
package config
