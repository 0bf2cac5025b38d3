package list

import "testing"

// TestAutomatic: automatic replies are recognised by the marks of the programs that send
// them, and other messages are not taken for one.
func TestAutomatic(t *testing.T) {
	type fields map[string]string
	for name, c := range map[string]struct {
		fields
		automatic, generated bool
	}{
		"replied":                        {fields{"Auto-Submitted": "auto-replied"}, true, false},
		"replied, with a comment":        {fields{"auto-submitted": " Auto-Replied (vacation)"}, true, false},
		"a notification of Sieve":        {fields{"Auto-Submitted": "auto-notified; owner-email=\"x@y.fr\""}, true, false},
		"an empty keyword":               {fields{"Auto-Submitted": ""}, true, false},
		"no":                             {fields{"Auto-Submitted": "No"}, false, false},
		"no, with a comment":             {fields{"Auto-Submitted": "no (a person)"}, false, false},
		"no, with a parameter":           {fields{"Auto-Submitted": "no; x=y"}, false, false},
		"a reminder":                     {fields{"Auto-Submitted": " Auto-Generated; owner=x"}, false, true},
		"a reminder to many":             {fields{"Auto-Submitted": "auto-generated", "Precedence": "bulk"}, false, true},
		"a reminder that wants no reply": {fields{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF"}, false, true},
		"Exchange, out of office":        {fields{"Auto-Submitted": "auto-generated", "In-Reply-To": "<1@x>", "X-Auto-Response-Suppress": "All"}, true, true},
		"Exchange 2007, out of office":   {fields{"In-Reply-To": "<1@x>", "X-Auto-Response-Suppress": "All"}, true, false},
		"Exchange, a rule":               {fields{"X-MS-Exchange-Inbox-Rules-Loop": "x@y.fr"}, true, false},
		"suppress and bulk":              {fields{"X-Auto-Response-Suppress": "DR, OOF, AutoReply", "Precedence": "bulk"}, true, false},
		"suppress and auto_reply":        {fields{"X-Auto-Response-Suppress": "All", "Precedence": "auto_reply"}, true, false},
		"suppress alone":                 {fields{"X-Auto-Response-Suppress": "All"}, false, false},
		"suppress nothing":               {fields{"X-Auto-Response-Suppress": "None", "Precedence": "bulk"}, false, false},
		"bulk alone":                     {fields{"Precedence": "bulk"}, false, false},
		"list":                           {fields{"Precedence": "list"}, false, false},
		"auto_reply":                     {fields{"Precedence": " Auto_Reply"}, true, false},
		"x-precedence":                   {fields{"X-Precedence": "auto_reply"}, true, false},
		"Gmail, vacation":                {fields{"X-Autoreply": "yes"}, true, false},
		"Exim, cPanel":                   {fields{"X-Autorespond": "subject"}, true, false},
		"autoresponder":                  {fields{"X-Autoresponder": "v1"}, true, false},
		"FirstClass":                     {fields{"X-FC-MachineGenerated": "true"}, true, false},
		"post.office":                    {fields{"X-POST-MessageClass": "9; Autoresponder"}, true, false},
		"Exim, a bounce":                 {fields{"X-Failed-Recipients": "x@y.fr"}, true, false},
		"a read receipt":                 {fields{"Content-Type": "multipart/report; report-type=disposition-notification;\n boundary=x"}, true, false},
		"a bounce":                       {fields{"Content-Type": "Multipart/Report; boundary=x"}, true, false},
		"a bare receipt":                 {fields{"Content-Type": "message/disposition-notification"}, true, false},
		"a receipt of Outlook":           {fields{"Content-Class": "urn:content-classes:mdn"}, true, false},
		"a calendar reply of Exchange":   {fields{"Content-Class": "urn:content-classes:calendarmessage", "In-Reply-To": "<1@x>"}, true, false},
		"an invitation of Exchange":      {fields{"Content-Class": "urn:content-classes:calendarmessage"}, false, false},
		"a calendar reply":               {fields{"Content-Type": "text/calendar; charset=utf-8; method=REPLY"}, true, false},
		"a calendar reply, quoted":       {fields{"Content-Type": "text/calendar;\n\tmethod = \"reply\"; charset=utf-8"}, true, false},
		"a calendar reply, behind":       {fields{"Content-Type": "text/calendar; charset=\"utf-8\";\n method=REPLY"}, true, false},
		"a calendar counter":             {fields{"Content-Type": "text/calendar; method=COUNTER"}, true, false},
		"an invitation":                  {fields{"Content-Type": "text/calendar; method=REQUEST; charset=utf-8"}, false, false},
		"a calendar without a method":    {fields{"Content-Type": "text/calendar; name=\"a; method=reply\""}, false, false},
		"a person's reply":               {fields{"In-Reply-To": "<1@x>", "Content-Type": "text/plain; charset=utf-8"}, false, false},
		"a message with a report":        {fields{"Content-Type": "multipart/mixed; boundary=\"multipart/report\""}, false, false},
		"reports":                        {fields{"Content-Type": "multipart/reports"}, false, false},
	} {
		h := Header{}
		for name, value := range c.fields {
			h.Add(name, value)
		}
		if h.Automatic != c.automatic || h.Generated != c.generated {
			t.Errorf("%s: automatic %v, generated %v", name, h.Automatic, h.Generated)
		}
	}
}

// TestGenerated: messages of a manager's own program reach the list, unless the domain
// refuses them. Those of others do not.
func TestGenerated(t *testing.T) {
	const open = "\n[[lists.domain]]\nname = \"open.fr\"\nunauthorised = \"pass\"\n"
	for _, c := range []struct {
		rules, login, list string
		want               Refusal
	}{
		{"[lists]\ndomains = [\"l.fr\"]\n", "owner", "owned@l.fr", NotRefused},
		{"[lists]\ndomains = [\"l.fr\"]\nauto_generated = \"pass\"\n", "owner", "owned@l.fr", NotRefused},
		{"[lists]\ndomains = [\"l.fr\"]\nauto_generated = \"refuse\"\n", "owner", "owned@l.fr", Automatic},
		{"[lists]\n" + open, "owner", "owned@open.fr", NotRefused},
		{"[lists]\n" + open, "member", "owned@open.fr", Automatic},
		{"[lists]\n" + open, "", "owned@open.fr", Automatic},
		{"[lists]\nauto_generated = \"refuse\"\n" + open, "owner", "owned@open.fr", Automatic},
		{"[lists]\nauto_generated = \"refuse\"\n" + open + "auto_generated = \"pass\"\n", "owner", "owned@open.fr", NotRefused},
		{"[lists]\n[[lists.domain]]\nname = \"re.fr\"\nunauthorised = \"redirect\"\n", "member", "owned@re.fr", Automatic},
	} {
		d := decide(t, mustRules(t, c.rules), newListed(), c.login, c.list)
		_, refusal, _ := d.Posting.JudgeHeader(&Header{From: []string{"owner@entmip.fr"}, Generated: true}, c.login)
		if refusal != c.want {
			t.Errorf("%+v: %v", c, refusal)
		}
	}
}
