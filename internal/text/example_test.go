package text_test

import (
	"fmt"

	"echolab/internal/text"
)

// Quote is for bytes that anybody may have sent: nothing in it is obeyed by a terminal.
func ExampleQuote() {
	fmt.Println(text.Quote([]byte("안녕\x1b[2J\r\n"), 48))
	fmt.Println(text.Quote([]byte("안녕하세요"), 10)) // no more than whole characters
	// Output:
	// "안녕\x1b[2J\r\n"
	// "안녕하"...
}
