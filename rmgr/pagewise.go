package rmgr

// A Pagewise manager is one whose Redo several goroutines may call at the same time, also for the same
// record, each with some of its pages: RedoContext.Block gives nil and Done for the others. So crash
// recovery uses more than one processor. Foresee and Mask may be called at the same time too. What Redo does to a page must not depend on other pages, as it
// cannot in any case (after a crash any of them may be newer), and it changes nothing but pages. It is a
// promise, and rmgrtest holds the manager to it.
type Pagewise interface{ RedoesPagesApart() }
