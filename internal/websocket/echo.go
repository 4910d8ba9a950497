package websocket

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"echolab/framing"
)

// Echo answers the usual frames that b begins with: it appends the echo of each to out, and returns what follows them in
// b and how many messages they were. A frame is usual if it is whole, masked, and a message by itself of at most so many
// bytes: FIN is set and RSV is not, the opcode is text or binary, and the length is in one byte, or in two if one is not
// enough. The first frame that is not usual, or for whose echo out has no capacity, is left for Next, which judges it.
// So is all that a client reads, or that comes inside a frame or a message, or after permessage-deflate was negotiated.
//
// An echo is shorter than its frame, by the mask. So out may be in the same buffer, if it ends no later than b begins;
// then b is overwritten as far as it is taken.
//
// The error is that of an Assembler for text that is not UTF-8 (RFC 6455 section 8.1). That frame is taken, and has no
// echo; those before it have theirs.
//
// Next and an Assembler say the same of these frames. Here there is nothing to be remembered between two frames, nor to
// be found out again for each: that makes it several times faster.
func (p *Parser) Echo(out, b []byte, most int) (echoes, rest []byte, messages int, err error) {
	if p.Side != framing.ServerSide || p.Deflate || !p.Between() {
		return out, b, 0, nil
	}
	for {
		size, length := usualHeader(b)
		end := len(out) + size - maskSize + length
		if size == 0 || length > len(b)-size || length > most || end > cap(out) {
			return out, b, messages, nil
		}
		// What is written from here on may lie where these are.
		isText, mask, masked := b[0] == wholeText, [maskSize]byte(b[size-maskSize:]), b[size:size+length]
		echo := append(out, b[:size-maskSize]...)[:end]
		echo[len(out)+1] &^= maskBit
		payload := echo[end-length:]
		var ascii bool
		if size == usualSize {
			ascii = unmask(payload, masked, mask)
		} else { // of longer ones three passes are faster than one by words: copy and ws.Cipher have SIMD
			copy(payload, masked)
			ws.Cipher(payload, mask, 0)
		}
		b = b[size+length:]
		if isText && !ascii && !utf8.Valid(payload) {
			return out, b, messages, errNotText
		}
		out = echo
		messages++
	}
}

const (
	wholeText   = 0x80 | byte(ws.OpText)
	wholeBinary = 0x80 | byte(ws.OpBinary)

	maskBit       = 0x80
	maskSize      = 4
	usualSize     = ws.MinHeaderSize + maskSize     // of a usual frame's header
	usualLongSize = ws.MinHeaderSize + 2 + maskSize // with a length in 16 bits
)

// usualHeader reads the header of a usual frame, which may be larger than b. The size is 0 if b begins with none.
func usualHeader(b []byte) (size, length int) {
	if len(b) < usualSize || b[0] != wholeText && b[0] != wholeBinary || b[1]&maskBit == 0 {
		return 0, 0
	}
	switch length = int(b[1] &^ maskBit); {
	case length < lengthIn16Bits:
		return usualSize, length
	case length == lengthIn16Bits:
		if length = int(binary.BigEndian.Uint16(b[2:])); length >= lengthIn16Bits {
			return usualLongSize, length
		}
	}
	return 0, 0
}

// unmask writes src to dst, unmasked, and says whether all of it is ASCII, in one pass. dst may overlap src if it begins
// no later: then nothing is written over that was not read.
func unmask(dst, src []byte, mask [maskSize]byte) (ascii bool) {
	const notASCII = 0x8080808080808080
	key := uint64(binary.LittleEndian.Uint32(mask[:]))
	key |= key << 32
	var bits uint64 // all that are set in any word
	for len(src) >= 32 && len(dst) >= 32 {
		from, to := (*[32]byte)(src), (*[32]byte)(dst) // one check of bounds for four words
		w0 := binary.LittleEndian.Uint64(from[0:]) ^ key
		w1 := binary.LittleEndian.Uint64(from[8:]) ^ key
		w2 := binary.LittleEndian.Uint64(from[16:]) ^ key
		w3 := binary.LittleEndian.Uint64(from[24:]) ^ key
		binary.LittleEndian.PutUint64(to[0:], w0)
		binary.LittleEndian.PutUint64(to[8:], w1)
		binary.LittleEndian.PutUint64(to[16:], w2)
		binary.LittleEndian.PutUint64(to[24:], w3)
		bits |= w0 | w1 | w2 | w3
		src, dst = src[32:], dst[32:]
	}
	for len(src) >= 8 && len(dst) >= 8 {
		w := binary.LittleEndian.Uint64(src) ^ key
		binary.LittleEndian.PutUint64(dst, w)
		bits |= w
		src, dst = src[8:], dst[8:]
	}
	for i := range src {
		dst[i] = src[i] ^ mask[i%maskSize]
		bits |= uint64(dst[i])
	}
	return bits&notASCII == 0
}
