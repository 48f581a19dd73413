package binaries

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Build brings the programs in directory up to date with the module in source.
// It costs minutes when Go's build cache is cold and nothing when they already
// are.
func Build(source, directory string, out io.Writer) error {
	inputs, err := fingerprint(source)
	if err != nil {
		return err
	}
	was, _ := os.ReadFile(filepath.Join(directory, stamp))
	if string(was) == inputs && !Missing(directory) {
		return nil
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	fmt.Fprintln(out, "building Kubernetes, etcd and helm into "+directory+" (about five minutes on two cores the first time)")
	started := time.Now()
	version, err := kubernetesVersion(source)
	if err != nil {
		return err
	}
	for _, name := range built {
		if err := goBuild(source, filepath.Join(directory, name), "./cmd/"+name, version); err != nil {
			return err
		}
	}
	for _, name := range linked {
		link := filepath.Join(directory, name)
		if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
			return err
		}
		if err := os.Symlink(kubebox, link); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "built in %.0f s\n", time.Since(started).Seconds())
	return os.WriteFile(filepath.Join(directory, stamp), []byte(inputs), 0o644)
}

func goBuild(source, output, pkg, version string) error {
	args := []string{"build", "-ldflags", linkerFlags(version)}
	args = append(args, compilerFlags()...)
	cmd := exec.Command("go", append(args, "-o", output, pkg)...)
	cmd.Dir = source
	// Only on the same file system does Go put a new file in the place of one
	// that is being run, instead of trying to write into it.
	temporary, err := os.MkdirTemp(filepath.Dir(output), ".go-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	// The compiler has memory enough and no time to collect it.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOGC=400", "GOWORK=off", "GOTMPDIR="+temporary)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s in %s: %w:\n%s", pkg, source, err, text)
	}
	return nil
}

func linkerFlags(version string) string {
	flags := "-s -w"
	for _, variable := range []string{"k8s.io/component-base/version.gitVersion", "k8s.io/client-go/pkg/version.gitVersion"} {
		flags += " -X " + variable + "=" + version
	}
	return flags
}

// compilerFlags turn inlining off, which saves a sixth of the compiler's work.
// The standard library keeps it, so that what other builds have compiled of it
// can be used.
func compilerFlags() []string {
	var flags []string
	for _, pattern := range []string{
		"github.com/...", "go.etcd.io/...", "go.opentelemetry.io/...", "golang.org/...",
		"google.golang.org/...", "helm.sh/...", "k8s.io/...", "sigs.k8s.io/...",
	} {
		flags = append(flags, "-gcflags="+pattern+"=-l")
	}
	return flags
}

// kubernetesVersion is what the programs should call themselves; without it
// Helm would take the cluster for version 0.0.
func kubernetesVersion(source string) (string, error) {
	text, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "k8s.io/kubernetes" {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("%s/go.mod does not require k8s.io/kubernetes", source)
}
