package supervisor

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// waitFor returns when all the addresses answer, however long that takes: who
// waits too long is the launcher's to judge.
func waitFor(addresses []string) {
	for _, address := range addresses {
		for !answers(address) {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func answers(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "unix":
		return connects("unix", u.Path)
	case "tcp":
		return connects("tcp", u.Host)
	default:
		return ready(address)
	}
}

func connects(network, address string) bool {
	c, err := net.DialTimeout(network, address, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// ready needs no proof of who answers: it only decides when a program starts,
// which will check for itself.
func ready(address string) bool {
	client := http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
	}
	reply, err := client.Get(address)
	if err != nil {
		return false
	}
	reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}
