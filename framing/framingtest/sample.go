package framingtest

import (
	"bytes"
	"math/rand/v2"
	"slices"
)

// A sample is a message, and the bytes that the sender's Append makes of it.
type sample struct {
	name  string
	kind  kind
	msg   []byte
	frame []byte
}

// A kind is a sort of content. fill makes n bytes of it, others for each seed where the kind allows that; nil says
// that it has nothing of this size.
type kind struct {
	name string
	fill func(n, seed int) []byte
}

// kinds begins with the harmless ones: the first that a codec carries stands for its size.
var kinds = []kind{
	{"text", text},
	{"all byte values", func(n, seed int) []byte {
		return generate(n, func(i int) byte { return byte(i*7 + i>>8 + seed) })
	}},
	{"digits", func(n, seed int) []byte { return random("123456789", n, seed) }},
	{"zero bytes", func(n, _ int) []byte { return make([]byte, n) }},
	{"0xff bytes", func(n, _ int) []byte { return bytes.Repeat([]byte{0xff}, n) }},
	{"line feeds", func(n, _ int) []byte { return bytes.Repeat([]byte{'\n'}, n) }},
	{"carriage returns", func(n, _ int) []byte { return bytes.Repeat([]byte{'\r'}, n) }},
	{"line ends (CR LF)", func(n, _ int) []byte { return generate(n, func(i int) byte { return "\r\n"[i%2] }) }},
	{"text that ends in a carriage return", func(n, seed int) []byte { return withLast(text(n, seed), '\r') }},
	{"text that ends in a line feed", func(n, seed int) []byte { return withLast(text(n, seed), '\n') }},
	{"text between spaces", func(n, seed int) []byte {
		if n < 3 {
			return nil
		}
		return slices.Concat([]byte{' '}, text(n-2, seed), []byte{' '})
	}},
	{"Hangul", hangul},
}

const letters = "abcdefghijklmnopqrstuvwxyz"

// text is without a pattern, so that no piece of it can stand in for another. Its first letter tells seeds apart.
func text(n, seed int) []byte {
	msg := random(letters, n, seed)
	if n > 0 {
		msg[0] = letters[seed%len(letters)]
	}
	return msg
}

// hangul is syllables of 3 bytes each; what does not divide by 3 is filled up with letters.
func hangul(n, seed int) []byte {
	const syllables = "바이트스트림에는경계가없다"
	if n < 3 {
		return nil
	}
	msg := generate(n/3*3, func(i int) byte { return syllables[(i+3*seed)%len(syllables)] })
	return append(msg, letters[:n%3]...)
}

func withLast(msg []byte, last byte) []byte {
	if len(msg) == 0 {
		return nil
	}
	msg[len(msg)-1] = last
	return msg
}

func generate(n int, at func(i int) byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = at(i)
	}
	return b
}

// random is the same for the same n and seed.
func random(alphabet string, n, seed int) []byte {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(seed)))
	return generate(n, func(int) byte { return alphabet[rng.IntN(len(alphabet))] })
}

const (
	fewBytes  = 32  // the size up to which the suite tries every size with every kind of content
	shortSize = 300 // the size up to which it tries every size, and cuts at every byte
)

// edges are the sizes at which length fields change their form, or buffers are full.
var edges = []int{0, 1, 2, 3, 125, 126, 127, 128, 255, 256, 4095, 4096, 4097, 65535, 65536, 65537}

// collect frames the suite's messages. What the codec does not carry is left out.
func (s *suite) collect(sizes []int) {
	all := slices.Concat(edges, sizes)
	for n := range shortSize + 1 {
		all = append(all, n)
	}
	all = append(all, 1000, 1460, 4090, 4092, 8192-4, 9999, 10000, 65533, 65534)
	for k := range 17 {
		all = append(all, 1<<k-1, 1<<k, 1<<k+1)
	}
	slices.Sort(all)
	for _, n := range slices.Compact(all) {
		first := len(s.samples)
		special := n <= shortSize && slices.Contains(edges, n) || n <= 1<<16 && slices.Contains(sizes, n)
		s.collectSize(n, special || n <= fewBytes)
		if len(s.samples) > first {
			s.bySize = append(s.bySize, s.samples[first])
		}
	}
	s.sortOut(sizes)
	if len(s.bySize) > 0 {
		s.collectSpecial()
	}
	s.nest()
}

// collectSize frames messages of n bytes: of every kind, or of the first two that the codec carries.
func (s *suite) collectSize(n int, every bool) {
	carried := 0
	for _, k := range kinds {
		if m, ok := s.newSample(k, k.fill(n, n)); ok {
			s.samples = append(s.samples, m)
			carried++
		}
		if n == 0 || carried == 2 && !every { // nothing is nothing, of whatever kind
			return
		}
	}
}

// sortOut fills short and long.
func (s *suite) sortOut(sizes []int) {
	for i, m := range s.bySize {
		n := len(m.msg)
		switch {
		case n > shortSize:
			if len(s.long) == 0 && n >= 4095 || i == len(s.bySize)-1 || slices.Contains(sizes, n) {
				s.long = append(s.long, m)
			}
		case i < 3 || slices.Contains(edges, n) || slices.Contains(sizes, n):
			s.short = append(s.short, m)
		}
	}
	for _, k := range kinds[1:] {
		i := slices.IndexFunc(s.samples, func(m sample) bool { return m.kind.name == k.name && len(m.msg) >= 9 })
		if i >= 0 && len(s.samples[i].msg) <= shortSize {
			s.short = append(s.short, s.samples[i])
		}
	}
}

// nest adds messages that look like framed messages themselves.
func (s *suite) nest() {
	for _, inner := range slices.Clone(s.short) {
		k := kind{"framed " + inner.name + " as content", nil}
		if m, ok := s.newSample(k, inner.frame); ok {
			s.samples = append(s.samples, m)
		}
	}
}

// newSample frames msg, if it is not nil. It returns false if the codec does not carry it.
func (s *suite) newSample(k kind, msg []byte) (sample, bool) {
	if msg == nil {
		return sample{}, false
	}
	m := sample{name: k.name + " of " + count(len(msg), "byte"), kind: k, msg: msg}
	if k.fill == nil {
		m.name = k.name
	}
	at := scene{what: m.name}
	framed, refused, ok := s.tryAppend(nil, msg, at)
	if refused {
		s.checkRefusal(msg, at)
	}
	if !ok {
		return m, false
	}
	if len(framed) == 0 {
		s.find(roundTrip, scene{what: m.name}, "Append made 0 bytes of it", "bytes that a reader can see")
		return m, false
	}
	m.frame = bytes.Clone(framed) // a codec that keeps the memory must not spoil the samples
	return m, true
}

// another is a message like m with other content, if the codec carries it.
func (s *suite) another(m sample, seed int) (sample, bool) {
	if m.kind.fill == nil {
		return m, false
	}
	return s.newSample(m.kind, m.kind.fill(len(m.msg), len(m.msg)+seed))
}
