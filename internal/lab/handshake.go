package lab

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"

	"echolab/internal/server"
	"echolab/internal/websocket"
)

// Handshake is how an accept comes about, and what is wrong with keys that are printed as examples.
type Handshake struct {
	Key    string `json:"key"`
	Chars  int    `json:"chars"` // of the key
	Random int    `json:"bytes"` // that these stand for
	Joined string `json:"joined"`
	SHA1   string `json:"sha1"`
	Accept string `json:"accept"` // computed here

	Status   int    `json:"status"`   // of the lab's server
	Answered string `json:"answered"` // the accept in its answer

	Samples []HandshakeSample `json:"samples"`
}

// A HandshakeSample is a handshake as it was printed somewhere.
type HandshakeSample struct {
	Key     string `json:"key"`
	Printed string `json:"printed,omitempty"` // the accept that was printed with it
	Bytes   int    `json:"bytes"`             // that the key stands for; -1 if it is not base64
	Accept  string `json:"accept"`            // computed of the key as it stands
	Status  int    `json:"status"`            // what the lab's server answers
	Says    string `json:"says,omitempty"`    // and why, if not 101
}

// samples are from texts on WebSocket; the last is the RFC's own (section 1.3).
var samples = []HandshakeSample{
	{Key: "XpZ3qYz7qv0bFZ5z1g==", Printed: "qGEZtWnQb0lSydNF0x2jDP0+9qM="},
	{Key: "dGhlIHhbXBsZSBub25jZQ=="},
	{Key: "dGhlIHNhbXBsZSBub25jZQ==", Printed: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
}

// RunHandshake computes the accept of the RFC's key step by step, and asks the lab's server for the same and for the
// samples.
func RunHandshake(ctx context.Context) (f Handshake, err error) {
	defer caught(&err)
	f.Key = samples[len(samples)-1].Key
	f.Chars, f.Random = len(f.Key), len(must(base64.StdEncoding.DecodeString(f.Key)))
	f.Joined = f.Key + websocket.GUID
	sum := sha1.Sum([]byte(f.Joined))
	f.SHA1, f.Accept = hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:])
	f.Status, f.Answered, _ = offer(ctx, f.Key)
	for _, s := range samples {
		s.Bytes = -1
		if b, err := base64.StdEncoding.DecodeString(s.Key); err == nil {
			s.Bytes = len(b)
		}
		s.Accept = websocket.Accept(s.Key)
		s.Status, _, s.Says = offer(ctx, s.Key)
		f.Samples = append(f.Samples, s)
	}
	return f, nil
}

// offer asks the lab's server for a WebSocket with that key. It returns the status, the accept and the text of its
// answer.
func offer(ctx context.Context, key string) (status int, accept, text string) {
	withServer(ctx, &server.Server{}, func(c *end) {
		c.write(c.request(key))
		answer := must(http.ReadResponse(c.r, nil))
		status, accept = answer.StatusCode, answer.Header.Get("Sec-Websocket-Accept")
		if status != http.StatusSwitchingProtocols { // whose body are frames
			text = strings.TrimSpace(string(must(io.ReadAll(answer.Body))))
		}
	})
	return status, accept, text
}

// problem is what is wrong with the sample, "" if nothing is.
func (s HandshakeSample) problem() string {
	var wrong []string
	switch {
	case s.Bytes < 0:
		wrong = append(wrong, "the key is not base64")
	case s.Bytes != 16:
		wrong = append(wrong, fmt.Sprintf("the key has %d bytes and not 16", s.Bytes))
	}
	if s.Printed != "" && s.Printed != s.Accept {
		wrong = append(wrong, fmt.Sprintf("the accept that was printed with it, %s, belongs to another key (this one's is "+
			"%s)", s.Printed, s.Accept))
	}
	return strings.Join(wrong, "; ")
}

func (f Handshake) Report() Report {
	r := Report{Steps: []string{
		fmt.Sprintf("The client's key: %s. %d random bytes, in base64 %d characters.", f.Key, f.Random, f.Chars),
		fmt.Sprintf("With the GUID of RFC 6455, 1.3 appended: %s.", f.Joined),
		fmt.Sprintf("SHA-1 of that: %s.", f.SHA1),
		fmt.Sprintf("In base64: %s.", f.Accept),
		fmt.Sprintf("The lab's server answered that key with %d and %s.", f.Status, f.Answered),
	}}
	right := 0
	for _, s := range f.Samples {
		said := fmt.Sprint(s.Status)
		if s.Says != "" {
			said += fmt.Sprintf(", %q", s.Says)
		}
		problem := s.problem()
		if problem == "" {
			right++
			problem = "nothing is wrong with it"
		}
		r.Steps = append(r.Steps, fmt.Sprintf("The sample key %s: %s. The server answers %s.", s.Key, problem, said))
		r.expect((s.Status == http.StatusSwitchingProtocols) == (s.Bytes == 16), "the server took a key that is none, or refused one")
	}
	r.Answer = fmt.Sprintf("It returns what only somebody who knows the GUID and has read this request can compute from the key: "+
		"neither a cached answer nor a server of another protocol has that by chance. It proves nothing else: key "+
		"and GUID are known to all, so it authenticates nobody. Of the %d samples, printed as examples, %d would "+
		"work: compute before you copy.", len(f.Samples), right)
	r.expect(f.Status == http.StatusSwitchingProtocols && f.Answered == f.Accept, "the server's accept is not the computed one")
	r.expect(f.Random == 16 && f.Chars == 24, "the key is not 16 bytes in 24 characters")
	return r
}
