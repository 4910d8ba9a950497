package deflate

import (
	"fmt"
	"math/bits"
)

// A window keeps the last bytes of a direction for the next message to refer to. It takes memory as bytes come, at most
// twice what came and never more than its size.
type window struct {
	size int    // bytes that it keeps at most; 0: nothing is kept
	data []byte // the last bytes, oldest first
}

// newWindow returns the exponent that is meant, and the window that it takes.
func newWindow(exponent int, takeover bool) (int, window) {
	if exponent == 0 {
		exponent = MaxWindowBits
	}
	checkBits(exponent)
	if !takeover {
		return exponent, window{}
	}
	return exponent, window{size: 1 << exponent}
}

// checkBits panics for an exponent that nobody can have agreed on.
func checkBits(exponent int) {
	if exponent < MinWindowBits || exponent > MaxWindowBits {
		panic(fmt.Sprintf("deflate: the exponent of a window must be from %d to %d, not %d",
			MinWindowBits, MaxWindowBits, exponent))
	}
}

// keep remembers the end of b, which follows what came before.
func (w *window) keep(b []byte) {
	if w.size == 0 || len(b) == 0 {
		return
	}
	if len(b) > w.size {
		b = b[len(b)-w.size:]
	}
	if over := len(w.data) + len(b) - w.size; over > 0 {
		w.data = w.data[:copy(w.data, w.data[over:])]
	}
	if need := len(w.data) + len(b); need > cap(w.data) {
		// Powers of two, because append alone may take more than the size.
		grown := make([]byte, len(w.data), min(w.size, 1<<bits.Len(uint(need-1))))
		copy(grown, w.data)
		w.data = grown
	}
	w.data = append(w.data, b...)
}
