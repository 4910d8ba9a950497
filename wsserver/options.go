package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"echolab/internal/cli"
	"echolab/internal/cli/serve"
	"echolab/internal/server"
)

// writeTimeout is how long a client may take nothing. It is shorter than what a silent one gets: of what is owed to
// a client that takes nothing, the kernel keeps some megabytes.
const writeTimeout = 30 * time.Second

// maxHeader is the largest header that -max-header may allow, as much as net/http does by itself.
const maxHeader = 1 << 20

// options are the flags.
type options struct {
	serve.Options
	web     server.Web
	only    string
	tls     string
	tlsCert string
	tlsKey  string
}

func (o *options) define(fs *flag.FlagSet) {
	o.Options.Define(fs)
	fs.Lookup("codec").Usage += ", where it is not HTTP"
	fs.StringVar(&o.only, "only", "", "take every connection for one protocol: `raw|http` (WebSocket begins as HTTP)")
	fs.DurationVar(&o.WriteTimeout, "write-timeout", writeTimeout,
		"cut off a client that takes nothing for this `time` (noticed within twice that)")
	fs.IntVar(&o.web.MaxHeader, "max-header", server.DefaultMaxHeader,
		"refuse requests whose header has more than `N` bytes (net/http allows 4 KiB more)")
	fs.DurationVar(&o.web.HeaderTimeout, "header-timeout", server.DefaultHeaderTimeout,
		"the `time` allowed for a request's header, and for the TLS handshake")
	fs.DurationVar(&o.web.Ping, "ping", server.DefaultPing,
		"send a Ping to a WebSocket that is silent for this `time`; 0 for none")
	fs.DurationVar(&o.web.PongWait, "pong-wait", server.DefaultPongWait,
		"and close it if nothing comes within this `time` after the Ping")
	fs.Func("origin", "let pages of these `SITES` open WebSockets, beside the server's own: "+
		"https://a.example,https://b.example, or * for all; may be repeated", o.addOrigins)
	fs.Func("host", "answer requests for these `NAMES` too, beside localhost and the address that it listens on: a.example,b.example, "+
		"or * for all; may be repeated", o.addHosts)
	fs.BoolVar(&o.web.Deflate, "compress", false, "use permessage-deflate (RFC 7692) with clients that offer it")
	fs.StringVar(&o.tls, "tls", "", "accept TLS too: `self-signed` makes a certificate for localhost")
	fs.StringVar(&o.tlsCert, "tls-cert", "", "accept TLS too, with the certificate in `FILE` (PEM, with its chain)")
	fs.StringVar(&o.tlsKey, "tls-key", "", "and its key in `FILE` (PEM)")
}

// check completes the options, or says what is wrong with them.
func (o *options) check(fs *flag.FlagSet) error {
	err := errors.Join(
		o.Options.Check(),
		o.checkOnly(fs),
		cli.CheckWait("write-timeout", o.WriteTimeout),
		cli.Within("max-header", o.web.MaxHeader, 1, maxHeader),
		cli.CheckWait("header-timeout", o.web.HeaderTimeout),
		o.checkPing(),
		cli.CheckWait("pong-wait", o.web.PongWait),
		o.checkTLS(),
	)
	if o.web.Ping == 0 {
		o.web.Ping = -1 // which is how a Web is told so
	}
	o.web.Handler = pages()
	switch {
	case o.only == string(server.Raw):
	case o.tls+o.tlsCert != "":
		o.Page = "https"
	default:
		o.Page = "http"
	}
	o.Web = &o.web
	return err
}

// checkOnly sees to it that no flag is without meaning beside -only.
func (o *options) checkOnly(fs *flag.FlagSet) error {
	var without []string
	switch o.only {
	case "":
	case string(server.HTTP):
		without = []string{"codec"}
	case string(server.Raw):
		without = []string{
			"max-header", "header-timeout", "ping", "pong-wait", "origin", "host", "compress", "tls", "tls-cert", "tls-key",
		}
	default:
		return fmt.Errorf("-only %s: it must be raw or http%s", o.only, cli.Nearest(o.only, []string{"raw", "http"}))
	}
	o.web.Only = server.Protocol(o.only)
	for _, name := range without {
		if cli.Given(fs, name) {
			return fmt.Errorf("-%s: it has no effect with -only %s", name, o.only)
		}
	}
	return nil
}

func (o *options) checkPing() error {
	if o.web.Ping == 0 {
		return nil
	}
	return cli.CheckWait("ping", o.web.Ping)
}

func (o *options) checkTLS() error {
	switch {
	case o.tls != "" && o.tls != "self-signed":
		return fmt.Errorf("-tls %s: it must be self-signed; certificates from files come with -tls-cert and -tls-key", o.tls)
	case o.tls != "" && o.tlsCert+o.tlsKey != "":
		return errors.New("-tls self-signed makes a certificate, and -tls-cert brings one: choose one of them")
	case o.tlsCert != "" && o.tlsKey == "":
		return errors.New("-tls-cert needs -tls-key, the file of the certificate's key")
	case o.tlsKey != "" && o.tlsCert == "":
		return errors.New("-tls-key needs -tls-cert, the file of the key's certificate")
	}
	return nil
}

// addHosts takes the value of a -host.
func (o *options) addHosts(list string) error {
	for item := range strings.SplitSeq(list, ",") {
		host := strings.TrimSpace(item)
		if host == "" || strings.ContainsAny(host, "/:@[] ") {
			return fmt.Errorf("%q is not a host: it has no scheme and no port, as in lab.example; * is all", host)
		}
		o.web.Hosts = append(o.web.Hosts, host)
	}
	return nil
}

// addOrigins takes the value of an -origin.
func (o *options) addOrigins(list string) error {
	for item := range strings.SplitSeq(list, ",") {
		origin, err := parseOrigin(strings.TrimSpace(item))
		if err != nil {
			return err
		}
		o.web.Origins = append(o.web.Origins, origin)
	}
	return nil
}
