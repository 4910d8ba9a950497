package deflate_test

import (
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
		pmd + "; client_max_window_bits": {pmd, agreed},
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
		_, ok, err = deflate.Params{}.Agree([]string{header})
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

func TestAnOfferNamesWhatIsNotTheDefault(t *testing.T) {
	for want, p := range map[string]deflate.Params{
		pmd + "; client_max_window_bits":                             {},
		pmd + "; server_no_context_takeover; client_max_window_bits": {ServerNoContextTakeover: true},
		pmd + "; client_no_context_takeover; client_max_window_bits": {ClientNoContextTakeover: true},
		pmd + "; server_max_window_bits=8; client_max_window_bits=9": {ServerMaxWindowBits: 8, ClientMaxWindowBits: 9},
	} {
		assert.Equal(t, want, p.Offer())
	}
	assert.Panics(t, func() { deflate.Params{ClientMaxWindowBits: 16}.Offer() })
	assert.Panics(t, func() { deflate.Params{ServerMaxWindowBits: 7}.Offer() })
}

func TestAgree(t *testing.T) {
	every := deflate.Params{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 10,
		ClientMaxWindowBits: 11}
	for _, test := range []struct {
		name   string
		offer  deflate.Params
		answer string
		want   deflate.Params
	}{
		{"nothing named", deflate.Params{}, pmd, agreed},
		{"the server may limit itself", deflate.Params{},
			pmd + "; server_no_context_takeover; server_max_window_bits=9",
			deflate.Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 9, ClientMaxWindowBits: 15}},
		{"the server may limit the client", deflate.Params{},
			pmd + `; client_no_context_takeover; client_max_window_bits="8"`,
			deflate.Params{ClientNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 8}},
		{"all as it was offered", every, pmd + "; server_no_context_takeover; client_no_context_takeover" +
			"; server_max_window_bits=10; client_max_window_bits=11", every},
		{"the client's own limits hold in any case", every,
			pmd + "; server_no_context_takeover; server_max_window_bits=10", every},
		{"also if the server allows more", every,
			pmd + "; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=15", every},
		{"a smaller window than was asked for", deflate.Params{ServerMaxWindowBits: 10},
			pmd + "; server_max_window_bits=8", deflate.Params{ServerMaxWindowBits: 8, ClientMaxWindowBits: 15}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok, err := test.offer.Agree([]string{test.answer})
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, test.want, got)
		})
	}
	_, ok, err := every.Agree(nil)
	require.NoError(t, err)
	assert.False(t, ok, "the server declined")
}

func TestAgreeRefusesWhatWasNotOffered(t *testing.T) {
	bound := deflate.Params{ServerNoContextTakeover: true, ServerMaxWindowBits: 10}
	for _, test := range []struct {
		offer   deflate.Params
		headers []string
		want    string
	}{
		{deflate.Params{}, []string{"x-other"}, "not offered"},
		{deflate.Params{}, []string{pmd + ", x-other"}, "not offered"},
		{deflate.Params{}, []string{pmd, pmd}, "accepted already"},
		{deflate.Params{}, []string{pmd + "; x"}, "not known"},
		{deflate.Params{}, []string{pmd + "; server_no_context_takeover; server_no_context_takeover"}, "twice"},
		{deflate.Params{}, []string{pmd + "; server_no_context_takeover=1"}, "has no value"},
		{deflate.Params{}, []string{pmd + "; client_max_window_bits"}, "from 8 to 15"},
		{deflate.Params{}, []string{pmd + "; server_max_window_bits"}, "from 8 to 15"},
		{deflate.Params{}, []string{pmd + "; server_max_window_bits=16"}, "from 8 to 15"},
		{deflate.Params{}, []string{pmd + "; client_max_window_bits=08"}, "from 8 to 15"},
		{bound, []string{pmd}, "7.1.1.1"},
		{bound, []string{pmd + "; server_no_context_takeover"}, "a window of 15 bits, not 10"},
		{bound, []string{pmd + "; server_no_context_takeover; server_max_window_bits=11"}, "a window of 11 bits"},
	} {
		p, ok, err := test.offer.Agree(test.headers)
		assert.ErrorContains(t, err, test.want, "%q", test.headers)
		assert.False(t, ok)
		assert.Zero(t, p)
	}
}

// TestBothSidesKeepWhatTheyAgreedOn has every offer that a client can make, and messages both ways.
func TestBothSidesKeepWhatTheyAgreedOn(t *testing.T) {
	msg := samples()[25]
	for i := range 4 * 8 * 8 {
		wish := deflate.Params{ServerNoContextTakeover: i&1 != 0, ClientNoContextTakeover: i&2 != 0,
			ServerMaxWindowBits: 8 + i>>2&7, ClientMaxWindowBits: 8 + i>>5&7}
		served, answer, ok, err := deflate.Accept([]string{wish.Offer()})
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, wish, served)
		got, ok, err := wish.Agree([]string{answer})
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, wish, got)

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
