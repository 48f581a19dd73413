// Package watch listens to the status stream of every instance of every cluster. The streams are the
// failure detector: a connection that ends is dialled again at once, and if nobody listens there the
// process is dead; a stream that is silent says by its last line since when.
//
// It decides nothing: it keeps what was heard last and calls back when something changed that a
// decision may rest on. Positions in the log change all the time and are no reason by themselves.
package watch
