#!/usr/bin/env bash
# The upgrade: HTTP, then frames on the same connection; what masking hides, and what TLS hides.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/functions.sh"

about() {
	cat <<'END'
upgrade.sh shows an HTTP request that becomes a WebSocket: the key and the
accept, computed; frames on the same connection; the mask of a frame, taken off
with nothing but the capture; and all that once more inside TLS.
END
}

upgraded() {
	server wsserver
	run -ws -message hello
}

inside_tls() {
	server wsserver -tls self-signed
	run -ws -tls -insecure -message hello
}

# header finds a header's value in the capture.
header() { tcpdump -Anr - <"$file.pcap" 2>/dev/null | tr -d '\r' | sed -n "s/^$1: //p"; }

# compute_accept computes the answer to a key (RFC 6455 section 4.2.2) with other tools than the lab's.
compute_accept() {
	if ! command -v openssl || ! command -v tcpdump; then return 0; fi >/dev/null
	key=$(header Sec-WebSocket-Key)
	cat <<END

Computed again, by openssl, from the key in the capture:
  key        $key
  + GUID     258EAFA5-E914-47DA-95CA-C5AB0DC85B11
  SHA-1, in base64
             $(printf %s "${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11" | openssl sha1 -binary | openssl base64)
  the server's Sec-WebSocket-Accept, from the capture
             $(header Sec-WebSocket-Accept)
END
}

# unmask takes the mask off the client's first text frame (RFC 6455 section 5.3): a packet whose payload begins with 81,
# FIN and text. Its second byte is the mask bit and the length, of less than 126 here; then follow key and payload.
unmask() {
	command -v tcpdump >/dev/null || return 0
	begins='tcp[(tcp[12] >> 4) * 4]'
	hex=$(tcpdump -c 1 -xnr - "$begins = 0x81 and ${begins%]} + 1] > 0x80" <"$file.pcap" 2>/dev/null |
		sed -n 's/^[[:space:]]*0x[0-9a-f]*: *//p' | tr -d ' \n')
	ip=$((0x${hex:1:1} * 8)) # hex digits of the IP header, and of TCP's
	frame=${hex:ip + 0x${hex:ip + 24:1} * 8}
	key=${frame:4:8} masked=${frame:12:$(((0x${frame:2:2} & 127) * 2))} plain='' text=''
	for ((i = 0; i < ${#masked}; i += 2)); do
		byte=$(printf '%02x' $((0x${masked:i:2} ^ 0x${key:i % 8:2})))
		plain=$plain$byte text=$text\\x$byte
	done
	printf '\nThe mask, taken off by this script, with nothing but the capture:\n'
	printf '  %-10s %s\n' frame "$frame" key "$key" masked "$masked" XOR "$plain"
	printf '  %-10s %b\n' text "$text"
}

# search counts how often a word stands in the capture for everybody to read.
search() {
	command -v tcpdump >/dev/null || return 0
	printf '\nLines of tcpdump -A with "%s" in them: %s\n' "$1" \
		"$(tcpdump -Anr - <"$file.pcap" 2>/dev/null | grep -c "$1" || true)"
}

begin upgrade "$@"

step 1-upgrade 'GET, 101, and frames on the same connection' <<'LOOK'
Which packet is the last that speaks HTTP? How does the server show that it has
understood, and did not only send a kept answer? Which frames are masked?
A mask is XOR with a key. Where is the key?
LOOK
record upgraded
show
compute_accept
unmask
search hello
tshark_sees websocket frame.number websocket.mask websocket.masking_key websocket.payload.text

step 2-tls 'the same, inside TLS' <<'LOOK'
Who could read the message above, on its way? Who can now? What does a capture
still show?
LOOK
record inside_tls
show
search hello
search Sec-WebSocket-Key
