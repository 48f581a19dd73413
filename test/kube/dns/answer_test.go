package dns_test

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/redoubt-wal/redoubt/test/kube/dns"
)

func lookup(name string) ([][4]byte, bool) {
	if name == "kv.shop.svc.cluster.local" {
		return [][4]byte{{10, 96, 1, 2}}, true
	}
	return nil, false
}

func TestAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		question string
		kind     dnsmessage.Type
		answers  int
		code     dnsmessage.RCode
	}{
		"a service has an address":                     {"kv.shop.svc.cluster.local.", dnsmessage.TypeA, 1, dnsmessage.RCodeSuccess},
		"letters' case does not matter":                {"KV.shop.svc.cluster.LOCAL.", dnsmessage.TypeA, 1, dnsmessage.RCodeSuccess},
		"no IPv6 is not the same as no such name":      {"kv.shop.svc.cluster.local.", dnsmessage.TypeAAAA, 0, dnsmessage.RCodeSuccess},
		"what does not exist lets the resolver search": {"kv.shop.", dnsmessage.TypeA, 0, dnsmessage.RCodeNameError},
	} {
		t.Run(name, func(t *testing.T) {
			query := dnsmessage.Message{
				Header: dnsmessage.Header{ID: 7},
				Questions: []dnsmessage.Question{{
					Name: dnsmessage.MustNewName(test.question), Type: test.kind, Class: dnsmessage.ClassINET,
				}},
			}
			packed, err := query.Pack()
			if err != nil {
				t.Fatal(err)
			}
			var reply dnsmessage.Message
			if err := reply.Unpack(dns.Answer(packed, lookup)); err != nil {
				t.Fatal(err)
			}
			if reply.ID != 7 || len(reply.Answers) != test.answers || reply.RCode != test.code {
				t.Errorf("got %d answers, %v; want %d, %v", len(reply.Answers), reply.RCode, test.answers, test.code)
			}
		})
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02kv\x00\x00\x01\x00\x01"))
	f.Fuzz(func(_ *testing.T, query []byte) { dns.Answer(query, lookup) })
}
