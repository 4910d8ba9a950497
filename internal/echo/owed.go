package echo

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"echolab/internal/trace"
)

// owed is the queue of messages that were sent and not echoed yet. The sender adds, the receiver takes; the sender
// waits while there is too much in it, so that memory is bounded however long the stream is.
type owed struct {
	mu        sync.Mutex
	room      sync.Cond
	bytes     bytes.Buffer // the messages, one behind the other
	framed    bool         // lengths are kept
	lengths   []int        // of the messages that lie in bytes
	limit     int
	finished  bool // the sender adds no more
	abandoned bool // the receiver takes no more
}

func newOwed(limit int, framed bool) *owed {
	q := &owed{limit: limit, framed: framed}
	q.room.L = &q.mu
	return q
}

// lengthSize is what a length counts against the limit, so that empty messages cannot pile up either.
const lengthSize = 8

func (q *owed) size() int { return q.bytes.Len() + lengthSize*len(q.lengths) }

// add puts a message behind the others, after it has waited for room.
func (q *owed) add(msg []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.size() > 0 && q.size()+len(msg) > q.limit && !q.abandoned {
		q.room.Wait()
	}
	q.bytes.Write(msg)
	if q.framed {
		q.lengths = append(q.lengths, len(msg))
	}
}

// abandon lets the sender go on: nothing will be taken any more.
func (q *owed) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.abandoned = true
	q.room.Broadcast()
}

// finish says that nothing will be added any more.
func (q *owed) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.finished = true
}

// due says whether the server has something to send: an echo, or its end of the stream.
func (q *owed) due() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.finished || q.size() > 0
}

// left is how many messages, if they are kept, and how many bytes are owed.
func (q *owed) left() (messages, size int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.lengths), q.bytes.Len()
}

var errNothingOwed = errors.New("the server sent more than it got")

// takeMessage takes the next message and compares it with msg.
func (q *owed) takeMessage(msg []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lengths) == 0 {
		return errNothingOwed
	}
	n := q.lengths[0]
	q.lengths = q.lengths[1:]
	if n != len(msg) {
		return fmt.Errorf("it has %s, and was sent with %s", trace.Bytes(int64(len(msg))), trace.Bytes(int64(n)))
	}
	return q.take(msg)
}

// takeBytes takes as many bytes as msg has, and compares them.
func (q *owed) takeBytes(msg []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes.Len() < len(msg) {
		return errNothingOwed
	}
	return q.take(msg)
}

func (q *owed) take(msg []byte) error {
	sent := q.bytes.Next(len(msg))
	q.room.Broadcast()
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
