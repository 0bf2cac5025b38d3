#!/bin/sh
# Plays real milter conversations to rcptquota, with everything embedded, and shows
# what mail users would read, with the log records beside them.
# Usage: demo.sh PATH-TO-RCPTQUOTA
set -eu

rcptquota=$1
here=$(dirname "$0")
scratch=$(mktemp -d)
log=$scratch/log
config=$scratch/rcptquota.toml
cp "$here/demo/directory.toml" "$scratch"
{
	printf 'state_dir = "%s"\n[[listen]]\naddress = "unix:%s/s.sock"\n' "$scratch" "$scratch"
	cat "$here/demo/rcptquota.toml"
} >"$config"
"$rcptquota" serve --config "$config" 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" || :; rm -r "$scratch"' EXIT
trap 'exit 1' HUP INT PIPE TERM # which run the line above

# await PATTERN: until the log has a line with it.
await() {
	tries=0
	until grep -q "$1" "$log"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
			cat "$log" >&2
			exit 1
		fi
		sleep 0.1
	done
}

title() { printf '\n== %s\n' "$1"; }

message=0
# send WHAT-HAPPENS PROBE'S-FLAGS: one message, its reply, and its log record.
send() {
	message=$((message + 1))
	printf '\n%s\n' "$1"
	shift
	reply=$("$rcptquota" probe --address "unix:$scratch/s.sock" --queue-id "DEMO$message" "$@") || [ $? -eq 1 ]
	printf '  reply  %s\n' "$reply"
	await "queue_id=DEMO$message "
	printf '  log    %s\n' "$(grep "queue_id=DEMO$message " "$log")"
}

await msg=listening
printf 'rcptquota serves the people of test/demo/directory.toml, by test/demo/rcptquota.toml.\n'

title 'A limit per message: 150 in this class'
send 'mdurand writes to 150 people' --login mdurand --recipients 150
send 'mdurand writes to 151 people' --login mdurand --recipients 151

title 'A window: at most 500 different people in any hour, in this class'
send 'pmartin writes to 300 parents' --login pmartin --recipients 300 --domain parents.example
send 'pmartin writes to the same 300 again: no more people than before' --login pmartin --recipients 300 --domain parents.example
send 'pmartin writes to 250 others, and reads when they will have room' --login pmartin --recipients 250 --domain others.example
send 'pmartin writes to 200 others: they have room' --login pmartin --recipients 200 --domain others.example

title 'A list: only its owner may post'
list=parents-6b@listes.ac-test.fr
send "pmartin, a stranger to it, writes to $list" --login pmartin --from paul.martin@entmip.fr --to "$list"
send "mdurand, its owner, posts to $list" --login mdurand --from marie.durand@ecollege31.fr --to "$list"
send "mdurand posts from a private address" --login mdurand --from marie@example.org --to "$list"

title 'A premium designation: 5000 recipients'
send 'clegrand, whom her school designated, writes to 5000 people' --login clegrand --recipients 5000
send 'clegrand writes to 5001 people' --login clegrand --recipients 5001
send 'pmartin, not designated, writes to 501 people' --login pmartin --recipients 501
printf '\nThe school of pmartin designates him. By the calendar, that takes effect on a Wednesday at 10:00.\nThe administrator does not wait for it:\n'
cat >>"$scratch/directory.toml" <<'EOT'

[[premium]]
establishment = "0310002B"
logins = ["pmartin"]
EOT
"$rcptquota" roster refresh --config "$config" 2>>"$scratch/refresh" | sed 's/^/  /'
printf '  ... until the running rcptquota sees it (15 s at most)\n'
await 'msg=roster_in_effect roster=refresh'
send 'pmartin, now premium, writes to 501 people' --login pmartin --recipients 501
