package deflate

import (
	"errors"
	"fmt"
	"strings"
)

// An extension is one element of a Sec-WebSocket-Extensions header.
type extension struct {
	name   string
	params []param
}

// A param is one parameter of an extension. One that has a value has a token, which is never empty.
type param struct {
	name  string
	value string // without quotes; empty if there is none
}

// errNoExtension is the grammar's 1#extension: a list may have empty elements, but not only those.
var errNoExtension = errors.New("Sec-WebSocket-Extensions: the list names no extension (RFC 6455, 9.1)")

// parseExtensions takes the values of all Sec-WebSocket-Extensions headers apart, which count as one list (RFC 6455,
// 9.1). No header at all is no extension.
func parseExtensions(headers []string) ([]extension, error) {
	var list []extension
	for _, header := range headers {
		in := scanner{rest: header}
		for in.skipEmpty(); in.rest != ""; in.skipEmpty() {
			e, err := in.extension()
			if err != nil {
				return nil, fmt.Errorf("Sec-WebSocket-Extensions: %w at byte %d of %q (RFC 6455, 9.1)",
					err, len(header)-len(in.rest), header)
			}
			list = append(list, e)
		}
	}
	if len(headers) > 0 && len(list) == 0 {
		return nil, errNoExtension
	}
	return list, nil
}

// A scanner takes tokens from the front of a header's value.
type scanner struct{ rest string }

func (s *scanner) skipSpace() { s.rest = strings.TrimLeft(s.rest, " \t") }

// skipEmpty passes over commas with nothing between them.
func (s *scanner) skipEmpty() { s.rest = strings.TrimLeft(s.rest, " \t,") }

// take takes c, and the white space around it, if it is next.
func (s *scanner) take(c byte) bool {
	s.skipSpace()
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	s.skipSpace()
	return true
}

// extension is a token, its parameters, and the comma or the end after them.
func (s *scanner) extension() (e extension, err error) {
	if e.name, err = s.token(); err != nil {
		return e, err
	}
	for s.take(';') {
		p, err := s.param()
		if err != nil {
			return e, err
		}
		e.params = append(e.params, p)
	}
	if s.rest != "" && s.rest[0] != ',' {
		return e, errors.New(`";", "," or the end expected`)
	}
	return e, nil
}

func (s *scanner) param() (p param, err error) {
	if p.name, err = s.token(); err != nil || !s.take('=') {
		return p, err
	}
	if strings.HasPrefix(s.rest, `"`) {
		p.value, err = s.quoted()
	} else {
		p.value, err = s.token()
	}
	return p, err
}

func (s *scanner) token() (string, error) {
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	if n == 0 {
		return "", errors.New("a token expected")
	}
	token := s.rest[:n]
	s.rest = s.rest[n:]
	return token, nil
}

// quoted is a quoted-string. What it says must be a token like one without quotes.
func (s *scanner) quoted() (string, error) {
	var value strings.Builder
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '"' && value.Len() > 0 {
			s.rest = s.rest[i+1:]
			return value.String(), nil
		}
		if c == '\\' && i+1 < len(s.rest) {
			i++
			c = s.rest[i]
		}
		if !isTokenByte(c) {
			break
		}
		value.WriteByte(c)
	}
	return "", errors.New("a token in quotes expected")
}

// isTokenByte is RFC 2616, 2.2: a visible character of ASCII that is no separator.
func isTokenByte(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, rune(c))
}
