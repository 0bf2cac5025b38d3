#!/bin/sh
# Plays real milter conversations to rcptquota on its built-in defaults, and
# shows what a mail user would read, with the log records beside them.
# Usage: demo.sh PATH-TO-RCPTQUOTA
set -eu

rcptquota=$1
here=$(dirname "$0")
scratch=$(mktemp -d)
log=$scratch/log
# The defaults, but for the socket, since the default port may be in use, and state_dir.
cp "$here/demo/directory.toml" "$scratch"
printf 'state_dir = "%s"\n[[listen]]\naddress = "unix:%s/s.sock"\n' "$scratch" "$scratch" >"$scratch/rcptquota.toml"
"$rcptquota" serve --config "$scratch/rcptquota.toml" 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" || :; rm -r "$scratch"' EXIT
trap 'exit 1' HUP INT PIPE TERM # which run the line above

tries=0
until grep -q msg=listening "$log"; do
	tries=$((tries + 1))
	if [ "$tries" -gt 50 ] || ! kill -0 "$server" 2>/dev/null; then
		cat "$log" >&2
		exit 1
	fi
	sleep 0.1
done
printf 'rcptquota serves, with its built-in classes, the people of test/demo/directory.toml.\n'

message=0
# send LOGIN RECIPIENTS: one message, its reply, and its log record.
send() {
	message=$((message + 1))
	printf '\n%s sends to %s recipients\n' "$1" "$2"
	reply=$("$rcptquota" probe --address "unix:$scratch/s.sock" --login "$1" --recipients "$2" --queue-id "DEMO$message") || [ $? -eq 1 ]
	printf '  reply  %s\n' "$reply"
	printf '  log    %s\n' "$(grep "queue_id=DEMO$message " "$log")"
}

send mdurand 150
send mdurand 151
send pmartin 500
send pmartin 501
send clegrand 5000
send clegrand 5001
