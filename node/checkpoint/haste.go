package checkpoint

import "sync"

// Haste is how those who wait for the checkpoint under way tell it not to rest any more. The zero value
// is nobody in a hurry. Any number of goroutines may use it.
type Haste struct {
	mu     sync.Mutex
	people int
	called chan struct{} // closed while people > 0
}

// Begin says that somebody waits, until end is called.
func (h *Haste) Begin() (end func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.people++; h.people == 1 {
		close(h.channel())
	}
	return h.end
}

func (h *Haste) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.people--; h.people == 0 {
		h.called = nil
	}
}

// Called is closed as soon as somebody waits, and for as long as anybody does.
func (h *Haste) Called() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.channel()
}

func (h *Haste) channel() chan struct{} {
	if h.called == nil {
		h.called = make(chan struct{})
	}
	return h.called
}
