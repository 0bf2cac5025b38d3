package roster

// Designation is one sender whom an establishment designated.
type Designation struct {
	// Establishment is the UAI of the sender's reference establishment, or its entry's DN where that has none; empty when unknown.
	Establishment string
	// Sender is the directory's own name of the sender: quota.Sender.ID.
	Sender string
	// Login names the sender to people, in a log; may be empty.
	Login string
}
