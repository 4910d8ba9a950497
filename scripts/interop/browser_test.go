package interop

import (
	_ "embed"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// webClient is the client that a page has in common with Node.
//
//go:embed testdata/client_web.js
var webClient string

// page runs the client in the way that its own address asks for, and tells the lines to where it comes from.
const page = `<!doctype html><meta charset="utf-8"><title>interop</title><script src="/client.js"></script><script>
const post = (path, body) => fetch(path, { method: 'POST', body })
const asked = new URLSearchParams(location.search)
run(asked.get('way'), asked.get('url'), (line) => post('/line', JSON.stringify(line) + '\n'))
  .then(() => post('/done', ''), (error) => post('/done', String(error)))
</script>`

// A browser is a Chromium without a window.
type browser struct{}

// A tab is a page that a browser shows.
type tab struct {
	*httptest.Server
	lines chan string
	done  chan string // what went wrong, or ""
}

// open has a browser show a page in which the client runs.
func (browser) open(t *testing.T, way string, to target) *tab {
	t.Helper()
	path := findBrowser()
	if path == "" {
		missing(t, "a browser", "chromium")
	}
	tab := &tab{lines: make(chan string, 100), done: make(chan string, 1)} // more than there are cases
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) })
	mux.HandleFunc("GET /client.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = io.WriteString(w, webClient)
	})
	mux.Handle("POST /line", into(tab.lines))
	mux.Handle("POST /done", into(tab.done))
	tab.Server = httptest.NewServer(mux)
	t.Cleanup(tab.Close)
	address := tab.URL + "/?" + url.Values{"way": {way}, "url": {to.url}}.Encode()
	p := start(t, nil, nil, path,
		"--headless=new", "--no-sandbox", // which root cannot have
		"--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--user-data-dir="+t.TempDir(),
		"--disable-background-networking", "--disable-component-update",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // it has no business elsewhere
		"--ignore-certificate-errors",                              // there is no flag to trust one
		address)
	go func() {
		<-p.done
		select {
		case tab.done <- "the browser ended: " + p.stderr.text():
		default:
		}
	}()
	return tab
}

// into is a handler that passes on what is posted.
func into(lines chan<- string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		lines <- string(body)
	})
}

// all returns the results that are still to come.
func (tab *tab) all(t *testing.T) []result {
	t.Helper()
	require.Empty(t, <-tab.done)
	close(tab.lines) // they were all posted before
	var text string
	for line := range tab.lines {
		text += line
	}
	return results(t, text)
}

func (b browser) visit(t *testing.T, to target) []result {
	return b.open(t, "visit", to).all(t)
}

func (b browser) stay(t *testing.T, to target, ready func()) closed {
	tab := b.open(t, "stay", to)
	select {
	case line := <-tab.lines:
		require.Equal(t, `{"case":"ready"}`+"\n", line)
	case failure := <-tab.done:
		require.FailNow(t, "it is not ready", failure)
	}
	ready()
	all := tab.all(t)
	require.Len(t, all, 1)
	return all[0].closed
}

var findBrowser = sync.OnceValue(func() string {
	return first(nil, []string{"chromium", "chromium-browser", "google-chrome"}, "--version")
})
