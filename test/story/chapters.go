package story

import (
	"context"
	"fmt"
)

// A chapter is one part of the story; the later ones build on the earlier ones.
type chapter struct {
	title string
	tell  func(context.Context, *Env, *Teller) (string, error)
}

var chapters = []chapter{
	{"The operator, from its Helm chart", installOperator},
	{"kubectl apply -f config/samples/orders.yaml: three instances, modules kv and ledger", becomeReady},
	{"psql and pgbench write through the -rw service, a standby answers reads", serveClients},
	{"The primary's pod is killed while a writer runs", loseThePrimary},
	{"An image without ledger is applied while ledger's records remain", refuseRemoval},
	{"An image without a node is applied", refuseBrokenImage},
	{"ledger is retired: its records drain, a slow reader of a slot keeps the gate closed, then it opens by itself", retireLedger},
	{"A newer kv with a second record format: standbys first, primary last", rollOutNewerKV},
	{"Going back to the older kv", refuseGoingBack},
	{"Every instance's pages, compared", comparePages},
}

// Tell runs every chapter in order and stops at the first that does not happen.
func Tell(ctx context.Context, e *Env) error {
	t := NewTeller(e.Out)
	for _, c := range chapters {
		t.Chapter(c.title)
		done, err := c.tell(ctx, e, t)
		if err != nil {
			return fmt.Errorf("%s: %w", c.title, err)
		}
		t.Done(done)
	}
	return nil
}
