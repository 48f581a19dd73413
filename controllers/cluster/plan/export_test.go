package plan

// For the tests of the one condition on which no commit is lost.
var Covers = covers
