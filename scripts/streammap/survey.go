package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"echolab/internal/capture"
	"echolab/internal/cli"
	"echolab/internal/event"
	"echolab/internal/picture"
	"echolab/internal/streammap"
	"echolab/internal/text"
	"echolab/internal/wire"
)

// A survey finds out about the connections of a capture, in bounded memory: of the first connectionsDrawn connections
// it keeps maps, of others counts until they end.
type survey struct {
	p        cli.Program
	o        *options
	accounts []*account
	told     index
	follower *wire.Follower
	lines    *event.JSON // nil for text
	listing  *listing    // nil without -packets
	open     map[int]*connection
	drawn    []*connection
	count    int         // the connections that were asked for
	ports    map[int]int // packets by the ports at both ends, as long as there are few
	packets  int
	skipped  capture.Skipped
}

const (
	connectionsDrawn = 16
	portsKept        = 1024
)

func newSurvey(p cli.Program, o *options, accounts []*account) *survey {
	s := &survey{p: p, o: o, accounts: accounts, told: newIndex(accounts), open: make(map[int]*connection), ports: make(map[int]int)}
	switch {
	case o.json:
		s.lines = event.NewJSON(p.Stdout)
	case o.packets:
		s.listing = newListing(p, accounts)
	}
	s.follower = &wire.Follower{
		Packets: recorder(s.packet), Streams: recorder(s.content), Ended: s.ended,
		Codec: o.framing, Port: uint16(o.port),
	}
	return s
}

// recorder makes a event.Recorder of a function.
type recorder func(event.Event)

func (r recorder) Record(e event.Event) { r(e) }

// packet takes what the follower says of packets. Some may come when their connection is over, such as the last ACK.
func (s *survey) packet(e event.Event) {
	if !s.wanted(e.Conn) {
		return
	}
	if e.Ev == event.Connection {
		s.add(e)
	}
	if c := s.open[e.Conn]; c != nil {
		c.packet(e)
	}
	switch {
	case s.lines != nil:
		s.lines.Record(e)
	case s.listing != nil:
		s.listing.packet(e)
	}
}

func (s *survey) wanted(conn int) bool { return s.o.conn == 0 || s.o.conn == conn }

// add begins a connection, and finds out which accounts tell of it.
func (s *survey) add(e event.Event) {
	c := &connection{number: e.Conn, told: s.told.of(*e.Ends)}
	s.open[c.number] = c
	s.count++
	if len(s.drawn) < connectionsDrawn {
		c.maps = new(streammap.Maps)
		s.drawn = append(s.drawn, c)
	}
}

// content takes what the follower says of streams. Segments came as packets.
func (s *survey) content(e event.Event) {
	c := s.open[e.Conn]
	if c == nil {
		return // it was not asked for
	}
	c.content(e)
	switch {
	case e.Ev == event.Segment:
	case s.lines != nil:
		s.lines.Record(e)
	case s.listing != nil:
		s.listing.content(e)
	}
}

// ended takes the end of a connection. One that is drawn is kept until all is over, another is forgotten.
func (s *survey) ended(conn int, how string) {
	c := s.open[conn]
	if c == nil {
		return
	}
	c.how = how
	switch {
	case s.lines != nil:
		s.lines.Line(summaryOf(c, event.ClientToServer))
		s.lines.Line(summaryOf(c, event.ServerToClient))
	case c.maps == nil:
		s.brief(c)
	}
	if c.maps == nil {
		delete(s.open, conn)
	}
}

// run reads the capture, shows what is in it and returns the exit status.
func (s *survey) run(ctx context.Context, in *input) int {
	err := s.read(in)
	in.progress.End()
	if ctx.Err() != nil && !in.live {
		return s.p.Fail(ctx.Err())
	}
	if err == nil || errors.Is(err, context.Canceled) { // Ctrl-C is how a live capture ends
		err = s.nothing()
	}
	s.follower.End()
	if s.listing != nil {
		s.listing.end()
		fmt.Fprintln(s.p.Stdout)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", in.name, err)
	}
	if s.count > 0 {
		// A capture that was cut is shown as far as it goes; with the wrong account, nothing is.
		if wrong := s.join(); wrong != nil {
			err = wrong
		} else if failed := s.show(); failed != nil {
			err = failed
		}
	}
	switch {
	case s.lines != nil:
		s.lines.Line(resultOf(s, err))
	case s.unread() != "":
		s.fold(cli.Style(s.p.Stdout).Plain, "Not read, so perhaps missing above: "+s.unread()+".")
	}
	if err != nil {
		return s.p.Fail(err)
	}
	return cli.OK
}

