// Package kv is an ordered key-value store: a B+tree on 8 KiB pages whose every change is one log
// record. Keys are at most 1024 bytes and compare bytewise; a key and its value share a quarter page.
//
// # Pages
//
// All pages lie in one relation, rmgr.Rel(251, 0), and begin with PostgreSQL's 24-byte page header.
//
//	block 0, meta:     header │ magic u32 │ version u32 │ root u32 │ level u32 │ pages u32 │ 0 u32 │ count u64 │ hole
//	all others, node:  header │ line pointers, 4 bytes each, in key order ──► hole ◄── items │ special, 16 bytes
//
//	line pointer       PostgreSQL's ItemId: offset 15 bits, flags 2 bits (always 1), length 15 bits
//	item of a leaf     key length u16 │ key │ value
//	item above         child u32 │ key        (the first key of a node is empty and means "all below")
//	special            right sibling u32 (0: none) │ level u16 (0: leaf) │ magic u16 │ 0 u64
//
// A node's item i leads to the keys k with key(i) ≤ k < key(i+1). The page layout is the same for all
// record formats: a format is about the log, so a module may be exchanged for any other that replays
// what the log still has.
//
// # Records
//
// Main data begins with the format it is written in, so that a record can be described alone; redo
// refuses one that differs from the format in force. Block references, ascending: the meta page
// first wherever the record has it.
//
//	INIT   00  meta, root             format u8
//	INSERT 10  meta, leaf       (1)   1 u8 │ slot u16 │ key length u16 │ value length u16 │ key │ value
//	                            (2)   2 u8 │ key length varint │ key │ value
//	UPDATE 20  leaf             (1)   as INSERT
//	                            (2)   2 u8 │ key length varint │ key │ old length varint │ old value │ value
//	DELETE 30  meta, leaf       (1)   1 u8 │ slot u16 │ key length u16 │ key
//	                            (2)   2 u8 │ key length varint │ key │ old value
//	SPLIT  40  meta, left,      both  format u8 │ flags u8 (1: of the root) │ kept u16 │ level u16 │ 0 u16
//	           right, parent          │ left u32 │ right u32 │ parent u32 │ separator
//	           data of right:         its right sibling u32 │ (length u16 │ item)…
//
// Format 2 (since 1.3.0) carries before-images: decoding clients see the old value of an update and
// of a delete, and redo refuses a page that does not hold it, which finds a diverged replica at the
// first record that touches the difference. It is no longer than format 1 for inserts.
//
// # Invariants
//
//   - After every single record the tree is valid. A split is one record (left, right, parent, meta)
//     and is logged before the insert that wanted it; a crash between the two leaves a roomier tree.
//   - A node is split only when its parent has room for any separator; else the parent goes first.
//   - Pages are never freed. A leaf emptied by deletes stays and takes the next keys of its range.
//   - Redo finds a key's place itself; the slot in format 1 is checked, not trusted.
package kv
