package firstbytes_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/firstbytes"
)

// TestABeginningTellsWithItsLastByteAndNotBefore: for every entry, at every cut, and with another byte in its place.
func TestABeginningTellsWithItsLastByteAndNotBefore(t *testing.T) {
	for _, start := range firstbytes.Requests {
		for cut := range len(start) {
			is, more := firstbytes.IsRequest(start[:cut])
			assert.False(t, is, "%q", start[:cut])
			assert.True(t, more, "%q", start[:cut])
			is, more = firstbytes.IsRequest(append(start[:cut:cut], '\x00'))
			assert.False(t, is || more, "%q and a NUL", start[:cut])
		}
		for _, rest := range []string{"", "x"} {
			is, more := firstbytes.IsRequest(append(start[:len(start):len(start)], rest...))
			assert.True(t, is, "%q", start)
			assert.False(t, more, "%q", start)
		}
		assert.LessOrEqual(t, len(start), firstbytes.Longest)
	}
}

func TestWhatBeginsARequestAndWhatDoesNot(t *testing.T) {
	for _, line := range []string{"GET / HTTP/1.1", "GET http://h/", "POST https://h/", "OPTIONS * HTTP/1.1", "OPTIONS /",
		"CONNECT h:1 HTTP/1.1", "CONNECT [::1]:1 HTTP/1.1", "PATCH /", "TRACE /", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"} {
		is, _ := firstbytes.IsRequest([]byte(line))
		assert.True(t, is, line)
	}
	for _, raw := range []string{"x", "get /", "GET x", "GET  /", "GETS /", "GET *", "OPTIONS x", "CONNECT  h", "GET httpx",
		"PRI * HTTP/1.1", "PRI * HTTP/2.0\n", "\r\nGET /", "HTTP/1.1 200 OK", "\x16\x03\x01"} {
		is, more := firstbytes.IsRequest([]byte(raw))
		assert.False(t, is || more, "%q", raw)
	}
}

func TestAResponseIsHTTPOfMajorVersionOne(t *testing.T) {
	is, _ := firstbytes.IsResponse([]byte("HTTP/1.0 200 OK"))
	assert.True(t, is)
	is, more := firstbytes.IsResponse([]byte("HTTP/1"))
	assert.True(t, more && !is)
	for _, other := range []string{"HTTP/2 200", "http/1.1", "GET /"} {
		is, more := firstbytes.IsResponse([]byte(other))
		assert.False(t, is || more, other)
	}
}

// TestTLSIsKnownByARecordsHeader: byte by byte, a ClientHello by one byte more.
func TestTLSIsKnownByARecordsHeader(t *testing.T) {
	for _, test := range []struct {
		b             string
		record, hello string // "is", "more" or "no"
	}{
		{"", "more", "more"},
		{"\x16\x03", "more", "more"},
		{"\x16\x03\x01\x02", "more", "more"},
		{"\x16\x03\x01\x02\x00", "is", "more"},
		{"\x16\x03\x01\x02\x00\x01", "is", "is"},
		{"\x16\x03\x04\x40\x00\x01", "is", "is"},
		{"\x16\x03\x01\x02\x00\x02", "is", "no"}, // a ServerHello
		{"\x17\x03\x03\x02\x00", "is", "no"},
		{"\x14", "more", "no"},
		{"\x18\x03", "more", "no"},
		{"\x13", "no", "no"},
		{"\x19", "no", "no"},
		{"\x16\x02", "no", "no"},
		{"\x16\x03\x05", "no", "no"},
		{"\x16\x03\x03\x41", "more", "no"}, // over 2^14 before anything is encrypted
		{"\x16\x03\x03\x48\x00", "is", "no"},
		{"\x16\x03\x03\x48\x01", "no", "no"},
	} {
		for want, asked := range map[*string]func([]byte) (bool, bool){
			&test.record: firstbytes.IsRecord, &test.hello: firstbytes.IsClientHello,
		} {
			is, more := asked([]byte(test.b))
			assert.Equal(t, [2]bool{*want == "is", *want == "more"}, [2]bool{is, more}, "%x", test.b)
		}
	}
}
