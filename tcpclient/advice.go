package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"echolab/internal/client"
)

// advise adds to an error what its visitor can do about it: which flag there is for it.
func advise(o *options, err error) error {
	var hinted *client.Error
	if !errors.As(err, &hinted) {
		return err
	}
	codecs := ""
	if !o.ws {
		codecs = fmt.Sprintf("; does the server use -codec %v too?", o.Codec)
	}
	advice := map[client.Hint]string{
		client.HintMaxMessage: " (-max-message)",
		client.HintTooLarge:   " (-max-message)" + codecs,
		client.HintUnframable: "; -codec length carries any bytes",
		client.HintGlue:       ": use -chunk",
		client.HintCodec:      codecs,
		client.HintWebSocket:  ", try -ws",
		client.HintNoHTTP:     "; does the server speak HTTP, as wsserver does?",
		client.HintRaw:        "; wsserver does, and without -ws raw bytes are sent",
		client.HintTLS:        ": try -tls",
		client.HintNoTLS:      "; does the server speak TLS, as wsserver -tls self-signed does?",
		client.HintUntrusted:  "; -ca FILE names one to trust, -insecure trusts any",
	}[hinted.Hint]
	return fmt.Errorf("%w%s", err, advice)
}

// explain says what to do about an error.
func explain(o *options, err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" && errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("nobody listens on %s: start a server in another terminal with \"go run ./%s -addr %s\", "+
			"or take the tour, which needs none: \"go run ./tcpclient -tour\"", o.addr, o.server(), o.addr)
	}
	return err
}
