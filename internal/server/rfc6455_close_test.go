package server_test

import (
	"context"
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
	late := sends(0x81, "late") + sends(0x89, "late") + sends(0x88, closing(3000, "")) + "\xff\xff"
	bye := sends(0x88, closing(1000, ""))
	talks := []talk{
		{name: "5.5.1 without a code", in: sends(0x88, ""), want: []string{`88 ""`}},
		{name: "5.5.1 a reason of 123 bytes", in: sends(0x88, closing(4000, strings.Repeat("r", 123))), want: []string{"88 4000"}},
		{name: "5.5.1 a reason of U+10FFFF", in: sends(0x88, closing(1000, "\U0010ffff")), want: []string{"88 1000"}},
		{name: "5.5.1 what comes after it is nobody's", in: sends(0x88, closing(1001, "")) + late, want: []string{"88 1001"}},
		{name: "5.5.1 two of them", in: strings.Repeat(sends(0x88, ""), 2), want: []string{`88 ""`}},
		{name: "5.4 inside a message", in: sends(0x01, "never whole") + bye, want: []string{"88 1000"}},
		{name: "5.5.1 after messages and Pings", in: sends(0x81, "a") + sends(0x89, "p") + sends(0x88, closing(1000, "bye")),
			want: []string{`81 "a"`, `8a "p"`, "88 1000"}},
		{name: "7.1.7 nothing is taken after a mistake", in: "\x83" + late, want: []string{refused(1002)}},
		breaks("5.5.1 with half a code", sends(0x88, "\x03"), 1002),
		breaks("5.5.1 a reason that ends inside a character", sends(0x88, closing(1000, "안"[:2])), 1007),

		{name: "7.1.5 the end between messages", in: sends(0x81, "a"), want: []string{`81 "a"`}, ends: true},
		{name: "7.1.5 the end at once", ends: true},
		{name: "7.1.5 the end inside a header", in: "\x81", ends: true},
		{name: "7.1.5 the end inside a long header", in: sends(0x81, "a") + head(0x82, 100_000)[:9], want: []string{`81 "a"`}, ends: true},
		{name: "7.1.5 the end inside a mask", in: "\x81\x85\x01\x02", ends: true},
		{name: "7.1.5 the end before a payload", in: head(0x81, 5), ends: true},
		{name: "7.1.5 the end inside a payload", in: sends(0x81, "hello")[:8], ends: true},
		{name: "7.1.5 the end inside a message", in: sends(0x01, "hello"), ends: true},
		{name: "7.1.5 the end inside a Ping", in: sends(0x89, "hello")[:8], ends: true},
		{name: "7.1.5 the end inside a Close", in: bye[:7], ends: true},
	}
	for _, code := range []int{1000, 1003, 1007, 1014, 3000, 4999} {
		for _, reason := range []string{"", "안녕"} {
			talks = append(talks, talk{name: fmt.Sprintf("7.4 code %d is answered, %q", code, reason),
				in: sends(0x88, closing(code, reason)), want: []string{fmt.Sprintf("88 %d", code)}})
		}
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535} {
		talks = append(talks, breaks(fmt.Sprintf("7.4 code %d is not for the wire", code), sends(0x88, closing(code, "")), 1002))
	}
	for name, bad := range badTexts {
		talks = append(talks, breaks("5.5.1 a reason with "+name, sends(0x88, closing(1000, "ok"+bad)), 1007))
	}
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

func TestRFC6455AnEndInsideAMessageIsAFailure(t *testing.T) {
	srv := &server.Server{Web: new(server.Web)}
	d := serveDesk(t, srv)
	for i, in := range []string{"\x81", head(0x81, 5), sends(0x01, "hello"), sends(0x89, "hello")[:8]} {
		d.play(t, askWebSocket, in)
		d.play(t, askWebSocket, sends(0x81, "whole"))
		labtest.Await(t, func() bool { return srv.Stats().Open == 0 }, "the end of both")
		require.Equal(t, i+1, srv.Stats().Failed, "%q", in)
	}
}

// Nothing can be sent inside a frame: a Ping would be taken for its payload.
func TestRFC6455NothingComesInsideAFrameOfTheServers(t *testing.T) {
	payload := strings.Repeat("b", 70_000)
	begun := "\x82\x7f\x00\x00\x00\x00\x00\x01\x86\xa0" + payload
	for name, interrupt := range map[string]func(srv *server.Server){
		"a Ping": func(*server.Server) {}, "a Shutdown": func(srv *server.Server) { go srv.Shutdown(context.Background()) },
	} {
		inBubble(t, name, func(t *testing.T) {
			srv := &server.Server{Web: &server.Web{Ping: time.Second, PongWait: time.Second}}
			client := serveDesk(t, srv).webSocket(t)
			go io.WriteString(client, head(0x82, 100_000)+masked(payload))
			expect(t, client, []byte(begun))
			interrupt(srv)
			assert.Empty(t, readAll(t, client), "the client goes on too late")
		})
	}
	t.Run("the end", func(t *testing.T) {
		eachAccount(t, &server.Server{Web: new(server.Web)}, func(d *desk, how string) {
			got := d.play(t, askWebSocket, head(0x82, 100_000)+masked(payload))
			assert.True(t, afterSwitch(t, got) == begun, "%d bytes, %s", len(got), how)
		})
	})
}

func TestRFC6455AClientThatDoesNotAnswerACloseIsNotWaitedForLong(t *testing.T) {
	t.Parallel() // it waits
	for name, in := range map[string]string{
		"7.1.1 after a mistake": sends(0x83, ""), "7.1.1 after its own Close": sends(0x88, closing(1000, "")),
		"7.1.1 after a Shutdown": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, &server.Server{Web: new(server.Web)}, nil)
			client := dial(t, s.addr) // stays open, and says nothing
			shakeHands(t, client)
			write(t, client, []byte(in))
			if in == "" {
				go s.Shutdown(t.Context())
			}
			began := time.Now()
			got, err := fromServer(readAll(t, client))
			require.NoError(t, err)
			assert.Len(t, got, 1)
			labtest.Await(t, func() bool { return s.Stats().Open == 0 }, "the server to let go")
			assert.Less(t, time.Since(began), 10*time.Second)
		})
	}
}

