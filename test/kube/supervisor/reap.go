package supervisor

import (
	"errors"
	"strconv"
	"syscall"
	"time"
)

// reap waits for every process that ends in the machine, as a process 1 must,
// and reports those that were expected to stay, of which pending have yet to
// start.
func reap(started <-chan child, pending int) {
	type end struct {
		pid    int
		status syscall.WaitStatus
	}
	ended := make(chan end)
	go func() {
		for {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &status, 0, nil)
			switch {
			case err == nil:
				ended <- end{pid, status}
			case errors.Is(err, syscall.ECHILD):
				time.Sleep(50 * time.Millisecond) // nothing has been started yet
			}
		}
	}()
	names := map[int]string{}
	early := map[int]syscall.WaitStatus{} // ended before we heard that it had begun
	for {
		select {
		case c := <-started:
			pending--
			if c.err != nil {
				report(c.name, c.err)
			} else if status, gone := early[c.pid]; gone {
				report(c.name, describe(status))
			} else {
				names[c.pid] = c.name
			}
		case e := <-ended:
			if name, known := names[e.pid]; known {
				report(name, describe(e.status))
				delete(names, e.pid)
			} else if pending > 0 {
				early[e.pid] = e.status
			}
		}
	}
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "killed by " + status.Signal().String()
	}
	return "exit status " + strconv.Itoa(status.ExitStatus())
}
