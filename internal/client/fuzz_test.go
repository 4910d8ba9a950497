package client_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/client"
	"echolab/internal/labtest"
	"echolab/internal/websocket"
)

// FuzzWhatAServerSends lets a server answer three messages with anything. Whatever that is, the client comes to an end,
// and finds it right only if it is three messages and a Close.
func FuzzWhatAServerSends(f *testing.F) {
	right := "\x81\x05hello\x81\x05world\x81\x05again\x88\x02\x03\xe8"
	f.Add([]byte(right), false)
	f.Add([]byte("\x89\x01x"+right), false)                                                          // a Ping before it
	f.Add([]byte("\x01\x02he\x8a\x00\x80\x03llo"+right[7:]), false)                                  // fragments, a Pong between them
	f.Add([]byte(right[:len(right)-1]), false)                                                       // a Close that is cut
	f.Add([]byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), false)                                 // a claim
	f.Add([]byte("\xc1\x07\xca\x48\xcd\xc9\xc9\x07\x00"+"\x81\x05world\x81\x05again\x88\x00"), true) // RFC 7692, 7.2.3.1
	f.Fuzz(func(t *testing.T, answer []byte, compressed bool) {
		addr := webFake(t, func(p *webPeer) {
			p.Write(websocket.Response(p.key, map[bool]string{true: "permessage-deflate"}[compressed]))
			p.three()
			p.Write(answer)
			p.CloseWrite()
			p.goodbye()
		})
		cl := overWebSocket(client.Frames{Deflate: compressed})
		r, err := cl.Run(labtest.Bounded(t), addr, of(three...))
		require.Equal(t, err == nil, r.OK)
		require.Equal(t, 3, r.MessagesSent)
		if err != nil {
			return
		}
		require.Equal(t, 3, r.MessagesReceived)
		require.Contains(t, []int{1000, 1005}, r.CloseReceived)
		require.GreaterOrEqual(t, len(answer), 3+2)
	})
}
