// The lab's table of contents: what becomes of messages on a TCP stream, each sentence a test on real sockets, and then
// the programs against each other as processes.
package echolab_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/framing"
	"echolab/framing/framingtest"
	"echolab/internal/lab"
	"echolab/internal/proc"
	"echolab/internal/sock"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		proc.Cleanup()
		os.Exit(status)
	}))
}

// measure runs an experiment for its measurements.
func measure[F lab.Finding](t *testing.T, run func(context.Context) (F, error)) F {
	t.Helper()
	found, err := run(t.Context())
	require.NoError(t, err)
	return found
}

func TestThreeWritesArriveInOneRead(t *testing.T) {
	f := measure(t, lab.RunThreeWrites)
	assert.Equal(t, 3, f.Writes)
	assert.Equal(t, 33, f.Unread, "bytes in the receive queue, as the kernel has it")
	assert.Equal(t, []int{33}, f.Reads)
	assert.Equal(t, "hello안녕하세요goodbye, TCP!", f.First)
}

func TestOneWriteTakesManyReads(t *testing.T) {
	f := measure(t, lab.RunOneWrite)
	assert.Equal(t, 1, f.SmallWrites)
	assert.Equal(t, []int{8, 8, 8, 8, 1}, f.Small)
	assert.Equal(t, 1, f.LargeWrites)
	assert.GreaterOrEqual(t, f.LargeReads, 16, "1 MiB in reads of at most 64 KiB")
}

func TestNoDelayKeepsNothingApart(t *testing.T) {
	f := measure(t, lab.RunNoDelay)
	assert.True(t, f.On.NoDelay, "the kernel's word for the option")
	assert.False(t, f.Off.NoDelay)
	assert.Equal(t, []int{33}, f.On.Reads)
	assert.Equal(t, []int{33}, f.Off.Reads)
}

func TestAReadCanEndInsideACharacter(t *testing.T) {
	f := measure(t, lab.RunHangul)
	assert.Equal(t, []string{"안\xeb", "\x85\x95하세요"}, f.Pieces)
	assert.Equal(t, []bool{false, false}, f.Valid)
	assert.Equal(t, "안녕하세요", f.Joined)
}

func TestTwoTextFramesMayCutACharacterAndTheMessageComesWhole(t *testing.T) {
	f := measure(t, lab.RunHangul)
	assert.Equal(t, 2, f.Frames)
	assert.Equal(t, []bool{false, false}, f.FrameValid)
	assert.Equal(t, "안녕하세요", f.Message)
}

func TestEveryFramingKeepsMessagesWholeWhereverTheStreamIsCut(t *testing.T) {
	f := measure(t, lab.RunFramings)
	sent := []string{"hello, stream! ", "안녕하세요", "goodbye, bytes!"}
	runs := map[string]int{}
	for _, run := range f.Runs {
		runs[run.Codec]++
		name := fmt.Sprintf("%s, %d bytes a write, %d reads", run.Codec, run.Cut, run.Reads)
		if run.Codec == "raw" {
			assert.NotEqual(t, sent, run.Got, name)
		} else {
			assert.Equal(t, sent, run.Got, name)
		}
		switch run.Cut {
		case 0:
			assert.Equal(t, 1, run.Reads, name)
		case 1:
			assert.GreaterOrEqual(t, run.Reads, 45, name)
		}
	}
	assert.Equal(t, map[string]int{"raw": 5, "lines": 5, "fixed=15": 5, "length": 5, "websocket": 5}, runs)
}

func TestEveryFramingKeepsTheContractAndRawDoesNot(t *testing.T) {
	client, server := framing.WebSocket{Side: framing.ClientSide}, framing.WebSocket{Side: framing.ServerSide}
	assert.NoError(t, framingtest.TestCodec(framing.Lines{}))
	assert.NoError(t, framingtest.TestCodec(framing.Fixed(16)))
	assert.NoError(t, framingtest.TestCodec(framing.LengthPrefix{}))
	assert.NoError(t, framingtest.TestPair(client, server))
	assert.NoError(t, framingtest.TestPair(server, client))
	assert.Error(t, framingtest.TestCodec(framing.Raw{}))
}

