package dns

import (
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// ttl is short, in seconds: endpoints of a failover should be seen soon.
const ttl = 2

// Answer makes the reply to a query, or nil if it is not one. lookup returns
// the addresses of a name without its final dot, and whether there is such a
// name at all.
func Answer(query []byte, lookup func(name string) ([][4]byte, bool)) []byte {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil || header.Response {
		return nil
	}
	question, err := parser.Question()
	if err != nil {
		return nil
	}
	addresses, exists := lookup(strings.ToLower(strings.TrimSuffix(question.Name.String(), ".")))
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID:                 header.ID,
			Response:           true,
			Authoritative:      true,
			RecursionDesired:   header.RecursionDesired,
			RecursionAvailable: true, // else some resolvers discard what we say
		},
		Questions: []dnsmessage.Question{question},
	}
	if !exists {
		reply.RCode = dnsmessage.RCodeNameError
	}
	if question.Type == dnsmessage.TypeA {
		for _, a := range addresses {
			reply.Answers = append(reply.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: ttl},
				Body:   &dnsmessage.AResource{A: a},
			})
		}
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil
	}
	return packed
}
