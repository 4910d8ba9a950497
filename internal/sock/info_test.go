package sock_test

import (
	"encoding/json"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/sock"
)

func TestAnInfoComesBackFromJSONAsItWas(t *testing.T) {
	infos := []sock.Info{{}, full}
	if runtime.GOOS == "linux" {
		fresh, l := inspectFresh(t, "tcp", "127.0.0.1:0")
		client := dial(t, l)
		infos = append(infos, fresh, inspect(t, l), inspect(t, client), inspect(t, accept(t, l)))
	}
	for _, want := range infos {
		text, err := json.Marshal(want)
		require.NoError(t, err)
		got := sock.Info{Local: full.Local, MSS: 5, NoDelay: true} // none of which may stay
		require.NoError(t, json.Unmarshal(text, &got), string(text))
		assert.Equal(t, want, got, string(text))
	}
}

func TestJSONHasOnlyWhatWasReported(t *testing.T) {
	var i sock.Info
	require.NoError(t, json.Unmarshal([]byte(`{"fd":3,"family":"IPv4"}`), &i))
	assert.Equal(t, nothing(sock.Info{FD: 3, Family: "IPv4"}), i)
	text, err := json.Marshal(i)
	require.NoError(t, err)
	assert.Equal(t, `{"fd":3,"family":"IPv4"}`, string(text))

	text, err = json.Marshal(full)
	require.NoError(t, err)
	assert.JSONEq(t, `{"fd":7, "family":"IPv4", "type":"stream", "protocol":"TCP",
		"local":"127.0.0.1:9000", "remote":"127.0.0.1:41512", "listening":true, "state":"ESTABLISHED",
		"backlog":0, "backlog_max":4096, "mss":65483, "rtt_us":35, "retransmits":0, "unread":1, "unacked":20, "no_delay":true,
		"keep_alive":true, "keep_idle_s":15, "keep_interval_s":15, "keep_count":9,
		"recv_buffer":131072, "send_buffer":2626560}`, string(text))

	assert.Error(t, json.Unmarshal([]byte(`{"fd":"three"}`), &i))
}

// full is an Info with something in every field; no socket is like that.
var full = sock.Info{
	FD: 7, Family: "IPv4", Type: "stream", Protocol: "TCP",
	Local: netip.MustParseAddrPort("127.0.0.1:9000"), Remote: netip.MustParseAddrPort("127.0.0.1:41512"),
	Listening: true, State: sock.StateEstablished, BacklogMax: 4096, MSS: 65483, RTT: 35 * time.Microsecond,
	Unread: 1, Unacked: 20, NoDelay: true,
	KeepAlive: true, KeepIdle: 15 * time.Second, KeepInterval: 15 * time.Second, KeepCount: 9,
	RecvBuffer: 131072, SendBuffer: 2626560,
}

// nothing returns i with its numbers not told.
func nothing(i sock.Info) sock.Info {
	i.Backlog, i.BacklogMax, i.MSS, i.RTT, i.Retransmits, i.Unread, i.Unacked = -1, -1, -1, -1, -1, -1, -1
	i.KeepIdle, i.KeepInterval, i.KeepCount, i.RecvBuffer, i.SendBuffer = -1, -1, -1, -1, -1
	return i
}

func TestAnInfoIsOneLineForAPerson(t *testing.T) {
	fresh := nothing(sock.Info{FD: 3, Family: "IPv4", Type: "stream", State: sock.StateClose})
	fresh.MSS = 536
	listener := nothing(sock.Info{
		FD: 3, Family: "IPv4", Type: "stream", Local: full.Local, Listening: true, State: sock.StateListen,
	})
	untold := listener
	listener.Backlog, listener.BacklogMax = 0, 4096
	connection := full
	connection.Listening, connection.Backlog, connection.BacklogMax = false, -1, -1
	connection.Unread, connection.Unacked = 0, 0
	busy := connection
	busy.Unread, busy.Unacked, busy.NoDelay = 1, 20, false

	const line = "127.0.0.1:9000 <-> 127.0.0.1:41512, ESTABLISHED, MSS 65,483, RTT 35µs"
	for _, test := range []struct {
		info sock.Info
		want string
	}{
		{fresh, "descriptor 3: IPv4 stream, no address yet, CLOSE (not connected)"},
		{listener, "descriptor 3: IPv4 stream, 127.0.0.1:9000, LISTEN, 0 of 4,096 waiting for accept"},
		{untold, "descriptor 3: IPv4 stream, 127.0.0.1:9000, LISTEN"},
		{connection, "descriptor 7: IPv4 stream, " + line + ", TCP_NODELAY on"},
		{busy, "descriptor 7: IPv4 stream, " + line + ", 1 byte unread, 20 bytes unacknowledged, TCP_NODELAY off"},
		{nothing(sock.Info{FD: 5, Type: "type 3"}), "descriptor 5: type 3"},
		{nothing(sock.Info{FD: 5}), "descriptor 5"},
	} {
		assert.Equal(t, test.want, test.info.String())
	}
}
