package sock

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Owner names a process that listens on the port of addr, HOST:PORT, whatever the address: its command and its ID. Of
// another user's it is known only to root. ok is false if it is not known, and on systems that do not tell.
func Owner(addr string) (command string, pid int, ok bool) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, false
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return "", 0, false
	}
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		listening(table, number, sockets)
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range files {
		if target, err := os.Readlink(file); err != nil || !sockets[target] {
			continue
		}
		process := strings.Split(file, "/")[2]
		name, err := os.ReadFile("/proc/" + process + "/comm")
		if err != nil {
			continue // it has just ended
		}
		pid, _ = strconv.Atoi(process)
		return strings.TrimSpace(string(name)), pid, true
	}
	return "", 0, false
}

// listening adds the sockets that listen on a port, as their descriptors' links name them; see proc_pid_net(5).
func listening(table string, port int, sockets map[string]bool) {
	lines, err := os.ReadFile(table)
	if err != nil {
		return
	}
	const state, inode = 3, 9 // of the columns
	for s := bufio.NewScanner(bytes.NewReader(lines)); s.Scan(); {
		columns := strings.Fields(s.Text())
		if len(columns) > inode && columns[state] == "0A" && strings.HasSuffix(columns[1], fmt.Sprintf(":%04X", port)) {
			sockets["socket:["+columns[inode]+"]"] = true
		}
	}
}
