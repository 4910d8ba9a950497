//go:build !unix

package server

import "sync"

// newInput keeps a buffer for every connection: waiting without one needs a Unix.
func (c *conn) newInput() input { return newBuffered(c) }

func newChunks(int) *sync.Pool { return nil }
