// Package capture reads the TCP packets of captures: pcap and pcapng, as tcpdump, Wireshark and others write them.
//
// Only their headers are decoded, up to that of TCP: what the packets mean together is internal/wire's to find out.
// It may know files and headers. It must not know connections, streams or events.
//
// The files and the headers up to IP are read by code of this package's own, that of TCP by gopacket. gopacket's pcapgo
// is right for most captures, but not for any bytes: a pcap file that ends after the header of a packet looks whole;
// lengths of pcapng blocks and options are believed; names, secrets and interfaces are kept for as long as a section
// lasts. To its IP layer the length of an IPv6 packet that was captured before it was segmented is an error. Tests hold
// this package against tshark.
package capture

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// A Reader reads the TCP packets of a capture. Its methods may not be called concurrently.
type Reader struct {
	file    file
	record  record // this and the next three are reused
	tcp     layers.TCP
	header  [60]byte // of TCP, if its options are cut
	packet  Packet
	count   int
	skipped Skipped
	err     error
}

// A file is a capture of one of the two formats. next fills in the next packet, whose data is valid until it is called
// again. It returns exactly io.EOF between two packets, and an error that wraps io.ErrUnexpectedEOF inside of one.
type file interface {
	next(*record) error
}

// A record is a packet of any kind.
type record struct {
	time   time.Time
	link   layers.LinkType
	data   []byte // at most as long as length
	length int    // on the wire
}

const (
	// maxPacket is how many bytes of a packet libpcap captures at most, and what it believes of a file.
	maxPacket = 262144

	// maxBlock bounds the blocks of a pcapng file that are looked into: the longest packet and comments beside it.
	maxBlock = 384 << 10

	bufferSize = 512 << 10 // more than a block, so that a packet is never copied out of the buffer
)

// NewReader recognises the format of a capture by its first bytes: pcap with times in microseconds or nanoseconds, or
// pcapng; either may be compressed with gzip. It waits for the header of the capture and for nothing after it. What r
// has at hand is read ahead, up to 512 KiB.
//
// The link types are Ethernet with 802.1Q tags or without, Linux cooked (both versions), BSD loopback and raw IP.
// Another is an error: here for a pcap file, at the first packet of such an interface for pcapng.
func NewReader(r io.Reader) (*Reader, error) {
	s := &source{r: bufio.NewReaderSize(r, bufferSize)}
	b, err := s.peek(2)
	if err == nil && string(b) == "\x1f\x8b" {
		z, err := gzip.NewReader(s.r)
		if err != nil {
			return nil, fmt.Errorf("compressed with gzip: %w", whole(err))
		}
		s = &source{r: bufio.NewReaderSize(z, bufferSize)}
	}
	f, err := recognise(s)
	if err != nil {
		return nil, err
	}
	return &Reader{file: f}, nil
}

// recognise finds the format of a capture and reads its header.
func recognise(s *source) (file, error) {
	b, err := s.peek(4)
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty: not even the header of a capture is in it")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, s.noCapture()
	case err != nil:
		return nil, err
	}
	if binary.BigEndian.Uint32(b) == sectionHeader {
		return newPcapng(s)
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(b) {
		case magicMicroseconds:
			return newPcap(s, order, time.Microsecond)
		case magicNanoseconds:
			return newPcap(s, order, time.Nanosecond)
		}
	}
	return nil, s.noCapture()
}

// Next returns the next TCP packet. It is valid until Next is called again.
//
// It returns io.EOF, and nothing that wraps it, where the capture ends between two packets. The error for one that ends
// inside of a packet, because a disk was full, wraps io.ErrUnexpectedEOF; one of the reader below is wrapped. Every
// error says after which packet it is. All packets up to there were returned, and the error stays.
func (r *Reader) Next() (*Packet, error) {
	for r.err == nil {
		err := r.file.next(&r.record)
		switch {
		case err == io.EOF:
			r.err = err
		case err != nil && r.count == 0:
			r.err = fmt.Errorf("before the first packet: %w", err)
		case err != nil:
			r.err = fmt.Errorf("after packet %d: %w", r.count, err)
		default:
			r.count++
			if r.decode(&r.record) {
				return &r.packet, nil
			}
		}
	}
	return nil, r.err
}

// Skipped says how many packets were skipped so far, and why. Between two packets it may be asked at any time.
func (r *Reader) Skipped() Skipped { return r.skipped }

// A source is what a capture is read from, without copying. What peek returned is valid until pass.
type source struct {
	r *bufio.Reader
}

// peek returns the next n bytes, at most bufferSize. It returns io.EOF if there is none, io.ErrUnexpectedEOF if there
// are fewer.
func (s *source) peek(n int) ([]byte, error) {
	b, err := s.r.Peek(n)
	if err == io.EOF && len(b) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// pass goes on after the next n bytes.
func (s *source) pass(n int64) error {
	for n > 0 {
		m, err := s.r.Discard(int(min(n, 1<<30)))
		if err != nil {
			return whole(err)
		}
		n -= int64(m)
	}
	return nil
}

// whole makes of the end of the input one that was not expected: where something begun has to be made whole.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// noCapture quotes what is there instead of a capture, as much of it as came at once.
func (s *source) noCapture() error {
	b, _ := s.r.Peek(min(s.r.Buffered(), 16))
	return fmt.Errorf("not a capture: it begins with %q, neither pcap nor pcapng", b)
}
