//go:build !unix

package echo

import "sync"

// newInput keeps a buffer for every connection: waiting without one needs a Unix.
func (c *conn) newInput() input { return newBuffered(c) }

func newChunks(int) *sync.Pool { return nil }
