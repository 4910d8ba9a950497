package server_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"echolab/internal/deflate"
)

// http asks for some things over one connection, one after the other or all at once.
func (l *life) http() error {
	if err := l.perhapsTLS(); err != nil {
		return err
	}
	var asked string
	var want []int
	for n := 1 + l.IntN(5); n > 0; n-- {
		q := []struct {
			line   string
			status int
		}{
			{"GET /", 200}, {"GET /healthz", 200}, {"HEAD /", 200},
			{"GET /nothing", 404}, {"DELETE /healthz", 405}, {"GET /ws", 426},
		}[l.IntN(6)]
		asked += q.line + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
		want = append(want, q.status)
		if q.status == 426 {
			break // and the server closes
		}
	}
	defer l.say(asked)()
	heads := slices.Collect(strings.SplitSeq(asked, "\r\n\r\n"))
	for i, status := range want {
		r := &http.Request{Method: strings.SplitN(heads[i], " ", 2)[0]}
		if err := l.expectStatus(r, status); err != nil {
			return err
		}
	}
	return nil
}

// errUnfinished is net/http's answer to a request whose header was not there in time: what it has of the last line it
// takes for the line.
var errUnfinished = errors.New("perhaps a line that was cut by the deadline")

func (l *life) expectStatus(r *http.Request, want int) error {
	answer, err := http.ReadResponse(l.in, r)
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusBadRequest && want != http.StatusBadRequest {
		return fmt.Errorf("%w: 400 instead of %d", errUnfinished, want)
	}
	if answer.StatusCode != want {
		return fmt.Errorf("%s instead of %d", answer.Status, want)
	}
	if want == http.StatusSwitchingProtocols {
		return nil
	}
	_, err = io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	return err
}

// wrongHTTP asks for what cannot be answered, and gets an answer all the same, or an end.
func (l *life) wrongHTTP() error {
	const get = "GET / HTTP/1.1\r\nHost: localhost\r\n"
	switch l.IntN(5) {
	case 0:
		defer l.say(get + "X: " + strings.Repeat("x", 40<<10) + "\r\n\r\n")()
		return l.expectStatus(nil, http.StatusRequestHeaderFieldsTooLarge)
	case 1:
		defer l.say(get + "no header\r\n\r\n")()
		return l.expectStatus(nil, http.StatusBadRequest)
	case 2:
		defer l.say("GET / HTTP/9.9\r\n\r\n")()
		return l.expectStatus(nil, http.StatusHTTPVersionNotSupported)
	case 3: // never ends
		return l.untilTheEnd(get, false)
	}
	return l.untilTheEnd("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nbut no body", false)
}

// wrongHandshake asks for a WebSocket as one must not.
func (l *life) wrongHandshake() error {
	wrong := slices.DeleteFunc(slices.Clone(requests), func(r request) bool {
		return r.status == 101 || strings.HasPrefix(r.line, "HEAD") || strings.Contains(fmt.Sprint(r.changes), "friend")
	})
	r := wrong[l.IntN(len(wrong))]
	l.doing = r.name
	defer l.say(r.String())()
	return l.expectStatus(nil, r.status)
}

// A deal is permessage-deflate as it was agreed: who writes to the server, and what comes back may refer to.
type deal struct {
	offer    string
	toServer *deflate.Writer
	toClient takeover
}

// deal offers permessage-deflate, or nothing: then it is nil.
func (l *life) deal() *deal {
	if l.IntN(2) == 0 {
		return nil
	}
	p := deflate.Params{ServerMaxWindowBits: 9 + l.IntN(7),
		ServerNoContextTakeover: l.IntN(2) == 0, ClientNoContextTakeover: l.IntN(2) == 0}
	w, _ := p.Client()
	return &deal{p.Offer(), w, takeover{bits: p.ServerMaxWindowBits, none: p.ServerNoContextTakeover}}
}

// newDeal is what comes of an offer that names no parameter.
func newDeal(offer string) *deal {
	w, _ := deflate.Params{}.Client()
	return &deal{offer, w, takeover{bits: deflate.MaxWindowBits}}
}

