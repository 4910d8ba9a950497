package main

import "echolab/internal/event"

// summary is the line of JSON for a stream that is over.
type summary struct {
	Ev       string    `json:"ev"`
	Conn     int       `json:"conn"`
	Dir      event.Dir `json:"dir"`
	Bytes    int64     `json:"bytes"`
	Missing  int64     `json:"missing,omitempty"` // of them, not in the capture
	Segments int       `json:"segments"`          // with new bytes
	Frames   int       `json:"frames"`
	Messages int       `json:"messages"`
}

func summaryOf(c *connection, dir event.Dir) summary {
	s := c.stream(dir)
	return summary{"stream", c.number, dir, s.bytes, s.missing, s.segments, s.frames, s.messages}
}

// result is the last line of JSON.
type result struct {
	Ev          string `json:"ev"`
	OK          bool   `json:"ok"`
	Packets     int    `json:"packets"` // with TCP in them, whatever the connection
	Connections int    `json:"connections"`
	Unread      string `json:"unread,omitempty"` // packets that could not be read, and may have been TCP's
	Error       string `json:"error,omitempty"`
}

func resultOf(s *survey, err error) result {
	r := result{Ev: "result", OK: err == nil, Packets: s.packets, Connections: s.count, Unread: s.unread()}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

// joined prints what the accounts tell of the connections, under the capture's numbers for them, and what agreed.
func (s *survey) joined() {
	for _, c := range s.drawn {
		for _, t := range c.told {
			for _, e := range t.events {
				e.Conn = c.number
				s.lines.Record(e)
			}
		}
		for _, dir := range directions {
			s.lines.Line(struct {
				Ev   string    `json:"ev"`
				Conn int       `json:"conn"`
				Dir  event.Dir `json:"dir"`
				Text string    `json:"text"`
			}{"agreement", c.number, dir, c.sentence(c.drawing(dir), dir)})
		}
	}
}
