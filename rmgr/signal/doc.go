// Package signal is signal_rmgr, after Michael Paquier's extension of that name: a record that makes
// each node which replays it send a signal to itself, to reload, stop or die, for a reason.
//
// # Record
//
//	XLOG_SIGNAL_RMGR 00   signal i32 │ 0 u32 │ reason size u64, its NUL included │ reason │ NUL
//
// No pages. The node that writes the record does not signal itself: nobody asked it to replay.
// A node that crashes after it, before the next checkpoint has moved the redo point, does. For the
// same reason a standby that 9, 2 or 15 has stopped stops again when it is started: the record is
// still in what it has to replay. A fresh copy of the primary begins after it.
//
//	1   SIGHUP    reloads the settings
//	2   SIGINT    a fast stop: sessions end
//	15  SIGTERM   a smart stop: clients may leave by themselves first
//	9   SIGKILL   the end of the process
package signal
