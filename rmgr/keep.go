package rmgr

// A Keeper is a Manager whose Redo calls RedoContext.Keep for every byte of a page before it changes it.
// Pages of all other managers are copied whole before Redo, so that they can be put back when it fails;
// a Keeper's are put back from what it has kept, which makes replay faster. It is a promise, and rmgrtest
// holds the manager to it. Pages that the record makes (WillInit) need no keeping.
type Keeper interface{ KeepsWhatItChanges() }
