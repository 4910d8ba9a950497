package event

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"echolab/internal/text"
)

// dataShown is how many bytes of a span the account shows.
const dataShown = 48

// Preview is what an account in JSON shows of the bytes of a span.
func Preview(b []byte) string { return text.Quote(b, dataShown) }

// JSON is a Recorder that writes every event as a line of JSON, with one write. Whether they could be written is the writer's business.
type JSON struct {
	mu  sync.Mutex
	enc *json.Encoder
}

// NewJSON returns a JSON that writes to w.
func NewJSON(w io.Writer) *JSON {
	enc := json.NewEncoder(printable{w})
	enc.SetEscapeHTML(false)
	return &JSON{enc: enc}
}

// Record writes e as one line.
func (j *JSON) Record(e Event) {
	if e.Bytes != nil {
		e.Data = Preview(e.Bytes)
		if e.CutShort() && len(e.Bytes) <= dataShown {
			e.Data += text.Dots
		}
	}
	j.Line(e)
}

// Line writes any other value as one line, such as the result that ends an account.
func (j *JSON) Line(v any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.enc.Encode(v)
}

// printable is a writer that gets JSON and hands on the same with escapes for what would not show in a terminal, or
// would turn its order of reading around. encoding/json does that for ASCII only.
type printable struct{ w io.Writer }

func (p printable) Write(b []byte) (int, error) {
	var out []byte
	done := 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if !unicode.IsPrint(r) {
			out = append(out, b[done:i]...)
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, "\\u%04x", unit)
			}
			done = i + n
		}
		i += n
	}
	if done == 0 {
		return p.w.Write(b)
	}
	if _, err := p.w.Write(append(out, b[done:]...)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// maxLine bounds one line of an account that is read again.
const maxLine = 1 << 20

// maxOffset bounds the offsets of an account that is read again: no stream is that long, and sums stay in range.
const maxOffset = 1 << 62

// checkFrame refuses a frame that cannot be. Events of other kinds lose what they have of one.
func (e *Event) checkFrame() error {
	h := e.FrameHeader
	switch {
	case e.Ev != Frame:
		e.FrameHeader = nil
		return nil
	case h == nil || e.Span == nil:
		return errors.New("a frame without a header or a span")
	case h.Opcode > 15:
		return fmt.Errorf("unknown opcode %d", h.Opcode)
	case h.RSV > 7:
		return fmt.Errorf("there are only 3 reserved bits: rsv cannot be %d", h.RSV)
	case h.Payload < 0 || h.Payload > int64(e.N):
		return fmt.Errorf("an impossible payload of %d bytes in a frame of %d", h.Payload, e.N)
	case h.Key != "" && !isKey(h.Key):
		return fmt.Errorf("%q is not a masking key", h.Key)
	}
	return nil
}

// isKey says whether s is a masking key: 4 bytes in hexadecimal.
func isKey(s string) bool {
	key, err := hex.DecodeString(s)
	return err == nil && len(key) == 4
}

// ReadJSON hands every event of an account, as JSON wrote it, to rec. Lines of other kinds, such as the result, pass
// too: their kind is all that is known of them. The error names the line.
func ReadJSON(r io.Reader, rec Recorder) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("line %d is not an event: %w", n, err)
		}
		if e.Ev == "" {
			return fmt.Errorf("line %d is not an event: it has no \"ev\"", n)
		}
		if e.Span != nil && (e.Off < 0 || e.N < 0 || e.Off > maxOffset-int64(e.N)) {
			return fmt.Errorf("line %d: an impossible span of %d bytes from offset %d", n, e.N, e.Off)
		}
		if err := e.checkFrame(); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if e.Dir != "" && e.Dir != ClientToServer && e.Dir != ServerToClient {
			return fmt.Errorf("line %d: unknown direction %q", n, e.Dir)
		}
		rec.Record(e)
	}
	err := lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("line %d is longer than %d bytes: this is not an account", n+1, maxLine)
	}
	return err
}
