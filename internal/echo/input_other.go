//go:build !unix

package echo

// newInput keeps a buffer for every connection: waiting without one needs a Unix.
func (c *conn) newInput() input { return newBuffered(c) }
