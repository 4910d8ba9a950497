package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/framing"
	"echolab/internal/client"
)

func TestEveryHintNamesWhatToDo(t *testing.T) {
	o := &options{}
	o.Codec = framing.Lines{}
	for hint, says := range map[client.Hint]string{
		client.HintMaxMessage: "-max-message", client.HintUnframable: "-codec length", client.HintGlue: "-chunk",
		client.HintCodec: "-codec lines too?", client.HintWebSocket: "-ws", client.HintNoHTTP: "wsserver",
		client.HintRaw: "wsserver", client.HintTLS: "-tls", client.HintNoTLS: "wsserver -tls self-signed",
		client.HintUntrusted: "-insecure",
	} {
		cause := errors.New("it failed")
		err := advise(o, fmt.Errorf("the run: %w", &client.Error{Hint: hint, Err: cause}))
		assert.ErrorIs(t, err, cause)
		assert.Regexp(t, "^the run: it failed.+"+says, err.Error())
	}
	plain := errors.New("plain")
	assert.Equal(t, plain, advise(o, plain))
	assert.NoError(t, advise(o, nil))
}

func TestAdviceIsInTheResultToo(t *testing.T) {
	r := runClient(t, startServer(t, "lines"), "-codec", "lines", "-json", "-message", "two\nlines")
	assert.Equal(t, 1, r.status)
	assert.Contains(t, r.stderr, "-codec length carries any bytes")
	assert.Contains(t, r.result(t)["error"], "-codec length carries any bytes")
}
