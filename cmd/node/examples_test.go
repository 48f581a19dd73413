package main

import (
	"os"
	"regexp"
	"testing"
)

// Who builds an image as the documentation says gets this binary's modules, and an operator takes no other versions.
func TestTheDocumentationsClustersFitThisBinary(t *testing.T) {
	offered := map[string]string{}
	for _, m := range modules {
		offered[m.Name] = m.Version
	}
	required := regexp.MustCompile(`(?m)^  - \{name: (\w+), version: ([0-9.]+)\}`)
	for _, file := range []string{"README.md", "docs/spec/walcluster.md", "docs/operations/install.md", "docs/modules.md"} {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		found := required.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s has no example with modules", file)
		}
		for _, m := range found {
			if offered[m[1]] != m[2] {
				t.Errorf("%s requires %s %s, and this binary offers %q", file, m[1], m[2], offered[m[1]])
			}
		}
	}
}
