package decode

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/labtest"
	"echolab/internal/text/texttest"
)

// conversation is what a client and a server say when "hello" is echoed over TLS.
func conversation(t *testing.T, version uint16) (clientBytes, serverBytes []byte) {
	t.Helper()
	serverConfig, clientConfig := labtest.Secrets(t)
	clientConfig.ServerName, clientConfig.NextProtos = "lab.example", []string{"h2", "http/1.1"}
	clientConfig.InsecureSkipVerify, clientConfig.MaxVersion = true, version // the certificate has another name
	var told eventtest.List
	a, b := net.Pipe()
	defer a.Close()
	done := make(chan error, 1)
	go func() {
		defer b.Close()
		conn := tls.Server(event.Wrap(b, &told, 1, event.Server), serverConfig)
		_, err := io.CopyN(conn, conn, 5)
		done <- err
	}()
	conn := tls.Client(event.Wrap(a, &told, 1, event.Client), clientConfig)
	_, err := conn.Write([]byte("hello"))
	require.NoError(t, err)
	_, err = io.ReadFull(conn, make([]byte, 5))
	require.NoError(t, err)
	require.NoError(t, <-done)
	for _, e := range told.All(event.Write) {
		if e.Dir == c2s {
			clientBytes = append(clientBytes, e.Bytes...)
		} else {
			serverBytes = append(serverBytes, e.Bytes...)
		}
	}
	return clientBytes, serverBytes
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
