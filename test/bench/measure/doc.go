// Package measure is the method: every run is a process of its own, those to be compared take turns,
// and what is compared are ratios of runs that stood side by side.
package measure
