package server_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/server"
)

const (
	guid      = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	isSwitch  = "HTTP/1.1 101 Switching Protocols\r\n"
	acceptKey = "Sec-WebSocket-Accept: "
)

var (
	askLine = regexp.MustCompile(`GET \S+ HTTP/1\.[1-9]$`)
	goodKey = regexp.MustCompile(`^[A-Za-z0-9+/]{21}[AQgw]==$`)
)

// acceptable looks for a request that may be accepted, line by line, and for the accept that answers it.
func acceptable(in, accept string) bool {
	in = strings.ReplaceAll(strings.ReplaceAll(in, "\r\n", "\n"), "\n\n", "\n\x00\n")
	for block := range strings.SplitSeq(in, "\x00") {
		asks, values := false, make(map[string][]string)
		for l := range strings.SplitSeq(unfold(block), "\n") {
			asks = asks || askLine.MatchString(strings.TrimSpace(l))
			if name, value, ok := strings.Cut(l, ":"); ok {
				name = strings.ToLower(name)
				values[name] = append(values[name], strings.Trim(value, " \t\r"))
			}
		}
		key := strings.Join(values["sec-websocket-key"], "|")
		sum := sha1.Sum([]byte(key + guid))
		if asks && lists(values["upgrade"], "websocket") && lists(values["connection"], "upgrade") &&
			strings.Join(values["sec-websocket-version"], "|") == "13" && goodKey.MatchString(key) &&
			len(values["host"]) == 1 && len(values["transfer-encoding"]) == 0 && ownSite(values["origin"],
			values["host"][0]) &&
			base64.StdEncoding.EncodeToString(sum[:]) == accept {
			return true
		}
	}
	return false
}

// unfold joins lines that begin with white space to those before them (RFC 9112 section 5.2).
func unfold(block string) string {
	return regexp.MustCompile(`\n[ \t]+`).ReplaceAllString(block, " ")
}

// ownSite says whether there is no Origin, or one that has the host in it, which may name a port that goes without.
func ownSite(origins []string, host string) bool {
	if len(origins) != 1 {
		return origins == nil
	}
	_, site, ok := strings.Cut(strings.ToLower(origins[0]), "://")
	host = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(host), ":80"), ":443")
	return ok && strings.Contains(site, host)
}

func lists(values []string, token string) bool {
	for _, item := range strings.Split(strings.Join(values, ","), ",") {
		if strings.EqualFold(strings.Trim(item, " \t"), token) {
			return true
		}
	}
	return false
}

func FuzzHandshake(f *testing.F) {
	for _, r := range requests {
		f.Add([]byte(r.String()), 20)
		f.Add([]byte("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"+r.String()+sends(0x81, "hello")), 60)
	}
	f.Add([]byte("GET / HTTP/1.1\nHost: x\nUpgrade:\n websocket\n\n"), 3)
	d := serveDesk(f, &server.Server{Web: &server.Web{Only: server.HTTP, MaxHeader: 2048}, MaxMessage: fuzzLimit})
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		in = in[:min(len(in), 4096)]
		cut = min(max(cut, 0), len(in))
		out := d.play(t, string(in[:cut]), string(in[cut:]))
		require.Less(t, len(out), 64<<10+len(in)*4096)
		_, after, ok := strings.Cut(out, isSwitch)
		if !ok {
			return
		}
		header, stream, _ := strings.Cut(after, "\r\n\r\n")
		_, accept, _ := strings.Cut(header, acceptKey)
		accept, _, _ = strings.Cut(accept, "\r\n")
		require.True(t, acceptable(string(in), accept), fmt.Sprintf("%q was accepted with %q", in, out))
		_, err := fromServer(stream)
		require.NoError(t, err)
	})
}
