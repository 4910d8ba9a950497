package lab

// A Claim is something that texts on real-time communication say, and that an experiment puts to the test.
type Claim struct {
	ID   string `json:"id"`
	Says string `json:"says"`
}

// claims are what is said of TCP and sockets (T), of HTTP and its workarounds (H), and of WebSocket (W). Some are right,
// some are wrong or too simple, and some have no experiment yet.
var claims = map[string]string{
	"T1": "A server calls socket, bind, listen and accept, a client socket and connect; both then send, receive and close.",
	"T2": "The socket that listens and the socket that accept returns are two.",
	"T3": "The three-way handshake takes place between connect() and accept().",
	"T4": "TCP is connection-oriented, reliable and ordered, and carries a stream.",
	"T5": "A stream has no message boundaries: what was sent may arrive in other pieces.",
	"T6": "A socket is a file descriptor for addresses, a state and buffers.",
	"T7": "Sockets are for TCP, for UDP and for more.",
	"T8": "That the other side has died cannot be known at once.",
	"T9": "TCP keepalive is too slow, and an application cannot control it.",

	"H1": "HTTP's connection ends after each response.",
	"H2": "With HTTP, a server cannot speak first.",
	"H3": "Polling is late by up to its interval, and wastes traffic on empty answers.",
	"H4": "With long polling the server holds a request until there is news or a timeout.",
	"H5": "Server-sent events are immediate, and one way.",
	"H6": "HTTP/2 and its push do not replace a long conversation both ways.",
	"H7": "WebSocket, polling and server-sent events differ in direction, latency, load, support and complexity.",

	"W1":  "A WebSocket begins as an HTTP request, and the same TCP connection is then upgraded with a 101.",
	"W2":  "Sec-WebSocket-Accept proves that the server speaks WebSocket.",
	"W3":  "The key is a random string of 24 bytes.",
	"W4":  "The sample handshakes in texts on WebSocket are right.",
	"W5":  "Data comes in frames, so messages come whole: one frame is one message.",
	"W6":  "FIN=1 means that the frame is a whole message.",
	"W7":  "The opcodes are 1, 2, 8, 9 and 10.",
	"W8":  "RSV1, RSV2 and RSV3 are 0 unless an extension uses them.",
	"W9":  "A length has 7 bits up to 125; 126 means that 16 bits follow, 127 that 64 do.",
	"W10": "A client must mask its frames.",
	"W11": "Masking keeps whoever is on the way from reading the payload.",
	"W12": "The server can speak first, and both sides at any time.",
	"W13": "Headers are small, so a message is cheap.",
	"W14": "A Ping must be answered with a Pong, and without one in time the other side is dead.",
	"W15": "Pings keep proxies from cutting an idle connection.",
	"W16": "Closing is a Close each way, and then the end of the connection.",
	"W17": "An abnormal end is detected.",
	"W18": "It runs on TCP, so order and delivery are guaranteed.",
	"W19": "Limit the size of messages, split large ones, and compress.",
	"W20": "ws:// is in the clear, wss:// runs inside TLS, and authentication is up to the application.",
	"W21": "Several servers need sticky sessions, or a balancer that knows WebSocket.",
	"W22": "A page in a browser cannot open a TCP socket; WebSocket is its way.",
	"W23": "Native programs use sockets, the web uses WebSocket.",
}

// ClaimOf returns the claim with that id.
func ClaimOf(id string) (Claim, bool) {
	says, ok := claims[id]
	return Claim{id, says}, ok
}
