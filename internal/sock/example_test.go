//go:build linux

package sock_test

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"time"

	"echolab/internal/sock"
)

// A socket is there before it has an address, and has an address before it is a connection.
func ExampleInspect_control() {
	config := net.ListenConfig{Control: func(_, _ string, rc syscall.RawConn) error {
		fresh, err := sock.Inspect(rc)
		fmt.Println("address:", fresh.Local.IsValid(), "state:", fresh.State)
		return err
	}}
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	bound, err := sock.Inspect(l)
	fmt.Println("address:", bound.Local.IsValid(), "state:", bound.State, err)
	// Output:
	// address: false state: CLOSE
	// address: true state: LISTEN <nil>
}

// Ten writes are one read, every time, if the reader waits for all of them first.
func ExampleAwaitUnread() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	for range 10 {
		client.Write([]byte("0123456789"))
	}
	if err := sock.AwaitUnread(ctx, server, 100); err != nil {
		fmt.Println(err)
		return
	}
	n, err := server.Read(make([]byte, 4096))
	fmt.Println(n, err)
	// Output:
	// 100 <nil>
}
