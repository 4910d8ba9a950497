#!/usr/bin/env bash
# The handshake of TCP: what the programs ask for, and what the two kernels do.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/functions.sh"

about() {
	cat <<'END'
handshake.sh shows a connection from both ends and on the wire: socket, bind,
listen, connect, SYN, SYN ACK, ACK, accept. Then the same to a server whose
process is held: nobody accepts.
END
}

whole() {
	server tcpserver
	run -message hello
}

# unaccepted holds the server's process from when it listens.
unaccepted() {
	server tcpserver
	hold "$server"
	capture
	client -message hello -timeout "$patience"
	await 'the client to write' reported client shutdown
	sockets
	ended 1
	captured
	kill_9 "$server"
}

begin handshake "$@"
patience=2s
[ -z "$fast" ] || patience=500ms

step 1-whole 'a connection, from socket to close' <<'LOOK'
Which packets does connect stand for? Which of them does accept wait for?
When bind and listen return, has anything crossed the wire?
LOOK
record whole
show
tshark_sees tcp frame.number tcp.dstport tcp.flags tcp.len

step 2-unaccepted 'nobody accepts' <<'LOOK'
The server's process is held as soon as it listens. Will connect return?
Will the client's write? Who acknowledges its bytes, and where are they then?
LOOK
record unaccepted
show
show_sockets 'while the client waited'
