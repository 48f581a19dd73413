package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"os"

	"k8s.io/client-go/informers"

	"github.com/redoubt-wal/redoubt/test/kube/dns"
)

// clusterDNS answers for the cluster's domain and knows no other.
func clusterDNS() {
	flags := flag.NewFlagSet("cluster-dns", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:53", "`address` to serve on, UDP and TCP")
	domain := flags.String("domain", "cluster.local", "the cluster's `domain`")
	kubeconfig := flags.String("kubeconfig", "", "`file` with the cluster's address")
	_ = flags.Parse(os.Args[1:])

	factory := informers.NewSharedInformerFactory(connect(*kubeconfig), 0)
	zone := dns.Zone{
		Domain:   *domain,
		Services: factory.Core().V1().Services().Lister(),
		Slices:   factory.Discovery().V1().EndpointSlices().Lister(),
	}
	factory.Start(context.Background().Done())
	factory.WaitForCacheSync(context.Background().Done())

	packets, err := net.ListenPacket("udp", *listen)
	if err != nil {
		log.Fatal("cluster-dns: ", err)
	}
	streams, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal("cluster-dns: ", err)
	}
	go answerStreams(streams, zone)
	answerPackets(packets, zone)
}

func answerPackets(packets net.PacketConn, zone dns.Zone) {
	query := make([]byte, 4096)
	for {
		n, from, err := packets.ReadFrom(query)
		if err != nil {
			log.Fatal("cluster-dns: ", err)
		}
		if reply := dns.Answer(query[:n], zone.Lookup); reply != nil {
			_, _ = packets.WriteTo(reply, from) // who does not get it asks again
		}
	}
}

func answerStreams(streams net.Listener, zone dns.Zone) {
	for {
		conn, err := streams.Accept()
		if err != nil {
			log.Fatal("cluster-dns: ", err)
		}
		go func() {
			defer conn.Close()
			for answerOne(conn, zone) == nil {
			}
		}()
	}
}

// answerOne reads a message with its length before it, as DNS over TCP has it.
func answerOne(conn net.Conn, zone dns.Zone) error {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return err
	}
	query := make([]byte, int(length[0])<<8|int(length[1]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return err
	}
	reply := dns.Answer(query, zone.Lookup)
	if reply == nil {
		return errors.New("not a question")
	}
	_, err := conn.Write(append([]byte{byte(len(reply) >> 8), byte(len(reply))}, reply...))
	return err
}
