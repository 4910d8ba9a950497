#!/usr/bin/env bash
# The system calls: what the programs say is what the kernel was asked.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/functions.sh"

about() {
	cat <<'END'
calls.sh runs server and client under strace and shows the system calls beside
the account: each line of the account stands for a call.
END
}

needs='Linux, and strace with permission to trace'
programs="$programs ./scripts/calls"

lacking() {
	if [ "$(uname -s)" != Linux ]; then
		lack='strace is for Linux only.'
	elif ! command -v strace >/dev/null; then
		lack='strace is missing: apt-get install strace, or dnf install strace.'
	elif ! reason=$(strace -o /dev/null true 2>&1); then
		lack="tracing is not permitted ($(printf %s "$reason" | tail -n 1))."
	fi
}

# With -D the program is the shell's child, not strace: so it gets the signals.
traced() {
	side=$1
	shift
	exec strace -D -f -ttt -T -e trace=network,read,write,readv,writev,close,epoll_ctl -o "$file.$side.strace" "$@"
}
on_server() { traced server "$@"; }
on_client() { traced client "$@"; }

both() {
	server "$@"
	if [ "$1" = wsserver ]; then client -ws; else client; fi
	ended 0
	await 'the server to close' reported server close
	stop "$server"
	await 'strace to write' written
}

written() { grep -qs '+++ exited' "$file.client.strace" && grep -qs '+++ exited' "$file.server.strace"; }

show_calls() {
	echo
	(cd "$dir" && exec "$bin/calls" -account "${file##*/}.client.jsonl" -trace "${file##*/}.client.strace" \
		-account "${file##*/}.server.jsonl" -trace "${file##*/}.server.strace")
}

begin calls "$@"

step 1-raw 'the calls of a connection' <<'LOOK'
Which calls does the server make before anybody connects? Which call waits, and
how does a Go program wait? Is there a call for every line of the account?
LOOK
record both tcpserver
show_calls

step 2-frames 'the calls of a WebSocket' <<'LOOK'
Does the kernel know what a frame is? How many calls does a message take?
LOOK
record both wsserver
show_calls
