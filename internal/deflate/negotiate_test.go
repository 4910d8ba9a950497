package deflate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/deflate"
)

const pmd = "permessage-deflate"

// agreed is what is kept without any parameter.
var agreed = deflate.Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}

func TestAcceptAnswersTheFirstLegalOffer(t *testing.T) {
	for offer, want := range map[string]struct {
		answer string
		p      deflate.Params
	}{
		pmd: {pmd, agreed},
		pmd + "; server_no_context_takeover": {
			pmd + "; server_no_context_takeover", deflate.Params{ServerNoContextTakeover: true,
				ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		pmd + "; client_no_context_takeover": {
			pmd + "; client_no_context_takeover", deflate.Params{ClientNoContextTakeover: true,
				ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		pmd + "; server_max_window_bits=8": {
			pmd + "; server_max_window_bits=8", deflate.Params{ServerMaxWindowBits: 8, ClientMaxWindowBits: 15}},
		// An offer with a window is accepted by naming it, also the default one (7.1.2.1).
		pmd + "; server_max_window_bits=15": {pmd + "; server_max_window_bits=15", agreed},
		// The client will take any limit of its own window; the server sets none (7.1.2.2).
		deflate.Offer: {pmd, agreed},
		pmd + "; client_max_window_bits=9": {
			pmd + "; client_max_window_bits=9", deflate.Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 9}},
		pmd + `; client_max_window_bits=10; server_max_window_bits="12" ;client_no_context_takeover` +
			"\t; server_no_context_takeover": {
			pmd + "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; " +
				"client_max_window_bits=10", deflate.Params{ServerNoContextTakeover: true,
				ClientNoContextTakeover: true, ServerMaxWindowBits: 12, ClientMaxWindowBits: 10}},

		// RFC 7692, 7.1.3: the first offer cannot be kept, the second can; both can, and the first is preferred.
		pmd + "; server_max_window_bits=7, " + pmd: {pmd, agreed},
		pmd + "; server_no_context_takeover, " + pmd: {
			pmd + "; server_no_context_takeover", deflate.Params{ServerNoContextTakeover: true,
				ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},

		// Other extensions, and elements of the list with nothing in them.
		"x-other; a=b; c=\"d\", " + pmd: {pmd, agreed},
		" , ,\t" + pmd + " ,":           {pmd, agreed},

		// The value in quotes is what is in them, escaped or not (RFC 6455, 9.1).
		pmd + `; server_max_window_bits="1\0"`: {
			pmd + "; server_max_window_bits=10", deflate.Params{ServerMaxWindowBits: 10, ClientMaxWindowBits: 15}},
		pmd + " ; server_max_window_bits = 10": {
			pmd + "; server_max_window_bits=10", deflate.Params{ServerMaxWindowBits: 10, ClientMaxWindowBits: 15}},
	} {
		// All headers of that name are one list, wherever it is cut.
		for _, headers := range [][]string{{offer}, strings.Split(offer, ", "), {"", offer}} {
			p, answer, ok, err := deflate.Accept(headers)
			require.NoError(t, err, "%q", headers)
			assert.True(t, ok, "%q", headers)
			assert.Equal(t, want.answer, answer, "%q", headers)
			assert.Equal(t, want.p, p, "%q", headers)
		}
	}
}

func TestAcceptDeclines(t *testing.T) {
	for _, header := range []string{
		"x-webkit-deflate-frame",
		"permessage-bzip2; client_max_window_bits",
		"Permessage-Deflate",
		// unknown
		pmd + "; window_bits=10",
		pmd + "; SERVER_NO_CONTEXT_TAKEOVER",
		// twice
		pmd + "; server_no_context_takeover; server_no_context_takeover",
		pmd + "; client_max_window_bits; client_max_window_bits=10",
		pmd + "; server_max_window_bits=10; server_max_window_bits=10",
		// values that must not be there, or must
		pmd + "; server_no_context_takeover=true",
		pmd + `; client_no_context_takeover="1"`,
		pmd + "; server_max_window_bits",
		// values that mean nothing
		pmd + "; server_max_window_bits=7",
		pmd + "; server_max_window_bits=16",
		pmd + "; server_max_window_bits=08",
		pmd + "; server_max_window_bits=+9",
		pmd + "; server_max_window_bits=9x",
		pmd + "; server_max_window_bits=0x9",
		pmd + "; server_max_window_bits=99999999999999999999",
		pmd + "; client_max_window_bits=7",
		pmd + "; client_max_window_bits=16",
		pmd + "; client_max_window_bits=010",
		pmd + `; client_max_window_bits="15\5"`,
	} {
		p, answer, ok, err := deflate.Accept([]string{header})
		require.NoError(t, err, "%q", header)
		assert.False(t, ok, "%q", header)
		assert.Empty(t, answer)
		assert.Zero(t, p)
	}
	_, _, ok, err := deflate.Accept(nil)
	require.NoError(t, err)
	assert.False(t, ok)
}

// TestABrokenHeaderIsAnError, also if a good offer is before it or after it: the rule is for the whole handshake.
func TestABrokenHeaderIsAnError(t *testing.T) {
	for _, header := range []string{
		"", " ", ",", ", ,",
		";", "=", `"`, "a;", "a;;b", "a; b=", "a; =b", "a b", "a; b c", "a; b=c d", "a=b", "é", "a\x00", "a\r\n",
		`a; b="`, `a; b="c`, `a; b=""`, `a; b="c d"`, `a; b="c,d"`, `a; b="c"d`, `a; b="c\`, `a; b="\"`, `a; b='c'x(`,
		`"permessage-deflate"`, pmd + "; server_max_window_bits=", pmd + `; server_max_window_bits=""`,
		pmd + "; server_max_window_bits==10", pmd + " server_no_context_takeover",
	} {
		_, _, ok, err := deflate.Accept([]string{header})
		assert.ErrorContains(t, err, "RFC 6455, 9.1", "%q", header)
		assert.False(t, ok)
		_, ok, err = deflate.Agree([]string{header})
		assert.ErrorContains(t, err, "RFC 6455, 9.1", "%q", header)
		assert.False(t, ok)
		if strings.Trim(header, " ,") == "" {
			continue // beside another element that is an empty one
		}
		for _, headers := range [][]string{{pmd, header}, {header, pmd}} {
			_, _, ok, err = deflate.Accept(headers)
			assert.Error(t, err, "%q", headers)
			assert.False(t, ok)
		}
	}
}

// TestAgree has what a server may choose when it is asked for nothing.
func TestAgree(t *testing.T) {
	for answer, want := range map[string]deflate.Params{
		pmd: agreed,
		pmd + "; server_no_context_takeover; server_max_window_bits=9": {ServerNoContextTakeover: true,
			ServerMaxWindowBits: 9, ClientMaxWindowBits: 15},
		pmd + `; client_no_context_takeover; client_max_window_bits="8"`: {ClientNoContextTakeover: true,
			ServerMaxWindowBits: 15, ClientMaxWindowBits: 8},
	} {
		got, ok, err := deflate.Agree([]string{answer})
		require.NoError(t, err, answer)
		assert.True(t, ok, answer)
		assert.Equal(t, want, got, answer)
	}
	_, ok, err := deflate.Agree(nil)
	require.NoError(t, err)
	assert.False(t, ok, "the server declined")
}

func TestAgreeRefusesWhatWasNotOffered(t *testing.T) {
	for answer, want := range map[string]string{
		"x-other":         "not offered",
		pmd + ", x-other": "not offered",
		pmd + ", " + pmd:  "accepted already",
		pmd + "; x":       "not known",
		pmd + "; server_no_context_takeover; server_no_context_takeover": "twice",
		pmd + "; server_no_context_takeover=1":                           "has no value",
		pmd + "; client_max_window_bits":                                 "from 8 to 15",
		pmd + "; server_max_window_bits":                                 "from 8 to 15",
		pmd + "; server_max_window_bits=16":                              "from 8 to 15",
		pmd + "; client_max_window_bits=08":                              "from 8 to 15",
	} {
		for _, headers := range [][]string{{answer}, strings.Split(answer, ", ")} {
			p, ok, err := deflate.Agree(headers)
			assert.ErrorContains(t, err, want, "%q", headers)
			assert.False(t, ok)
			assert.Zero(t, p)
		}
	}
}

// TestBothSidesKeepWhatTheyAgreedOn has every offer that names all there is to name, and messages both ways.
func TestBothSidesKeepWhatTheyAgreedOn(t *testing.T) {
	msg := samples()[25]
	for i := range 4 * 8 * 8 {
		want := deflate.Params{ServerNoContextTakeover: i&1 != 0, ClientNoContextTakeover: i&2 != 0,
			ServerMaxWindowBits: 8 + i>>2&7, ClientMaxWindowBits: 8 + i>>5&7}
		offer := fmt.Sprintf("%s; server_max_window_bits=%d; client_max_window_bits=%d", pmd,
			want.ServerMaxWindowBits, want.ClientMaxWindowBits)
		if want.ServerNoContextTakeover {
			offer += "; server_no_context_takeover"
		}
		if want.ClientNoContextTakeover {
			offer += "; client_no_context_takeover"
		}
		served, answer, ok, err := deflate.Accept([]string{offer})
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, want, served)
		got, ok, err := deflate.Agree([]string{answer})
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, want, got)

		serverOut, serverIn := served.Server()
		clientOut, clientIn := got.Client()
		for range 2 {
			assertCarries(t, serverOut, clientIn, msg)
			assertCarries(t, clientOut, serverIn, msg)
		}
	}
}

func assertCarries(t *testing.T, w *deflate.Writer, r *deflate.Reader, msg []byte) {
	t.Helper()
	payload, err := w.Append(nil, msg)
	require.NoError(t, err)
	got, err := r.Append(nil, payload, len(msg))
	require.NoError(t, err)
	assert.Equal(t, string(msg), string(got))
}

func TestBitsThatNobodyCanAgreeOnPanic(t *testing.T) {
	for _, bits := range []int{-1, 1, 7, 16} {
		assert.Panics(t, func() { deflate.NewWriter(bits, true) })
		assert.Panics(t, func() { deflate.NewReader(bits, true) })
	}
	assert.NotPanics(t, func() { deflate.NewWriter(0, true) })
}
