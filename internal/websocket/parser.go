// Package websocket has what RFC 6455 says about the two ends of a connection: the opening handshake, frames parsed
// from a stream that is cut anywhere, and messages assembled from frames. It may know permessage-deflate, and the
// errors of framing. It must not know a socket, a goroutine or a clock, nor what becomes of a message.
//
// framing.WebSocket reads whole messages and waits for them; a server that must not wait, and answers frame by frame,
// reads with a [Parser].
package websocket

import (
	"github.com/gobwas/ws"

	"echolab/framing"
)

// A Parser makes frames of the bytes of one direction, in whatever pieces they come. It must not be used concurrently.
// After an error it is of no more use.
type Parser struct {
	Side    framing.Side // who reads; the default is the server
	Deflate bool         // permessage-deflate was negotiated: RSV1 is allowed where RFC 7692 allows it

	head       [ws.MaxHeaderSize]byte // a header that has not come whole
	have       int
	piece      Piece // what Next returns
	left       int64 // bytes of the frame's payload that are still to come
	begun      bool  // inside a frame, after its header
	fragmented bool  // inside a message
}

// A Piece is a part of one frame: all of it, if it came whole.
type Piece struct {
	ws.Header
	Size    int    // bytes of the frame's header
	Payload []byte // unmasked, in its place
	First   bool   // the frame's first piece
	Last    bool   // its last
}

// Next takes the beginning of b, as far as one frame goes, and unmasks it in its place. The piece is valid until the
// next call; it is nil if all of b was taken and none came of it. The error is a *framing.ProtocolError, and
// comes as early as CheckHeader finds it.
func (p *Parser) Next(b []byte) (piece *Piece, rest []byte, err error) {
	piece = &p.piece
	if piece.First = !p.begun; piece.First {
		done := false
		if b, done, err = p.header(b); err != nil || !done {
			return nil, nil, err
		}
		p.begun, p.left = true, piece.Length
	} else if len(b) == 0 {
		return nil, nil, nil
	}
	n := int(min(p.left, int64(len(b))))
	piece.Payload = b[:n:n]
	if piece.Masked {
		ws.Cipher(piece.Payload, piece.Mask, int((piece.Length-p.left)&3))
	}
	p.left -= int64(n)
	if piece.Last = p.left == 0; piece.Last {
		p.begun = false
		if !piece.OpCode.IsControl() {
			p.fragmented = !piece.Fin
		}
	}
	return piece, b[n:], nil
}

// header takes a frame's header, or as much of it as there is: then done is false.
func (p *Parser) header(b []byte) (rest []byte, done bool, err error) {
	h := &p.piece.Header
	if p.have == 0 {
		if size := parseHeader(h, b); size <= len(b) {
			p.piece.Size = size
			return b[size:], true, CheckHeader(b[:size], p.state())
		}
	}
	// The header is cut: its bytes are collected one by one, so that none is taken that is not the header's, and the
	// first one that is wrong is found even if no other follows.
	for i, c := range b {
		p.head[p.have] = c
		p.have++
		head := p.head[:p.have]
		if err := CheckHeader(head, p.state()); err != nil {
			return nil, false, err
		}
		if size := parseHeader(h, head); size == p.have {
			p.piece.Size, p.have = size, 0
			return b[i+1:], true, nil
		}
	}
	return nil, false, nil
}

func (p *Parser) state() ws.State {
	state := ws.StateServerSide
	if p.Side == framing.ClientSide {
		state = ws.StateClientSide
	}
	if p.Deflate {
		state = state.Set(ws.StateExtended)
	}
	if p.fragmented {
		state = state.Set(ws.StateFragmented)
	}
	return state
}

// Release lets go of the bytes that the last piece lies in.
func (p *Parser) Release() { p.piece.Payload = nil }

// Between says whether the stream may end here: between two messages, with nothing begun.
func (p *Parser) Between() bool { return p.have == 0 && !p.begun && !p.fragmented }
