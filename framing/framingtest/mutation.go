package framingtest

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
)

// headerRoom is how many of a frame's first bytes are forged, each and together: lengths are there.
const headerRoom = 16

// mutations are forgeries of a frame, each with a few words about it.
func mutations(frame []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, each := range []func([]byte, func(string, []byte) bool) bool{
			singleBytes, runs, insertions, randomTails,
		} {
			if !each(frame, yield) {
				return
			}
		}
	}
}

// singleBytes sets one byte; the later ones first, which in most lengths are the smaller ones.
func singleBytes(frame []byte, yield func(string, []byte) bool) bool {
	for i := min(len(frame), headerRoom) - 1; i >= 0; i-- {
		for _, b := range []byte{0x00, 0x7f, 0x80, 0xff, '0', '9', '-', '\n'} {
			data := bytes.Clone(frame)
			data[i] = b
			if !yield(fmt.Sprintf("byte %d set to %#02x", i, b), data) {
				return false
			}
		}
	}
	return true
}

// runs sets several bytes: the largest length in binary or in digits, with and without a sign.
func runs(frame []byte, yield func(string, []byte) bool) bool {
	n := min(len(frame), headerRoom)
	for i := range n {
		for j := i + 2; j <= n; j++ {
			for _, pattern := range [][2]byte{{0xff, 0xff}, {0x7f, 0xff}, {0x80, 0x00}, {'9', '9'}, {'-', '9'}} {
				data := bytes.Clone(frame)
				data[i] = pattern[0]
				fill(data[i+1:j], pattern[1])
				if !yield(fmt.Sprintf("bytes %d to %d set to % x", i, j-1, data[i:j]), data) {
					return false
				}
			}
		}
	}
	return true
}

// insertions puts digits between: a length in decimal grows.
func insertions(frame []byte, yield func(string, []byte) bool) bool {
	for i := range min(len(frame), headerRoom) + 1 {
		for _, n := range []int{1, 9, 19, 40} {
			data := slices.Insert(bytes.Clone(frame), i, bytes.Repeat([]byte{'9'}, n)...)
			if !yield(fmt.Sprintf("%s inserted before byte %d", count(n, "digit"), i), data) {
				return false
			}
		}
	}
	return true
}

// randomTails keeps a frame's beginning and replaces the rest.
func randomTails(frame []byte, yield func(string, []byte) bool) bool {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range min(len(frame), headerRoom) + 1 {
		for range 8 {
			tail := generate(24, func(int) byte { return byte(rng.Uint32()) })
			if !yield(fmt.Sprintf("random bytes from byte %d: % x", i, tail), slices.Concat(frame[:i], tail)) {
				return false
			}
		}
	}
	return true
}