// open does the opening handshake.
func (l *life) open(d *deal) error {
	if err := l.perhapsTLS(); err != nil {
		return err
	}
	request := askWebSocket
	if d != nil {
		request = ask(d.offer)
	}
	for _, part := range l.cut(request) {
		if _, err := io.WriteString(l.conn, part); err != nil {
			return err
		}
	}
	return l.expectStatus(nil, http.StatusSwitchingProtocols)
}

// webSocket sends messages and a Close, and gets all of that back.
func (l *life) webSocket() error {
	d := l.deal()
	if err := l.open(d); err != nil {
		return err
	}
	in, want := l.messages(d)
	code := []int{1000, 1001, 3000, 4999}[l.IntN(4)]
	return l.converse(in+sends(0x88, closing(code, "")), append(want, fmt.Sprintf("88 %d", code)), d)
}

// wrongWebSocket does one thing that it must not, and learns that.
func (l *life) wrongWebSocket() error {
	d := l.deal()
	if err := l.open(d); err != nil {
		return err
	}
	in, want := l.messages(d)
	v := l.violation()
	if d != nil && strings.HasPrefix(v.name, "RSV1") {
		v = breaks("RSV3", "\x91", 1002)
	}
	if d != nil && l.IntN(10) == 0 {
		v = breaks("a bomb", sends(0xc2, bomb()), 1009)
	}
	l.doing = v.name
	after := l.bytes(l.IntN(1 << l.IntN(17)))
	return l.converse(in+v.in+after, append(want, v.want...), d)
}

// converse sends, and reads to the end of the stream.
func (l *life) converse(in string, want []string, d *deal) error {
	defer l.say(in)()
	stream, err := io.ReadAll(l.in)
	if err != nil {
		return err
	}
	var window *takeover
	if d != nil {
		window = &d.toClient
	}
	got, err := messagesFrom(string(stream), window)
	if err != nil {
		return err
	}
	got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "89") }) // its Pings
	if slices.Equal(want, got) {
		return nil
	}
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	err = fmt.Errorf("at %d of %d messages: want %q, got %q", i, len(want), want[i:], got[i:])
	switch late := got[i:]; {
	case len(late) == 0, len(late) == 1 && (late[0] == refused(1001) || late[0] == refused(1011)):
		// What came is right, but it is not all: that may happen to who is slow.
		err = fmt.Errorf("%w: %w", err, io.ErrUnexpectedEOF)
	}
	return err
}

// messages are some messages and Pings as the client sends them, and what must come back.
func (l *life) messages(d *deal) (in string, want []string) {
	var b strings.Builder
	for n := l.IntN(8); n > 0; n-- {
		size := l.IntN(2 << l.IntN(14))
		if l.IntN(12) == 0 {
			size = l.IntN(chaosMessage * 3 / 4)
		}
		first, msg := byte(0x82), ""
		if l.IntN(2) == 0 {
			first, msg = 0x81, strings.Repeat("안녕 a", size/8+1)[:size/8*8]
		} else {
			msg = l.bytes(size)
		}
		payload := msg
		if d != nil && l.IntN(2) == 0 {
			packed, err := d.toServer.Append(nil, []byte(msg))
			if err != nil {
				panic(err) // it has no reason to
			}
			first, payload = first|0x40, string(packed)
		}
		at := l.IntN(len(payload) + 1)
		switch l.IntN(4) {
		case 0:
			b.WriteString(sends(first&^0x80, payload[:at]) + sends(0x89, "between") + sends(0x80, payload[at:]))
			want = append(want, `8a "between"`)
		case 1:
			b.WriteString(sends(first&^0x80, payload[:at]) + sends(0x00, "") + sends(0x8a, "unasked"))
			b.WriteString(sends(0x80, payload[at:]))
		default:
			b.WriteString(sends(first, payload))
		}
		want = append(want, line(first&^0x40|0x80, msg))
	}
	return b.String(), want
}
