package supervisor

import (
	"encoding/json"
	"fmt"
	"os"
)

// A Machine is what a supervisor sets up and runs.
type Machine struct {
	Name     string
	Binds    []Bind    // in this order, before any program starts
	Relays   []Relay   // the listener of the i-th is file descriptor 3+i
	Programs []Program // started in this order, each as soon as it may
}

// A Bind makes a directory visible at another place of the machine.
type Bind struct{ Source, Target string }

// A Relay passes connections made outside of the machine on to an address
// inside it.
type Relay struct{ To string }

// A Program is started once and expected to run as long as the machine.
type Program struct {
	Name string
	Args []string // Args[0] is an absolute path inside the machine
	Log  string   // a path outside the machine
	// After names what must answer first: unix:///path, tcp://host:port or
	// https://host/path. Empty means at once.
	After []string
}

// Write saves the machine for Read.
func (m Machine) Write(path string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// Read loads what Write saved.
func Read(path string) (Machine, error) {
	var m Machine
	text, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read the machine %s: %w", path, err)
	}
	return m, nil
}
