// Package sock asks the kernel what it knows about a socket: its descriptor, its addresses, its TCP state, its options,
// and how many bytes wait in its queues. The barriers of the lab's experiments, such as [AwaitUnread], ask the same
// questions, in place of sleeping and luck.
//
// It may know the system's calls, and no more. It must not know what the bytes in a queue mean, nor a Recorder.
//
// Linux answers every question, macOS most of them; on other systems every question gets an error that wraps
// [errors.ErrUnsupported].
//
// All functions may be called concurrently, with each other and with reads, writes and Close on the same connection:
// they take nothing from the socket and wait for no reader or writer. What they return was true when the kernel was
// asked, and may have changed since.
package sock

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"echolab/internal/text"
)

// The states of a TCP connection, by the names of RFC 9293, section 3.3.2. Only its CLOSED has the kernel's name,
// CLOSE: a socket that is not connected, not yet or no longer.
//
// On Linux a program never sees TIME-WAIT: there the kernel takes over from the socket, which is in CLOSE from then on.
const (
	StateClose       = "CLOSE"
	StateListen      = "LISTEN"
	StateSynSent     = "SYN-SENT"
	StateSynReceived = "SYN-RECEIVED"
	StateEstablished = "ESTABLISHED"
	StateFinWait1    = "FIN-WAIT-1"
	StateFinWait2    = "FIN-WAIT-2"
	StateCloseWait   = "CLOSE-WAIT"
	StateClosing     = "CLOSING"
	StateLastAck     = "LAST-ACK"
	StateTimeWait    = "TIME-WAIT"
)

// Info is what the kernel said of one socket at one moment. A number or a duration that it did not report is -1, a
// string that it did not report is "", an address that it did not report, or that does not exist, is not valid.
//
// The values come from several questions, asked right after each other: on a busy connection each is true, but they
// need not fit together to the byte.
//
// In JSON, what was not reported is left out, and so is an option that is off; RTT is rtt_us, in whole microseconds,
// KeepIdle and KeepInterval are keep_idle_s and keep_interval_s, in whole seconds. An Info from [Inspect] comes back
// from JSON as it was.
type Info struct {
	FD       int    `json:"fd"`                 // the descriptor, the number of the socket in this process
	Family   string `json:"family,omitempty"`   // "IPv4", "IPv6", or the kernel's number: "family 1"
	Type     string `json:"type,omitempty"`     // "stream", "datagram", or the kernel's number: "type 3"
	Protocol string `json:"protocol,omitempty"` // "TCP", "MPTCP" (Go's listeners where Linux has it), "UDP", else ""

	// The addresses as the kernel has them: an IPv6 socket that carries IPv4 has ::ffff:127.0.0.1. A socket has no
	// Local before bind or connect, for port 0 is no address, and no Remote unless it is connected.
	Local  netip.AddrPort `json:"local,omitzero"`
	Remote netip.AddrPort `json:"remote,omitzero"`

	Listening bool   `json:"listening,omitempty"` // SO_ACCEPTCONN
	State     string `json:"state,omitempty"`     // TCP only, see the function State

	// Of a listening socket on Linux: how many connections, their handshake done by the kernel, wait for accept, and
	// the limit of that queue. Linux lets one more in than the limit says.
	Backlog    int `json:"-"`
	BacklogMax int `json:"-"`

	MSS int           `json:"-"` // the most bytes in one segment to the peer now: on Linux at most half the largest window that it offered
	RTT time.Duration `json:"-"` // the smoothed round trip time, once it was measured; macOS knows it to the millisecond

	Retransmits int `json:"-"` // segments that were sent again, the SYN among them

	Unread  int `json:"-"` // see the function Unread
	Unacked int `json:"-"` // see the function Unacked

	NoDelay      bool          `json:"no_delay,omitempty"`   // TCP_NODELAY: Nagle's algorithm is off
	KeepAlive    bool          `json:"keep_alive,omitempty"` // SO_KEEPALIVE; the next three are kept even while it is off
	KeepIdle     time.Duration `json:"-"`                    // silence before the first probe
	KeepInterval time.Duration `json:"-"`                    // from one probe to the next
	KeepCount    int           `json:"-"`                    // unanswered probes that end the connection

	RecvBuffer int `json:"-"` // SO_RCVBUF in bytes; Linux reports twice what was set, to cover its own overhead
	SendBuffer int `json:"-"` // SO_SNDBUF, likewise
}

// unknown is an Info before the kernel was asked.
func unknown(fd int) Info {
	return Info{
		FD: fd, Backlog: -1, BacklogMax: -1, MSS: -1, RTT: -1, Retransmits: -1, Unread: -1, Unacked: -1,
		KeepIdle: -1, KeepInterval: -1, KeepCount: -1, RecvBuffer: -1, SendBuffer: -1,
	}
}

