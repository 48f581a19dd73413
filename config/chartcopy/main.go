// Command chartcopy copies the generated CRDs and the operator's rules into the Helm chart. It is
// run by go generate in config.
//
// The CRDs become templates, so that `helm upgrade` upgrades them; they carry the annotation that
// keeps them, and with them every cluster, when the chart is uninstalled. The rules go to a file
// that the chart's ClusterRole, or Role per watched namespace, includes.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

const chart = "../charts/redoubt"

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	crds, err := filepath.Glob("crd/*.yaml")
	if err != nil {
		return err
	}
	for _, path := range crds {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		out, err := crdTemplate(text)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := write(filepath.Join(chart, "templates", "crds", filepath.Base(path)), out); err != nil {
			return err
		}
	}
	role, err := os.ReadFile("rbac/role.yaml")
	if err != nil {
		return err
	}
	_, rules, found := bytes.Cut(role, []byte("\nrules:\n"))
	if !found {
		return fmt.Errorf("rbac/role.yaml has no rules")
	}
	return write(filepath.Join(chart, "files", "rules.yaml"), rules)
}

// crdTemplate makes a CRD conditional and kept.
func crdTemplate(text []byte) ([]byte, error) {
	const mark = "  annotations:\n"
	s := strings.TrimPrefix(string(text), "---\n")
	if !strings.Contains(s, mark) {
		return nil, fmt.Errorf("no annotations to add to")
	}
	// Braces in descriptions are not Helm's.
	s = strings.ReplaceAll(s, "{{", `{{ "{{" }}`)
	s = strings.Replace(s, mark, mark+"    helm.sh/resource-policy: keep\n", 1)
	return []byte("{{- if .Values.crds.install }}\n" + s + "{{- end }}\n"), nil
}

func write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
