# shellcheck shell=bash disable=SC2034 # some of the variables are for the walkthroughs
# What the walkthroughs share. Each defines about, calls begin with its name and its arguments, and then for each step:
#
#	step 1-name 'title' <<'LOOK'        what to look for, and never a result
#	record FUNCTION                     runs the programs, unless there is a kept recording to show instead
#	show                                account and packets side by side, by the program streammap
#
# Files of a step: $file.pcap, $file.client.jsonl and so on. bash 3.2, POSIX tools and tcpdump are enough.
set -eu

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kept=$root/scripts/captures
PATH=$PATH:/usr/sbin:/sbin # where some systems have tcpdump and ip, for root alone
host=127.0.0.1
loopback=lo status_signal=USR1 # at which tcpdump says what it has counted
[ "$(uname -s)" = Linux ] || loopback=lo0 status_signal=INFO
interface=$loopback
programs='./tcpserver ./tcpclient ./wsserver ./scripts/streammap'
needs='tcpdump and permission to capture'
work='' lack=''

# Where the two programs run: segments.sh puts them elsewhere. Both replace their shell.
on_server() { exec "$@"; }
on_client() { exec "$@"; }

say() { printf '%s: %s\n' "${0##*/}" "$*" | folded 80 >&2; }
folded() { fold -s -w "$1" | sed 's/ *$//'; }
fail() { say "$*"; exit 1; }
unable() { say "$*"; exit 3; }
misused() { say "$*"; say '-h lists the flags.'; exit 2; }

usage() {
	about
	cat <<END

  --save DIR  keep captures and accounts in DIR/$name, for Wireshark
  --pause     wait for Enter between the steps, for a class
  --fast      waits no longer than needed, for CI
  -h, --help  this

  bash scripts/$name.sh --pause
  bash scripts/$name.sh --save /tmp/captures

END
	echo "It needs Go; and $needs: without that it shows the recording in scripts/captures/$name." | folded 80
}

begin() {
	name=$1 save='' pause='' fast=''
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--save)
			case ${2:-} in '' | -*) misused '--save: in which directory?' ;; esac
			save=$2
			shift
			;;
		--pause) pause=yes ;;
		--fast) fast=yes ;;
		-h | --help) usage; exit 0 ;;
		*) misused "$1: unknown flag." ;;
		esac
		shift
	done
	exec 3<&0 # where Enter comes from
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	trap 'exit 141' PIPE
	work=${TMPDIR:-/tmp}/echolab.$$.$RANDOM
	mkdir -m 700 "$work" || fail "cannot make the directory $work"
	export TMPDIR=$work # for the programs too: what they leave goes with it
	build
	lacking
	if [ -n "$lack" ]; then replay; else prepare; fi
}

# cleanup ends every process that was started and removes every file. The programs are asked first, and have 5 seconds.
cleanup() {
	trap '' INT TERM HUP PIPE
	set +e
	exec 2>/dev/null # of the words of the shell about what it ends
	for signal in CONT TERM; do
		for pid in $(jobs -pr); do kill -"$signal" "$pid"; done
	done
	tries=0
	while [ -n "$(jobs -pr)" ] && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.05; done
	for pid in $(jobs -pr); do kill -KILL "$pid"; done
	wait
	[ -z "$save" ] || [ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-}" "$save/$name"
	[ -z "$work" ] || rm -rf "$work"
}

# build makes the programs. It runs in the background, as all that takes long does, so Ctrl-C works at once.
build() {
	bin=${ECHOLAB_BIN:-}
	if [ -n "$bin" ]; then # they are built already
		for program in $programs; do
			[ -x "$bin/${program##*/}" ] || fail "ECHOLAB_BIN=$bin has no ${program##*/}: go build -o $bin/ $programs"
		done
		return
	fi
	command -v go >/dev/null || unable 'Go is missing: https://go.dev/dl has it.'
	bin=$work/bin
	mkdir "$bin"
	# Without a home directory, Go has nowhere to keep its caches. Building takes longer then.
	writable "$(go env GOCACHE)" || export GOCACHE=$work/cache
	writable "$(go env GOMODCACHE)" || export GOMODCACHE=$work/modules GOFLAGS="${GOFLAGS:-} -modcacherw"
	# No version stamp is needed, and git refuses to give one for a directory that belongs to another user.
	# shellcheck disable=SC2086 # several words
	(cd "$root" && exec go build -buildvcs=false -o "$bin/" $programs) &
	wait $! || fail 'the programs do not build.'
}

