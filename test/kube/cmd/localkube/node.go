package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func cutNode(a *arguments) error  { return onLink(a, driver.CutNode) }
func healNode(a *arguments) error { return onLink(a, driver.HealNode) }

func onLink(a *arguments, change func(driver, string) error) error {
	node, _, err := a.parseNode()
	if err != nil {
		return err
	}
	c, err := a.cluster()
	if err != nil {
		return err
	}
	return change(c, node)
}

func execNet(a *arguments) error  { return become(a, driver.InNetwork) }
func execNode(a *arguments) error { return become(a, driver.InNode) }

// become replaces us by the command, so that signals and the exit code are
// the command's own.
func become(a *arguments, enter func(driver, string, []string) ([]string, error)) error {
	node, command, err := a.parseNode()
	if err != nil {
		return err
	}
	if len(command) == 0 {
		return fmt.Errorf("%s: say which command: %s %s -- COMMAND...", a.Name(), a.Name(), node)
	}
	c, err := a.cluster()
	if err != nil {
		return err
	}
	line, err := enter(c, node, command)
	if err != nil {
		return err
	}
	program, err := exec.LookPath(line[0])
	if err != nil {
		return err
	}
	return syscall.Exec(program, line, os.Environ())
}
