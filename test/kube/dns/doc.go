// Package dns resolves the names of a cluster's services, as the Kubernetes
// specification of them has it, as far as pods need it:
//
//	SERVICE.NAMESPACE.svc.DOMAIN            the cluster address, or every ready
//	                                        endpoint of a headless service
//	HOSTNAME.SERVICE.NAMESPACE.svc.DOMAIN   one endpoint of a headless service
//
// Only addresses (A) are served: no SRV, no PTR, nothing outside the domain.
package dns
