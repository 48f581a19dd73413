// Package load writes to a node through SQL, remembers outside of its disk what the node has
// acknowledged, and tells later whether that is what it holds.
//
//	client 0 … n-1   synchronous: keys and accounts of their own; each knows of every key which value
//	                 was acknowledged last, and which one it does not know the fate of
//	the lazy one     synchronous_commit = off: what is there must be all that it sent up to some point
//	the keeper       checkpoints and segment switches
//
// Invariants that Check asks for:
//   - A key holds the value acknowledged last, or the one that was under way when the node went, whole.
//   - No key is there that nobody wrote.
//   - Of two accounts of a client as much was moved as acknowledged, or also the one under way; the sum
//     over all accounts is what it was.
//   - Of what was written asynchronously, a prefix is there, and no less than what was durable before.
package load
