package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/cli/clitest"
)

func TestHelpAndVersion(t *testing.T) {
	clitest.Help(t, run, "tcpserver", "addr", "codec", "read", "max-message", "max-conns", "idle-timeout", "json", "quiet")
}

func TestMisuseIsNamed(t *testing.T) {
	clitest.Misuse(t, run, "tcpserver", [][2]string{
		{"-no-such-flag", "-no-such-flag"},
		{"stray", `"stray": only flags are allowed`},
		{"-codec morse", `-codec: codec "morse" is not known: it is one of raw|lines|fixed=N|length`},
		{"-codec fixed=100 -max-message 10", "-codec fixed=100 and -max-message 10: … limit"},
		{"-read 67108865", "-read 67108865: … 67108864 or less"},
		{"-idle-timeout 100000h", "-idle-timeout 100000h0m0s: … 8760h0m0s or less"},
		{"-read 0 -max-conns 0", "-max-conns 0: … 1 or more"},
	})
}

func TestAnAddressOfAnotherMachineCannotBeListenedOn(t *testing.T) {
	status, _, stderr := once(t, "-addr", "192.0.2.1:0") // RFC 5737: nobody has it
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "tcpserver: cannot listen on 192.0.2.1:0: ")
}

func TestInJSONAFailureIsAResultToo(t *testing.T) {
	first := start(t)
	status, stdout, _ := once(t, "-addr", first.Addr, "-json")
	assert.Equal(t, 1, status)
	last := clitest.LastLine(t, stdout)
	assert.Equal(t, "result", last["ev"])
	assert.Equal(t, false, last["ok"])
	assert.Contains(t, last["error"], "in use")
}
