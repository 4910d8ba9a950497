package lab

import (
	"bytes"
	"context"
	"fmt"
	"net"

	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// ThreeWrites is what became of three messages, written one by one and read when all had come.
type ThreeWrites struct {
	Messages int    `json:"messages"`
	Writes   int    `json:"writes"`
	Unread   int    `json:"unread"`  // bytes in the receive queue before the first read, as the kernel has it
	Reads    []int  `json:"reads"`   // bytes that each read returned
	First    string `json:"first"`   // what the first read returned
	NoDelay  bool   `json:"nodelay"` // TCP_NODELAY of the writing socket, as the kernel has it

	stream *streammap.Map
}

// RunThreeWrites writes three messages, waits until all of them lie in the receive queue, and reads.
func RunThreeWrites(ctx context.Context) (f ThreeWrites, err error) {
	defer caught(&err)
	return threeWrites(ctx, true), nil
}

func threeWrites(ctx context.Context, nodelay bool) (f ThreeWrites) {
	p := newPair(ctx)
	defer p.close()
	check(p.client.Conn.Conn.(*net.TCPConn).SetNoDelay(nodelay))
	f.NoDelay = must(sock.Inspect(p.client)).NoDelay
	messages := Samples()
	p.client.send(messages...)
	total := len(join(messages))
	check(sock.AwaitUnread(ctx, p.server, total))
	f.Unread = must(sock.Unread(p.server))
	reads := p.server.readAll(total, 4096)
	f.stream = p.client.out()
	f.Messages, f.Writes = len(messages), f.stream.Row(streammap.Writes).Count
	f.Reads, f.First = sizes(reads), string(reads[0])
	return f
}

func (f ThreeWrites) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("The client sent %d messages in %d writes; the server had read nothing yet.", f.Messages, f.Writes),
			fmt.Sprintf("The server's kernel held %d bytes: one queue, with nothing in it to mark where a message ends.", f.Unread),
			fmt.Sprintf("Then the server read: %s.", bytesOf(f.Reads)),
		},
		Maps: []*streammap.Map{f.stream},
		Answer: fmt.Sprintf("%s: %q. A stream carries bytes and no boundaries: the receiver cannot tell in how many writes they were sent.",
			text.Count(len(f.Reads), "read, which returned", "reads, the first of which returned"), f.First),
	}
	r.expect(len(f.Reads) == 1, "one read did not return everything that had come")
	r.expect(f.Writes == 3, "there were not three writes")
	return r
}

// OneWrite is what became of one message, written with one write: a small one read with a small buffer, and a large
// one read with a large buffer.
type OneWrite struct {
	SmallMessage int   `json:"small_message"` // bytes
	SmallBuffer  int   `json:"small_buffer"`
	Small        []int `json:"small_reads"` // bytes that each read returned
	SmallWrites  int   `json:"small_writes"`

	LargeMessage int `json:"large_message"`
	LargeBuffer  int `json:"large_buffer"`
	LargeReads   int `json:"large_reads"`
	LargeWrites  int `json:"large_writes"`

	small, large *streammap.Map
}

// RunOneWrite writes 33 bytes and reads them 8 at a time; then it writes 1 MiB and reads it 64 KiB at a time.
func RunOneWrite(ctx context.Context) (f OneWrite, err error) {
	defer caught(&err)
	sentence := join(Samples())
	f = OneWrite{SmallMessage: len(sentence), SmallBuffer: 8, LargeMessage: 1 << 20, LargeBuffer: 64 << 10}
	f.Small, f.small = oneWrite(ctx, sentence, f.SmallBuffer)
	message := bytes.Repeat(sentence, f.LargeMessage/len(sentence)+1)[:f.LargeMessage]
	large, stream := oneWrite(ctx, message, f.LargeBuffer)
	f.LargeReads, f.large = len(large), stream
	f.SmallWrites, f.LargeWrites = f.small.Row(streammap.Writes).Count, f.large.Row(streammap.Writes).Count
	return f, nil
}

// oneWrite writes and reads at once: a large message has no room in the queues.
func oneWrite(ctx context.Context, msg []byte, size int) (reads []int, stream *streammap.Map) {
	p := newPair(ctx)
	defer p.close()
	together(
		func() { p.client.send(msg) },
		func() { reads = sizes(p.server.readAll(len(msg), size)) })
	return reads, p.client.out()
}

func (f OneWrite) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("The client wrote %s in %s; the server read with a buffer of %d bytes: %s.",
				text.Bytes(int64(f.SmallMessage)), text.Count(f.SmallWrites, "write", "writes"), f.SmallBuffer, bytesOf(f.Small)),
			fmt.Sprintf("The client wrote %s in %s; the server read with a buffer of %s: %s.",
				text.Bytes(int64(f.LargeMessage)), text.Count(f.LargeWrites, "write", "writes"),
				text.Bytes(int64(f.LargeBuffer)), text.Count(f.LargeReads, "read", "reads")),
		},
		Maps: []*streammap.Map{f.small, f.large},
		Answer: fmt.Sprintf("No. It took %d reads, and %d for the large one. A read returns what has arrived, up to the size of its "+
			"buffer. To get more, keep reading, as io.ReadFull does.",
			len(f.Small), f.LargeReads),
	}
	r.expect(len(f.Small) == 5, "33 bytes did not come in 5 reads of at most 8")
	r.expect(f.LargeReads >= f.LargeMessage/f.LargeBuffer, "fewer reads than the buffer allows")
	r.expect(f.SmallWrites == 1 && f.LargeWrites == 1, "a message took more than one write")
	return r
}

// NoDelay is ThreeWrites with TCP_NODELAY on, and with it off.
type NoDelay struct {
	On  ThreeWrites `json:"on"`
	Off ThreeWrites `json:"off"`
}

// RunNoDelay runs ThreeWrites twice.
func RunNoDelay(ctx context.Context) (f NoDelay, err error) {
	defer caught(&err)
	return NoDelay{threeWrites(ctx, true), threeWrites(ctx, false)}, nil
}

func (f NoDelay) Report() Report {
	step := func(w ThreeWrites) string {
		state := "off"
		if w.NoDelay {
			state = "on (what Go sets)"
		}
		return fmt.Sprintf("TCP_NODELAY %s: %d messages, %d writes; %s.", state, w.Messages, w.Writes, bytesOf(w.Reads))
	}
	r := Report{
		Steps: []string{step(f.On), step(f.Off)},
		Maps:  []*streammap.Map{f.On.stream},
		Answer: "No: with it on and with it off, one read returned all that had arrived. The option decides when a write " +
			"is sent, not what a read returns: the receiver's queue has no boundaries to keep.",
	}
	r.expect(f.On.NoDelay && !f.Off.NoDelay, "the option is not what was set")
	r.expect(len(f.On.Reads) == 1 && len(f.Off.Reads) == 1, "the reads differ with the option")
	return r
}