func TestRFC6455AShutdownIsAClose1001(t *testing.T) {
	for name, answer := range map[string]string{
		"answered":          sends(0x88, closing(1001, "")),
		"crossed":           sends(0x81, "on its way") + sends(0x89, "p") + sends(0x88, closing(1000, "")),
		"answered wrongly":  "\x83",
		"answered by no":    sends(0x88, "\x03"),
		"inside of a frame": sends(0x82, "x")[:4],
	} {
		t.Run(name, func(t *testing.T) {
			either(t, func(t *testing.T, rec *labtest.Account) {
				t.Parallel()
				s := serve(t, &server.Server{Web: new(server.Web)}, rec)
				client := s.webSocket(t)
				ended := shutDown(t, s.Server)
				expect(t, client, []byte("\x88\x12\x03\xe9the server stops"))
				write(t, client, []byte(answer))
				if name == "inside of a frame" {
					require.NoError(t, client.CloseWrite())
				}
				require.Empty(t, readAll(t, client), "one Close, and nothing after it")
				client.Close()
				require.NoError(t, <-ended)
			})
		})
	}
}

func TestRFC6455WhatComesAfterTheCloseDoesNotLoseIt(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	more := strings.Repeat(sends(0x82, strings.Repeat("b", 1000)), 700) // more than one read takes
	for in, want := range map[string]string{sends(0x88, closing(1000, "")): "88 1000", "\x83": refused(1002)} {
		client := s.webSocket(t)
		feed(t, client, in+more)
		hears(t, client, want) // then the end, and no reset
	}
}
