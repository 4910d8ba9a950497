//go:build linux

package netns

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

var left, right = netip.MustParsePrefix("10.77.0.1/24"), netip.MustParsePrefix("10.77.0.2/24")

// pair returns two hosts with a cable between them.
func pair(t *testing.T, mtu int) (a, b *Host) {
	t.Helper()
	a, err := Here()
	require.NoError(t, err)
	b, err = New()
	require.NoError(t, err)
	t.Cleanup(func() { a.Close(); b.Close() })
	require.NoError(t, Connect("cable", mtu, a, left, b, right))
	return a, b
}

func TestTwoHostsHaveACableWithAnMTU(t *testing.T) {
	Test(t, func() {
		const mtu = 700
		a, b := pair(t, mtu)
		for _, host := range []*Host{a, b} {
			require.NoError(t, host.Do(func() error {
				cable, err := net.InterfaceByName("cable")
				require.NoError(t, err)
				assert.Equal(t, mtu, cable.MTU)
				return nil
			}))
		}
		ln, err := net.Listen("tcp", left.Addr().String()+":0")
		require.NoError(t, err)
		defer ln.Close()
		var c net.Conn
		require.NoError(t, b.Do(func() error {
			c, err = net.DialTimeout("tcp", ln.Addr().String(), 10*time.Second)
			return err
		}))
		defer c.Close()
		assert.Contains(t, c.LocalAddr().String(), right.Addr().String()+":")
		atServer, err := ln.Accept()
		require.NoError(t, err)
		defer atServer.Close()
		rc, err := c.(*net.TCPConn).SyscallConn()
		require.NoError(t, err)
		require.NoError(t, rc.Control(func(fd uintptr) {
			mss, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG)
			require.NoError(t, err)
			assert.Equal(t, mtu-40-12, mss, "without the headers of IP and TCP, and TCP's timestamps")
		}))
		_, err = io.WriteString(c, "hello")
		require.NoError(t, err)
		got := make([]byte, 5)
		_, err = io.ReadFull(atServer, got)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(got))
	})
}

func TestACableThatIsDownCarriesNothing(t *testing.T) {
	Test(t, func() {
		a, b := pair(t, 1500)
		ln, err := net.Listen("tcp", left.Addr().String()+":0")
		require.NoError(t, err)
		defer ln.Close()
		dial := func() error {
			return b.Do(func() error {
				c, err := net.DialTimeout("tcp", ln.Addr().String(), 100*time.Millisecond)
				if err == nil {
					c.Close()
				}
				return err
			})
		}
		require.NoError(t, dial())
		require.NoError(t, a.Down("cable"))
		require.Error(t, dial())
	})
}

func TestLoopbackMustBeTakenUp(t *testing.T) {
	Test(t, func() {
		here, err := Here()
		require.NoError(t, err)
		defer here.Close()
		// An address can be bound to, but nothing reaches it.
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		dial := func() error {
			c, err := net.DialTimeout("tcp", ln.Addr().String(), time.Second)
			if err == nil {
				c.Close()
			}
			return err
		}
		require.Error(t, dial())
		require.NoError(t, here.Up("lo"))
		require.NoError(t, dial())
	})
}

func TestTheMachinesOwnNetworkIsNotTouched(t *testing.T) {
	if Inside() {
		t.Skip("this is about the outside")
	}
	_, err := Here()
	assert.Error(t, err)
	_, err = New()
	assert.Error(t, err)
}

func TestCommandRunsARootOfItsOwnNetwork(t *testing.T) {
	needs(t)
	cmd, err := Command(context.Background(), "/bin/sh", "-c", "id -u; ls /sys/class/net")
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(out), "0\n"), "%s", out)
}

// A probe is a test that notes what is made of it.
type probe struct {
	*testing.T
	said string
}

func (p *probe) Logf(string, ...any)   { p.said = "passed" }
func (p *probe) Skipf(string, ...any)  { p.said = "skipped" }
func (p *probe) Fatalf(string, ...any) { p.said = "failed" }

func TestWhatFailsInsideFailsOutside(t *testing.T) {
	if Inside() {
		t.Fatal("as it should")
	}
	needs(t)
	p := &probe{T: t}
	Test(p, func() {})
	assert.Equal(t, "failed", p.said)
}

func TestWithoutNamespacesATestIsSkippedAndInCIItFails(t *testing.T) {
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		p := &probe{T: t}
		unable(p, unix.EPERM)
		assert.Equal(t, want, p.said)
	}
}

// needs skips the test where nothing of this can be had; those with Test fail there if CI=true.
func needs(t *testing.T) {
	if err := Missing(); err != nil {
		t.Skip(err)
	}
}
