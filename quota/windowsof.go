package quota

// WindowsOf returns the windows of the class of that name, and what a counter keeps for
// the windows of all classes; none, if there is no such class.
func (r *Rules) WindowsOf(class string) ([]Window, Retention) {
	c := r.class(class)
	if c == nil {
		return nil, r.retention
	}
	return c.Limits.Windows, r.retention
}
