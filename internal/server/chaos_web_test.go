package server_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"echolab/internal/deflate"
)

// http asks for some things over one connection, one after the other or all at once.
func (l *life) http() error {
	if err := l.perhapsTLS(); err != nil {
		return err
	}
	lines := []string{"GET /", "GET /healthz", "HEAD /", "GET /nothing", "DELETE /healthz", "GET /ws"}
	status := []int{200, 200, 200, 404, 405, 426}
	var asked string
	var list []int
	for n := 1 + l.IntN(5); n > 0; n-- {
		i := l.IntN(len(lines))
		asked += lines[i] + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
		if list = append(list, i); status[i] == 426 {
			break // and the server closes
		}
	}
	defer l.say(asked)()
	for _, i := range list {
		method, _, _ := strings.Cut(lines[i], " ")
		if err := l.expectStatus(method, status[i]); err != nil {
			return err
		}
	}
	return nil
}

// errUnfinished is net/http's answer to a request whose header was not there in time: what it has of the last line it
// takes for the line.
var errUnfinished = errors.New("perhaps a line that was cut by the deadline")

func (l *life) expectStatus(method string, want int) error {
	answer, err := http.ReadResponse(l.in, &http.Request{Method: method})
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusBadRequest && want != http.StatusBadRequest:
		return fmt.Errorf("%w: 400 instead of %d", errUnfinished, want)
	case answer.StatusCode != want:
		return fmt.Errorf("%s instead of %d", answer.Status, want)
	case want == http.StatusSwitchingProtocols:
		return nil
	}
	_, err = io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	return err
}

// wrongHTTP asks for what cannot be answered, or for a WebSocket as one must not, and gets an answer all the same, or an
// end.
func (l *life) wrongHTTP() error {
	const get = "GET / HTTP/1.1\r\nHost: localhost\r\n"
	asked, status := "", 0
	switch l.IntN(6) {
	case 0:
		asked, status = get+"X: "+strings.Repeat("x", 40<<10)+"\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge
	case 1:
		asked, status = "GET / HTTP/9.9\r\n\r\n", http.StatusHTTPVersionNotSupported
	case 2: // never ends
		return l.untilTheEnd(get, false)
	case 3:
		return l.untilTheEnd("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nbut no body", false)
	default:
		r := requests[l.IntN(len(requests))]
		if r.status == 101 || strings.HasPrefix(r.line, "HEAD") {
			return nil
		}
		l.doing, asked, status = r.name, r.String(), r.status
	}
	defer l.say(asked)()
	return l.expectStatus("GET", status)
}

// A deal is permessage-deflate as it was agreed: who writes to the server, and what comes back may refer to.
type deal struct {
	offer    string
	toServer *deflate.Writer
	toClient takeover
}

// newDeal is what comes of an offer that names no parameter.
func newDeal(offer string) *deal {
	w, _ := deflate.Params{}.Client()
	return &deal{offer, w, takeover{bits: deflate.MaxWindowBits}}
}

// open does the opening handshake, and perhaps offers permessage-deflate.
func (l *life) open() (*deal, error) {
	var d *deal
	request := askWebSocket
	if l.IntN(2) == 0 {
		p := deflate.Params{ServerMaxWindowBits: 9 + l.IntN(7),
			ServerNoContextTakeover: l.IntN(2) == 0, ClientNoContextTakeover: l.IntN(2) == 0}
		w, _ := p.Client()
		offer := fmt.Sprintf("%s; server_max_window_bits=%d", deflate.Offer, p.ServerMaxWindowBits)
		if p.ServerNoContextTakeover {
			offer += "; server_no_context_takeover"
		}
		if p.ClientNoContextTakeover {
			offer += "; client_no_context_takeover"
		}
		d = &deal{offer, w, takeover{bits: p.ServerMaxWindowBits, none: p.ServerNoContextTakeover}}
		request = ask(d.offer)
	}
	if err := l.perhapsTLS(); err != nil {
		return nil, err
	}
	for _, part := range l.cut(request) {
		if _, err := io.WriteString(l.conn, part); err != nil {
			return nil, err
		}
	}
	return d, l.expectStatus("GET", http.StatusSwitchingProtocols)
}

// webSocket sends messages and a Close, and gets all of that back.
func (l *life) webSocket() error {
	return l.converse(func(*deal) talk {
		code := []int{1000, 1001, 3000, 4999}[l.IntN(4)]
		return talk{in: sends(0x88, closing(code, "")), want: []string{fmt.Sprintf("88 %d", code)}, ends: true}
	})
}

// wrongWebSocket does one thing that it must not, and learns that.
func (l *life) wrongWebSocket() error {
	return l.converse(func(d *deal) talk {
		switch v := l.violation(); {
		case d != nil && l.IntN(10) == 0:
			return breaks("a bomb", sends(0xc2, bomb()), 1009)
		case d != nil && v.in[0]&0x40 != 0:
			return breaks("RSV3", "\x91", 1002)
		default:
			return v
		}
	})
}

// violation is something that a client must not send.
func (l *life) violation() talk {
	bad := badTexts[slices.Sorted(maps.Keys(badTexts))[l.IntN(len(badTexts))]]
	if l.IntN(2) == 0 {
		list := firstBytes()
		return list[l.IntN(len(list))]
	}
	list := []talk{
		breaks("a text", head(0x81, 100)+masked("so far "+bad), 1007), breaks("a reason", sends(0x88, closing(1000, bad)), 1007),
		breaks("no mask", "\x81\x05", 1002), breaks("a long Ping", "\x89\xfe", 1002),
		breaks("a message in a message", sends(0x01, "a")+"\x81", 1002),
		breaks("over the limit", head(0x82, chaosMessage+1), 1009), breaks("2^63-1", head(0x81, 1<<63-1), 1009),
		breaks("over the limit in fragments", sends(0x02, strings.Repeat("x", chaosMessage))+head(0x80, 1), 1009),
	}
	return list[l.IntN(len(list))]
}

// bomb is a message that inflates to more than a message may have.
var bomb = sync.OnceValue(func() string { return pack(strings.Repeat("\x00", 4<<20)) })

// converse sends messages and what ends them, and reads to the end of the stream.
func (l *life) converse(last func(*deal) talk) error {
	d, err := l.open()
	if err != nil {
		return err
	}
	in, want := l.messages(d)
	end := last(d)
	if l.doing, in = end.name, in+end.in; !end.ends {
		in += l.bytes(l.IntN(1 << l.IntN(17)))
	}
	want = append(want, end.want...)
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
		first, msg := byte(0x82), l.bytes(size)
		if l.IntN(2) == 0 {
			first, msg = 0x81, strings.Repeat("안녕 a", size/8+1)[:size/8*8]
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
			b.WriteString(sends(first&^0x80, payload[:at]) + sends(0x00, "") + sends(0x8a, "unasked") + sends(0x80, payload[at:]))
		default:
			b.WriteString(sends(first, payload))
		}
		want = append(want, line(first&^0x40|0x80, msg))
	}
	return b.String(), want
}
