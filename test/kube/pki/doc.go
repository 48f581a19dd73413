// Package pki makes the certificates of a cluster: one authority and what it
// signs. Keys live as long as the cluster does and never leave its state
// directory.
package pki
