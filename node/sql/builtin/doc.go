// Package builtin holds the functions and views that every node has, under PostgreSQL's names. What
// they tell comes from the callbacks of a [Node]; a callback that is nil leaves its functions out.
package builtin
