//go:build unix

package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/websocket"
)

// BenchmarkEcho compares servers with the plainest echo that one can write, by the processor time that the server
// takes for each message. The servers are processes of their own, so that the load is not counted; both get the same
// load in turns, so that what else the machine does hits both. x-plain is the ratio, the median of five turns, and x-goal
// what it is to be at most on a machine that is idle otherwise.
//
// The plain echo always reads into 64 KiB, and wsserver into up to four times as much: at 1 MiB that makes it the slower.
// With as large a buffer it would not be (scripts/compare does that); here it stays as it is, so that the ratios of
// today and of earlier can be compared.
func BenchmarkEcho(b *testing.B) {
	small := benchLoad{100, 64, 64}
	loads := []benchLoad{{100, 64, 1}, small, {100, 1 << 10, 16}, {4, 1 << 20, 1}}
	for _, load := range loads {
		b.Run(fmt.Sprintf("raw/%v", load), func(b *testing.B) { compare(b, "raw", framing.Raw{}, load, 0) })
	}
	for i, goal := range []float64{1.1, 1.4, 1.2, 0.9} {
		b.Run(fmt.Sprintf("websocket/%v", loads[i]), func(b *testing.B) {
			compare(b, "websocket", framing.WebSocket{Side: framing.ClientSide}, loads[i], goal)
		})
	}
	for _, codec := range []framing.Codec{framing.Lines{}, framing.Fixed(64), framing.LengthPrefix{}} {
		name := fmt.Sprint(codec)
		b.Run(fmt.Sprintf("%s/%v", name, small), func(b *testing.B) { compare(b, name, codec, small, 0) })
	}
}

// A turn is some rounds of both servers, one after the other.
const (
	turns    = 5
	turnTime = time.Second // at least
)

// A benchLoad is a number of connections, each of which writes some messages at once and reads their echo, again and
// again.
type benchLoad struct{ conns, size, inFlight int }

func (l benchLoad) String() string {
	return fmt.Sprintf("%d conns x %d B, %d in flight", l.conns, l.size, l.inFlight)
}

// rounds is how many times each connection writes before it is the other server's turn: enough to be measured.
func (l benchLoad) rounds() int { return max(1, 20_000/(l.conns*l.inFlight)/(1+l.size/4096)) }

// compare measures one server. A goal of 0 is none.
func compare(b *testing.B, kind string, codec framing.Codec, load benchLoad, goal float64) {
	payload, err := codec.Append(nil, labtest.Random(load.size)[:load.size])
	if kind == "lines" {
		payload, err = codec.Append(nil, []byte(strings.Repeat("m", load.size)))
	}
	require.NoError(b, err)
	echoed := len(payload)
	if kind == "websocket" {
		echoed -= 4 // the mask
	}
	ours := startBench(b, kind, load, payload, echoed)
	plain := startBench(b, "plain", load, payload, len(payload))
	var ourTimes, plainTimes, ratios []float64
	for b.Loop() {
		for range turns {
			ours.cpu, ours.messages, plain.cpu, plain.messages = 0, 0, 0, 0
			for start := time.Now(); time.Since(start) < turnTime; {
				ours.round(b)
				plain.round(b)
			}
			ourTimes, plainTimes = append(ourTimes, ours.perMessage()), append(plainTimes, plain.perMessage())
			ratios = append(ratios, ours.perMessage()/plain.perMessage())
		}
	}
	b.ReportMetric(median(ourTimes), "server-ns/msg")
	b.ReportMetric(median(plainTimes), "plain-ns/msg")
	b.ReportMetric(median(ratios), "x-plain")
	if goal > 0 {
		b.ReportMetric(goal, "x-goal")
	}
	b.ReportMetric(0, "ns/op") // says nothing here
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// A bench is one server process under load.
type bench struct {
	benchLoad
	conns    []net.Conn
	batch    []byte // what a connection writes at once
	echoed   int    // and how much comes back
	ask      io.Writer
	answer   *bufio.Reader
	messages int
	cpu      time.Duration
}

func startBench(b *testing.B, kind string, load benchLoad, payload []byte, echoed int) *bench {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"="+kind)
	cmd.Stderr = os.Stderr
	ask, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		ask.Close()
		cmd.Wait()
	})
	s := &bench{benchLoad: load, ask: ask, answer: bufio.NewReader(out), echoed: echoed * load.inFlight}
	for range load.inFlight {
		s.batch = append(s.batch, payload...)
	}
	addr, err := s.answer.ReadString('\n')
	require.NoError(b, err)
	for range load.conns {
		c := dial(b, strings.TrimSpace(addr))
		if kind == "websocket" {
			upgrade(b, c)
		}
		s.conns = append(s.conns, c)
	}
	s.load(b) // to warm up
	return s
}

// upgrade does the opening handshake of a WebSocket.
func upgrade(b *testing.B, c net.Conn) {
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	_, err := fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: %v\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", c.RemoteAddr(), key)
	require.NoError(b, err)
	answer := make([]byte, len(websocket.Response(key, "")))
	_, err = io.ReadFull(c, answer)
	require.NoError(b, err)
	require.Equal(b, string(websocket.Response(key, "")), string(answer))
}

// used asks the server how much processor time it has taken.
func (s *bench) used(b *testing.B) time.Duration {
	fmt.Fprintln(s.ask)
	line, err := s.answer.ReadString('\n')
	require.NoError(b, err)
	d, err := time.ParseDuration(strings.TrimSpace(line))
	require.NoError(b, err)
	return d
}

func (s *bench) round(b *testing.B) {
	before := s.used(b)
	s.load(b)
	s.cpu += s.used(b) - before
	s.messages += s.benchLoad.conns * s.inFlight * s.rounds()
}

func (s *bench) load(b *testing.B) {
	var running sync.WaitGroup
	for _, c := range s.conns {
		c.SetDeadline(time.Now().Add(labtest.Watchdog))
		running.Go(func() {
			buf := make([]byte, s.echoed)
			for range s.rounds() {
				written := make(chan error, 1)
				if len(s.batch) > 64<<10 { // more than has room on the way
					go func() { _, err := c.Write(s.batch); written <- err }()
				} else {
					_, err := c.Write(s.batch)
					written <- err
				}
				if _, err := io.ReadFull(c, buf); err != nil {
					b.Error(err)
				}
				if err := <-written; err != nil {
					b.Error(err)
				}
			}
		})
	}
	running.Wait()
}

func (s *bench) perMessage() float64 { return float64(s.cpu) / float64(s.messages) }

func init() {
	beServer = func(kind string) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go serveBench(kind, ln)
		fmt.Println(ln.Addr())
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); { // until the benchmark ends
			var used syscall.Rusage
			syscall.Getrusage(syscall.RUSAGE_SELF, &used)
			fmt.Println(time.Duration(used.Utime.Nano() + used.Stime.Nano()))
		}
	}
}

// serveBench is a server as it runs with -quiet, or the plain one.
func serveBench(kind string, ln net.Listener) {
	if kind == "plain" {
		servePlain(ln)
		return
	}
	srv := new(server.Server)
	if kind == "websocket" {
		srv.Web = new(server.Web)
	} else {
		srv.Codec, _ = framing.Parse(kind)
	}
	fmt.Fprintln(os.Stderr, srv.Serve(ln))
}

// servePlain is what a first book on the subject has: no limits, no deadlines, nothing counted.
func servePlain(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			buf := make([]byte, 64<<10)
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				if _, err := c.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}
