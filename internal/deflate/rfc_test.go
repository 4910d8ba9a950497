package deflate_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/deflate"
)

// unhex turns "f2 48" into bytes.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	return b
}

// The examples of RFC 7692, 7.2.3: one direction each, message after message.
var rfcExamples = []struct {
	name     string
	payloads []string
	messages []string
}{
	{"7.2.3.1, a message compressed using one compressed block",
		[]string{"f2 48 cd c9 c9 07 00"}, []string{"Hello"}},
	{"7.2.3.2, sharing the LZ77 window",
		[]string{"f2 48 cd c9 c9 07 00", "f2 00 11 00 00"}, []string{"Hello", "Hello"}},
	{"7.2.3.3, a block with no compression",
		[]string{"00 05 00 fa ff 48 65 6c 6c 6f 00"}, []string{"Hello"}},
	{"7.2.3.4, a block with BFINAL set to 1",
		[]string{"f3 48 cd c9 c9 07 00 00"}, []string{"Hello"}},
	{"7.2.3.5, two blocks in one message",
		[]string{"f2 48 05 00 00 00 ff ff ca c9 c9 07 00"}, []string{"Hello"}},
	{"7.2.3.6, an empty message",
		[]string{"00"}, []string{""}},
}

func TestTheExamplesOfTheRFC(t *testing.T) {
	for _, example := range rfcExamples {
		t.Run(example.name, func(t *testing.T) {
			r := deflate.NewReader(15, true)
			for i, payload := range example.payloads {
				got, err := r.Append(nil, unhex(t, payload), 5)
				require.NoError(t, err)
				assert.Equal(t, example.messages[i], string(got))
			}
		})
	}
}

// TestEveryBeginningOfAnExampleIsIncomplete cuts the examples at every byte. What is left ends inside a block, but for
// these, which end where a message may.
func TestEveryBeginningOfAnExampleIsIncomplete(t *testing.T) {
	whole := map[string]string{
		"f3 48 cd c9 c9 07 00": "Hello", // after a final block
		"f2 48 05 00":          "He",    // where another empty stored block lacks its end
		"00":                   "",      // likewise
	}
	for _, example := range rfcExamples {
		payload := unhex(t, example.payloads[0])
		for n := range len(payload) {
			got, err := deflate.NewReader(15, true).Append(nil, payload[:n], 5)
			want, ok := whole[fmt.Sprintf("% x", payload[:n])]
			if ok {
				require.NoError(t, err)
			} else {
				assertCorrupt(t, err, "%s: % x", example.name, payload[:n])
			}
			assert.Equal(t, want, string(got))
		}
	}
}

func TestAnEmptyMessageIsOneByte(t *testing.T) {
	for _, takeover := range []bool{true, false} {
		w := deflate.NewWriter(15, takeover)
		for range 3 {
			payload, err := w.Append(nil, nil)
			require.NoError(t, err)
			assert.Equal(t, []byte{0}, payload)
			_, err = w.Append(nil, []byte("something to refer to"))
			require.NoError(t, err)
		}
	}
}
