// Package fence keeps a node's promises where neither a crash nor a new copy of its data directory
// can take them back: in one small file beside that directory.
//
//	/var/lib/redoubt/data            the data directory, replaced when the node is cloned anew
//	/var/lib/redoubt/data.promise    promised 0000000005   follows no upstream and accepts no promotion below
//	                                 owned 0000000004      was primary on this timeline, may resume it
//	                                 crc 869C67DB
//
// The promise is what makes a timeline a fencing token: once enough replicas have promised N, no
// primary below N can get a synchronous commit acknowledged, whatever clocks and leases say. So it is
// durable before it is told, it never goes down, and a file that cannot be read stops the node: a
// node that has forgotten what it promised must not vote.
package fence
