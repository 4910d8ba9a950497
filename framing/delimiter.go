package framing

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Delimiter ends every message with the same bytes, which are not part of it, as NUL, CR LF or a record separator do in
// many protocols. Unlike with Lines, a message may hold anything else. A last message without its delimiter is unfinished:
// io.ErrUnexpectedEOF.
type Delimiter struct {
	Text string // 1 to 16 bytes; another size is an error of Append and Read
}

// longestDelimiter is what has room in the smallest buffer that a bufio.Reader has.
const longestDelimiter = 16

func (d Delimiter) check() error {
	if len(d.Text) < 1 || len(d.Text) > longestDelimiter {
		return fmt.Errorf("delimiter: it must have 1 to %d bytes, not %d", longestDelimiter, len(d.Text))
	}
	return nil
}

// String is the name that Parse takes.
func (d Delimiter) String() string { return "delimiter=" + escape(d.Text) }

// Append appends msg and the delimiter. It cannot carry a message in which the delimiter is, or in whose end it would begin.
func (d Delimiter) Append(dst, msg []byte) ([]byte, error) {
	if err := d.check(); err != nil {
		return dst, err
	}
	had := len(dst)
	framed := append(append(dst, msg...), d.Text...)
	if i := bytes.Index(framed[had:], []byte(d.Text)); i < len(msg) {
		return dst, fmt.Errorf("%v: %w: the delimiter is at byte %d, and would end it there", d, ErrUnframable, i)
	}
	return framed, nil
}

// Read returns the bytes before the next delimiter.
func (d Delimiter) Read(r *bufio.Reader, max int) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	var long []byte // the part of the message that r's buffer had no room for
	seen := 0       // bytes of r's buffer that hold no delimiter
	for {
		if seen == r.Size() {
			n := seen - len(d.Text) + 1 // the rest may be the beginning of one
			part, err := take(r, n)
			if err != nil {
				return nil, err
			}
			long, seen = append(long, part...), seen-n
		}
		// One byte more is all that can be waited for: it may be the delimiter's last.
		if _, err := r.Peek(seen + 1); err != nil {
			if len(long)+seen > 0 {
				err = inside(err)
			}
			return nil, err
		}
		buffered, err := r.Peek(r.Buffered())
		if err != nil {
			return nil, inside(err)
		}
		if i := d.index(buffered, seen); i >= 0 {
			return d.finish(r, long, i, max)
		}
		seen = len(buffered)
		if err := checkSize(uint64(len(long)+d.least(buffered)), max); err != nil {
			err.AtLeast = true
			return nil, err
		}
	}
}

// index is where the delimiter begins in b, of which the first seen bytes do not hold one; or -1.
func (d Delimiter) index(b []byte, seen int) int {
	from := max(0, seen-len(d.Text)+1)
	i := bytes.Index(b[from:], []byte(d.Text))
	if i < 0 {
		return -1
	}
	return from + i
}

// least is how many of the bytes are the message's in any case: those at the end may be the beginning of the delimiter.
func (d Delimiter) least(b []byte) int {
	for n := min(len(b), len(d.Text)-1); n > 0; n-- {
		if bytes.HasSuffix(b, []byte(d.Text[:n])) {
			return len(b) - n
		}
	}
	return len(b)
}

// finish takes the n bytes before the delimiter, and that, and puts the former after long.
func (d Delimiter) finish(r *bufio.Reader, long []byte, n, max int) ([]byte, error) {
	if err := checkSize(uint64(len(long)+n), max); err != nil {
		return nil, err
	}
	part, err := take(r, n+len(d.Text))
	if err != nil {
		return nil, err
	}
	if long != nil {
		return append(long, part[:n]...), nil
	}
	return part[:n:n], nil
}

// Enough says whether b has the delimiter, or is longer than a message may be.
func (d Delimiter) Enough(b []byte, seen, max int) bool {
	return d.check() != nil || d.index(b, seen) >= 0 || d.least(b) > max
}

// parseDelimiter returns the Delimiter of a text with escapes.
func parseDelimiter(text string) (Codec, error) {
	plain, err := unescape(text)
	d := Delimiter{plain}
	if err == nil {
		err = d.check()
	}
	if err != nil {
		return nil, fmt.Errorf("codec %q: %w", "delimiter="+text, err)
	}
	return d, nil
}

// escapes are those of one letter.
var escapes = map[byte]byte{'0': 0, 'n': '\n', 'r': '\r', 't': '\t', '\\': '\\'}

func unescape(text string) (string, error) {
	var plain []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			plain = append(plain, text[i])
			continue
		}
		rest := text[i+1:]
		if len(rest) >= 3 && rest[0] == 'x' {
			if c, err := strconv.ParseUint(rest[1:3], 16, 8); err == nil {
				plain, i = append(plain, byte(c)), i+3
				continue
			}
		}
		if rest == "" {
			return "", errors.New("a backslash begins one of " + Escapes + ", and ends it here")
		}
		c, ok := escapes[rest[0]]
		if !ok {
			return "", fmt.Errorf("a backslash begins one of %s, and not %q", Escapes, `\`+rest[:1])
		}
		plain, i = append(plain, c), i+1
	}
	return string(plain), nil
}

func escape(plain string) string {
	var text strings.Builder
	for i := 0; i < len(plain); {
		r, n := utf8.DecodeRuneInString(plain[i:])
		letter := byte(0)
		for c, b := range escapes {
			if n == 1 && plain[i] == b {
				letter = c
			}
		}
		switch {
		case letter != 0:
			text.WriteString(`\` + string(letter))
		case r == utf8.RuneError && n == 1 || !unicode.IsPrint(r):
			for _, b := range []byte(plain[i : i+n]) {
				fmt.Fprintf(&text, `\x%02x`, b)
			}
		default:
			text.WriteString(plain[i : i+n])
		}
		i += n
	}
	return text.String()
}