func TestANewBufioReaderForEveryMessageLosesData(t *testing.T) {
	f := measure(t, lab.RunBufio)
	assert.Equal(t, []string{"hello"}, f.Fresh)
	assert.Equal(t, "EOF", f.FreshErr, "the loss is silent")
	assert.Equal(t, 30, f.Lost)
	assert.Equal(t, []string{"hello", "안녕하세요", "goodbye, TCP!"}, f.Kept)
}

func TestTheListeningAndTheAcceptedSocketAreTwo(t *testing.T) {
	f := measure(t, lab.RunTwoSockets)
	assert.NotEqual(t, f.Before.FD, f.Accepted.FD)
	assert.Equal(t, f.Before.FD, f.After.FD)
	assert.True(t, f.After.Listening)
	assert.Equal(t, sock.StateListen, f.After.State)
	assert.False(t, f.Accepted.Listening)
	assert.Equal(t, sock.StateEstablished, f.Accepted.State)
	assert.Equal(t, f.After.Local, f.Accepted.Local, "both have the same address and port")
	assert.Equal(t, f.Client.Local, f.Accepted.Remote)
	assert.False(t, f.After.Remote.IsValid(), "the listening socket has no other end")
}

func TestConnectAndWriteSucceedBeforeAcceptUntilTheBacklogIsFull(t *testing.T) {
	f := measure(t, lab.RunBacklog)
	assert.Equal(t, 1, f.Limit)
	assert.Equal(t, 2, f.Connected, "Linux lets one more in than the limit says")
	assert.Equal(t, 2, f.Queued)
	assert.Equal(t, sock.StateSynSent, f.NextState, "the third waits")
	assert.Equal(t, "client 1 was here", f.Accepted, "it was written before accept was called")
	assert.True(t, f.Then, "the third connects once there is room")
}

func TestAHalfClosedConnectionStillAnswers(t *testing.T) {
	f := measure(t, lab.RunHalfClose)
	assert.Equal(t, "hello안녕하세요goodbye, TCP!", f.Request)
	assert.Equal(t, sock.StateFinWait2, f.ClientState)
	assert.Equal(t, sock.StateCloseWait, f.ServerState)
	assert.Equal(t, "HELLO안녕하세요GOODBYE, TCP!", f.Answer)
}

func TestTheFirstWriteAfterThePeersCloseSucceedsAndTheSecondFails(t *testing.T) {
	f := measure(t, lab.RunBrokenPipe)
	assert.Equal(t, sock.StateCloseWait, f.PeerClosed)
	assert.Equal(t, "", f.First)
	assert.Equal(t, 5, f.FirstBytes)
	assert.Equal(t, sock.StateClose, f.AfterFirst)
	assert.True(t, f.SecondEPIPE, f.Second)
}

func TestCloseWithUnreadInputResetsTheOtherSide(t *testing.T) {
	f := measure(t, lab.RunReset)
	assert.Equal(t, 7, f.Unread)
	assert.Equal(t, "answer", f.Queued, "what had arrived before can be read")
	assert.True(t, f.WasReset, f.Then)
	assert.Equal(t, "EOF", f.CleanThen, "nothing unread: the stream just ends")
}

func TestNobodyListeningIsKnownAtOnce(t *testing.T) {
	f := measure(t, lab.RunRefused)
	assert.True(t, f.Refused, f.Error)
}

func TestUDPKeepsBoundariesAndNothingElse(t *testing.T) {
	f := measure(t, lab.RunUDP)
	assert.Equal(t, []int{5, 15, 13, 0}, f.Sent)
	assert.Equal(t, f.Sent, f.Read, "one read, one datagram")
	assert.Equal(t, "hell", f.Short)
	assert.Equal(t, "next", f.AfterIt, "the rest of the short one is gone")
	assert.Less(t, f.Survived, f.Flood, "a receiver that does not read loses them")
	assert.Positive(t, f.Survived)
	assert.Empty(t, f.ToNobody, "a write to nobody succeeds")
}

// The programs as processes.

// clientResult is the last line of tcpclient -json.
type clientResult struct {
	Ev               string `json:"ev"`
	OK               bool   `json:"ok"`
	MessagesSent     int    `json:"messages_sent"`
	MessagesReceived int    `json:"messages_received"`
	Writes           int    `json:"writes"`
	Reads            int    `json:"reads"`
	BytesSent        int64  `json:"bytes_sent"`
	BytesReceived    int64  `json:"bytes_received"`
}

