package framingtest

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
)

// headerRoom is how many of a frame's first bytes are forged, each and together: lengths are there.
const headerRoom = 16

// mutations are forgeries of a frame, each with a few words about it.
func mutations(frame []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, each := range []func([]byte, func(string, []byte) bool) bool{
			singleBytes, runs, insertions, deletions, varints, randomTails,
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

// deletions takes a byte away, or has it twice.
func deletions(frame []byte, yield func(string, []byte) bool) bool {
	for i := range frame {
		if !yield(fmt.Sprintf("byte %d left out", i), slices.Delete(bytes.Clone(frame), i, i+1)) ||
			!yield(fmt.Sprintf("byte %d twice", i), slices.Insert(bytes.Clone(frame), i, frame[i])) {
			return false
		}
	}
	return true
}

// varints puts the largest length in groups of seven bits between.
func varints(frame []byte, yield func(string, []byte) bool) bool {
	largest := append(bytes.Repeat([]byte{0xff}, 9), 1)
	for i := range min(len(frame), headerRoom) + 1 {
		data := slices.Insert(bytes.Clone(frame), i, largest...)
		if !yield(fmt.Sprintf("% x inserted before byte %d", largest, i), data) {
			return false
		}
	}
	return true
}

// digits are forgeries of a stream in which lengths are written in digits, wherever one is.
func digits(stream []byte, yield func(string, []byte) bool) bool {
	found := 0
	for i := 0; i < len(stream) && found < 64; i++ {
		if stream[i] < '0' || stream[i] > '9' {
			continue
		}
		found++
		end := i + 1
		for end < len(stream) && stream[end] >= '0' && stream[end] <= '9' {
			end++
		}
		for _, run := range []string{strings.Repeat("9", 30), "7fffffffffffffff", "9223372036854775807"} {
			inserted := slices.Insert(bytes.Clone(stream), i, []byte(run)...)
			replaced := slices.Replace(bytes.Clone(stream), i, end, []byte(run)...)
			if !yield(fmt.Sprintf("%s inserted before byte %d", run, i), inserted) ||
				!yield(fmt.Sprintf("%s instead of bytes %d to %d", run, i, end-1), replaced) {
				return false
			}
		}
		i = end
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
