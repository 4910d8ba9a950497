package server

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"

	"echolab/internal/text"
	"echolab/internal/websocket"
)

// misdirected is why a request is not this server's to answer, or nil (RFC 9110 section 7.4). A page can make its own
// name resolve to this machine, and would come in as the server's own; but its browser still says the name. The port is
// not compared: a relay in front of the server has another one. A request that names no host is no browser's.
func (s *Server) misdirected(v *visit, r *http.Request) error {
	no := &websocket.Refusal{Status: http.StatusMisdirectedRequest}
	switch {
	case r.URL.Scheme == "https" && v.c.tls == nil:
		no.Text = "a request for https must come over TLS (RFC 9110, 7.4)"
	case r.Host != "" && !s.isHost(hostname(r.Host), v.c.raw.LocalAddr()):
		no.Text = s.explain(&LimitError{LimitHosts, "this server is not " + text.Quote([]byte(r.Host), 64)})
	default:
		return nil
	}
	return no
}

// hostname is the host of a Host header (RFC 9110 section 7.2), without its port and as names are compared, or "".
func hostname(host string) string {
	name, port, _ := strings.Cut(host, ":")
	if rest, ok := strings.CutPrefix(host, "["); ok {
		if name, port, ok = strings.Cut(rest, "]"); !ok || port != "" && port[0] != ':' {
			return ""
		}
		port = strings.TrimPrefix(port, ":")
	}
	if strings.Trim(port, "0123456789") != "" {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(name), ".")
}

// isHost says whether the server goes by that name or address on a connection to local.
func (s *Server) isHost(name string, local net.Addr) bool {
	for _, host := range s.Web.Hosts {
		if host == "*" || name == hostname(host) {
			return name != "" || host == "*"
		}
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return name == "localhost" || strings.HasSuffix(name, ".localhost") || // RFC 6761 section 6.3
			s.everywhere.Load() && isMachine(name)
	}
	ip = ip.Unmap()
	reached, err := netip.ParseAddrPort(local.String())
	return ip.IsLoopback() || err == nil && ip == reached.Addr().Unmap().WithZone("") || s.everywhere.Load() && isLocal(ip)
}

// isMachine says whether the machine has that name, or has it as the first part of its name.
func isMachine(name string) bool {
	own, err := os.Hostname()
	own = strings.ToLower(own)
	short, _, _ := strings.Cut(own, ".")
	return err == nil && name != "" && (name == own || name == short)
}

// isLocal says whether one of the machine's networks gave it that address.
func isLocal(ip netip.Addr) bool {
	addrs, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(addrs, func(addr net.Addr) bool {
		prefix, err := netip.ParsePrefix(addr.String())
		return err == nil && prefix.Addr().Unmap() == ip
	})
}
