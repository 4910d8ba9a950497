package framingtest_test

import (
	"bytes"
	"sync"
)

// A shared is the memory that a broken codec uses for all its connections. It has a lock, so that the race detector
// is content and the suite must see the fault by the bytes alone.
type shared struct {
	mu  sync.Mutex
	mem []byte
	n   int
}

func newShared(size int) *shared { return &shared{mem: make([]byte, size), n: min(size, 64)} }

// put copies b in, and returns the copy: a view, which the next put changes.
func (s *shared) put(b []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n = copy(s.mem, b)
	return s.mem[:s.n]
}

func (s *shared) set(i int, b byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mem[i] = b
}

func (s *shared) get() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.mem[:s.n])
}
