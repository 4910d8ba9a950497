package main

import (
	_ "embed"
	"io"
	"net/http"
)

//go:embed page.html
var page []byte

// pages are what there is over HTTP beside the WebSocket echo: a page that says what is here, and /healthz.
func pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", servePage)
	mux.HandleFunc("/healthz", serveHealth)
	return mux
}

func servePage(w http.ResponseWriter, r *http.Request) {
	if !reads(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'")
	_, _ = w.Write(page)
}

// serveHealth says that the server serves.
func serveHealth(w http.ResponseWriter, r *http.Request) {
	if !reads(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok\n")
}

// reads says whether a request only reads, and answers it if not.
func reads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "this is for reading only: GET or HEAD", http.StatusMethodNotAllowed)
	return false
}
