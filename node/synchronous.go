package node

import (
	"context"
	"fmt"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

// Synchronous is POST /v1/synchronous.
func (n *Node) Synchronous(ctx context.Context, r api.SynchronousRequest) error {
	rule, err := ruleOf(r.Synchronous)
	if err != nil {
		return err
	}
	return n.exclusively(ctx, func(context.Context) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		if err := n.primaryOn(r.Timeline); err != nil {
			return err
		}
		set := setTaken{r.Timeline, r.Synchronous.Serial}
		if err := n.state.set.superseded(set); err != nil {
			return err
		}
		n.state.rule, n.state.set = rule, set
		n.state.local.sync.SetRule(rule)
		n.showRule(rule)
		return nil
	})
}

// setTaken is the last synchronous set that was taken: on which timeline, and which one it was.
type setTaken struct {
	timeline wal.TimelineID
	serial   int64
}

// superseded refuses a set if this one, of the same timeline, was taken later.
func (taken setTaken) superseded(set setTaken) error {
	if set.timeline == taken.timeline && set.serial != 0 && set.serial < taken.serial {
		return refusal("SetSuperseded", "synchronous set %d was replaced by set %d: the command came late", set.serial, taken.serial)
	}
	return nil
}

// isProcess refuses what was decided for the process before this one, which forgets the last set: a promotion
// that was long on its way would bring back one that was replaced.
func (n *Node) isProcess(started time.Time) error {
	if started.IsZero() || started.Equal(n.started) {
		return nil
	}
	return refusal("Restarted", "the command is for the process of %s, and this one was started at %s: decide again by what it says", started.UTC().Format(time.RFC3339Nano), n.started.UTC().Format(time.RFC3339Nano))
}

// ruleOf turns the contract's synchronous set into a rule.
func ruleOf(s api.Synchronous) (replication.Rule, error) {
	r := replication.Rule{Any: s.Method == "any", Number: s.Number, Members: s.Members, Distinct: true}
	switch {
	case s.Method == "":
		return replication.Rule{}, nil
	case s.Method != "any" && s.Method != "first":
		return r, badRequest(fmt.Sprintf("synchronous method %q: want any, first or none", s.Method))
	case s.Number < 1 || len(s.Members) < s.Number:
		return r, badRequest(fmt.Sprintf("synchronous: %d of %d members can never be there", s.Number, len(s.Members)))
	}
	return r, nil
}

// synchronousOf is the rule in the contract's words.
func synchronousOf(r replication.Rule) api.Synchronous {
	if !r.Synchronous() {
		return api.Synchronous{}
	}
	method := "first"
	if r.Any {
		method = "any"
	}
	return api.Synchronous{Method: method, Number: r.Number, Members: r.Members}
}

// showRule makes SHOW synchronous_standby_names tell what is in force.
func (n *Node) showRule(r replication.Rule) {
	if err := n.settings.Set("synchronous_standby_names", r.String()); err != nil {
		n.log.Error("could not show the synchronous rule", "error", err)
	}
}
