#!/usr/bin/env bash
# Boundaries: writes, segments, reads and messages of the same bytes, without a framing and with three.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/functions.sh"

about() {
	cat <<'END'
boundaries.sh shows that the boundaries of writes do not arrive: three writes
and one read, one write and many reads; and how lines, a length prefix and
WebSocket frames bring the messages back.
END
}

# one_read holds the server's process until everything has come: then one read returns it all.
one_read() {
	server tcpserver "$@"
	hold "$server"
	capture
	client "$@"
	await 'the client to write' reported client shutdown
	kill -CONT "$server"
	ended 0
	closed
}

# many_reads has a server that takes 4 bytes with one read, and a client that writes once.
many_reads() {
	server tcpserver -read 4 "$@"
	run -glue "$@"
}

frames() {
	server wsserver "$@"
	run -ws -glue
}

begin boundaries "$@"

step 1-one-read 'three writes, without a framing' <<'LOOK'
The client writes three messages. The server is held until all have come, and
then reads. In how many segments do they cross? How many reads will there be?
What could the server do to tell the messages apart?
LOOK
record one_read
show

step 2-many-reads 'one write, without a framing' <<'LOOK'
Now one write, and a server that reads at most 4 bytes at a time. Which rows of
the map agree with the messages? Which boundaries come from the network?
LOOK
record many_reads
show

step 3-lines 'three writes and one read again, with lines' <<'LOOK'
Where is the boundary of a message now? Which bytes does it cost?
LOOK
record one_read -codec lines
show -codec lines

step 4-length 'one write and many reads, with a length prefix' <<'LOOK'
A length of 4 bytes stands before each message. Does it matter where reads end?
LOOK
record many_reads -codec length
show -codec length

step 5-frames 'one write, three WebSocket frames, one read' <<'LOOK'
A frame has a length too. Compare writes, segments, reads, frames and messages:
which of them agree, and which ones must?
LOOK
record frames
show

step 6-cut-frames 'the same, in reads of 4 bytes' <<'LOOK'
Does a frame have to arrive as a whole? Does the application see a difference?
LOOK
record frames -read 4
show
tshark_sees websocket frame.number websocket.opcode websocket.payload_length
