package server_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestRFC6455Close(t *testing.T) {
	t.Parallel()
	answered := func(name, payload string, want ...string) talk {
		return talk{name: name, in: sends(0x88, payload), want: want}
	}
	var talks []talk
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999,
		4000, 4999} {
		same := fmt.Sprintf("88 %d", code)
		talks = append(talks, answered(fmt.Sprintf("7.4 code %d is answered", code), closing(code, ""), same),
			answered(fmt.Sprintf("7.4 code %d with a reason is answered", code), closing(code, "안녕"), same))
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		talks = append(talks, breaks(fmt.Sprintf("7.4 code %d is not for the wire", code), sends(0x88, closing(code,
			"")), 1002))
	}
	for name, bad := range badTexts {
		talks = append(talks, breaks("5.5.1 a reason with "+name, sends(0x88, closing(1000, "ok"+bad)), 1007))
	}
	after := sends(0x81, "late") + sends(0x89, "late") + sends(0x88, closing(3000, "")) + "\xff\xff"
	talks = append(talks,
		answered("5.5.1 without a code", "", `88 ""`),
		breaks("5.5.1 with half a code", sends(0x88, "\x03"), 1002),
		answered("5.5.1 a reason of 123 bytes", closing(4000, strings.Repeat("r", 123)), "88 4000"),
		breaks("5.5.1 a reason that ends inside a character", sends(0x88, closing(1000, "안"[:2])), 1007),
		answered("5.5.1 a reason of U+10FFFF", closing(1000, "\U0010ffff"), "88 1000"),
		talk{name: "5.5.1 what comes after it is nobody's", in: sends(0x88, closing(1001, "")) + after,
			want: []string{"88 1001"}},
		talk{name: "5.5.1 two of them", in: strings.Repeat(sends(0x88, ""), 2), want: []string{`88 ""`}},
		talk{name: "5.4 inside a message", in: sends(0x01, "never whole") + sends(0x88, closing(1000, "")),
			want: []string{"88 1000"}},
		talk{name: "5.5.1 after messages and Pings", in: sends(0x81, "a") + sends(0x89, "p") + sends(0x88,
			closing(1000, "bye")),
			want: []string{`81 "a"`, `8a "p"`, "88 1000"}},
		talk{name: "7.1.7 nothing is taken after a mistake", in: "\x83" + after, want: []string{refused(1002)}},
	)
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

func TestRFC6455EndWithoutAClose(t *testing.T) {
	t.Parallel()
	payload := strings.Repeat("b", 100_000)
	streamed := head(0x82, uint64(len(payload)))
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: new(server.Web)}, rec)
		for _, talk := range []talk{
			{name: "7.1.5 between messages", in: sends(0x81, "a"), want: []string{`81 "a"`}},
			{name: "7.1.5 at once"},
			{name: "7.1.5 inside a header", in: "\x81"},
			{name: "7.1.5 inside a long header", in: sends(0x81, "a") + streamed[:9], want: []string{`81 "a"`}},
			{name: "7.1.5 inside a mask", in: "\x81\x85\x01\x02"},
			{name: "7.1.5 before a payload", in: head(0x81, 5)},
			{name: "7.1.5 inside a payload", in: sends(0x81, "hello")[:8]},
			{name: "7.1.5 inside a message", in: sends(0x01, "hello")},
			{name: "7.1.5 inside a Ping", in: sends(0x89, "hello")[:8]},
			{name: "7.1.5 inside a Close", in: sends(0x88, closing(1000, ""))[:7]},
		} {
			t.Run(talk.name, func(t *testing.T) {
				for _, way := range ways[:3] {
					client, atServer := s.connect(t)
					way.send(t, client, atServer, talk.in)
					require.NoError(t, client.CloseWrite())
					hears(t, client, talk.want, way.name)
				}
			})
		}
	})
}

