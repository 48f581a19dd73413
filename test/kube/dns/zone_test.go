package dns_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/redoubt-wal/redoubt/test/kube/dns"
)

func TestLookup(t *testing.T) {
	ready, notReady := true, false
	first, second := "kv-1", "kv-2"
	zone := zoneOf(
		[]*corev1.Service{service("kv-rw", "10.96.1.2"), service("kv", corev1.ClusterIPNone)},
		&discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "kv-x", Labels: map[string]string{discoveryv1.LabelServiceName: "kv"}},
			Endpoints: []discoveryv1.Endpoint{
				{Addresses: []string{"10.88.1.2"}, Hostname: &first, Conditions: discoveryv1.EndpointConditions{Ready: &ready}},
				{Addresses: []string{"10.88.2.2"}, Hostname: &second, Conditions: discoveryv1.EndpointConditions{Ready: &notReady}},
			},
		},
	)
	for name, want := range map[string]string{
		"kv-rw.shop.svc.cluster.local":   "[[10 96 1 2]] true",
		"kv.shop.svc.cluster.local":      "[[10 88 1 2]] true",
		"kv-1.kv.shop.svc.cluster.local": "[[10 88 1 2]] true",
		"kv-2.kv.shop.svc.cluster.local": "[] false",
		"kv-rw.elsewhere.svc.other":      "[] false",
		"none.shop.svc.cluster.local":    "[] false",
		"registry.local":                 "[] false",
	} {
		addresses, exists := zone.Lookup(name)
		if got := fmt.Sprint(addresses, exists); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func service(name, ip string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       corev1.ServiceSpec{ClusterIP: ip},
	}
}

func zoneOf(services []*corev1.Service, slices ...*discoveryv1.EndpointSlice) dns.Zone {
	index := func() cache.Indexer {
		return cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	}
	known, endpoints := index(), index()
	for _, s := range services {
		_ = known.Add(s)
	}
	for _, s := range slices {
		_ = endpoints.Add(s)
	}
	return dns.Zone{
		Domain:   "cluster.local",
		Services: corelisters.NewServiceLister(known),
		Slices:   discoverylisters.NewEndpointSliceLister(endpoints),
	}
}
