package trace

import (
	"fmt"
	"strings"
	"testing"
)

func add(m *Map, l Layer, sizes ...int) {
	for _, n := range sizes {
		m.Row(l).Add(Span{m.Row(l).End, n})
	}
}
func rep(n, times int) []int { s := make([]int, times); for i := range s { s[i] = n }; return s }
func mk(title, data string, f func(m *Map)) *Map { m := &Map{Title: title}; m.Keep(0, []byte(data)); f(m); return m }

func TestScratch(t *testing.T) {
	s := "hello안녕하세요goodbye, TCP!"
	show := func(name string, m *Map) { fmt.Println("####", name); fmt.Print(m.String()); 
	for _, l := range strings.Split(m.String(), "\n") { if textColumns(l) > 80 { fmt.Println("!!! WIDE", textColumns(l)) } } }
	c := "client → server"
	show("3w1r", mk(c, s, func(m *Map) { add(m, Sent, 5, 15, 13); add(m, Writes, 5, 15, 13); add(m, Reads, 33) }))
	show("nomsg", mk(c, s, func(m *Map) { add(m, Writes, 5, 15, 13); add(m, Reads, 33) }))
	show("cuts", mk(c, s, func(m *Map) { add(m, Sent, 33); add(m, Writes, 33); add(m, Reads, 8, 8, 8, 8, 1); add(m, Received, 33) }))
	show("len", mk(c, "\x00\x00\x00\x02hi\x00\x00\x00\x00", func(m *Map) { add(m, Sent, 6, 4); add(m, Writes, 6, 4); add(m, Reads, 3,7); add(m, Received, 6, 4) }))
	show("hangul", mk(c, "안녕하세요", func(m *Map) { add(m, Sent, 15); add(m, Writes, 15); add(m, Reads, 4, 11) }))
	show("hangul63", mk(c, strings.Repeat("안녕하세요", 2), func(m *Map) { add(m, Sent, 15, 15); add(m, Writes, 15,15); add(m, Reads, 4, 11, 3,12) }))
	show("99", mk(c, strings.Repeat(s, 3), func(m *Map) { for range 3 { add(m, Sent, 5, 15, 13); add(m, Writes, 5, 15, 13) }; add(m, Reads, 40, 40, 19) }))
	show("10K", mk(c, strings.Repeat("x", 10<<10), func(m *Map) { add(m, Sent, rep(10, 1024)...); add(m, Writes, rep(10,1024)...); add(m, Reads, rep(1448, 7)...); add(m, Reads, 104) }))
	show("10Kexact", mk(c, strings.Repeat("x", 10<<10), func(m *Map) { add(m, Sent, rep(1024, 10)...); add(m, Writes, rep(1024,10)...); add(m, Reads, rep(4096, 2)...); add(m, Reads, 2048) }))
	show("10M", mk(c, strings.Repeat("x", 128<<10), func(m *Map) { add(m, Sent, rep(30, 349525)...); add(m, Writes, rep(30, 349525)...); add(m, Reads, rep(65536, 159)...); add(m, Reads, 65526) ; add(m, Received, rep(30, 349525)...)}))
	show("10Mless", mk(c, strings.Repeat("x", 128<<10), func(m *Map) { add(m, Sent, rep(50, 209715)...); add(m, Writes, rep(50, 209715)...); add(m, Reads, rep(65536, 159)...); add(m, Reads, 65526) ; add(m, Received, rep(50, 209715)...)}))
	show("10M1", mk(c, strings.Repeat("x", 128<<10), func(m *Map) { add(m, Sent, 10<<20); add(m, Writes, 10<<20); add(m, Reads, rep(65536, 160)...);  add(m, Received, 10<<20)}))
	show("1byte", mk(c, "x", func(m *Map) { add(m, Sent, 1); add(m, Writes, 1); add(m, Reads, 1);  add(m, Received, 1)}))
	show("empty", &Map{})
	show("emptyT", &Map{Title: c})
	show("norow", mk(c, s, func(m *Map) { add(m, Sent, 5, 15, 13); add(m, Writes, 5, 15, 13); m.Row(Reads) }))
	show("early", mk(c, s, func(m *Map) { add(m, Sent, 5, 15, 13); add(m, Writes, 5, 15, 13); add(m, Reads, 8, 4) }))
	show("earlyagree", mk(c, s, func(m *Map) { add(m, Sent, 5, 15, 13); add(m, Writes, 5, 15, 13); add(m, Reads, 20) }))
	show("emptymsg", mk(c, "abcdef", func(m *Map) { add(m, Sent, 0, 3, 0, 0, 3, 0); add(m, Writes, 3, 3); add(m, Reads, 6) }))
	show("onlyempty", mk(c, "", func(m *Map) { add(m, Sent, 0, 0) }))
	show("beyond", mk(c, s, func(m *Map) { add(m, Sent, 5, 15); add(m, Writes, 5, 15, 13); add(m, Reads, 8, 25) }))
	show("beyond agree", mk(c, s, func(m *Map) { add(m, Sent, 5, 15); add(m, Writes, 5, 15, 13); add(m, Reads, 20, 13) }))
	show("ctrl", mk(c, "\x1b[31mred\x1b[0m\r\n\x00\x7f\u200e\u202e\u00a0\u0301é😀\xff\x80", func(m *Map) { add(m, Writes, 32) }))
	show("many", mk(c, strings.Repeat("x", 72), func(m *Map) { add(m, Writes, rep(1, 40)...) ;add(m, Reads, rep(2, 20)...)}))
	show("100", mk(c, strings.Repeat("x", 100), func(m *Map) { add(m, Sent, rep(1, 100)...) ;add(m, Reads, rep(2, 50)...)}))
	show("1000 dense lost", mk(c, strings.Repeat("x", 1000), func(m *Map) { add(m, Sent, rep(2, 500)...) ;add(m, Writes, rep(2, 500)...); add(m, Reads, 1000)}))
	show("1000 nomessages", mk(c, strings.Repeat("x", 1000), func(m *Map) { add(m, Writes, rep(2, 500)...); add(m, Reads, rep(100,10)...)}))
	show("1000 dense mixed", mk(c, strings.Repeat("x", 1000), func(m *Map) { add(m, Sent, rep(5, 200)...) ;add(m, Writes, rep(2, 500)...); add(m, Reads, rep(7,142)...); add(m,Reads,6)}))
	show("hello world", mk(c, "hello, world\n", func(m *Map) { add(m, Sent, 13); add(m, Writes, 13); add(m, Reads, 13);  add(m, Received, 13)}))
	show("5000", mk(c, strings.Repeat("abcdefghij", 500), func(m *Map) { add(m, Sent, 5000); add(m, Writes, 5000); add(m, Reads, 5000);  add(m, Received, 5000)}))
	for _, n := range []int{17, 18, 21, 22, 34,35,66,67,68,69,70,71,100, 4095, 4096, 4097, 5000, 65536, 100000, 1000000, 999999} {
	show(fmt.Sprint("ruler", n), mk(c, "", func(m *Map) { add(m, Writes, n)}))
	}
}
