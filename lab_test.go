// The lab's table of contents: what becomes of messages on a TCP stream and of WebSocket's frames on it, each sentence a
// test on real sockets. The programs as processes are tested in internal/proc.
package echolab_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/framing"
	"echolab/framing/framingtest"
	"echolab/internal/event"
	"echolab/internal/lab"
	"echolab/internal/labtest"
	"echolab/internal/sock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// measure runs an experiment for its measurements.
func measure[F lab.Finding](t *testing.T, run func(context.Context) (F, error)) F {
	t.Helper()
	found, err := run(labtest.Bounded(t))
	require.NoError(t, err)
	return found
}

// Chapter: Messages on a stream.

func TestRawReadsReturnWhateverArrivedAndGobwasReturnsTheMessages(t *testing.T) {
	f := measure(t, lab.RunContrast)
	sent := []string{"hello", "안녕하세요", "goodbye, TCP!"}
	require.Len(t, f.Ways, 3)
	apart, glued, cut := f.Ways[0], f.Ways[1], f.Ways[2]
	for _, way := range f.Ways {
		assert.Equal(t, sent, way.WebSocket.Got, way.How)
	}
	assert.Equal(t, sent, apart.Raw.Got, "by luck: each write was read before the next")
	assert.Equal(t, []string{"hello안녕하세요goodbye, TCP!"}, glued.Raw.Got)
	assert.Equal(t, []string{"hell", "o안", "녕\xed", "\x95\x98\xec\x84", "\xb8요", "good", "bye,", " TCP", "!"}, cut.Raw.Got)

	// Nothing but the framing differs: in each way, the same cuts arrived on both streams.
	for _, way := range f.Ways {
		assert.Equal(t, 33, way.Raw.Bytes, way.How)
		assert.Equal(t, 33+3*6, way.WebSocket.Bytes, "%s: a header and a mask for each message", way.How)
		assert.Len(t, way.Raw.Reads, way.Raw.Writes, way.How)
		assert.Len(t, way.WebSocket.Reads, way.WebSocket.Writes, way.How)
	}
	assert.Equal(t, []int{5, 15, 13}, apart.Raw.Reads)
	assert.Equal(t, []int{11, 21, 19}, apart.WebSocket.Reads)
	assert.Equal(t, []int{33}, glued.Raw.Reads)
	assert.Equal(t, []int{51}, glued.WebSocket.Reads)
	assert.Equal(t, append(slices.Repeat([]int{4}, 8), 1), cut.Raw.Reads)
	assert.Equal(t, append(slices.Repeat([]int{4}, 12), 3), cut.WebSocket.Reads)
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

// Chapter: Sockets.

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
	assert.Zero(t, f.Before, "nothing of the answer came before the server had read the end")
	assert.Equal(t, "HELLO안녕하세요GOODBYE, TCP!", f.Answer)
	assert.Equal(t, sock.StateClose, f.Ended, "with both streams the connection ends, and no socket was closed")
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

// Chapter: WebSocket.

func TestTheAcceptIsComputedFromTheKeyAndTwoOfThreeSamplesAreWrong(t *testing.T) {
	f := measure(t, lab.RunHandshake)
	assert.Equal(t, 24, f.Chars, "characters of the key")
	assert.Equal(t, 16, f.Random, "bytes that it stands for")
	assert.Equal(t, "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11", f.Joined)
	assert.Equal(t, "b37a4f2cc0624f1690f64606cf385945b2bec4ea", f.SHA1, "as in RFC 6455, 1.3")
	assert.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", f.Accept)
	assert.Equal(t, f.Accept, f.Answered, "by the server")
	require.Len(t, f.Samples, 3)
	assert.Equal(t, []int{13, -1, 16}, []int{f.Samples[0].Bytes, f.Samples[1].Bytes, f.Samples[2].Bytes})
	assert.Equal(t, []int{400, 400, 101}, []int{f.Samples[0].Status, f.Samples[1].Status, f.Samples[2].Status})
	assert.NotEqual(t, f.Samples[0].Printed, f.Samples[0].Accept, "it belongs to another key")
	assert.Equal(t, f.Samples[2].Printed, f.Samples[2].Accept)
}

func TestAFrameGluedToTheHandshakeIsLostWithTheReaderThatReadIt(t *testing.T) {
	f := measure(t, lab.RunGlued)
	assert.Equal(t, []string{"second"}, f.Dropped, "the loss is silent")
	assert.Equal(t, 7, f.Lost)
	assert.Equal(t, []string{"first", "second"}, f.Kept)
	assert.Contains(t, f.Torn, "close code 1002", "payload was taken for a header")
	assert.Equal(t, []string{"second"}, f.Upgrader, "glued to the request, it is lost the same way")
	assert.Equal(t, []string{"first", "second"}, f.Echo)
}

func TestFramesKeepMessagesWholeCutAtEveryByte(t *testing.T) {
	f := measure(t, lab.RunCuts)
	assert.Equal(t, []string{"hello", "안녕하세요", "goodbye, TCP!"}, f.Messages)
	assert.Equal(t, 63, f.Bytes)
	require.Len(t, f.Runs, 3)
	for i, want := range []struct{ times, writes, reads, frames int }{{62, 124, 124, 310}, {1, 63, 63, 5}, {1, 1, 21, 5}} {
		run := f.Runs[i]
		assert.Equal(t, want.times, run.Times, run.How)
		assert.Equal(t, want.writes, run.Writes, run.How)
		assert.Equal(t, want.reads, run.Reads, run.How)
		assert.Equal(t, want.frames, run.Frames, run.How)
		assert.Equal(t, want.times, run.Whole, run.How)
	}
}

func TestAFrameWithFINIsNotAWholeMessage(t *testing.T) {
	f := measure(t, lab.RunFragments)
	assert.Equal(t, []lab.Frame{
		{Opcode: 0x1, Payload: "one message "}, {Opcode: 0x9, Fin: true, Payload: "there?"},
		{Opcode: 0x0, Payload: "in three "}, {Opcode: 0x0, Fin: true, Payload: "frames"},
	}, f.Sent)
	assert.Equal(t, 2, f.WithFIN)
	assert.Equal(t, 0, f.WholeFIN)
	assert.Equal(t, 1, f.Messages)
	assert.Equal(t, []lab.Frame{{Opcode: 0xa, Fin: true, Payload: "there?"}}, f.Early, "the Pong, inside the message")
	assert.Equal(t, []lab.Frame{{Opcode: 0x1, Fin: true, Payload: "one message in three frames"}}, f.Late)
}

func TestAFrameIsNeitherASegmentNorARead(t *testing.T) {
	f := measure(t, lab.RunSegments)
	four := lab.Crossing{Frames: 4, Messages: 4, Writes: 1, Out: 1, In: 1, Reads: 1}
	one := lab.Crossing{Frames: 1, Messages: 1, Writes: 2, Out: 2, In: 2, Reads: 2}
	if runtime.GOOS != "linux" { // only Linux counts segments
		four.Out, four.In, one.Out, one.In = -1, -1, -1, -1
	}
	assert.Equal(t, four, f.Four)
	assert.Equal(t, one, f.One)
}

func TestMaskingIsRequiredAndHidesNothing(t *testing.T) {
	f := measure(t, lab.RunMasking)
	assert.Equal(t, "810548656c6c6f", f.Unmasked, "RFC 6455, 5.7, but from a client")
	assert.Equal(t, 1002, f.Code)
	assert.Contains(t, f.Reason, "must mask")
	require.Len(t, f.Captured, 2)
	assert.NotEqual(t, f.Captured[0], f.Captured[1], "a fresh key for each frame")
	for i, frame := range f.Captured {
		assert.Equal(t, f.Keys[i], frame[4:12], "the key is in the frame")
		assert.NotContains(t, frame, hex.EncodeToString([]byte("my password")))
	}
	assert.Equal(t, []string{"my password", "my password"}, f.Read, "by nothing but the frame's bytes")
}

func TestTwoWritersMixTheirFramesAndALockOrOneWriteKeepsThemApart(t *testing.T) {
	f := measure(t, lab.RunWriters)
	assert.Equal(t, 4, f.Writes, "gobwas/ws writes a header and a payload by themselves")
	assert.Equal(t, []string{"\x82\x10from goroutine"}, f.Mixed, "B's header is in A's payload")
	assert.Contains(t, f.MixedErr, "RSV2", "and the rest of A's payload was taken for a header")
	assert.True(t, f.Waited)
	assert.Equal(t, []string{"from goroutine A", "from goroutine B"}, f.Locked)
	assert.Equal(t, 40, f.Large)
	assert.Equal(t, f.Large, f.Whole)
}

func TestBothEndsMaySpeakFirst(t *testing.T) {
	f := measure(t, lab.RunDuplex)
	assert.Equal(t, 23, f.AtServer, "unread bytes, as the kernel has it")
	assert.Equal(t, 19, f.AtClient, "before either had read")
	assert.Equal(t, "the client speaks", f.Server)
	assert.Equal(t, "the server speaks", f.Client)
}

func TestWhoClosesTCPFirstKeepsTimeWaitWhoeverSentTheFirstClose(t *testing.T) {
	f := measure(t, lab.RunClosing)
	assert.Equal(t, runtime.GOOS == "linux", f.Told, "only Linux lists them")
	at := func(side event.Side) event.Side {
		if !f.Told {
			return ""
		}
		return side
	}
	assert.Equal(t, []lab.ClosingRun{
		{CloseBy: event.Client, TCPBy: event.Server, Code: 1000, Answer: 1000, TimeWait: at(event.Server)},
		{CloseBy: event.Client, TCPBy: event.Client, Code: 1000, Answer: 1000, TimeWait: at(event.Client)},
		{CloseBy: event.Server, TCPBy: event.Server, Code: 1000, Answer: 1000, TimeWait: at(event.Server)},
		{CloseBy: event.Server, TCPBy: event.Client, Code: 1000, Answer: 1000, TimeWait: at(event.Client)},
	}, f.Runs)
}

func Test1006IsNeverOnTheWire(t *testing.T) {
	f := measure(t, lab.RunClosing)
	assert.Equal(t, 0, f.AbruptBytes, "an end without a Close brings nothing")
	assert.Equal(t, "EOF", f.AbruptEnd)
	assert.Equal(t, 1006, f.Sent)
	assert.Equal(t, 1002, f.Code, "a Close that carries it is refused")
}

func TestAFrameCostsAFewBytesAndAnHTTPRequestMoreThanAHundred(t *testing.T) {
	f := measure(t, lab.RunOverhead)
	assert.Equal(t, 11, f.Size)
	assert.Equal(t, 11+2+4, f.WebSocket.Out, "a header and a mask")
	assert.Equal(t, 11+2, f.WebSocket.In, "a header")
	assert.Greater(t, f.HTTP.Out, 100)
	assert.Greater(t, f.HTTP.In, 100)
	assert.Equal(t, 1, f.WebSocket.Conns)
	assert.Equal(t, 1, f.HTTP.Conns, "kept alive")
	assert.Equal(t, 2, f.EvenAt(), "the handshake pays with the second message")
}