func resultOf(t *testing.T, out proc.Output) clientResult {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out.Stdout), "\n")
	var r clientResult
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &r), "%s%s", out.Stdout, out.Stderr)
	require.Equal(t, "result", r.Ev)
	return r
}

// codecs are the ways in which the programs mark messages.
var codecs = []string{"raw", "lines", "fixed=16", "length"}

func TestTheProgramsGiveEveryMessageBack(t *testing.T) {
	for _, codec := range codecs {
		server := proc.StartServer(t, "tcpserver", "-codec", codec)
		for _, how := range [][]string{nil, {"-chunk", "1"}, {"-chunk", "7"}, {"-glue"}, {"-nodelay=false"}, {"-read", "4"}} {
			out := proc.Run(t, "tcpclient", append([]string{"-addr", server.Addr, "-codec", codec, "-json"}, how...)...)
			r := resultOf(t, out)
			require.Equal(t, 0, out.Status, "%s %v: %s", codec, how, out.Stderr)
			assert.True(t, r.OK)
			assert.Equal(t, 3, r.MessagesSent)
			assert.Equal(t, r.BytesSent, r.BytesReceived)
			switch {
			case codec != "raw":
				assert.Equal(t, 3, r.MessagesReceived, "%s %v", codec, how)
			case slices.Contains(how, "-read"):
				assert.Equal(t, 9, r.Reads, "33 bytes in reads of at most 4")
			default:
				assert.Equal(t, 1, r.MessagesReceived, "raw keeps no boundary, %v", how)
			}
			if slices.Contains(how, "-glue") {
				assert.Equal(t, 1, r.Writes)
			}
			if slices.Contains(how, "1") {
				assert.EqualValues(t, r.BytesSent, r.Writes)
			}
		}
		assert.Equal(t, 0, server.Stop().Status)
	}
}

func TestTheProgramsCarryThisRepositorysOwnFiles(t *testing.T) {
	for _, codec := range []string{"raw", "lines", "length"} {
		server := proc.StartServer(t, "tcpserver", "-codec", codec)
		for _, path := range sources(t) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			lines := bytes.Count(text, []byte("\n"))
			r := resultOf(t, proc.Run(t, "tcpclient", "-addr", server.Addr, "-codec", codec, "-file", path, "-json", "-quiet"))
			assert.True(t, r.OK, path)
			assert.Equal(t, lines, r.MessagesSent, path)
			if codec != "raw" {
				assert.Equal(t, lines, r.MessagesReceived, path)
			}
			overhead := map[string]int{"raw": 0, "lines": 1, "length": 4}[codec]
			assert.EqualValues(t, len(text)-lines+overhead*lines, r.BytesReceived, path)
		}
		assert.Equal(t, 0, server.Stop().Status)
	}
}

// sources are the programs' own files: Go, and what the README is written in.
func sources(t *testing.T) []string {
	var paths []string
	require.NoError(t, filepath.WalkDir(proc.Root(t), func(path string, d fs.DirEntry, err error) error {
		if d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if ext := filepath.Ext(path); err == nil && (ext == ".go" || ext == ".md") && !strings.HasSuffix(path, "_test.go") {
			paths = append(paths, path)
		}
		return err
	}))
	require.NotEmpty(t, paths)
	return paths
}

const many = 64 << 20

// random is a stream of the same n bytes for everybody.
func random(n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{1}), n)
}

func TestSixtyFourMiBComeBackThroughTheRawEcho(t *testing.T) {
	server := proc.StartServer(t, "tcpserver", "-quiet")
	conn := dial(t, server.Addr)
	sent := sha256.New()
	go func() {
		io.Copy(conn, io.TeeReader(random(many), sent))
		conn.CloseWrite()
	}()
	received := sha256.New()
	n, err := io.Copy(received, conn) // the end of the echo comes after the end of what was sent
	require.NoError(t, err)
	assert.EqualValues(t, many, n)
	assert.Equal(t, sent.Sum(nil), received.Sum(nil))
	assert.Equal(t, 0, server.Stop().Status)
}

