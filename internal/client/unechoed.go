package client

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"echolab/internal/text"
)

// A queue keeps messages in little more memory than they take.
type queue struct {
	bytes   bytes.Buffer // the messages, one after the other
	lengths bytes.Buffer // of each, as a varint
	n       int          // how many these are
}

func (q *queue) push(msg []byte) {
	q.bytes.Write(msg)
	q.lengths.Write(binary.AppendUvarint(q.lengths.AvailableBuffer(), uint64(len(msg))))
	q.n++
}

// pop takes the first of at least one message. It is valid until the next push.
func (q *queue) pop() []byte {
	q.n--
	n, _ := binary.ReadUvarint(&q.lengths) // one for each message
	return q.bytes.Next(int(n))
}

// size is at most twice what the messages take on the wire, where each takes a byte or more; the lengths count too, so
// that empty messages cannot pile up either.
func (q *queue) size() int { return q.bytes.Len() + q.lengths.Len() }

// unechoed is the queue of messages that were sent and not echoed yet. The sender adds, the receiver takes; the sender
// waits while there is too much in it, so that memory is bounded however long the stream is.
type unechoed struct {
	mu        sync.Mutex
	room      sync.Cond
	queue     queue // without messages if these are raw bytes: then it has no lengths
	framed    bool
	limit     int
	held      bool // the sender has not written all that it added
	finished  bool // the sender adds no more
	abandoned bool // the receiver takes no more
}

func newUnechoed(limit int, framed bool) *unechoed {
	q := &unechoed{limit: limit, framed: framed}
	q.room.L = &q.mu
	return q
}

// add puts a message after the others, after it has waited for room.
func (q *unechoed) add(msg []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = false
	for q.queue.size() > 0 && q.queue.size()+len(msg) > q.limit && !q.abandoned {
		q.room.Wait()
	}
	if q.framed {
		q.queue.push(msg)
	} else {
		q.queue.bytes.Write(msg)
	}
}

// hold says that the sender waits for its input with something added and not written.
func (q *unechoed) hold() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = true
}

// abandon lets the sender go on: nothing will be taken any more.
func (q *unechoed) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.abandoned = true
	q.room.Broadcast()
}

// finish says that nothing will be added any more.
func (q *unechoed) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.finished = true
}

// ended says whether the sender adds no more.
func (q *unechoed) ended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.finished
}

// due says whether the server has something to send: an echo, or its end of the stream.
func (q *unechoed) due() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.finished || q.queue.size() > 0 && !q.held
}

// left is how many messages, if they are kept, and how many bytes were not echoed yet.
func (q *unechoed) left() (messages, size int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.queue.n, q.queue.bytes.Len()
}

var errMoreThanSent = errors.New("the server sent more than it got")

// takeMessage takes the next message and compares it with msg.
func (q *unechoed) takeMessage(msg []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queue.n == 0 {
		return errMoreThanSent
	}
	sent := q.queue.pop()
	q.room.Broadcast()
	if len(sent) != len(msg) {
		return fmt.Errorf("it has %s, and was sent with %s", text.Bytes(int64(len(msg))), text.Bytes(int64(len(sent))))
	}
	return compare(msg, sent)
}

// takeBytes takes as many bytes as msg has, and compares them.
func (q *unechoed) takeBytes(msg []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queue.bytes.Len() < len(msg) {
		return errMoreThanSent
	}
	sent := q.queue.bytes.Next(len(msg))
	q.room.Broadcast()
	return compare(msg, sent)
}

// compare says where two messages of the same length differ.
func compare(msg, sent []byte) error {
	if bytes.Equal(sent, msg) {
		return nil
	}
	for i := range msg {
		if msg[i] != sent[i] {
			return fmt.Errorf("its byte %d is %#02x, and was sent as %#02x", i, msg[i], sent[i])
		}
	}
	return nil
}
