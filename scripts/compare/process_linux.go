package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"syscall"

	"golang.org/x/sys/unix"
)

// endWithUs lets the kernel kill what cmd starts when this process ends, however that comes: a wsserver, which does not
// watch its standard input, would stay. The kernel means the thread that started it, and Go keeps its threads.
func endWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// cpu returns the nanoseconds of processor time that all threads of the process have used, in user and in kernel mode.
// They are exact: utime and stime in /proc count in ticks of 10 ms, and schedstat knows one thread.
func (p *process) cpu() (float64, error) {
	// A process clock's number is made of the process's: see clock_getcpuclockid(3).
	const scheduled = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|scheduled), &ts); err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", p.cmd.Process.Pid, err)
	}
	return float64(ts.Nano()), nil
}

// memory returns the bytes of the process that are resident.
func (p *process) memory() (float64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return residentSize(string(statm))
}

// residentSize reads the second number in /proc/PID/statm, which counts pages: see proc_pid_statm(5).
func residentSize(statm string) (float64, error) {
	var size, resident int64
	if _, err := fmt.Sscan(statm, &size, &resident); err != nil || resident < 1 {
		return 0, fmt.Errorf("/proc/PID/statm: %q is not understood: has the process ended?", statm)
	}
	return float64(resident) * float64(os.Getpagesize()), nil
}

// openFiles is how many files this process and the servers may have open: Go raises the limit as far as it may.
func openFiles() (int, error) {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return int(min(limit.Cur, math.MaxInt)), err
}

// system is the processor and the kernel.
func system() string {
	var name unix.Utsname
	unix.Uname(&name) // it knows no error but a bad address
	info, _ := os.ReadFile("/proc/cpuinfo")
	return processorModel(info) + ", Linux " + unix.ByteSliceToString(name.Release[:])
}

// processorModel finds the processor's name in the text of /proc/cpuinfo.
func processorModel(info []byte) string {
	if found := modelName.FindSubmatch(info); found != nil {
		return string(found[1])
	}
	return "unknown processor"
}

var modelName = regexp.MustCompile(`(?m)^model name\s*: (.*)$`)
