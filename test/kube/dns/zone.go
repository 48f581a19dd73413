package dns

import (
	"net"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
)

// A Zone is what a cluster's services are called.
type Zone struct {
	Domain   string
	Services corelisters.ServiceLister
	Slices   discoverylisters.EndpointSliceLister
}

// Lookup returns the addresses of a name and whether the name exists.
func (z Zone) Lookup(name string) ([][4]byte, bool) {
	inside, ours := strings.CutSuffix(name, ".svc."+z.Domain)
	if !ours {
		return nil, false
	}
	labels := strings.Split(inside, ".")
	switch len(labels) {
	case 2:
		return z.service(labels[0], labels[1], "")
	case 3:
		return z.service(labels[1], labels[2], labels[0])
	}
	return nil, false
}

func (z Zone) service(name, namespace, hostname string) ([][4]byte, bool) {
	service, err := z.Services.Services(namespace).Get(name)
	if err != nil {
		return nil, false
	}
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		if hostname != "" {
			return nil, false
		}
		return parse([]string{service.Spec.ClusterIP}), true
	}
	addresses := z.endpoints(service, hostname)
	return addresses, hostname == "" || len(addresses) > 0
}

func (z Zone) endpoints(service *corev1.Service, hostname string) [][4]byte {
	mine := labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service.Name})
	slices, err := z.Slices.EndpointSlices(service.Namespace).List(mine)
	if err != nil {
		return nil
	}
	var found [][4]byte
	for _, slice := range slices {
		for _, endpoint := range slice.Endpoints {
			ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
			wanted := hostname == "" || endpoint.Hostname != nil && *endpoint.Hostname == hostname
			if wanted && (ready || service.Spec.PublishNotReadyAddresses) {
				found = append(found, parse(endpoint.Addresses)...)
			}
		}
	}
	return found
}

func parse(addresses []string) [][4]byte {
	var found [][4]byte
	for _, address := range addresses {
		if ip := net.ParseIP(address).To4(); ip != nil {
			found = append(found, [4]byte(ip))
		}
	}
	return found
}
