package envtest_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

const goodCluster = `
apiVersion: redoubt.dev/v1
kind: WALCluster
metadata: {name: orders, namespace: default}
spec:
  instances: 3
  image: registry.example/redoubt-node:1.4.0
  modules:
  - {name: kv, version: 1.2.0, rmgrs: [{id: 251, name: kv}]}
  - {name: ledger, version: 1.0.3}
  synchronous: {method: any, number: 1, dataDurability: required}
  storage: {size: 10Gi}
`

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

// A manifest that cannot work is refused when it is applied, with the field and the reason.
func TestRefusedAtApply(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(goodCluster, old) {
			t.Fatalf("%q is not in the manifest", old)
		}
		return strings.Replace(goodCluster, old, new, 1)
	}
	rmgr := func(name, spec string) string {
		return "apiVersion: redoubt.dev/v1\nkind: ResourceManager\nmetadata: {name: " + name + "}\nspec: " + spec
	}
	for sentence, c := range map[string]struct{ manifest, field, reason string }{
		"no instance at all":                        {edit("instances: 3", "instances: 0"), "spec.instances", "greater than or equal to 1"},
		"as many synchronous standbys as instances": {edit("number: 1", "number: 3"), "spec.synchronous.number", "must be smaller than instances"},
		"one instance cannot be its own standby":    {edit("instances: 3", "instances: 1"), "spec.synchronous.number", "does not count as its own standby"},
		"synchronous with nobody":                   {edit("number: 1", "number: 0"), "spec.synchronous.number", "greater than or equal to 1"},
		"a module twice":                            {edit("name: ledger", "name: kv"), "spec.modules[1]", "Duplicate value"},
		"a version that is not semantic":            {edit("version: 1.0.3", "version: '1.0'"), "spec.modules[1].version", "5 chars"},
		"a version with a leading v":                {edit("version: 1.0.3", "version: v1.0.3"), "spec.modules[1].version", "semantic"},
		"a module name with capitals":               {edit("name: ledger", "name: Ledger"), "spec.modules[1].name", "lower-case"},
		"an ID below the custom range":              {edit("id: 251", "id: 127"), "spec.modules[0].rmgrs[0].id", "greater than or equal to 128"},
		"an ID above the custom range":              {edit("id: 251", "id: 256"), "spec.modules[0].rmgrs[0].id", "less than or equal to 255"},
		"the experimental ID in production":         {edit("id: 251", "id: 128"), "spec.modules", "allowExperimental"},
		"an ID twice in a module":                   {edit("{id: 251, name: kv}", "{id: 251, name: kv}, {id: 251, name: kx}"), "spec.modules[0].rmgrs[1]", "Duplicate value"},
		"an ID twice in two modules":                {edit("version: 1.0.3", "version: 1.0.3, rmgrs: [{id: 251, name: ledger}]"), "spec.modules", "same resource manager ID"},
		"a manager's name twice":                    {edit("version: 1.0.3", "version: 1.0.3, rmgrs: [{id: 252, name: kv}]"), "spec.modules", "same resource manager name"},
		"an unknown method":                         {edit("method: any", "method: some"), "spec.synchronous.method", "Unsupported value"},
		"no storage":                                {edit("size: 10Gi", "size: 0"), "spec.storage.size", "more than nothing"},
		"a setting that the operator owns":          {goodCluster + "  settings: {preload_modules: kv}\n", "spec.settings", "cannot be set here"},
		"a setting with a strange name":             {goodCluster + "  settings: {'Max WAL': '1'}\n", "spec.settings", "lower-case"},
		"a detection timeout of nothing":            {goodCluster + "  failover: {detectionTimeout: 1ms}\n", "spec.failover.detectionTimeout", "between 2s and 10m"},
		"a name that no pod can carry":              {edit("name: orders", "name: orders.eu"), "the name of a WALCluster", "begins with a letter"},
		"a field that does not exist":               {goodCluster + "  walStorage: {size: 5Gi}\n", "spec.walStorage", "unknown field"},
		"a reservation below the custom range":      {rmgr("rmgr-21", "{id: 21, name: acme}"), "spec.id", "greater than or equal to 128"},
		"a reservation above the custom range":      {rmgr("rmgr-256", "{id: 256, name: acme}"), "spec.id", "less than or equal to 255"},
		"a reservation of the experimental ID":      {rmgr("rmgr-128", "{id: 128, name: acme}"), "spec.id", "cannot be reserved"},
		"a reservation under another number's name": {rmgr("acme", "{id: 200, name: acme}"), "spec.id", "rmgr-<spec.id>"},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := kube.Create(ctx, object(t, c.manifest), client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
			if err == nil {
				t.Fatalf("accepted, want a refusal that names %s", c.field)
			}
			if !strings.Contains(err.Error(), c.field) || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("refused with\n  %v\nwant the field %q and the reason %q in it", err, c.field, c.reason)
			}
		})
	}
}

