package envtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
	"github.com/redoubt-wal/redoubt/test/identical"
)

// Real nodes, as processes: REDOUBT_NODE names the binary.
func TestRealNodes(t *testing.T) {
	binary := os.Getenv("REDOUBT_NODE")
	if binary == "" {
		t.Skip("REDOUBT_NODE does not name a node's binary")
	}
	text, err := exec.Command(binary, "modules", "-o", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var m control.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, mod := range m.Modules {
		versions[mod.Name] = mod.Version
	}
	startOperator(t)
	s := newScene(t, "real", strings.NewReplacer("1.2.0", versions["kv"], "1.0.3", versions["ledger"]).Replace(three), map[string]control.Manifest{"node:1": m})
	s.eventually("three instances ready", 60*time.Second, ready)
	s.serves("real-1")
	s.put("before")

	t.Log("the pod of the primary is deleted by force")
	begin := time.Now()
	s.deleteByForce("real-1")
	s.eventually("another primary", 20*time.Second, func(c *v1.WALCluster) bool {
		return c.Status.Timeline.ID > 1 && c.Status.CurrentPrimary != "" && c.Status.CurrentPrimary != "real-1"
	})
	t.Logf("the failover took %s", time.Since(begin))
	s.eventually("all ready again", 60*time.Second, ready)

	s.put("after")
	s.samePages()

	t.Log("a changed setting is rolled out")
	c := s.cluster()
	s.edit(func(c *v1.WALCluster) { c.Spec.Settings = map[string]v1.SettingValue{"log_min_messages": "debug1"} })
	s.eventually("rolled out", 90*time.Second, func(now *v1.WALCluster) bool {
		return ready(now) && now.Status.Timeline.ID > c.Status.Timeline.ID && !conditions.IsTrue(now.Status.Conditions, v1.ConditionProgressing)
	})

	t.Log("ledger retires")
	s.edit(func(c *v1.WALCluster) { c.Spec.Modules = c.Spec.Modules[:1] })
	s.eventually("retired and unloaded", 120*time.Second, func(now *v1.WALCluster) bool {
		return ready(now) && len(now.Status.Accepted.Modules) == 1 && conditions.IsTrue(now.Status.Conditions, v1.ConditionModulesInParity) &&
			!conditions.IsTrue(now.Status.Conditions, v1.ConditionProgressing)
	})

	t.Log("five instances, then two")
	s.edit(func(c *v1.WALCluster) { c.Spec.Instances = 5 })
	s.eventually("five", 60*time.Second, func(c *v1.WALCluster) bool { return ready(c) && c.Status.ReadyInstances == 5 })
	s.put("five")
	s.samePages()
	s.edit(func(c *v1.WALCluster) { c.Spec.Instances = 2 })
	s.eventually("two", 60*time.Second, func(c *v1.WALCluster) bool { return ready(c) && c.Status.Instances == 2 })
	s.samePages()
}

// put writes some keys, each confirmed by a standby.
func (s *scene) put(prefix string) {
	s.Helper()
	for i := range 50 {
		s.ask(s.cluster().Status.CurrentPrimary, fmt.Sprintf("SELECT kv_put('%s%d', repeat('x', %d))", prefix, i, 10*i))
	}
}

// samePages compares all pages of all instances once the standbys have replayed everything.
func (s *scene) samePages() {
	s.Helper()
	c := s.cluster()
	end := s.ask(c.Status.CurrentPrimary, "SELECT pg_current_wal_lsn()")[0][0]
	nodes := map[string][]identical.Row{}
	for _, m := range c.Status.Members {
		s.eventually(m.Name+" has replayed everything", 20*time.Second, func(c *v1.WALCluster) bool {
			return m.Name == c.Status.CurrentPrimary || s.ask(m.Name, "SELECT pg_last_wal_replay_lsn() >= '"+end+"'::pg_lsn")[0][0] == "t"
		})
		nodes[m.Name] = identical.Rows(s.ask(m.Name, identical.Query))
	}
	if pages, err := identical.Compare(nodes); err != nil || pages == 0 || len(nodes) != int(c.Spec.Instances) {
		s.Errorf("%d pages compared on %d instances: %v", pages, len(nodes), err)
	}
}

// ask runs a statement on one instance, with the password of the cluster's application.
func (s *scene) ask(instance, statement string) (rows [][]string) {
	s.Helper()
	var pod corev1.Pod
	var app corev1.Secret
	err := errors.Join(kube.Get(ctx, client.ObjectKey{Namespace: s.key.Namespace, Name: instance}, &pod),
		kube.Get(ctx, client.ObjectKey{Namespace: s.key.Namespace, Name: s.key.Name + "-app"}, &app))
	if err != nil {
		s.Fatal(err)
	}
	conn, err := pgconn.Connect(ctx, fmt.Sprintf("host=%s user=%s password=%s dbname=postgres sslmode=require", pod.Status.PodIP, app.Data["username"], app.Data["password"]))
	if err != nil {
		s.Fatalf("%s: %v", instance, err)
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, statement).ReadAll()
	if err != nil {
		s.Fatalf("%s: %s: %v", instance, statement, err)
	}
	for _, row := range results[0].Rows {
		var text []string
		for _, v := range row {
			text = append(text, string(v))
		}
		rows = append(rows, text)
	}
	return rows
}