func TestSixtyFourMiBComeBackThroughACodec(t *testing.T) {
	path := filepath.Join(t.TempDir(), "random")
	f, err := os.Create(path)
	require.NoError(t, err)
	_, err = io.Copy(f, random(many))
	require.NoError(t, err)
	require.NoError(t, f.Close())

	server := proc.StartServer(t, "tcpserver", "-quiet", "-codec", "length")
	r := resultOf(t, proc.Run(t, "tcpclient", "-addr", server.Addr, "-codec", "length", "-file", path, "-json", "-quiet"))
	assert.True(t, r.OK, "tcpclient compares every byte")
	assert.Greater(t, r.MessagesSent, 100_000)
	assert.Equal(t, r.MessagesSent, r.MessagesReceived)

	// The same once more with a client that shares no code with tcpclient.
	conn := dial(t, server.Addr)
	sent := sha256.New()
	go func() {
		defer conn.CloseWrite()
		in := io.TeeReader(random(many), sent)
		for msg := make([]byte, 4+10_000); ; {
			n, _ := io.ReadFull(in, msg[4:])
			binary.BigEndian.PutUint32(msg, uint32(n))
			if _, err := conn.Write(msg[:4+n]); n == 0 || err != nil {
				return
			}
		}
	}()
	received := sha256.New()
	for prefix := make([]byte, 4); ; {
		if _, err := io.ReadFull(conn, prefix); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		_, err := io.CopyN(received, conn, int64(binary.BigEndian.Uint32(prefix)))
		require.NoError(t, err)
	}
	assert.Equal(t, sent.Sum(nil), received.Sum(nil))
	assert.Equal(t, 0, server.Stop().Status)
}

func TestTwoHundredClientsAtOnce(t *testing.T) {
	server := proc.StartServer(t, "tcpserver", "-codec", "length")
	var clients []*proc.Process
	for i := range 200 {
		clients = append(clients, proc.Start(t, "tcpclient", nil,
			"-addr", server.Addr, "-codec", "length", "-json", "-quiet", "-message", fmt.Sprintf("client %d", i), "-message", "안녕하세요"))
	}
	for _, c := range clients {
		out := c.Wait()
		r := resultOf(t, out)
		assert.True(t, r.OK, out.Stderr)
		assert.Equal(t, 2, r.MessagesReceived)
	}
	out := server.Stop()
	assert.Equal(t, 0, out.Status)
	assert.Contains(t, out.Stdout, "stopped: 200 connections (0 failed, 0 refused)")
}

func TestAClientThatDiesHalfWayHarmsNobody(t *testing.T) {
	server := proc.StartServer(t, "tcpserver", "-codec", "lines")
	honest := dial(t, server.Addr)
	input, feed := pipe(t)
	dying := proc.Start(t, "tcpclient", input, "-addr", server.Addr, "-codec", "lines", "-chunk", "1000", "-file", "-", "-json")
	fmt.Fprintln(feed, strings.Repeat("x", 20_000)) // the line feed would be the first byte of the next chunk
	dying.AwaitLine(`"off":19000,"n":1000`)
	dying.Signal(syscall.SIGKILL)
	assert.Equal(t, -1, dying.Wait().Status)
	assert.Contains(t, server.AwaitLine("#2  error"), "the stream ended inside the message at offset 0")

	_, err := honest.Write([]byte("still here\n"))
	require.NoError(t, err)
	echo := make([]byte, 11)
	_, err = io.ReadFull(honest, echo)
	require.NoError(t, err)
	assert.Equal(t, "still here\n", string(echo))
	honest.Close()
	assert.Equal(t, 0, server.Stop().Status)
}

func TestGarbageEndsItsOwnConnectionWithAnExplanation(t *testing.T) {
	for codec, complaint := range map[string]string{
		"length":   "the message at offset 0, which began with \"\\xff\\xff",
		"lines":    "the message at offset 0",
		"fixed=16": "the stream ended inside the message at offset 0",
	} {
		server := proc.StartServer(t, "tcpserver", "-codec", codec, "-max-message", "100")
		conn := dial(t, server.Addr)
		garbage := bytes.Repeat([]byte{0xff}, 1000)
		if codec == "fixed=16" {
			garbage = garbage[:15]
		}
		_, err := conn.Write(garbage)
		require.NoError(t, err)
		require.NoError(t, conn.CloseWrite())
		echo, err := io.ReadAll(conn)
		assert.NoError(t, err, "the end of the stream, not a reset")
		assert.Empty(t, echo)
		r := resultOf(t, proc.Run(t, "tcpclient", "-addr", server.Addr, "-codec", codec, "-json", "-quiet"))
		assert.True(t, r.OK, "the next client is served")
		out := server.Stop()
		assert.Equal(t, 0, out.Status)
		unfolded := strings.Join(strings.Fields(out.Stdout), " ")
		assert.Contains(t, unfolded, "#1 error "+complaint, codec)
		assert.Contains(t, unfolded, "(1 failed, 0 refused)", codec)
	}
}

