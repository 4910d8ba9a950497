package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// endWithUs lets the kernel kill what cmd starts when this process ends, however that comes: a wsserver, which does not
// watch its standard input, would stay. The kernel means the thread that started it, and Go keeps its threads.
func endWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// cpu returns the processor time that all threads of the process have used, in user and in kernel mode, to the
// nanosecond: utime and stime in /proc count in ticks of 10 ms, and schedstat knows one thread.
func (p *process) cpu() (time.Duration, error) {
	// A process clock's number is made of the process's: see clock_getcpuclockid(3).
	const scheduled = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|scheduled), &ts); err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", p.cmd.Process.Pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// memory returns the bytes of the process that are resident.
func (p *process) memory() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return residentSize(status)
}

// residentSize finds VmRSS, which is in KiB, in the text of /proc/PID/status.
func residentSize(status []byte) (int64, error) {
	for line := range bytes.Lines(status) {
		value, ok := bytes.CutPrefix(line, []byte("VmRSS:"))
		if !ok {
			continue
		}
		fields := bytes.Fields(value)
		if len(fields) != 2 || string(fields[1]) != "kB" {
			return 0, fmt.Errorf("/proc: %q is not understood", bytes.TrimSpace(line))
		}
		n, err := strconv.ParseInt(string(fields[0]), 10, 40)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("/proc: %q is not understood", bytes.TrimSpace(line))
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("/proc: no VmRSS: has the process ended?")
}

// raiseFiles lets this process and those that it starts have n open files, or as many as the system allows; it returns
// how many.
func raiseFiles(n int) (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	if limit.Cur >= uint64(n) {
		return n, nil
	}
	want := unix.Rlimit{Cur: uint64(n), Max: max(limit.Max, uint64(n))}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &want) == nil {
		return n, nil
	}
	limit.Cur = limit.Max // what needs no privilege
	return int(limit.Max), unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}

// machine is the processor, how many of it, the kernel and the Go release.
func machine() string {
	var name unix.Utsname
	release := "unknown"
	if unix.Uname(&name) == nil {
		release = unix.ByteSliceToString(name.Release[:])
	}
	info, _ := os.ReadFile("/proc/cpuinfo")
	return machineText(processorModel(info), "Linux "+release)
}

// processorModel finds the processor's name in the text of /proc/cpuinfo.
func processorModel(info []byte) string {
	for line := range bytes.Lines(info) {
		key, value, ok := bytes.Cut(line, []byte(":"))
		if ok && string(bytes.TrimSpace(key)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return "unknown processor"
}
