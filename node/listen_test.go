package node

import (
	"net/http/httptest"
	"testing"

	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/pgwire"
)

func TestHowAClientProvesWhoItIs(t *testing.T) {
	settings, err := config.Load("redoubt.conf", nil, "authentication=scram-sha-256")
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{settings: settings}
	for sentence, c := range map[string]struct {
		client pgwire.Client
		want   pgwire.Method
	}{
		"a node with a certificate of its name streams":             {pgwire.Client{User: "orders-2", CommonName: "orders-2", Replication: true}, pgwire.Trust},
		"a certificate of another name is no password for anybody":  {pgwire.Client{User: "postgres", CommonName: "orders-2"}, pgwire.SCRAM},
		"nor does it let anybody else stream":                       {pgwire.Client{User: "postgres", CommonName: "orders-2", Replication: true}, pgwire.SCRAM},
		"without a certificate the setting authentication decides":  {pgwire.Client{User: "postgres"}, pgwire.SCRAM},
		"a user without a name has no certificate of it either":     {pgwire.Client{}, pgwire.SCRAM},
		"the operator's certificate is the operator's and no other": {pgwire.Client{User: "orders-1", CommonName: "redoubt-operator", Replication: true}, pgwire.SCRAM},
	} {
		if got := n.method(c.client); got != c.want {
			t.Errorf("%s: got method %v, want %v", sentence, got, c.want)
		}
	}
}

// beforeStop notes whether the answer has left before the stop was asked for.
type beforeStop struct {
	*httptest.ResponseRecorder
	node    *Node
	inOrder bool
}

func (w *beforeStop) Flush() { w.inOrder = len(w.node.stopAsked) == 0 }

// TestAStopIsAnsweredBeforeItBegins: it closes the socket that the answer goes through, and `node stop`
// took the missing answer for a failure.
func TestAStopIsAnsweredBeforeItBegins(t *testing.T) {
	n := &Node{stopAsked: make(chan struct{}, 1)}
	w := &beforeStop{httptest.NewRecorder(), n, false}
	n.answerStop(w, nil)
	if !w.inOrder || w.Header().Get("Content-Length") != "0" || len(n.stopAsked) != 1 {
		t.Errorf("answered first: %v, headers %v, asked to stop: %d", w.inOrder, w.Header(), len(n.stopAsked))
	}
}
