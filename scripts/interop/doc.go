// Package interop has wsserver and tcpclient -ws meet WebSocket implementations that were not written here: of Go
// (coder/websocket, gorilla/websocket), Python (websockets), Node (ws, and the WebSocket that Node has itself), a
// browser, and curl, which knows nothing of WebSocket but can ask for one. And it has a browser draw the page of stream maps, and compares that with the maps. There are
// only tests:
//
//	go -C scripts/interop test ./...
//
// They build the programs from the repository, run each as a process on a free port of loopback, and end it by its
// process ID. The scripts in testdata verify what comes back themselves and print a line of JSON for each case; the
// tests hold that against what must be, and against the account of wsserver, which says what was on the wire.
//
// Beside them a large capture is given to streammap, and its speed held against tshark's.
//
// What is not of Go must be installed: on Debian, apt-get install python3-websockets nodejs node-ws curl chromium. What
// is missing skips its tests, but fails them where CI=true. The WebSocket that Node has itself may be missing anywhere:
// Debian's Node is too old for it.
package interop
