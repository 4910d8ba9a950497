package deflate_test

import (
	"errors"
)

// A naive inflater is the slow twin of the library's: one bit at a time, written down as RFC 1951 has it. It knows how
// far back the references went.
type naive struct {
	data     []byte
	bit      int    // the next bit of data
	past     []byte // what came before this message, and then the message
	length   int    // bytes of the message
	payload  int    // of data, the bytes that are the payload
	max      int
	farthest int // the longest distance
}

var (
	errCorrupt = errors.New("corrupt")
	errOver    = errors.New("over the limit")
)

// naiveInflate inflates a payload after which 00 00 ff ff and an empty final block are put, as the Reader does.
func naiveInflate(payload, past []byte, max int) (msg []byte, farthest int, err error) {
	data := append(append([]byte{}, payload...), 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff)
	n := &naive{data: data, payload: len(payload), past: append([]byte{}, past...), max: max}
	defer func() {
		farthest = n.farthest
		if trouble := recover(); trouble != nil {
			known, ok := trouble.(error)
			if !ok || known != errCorrupt && known != errOver {
				panic(trouble)
			}
			err = known
		}
		msg = n.past[len(n.past)-n.length:]
	}()
	for finals := 0; finals < 16+len(payload)/64; finals++ {
		for !n.block() {
		}
		n.bit = (n.bit + 7) / 8 * 8
		switch n.bit/8 - len(payload) {
		case 0, 4, 9:
			return nil, 0, nil
		}
		if n.bit/8 > len(payload) {
			panic(errCorrupt)
		}
	}
	panic(errCorrupt)
}

func (n *naive) bits(count int) (v int) {
	for i := range count {
		if n.bit == 8*len(n.data) {
			panic(errCorrupt)
		}
		v |= int(n.data[n.bit/8]>>(n.bit%8)&1) << i
		n.bit++
	}
	return v
}

func (n *naive) put(b byte) {
	if n.length == n.max {
		panic(errOver)
	}
	n.past = append(n.past, b)
	n.length++
}

// block says whether the block called itself final.
func (n *naive) block() bool {
	final := n.bits(1) == 1
	switch n.bits(2) {
	case 0:
		n.bit = (n.bit + 7) / 8 * 8
		left := n.payload - n.bit/8
		length := n.bits(16)
		if n.bits(16) != length^0xffff {
			panic(errCorrupt)
		}
		for i := range length {
			if i == max(0, left-4) { // none of the bytes after the payload
				panic(errCorrupt)
			}
			n.put(byte(n.bits(8)))
		}
	case 1:
		lit, dist := make([]int, 288), make([]int, 32)
		for i := range lit {
			lit[i] = 8
			if i >= 144 && i < 256 {
				lit[i] = 9
			} else if i >= 256 && i < 280 {
				lit[i] = 7
			}
		}
		for i := range dist {
			dist[i] = 5
		}
		n.symbols(newCode(lit), newCode(dist))
	case 2:
		n.symbols(n.codes())
	default:
		panic(errCorrupt)
	}
	return final
}

// A code maps a length and the bits of a code to its symbol.
type code map[[2]int]int

func newCode(lengths []int) code {
	c, next, longest, used := make(code), 0, 0, 0
	for length := 1; length <= 15; length++ {
		for symbol, l := range lengths {
			if l == length {
				c[[2]int{length, next}] = symbol
				next++
				used++
				longest = length
			}
		}
		if next > 1<<length {
			panic(errCorrupt)
		}
		if length < 15 {
			next <<= 1
		}
	}
	if next != 1<<15 && used > 0 && !(used == 1 && longest == 1) {
		panic(errCorrupt)
	}
	return c
}

func (n *naive) symbol(c code) int {
	bits := 0
	for length := 1; length <= 15; length++ {
		bits = bits<<1 | n.bits(1)
		if symbol, ok := c[[2]int{length, bits}]; ok {
			return symbol
		}
	}
	panic(errCorrupt)
}

func (n *naive) codes() (lit, dist code) {
	lits, dists, runs := n.bits(5)+257, n.bits(5)+1, n.bits(4)+4
	if lits > 286 || dists > 30 {
		panic(errCorrupt)
	}
	order := []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	runLengths := make([]int, 19)
	for _, symbol := range order[:runs] {
		runLengths[symbol] = n.bits(3)
	}
	run := newCode(runLengths)
	var lengths []int
	for len(lengths) < lits+dists {
		symbol, repeat, length := n.symbol(run), 1, 0
		switch {
		case symbol < 16:
			length = symbol
		case symbol == 16 && len(lengths) == 0:
			panic(errCorrupt)
		case symbol == 16:
			repeat, length = 3+n.bits(2), lengths[len(lengths)-1]
		case symbol == 17:
			repeat = 3 + n.bits(3)
		case symbol == 18:
			repeat = 11 + n.bits(7)
		}
		for range repeat {
			lengths = append(lengths, length)
		}
	}
	if len(lengths) > lits+dists {
		panic(errCorrupt)
	}
	return newCode(lengths[:lits]), newCode(lengths[lits:])
}

var (
	lengthBases = []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
		195, 227, 258}
	lengthBits    = []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBases = []int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
		3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceBits = []int{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

func (n *naive) symbols(lit, dist code) {
	for {
		symbol := n.symbol(lit)
		switch {
		case symbol < 256:
			n.put(byte(symbol))
			continue
		case symbol == 256:
			return
		case symbol > 285:
			panic(errCorrupt)
		}
		length := lengthBases[symbol-257] + n.bits(lengthBits[symbol-257])
		if symbol = n.symbol(dist); symbol > 29 {
			panic(errCorrupt)
		}
		distance := distanceBases[symbol] + n.bits(distanceBits[symbol])
		if distance > len(n.past) {
			panic(errCorrupt)
		}
		n.farthest = max(n.farthest, distance)
		for range length {
			n.put(n.past[len(n.past)-distance])
		}
	}
}
