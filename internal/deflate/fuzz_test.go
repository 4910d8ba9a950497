package deflate_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/deflate"
)

// FuzzAccept has any headers, one a line. What is answered is what is kept, and a client agrees with it.
func FuzzAccept(f *testing.F) {
	for _, seed := range []string{
		"",
		pmd,
		pmd + "; client_max_window_bits",
		pmd + "; server_max_window_bits=10\n" + pmd,
		pmd + `; server_max_window_bits="1\2"; server_no_context_takeover, x; y="z"`,
		pmd + "; server_max_window_bits=16, " + pmd + "; client_no_context_takeover; client_max_window_bits=8",
		"a; b=\"c",
		" ,, \n,",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		headers := strings.Split(lines, "\n")
		p, answer, ok, err := deflate.Accept(headers)

		// Several headers are one list (RFC 6455, 9.1).
		p2, answer2, ok2, err2 := deflate.Accept([]string{strings.Join(headers, ", ")})
		require.Equal(t, err == nil, err2 == nil)
		require.Equal(t, []any{p, answer, ok}, []any{p2, answer2, ok2})

		if !ok {
			require.Empty(t, answer)
			require.Zero(t, p)
			return
		}
		require.NoError(t, err)
		for parameter := range strings.SplitSeq(answer, "; ") {
			name, _, _ := strings.Cut(parameter, "=")
			require.Contains(t, lines, name, "only what was offered is answered")
		}
		got, ok, err := deflate.Agree([]string{answer})
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, p, got)
		w, _ := p.Server()
		_, r := got.Client()
		assertCarries(t, w, r, []byte(lines))
	})
}

// FuzzReader has any bytes for a payload, after any message.
func FuzzReader(f *testing.F) {
	random := rand.New(rand.NewPCG(13, 14))
	for _, example := range rfcExamples {
		for _, payload := range example.payloads {
			f.Add(unhex(f, payload), []byte("Hello"), uint16(5))
			f.Add(unhex(f, payload), []byte(nil), uint16(4))
		}
	}
	for _, size := range []int{10, 300, 3000} {
		msg := text(random, size)
		for _, final := range []bool{true, false} {
			f.Add(squeeze(f, msg, final), msg[:size/2], uint16(size))
			f.Add(squeeze(f, bytes.Repeat(msg[:10], 100), final), msg[:size/2], uint16(size))
		}
	}
	f.Add(farHello(), bytes.Repeat([]byte("Hello"), 52), uint16(5))
	f.Add(bytes.Repeat([]byte{3, 0}, 30), []byte("past"), uint16(5)) // final blocks, empty
	f.Fuzz(func(t *testing.T, payload, past []byte, limit uint16) {
		assertLikeTwin(t, payload, past, int(limit))
	})
}

// FuzzRoundTrip has any messages, one a line, any window, and a message made long by repeating it.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("Hello\nHello\n\nHello, Hello"), uint8(0), uint8(1))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), uint8(15), uint8(200))
	f.Add([]byte("abcdefghijklmnopqrstuvwxyz\n0123456789"), uint8(3), uint8(20))
	f.Fuzz(func(t *testing.T, lines []byte, options, times uint8) {
		bits, takeover := 8+int(options>>1&7), options&1 == 0
		w, r := deflate.NewWriter(bits, takeover), deflate.NewReader(bits, takeover)
		var past []byte
		for line := range bytes.SplitSeq(lines, []byte("\n")) {
			msg := bytes.Repeat(line, int(times))
			payload, err := w.Append(nil, msg)
			require.NoError(t, err)
			got, err := r.Append(nil, payload, len(msg))
			require.NoError(t, err)
			require.True(t, bytes.Equal(msg, got))
			got, farthest, err := naiveInflate(payload, past, len(msg))
			require.NoError(t, err)
			require.True(t, bytes.Equal(msg, got))
			require.LessOrEqual(t, farthest, 1<<bits)
			if takeover {
				past = lastOf(append(past, msg...), 1<<bits)
			}
		}
	})
}
