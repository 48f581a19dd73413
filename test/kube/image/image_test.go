package image_test

import (
	"archive/tar"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/redoubt-wal/redoubt/test/kube/image"
)

func TestEqualInputGivesAnEqualDigest(t *testing.T) {
	binary := buildStatic(t)
	first := digest(t, contents(binary))

	later := filepath.Join(t.TempDir(), "copied")
	text, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(later, text, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(later, time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if second := digest(t, contents(later)); second != first {
		t.Errorf("a copy with another name, mode and time gives %s, the original %s", second, first)
	}
	other := contents(binary)
	other.User = 10002
	if digest(t, other) == first {
		t.Error("another user gives the same digest")
	}
}

func TestAnImageHasWhatAProgramExpects(t *testing.T) {
	built, err := image.Build(contents(buildStatic(t)))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := built.Layers()
	if err != nil {
		t.Fatal(err)
	}
	stream, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(stream); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, header.FileInfo().Mode().String()+" "+header.Name)
	}
	want := []string{
		"drwxr-xr-x etc/", "drwxr-xr-x home/", "drwxr-xr-x opt/", "dtrwxrwxrwx tmp/",
		"-rw-r--r-- etc/group", "-rw-r--r-- etc/passwd", "-rwxr-xr-x opt/program",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	config, err := built.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c := config.Config; c.User != "10001:10001" || !slices.Equal(c.Entrypoint, []string{"/opt/program"}) {
		t.Errorf("user %q, entrypoint %q", c.User, c.Entrypoint)
	}
}

func TestADynamicBinaryIsRefused(t *testing.T) {
	_, err := image.Build(image.Contents{Binaries: []image.Binary{{From: "/bin/sh", To: "/sh"}}})
	if err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("got %v, want an error that names the remedy", err)
	}
}

func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New())
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	built, err := image.Build(contents(buildStatic(t)))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := built.Digest()
	got, err := image.Push(t.Context(), built, "registry.local:5000/node:1", address)
	if err != nil || got != want.String() {
		t.Errorf("got %s and %v, want %s", got, err, want)
	}
	if _, err := image.Push(t.Context(), built, "elsewhere/node:1", address); err == nil {
		t.Error("an image of another registry was pushed to ours")
	}
}

func TestParseBinary(t *testing.T) {
	for arg, want := range map[string]image.Binary{
		"out/node":           {From: "out/node", To: "/usr/local/bin/node"},
		"out/node:/opt/node": {From: "out/node", To: "/opt/node"},
		"out/node:relative":  {},
		"out/node:/":         {},
		":/opt/node":         {},
	} {
		if got, err := image.ParseBinary(arg); got != want || (err == nil) != (want != image.Binary{}) {
			t.Errorf("%s: got %v and %v, want %v", arg, got, err, want)
		}
	}
}

func contents(binary string) image.Contents {
	return image.Contents{Binaries: []image.Binary{{From: binary, To: "/opt/program"}}, User: 10001}
}

func digest(t *testing.T, c image.Contents) string {
	t.Helper()
	built, err := image.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	d, err := built.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

func buildStatic(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-o", path, "../cmd/pause")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}
