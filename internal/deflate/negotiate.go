package deflate

import (
	"fmt"
	"strconv"
)

// The names of RFC 7692, 7 and 7.1.
const (
	extensionName           = "permessage-deflate"
	serverNoContextTakeover = "server_no_context_takeover"
	clientNoContextTakeover = "client_no_context_takeover"
	serverMaxWindowBits     = "server_max_window_bits"
	clientMaxWindowBits     = "client_max_window_bits"
)

// Accept chooses for a server, from the values of all Sec-WebSocket-Extensions headers of a request, the first offer of
// permessage-deflate that is legal, and returns what to answer: the value of the same header in the response.
//
// Everything that the extension can ask for is kept: each window from 2^8 bytes up, and no context takeover of either
// side. The client's limits for itself are hints, and the answer makes them binding: they save memory. An offer with an
// unknown parameter, one named twice or an illegal value is declined and the next one considered (7.1); other
// extensions are passed over.
//
// ok is false if there is nothing to accept: then the response has no such header, and messages go uncompressed. An
// error says that a header breaks the grammar of RFC 6455, 9.1, for which that section wants the connection failed:
// a server answers 400.
func Accept(headers []string) (p Params, answer string, ok bool, err error) {
	list, err := parseExtensions(headers)
	if err != nil {
		return Params{}, "", false, err
	}
	for _, e := range list {
		if e.name != extensionName {
			continue
		}
		named, err := readParams(e.params, true)
		if err == nil {
			return named.withDefaults(), named.header(), true, nil
		}
	}
	return Params{}, "", false, nil
}

// Offer is what a client sends as its Sec-WebSocket-Extensions header. It asks for nothing: the server chooses, and may
// limit the client's window too (RFC 7692, 7.1.2.2).
const Offer = extensionName + "; " + clientMaxWindowBits

// Agree checks, for a client that sent Offer and no other extension, the values of all Sec-WebSocket-Extensions headers
// of the server's response. It returns what both sides keep from now on. ok is false if the server declined. For an
// error the client must fail the connection (RFC 6455, 4.1; RFC 7692, 5.1 and 7.1): the answer breaks the grammar, or
// has an extension or a parameter that has no place there.
func Agree(headers []string) (agreed Params, ok bool, err error) {
	list, err := parseExtensions(headers)
	if err != nil || len(list) == 0 {
		return Params{}, false, err
	}
	for i, e := range list {
		if e.name != extensionName || i > 0 {
			return Params{}, false, fmt.Errorf("the server accepted the extension %q, which was not offered "+
				"or is accepted already (RFC 6455, 4.1)", e.name)
		}
	}
	named, err := readParams(list[0].params, false)
	if err != nil {
		return Params{}, false, fmt.Errorf("the server's answer to the offer of %s: %w", extensionName, err)
	}
	return named.withDefaults(), true, nil
}

// header is p as the value of a Sec-WebSocket-Extensions header. It names the windows that are not 0.
func (p Params) header() string {
	header := extensionName
	if p.ServerNoContextTakeover {
		header += "; " + serverNoContextTakeover
	}
	if p.ClientNoContextTakeover {
		header += "; " + clientNoContextTakeover
	}
	if p.ServerMaxWindowBits != 0 {
		header += "; " + serverMaxWindowBits + "=" + strconv.Itoa(p.ServerMaxWindowBits)
	}
	if p.ClientMaxWindowBits != 0 {
		header += "; " + clientMaxWindowBits + "=" + strconv.Itoa(p.ClientMaxWindowBits)
	}
	return header
}

// readParams checks the parameters of an offer or of an answer (RFC 7692, 7.1): each one known, there once, and with a
// value or without as it must be. A window that has no value is 0 in p.
func readParams(list []param, offer bool) (p Params, err error) {
	seen := make(map[string]bool, len(list))
	for _, given := range list {
		if seen[given.name] {
			return Params{}, fmt.Errorf("the parameter %s is there twice (RFC 7692, 7.1)", given.name)
		}
		seen[given.name] = true
		switch given.name {
		case serverNoContextTakeover:
			p.ServerNoContextTakeover = true
			err = withoutValue(given)
		case clientNoContextTakeover:
			p.ClientNoContextTakeover = true
			err = withoutValue(given)
		case serverMaxWindowBits:
			p.ServerMaxWindowBits, err = windowBits(given)
		case clientMaxWindowBits:
			// Only a client may leave the value out: it offers to take any (7.1.2.2).
			if !offer || given.value != "" {
				p.ClientMaxWindowBits, err = windowBits(given)
			}
		default:
			err = fmt.Errorf("the parameter %q is not known (RFC 7692, 7.1)", given.name)
		}
		if err != nil {
			return Params{}, err
		}
	}
	return p, nil
}

func withoutValue(p param) error {
	if p.value != "" {
		return fmt.Errorf("the parameter %s has no value, not %q (RFC 7692, 7.1.1)", p.name, p.value)
	}
	return nil
}

// windowBits is a whole number from 8 to 15 without a leading zero (RFC 7692, 7.1.2).
func windowBits(p param) (int, error) {
	for bits := MinWindowBits; bits <= MaxWindowBits; bits++ {
		if p.value == strconv.Itoa(bits) {
			return bits, nil
		}
	}
	return 0, fmt.Errorf("the value of %s must be from 8 to 15, not %q (RFC 7692, 7.1.2)", p.name, p.value)
}
