// Package host is about the machine that carries the cluster: what it has to
// have, and installing what is missing of that.
package host
