package lab

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/websocket"
)

// A webPair is a pair that has become a WebSocket, with both ends in the experiment's hands.
type webPair struct {
	*pair
	webClient, webServer *webEnd
}

// newWebPair connects two sockets and does the handshake.
func newWebPair(ctx context.Context) (*webPair, error) {
	p, err := newPair(ctx)
	if err != nil {
		return nil, err
	}
	w := &webPair{pair: p}
	if err := w.shakeHands(); err != nil {
		p.close()
		return nil, err
	}
	return w, nil
}

func (w *webPair) shakeHands() error {
	key := websocket.NewKey()
	request, err := ask(w.fromClient, key, &w.maps)
	if err != nil {
		return err
	}
	asked, err := http.ReadRequest(bufio.NewReader(w.atServer)) // nothing can follow it yet
	if err != nil {
		return err
	}
	response := websocket.Response(asked.Header.Get("Sec-Websocket-Key"), "")
	if _, err := w.atServer.Write(response); err != nil {
		return err
	}
	if _, err := answered(w.fromClient, key, &w.maps); err != nil {
		return err
	}
	w.webClient = newWebEnd(w.fromClient, event.Client, &w.maps, len(response), request)
	w.webServer = newWebEnd(w.atServer, event.Server, &w.maps, request, len(response))
	return nil
}

// answers is the map of what the server writes.
func (w *webPair) answers() *streammap.Map { return w.maps.Map(1, event.ServerToClient) }

// ask writes the request for a WebSocket and returns its length.
func ask(conn net.Conn, key string, rec event.Recorder) (int, error) {
	request := websocket.Request(conn.RemoteAddr().String(), "/ws", key, "")
	rec.Record(handshake(event.Request, event.ClientToServer, request))
	return conn.Write(request)
}

// answered reads the answer to it and returns its length. It reads byte by byte: what follows are frames.
func answered(conn net.Conn, key string, rec event.Recorder) (int, error) {
	head, err := websocket.ReadHead(&byteReader{conn: conn})
	if err != nil {
		return 0, err
	}
	rec.Record(handshake(event.Response, event.ServerToClient, head))
	_, err = websocket.CheckResponse(head, conn, key)
	return len(head), err
}

// handshake is the event for one half of a handshake: after it, the map of its stream begins.
func handshake(ev event.Kind, dir event.Dir, b []byte) event.Event {
	return event.Event{Ev: ev, At: event.Client, Conn: 1, Dir: dir, Span: &event.Span{N: len(b)}, Bytes: b}
}

// byteReader reads a byte at a time, and none ahead.
type byteReader struct {
	conn net.Conn
	b    [1]byte
}

func (r *byteReader) ReadByte() (byte, error) {
	_, err := io.ReadFull(r.conn, r.b[:])
	return r.b[0], err
}