// read hands every packet of the capture to the follower.
func (s *survey) read(in *input) error {
	r, err := capture.NewReader(in)
	if err != nil {
		return err
	}
	defer func() { s.skipped = r.Skipped() }()
	for {
		p, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		s.packets++
		s.sees(p)
		s.follower.Packet(p)
		if s.packets%1024 == 0 {
			in.showProgress()
		}
	}
}

// nothing is an error if no packet is of a connection that was asked for.
func (s *survey) nothing() error {
	switch {
	case s.packets == 0:
		return fmt.Errorf("no TCP in it: %v", s.skipped)
	case s.count == 0 && s.o.conn > 0:
		return fmt.Errorf("it has no connection %d", s.o.conn)
	case s.count == 0:
		return fmt.Errorf("it has no connection with port %d, only %s", s.o.port, s.portsSeen())
	}
	return nil
}

// sees counts the ports of a packet, for a user who asked for another.
func (s *survey) sees(p *capture.Packet) {
	if s.o.port == 0 || len(s.ports) > portsKept {
		return
	}
	s.ports[int(p.Src.Port())]++
	s.ports[int(p.Dst.Port())]++
}

// unread says which packets of the capture could not be read, and may have been TCP's; nothing, if all could.
func (s *survey) unread() string {
	k := s.skipped
	k[capture.NotIP], k[capture.UDP], k[capture.OtherIP] = 0, 0, 0
	if k.Total() == 0 {
		return ""
	}
	return k.String()
}

// portsSeen names the ports with most packets: servers' ports, for they stand in the packets of many clients.
func (s *survey) portsSeen() string {
	ports := slices.SortedFunc(maps.Keys(s.ports), func(a, b int) int {
		if d := s.ports[b] - s.ports[a]; d != 0 {
			return d
		}
		return a - b
	})
	var names []string
	for _, port := range ports[:min(3, len(ports))] {
		names = append(names, fmt.Sprintf("port %d (%s)", port, text.Count(s.ports[port], "packet", "packets")))
	}
	return strings.Join(names, ", ")
}

// join adds the accounts to the connections.
func (s *survey) join() error {
	for _, c := range s.drawn {
		if err := c.join(); err != nil {
			return err
		}
	}
	if s.count > len(s.drawn) {
		return nil // the accounts may be of others
	}
	return unjoined(s.accounts, s.drawn)
}

// show prints the maps and draws the pictures.
func (s *survey) show() error {
	switch {
	case s.lines != nil:
		s.joined()
	default:
		for _, c := range s.drawn {
			s.draw(c)
		}
	}
	var figures []picture.Figure
	if s.o.svg != "" || s.o.html != "" {
		figures = s.figures()
	}
	if s.o.svg != "" {
		if err := create(s.o.svg, func(w io.Writer) error { return picture.SVG(w, figures...) }); err != nil {
			return err
		}
	}
	if s.o.html != "" {
		return create(s.o.html, func(w io.Writer) error { return picture.HTML(w, "Stream maps", figures...) })
	}
	return nil
}

// figures are the maps for a picture or a page.
func (s *survey) figures() []picture.Figure {
	var figures []picture.Figure
	for _, c := range s.drawn {
		out, back := c.drawing(event.ClientToServer), c.drawing(event.ServerToClient)
		figures = append(figures, picture.Figure{
			Conn: c.number, Title: c.title(), ToServer: out, ToClient: back,
			Notes: append([]string{c.sentence(out, event.ClientToServer), c.sentence(back, event.ServerToClient)}, c.remarks()...),
		})
	}
	return figures
}

// create writes a file.
func create(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return plain(err)
	}
	if err = errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