writable() { mkdir -p "$1" 2>/dev/null && [ -w "$1" ]; }

# lacking says in $lack what is missing to capture here, if something is.
lacking() {
	if ! command -v tcpdump >/dev/null; then
		lack='tcpdump is missing: apt-get install tcpdump, or dnf install tcpdump.'
		return
	fi
	tcpdump -i "$loopback" --immediate-mode -w /dev/null 2>"$work/tcpdump.txt" &
	await 'tcpdump to begin' begun_or_ended $!
	if listening "$work/tcpdump.txt"; then
		stop $!
	else
		lack="capturing is not permitted: $(tail -n 1 "$work/tcpdump.txt"). To get it: sudo env PATH=\"\$PATH\" bash $root/scripts/$name.sh"
	fi
}

begun_or_ended() { listening "$work/tcpdump.txt" || ! kill -0 "$1" 2>/dev/null; }
listening() { grep -qs 'listening on' "$1"; }

# replay shows the kept recording instead.
replay() {
	live='' dir=$kept/$name
	say "$lack"
	[ -s "$dir/about.txt" ] || unable "and there is no recording in $dir."
	say "So this is a recording, kept in scripts/captures/$name: $(cat "$dir/about.txt")"
	[ -z "$save" ] || say '--save: nothing is captured, so nothing is saved.'
}

prepare() {
	live=yes dir=$work
	[ -n "$save" ] || return 0
	dir=$save/$name
	mkdir -p "$dir" || fail "cannot make the directory $dir"
	rm -f "$dir"/[1-9]-*
	printf 'recorded on %s, %s.\n' "$(date -u '+%Y-%m-%d, %H:%M UTC')" "$(uname -srm | sed 's/-[^ ]*//')" >"$dir/about.txt"
}

# await WHAT COMMAND... tries the command until it succeeds, 10 seconds at most.
await() {
	what=$1 tries=0
	shift
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -le 200 ] || fail "waited 10 seconds for $what."
		sleep 0.05
	done
}

# stop ends a process that was started, and waits for its end.
stop() {
	kill -TERM "$1" 2>/dev/null || fail 'a program ended too early.'
	wait "$1" || true
}

# hold stops a process where it is, until kill -CONT. Its kernel goes on.
hold() {
	kill -STOP "$1"
	await 'a process to stand still' held "$1"
}

held() { case $(ps -o state= -p "$1") in T*) ;; *) return 1 ;; esac; }

# kill_9 ends a process, which cannot do anything about it.
kill_9() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null || true
}

