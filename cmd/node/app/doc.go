// Package app is the node's command line. A node with other modules is a main of ten lines:
//
//	package main
//
//	func main() { app.Main(kv.Module, acme.Module) }
//
// Here, and nowhere below, the node meets the operating system: flags, files, sockets, signals and
// the clock are taken here and handed in.
package app
