package lab

import (
	"bytes"
	"io"

	"github.com/gobwas/ws"
)

// parseFrame returns the frame that b begins with, its payload unmasked, and its size. A frame that is not whole is
// io.ErrUnexpectedEOF.
func parseFrame(b []byte) (h ws.Header, payload []byte, size int, err error) {
	r := bytes.NewReader(b)
	if h, err = ws.ReadHeader(r); err != nil {
		return h, nil, 0, err
	}
	if h.Length > int64(r.Len()) {
		return h, nil, 0, io.ErrUnexpectedEOF
	}
	payload = make([]byte, h.Length)
	if _, err := io.ReadFull(r, payload); err != nil {
		return h, nil, 0, err
	}
	if h.Masked {
		ws.Cipher(payload, h.Mask, 0)
	}
	return h, payload, len(b) - r.Len(), nil
}
