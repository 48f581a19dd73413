package envtest_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// The API server takes what the chart makes of names that look like numbers and of labels that are the chart's own.
func TestTheChartTakesOddValues(t *testing.T) {
	for _, name := range []string{"456", "11"} {
		if err := kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	kinds := map[string]int{}
	for _, o := range rendered(t, "123", "--namespace", "456",
		"--set-string", "serviceAccount.name=789,priorityClassName=99,watchNamespaces={11}",
		"--set", `podLabels.app\.kubernetes\.io/instance=other,podLabels.team=orders`) {
		kinds[o.GetKind()]++
		if err := kube.Create(ctx, &o, client.DryRunAll); err != nil {
			t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
	if kinds["Deployment"] != 1 || kinds["RoleBinding"] != 2 {
		t.Errorf("the chart made %v, want a Deployment and RoleBindings in both namespaces", kinds)
	}
}

// Who installs the chart under one name in two namespaces gets two operators: neither takes the other's objects.
func TestReleasesOfOneNameShareNothing(t *testing.T) {
	for sentence, releases := range map[string][2][]string{
		"which look after all namespaces":          {{"redoubt", "--namespace", "a"}, {"redoubt", "--namespace", "b"}},
		"of which one looks after the other's":     {{"redoubt", "--namespace", "a", "--set", "watchNamespaces={b}"}, {"redoubt", "--namespace", "b", "--set", "watchNamespaces={c}"}},
		"whose names and namespaces look alike":    {{"a-b", "--namespace", "c"}, {"b", "--namespace", "c-a"}},
		"whose namespaces and names look alike":    {{"a", "--namespace", "b-c"}, {"a-b", "--namespace", "c"}},
		"which look after namespaces of their own": {{"redoubt", "--namespace", "a", "--set", "watchNamespaces={a}"}, {"redoubt", "--namespace", "b", "--set", "watchNamespaces={b}"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			has := map[string]bool{}
			for _, o := range rendered(t, releases[0][0], releases[0][1:]...) {
				has[o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName()] = true
			}
			for _, o := range rendered(t, releases[1][0], releases[1][1:]...) {
				if key := o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName(); has[key] {
					t.Errorf("both have %s", key)
				}
			}
		})
	}
}

// rendered is what the chart makes, without the CRDs, of which a Kubernetes cluster has one set.
func rendered(t *testing.T, release string, options ...string) []unstructured.Unstructured {
	t.Helper()
	helm := exec.Command(filepath.Join(assets(), "helm"), append([]string{"template", release, "../../charts/redoubt", "--set", "crds.install=false"}, options...)...)
	var stderr bytes.Buffer
	helm.Stderr = &stderr
	text, err := helm.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	var out []unstructured.Unstructured
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var o unstructured.Unstructured
		if err := yaml.Unmarshal(document, &o.Object); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		if o.Object != nil {
			out = append(out, o)
		}
	}
	return out
}
