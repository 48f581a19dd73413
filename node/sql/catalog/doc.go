// Package catalog says what a query can name: functions, views, and the node's settings and modules.
//
//	modules, builtin ──AddFunctions, AddViews──► Registry ◄──Function, View── executor
//	node/config ─────────────── Node, Lookup ──────┘   ◄──Setting, Module── sessions
//
// A [Catalog] is what sessions ask; a [Registry] is the usual one. Functions and views are added before the first
// session; after that it is read only, from many goroutines. It runs nothing: a function is called by who found it.
package catalog
