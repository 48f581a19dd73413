// Package ledger keeps accounts and moves money between them; the sum over all accounts changes only
// when an account is opened. A transfer is one record that touches two pages, or one when both
// accounts live on the same.
//
// # Pages
//
// Accounts lie in hash buckets that directories lead to, so a balance costs three page looks up to
// some 70,000 accounts and four up to 70 million. All pages lie in rmgr.Rel(252, 0) and begin with
// PostgreSQL's 24-byte page header.
//
//	block 0, meta:  header │ magic u32 │ version u32 │ pages u32 │ 0 u32 │ accounts u64 │ total i64 │ hole
//	directory:      header │ 1024 × block u32 │ hole │ special: kind u16 (1) │ level u16 │ 0 …
//	bucket:         header │ slots, 80 bytes each ──► hole │ special: kind u16 (2) │ depth u16 │ 0 …
//	slot:           hash u64 │ balance i64 │ name length u8 │ name, 63 bytes, padded with zeros
//
// A directory of level L looks at ten bits of the name's hash, from bit 63-10L down; block 1 is the
// directory of level 0. A bucket of depth d holds the accounts that agree in the d highest bits of
// their hash; all entries with these bits lead to it. A full bucket is split in two by its next bit.
// A full bucket with an entry of its own, that has used up its directory's ten bits, first gets a
// directory of the next level in its place.
//
// # Records
//
// Main data begins with the format, 1.
//
//	INIT     00  meta, directory, bucket        format u8
//	OPEN     10  meta, bucket                   format u8 │ name length u8 │ balance i64 │ name
//	TRANSFER 20  both pages, or the one         format u8 │ src ref u8 │ dst ref u8 │ src length u8 │ dst length u8 │ 0 u8
//	                                            │ src slot u16 │ dst slot u16 │ amount i64 │ src │ dst
//	SPLIT    30  meta, directory, bucket, new   format u8 │ new depth u8 │ first entry u16 │ directory u32 │ bucket u32 │ new u32
//	             data of new: its slots
//	DEEPEN   40  meta, directory, new           format u8 │ level u8 │ entry u16 │ directory u32 │ bucket u32 │ new u32
//
// # Invariants
//
//   - No balance is below zero and no sum leaves int64. Redo itself refuses an overdraft: on the
//     primary that refuses the write, in replay it is damage.
//   - Redo looks an account up by name at the slot that the record gives; slots never move except
//     in a split, which moves whole slots in order.
//   - Every record leaves a valid table: a split is logged before the OPEN that wanted it.
package ledger
