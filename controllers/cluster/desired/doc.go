// Package desired writes down the objects that a cluster should have: pods and their volumes,
// services, a disruption budget, and the probe that asks an image what it offers. It is pure: a
// function from a WALCluster to an object, compared with golden manifests in the tests.
//
// Every pod is fit for the Pod Security level "restricted", has no token for the Kubernetes API and
// mounts only its own certificate and the password of the superuser.
//
//	/var/lib/redoubt        the volume; data/ in it, so that a fresh copy can be made beside it
//	/etc/redoubt/tls        tls.crt tls.key ca.crt, of this instance
//	/etc/redoubt/app        the superuser's password
package desired
