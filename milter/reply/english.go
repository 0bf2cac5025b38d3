package reply

// english has the replies in English.
var english = language{
	layout:   "2006-01-02 15:04",
	hour:     "hour",
	hours:    "hours",
	days:     "days",
	managers: map[bool]string{false: "its owners", true: "its moderators"},
	texts: Config{
		Contact: "your school's help desk",
		MessageLimit: "Message refused: it has {recipients} recipients and your limit is {limit} a message. " +
			"Send to fewer, or ask {contact} (reference {ref}).",
		Unauthenticated: "Message refused: log in to send mail through this server, " +
			"or ask {contact} (reference {ref}).",
		DirectoryUnavailable: "Message delayed: your right to write to {recipients} recipients cannot be checked just now. " +
			"Send it again in a few minutes, or ask {contact} (reference {ref}).",
		Window: "In {window} you wrote to {used} recipients; with the {recipients} of this message you would pass " +
			"your limit of {limit}. Send it again from {retry_at} on, or ask {contact} (reference {ref}).",
		Concurrency: "Message delayed: too many of your messages are being sent at the same time. " +
			"Send this one again in a few minutes, or ask {contact} (reference {ref}).",
		StoreUnavailable: "Message delayed: your messages cannot be counted just now. " +
			"Send it again in a few minutes, or ask {contact} (reference {ref}).",
		VisibleRecipients: "Message refused: it shows {visible} addresses (To, Cc) to everybody, and the limit is {limit}. " +
			"Put the recipients into blind copy (Bcc), or write to a list, or ask {contact} (reference {ref}).",
		ListConfig: ListConfig{
			ListPosting: "Message refused: the list {list} takes messages from {managers} only. To reach them, use " +
				"Reply (not Reply all) on a message from the list, or ask {contact} (reference {ref}).",
			ListLogin: "Message refused: the list {list} takes messages from {managers} only, logged in to their school's server. " +
				"If you are one of them, send it again from your school account; otherwise ask {contact} (reference {ref}).",
			ListFrom: "Message refused: to write to the list {list}, the message must be from your professional address, " +
				"and from it alone. Correct its sender, or ask {contact} (reference {ref}).",
			ListFromEnvelope: "Message refused: your mail account does not send with your professional address. Make it the sender in the " +
				"account's settings and send the message to {list} again, or ask {contact} (reference {ref}).",
			ListFromMissing: "Message refused: it has no sender (From). Put your professional address into the settings of your " +
				"account and send it to {list} again, or ask {contact} (reference {ref}).",
			ListFromSeveral: "Message refused: it has several senders (From). Keep only one, your professional address, " +
				"and send it to {list} again, or ask {contact} (reference {ref}).",
			ListFromMalformed: "Message refused: its sender (From) is not written properly. In the settings of your account, put a plain name, " +
				"or only your address, and send it to {list} again, or ask {contact} (reference {ref}).",
			ListFromOther: "Message refused: its sender (From) is not your professional address. Choose that as the sender " +
				"and send it to {list} again, or ask {contact} (reference {ref}).",
			ListFromName: "Message refused: your sender name contains an address that is not yours. In the settings of your " +
				"account, put only your name, and send it to {list} again, or ask {contact} (reference {ref}).",
			ListFromEncoding: "Message refused: your sender name cannot be read. In the settings of your account, write it in plain " +
				"letters, without accents, and send the message to {list} again, or ask {contact} (reference {ref}).",
			ListAutomatic: "Message refused: the list {list} takes no automatic replies, no read receipts and no delivery reports. " +
				"If you wrote it yourself, ask {contact} (reference {ref}).",
			ListHeader: "Message refused: its header has too many fields Reply-To, Sender, Resent or X-Sender. " +
				"Send it without them, or ask {contact} (reference {ref}).",
			ListUnchecked: "Message refused: the list {list} takes no messages through this server, which cannot check " +
				"who they are from. Ask {contact} (reference {ref}).",
			ListUnavailable: "Message delayed: your right to write to {list} cannot be checked just now. " +
				"Send it again in a few minutes, or ask {contact} (reference {ref}).",
			ListLimit: "Message refused: the list {list} counts as {members} recipients and your limit is {limit}. " +
				"Writing to it takes a higher limit: ask {contact} (reference {ref}).",
		},
	},
}
