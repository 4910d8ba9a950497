package framingtest

import (
	"bytes"
	"fmt"
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

func repeated(pattern string) func(n, seed int) []byte {
	return func(n, _ int) []byte { return generate(n, func(i int) byte { return pattern[i%len(pattern)] }) }
}

func ending(last byte) func(n, seed int) []byte {
	return func(n, seed int) []byte { return with(text(n, seed), n-1, last) }
}

// kinds begins with the harmless ones: the first that a codec carries stands for its size.
var kinds = []kind{
	{"text", text},
	{"all byte values", func(n, seed int) []byte {
		return generate(n, func(i int) byte { return byte(i*7 + i>>8 + seed) })
	}},
	{"digits", func(n, seed int) []byte { return random("123456789", n, seed) }},
	{"zero bytes", repeated("\x00")},
	{"0xff bytes", repeated("\xff")},
	{"line feeds", repeated("\n")},
	{"carriage returns", repeated("\r")},
	{"line ends (CR LF)", repeated("\r\n")},
	{"text that ends in a carriage return", ending('\r')},
	{"text that ends in a line feed", ending('\n')},
	{"text between spaces", func(n, seed int) []byte { return with(with(text(n, seed), 0, ' '), n-1, ' ') }},
	{"Hangul", hangul("바이트스트림에는경계가없다")},
	{"decomposed Hangul", hangul("\u1106\u1166\u1109\u1175\u110c\u1175\u1100\u1167\u11bc\u1100\u1168")},
}

// notable are contents that some framing, encoding or line protocol gives a meaning of its own.
var notable = []string{
	"\ufeff", "\ufefftext", "text\ufeff", "#", "# text", "//", "\\", "\\n", "text\\", "\\\\", `"text"`, "'text'", "%", "%25", "%0a", "&amp;",
	"=", "=0A", "text=", ".", "..", ".text", "\r", "\x00text", "text\x00", "\x1b[0m", "+++", "0", "-1", "0\r\n\r\n", "null",
	"{}", "[]", "\xc0\xdb\xdc\xdd", "\xdb\xdb\xdc", "\xdb\xdb\xdd", "\x7d\x5e\x7e", "\x7d\x5d", "\u2028", "\u0085", " ", "\t", " \t ",
	"e\u0301", "\u00e9", "\u212b", "\ufb01", "\uff21", "\u200b", "\u00ad", "\u202e", "\u3000text\u00a0", "\U0001f600",
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

// hangul repeats syllables, or the letters that they are made of: 3 bytes each. What does not divide by 3 is filled up
// with letters.
func hangul(syllables string) func(n, seed int) []byte {
	return func(n, seed int) []byte {
		if n < 3 {
			return nil
		}
		msg := generate(n/3*3, func(i int) byte { return syllables[(i+3*seed)%len(syllables)] })
		return append(msg, letters[:n%3]...)
	}
}

// with sets one byte of msg. It returns nil if msg does not have it.
func with(msg []byte, at int, b byte) []byte {
	if at < 0 || at >= len(msg) {
		return nil
	}
	msg[at] = b
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
	rng := rand.NewPCG(uint64(n), uint64(seed))
	msg := make([]byte, n)
	for i, bits := 0, uint64(0); i < n; i++ {
		if i%8 == 0 {
			bits = rng.Uint64()
		}
		msg[i] = alphabet[int(bits&0xff)*len(alphabet)>>8]
		bits >>= 8
	}
	return msg
}

// messages are what a suite sends, as far as the codec carries it.
type messages struct {
	samples []sample // every kind at every size
	bySize  []sample // one for each size
	special []sample // those with bytes that a framing may give a meaning of its own
	chosen  []sample // those with a size or content that is worth every check
	singles []stream // the chosen ones, each alone
	mixed   []stream // several messages glued together
	rows    []stream // all short sizes in a row, and all special ones
}

const (
	fewBytes  = 32  // the size up to which the suite tries every size with every kind of content
	shortSize = 300 // the size up to which it tries every size, and cuts at every byte
)

// edges are the sizes at which length fields change their form, or buffers are full.
var edges = []int{0, 1, 2, 3, 125, 126, 127, 128, 255, 256, 4095, 4096, 4097, 65535, 65536, 65537}

// collect frames the suite's messages. What the codec does not carry is left out.
func (s *suite) collect(sizes []int) {
	all := slices.Concat(edges, sizes, []int{1000, 1460, 4090, 4092, 8192 - 4, 9999, 10000, 65533, 65534})
	for n := range shortSize + 1 {
		all = append(all, n)
	}
	for k := range 17 {
		all = append(all, 1<<k-1, 1<<k, 1<<k+1)
	}
	slices.Sort(all)
	for _, n := range slices.Compact(all) {
		first := len(s.samples)
		every := n <= fewBytes || n <= shortSize && slices.Contains(edges, n) || n <= 1<<16 && slices.Contains(sizes, n)
		for _, k := range kinds {
			s.samples = append(s.samples, s.framed(k, k.fill(n, n))...)
			if n == 0 || len(s.samples) == first+2 && !every { // nothing is nothing, of whatever kind
				break
			}
		}
		if len(s.samples) > first {
			s.bySize = append(s.bySize, s.samples[first])
		}
	}
	if len(s.bySize) == 0 {
		return
	}
	s.choose(sizes)
	s.collectSpecial(len(s.atLeast(3).msg))
	for _, inner := range slices.Clone(s.chosen) { // messages that look like framed messages themselves
		if len(inner.msg) <= shortSize {
			s.samples = append(s.samples, s.framed(kind{"framed " + inner.name + " as content", nil}, inner.frame)...)
		}
	}
	for _, m := range s.chosen {
		s.singles = append(s.singles, newStream(m))
	}
	s.mix()
}

// choose takes a few sizes, and one message of each kind.
func (s *suite) choose(sizes []int) {
	for i, m := range s.bySize {
		n := len(m.msg)
		firstLong := n >= 4095 && (i == 0 || len(s.bySize[i-1].msg) < 4095)
		edge := n <= shortSize && slices.Contains(edges, n)
		if i < 3 || edge || firstLong || i == len(s.bySize)-1 || slices.Contains(sizes, n) {
			s.chosen = append(s.chosen, m)
		}
	}
	for _, k := range kinds[1:] {
		i := slices.IndexFunc(s.samples, func(m sample) bool { return m.kind.name == k.name && len(m.msg) >= 9 })
		if i >= 0 && len(s.samples[i].msg) <= shortSize {
			s.chosen = append(s.chosen, s.samples[i])
		}
	}
}

// collectSpecial frames messages with every byte value: alone, and first, last and in the middle of n bytes; with every
// pair of them; and those that are notable.
func (s *suite) collectSpecial(n int) {
	add := func(name string, msg []byte, args ...any) {
		s.special = append(s.special, s.framed(kind{fmt.Sprintf(name, args...), nil}, msg)...)
	}
	var values []byte // those that the codec carries inside a message
	for v := range 256 {
		b := byte(v)
		add("byte %#02x alone", []byte{b}, b)
		add("%d bytes, the first %#02x", with(text(n, n), 0, b), n, b)
		add("%d bytes, the last %#02x", with(text(n, n), n-1, b), n, b)
		if s.framed(kind{fmt.Sprintf("%d bytes, %#02x among them", n, b), nil}, with(text(n, n), n/2, b)) != nil {
			values = append(values, b)
		}
	}
	for _, content := range notable {
		add("%q", []byte(content), content)
	}
	s.chosen = append(s.chosen, s.inPieces("every byte value once", values)...)
	s.special = append(s.special, s.inPieces("every pair of byte values", pairs(values))...)
}

// inPieces is a content as one message, or if the codec does not carry that, in pieces that overlap by one byte.
func (s *suite) inPieces(name string, content []byte) (list []sample) {
	if len(content) == 0 {
		return nil
	}
	if whole := s.framed(kind{name, nil}, content); whole != nil {
		return whole
	}
	n := 0
	for _, m := range s.bySize {
		if len(m.msg) <= shortSize && len(m.msg) < len(content) {
			n = len(m.msg)
		}
	}
	for at := 0; n >= 8 && at < len(content); at += n - 1 {
		piece := generate(n, func(i int) byte { return content[(at+i)%len(content)] })
		list = append(list, s.framed(kind{fmt.Sprintf("%s, from byte %d", name, at), nil}, piece)...)
	}
	return list
}

// pairs is the shortest sequence that has every two of the values side by side.
func pairs(values []byte) (list []byte) {
	for i, a := range values {
		list = append(list, a)
		for _, b := range values[i+1:] {
			list = append(list, a, b)
		}
	}
	return append(list, values[:min(1, len(values))]...)
}

// framed is msg as a sample, or none: if it is nil, or if the codec does not carry it.
func (s *suite) framed(k kind, msg []byte) []sample {
	if msg == nil {
		return nil
	}
	m := sample{name: k.name, kind: k, msg: msg}
	if k.fill != nil {
		m.name += " of " + count(len(msg), "byte")
	}
	at := scene{what: m.name}
	frame, answer := s.append(nil, msg, at)
	switch {
	case answer == refused:
		s.checkRefusal(msg, at)
		return nil
	case answer == broken:
		return nil
	case len(frame) == 0:
		s.find(roundTrip, at, "Append made 0 bytes of it", "bytes that a reader can see")
		return nil
	}
	m.frame = bytes.Clone(frame) // a codec that keeps the memory must not spoil the samples
	return []sample{m}
}

// another is a message like m with other content, or none.
func (s *suite) another(m sample, seed int) []sample {
	if m.kind.fill == nil {
		return nil
	}
	return s.framed(m.kind, m.kind.fill(len(m.msg), len(m.msg)+seed))
}

// atLeast is a message of n bytes, or of the next size that the codec carries.
func (s *suite) atLeast(n int) sample {
	for _, m := range s.bySize {
		if len(m.msg) >= n {
			return m
		}
	}
	return s.bySize[len(s.bySize)-1]
}

// picked are a few of the sizes: the smallest that are not empty, and one that a byte cannot count.
func (s *suite) picked() []sample {
	filled := slices.DeleteFunc(slices.Clone(s.bySize), func(m sample) bool { return len(m.msg) == 0 })
	if len(filled) < 6 {
		return filled
	}
	return []sample{filled[0], filled[1], filled[4], s.atLeast(shortSize)}
}
