package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gopacket/gopacket/layers"

	"echolab/internal/capture/capturetest"
)

// FuzzAnyFileGivesAResultOrAnError: whatever a capture is, the program says what is in it or what is wrong with it, and
// prints nothing that a terminal would obey.
func FuzzAnyFileGivesAResultOrAnError(f *testing.F) {
	for _, seed := range []string{recording + ".pcap", "../captures/close/4-unread.pcap", "../captures/upgrade/2-tls.pcap"} {
		b, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(capturetest.Pcapng(f, layers.LinkTypeRaw, glued().Packets))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, args := range [][]string{{"-", "-packets", "-codec", "lines"}, {"-", "-json"}} {
			var out, stderr bytes.Buffer
			status := run(t.Context(), args, bytes.NewReader(file), &out, &stderr)
			if status != 0 && (status != 1 || stderr.Len() == 0) {
				t.Fatalf("status %d: %q", status, stderr.String())
			}
			if strings.ContainsAny(out.String()+stderr.String(), "\x1b\a\b\r") || !utf8.Valid(out.Bytes()) {
				t.Fatalf("%q", out.String())
			}
		}
	})
}
