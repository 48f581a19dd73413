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
	helm := exec.Command(filepath.Join(assets(), "helm"), "template", "123", "../../charts/redoubt", "--namespace", "456",
		"--set-string", "serviceAccount.name=789,priorityClassName=99,watchNamespaces={11}",
		"--set", `podLabels.app\.kubernetes\.io/instance=other,podLabels.team=orders`)
	var stderr bytes.Buffer
	helm.Stderr = &stderr
	rendered, err := helm.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	kinds := map[string]int{}
	for document := range bytes.SplitSeq(rendered, []byte("\n---\n")) {
		var o unstructured.Unstructured
		if err := yaml.Unmarshal(document, &o.Object); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		if o.Object == nil || o.GetKind() == "CustomResourceDefinition" { // which are there already
			continue
		}
		kinds[o.GetKind()]++
		if err := kube.Create(ctx, &o, client.DryRunAll); err != nil {
			t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
	if kinds["Deployment"] != 1 || kinds["RoleBinding"] != 2 {
		t.Errorf("the chart made %v, want a Deployment and RoleBindings in both namespaces", kinds)
	}
}
