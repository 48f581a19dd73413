package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"k8s.io/client-go/kubernetes"

	"github.com/redoubt-wal/redoubt/api/control"
	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

// A position is what an instance says of its log at this moment.
type position struct {
	Flush, Replay control.LSN
	WALSize       int64
	Waiters       int
	Err           error // it could not be asked
}

// positions asks every member through the API server's pod proxy, all at once, two seconds at most.
func (s *session) positions(ctx context.Context, members []redoubtv1.Member) map[string]position {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	clientset, err := kubernetes.NewForConfig(s.rest)
	all := make(map[string]position, len(members))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, m := range members {
		wg.Go(func() {
			p := position{Err: err}
			if err == nil {
				p = askPosition(ctx, clientset, s.namespace, m.Name)
			}
			mu.Lock()
			defer mu.Unlock()
			all[m.Name] = p
		})
	}
	wg.Wait()
	return all
}

func askPosition(ctx context.Context, c kubernetes.Interface, namespace, pod string) position {
	raw, err := c.CoreV1().Pods(namespace).ProxyGet("http", pod, "8080", "/metrics", nil).DoRaw(ctx)
	if err != nil {
		return position{Err: fmt.Errorf("ask %s for its position: %w", pod, err)}
	}
	return parsePosition(raw)
}

// parsePosition reads the node's metrics.
func parsePosition(metrics []byte) position {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(metrics))
	if err != nil {
		return position{Err: fmt.Errorf("read metrics: %w", err)}
	}
	return position{
		Flush:   control.LSN(gauge(families, "redoubt_wal_lsn_bytes", "flush")),
		Replay:  control.LSN(gauge(families, "redoubt_wal_lsn_bytes", "replay")),
		WALSize: int64(gauge(families, "redoubt_wal_size_bytes", "")),
		Waiters: int(gauge(families, "redoubt_commit_waiters", "")),
	}
}

// gauge is the value of a metric, with the label position where it is not empty; 0 if it is not there.
func gauge(families map[string]*dto.MetricFamily, name, at string) float64 {
	for _, m := range families[name].GetMetric() {
		if at == "" {
			return m.GetGauge().GetValue()
		}
		for _, l := range m.GetLabel() {
			if l.GetName() == "position" && l.GetValue() == at {
				return m.GetGauge().GetValue()
			}
		}
	}
	return 0
}
