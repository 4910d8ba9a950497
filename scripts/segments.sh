#!/usr/bin/env bash
# Segments: what a network with packets of 1500 bytes makes of a write and of a frame.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/functions.sh"

about() {
	cat <<'END'
segments.sh joins two network namespaces of its own by a cable with packets of
1500 bytes, as on Ethernet: one write of 10,000 bytes crosses in pieces and
arrives in one read, and a WebSocket frame is cut in the middle. It touches
nothing outside of the two namespaces.
END
}

needs='Linux, root, tcpdump, ip, ethtool and ss'

lacking() {
	for tool in tcpdump ip ethtool ss unshare nsenter; do
		command -v $tool >/dev/null || lack="$tool is missing: apt-get install tcpdump iproute2 ethtool util-linux."
	done
	[ "$(uname -s)" = Linux ] || lack='network namespaces are for Linux only.'
	[ -z "$lack" ] || return 0
	reason=$(unshare -n true 2>&1) ||
		lack="network namespaces need root ($reason): sudo env PATH=\"\$PATH\" bash scripts/$name.sh"
}

on_client() { exec nsenter --net="/proc/$near/ns/net" "$@"; }
on_server() { exec nsenter --net="/proc/$far/ns/net" "$@"; }

# cable makes the two namespaces. They have no names and go with the last process in them: nothing can be left behind.
cable() {
	unshare -n sleep 600 & near=$!
	unshare -n sleep 600 & far=$!
	await 'two network namespaces' apart
	host=10.0.0.2 interface=cable
	(on_client ip link add cable type veth peer name cable netns "$far")
	(on_client ip address add 10.0.0.1/24 dev cable)
	(on_server ip address add $host/24 dev cable)
	for end in on_client on_server; do
		($end ip link set cable up mtu 1500)
		($end ethtool -K cable tso off gso off gro off) >/dev/null
	done
}

# apart says whether both have left our own namespace, and each other's.
apart() {
	[ "$(for pid in $$ "$near" "$far"; do readlink "/proc/$pid/ns/net"; done | sort -u | wc -l)" -eq 3 ]
}

# numbers is a message of N bytes, in which one sees where one is.
numbers() { seq -s ' ' 1 "$1" | cut -c "1-$1"; }

# one_write holds the server's process until all bytes lie in its kernel's queue.
one_write() {
	server tcpserver -read 65536
	hold "$server"
	capture
	client -message "$(numbers 10000)"
	await 'the bytes to arrive' arrived 10000
	kill -CONT "$server"
	ended 0
	closed
}

arrived() { [ "$( (on_server ss -tnH "sport = :$port") | awk '{print $2}')" -ge "$1" ] 2>/dev/null; }

frame() {
	server wsserver
	run -ws -message "$(numbers 3000)"
}

begin segments "$@"
record cable

step 1-write 'one write of 10,000 bytes' <<'LOOK'
A packet holds 1500 bytes here: 20 are IP's, 20 TCP's, 12 TCP's timestamps. How
many segments will there be, and how long is the last? And how many reads, if
the server begins to read when all of them are there?
LOOK
record one_write
show

step 2-frame 'one WebSocket message of 3,000 bytes' <<'LOOK'
Header, mask and payload are one frame. In how many segments does it cross, and
which of them begin with a frame's header? What does a receiver need that takes
one read for one message?
LOOK
record frame
show
tshark_sees 'tcp.len > 0' frame.number tcp.dstport tcp.len websocket.opcode