// An ID is reserved once, because its number is the object's name; a reservation is for ever.
func TestReservation(t *testing.T) {
	a := &v1.ResourceManager{ObjectMeta: metav1.ObjectMeta{Name: "rmgr-201"}, Spec: v1.ResourceManagerSpec{ID: 201, Name: "acme"}}
	if err := kube.Create(ctx, a); err != nil {
		t.Fatal(err)
	}
	b := &v1.ResourceManager{ObjectMeta: metav1.ObjectMeta{Name: "rmgr-201"}, Spec: v1.ResourceManagerSpec{ID: 201, Name: "other"}}
	if err := kube.Create(ctx, b); err == nil {
		t.Error("ID 201 was reserved twice")
	}
	a.Spec.Name = "other"
	if err := kube.Update(ctx, a); err == nil || !strings.Contains(err.Error(), "cannot be changed") {
		t.Errorf("another name for a reserved ID: %v, want a refusal", err)
	}
}

// What a manifest leaves out is filled in by the server.
func TestDefaults(t *testing.T) {
	c := object(t, `
apiVersion: redoubt.dev/v1
kind: WALCluster
metadata: {name: defaults, namespace: default}
spec: {image: "node:1", storage: {size: 1Gi}, modules: [{name: kv, version: 1.2.0}], synchronous: {}}
`)
	if err := kube.Create(ctx, c); err != nil {
		t.Fatal(err)
	}
	var got v1.WALCluster
	if err := kube.Get(ctx, client.ObjectKeyFromObject(c), &got); err != nil {
		t.Fatal(err)
	}
	if got.Spec.Instances != 3 || got.Spec.Modules[0].State != v1.ModuleActive ||
		*got.Spec.Synchronous != (v1.Synchronous{Method: "any", Number: 1, DataDurability: "required"}) ||
		got.Spec.Failover.DetectionTimeout.Duration.String() != "3s" || got.Spec.Failover.IsolationTimeout.Duration.String() != "10s" {
		t.Errorf("got %+v", got.Spec)
	}
}

// Once an image has been asked, a module that it does not offer is refused at apply.
func TestRefusedAgainstTheProbedImage(t *testing.T) {
	c := object(t, strings.Replace(goodCluster, "name: orders", "name: probed", 1))
	if err := kube.Create(ctx, c); err != nil {
		t.Fatal(err)
	}
	var got v1.WALCluster
	if err := kube.Get(ctx, client.ObjectKeyFromObject(c), &got); err != nil {
		t.Fatal(err)
	}
	got.Status.Image = &v1.ImageStatus{Reference: got.Spec.Image, Modules: []v1.ModuleManifest{{Name: "kv", Version: "1.1.0"}}}
	if err := kube.Status().Update(ctx, &got); err != nil {
		t.Fatalf("the operator cannot report an image that does not fit: %v", err)
	}
	got.Spec.Modules[0].Version = "1.3.0"
	err := kube.Update(ctx, &got)
	if err == nil || !strings.Contains(err.Error(), "spec.modules") || !strings.Contains(err.Error(), "status.image.modules lists what it offers") {
		t.Errorf("module kv 1.3.0 on an image with 1.1.0: %v, want a refusal that says what the image offers", err)
	}
	if err := kube.Get(ctx, client.ObjectKeyFromObject(c), &got); err != nil {
		t.Fatal(err)
	}
	got.Spec.Instances, got.Spec.ImagePullSecrets = 5, []corev1.LocalObjectReference{{Name: "registry"}}
	if err := kube.Update(ctx, &got); err != nil {
		t.Errorf("what has nothing to do with the image was refused, while it is not the right one: %v", err)
	}
	got.Spec.Modules = append(got.Spec.Modules, v1.Module{Name: "signal", Version: "1.0.0", State: v1.ModuleActive})
	if err := kube.Update(ctx, &got); err == nil || !strings.Contains(err.Error(), "status.image.modules lists what it offers") {
		t.Errorf("one more module that it does not offer: %v, want a refusal", err)
	}
	got.Spec.Modules = got.Spec.Modules[:1]
	got.Spec.Modules[0].Version = "1.1.0"
	if err := kube.Update(ctx, &got); err != nil {
		t.Errorf("what the image offers was refused: %v", err)
	}
}
