// Probe is what the end-to-end test runs in pods. It writes its name to its
// volume, serves what the volume holds, and fetches what it is asked to, each
// time over a new connection.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

const volume = "/data/name"

func main() {
	if len(os.Args) == 3 && os.Args[1] == "say" {
		fmt.Println(os.Args[2])
		return
	}
	name, _ := os.Hostname()
	if err := os.WriteFile(volume, []byte(name), 0o600); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		text, err := os.ReadFile(volume)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s uid %d\n", text, os.Getuid())
	})
	http.HandleFunc("/fetch", func(w http.ResponseWriter, r *http.Request) {
		client := http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		reply, err := client.Get(r.URL.Query().Get("url"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer reply.Body.Close()
		w.WriteHeader(reply.StatusCode)
		_, _ = io.Copy(w, reply.Body)
	})
	log.Print("serving ", name)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
