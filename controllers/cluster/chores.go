package cluster

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// chores are calls of the API server that change objects. An admission webhook that does not answer holds
// each up for half a minute; so a pass waits for its chores for a moment, and then goes on without them: no
// lost primary, of this cluster or another, waits with them.
type chores struct {
	done     func(types.NamespacedName)
	patience time.Duration // of a pass, for all of its chores
	timeout  time.Duration // of a chore

	mu   sync.Mutex
	jobs map[types.NamespacedName]map[string]*job // by what is done
	wg   sync.WaitGroup
}

// A job is a chore that is under way, or that failed the last time.
type job struct {
	flying bool
	left   bool // the pass that began it did not wait for its end
	untold bool // and it failed, which nobody knows yet
	err    error
}

func newChores(done func(types.NamespacedName)) *chores {
	return &chores{done: done, patience: 500 * time.Millisecond, timeout: time.Minute, jobs: map[types.NamespacedName]map[string]*job{}}
}

// underWay says of a chore that it was begun by an earlier pass, and how it failed before that.
type underWay struct{ before error }

func (underWay) Error() string { return "it is under way" }

// do begins a chore and waits for its end, or for patience: then it returns nil, and the end is a reason for
// a pass, whose do returns the error. None is begun twice at once.
func (k *chores) do(ctx context.Context, patience <-chan struct{}, cluster types.NamespacedName, what string, f func(context.Context) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	j := k.jobs[cluster][what]
	switch {
	case j == nil:
		j = &job{}
		if k.jobs[cluster] == nil {
			k.jobs[cluster] = map[string]*job{}
		}
		k.jobs[cluster][what] = j
	case j.flying:
		return underWay{j.err}
	case j.untold:
		j.untold = false
		return j.err
	}
	j.flying, j.left = true, false
	ended := make(chan struct{})
	k.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.timeout)
		defer cancel()
		k.end(cluster, what, j, f(ctx))
		close(ended)
	})
	k.mu.Unlock()
	select {
	case <-ended:
	case <-patience:
	}
	k.mu.Lock()
	if j.left = j.flying; j.left {
		return nil
	}
	return j.err
}

func (k *chores) end(cluster types.NamespacedName, what string, j *job, err error) {
	k.mu.Lock()
	j.flying, j.err, j.untold = false, err, j.left && err != nil
	if err == nil && k.jobs[cluster][what] == j {
		delete(k.jobs[cluster], what)
	}
	left := j.left
	k.mu.Unlock()
	if left {
		k.done(cluster)
	}
}

func (k *chores) forget(cluster types.NamespacedName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.jobs, cluster)
}
