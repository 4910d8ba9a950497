package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
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
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return residentSize(string(statm))
}

// residentSize reads the second number in /proc/PID/statm, which counts pages: see proc_pid_statm(5).
func residentSize(statm string) (int64, error) {
	var size, resident int64
	if _, err := fmt.Sscan(statm, &size, &resident); err != nil || resident < 1 || resident > 1<<40 {
		return 0, fmt.Errorf("/proc/PID/statm: %q is not understood: has the process ended?", statm)
	}
	return resident * int64(os.Getpagesize()), nil
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
	if found := modelName.FindSubmatch(info); found != nil {
		return string(found[1])
	}
	return "unknown processor"
}

var modelName = regexp.MustCompile(`(?m)^model name\s*: (.*)$`)