func TestAPortInUseIsExplained(t *testing.T) {
	server := proc.StartServer(t, "tcpserver")
	out := proc.Run(t, "tcpserver", "-addr", server.Addr)
	assert.Equal(t, 1, out.Status)
	assert.Contains(t, out.Stderr, server.Addr+" is in use already, probably by another tcpserver")
	assert.Contains(t, out.Stderr, "-addr")
}

func TestAnAbsentServerIsExplained(t *testing.T) {
	server := proc.StartServer(t, "tcpserver")
	server.Stop()
	out := proc.Run(t, "tcpclient", "-addr", server.Addr, "-quiet")
	assert.Equal(t, 1, out.Status)
	assert.Equal(t, 1, strings.Count(out.Stderr, "\n"), "one line: %s", out.Stderr)
	assert.Contains(t, out.Stderr, "nobody listens on "+server.Addr)
	assert.Contains(t, out.Stderr, "go run ./tcpserver")
}

func TestWrongFlagsEndWithStatusTwoAndAMessage(t *testing.T) {
	for _, args := range [][]string{
		{"tcpserver", "-codec", "morse"}, {"tcpserver", "-codec", "fixed=0"}, {"tcpserver", "-read", "0"},
		{"tcpserver", "-addr", "nowhere"}, {"tcpserver", "-max-conns", "-1"}, {"tcpserver", "-idle-timeout", "soon"},
		{"tcpserver", "stray"}, {"tcpserver", "-no-such-flag"},
		{"tcpclient", "-codec", "morse"}, {"tcpclient", "-chunk", "-1"}, {"tcpclient", "-glue", "-chunk", "3"},
		{"tcpclient", "-file", "README.md", "-message", "x"}, {"tcpclient", "-tour", "no-such-experiment"}, {"tcpclient", "stray"},
	} {
		out := proc.Run(t, args[0], args[1:]...)
		assert.Equal(t, 2, out.Status, args)
		assert.Contains(t, out.Stderr, args[0]+": ", args)
		assert.Contains(t, out.Stderr, args[0]+" -h", args)
		assert.Empty(t, out.Stdout, args)
	}
}

func TestInterruptEndsAServerCleanlyAndAClientWithStatus130(t *testing.T) {
	server := proc.StartServer(t, "tcpserver", "-codec", "length")
	input, feed := pipe(t)
	client := proc.Start(t, "tcpclient", input, "-addr", server.Addr, "-codec", "length", "-file", "-")
	fmt.Fprintln(feed, strings.Repeat("x", 20_000))
	client.AwaitLine("read ")
	client.Signal(os.Interrupt)
	out := client.Wait()
	assert.Equal(t, 130, out.Status, out.Stderr)
	assert.Contains(t, out.Stderr, "interrupted")

	conn := dial(t, server.Addr) // silent: nothing to finish
	server.AwaitLine("#2  accept")
	stopped := server.Stop()
	assert.Equal(t, 0, stopped.Status)
	assert.Contains(t, stopped.Stdout, "none had to be cut off")
	_, err := conn.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
}

func TestTheTourShowsEveryExperimentAndItsAnswer(t *testing.T) {
	out := proc.Run(t, "tcpclient", "-tour")
	assert.Equal(t, 0, out.Status)
	var names, questions []string
	answers := 0
	for line := range strings.Lines(out.Stdout) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "== "):
			names = append(names, strings.Fields(line)[4])
		case strings.HasPrefix(line, "Q: "):
			questions = append(questions, line[3:])
		case strings.HasPrefix(line, "A: "):
			answers++
		case strings.HasPrefix(line, "!"):
			assert.Fail(t, "a surprise in "+names[len(names)-1], line)
		}
	}
	for i, e := range lab.Experiments() {
		assert.Equal(t, e.Name, names[i])
		assert.Equal(t, e.Question, questions[i])
	}
	assert.Equal(t, len(lab.Experiments()), answers)
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// pipe is a standard input that stays open until the test is over.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	return r, w
}
