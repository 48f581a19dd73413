package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
)

// A Cluster is three machines and what an operator would have recorded about them.
type Cluster struct {
	Net      *Network
	Machines []*Machine
	Timeline control.TimelineID // claimed last
	Primary  *Machine
	system   string
}

// commandTimeout bounds a command as the operator does: a node that hangs is not waited for.
const commandTimeout = 20 * time.Second

func do(m *Machine, request any) (control.Status, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	s, err := m.Control.Do(ctx, request)
	if err != nil {
		return s, fmt.Errorf("%T to %s: %w", request, m.Name, err)
	}
	return s, nil
}

// quorum is ANY 1 of everybody but the primary.
func (c *Cluster) quorum(primary *Machine) control.Synchronous {
	s := control.Synchronous{Method: "any", Number: 1}
	for _, m := range c.Machines {
		if m != primary {
			s.Members = append(s.Members, m.Name)
		}
	}
	return s
}

// Bootstrap makes the first machine a new cluster's primary on timeline 1 and lets the others clone.
func (c *Cluster) Bootstrap() error {
	first := c.Machines[0]
	if _, err := first.Await("empty", 10*time.Second, func(s control.Status) bool { return s.Role == control.RoleEmpty }); err != nil {
		return err
	}
	s, err := do(first, control.InitRequest{SegmentSizeMB: 1})
	if err != nil {
		return err
	}
	c.system, c.Timeline = s.SystemIdentifier, 1
	if err := c.open(first); err != nil {
		return err
	}
	for _, m := range c.Machines[1:] {
		if err := c.Follow(m, false); err != nil {
			return err
		}
	}
	return nil
}

// open promotes m on the claimed timeline.
func (c *Cluster) open(m *Machine) error {
	if _, err := do(m, control.PromoteRequest{Timeline: c.Timeline, Synchronous: c.quorum(m)}); err != nil {
		return err
	}
	c.Primary = m
	return nil
}

// Follow lets m follow the primary and waits until it streams. A diverged one is cloned anew if
// reclone is set.
func (c *Cluster) Follow(m *Machine, reclone bool) error {
	r := control.FollowRequest{Timeline: c.Timeline, Upstream: control.Upstream{Host: c.Primary.Name, Port: 5432, Name: c.Primary.Name, SystemIdentifier: c.system}}
	s, err := do(m, r)
	if err != nil {
		return err
	}
	if s.Role == control.RoleDiverged && reclone {
		r.Reclone = true
		if _, err := do(m, r); err != nil {
			return err
		}
	}
	if s.Role == control.RoleDiverged && !reclone {
		return errors.New(m.Name + " has diverged")
	}
	_, err = m.Await("streaming", time.Minute, func(s control.Status) bool { return s.Role == control.RoleStandby && s.Streaming })
	return err
}

// ErrNoQuorum says that too few members can be reached to promote anybody.
var ErrNoQuorum = errors.New("not enough members have promised")

// Failover replaces the primary by the operator's rules: claim, fence so many that no old quorum can
// form, choose the most log among them, promote, let the others follow.
func (c *Cluster) Failover() error {
	c.Timeline++
	var voters []control.Status
	machines := map[string]*Machine{}
	for _, m := range c.Machines {
		if m == c.Primary {
			continue
		}
		if s, err := do(m, control.FenceRequest{Timeline: c.Timeline}); err == nil {
			voters = append(voters, s)
			machines[s.Instance] = m
		}
	}
	// ANY 1 of two standbys: only both together are certain to have every acknowledged commit.
	if len(voters) < 2 {
		return ErrNoQuorum
	}
	best := voters[0]
	for _, s := range voters[1:] {
		if cmp.Or(cmp.Compare(s.Timeline, best.Timeline), cmp.Compare(s.FlushLSN, best.FlushLSN)) > 0 {
			best = s
		}
	}
	if err := c.open(machines[best.Instance]); err != nil {
		return err
	}
	for _, m := range machines {
		if m != c.Primary {
			if err := c.Follow(m, true); err != nil {
				return err
			}
		}
	}
	return nil
}
