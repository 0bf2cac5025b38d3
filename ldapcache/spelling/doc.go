// Package spelling gives the one spelling of what people and directories write in
// several: logins, schools, and addresses.
package spelling
