package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"echolab/internal/cli"
)

// validity is how long a self-signed certificate lasts: longer than anybody tries something out.
const validity = 30 * 24 * time.Hour

// useTLS makes the server take TLS too.
func (o *options) useTLS(cert tls.Certificate) {
	o.web.TLS = &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"}, // a WebSocket needs that one (RFC 6455 section 4.1)
	}
}

// readCertificate reads a certificate and its key from files.
func readCertificate(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		err = fmt.Errorf("cannot use the certificate in %s with the key in %s: %w; both must be PEM files that belong "+
			"together and can be read, or let -tls self-signed make a certificate", certFile, keyFile, err)
	}
	return cert, err
}

// selfSigned makes a certificate for this machine's own names and the host of addr. The certificate is written to a
// file of its own, for clients to trust, which the caller removes; the key is only in memory.
func selfSigned(addr string) (cert tls.Certificate, path string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, "", err
	}
	template := x509.Certificate{
		Subject:               pkix.Name{CommonName: "echolab self-signed"},
		NotBefore:             time.Now().Add(-time.Hour), // for clocks that are late
		NotAfter:              time.Now().Add(validity),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, // and no authority: who trusts it trusts nothing else with it
	}
	template.DNSNames, template.IPAddresses = names(addr)
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return cert, "", err
	}
	path, err = publish(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path, err
}

// names are what a certificate of a server on addr is for.
func names(addr string) (dns []string, ips []net.IP) {
	dns, ips = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	host, _, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return dns, ips
	}
	switch ip, err := netip.ParseAddr(host); {
	case err != nil && !strings.EqualFold(host, dns[0]):
		dns = append(dns, host)
	case err == nil && !ip.IsUnspecified() && !slices.ContainsFunc(ips, net.IP(ip.AsSlice()).Equal):
		ips = append(ips, ip.AsSlice())
	}
	return dns, ips
}

// publish writes a certificate to a new file, which anyone may read, and which nobody else can have put there.
func publish(der []byte) (path string, err error) {
	f, err := os.CreateTemp("", "echolab-cert-*.pem")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		return "", err
	}
	return f.Name(), f.Chmod(0o644)
}

// announceCertificate says where the certificate is, how to know it, and how to use it. It does so on stderr, so that
// it is no line of an account and is there even where none is.
func announceCertificate(p cli.Program, cert tls.Certificate, path string, addr net.Addr) {
	fmt.Fprintf(p.Stderr, "TLS: self-signed certificate in %s, SHA-256 fingerprint %s\n", path, fingerprint(cert))
	at, option := addr.String(), ""
	if host, port, err := net.SplitHostPort(at); err == nil {
		if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
			at = net.JoinHostPort("localhost", port)
		}
	}
	if at != "127.0.0.1:9000" {
		option = " -addr " + at
	}
	fmt.Fprintf(p.Stderr, "  go run ./tcpclient -ws -tls -ca %s%s\n", path, option)
	fmt.Fprintf(p.Stderr, "  curl --cacert %s https://%s/\n", path, at)
}

// fingerprint is the SHA-256 of a certificate as browsers and openssl show it.
func fingerprint(cert tls.Certificate) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(cert.Certificate[0])), " ", ":")
}
