// Package hugepage asks the kernel for huge pages of memory, where places far apart are touched one after
// the other: the processor would wait for address translation as long as for the memory itself otherwise.
// The kernel is free to refuse, and elsewhere than on Linux nothing is asked. PostgreSQL's huge_pages = try
// does the same. It never fails and never reserves anything.
package hugepage
