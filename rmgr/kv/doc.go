// Package kv is an ordered key-value store: a B+tree on 8 KiB pages. Keys are at most 1024 bytes and
// compare bytewise. A key and its value share a quarter page (2032 bytes); a longer value, up to
// 64 MiB, lies on a chain of pages of its own.
//
// # Pages
//
// All pages lie in one relation, rmgr.Rel(251, 0), and begin with PostgreSQL's 24-byte page header.
//
//	block 0, meta:  header │ magic u32 │ version u32 │ root u32 │ level u32 │ pages u32 │ 0 u32 │ count u64 │ lists │ hole
//	node:           header │ line pointers, 4 bytes each, in key order ──► hole ◄── items │ special, 16 bytes
//	link:           header │ bytes of a value ──► hole │ special, 16 bytes
//
//	lists              free list: head u32, pages u32; pending chain: head u32, tail u32, pages u32; 0 u32
//	                   (absent, pd_lower tells, until a page is freed or a long value written)
//	line pointer       PostgreSQL's ItemId: offset 15 bits, flags 2 bits (always 1), length 15 bits
//	item of a leaf     key length u16 │ key │ value          (0x8000 in the length: value is a chain)
//	item above         child u32 │ key        (the first key of a node is empty and means "all below")
//	chain              length u32 │ head u32 │ tail u32
//	special of a node  right sibling u32 (0: none) │ level u16 (0: leaf) │ magic u16 "kv" │ 0 u64
//	special of a link  next u32 (0: none) │ 0 u16 │ magic u16 "ok" │ 0 u64
//
// A node's item i leads to the keys k with key(i) ≤ k < key(i+1). All links of a value but the last
// are full (8152 bytes). The free list is links too, so a value's pages become free by one record
// that lets its tail lead to the list, however long it is; what they held stays there until a page is
// used again.
//
// # Records
//
// Main data begins with the format it is written in, so that a record can be described alone; redo
// refuses one that differs from the format in force. Block references, ascending: the meta page
// first wherever the record has it.
//
//	INIT     00  meta, root            format u8
//	INSERT   10  meta, leaf       (1)  1 u8 │ slot u16 │ key length u16 │ value length u16 │ key │ value
//	                              (2)  2 u8 │ key length varint │ key │ value
//	UPDATE   20  leaf             (1)  as INSERT
//	                              (2)  2 u8 │ key length varint │ key │ old length varint │ old value │ value
//	DELETE   30  meta, leaf       (1)  1 u8 │ slot u16 │ key length u16 │ key
//	                              (2)  2 u8 │ key length varint │ key │ old value
//	SPLIT    40  meta, left,     both  format u8 │ flags u8 (1: of the root) │ kept u16 │ level u16 │ reused u16
//	             right, parent         │ left u32 │ right u32 │ parent u32 │ if reused: free u32 │ separator
//	             data of right:        its right sibling u32 │ (length u16 │ item)…
//	MERGE    50  meta, left,      (2)  2 u8 │ 0 u8 │ level u16 │ slot u16 │ left u32 │ right u32 │ parent u32 │ free u32
//	             right, parent
//	             data of left:         as of SPLIT: what comes from right, which becomes free
//	COLLAPSE 60  meta, root       (2)  2 u8 │ 0 u8 │ level u16 │ root u32 │ child u32 │ free u32
//	CHAIN    70  meta, 1–16 links (2)  2 u8 │ 0 u8 │ reused u16 │ total u32 │ offset u32 │ next u32 │ free u32
//	             data of each:         its bytes of the value
//	RELEASE  80  meta, tail       (2)  2 u8 │ 0 u8 │ head u32 │ tail u32 │ pages u32 │ free u32
//	EXCHANGE 90  meta, leaf,      (2)  2 u8 │ was, is u4 (0 nothing, 1 inline, 2 chain) │ leaf u32 │ free u32
//	             old tail              │ key length varint │ key │ old │ new
//	             old, new:             inline: length varint │ bytes; chain: as in the leaf
//
// reused counts pages that come from the free list and not from the relation's end; format 1 never
// reuses any. free is the head of the free list: after the record in SPLIT and CHAIN, which take from
// it, before the record in the others, which add to it.
//
// Format 2 (since 1.3.0) carries before-images: decoding clients see the old value of an update and
// of a delete, and redo refuses a page that does not hold it, which finds a diverged replica at the
// first record that touches the difference. It is no longer than format 1 for inserts.
//
// Merges, the free list and long values belong to format 2. Where format 1 is in force pages are never
// freed, a leaf emptied by deletes stays for the next keys of its range, and a pair is at most 2032
// bytes. The page layout is one for both formats: a format is about the log, and a module may be
// exchanged for another that replays what the log still has. So kv 1.2, back on pages that format 2
// has written, reads all values, ignores the free list, and refuses to change a long value (55000).
//
// # A long value
//
//	           CHAIN            CHAIN … CHAIN              EXCHANGE
//	(nothing) ───────► pending ─────────────► pending ───────────────────► part of the leaf's item
//	    ▲               chain   from the end             the old value's chain joins the free list
//	    └── RELEASE ──────┘     to the beginning
//	     by the next write, if the one that wrote the chain broke off
//
// # Invariants
//
//   - After every single record the store is valid, and every page is part of the tree or of a value,
//     in the free list or in the pending chain ([Check]). A pending chain that a crash or an error has
//     left is freed by the next write, before anything else.
//   - A split is one record (left, right, parent, meta) and is logged before the insert that wanted it;
//     a crash between the two leaves a roomier tree. A node is split only when its parent has room for
//     any separator; else the parent goes first.
//   - A merge is one record and is logged after the delete that made it possible; a crash between the two
//     leaves a leaf that the next delete in it merges. Only children of one parent merge, so a leaf may
//     stay nearly empty while its neighbours there are full.
//   - Redo finds a key's place itself; the slot in format 1 is checked, not trusted.
package kv
