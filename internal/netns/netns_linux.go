package netns

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// errOutside is what the functions that change a network return elsewhere.
var errOutside = errors.New("netns: this process is in the machine's own network; start it with netns.Command")

// Command is exec.CommandContext for a program in new user and network namespaces: it is root there, and its network
// has only a loopback interface, which is down.
func Command(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	return cmd, nil
}

// A Host is a network: this process's own, or another one beside it. Its zero value is of no use.
type Host struct {
	ns *os.File
}

// Here is the network that the process began with.
func Here() (*Host, error) {
	if !Inside() {
		return nil, errOutside
	}
	ns, err := os.Open("/proc/self/ns/net") // of the first thread, which no Do ever gets
	if err != nil {
		return nil, err
	}
	return &Host{ns}, nil
}

// New makes another, empty network in the same process. It lasts until it is closed and has no socket left.
func New() (h *Host, err error) {
	if !Inside() {
		return nil, errOutside
	}
	onThread(func() {
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			err = fmt.Errorf("unshare: %w", err)
			return
		}
		var ns *os.File
		if ns, err = os.Open("/proc/thread-self/ns/net"); err == nil {
			h = &Host{ns}
		}
	})
	return h, err
}

// Close lets go of the network.
func (h *Host) Close() error { return h.ns.Close() }

// Do runs f in h's network. What decides is where a socket is made: one that f makes itself, and not in a goroutine that
// it starts, belongs to h, and may be used anywhere afterwards. net.Dial and net.Listen with IP addresses make theirs
// themselves.
func (h *Host) Do(f func() error) (err error) {
	onThread(func() {
		if err = unix.Setns(int(h.ns.Fd()), unix.CLONE_NEWNET); err != nil {
			err = fmt.Errorf("setns: %w", err)
			return
		}
		err = f()
	})
	return err
}

// onThread runs f on a thread that nothing else runs on, neither meanwhile nor afterwards: it ends with its goroutine.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good
		f()
	}()
	<-done
}
