package decode

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"echolab/internal/event"
	"echolab/internal/text/texttest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wiretap keeps what is written to a connection.
type wiretap struct {
	net.Conn
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *wiretap) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b.Write(b)
	return w.Conn.Write(b)
}

// conversation is what a client and a server say when "hello" is echoed over TLS.
func conversation(t *testing.T, version uint16) (clientBytes, serverBytes []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"lab.example"}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	a, b := net.Pipe()
	ca, cb := &wiretap{Conn: a}, &wiretap{Conn: b}
	done := make(chan error, 1)
	go func() {
		conn := tls.Server(cb, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert},
			PrivateKey: key}}})
		_, err := io.CopyN(conn, conn, 5)
		done <- err
		_ = cb.Close()
	}()
	conn := tls.Client(ca, &tls.Config{ServerName: "lab.example", NextProtos: []string{"h2", "http/1.1"},
		InsecureSkipVerify: true, MaxVersion: version})
	_, err = conn.Write([]byte("hello"))
	require.NoError(t, err)
	_, err = io.ReadFull(conn, make([]byte, 5))
	require.NoError(t, err)
	require.NoError(t, <-done)
	_ = ca.Close()
	return ca.b.Bytes(), cb.b.Bytes()
}

func TestTheRecordsOfTLS(t *testing.T) {
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			c, s := conversation(t, version)
			got := everyCut(t, nil, fromClient(c), fromServer(s))
			for _, stream := range []told{{c2s, c}, {s2c, s}} {
				records := got.of(stream.dir, event.TLS)
				at := int64(0)
				for _, e := range records {
					assert.Equal(t, at, e.Off, "one after the other")
					size := int(stream.b[at+3])<<8 | int(stream.b[at+4])
					assert.Equal(t, recordHeader+size, e.N)
					at += int64(e.N)
				}
				assert.Equal(t, int64(len(stream.b)), at)
				assert.Equal(t, "application data record", records[len(records)-1].Text)
				assert.Len(t, got.lines(stream.dir), len(records), "nothing else is claimed")
			}
			assert.Equal(t, `handshake record: ClientHello for "lab.example", to speak "h2" or "http/1.1"`,
				got.texts(c2s, event.TLS)[0])
			assert.Equal(t, "handshake record", got.texts(s2c, event.TLS)[0])
		})
	}
}

func TestAHoleInARecord(t *testing.T) {
	b := []byte("\x16\x03\x01\x00\x03abc\x17\x03\x03\x00\x02xy\x15\x03\x03\x00\x00")
	got := play(nil, without(c2s, b, 6, 2), captured{dir: s2c}, nil)
	assert.Equal(t, []string{"tls 0+8: handshake record", "tls 8+7: application data record",
		"tls 15+5: alert record"}, got.lines(c2s))
	for _, at := range []int{8, 10, 12} {
		got = play(nil, without(c2s, b, at, 1), captured{dir: s2c}, nil)
		texttest.Each(t, got.lines(c2s), "tls 0+8: handshake record",
			"error … record at offset 8 … header … not in the capture … cannot be decoded")
	}
}

func TestABrokenRecordIsReported(t *testing.T) {
	for _, c := range []struct{ b, want string }{
		{"GET / HT", "record at offset 6 … not TLS … cannot be decoded"},
		{"\x19\x03\x03\x00\x00", "record at offset 6 … not TLS … cannot be decoded"},
		{"\x17\x03\x03\xff\xff", "record at offset 6 … not TLS … cannot be decoded"},
		{"\x17\x03\x03", "TLS record at offset 6 … not end"},
		{"\x17\x03\x03\x00\x02x", "TLS record at offset 6 … not end"},
	} {
		got := everyCut(t, nil, fromClient([]byte("\x16\x03\x01\x00\x01\x01"+c.b)))
		texttest.Each(t, got.lines(c2s), "tls 0+6: handshake record", "error: … "+c.want)
	}
}

func TestAServerMayAnswerTLSWithoutIt(t *testing.T) {
	no := []byte("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
	got := everyCut(t, nil, fromClient([]byte("\x16\x03\x01\x00\x01\x01")), fromServer(no))
	texttest.Each(t, got.texts(s2c, event.Response), "400 Bad Request … request … unknown")
	got = everyCut(t, nil, fromClient([]byte("GET / HTTP/1.1\r\n\r\n")), fromServer([]byte("\x15\x03\x01\x00\x02\x02\x16")))
	assert.Equal(t, []string{"alert record"}, got.texts(s2c, event.TLS))
}
