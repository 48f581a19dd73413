package segment

// Changed is closed when FlushedLSN advances next, or the log fails or is closed. Take the channel,
// then look at FlushedLSN and Err, then wait: nothing is missed.
func (l *Log) Changed() <-chan struct{} {
	l.changedMu.Lock()
	defer l.changedMu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
		if l.Err() != nil {
			ch := l.changed
			close(ch)
			l.changed = nil
			return ch
		}
	}
	return l.changed
}

func (l *Log) signalChanged() {
	l.changedMu.Lock()
	defer l.changedMu.Unlock()
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}
