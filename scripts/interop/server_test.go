package interop

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A visit is one of a client to a server.
type visit struct {
	client
	server  *wsserver
	number  int
	tls     bool
	offer   bool     // of permessage-deflate
	results []result // nil if there was none
}

// visits are those of every client, in every way that makes a difference.
func visits(compressing, plain *wsserver) (all []*visit) {
	for _, c := range clients {
		for _, offer := range c.offers.ways() {
			all = append(all,
				&visit{client: c, server: plain, offer: offer},
				&visit{client: c, server: compressing, offer: offer},
				&visit{client: c, server: compressing, offer: offer, tls: true})
		}
	}
	for i, v := range all {
		v.number = i + 1
	}
	return all
}

func (v *visit) name() string {
	name := v.client.name
	if v.tls {
		name += ", TLS"
	}
	if v.offer && v.offers == asTold {
		name += ", offers compression"
	}
	if v.server.cert == "" {
		name += ", plain server"
	}
	return name
}

func (v *visit) target() target {
	to := target{url: fmt.Sprintf("ws://%s/ws?visit=%d", v.server.addr, v.number), deflate: v.offer}
	if v.tls {
		to.url, to.ca = "wss"+to.url[len("ws"):], v.server.cert
	}
	return to
}

// deflate says whether messages must have been compressed.
func (v *visit) deflate() bool {
	if v.offers == unknown && v.server.cert != "" {
		return v.results[0].Extensions != ""
	}
	return v.offer && v.server.cert != ""
}

func TestEveryClientGetsBackWhatItSends(t *testing.T) {
	// The browser's page is of another site.
	compressing, plain := startSecure(t, "-origin", "*"), startServer(t, "-origin", "*")
	all := visits(compressing, plain)
	t.Run("visits", func(t *testing.T) {
		for _, v := range all {
			t.Run(v.name(), func(t *testing.T) {
				t.Parallel()
				v.results = v.visit(t, v.target())
				v.visited(t, v.results, v.deflate())
			})
		}
	})
	compressing.end(t)
	plain.end(t)
	for _, v := range all {
		if v.results != nil {
			t.Run("account of "+v.name(), func(t *testing.T) {
				v.accounted(t, v.server.account(t, v.number), v.deflate())
			})
		}
	}
}

func TestAServerThatStopsSaysSoToEveryClient(t *testing.T) {
	for _, c := range clients {
		for _, scheme := range []string{"ws", "wss"} {
			t.Run(c.name+", "+scheme, func(t *testing.T) {
				t.Parallel()
				server := startSecure(t, "-origin", "*")
				to := target{url: scheme + "://" + server.addr + "/ws", deflate: true}
				if scheme == "wss" {
					to.ca = server.cert
				}
				answer := c.stay(t, to, func() {
					assert.NoError(t, server.cmd.Process.Signal(syscall.SIGTERM))
				})
				assert.Equal(t, 1001, answer.Code)
				assert.NotEmpty(t, answer.Reason)
				assert.Zero(t, server.wait(), server.stderr.text())
			})
		}
	}
}