// String is what is known of the socket, in one line for a person.
func (i Info) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "descriptor %d", i.FD)
	mark := ": "
	say := func(when bool, format string, args ...any) {
		if when {
			fmt.Fprintf(&s, mark+format, args...)
			mark = ", "
		}
	}
	internet := i.Family == "IPv4" || i.Family == "IPv6"
	connected := i.Remote.IsValid()
	tcp := i.State != ""

	say(i.Family != "" || i.Type != "", "%s", strings.TrimSpace(i.Family+" "+i.Type))
	say(internet && !i.Local.IsValid(), "no address yet")
	say(i.Local.IsValid() && !connected, "%v", i.Local)
	say(connected, "%v <-> %v", i.Local, i.Remote)
	say(tcp && i.State != StateClose, "%s", i.State)
	say(tcp && i.State == StateClose, "%s (not connected)", i.State)
	say(i.Backlog >= 0 && i.BacklogMax >= 0, "%s of %s waiting for accept",
		text.Number(int64(i.Backlog)), text.Number(int64(i.BacklogMax)))
	say(connected && i.MSS >= 0, "MSS %s", text.Number(int64(i.MSS)))
	say(connected && i.RTT >= 0, "RTT %v", i.RTT)
	say(i.Retransmits > 0, "%s sent again", text.Count(i.Retransmits, "segment", "segments"))
	say(i.Unread > 0, "%s unread", text.Bytes(int64(i.Unread)))
	say(i.Unacked > 0, "%s unacknowledged", text.Bytes(int64(i.Unacked)))
	say(connected && tcp && i.NoDelay, "TCP_NODELAY on")
	say(connected && tcp && !i.NoDelay, "TCP_NODELAY off")
	return s.String()
}

// plain is Info without its methods: encoding/json takes it by its tags.
type plain Info

// wire is Info in JSON. A pointer, where there is one, leads to a number that was reported.
type wire struct {
	plain
	Backlog      *int64 `json:"backlog,omitempty"`
	BacklogMax   *int64 `json:"backlog_max,omitempty"`
	MSS          *int64 `json:"mss,omitempty"`
	RTT          *int64 `json:"rtt_us,omitempty"`
	Retransmits  *int64 `json:"retransmits,omitempty"`
	Unread       *int64 `json:"unread,omitempty"`
	Unacked      *int64 `json:"unacked,omitempty"`
	KeepIdle     *int64 `json:"keep_idle_s,omitempty"`
	KeepInterval *int64 `json:"keep_interval_s,omitempty"`
	KeepCount    *int64 `json:"keep_count,omitempty"`
	RecvBuffer   *int64 `json:"recv_buffer,omitempty"`
	SendBuffer   *int64 `json:"send_buffer,omitempty"`
}

// MarshalJSON writes what was reported and leaves out the rest.
func (i Info) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{
		plain:   plain(i),
		Backlog: told(i.Backlog, 1), BacklogMax: told(i.BacklogMax, 1),
		MSS: told(i.MSS, 1), RTT: told(i.RTT, time.Microsecond), Retransmits: told(i.Retransmits, 1),
		Unread: told(i.Unread, 1), Unacked: told(i.Unacked, 1),
		KeepIdle: told(i.KeepIdle, time.Second), KeepInterval: told(i.KeepInterval, time.Second),
		KeepCount:  told(i.KeepCount, 1),
		RecvBuffer: told(i.RecvBuffer, 1), SendBuffer: told(i.SendBuffer, 1),
	})
}

// UnmarshalJSON takes what is left out as not reported.
func (i *Info) UnmarshalJSON(text []byte) error {
	var w wire
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*i = Info(w.plain)
	i.Backlog, i.BacklogMax = heard(w.Backlog, 1), heard(w.BacklogMax, 1)
	i.MSS, i.RTT, i.Retransmits = heard(w.MSS, 1), heard(w.RTT, time.Microsecond), heard(w.Retransmits, 1)
	i.Unread, i.Unacked = heard(w.Unread, 1), heard(w.Unacked, 1)
	i.KeepIdle, i.KeepInterval = heard(w.KeepIdle, time.Second), heard(w.KeepInterval, time.Second)
	i.KeepCount = heard(w.KeepCount, 1)
	i.RecvBuffer, i.SendBuffer = heard(w.RecvBuffer, 1), heard(w.SendBuffer, 1)
	return nil
}

// told is a number or a duration in a unit, if it was reported, and heard makes the same of it again.
func told[N int | time.Duration](n, unit N) *int64 {
	if n < 0 {
		return nil
	}
	in := int64(n / unit)
	return &in
}

func heard[N int | time.Duration](in *int64, unit N) N {
	if in == nil {
		return -1
	}
	return N(*in) * unit
}
