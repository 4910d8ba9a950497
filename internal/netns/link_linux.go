package netns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Making a link needs one message of rtnetlink; all the rest has an ioctl, for which x/sys has the types. That is less
// than a netlink library would bring, and it needs no program to be installed.

// Up takes the interface up, "lo" for example.
func (h *Host) Up(name string) error { return h.setFlag(name, unix.IFF_UP, true) }

// Down takes the interface down: what is sent is lost, without an error.
func (h *Host) Down(name string) error { return h.setFlag(name, unix.IFF_UP, false) }

// Connect joins two networks with a cable: an interface of this name in each, up, with these addresses, which must be
// IPv4, and the given MTU. Segmentation offload is off, so that a packet is what a network would carry.
func Connect(name string, mtu int, a *Host, addrA netip.Prefix, b *Host, addrB netip.Prefix) error {
	err := a.Do(func() error { return newVeth(name, int(b.ns.Fd())) })
	if err != nil {
		return fmt.Errorf("a pair of interfaces %s: %w", name, err)
	}
	for _, end := range []struct {
		*Host
		addr netip.Prefix
	}{{a, addrA}, {b, addrB}} {
		if err := end.configure(name, mtu, end.addr); err != nil {
			return fmt.Errorf("interface %s with %v: %w", name, end.addr, err)
		}
	}
	return nil
}

func (h *Host) configure(name string, mtu int, addr netip.Prefix) error {
	mask := binary.BigEndian.AppendUint32(nil, ^uint32(0)<<(32-addr.Bits()))
	err := h.ioctl(name, unix.SIOCSIFMTU, func(r *unix.Ifreq) error { r.SetUint32(uint32(mtu)); return nil })
	if err == nil {
		err = h.ioctl(name, unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(addr.Addr().AsSlice()) })
	}
	if err == nil {
		err = h.ioctl(name, unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(mask) })
	}
	if err == nil {
		err = h.OffloadOff(name)
	}
	if err == nil {
		err = h.Up(name)
	}
	return err
}

func (h *Host) setFlag(name string, flag uint16, on bool) error {
	flags := uint16(0)
	return h.onSocket(func(fd int) error {
		r, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
			return fmt.Errorf("the flags of %s: %w", name, err)
		}
		if flags = r.Uint16() &^ flag; on {
			flags |= flag
		}
		r.SetUint16(flags)
		if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r); err != nil {
			return fmt.Errorf("the flags of %s: %w", name, err)
		}
		return nil
	})
}

// ioctl sets one thing of an interface.
func (h *Host) ioctl(name string, request uint, set func(*unix.Ifreq) error) error {
	return h.onSocket(func(fd int) error {
		r, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := set(r); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, request, r); err != nil {
			return fmt.Errorf("ioctl %#x: %w", request, err)
		}
		return nil
	})
}

// onSocket runs f with a socket of h's network, which is how an ioctl is told whose interfaces are meant.
func (h *Host) onSocket(f func(fd int) error) error {
	return h.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return f(fd)
	})
}

// OffloadOff has the kernel cut and join nothing for this interface (linux/ethtool.h).
func (h *Host) OffloadOff(name string) error {
	const (
		tso = 0x1f // ETHTOOL_STSO
		gso = 0x24 // ETHTOOL_SGSO
		gro = 0x2c // ETHTOOL_SGRO
	)
	return h.onSocket(func(fd int) error {
		for _, feature := range []uint32{tso, gso, gro} {
			value := struct{ command, value uint32 }{feature, 0}
			request := struct { // struct ifreq, with its pointer
				name [unix.IFNAMSIZ]byte
				data unsafe.Pointer
				_    [16]byte
			}{data: unsafe.Pointer(&value)}
			copy(request.name[:unix.IFNAMSIZ-1], name)
			_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
			if errno != 0 {
				return fmt.Errorf("offload %#x of %s: %w", feature, name, errno)
			}
		}
		return nil
	})
}

// newVeth makes a pair of interfaces of the same name: one here, the other in the network of peerNS (rtnetlink(7)).
func newVeth(name string, peerNS int) error {
	const vethInfoPeer = 1 // VETH_INFO_PEER, of linux/veth.h
	ifname := attribute(unix.IFLA_IFNAME, append([]byte(name), 0))
	peer := join(make([]byte, unix.SizeofIfInfomsg), ifname,
		attribute(unix.IFLA_NET_NS_FD, binary.NativeEndian.AppendUint32(nil, uint32(peerNS))))
	info := join(attribute(unix.IFLA_INFO_KIND, []byte("veth")),
		attribute(unix.IFLA_INFO_DATA, attribute(vethInfoPeer, peer)))
	return request(unix.RTM_NEWLINK, join(make([]byte, unix.SizeofIfInfomsg), ifname, attribute(unix.IFLA_LINKINFO, info)))
}

// request asks rtnetlink to make something, and returns its answer.
func request(kind uint16, body []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var b []byte
	b = binary.NativeEndian.AppendUint32(b, uint32(unix.SizeofNlMsghdr+len(body)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	b = binary.NativeEndian.AppendUint64(b, 0) // sequence number and port
	if err := unix.Sendto(fd, append(b, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	switch {
	case err != nil:
		return err
	case n < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(answer[4:]) != unix.NLMSG_ERROR:
		return fmt.Errorf("rtnetlink answered %d bytes that are no acknowledgement", n)
	}
	if errno := -int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); errno != 0 {
		return unix.Errno(errno)
	}
	return nil
}

// attribute is a struct rtattr: its length and kind, then the value, up to a multiple of four.
func attribute(kind uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	return append(b, make([]byte, -len(b)&3)...)
}

func join(parts ...[]byte) (b []byte) {
	for _, part := range parts {
		b = append(b, part...)
	}
	return b
}
