// Package settings renders what the programs of a cluster are told: their
// command lines and configuration files. It is pure; testdata holds what comes
// out, and `go test ./settings -update` renews it.
//
// Settings that a production cluster would not have are explained beside them.
package settings