heading() {
	line="== $1 "
	while [ ${#line} -lt 80 ]; do line="$line="; done
	printf '\n%s\n' "$line"
}

# step begins a step: its name, its title, and on standard input what to look for.
step() {
	file=$dir/$1
	heading "$1: $2"
	paste -sd ' ' - | folded 78 | sed '1s/^/? /; 1!s/^/  /'
	if [ -n "$pause" ]; then
		printf '%s' '-- Enter --'
		read -r _ <&3 || echo
	fi
}

record() { [ -z "$live" ] || "$@"; }

# server starts a server of the lab on a free port, and leaves the port in $port.
server() {
	rm -f "$work/server.txt" # of the step before: it says "listening on" too
	program=$1
	shift
	on_server "$bin/$program" -addr "$host:0" -json "$@" >"$file.server.jsonl" 2>"$work/server.txt" &
	server=$!
	await "$program to listen" listening "$work/server.txt"
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$work/server.txt")
}

# capture starts capturing what crosses $port. In immediate mode, each packet takes as much of the kernel's buffer as
# the largest may have: with tcpdump's defaults there is room for few, and a busy machine loses others.
#
# Until tcpdump has set its filter, it gets what others send too. Once a packet of ours is through, that is over,
# and what was dropped by then was not ours.
capture() {
	rm -f "$work/all.pcap" "$work/tcpdump.txt"
	on_server tcpdump -i "$interface" --immediate-mode -s 16384 -B 8192 -U -w - "port $port" \
		>"$work/all.pcap" 2>"$work/tcpdump.txt" &
	sniffer=$!
	await 'tcpdump to listen' listening "$work/tcpdump.txt"
	await 'tcpdump to write the first packet' sent_and_captured begin
	kill -"$status_signal" "$sniffer"
	await 'tcpdump to count what it dropped' dropped
	lost_before=$(dropped)
}

# captured ends the capture when it has everything: packets come in order, so a UDP packet sent now is the last. Those
# are left out of what is kept.
captured() {
	await 'tcpdump to write the last packet' sent_and_captured the end
	stop "$sniffer"
	[ "$(dropped)" = "$lost_before" ] ||
		fail "tcpdump lost packets, perhaps on a busy machine: $(dropped), and $lost_before before it began."
	tcpdump -nr - -w - tcp <"$work/all.pcap" >"$file.pcap" 2>/dev/null
}

# sent_and_captured sends these words in a UDP packet, and says whether such a packet has come. Words of different
# lengths are told apart.
sent_and_captured() {
	words=$*
	(on_client bash -c "echo $words >/dev/udp/$host/$port")
	tcpdump -nr - "udp[4:2] = $((8 + ${#words} + 1))" <"$work/all.pcap" 2>/dev/null | grep -q .
}

# dropped is how many packets tcpdump has dropped, as it said last.
dropped() { grep -o '[0-9]* packets* dropped by kernel' "$work/tcpdump.txt" | tail -n 1 | grep .; }

# client starts tcpclient.
client() {
	on_client "$bin/tcpclient" -addr "$host:$port" -json "$@" >"$file.client.jsonl" 2>"$file.client.txt" &
	client=$!
}

# reported says whether a program has reported a kind of event: reported client shutdown.
reported() { grep -qs "\"ev\":\"$2\"" "$file.$1.jsonl"; }

# ended waits for the client, whose exit status must be this one.
ended() {
	got=0
	wait "$client" || got=$?
	[ "$got" = "$1" ] || fail "tcpclient ended with status $got, not $1: $(cat "$file.client.txt")"
	[ -s "$file.client.txt" ] || rm "$file.client.txt"
}

# run is a client from its start to the end of the server's connection, captured.
run() {
	capture
	client "$@"
	ended 0
	closed
}

# closed ends capture and server once the server has closed its connection.
closed() {
	await 'the server to close' reported server close
	captured
	stop "$server"
}

# sockets keeps what the kernel has now of the connection and of the socket that listens. Others on the port are of
# earlier connections.
sockets() {
	peer=$(sed -n 's/.*"ev":"connect".*"local":"[^"]*:\([0-9]*\)".*/\1/p' "$file.client.jsonl")
	if command -v ss >/dev/null; then
		(on_server ss -tan "( sport = :$port or dport = :$port )")
	elif [ "$loopback" = lo0 ]; then
		netstat -an -p tcp | grep -E "^Proto|[.:]$port "
	else
		echo 'not asked for: ss is missing, apt-get install iproute2'
	fi | grep -E "^(State|Proto|not asked)|LISTEN|[.:]$peer( |\$)" | sed 's/Process//; s/ *$//' >"$file.sockets.txt"
}

# show prints account and packets of the step side by side; arguments are further flags for streammap.
show() {
	set -- "$@" -account "${file##*/}.client.jsonl" -account "${file##*/}.server.jsonl"
	echo
	(cd "$dir" && exec "$bin/streammap" -packets "$@" "${file##*/}.pcap")
	if [ -s "$file.client.txt" ]; then
		printf '\nThe client said:\n'
		folded 78 <"$file.client.txt" | indented
	fi
}

indented() { sed 's/^/  /'; }

show_sockets() {
	printf '\nThe sockets %s, as the kernel had them:\n' "$1"
	if grep -Evq '^(State|Proto)' "$file.sockets.txt"; then indented <"$file.sockets.txt"; else echo '  none'; fi
}

# tshark_sees shows what another program makes of the capture, if it is there: these fields of the packets that a filter
# of tshark's leaves.
tshark_sees() {
	command -v tshark >/dev/null || return 0
	filter=$1 fields=
	shift
	for field in "$@"; do fields="$fields -e $field"; done
	printf '\nThe same capture, as tshark sees it:\n'
	printf '%s\n' "$*" | folded 78 | indented
	# shellcheck disable=SC2086 # several words
	tshark -r - -Y "$filter" -T fields $fields <"$file.pcap" 2>/dev/null | expand -t 14 | cut -c 1-78 | indented
}
