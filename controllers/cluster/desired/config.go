package desired

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// DataDir is below the volume's mount point, so that a copy can be made beside it and moved there.
const (
	volumeDir = "/var/lib/redoubt"
	DataDir   = volumeDir + "/data"
	tlsDir    = "/etc/redoubt/tls"
	appDir    = "/etc/redoubt/app"
	tmpDir    = "/tmp"
)

// defaults are for a cluster what they are not for a single node. The person's own values win.
var defaults = []string{
	// A standby that was away for a moment goes on from where it was. It is small: log that is kept is
	// also what a retiring module waits for.
	"wal_keep_size=64MB",
	// A pod that is told to stop waits for no client: until it has stopped nobody can take over.
	"smart_shutdown_timeout=0",
}

// Settings of one instance, as name=value: the person's first, then the operator's own, which win.
func Settings(c *v1.WALCluster, instance string) []string {
	out := slices.Clone(defaults)
	for _, name := range slices.Sorted(maps.Keys(c.Spec.Settings)) {
		out = append(out, name+"="+string(c.Spec.Settings[name]))
	}
	var modules []string
	experimental := "off"
	for _, m := range c.Status.Accepted.Modules {
		modules = append(modules, m.Name)
	}
	if c.Spec.AllowExperimental {
		experimental = "on"
	}
	return append(out,
		"instance_name="+instance,
		"cluster_name="+instance,
		"managed=on",
		"preload_modules="+strings.Join(modules, ","),
		"allow_experimental="+experimental,
		"listen_addresses=*",
		fmt.Sprintf("port=%d", PortSQL),
		fmt.Sprintf("control_listen=:%d", PortControl),
		"control_cert_file="+tlsDir+"/tls.crt",
		"control_key_file="+tlsDir+"/tls.key",
		"control_ca_file="+tlsDir+"/ca.crt",
		fmt.Sprintf("health_listen=:%d", PortHealth),
		"ssl=on",
		"ssl_cert_file="+tlsDir+"/tls.crt",
		"ssl_key_file="+tlsDir+"/tls.key",
		"ssl_ca_file="+tlsDir+"/ca.crt",
		"authentication=scram-sha-256",
		"superuser_password_file="+appDir+"/password",
		fmt.Sprintf("%s=%dms", SettingIsolation, isolation(c).Milliseconds()),
	)
}

// SettingIsolation is read from a pod, too: what its node was started with is what holds.
const SettingIsolation = "isolation_timeout"

// isolation is how long a primary without synchronous standbys may write while it hears nobody. The
// only instance of a cluster may for ever: nobody could have taken its place.
func isolation(c *v1.WALCluster) time.Duration {
	if c.Spec.Instances == 1 {
		return 0
	}
	return c.Spec.Failover.IsolationTimeout.Duration
}
