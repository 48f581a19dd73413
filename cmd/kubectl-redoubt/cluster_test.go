package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

// A cluster that is not there is said with those that are; if they may not be listed, that is said.
func TestClusterThatIsNotThere(t *testing.T) {
	forbidden := interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
		return errors.New("walclusters is forbidden")
	}}
	other := &redoubtv1.WALCluster{}
	other.Namespace, other.Name = "shop", "invoices"
	for sentence, c := range map[string]struct {
		faults  interceptor.Funcs
		objects []client.Object
		want    string
	}{
		"there is no other":      {interceptor.Funcs{}, nil, "nor any other"},
		"there is another":       {interceptor.Funcs{}, []client.Object{other}, "there are: invoices"},
		"they may not be listed": {forbidden, []client.Object{other}, "is not known: walclusters is forbidden"},
	} {
		scheme := runtime.NewScheme()
		if err := redoubtv1.AddToScheme(scheme); err != nil {
			t.Fatal(err)
		}
		s := &session{client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(c.objects...).WithInterceptorFuncs(c.faults).Build(), namespace: "shop"}
		if _, err := s.cluster(context.Background(), "orders"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", sentence, err, c.want)
		}
	}
}
