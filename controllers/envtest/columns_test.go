package envtest_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// What `kubectl get walclusters` shows.
func TestPrinterColumns(t *testing.T) {
	c := object(t, strings.Replace(goodCluster, "name: orders", "name: columns", 1))
	if err := kube.Create(ctx, c); err != nil {
		t.Fatal(err)
	}
	var got v1.WALCluster
	if err := kube.Get(ctx, client.ObjectKeyFromObject(c), &got); err != nil {
		t.Fatal(err)
	}
	got.Status.ReadyInstances, got.Status.CurrentPrimary = 2, "columns-2"
	got.Status.Timeline = &v1.TimelineClaim{ID: 7, Primary: "columns-2", Reason: "test", ClaimedAt: metav1.NowMicro()}
	got.Status.Gate = &v1.Gate{Blocked: v1.ReasonRecordsRemain}
	got.Status.Conditions = []metav1.Condition{{Type: v1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1.ReasonInstancesNotReady, LastTransitionTime: metav1.Now()}}
	if err := kube.Status().Update(ctx, &got); err != nil {
		t.Fatal(err)
	}

	asked := rest.CopyConfig(config)
	asked.GroupVersion, asked.APIPath = &v1.GroupVersion, "/apis"
	asked.NegotiatedSerializer = serializer.NewCodecFactory(clientgoscheme.Scheme).WithoutConversion()
	api, err := rest.RESTClientFor(asked)
	if err != nil {
		t.Fatal(err)
	}
	var table metav1.Table
	err = api.Get().Namespace("default").Resource("walclusters").Name("columns").
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(ctx).Into(&table)
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]any{}
	for i, column := range table.ColumnDefinitions {
		if column.Priority == 0 {
			cells[column.Name] = table.Rows[0].Cells[i]
		}
	}
	for column, want := range map[string]any{
		"Ready": "False", "Instances": int64(3), "Up": int64(2), "Primary": "columns-2", "Timeline": int64(7), "Blocked": "RecordsRemain",
	} {
		if cells[column] != want {
			t.Errorf("column %s shows %v (%T), want %v", column, cells[column], cells[column], want)
		}
	}
}
