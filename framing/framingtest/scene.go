package framingtest

import (
	"fmt"
	"strings"
)

// A scene is where something happened: which messages, what became of them on their way, and how they were read.
// Empty parts are left out.
type scene struct {
	what   string // the messages
	event  string // what befell them
	way    string // in which pieces they arrived
	buffer int    // the size of the bufio.Reader
	max    string // the limit
}

func (at scene) String() string {
	var parts []string
	for _, part := range []string{at.what, at.event, at.way} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if at.buffer > 0 {
		parts = append(parts, fmt.Sprintf("bufio.Reader of %d bytes", at.buffer))
	}
	if at.max != "" {
		parts = append(parts, "max "+at.max)
	}
	if parts == nil {
		return "all messages of the suite"
	}
	return strings.Join(parts, "; ")
}
