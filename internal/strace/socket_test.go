package strace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestADescriptorIsGivenAwayAgain(t *testing.T) {
	rec := read(t, `
1 1.000000 read(7, "a file", 832) = 6
1 1.000001 close(7) = 0
1 1.000002 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 7
1 1.000003 write(7, "one", 3) = 3
1 1.000004 close(7 <unfinished ...>
2 1.000005 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 7
1 1.000006 <... close resumed>) = 0
2 1.000007 write(7, "other", 5) = 5
2 1.000008 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = -1 EMFILE (Too many open files)
2 1.000009 close(7) = 0
2 1.000010 write(7, "a file", 6) = 6
`)
	require.Len(t, rec.Sockets, 2)
	one, other := rec.Sockets[0], rec.Sockets[1]
	assert.Equal(t, 7, one.FD)
	assert.Equal(t, 7, other.FD)
	assert.Nil(t, rec.Calls[0].Socket, "no socket yet")
	assert.Equal(t, rec.Calls[2:5], one.Calls)
	assert.Same(t, one, rec.Calls[4].Socket, "the close is the first's, although it returned after the second was made")
	assert.Equal(t, "one", string(one.Writes[0].Data()))
	assert.Equal(t, "other", string(other.Writes[0].Data()))
	assert.Nil(t, rec.Calls[9].Socket, "no longer a socket")
	assert.Len(t, other.Writes, 1)
	assert.Zero(t, other.Writes[0].Off, "a stream of its own")
}

func TestAnAcceptedSocketKnowsItsListener(t *testing.T) {
	rec := read(t, `
1 1.000000 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 5
1 1.000001 accept4(5, 0xc0, [112], SOCK_CLOEXEC) = -1 EAGAIN (Resource temporarily unavailable)
1 1.000002 accept4(5,  <unfinished ...>
2 1.000003 getsockname(5, 0xc0, [112]) = 0
1 1.000004 <... accept4 resumed>NULL, NULL, SOCK_CLOEXEC) = 6
1 1.000005 accept(4, NULL, NULL) = 8
`)
	require.Len(t, rec.Sockets, 3)
	listener, conn, early := rec.Sockets[0], rec.Sockets[1], rec.Sockets[2]
	assert.Same(t, listener, conn.Listener)
	assert.Nil(t, listener.Listener)
	assert.Nil(t, early.Listener, "made before the trace began")
	accept := rec.Calls[2]
	assert.Same(t, conn, accept.Socket)
	assert.Equal(t, 5, accept.FD)
	assert.Same(t, accept, conn.Calls[0])
	assert.NotContains(t, listener.Calls, accept)
	assert.Same(t, listener, rec.Calls[1].Socket, "an accept that failed is the listener's")
}

func TestOffsetsCountWhatWasMoved(t *testing.T) {
	rec := read(t, `
1 1.000000 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 7
1 1.000001 write(7, "hello", 5) = 3
1 1.000002 recvfrom(7, "ab", 2, MSG_PEEK, NULL, NULL) = 2
1 1.000003 recvfrom(7, "MSG_PEEK", 9, 0, NULL, NULL) = 8
1 1.000004 write(7, "lo", 2) = -1 EAGAIN (Resource temporarily unavailable)
1 1.000005 writev(7, [{iov_base="lo", iov_len=2}, {iov_base="!", iov_len=1}], 2) = 3
1 1.000006 read(7, "cd", 2) = 2
1 1.000007 read(7, "", 2) = 0
1 1.000008 sendmsg(7, {msg_name=NULL, msg_iov=[{iov_base="x", iov_len=1}], msg_iovlen=1}, 0) = 1
`)
	s := rec.Sockets[0]
	require.Len(t, s.Writes, 3)
	assert.Equal(t, []int64{0, 3, 6}, []int64{s.Writes[0].Off, s.Writes[1].Off, s.Writes[2].Off})
	require.Len(t, s.Reads, 2, "what was only looked at stays in the stream")
	assert.Equal(t, []int64{0, 8}, []int64{s.Reads[0].Off, s.Reads[1].Off})
	assert.Len(t, s.Calls, 9)
}
