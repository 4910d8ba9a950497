package framing_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"

	"echolab/framing"
)

// Three messages go into the stream as one run of bytes, and come out as three.
func ExampleCodec() {
	var codec framing.Codec = framing.LengthPrefix{}
	var stream []byte
	for _, msg := range []string{"one", "", "three"} {
		stream, _ = codec.Append(stream, []byte(msg))
	}
	fmt.Printf("the stream: %q\n", stream)

	r := bufio.NewReader(bytes.NewReader(stream))
	for {
		msg, err := codec.Read(r, 1024)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("a message: %q\n", msg)
	}
	// Output:
	// the stream: "\x00\x00\x00\x03one\x00\x00\x00\x00\x00\x00\x00\x05three"
	// a message: "one"
	// a message: ""
	// a message: "three"
	// EOF
}

// Without a framing, what was written three times comes back as one.
func ExampleRaw() {
	var stream []byte
	for _, msg := range []string{"one", "two", "three"} {
		stream, _ = framing.Raw{}.Append(stream, []byte(msg))
	}
	msg, err := framing.Raw{}.Read(bufio.NewReader(bytes.NewReader(stream)), 1024)
	fmt.Printf("%q %v\n", msg, err)
	// Output: "onetwothree" <nil>
}

// A last line without its end may be half of one, so it is no message.
func ExampleLines() {
	r := bufio.NewReader(strings.NewReader("first\r\nsecond\nthi"))
	for range 3 {
		msg, err := framing.Lines{}.Read(r, 80)
		fmt.Printf("%q %v\n", msg, err)
	}
	// Output:
	// "first" <nil>
	// "second" <nil>
	// "" unexpected EOF
}

// The server's frames are not masked, and can be read in the stream. This is the first frame of RFC 6455 section 5.7;
// the other one answers it with a Close.
func ExampleWebSocket() {
	server := framing.WebSocket{Side: framing.ServerSide, Text: true}
	client := framing.WebSocket{Side: framing.ClientSide, Text: true}

	stream, _ := server.Append(nil, []byte("Hello"))
	fmt.Printf("% x\n", stream)
	stream = append(stream, 0x88, 0x02, 0x03, 0xe8) // Close 1000

	r := bufio.NewReader(bytes.NewReader(stream))
	msg, err := client.Read(r, 1024)
	fmt.Printf("%q %v\n", msg, err)
	msg, err = client.Read(r, 1024)
	fmt.Printf("%q %v\n", msg, err)
	// Output:
	// 81 05 48 65 6c 6c 6f
	// "Hello" <nil>
	// "" websocket: the peer sent Close 1000
}

// Four bytes claim a message of four gigabytes. The limit says no before any of them is waited for.
func ExampleSizeError() {
	r := bufio.NewReader(strings.NewReader("\xff\xff\xff\xff"))
	_, err := framing.LengthPrefix{}.Read(r, 1<<20)
	fmt.Println(err)

	var size *framing.SizeError
	if errors.Is(err, framing.ErrTooLarge) && errors.As(err, &size) {
		fmt.Println(size.Length, size.Max)
	}
	// Output:
	// a message of 4294967295 bytes (0xffffffff) is over the limit of 1048576
	// 4294967295 1048576
}

func ExampleParse() {
	for _, name := range []string{"lines", "fixed=16", "fixed=0"} {
		codec, err := framing.Parse(name)
		fmt.Println(codec, err)
	}
	// Output:
	// lines <nil>
	// fixed=16 <nil>
	// <nil> codec "fixed=0": the size must be a whole number of bytes from 1 up, as in fixed=16
}
