#!/usr/bin/env bash
# The end of a connection: Close and FIN, half of a connection, RST, and a process that is killed.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/functions.sh"

about() {
	cat <<'END'
close.sh shows how connections end: Close, Close and FIN of a WebSocket; a side
that has nothing more to send, and is still answered; a server that is killed,
with everything read and with bytes unread; and who keeps TIME-WAIT.
END
}

websocket() {
	server wsserver
	run -ws -message hello
	sockets
}

# half_close holds the server's process until the client has ended its side.
half_close() {
	server tcpserver
	hold "$server"
	capture
	client -message hello
	await 'the client to end its side' reported client shutdown
	kill -CONT "$server"
	ended 0
	closed
	sockets
}

# killed has a server that waits for 1000 bytes, and gets a request that is shorter: both wait, and nothing is unread.
killed() {
	server tcpserver -codec fixed=1000
	capture
	client -ws
	await 'the server to read' reported server read
	kill_server
}

# killed_unread holds the server's process when it has accepted, so that it does not read what the client then writes:
# the client connects, and waits for the end of its input.
killed_unread() {
	server tcpserver
	capture
	mkfifo "$work/input"
	exec 4<>"$work/input"
	client -file "$work/input" 4>&-
	await 'the server to accept' reported server accept
	hold "$server"
	echo hello >&4
	exec 4>&-
	await 'the client to write' reported client shutdown
	kill_server
}

kill_server() {
	kill_9 "$server"
	ended 1
	sockets
	captured
}

begin close "$@"

step 1-websocket 'Close, Close, FIN' <<'LOOK'
Who sends the first Close, and who the first FIN? What does a Close say that FIN
cannot? Which side keeps TIME-WAIT?
LOOK
record websocket
show
show_sockets 'when all was over'

step 2-half 'one side has nothing more to send' <<'LOOK'
The client ends its side before the server has read a byte. Can the server still
answer? Which side keeps TIME-WAIT now, and why?
LOOK
record half_close
show
show_sockets 'when all was over'

step 3-killed 'kill -9, everything read' <<'LOOK'
The server waits for a message of 1,000 bytes, gets fewer, and its process is
killed. It cannot send anything any more: will the client notice? From what? Can
it tell this from a server that had finished?
LOOK
record killed
show
show_sockets 'when all was over'

step 4-unread 'kill -9, with bytes unread' <<'LOOK'
The server has accepted, and is killed with bytes in its queue that it has not
read. What do they change? Does the client know how much was read?
LOOK
record killed_unread
show
show_sockets 'when all was over'
tshark_sees tcp frame.number tcp.dstport tcp.flags tcp.len
