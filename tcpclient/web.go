package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"

	"echolab/framing"
	"echolab/internal/cli"
	"echolab/internal/client"
	"echolab/internal/websocket"
)

// webFlags are the flags for WebSocket and TLS.
type webFlags struct {
	ws       bool
	frames   client.Frames
	tls      bool
	ca       string
	insecure bool
}

func (w *webFlags) define(fs *flag.FlagSet) {
	fs.BoolVar(&w.ws, "ws", false,
		"speak WebSocket, to wsserver's /ws: each message is a masked frame, text if it is UTF-8")
	fs.IntVar(&w.frames.Fragment, "fragment", 0, "with -ws: send each message in frames of `N` bytes (default: one frame)")
	fs.BoolVar(&w.frames.Ping, "ping", false, "with -ws: a Ping between the messages, and between the frames of one")
	fs.IntVar(&w.frames.Close, "close", 1000, "with -ws: end with a Close of this `CODE`")
	fs.BoolVar(&w.frames.Deflate, "compress", false, "with -ws: offer permessage-deflate, and use it if the server accepts")
	fs.BoolVar(&w.tls, "tls", false, "speak inside TLS, with -ws or without")
	fs.StringVar(&w.ca, "ca", "", "with -tls: trust the certificates in the PEM file at `PATH`, not the system's")
	fs.BoolVar(&w.insecure, "insecure", false, "with -tls: trust any certificate")
}

// check says what is wrong with the flags: with one that another needs, or excludes, and with their values.
func (w *webFlags) check(fs *flag.FlagSet) error {
	needs := func(flag string, on bool, names ...string) error {
		for _, name := range names {
			if !on && cli.Given(fs, name) {
				return fmt.Errorf("-%s needs -%s", name, flag)
			}
		}
		return nil
	}
	if err := needs("ws", w.ws, "fragment", "ping", "close", "compress"); err != nil {
		return err
	}
	if err := needs("tls", w.tls, "ca", "insecure"); err != nil {
		return err
	}
	switch {
	case w.ws && cli.Given(fs, "codec"):
		return errors.New("-ws and -codec cannot be combined: WebSocket frames mark the messages")
	case w.ca != "" && w.insecure:
		return errors.New("-ca and -insecure cannot be combined")
	}
	return errors.Join(checkCode(w.frames.Close), cli.Within("fragment", w.frames.Fragment, 0, client.GlueLimit))
}

// checkCode returns an error unless a Close may carry the code (RFC 6455 section 7.4).
func checkCode(code int) error {
	if code >= 1000 && code <= 4999 && code != framing.CodeNoStatus {
		err := framing.ParseClose(websocket.ClosePayload(code, ""))
		if errors.As(err, new(*framing.CloseError)) {
			return nil
		}
	}
	return fmt.Errorf("-close %d: a Close may carry 1000 to 1003, 1007 to 1014, and 3000 to 4999 (RFC 6455, 7.4)", code)
}

// apply makes the client speak what the flags ask for.
func (w *webFlags) apply(c *client.Client) error {
	if w.ws {
		c.Frames = &w.frames
	}
	if !w.tls {
		return nil
	}
	c.TLS = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: w.insecure}
	if w.ws {
		c.TLS.NextProtos = []string{"http/1.1"}
	}
	if w.ca == "" {
		return nil
	}
	pem, err := os.ReadFile(w.ca)
	if err != nil {
		return fmt.Errorf("cannot read the certificates to trust (-ca): %w", err)
	}
	c.TLS.RootCAs = x509.NewCertPool()
	if !c.TLS.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("there is no certificate in %s (-ca): it must be PEM, as wsserver writes it", w.ca)
	}
	return nil
}

// server is the program, and its flags, that serves what the flags ask for.
func (w *webFlags) server() string {
	switch {
	case w.tls:
		return "wsserver -tls self-signed"
	case w.ws:
		return "wsserver"
	}
	return "tcpserver"
}
