package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
)

// startTLS starts the server with a certificate of its own, and returns what trusts it, and its file.
func startTLS(t *testing.T, args ...string) (s *clitest.Server, trust *tls.Config, path string) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	s = start(t, append(args, "-tls", "self-signed")...)
	path = s.Stderr.Await(t, `^TLS: self-signed certificate in (\S+), SHA-256 fingerprint \S+$`)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	trust = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	require.True(t, trust.RootCAs.AppendCertsFromPEM(text))
	return s, trust, path
}

func TestASelfSignedCertificateIsTrustedByClientsWithItsFile(t *testing.T) {
	s, trust, path := startTLS(t)
	_, port, err := net.SplitHostPort(s.Addr)
	require.NoError(t, err)
	for _, host := range []string{"localhost", "127.0.0.1"} {
		web := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: trust.RootCAs}, ForceAttemptHTTP2: true,
		}}
		response, err := web.Get("https://" + net.JoinHostPort(host, port) + "/healthz")
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		response.Body.Close()
		web.CloseIdleConnections()
		assert.Equal(t, "ok\n", string(body))
		assert.Equal(t, "HTTP/1.1", response.Proto, "a WebSocket needs that one")
		assert.GreaterOrEqual(t, response.TLS.Version, uint16(tls.VersionTLS12))
	}
	_, err = (&http.Client{Transport: &http.Transport{}}).Get("https://" + s.Addr + "/healthz")
	assert.ErrorAs(t, err, new(x509.UnknownAuthorityError), "and by nobody else")

	assert.Equal(t, 0, s.Stop(t))
	assert.NoFileExists(t, path, "what nobody serves with any more")
}

func TestTheSamePortTakesTLSAndWhatIsNot(t *testing.T) {
	s, trust, _ := startTLS(t)
	assert.Equal(t, "hello", s.Exchange(t, "hello"))
	status, _ := newClient(t, s.Dial(t)).get("/healthz")
	assert.Equal(t, 200, status)
	open(t, s.Dial(t)).echo("plain")

	inside := tls.Client(s.Dial(t), trust)
	_, err := io.WriteString(inside, "hello")
	require.NoError(t, err)
	require.NoError(t, inside.CloseWrite())
	back, err := io.ReadAll(inside)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(back))
	c := open(t, tls.Client(s.Dial(t), trust))
	c.echo("안녕하세요")
	s.Stdout.Await(t, `TLS 1\.3 with TLS_`)
}

func TestOldTLSIsRefused(t *testing.T) {
	s, trust, _ := startTLS(t)
	trust.MinVersion, trust.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	assert.ErrorContains(t, tls.Client(s.Dial(t), trust).Handshake(), "protocol version")
}

func TestTheCertificateIsWhatItsAnnouncementSays(t *testing.T) {
	s, trust, path := startTLS(t)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	block, rest := pem.Decode(text)
	require.NotNil(t, block)
	assert.Equal(t, "CERTIFICATE", block.Type)
	assert.Empty(t, rest, "the key stays in memory")
	c := tls.Client(s.Dial(t), trust)
	require.NoError(t, c.Handshake())
	assert.Equal(t, c.ConnectionState().PeerCertificates[0].Raw, block.Bytes, "what the server shows")
	var hex []string
	for _, b := range sha256.Sum256(block.Bytes) {
		hex = append(hex, fmt.Sprintf("%02X", b))
	}
	said := s.Stderr.String()
	assert.Contains(t, said, "SHA-256 fingerprint "+strings.Join(hex, ":")+"\n")
	assert.Contains(t, said, "\n  go run ./tcpclient -ws -tls -ca "+path+" -addr "+s.Addr+"\n")
	assert.Contains(t, said, "\n  curl --cacert "+path+" https://"+s.Addr+"/\n")

	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	assert.Equal(t, elliptic.P256(), cert.PublicKey.(*ecdsa.PublicKey).Curve)
	assert.False(t, cert.IsCA, "who trusts it trusts nothing else with it")
	assert.WithinDuration(t, time.Now().Add(validity), cert.NotAfter, time.Minute)
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o644), info.Mode().Perm())
	}
}

func TestACertificateIsForThisMachineAndTheAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:9000":   "[localhost] [127.0.0.1 ::1]",
		"localhost:9000":   "[localhost] [127.0.0.1 ::1]",
		":9000":            "[localhost] [127.0.0.1 ::1]",
		"0.0.0.0:9000":     "[localhost] [127.0.0.1 ::1]",
		"[::]:9000":        "[localhost] [127.0.0.1 ::1]",
		"[::1]:9000":       "[localhost] [127.0.0.1 ::1]",
		"127.0.0.2:9000":   "[localhost] [127.0.0.1 ::1 127.0.0.2]",
		"[fe80::1%lo]:1":   "[localhost] [127.0.0.1 ::1 fe80::1]",
		"lab.example:9000": "[localhost lab.example] [127.0.0.1 ::1]",
	} {
		dns, ips := names(addr)
		assert.Equal(t, want, fmt.Sprint(dns, ips), addr)
	}
}

func TestQuietlyTheCertificateIsStillAnnounced(t *testing.T) {
	s, _, _ := startTLS(t, "-quiet")
	s.Exchange(t, "hello")
	assert.Equal(t, 0, s.Stop(t))
	assert.Regexp(t, `^listening on (\S+)\npage https://127\.0\.0\.1:\d+/\nstopped: `, s.Stdout.String())
}

func TestACertificateThatCannotBeWrittenIsAFailure(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	status, stdout, stderr := once(t, "-addr", "127.0.0.1:0", "-tls", "self-signed", "-json")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "wsserver: cannot make a certificate: ")
	assert.Equal(t, false, clitest.LastLine(t, stdout)["ok"])
}

// writeCertificate writes a fresh certificate and its key to files.
func writeCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	cert, certFile, err := selfSigned("127.0.0.1:0")
	require.NoError(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	require.NoError(t, err)
	keyFile = certFile + ".key"
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
	return certFile, keyFile
}

func TestACertificateFromFilesIsUsed(t *testing.T) {
	certFile, keyFile := writeCertificate(t)
	s := start(t, "-tls-cert", certFile, "-tls-key", keyFile)
	assert.Empty(t, s.Stderr.String())
	text, err := os.ReadFile(certFile)
	require.NoError(t, err)
	trust := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	require.True(t, trust.RootCAs.AppendCertsFromPEM(text))
	open(t, tls.Client(s.Dial(t), trust)).leave()
	assert.Equal(t, 0, s.Stop(t))
	assert.FileExists(t, certFile, "it is not the server's")
}

func TestACertificateThatCannotBeUsedIsExplained(t *testing.T) {
	certFile, keyFile := writeCertificate(t)
	otherCert, otherKey := writeCertificate(t)
	none := filepath.Join(t.TempDir(), "none.pem")
	for _, c := range []struct{ cert, key, says string }{
		{none, keyFile, "no such file"},
		{certFile, none, "no such file"},
		{certFile, otherKey, "private key does not match public key"},
		{keyFile, otherCert, "PEM"},
	} {
		status, stdout, stderr := once(t, "-addr", "127.0.0.1:0", "-tls-cert", c.cert, "-tls-key", c.key)
		assert.Equal(t, 1, status)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "wsserver: cannot use the certificate in "+c.cert+" with the key in "+c.key+": ")
		assert.Contains(t, stderr, c.says)
		assert.Contains(t, stderr, "or let -tls self-signed make a certificate")
		assert.Equal(t, 1, strings.Count(stderr, "\n"))
	}
}
