package server

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What an error leaves in a work must not meet another session: a frame that was begun and not sent whole, say, after
// which that one could send neither a Ping nor a Close. Whether a pool returns what was put into it is luck, so the test
// looks at what the session keeps.
func TestAWorkThatAnErrorLeftIsNobodys(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		shared bool
	}{
		{"nothing to do", nil, true},
		{"after the Close", endClosed, true},
		{"an error between two messages", errors.New("the client took nothing"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &session{conn: &conn{srv: new(Server)}}
			s.begin(nil)
			s.mid = c.err != nil
			s.rest(c.err)
			assert.Equal(t, c.shared, s.work == nil)
		})
	}
}