func TestRFC6455AnEndInsideALongFrameEndsItsEchoThere(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	client := dial(t, s.addr)
	shakeHands(t, client)
	payload := strings.Repeat("b", 100_000)
	write(t, client, []byte(head(0x82, 1_000_000)+masked(payload)))
	require.NoError(t, client.CloseWrite())
	got := readAll(t, client)
	assert.True(t, strings.HasPrefix("\x82\x7f\x00\x00\x00\x00\x00\x0f\x42\x40"+payload, got), "%d bytes", len(got))
}

// Nothing can be sent inside a frame: a Ping would be taken for its payload.
func TestRFC6455NothingComesInsideAFrameOfTheServers(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(s *served){
		"a Ping": func(*served) {}, "a Shutdown": func(s *served) { go s.Shutdown(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, &server.Server{Web: &server.Web{Ping: time.Second, PongWait: time.Second}}, nil)
			client := dial(t, s.addr)
			shakeHands(t, client)
			payload := strings.Repeat("b", 70_000)
			write(t, client, []byte(head(0x82, 100_000)+masked(payload)))
			want := "\x82\x7f\x00\x00\x00\x00\x00\x01\x86\xa0" + payload
			expect(t, client, []byte(want))
			interrupt(s)
			assert.Empty(t, readAll(t, client), "the client goes on too late")
		})
	}
}

func TestRFC6455AClientThatDoesNotAnswerACloseIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"7.1.1 after a mistake": "\x83", "7.1.1 after its own Close": sends(0x88, closing(1000, "")),
		"7.1.1 after a Shutdown": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, &server.Server{Web: new(server.Web)}, nil)
			client := dial(t, s.addr) // stays open, and says nothing
			shakeHands(t, client)
			write(t, client, []byte(in))
			want := in != ""
			if !want {
				go s.Shutdown(t.Context())
			}
			began := time.Now()
			got, err := fromServer([]byte(readAll(t, client)))
			require.NoError(t, err)
			assert.Len(t, got, 1)
			labtest.Await(t, func() bool { return s.Stats().Open == 0 }, "the server to let go")
			assert.Less(t, time.Since(began), 10*time.Second)
		})
	}
}

func TestRFC6455AShutdownIsAClose1001(t *testing.T) {
	t.Parallel()
	either(t, func(t *testing.T, rec *labtest.Account) {
		for name, answer := range map[string]string{
			"answered":          sends(0x88, closing(1001, "")),
			"crossed":           sends(0x81, "on its way") + sends(0x89, "p") + sends(0x88, closing(1000, "")),
			"answered wrongly":  "\x83",
			"answered by no":    sends(0x88, "\x03"),
			"inside of a frame": sends(0x82, "x")[:4] + "\x80\x80\x80\x80",
		} {
			t.Run(name, func(t *testing.T) {
				s := serve(t, &server.Server{Web: new(server.Web)}, rec)
				client := dial(t, s.addr)
				shakeHands(t, client)
				ended := make(chan error, 1)
				go func() {
					_, err := s.Shutdown(labtest.Bounded(t))
					ended <- err
				}()
				start := make([]byte, 4)
				_, err := io.ReadFull(client, start)
				require.NoError(t, err)
				require.Equal(t, "88 03e9", fmt.Sprintf("%x %x", start[:1], start[2:]))
				write(t, client, []byte(answer))
				if name == "inside of a frame" {
					require.NoError(t, client.CloseWrite())
				}
				rest := readAll(t, client)
				require.Len(t, rest, int(start[1])-2, "one Close, and nothing after it")
				client.Close()
				require.NoError(t, <-ended)
			})
		}
	})
}

func TestRFC6455WhatComesAfterTheCloseDoesNotLoseIt(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	after := strings.Repeat(sends(0x82, strings.Repeat("b", 1000)), 700) // more than one read takes
	for in, want := range map[string]string{sends(0x88, closing(1000, "")): "88 1000", "\x83": refused(1002)} {
		client := dial(t, s.addr)
		shakeHands(t, client)
		feed(t, client, in+after)
		got, err := fromServer([]byte(readAll(t, client))) // the end, and no reset
		require.NoError(t, err)
		require.Equal(t, []string{want}, got)
	}
}
