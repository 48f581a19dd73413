// Package replslot keeps a node's replication slots: what each client still needs of the log.
//
//	Create ──► free ◄──────► in use ──────► dropped: its directory has another name at once
//	  │         ▲ Persist
//	  └──► ephemeral, in use by its maker: a crash leaves nothing of it
//	            │   Acquire    │     Drop
//	            │   Release    │ Advance, Confirm: only forward
//	            └──── GiveUp ──┴──► invalidated: holds back nothing, can only be dropped
//
// On disk they are PostgreSQL's: a directory each in pg_replslot, with a file "state".
//
// It knows nothing of connections and of decoding: node/replication streams from slots.
//
// Invariants:
//
//   - A slot never holds back less than its client has confirmed as durable on disk: Oldest is what the
//     files say, not what memory knows by now.
//   - Creating, dropping and giving up are durable when the call returns.
//   - On a full disk slots can still let go of log: that may be the only room there will be.
//   - A slot has one user at a time.
//
// Source: replication/slot.c.
package replslot
