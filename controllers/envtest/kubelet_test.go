package envtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/desired"
	"github.com/redoubt-wal/redoubt/controllers/nodetest"
)

// A kubelet runs the pods of a namespace: fake instances at addresses of the loopback network, or,
// with REDOUBT_NODE naming the binary, real ones as processes.
type kubelet struct {
	t         *testing.T
	namespace string
	images    map[string]control.Manifest
	world     *nodetest.World
	binary    string
	dir       string

	mu      sync.Mutex
	net     int                    // 127.<net>.<…>
	next    int                    // last address given
	running map[types.UID]*running // by pod
	stop    context.CancelFunc
	wg      sync.WaitGroup
}

type running struct {
	name, ip string
	command  func() *exec.Cmd // of a real node
	process  *exec.Cmd
	ended    chan struct{}
}

// begin starts a real node's process.
func (r *running) begin() error {
	r.process, r.ended = r.command(), make(chan struct{})
	if err := r.process.Start(); err != nil {
		return err
	}
	go func(p *exec.Cmd, ended chan struct{}) {
		_ = p.Wait()
		close(ended)
	}(r.process, r.ended)
	return nil
}

// restart is what a kubelet does with a process that ended.
func (r *running) restart() {
	if r.process == nil {
		return
	}
	select {
	case <-r.ended:
		_ = r.begin()
	default:
	}
}

var nets = 10

func startKubelet(t *testing.T, namespace string, images map[string]control.Manifest) *kubelet {
	nets++
	k := &kubelet{t: t, namespace: namespace, images: images, world: nodetest.NewWorld(), running: map[types.UID]*running{},
		binary: os.Getenv("REDOUBT_NODE"), dir: t.TempDir(), net: nets}
	loop, cancel := context.WithCancel(context.Background())
	k.stop = cancel
	k.wg.Go(func() {
		for loop.Err() == nil {
			k.sync(loop)
			time.Sleep(20 * time.Millisecond)
		}
	})
	t.Cleanup(func() {
		cancel()
		k.wg.Wait()
		k.world.Close()
		for _, r := range k.running {
			k.kill(r)
		}
	})
	return k
}

func (k *kubelet) sync(ctx context.Context) {
	var pods corev1.PodList
	if kube.List(ctx, &pods, client.InNamespace(k.namespace)) != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	here := map[types.UID]bool{}
	for i := range pods.Items {
		p := &pods.Items[i]
		here[p.UID] = true
		switch {
		case !p.DeletionTimestamp.IsZero():
			if r := k.running[p.UID]; r != nil {
				k.kill(r)
				delete(k.running, p.UID)
			}
			_ = kube.Delete(ctx, p, client.GracePeriodSeconds(0))
		case p.Labels[v1.LabelComponent] == v1.ComponentProbe:
			k.answer(ctx, p)
		case k.running[p.UID] == nil:
			k.start(ctx, p)
		default:
			k.running[p.UID].restart()
			k.readiness(ctx, p)
		}
	}
	for uid, r := range k.running {
		if !here[uid] { // deleted by force
			k.kill(r)
			delete(k.running, uid)
		}
	}
	var claims corev1.PersistentVolumeClaimList
	if kube.List(ctx, &claims, client.InNamespace(k.namespace)) == nil {
		for i := range claims.Items {
			if c := &claims.Items[i]; !c.DeletionTimestamp.IsZero() {
				k.world.Kill(c.Name)
				k.world.Wipe(c.Name)
				os.RemoveAll(filepath.Join(k.dir, c.Name))
				_ = kube.Patch(ctx, c, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))
			}
		}
	}
}

// answer is the termination message of a probe.
func (k *kubelet) answer(ctx context.Context, p *corev1.Pod) {
	if len(p.Status.ContainerStatuses) > 0 {
		return
	}
	image := p.Spec.Containers[0].Image
	ended := &corev1.ContainerStateTerminated{ExitCode: 128, Reason: "StartError", Message: "exec: \"/node\": no such file"}
	if manifest, ok := k.images[image]; ok {
		text, _ := json.Marshal(manifest)
		ended = &corev1.ContainerStateTerminated{Message: string(text)}
	}
	p.Status.Phase = corev1.PodSucceeded
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: p.Spec.Containers[0].Name, Image: image,
		ImageID: strings.Split(image, ":")[0] + "@sha256:" + digestOf(image), State: corev1.ContainerState{Terminated: ended}}}
	_ = kube.Status().Update(ctx, p)
}

func digestOf(image string) string { return fmt.Sprintf("%064x", []byte(image)) }

// manifest of a pod's image by digest.
func (k *kubelet) manifest(image string) control.Manifest {
	for reference, m := range k.images {
		if strings.HasSuffix(image, digestOf(reference)) {
			return m
		}
	}
	return control.Manifest{}
}

func (k *kubelet) start(ctx context.Context, p *corev1.Pod) {
	for _, r := range k.running {
		if r.name == p.Name {
			return // its predecessor still runs
		}
	}
	var secret corev1.Secret
	if kube.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: desired.SecretTLS(p.Name)}, &secret) != nil {
		return
	}
	k.next++
	r := &running{name: p.Name, ip: fmt.Sprintf("127.%d.%d.%d", k.net, k.next/250, k.next%250+1)}
	var err error
	if k.binary == "" {
		err = k.world.Start(nodetest.Options{Name: p.Name, Address: r.ip + ":8443", Cert: secret.Data["tls.crt"], Key: secret.Data["tls.key"],
			CA: secret.Data["ca.crt"], Modules: preloaded(k.manifest(p.Spec.Containers[0].Image), p.Spec.Containers[0].Args)})
	} else {
		err = k.exec(ctx, r, p, secret.Data)
	}
	if err != nil {
		k.t.Logf("%s does not start: %v", p.Name, err)
		return
	}
	k.running[p.UID] = r
	p.Status.Phase, p.Status.PodIP, p.Status.PodIPs = corev1.PodRunning, r.ip, []corev1.PodIP{{IP: r.ip}}
	_ = kube.Status().Update(ctx, p)
}

func preloaded(m control.Manifest, args []string) []control.Module {
	var out []control.Module
	for _, a := range args {
		if list, ok := strings.CutPrefix(a, "preload_modules="); ok {
			for _, mod := range m.Modules {
				if slices.Contains(strings.Split(list, ","), mod.Name) {
					out = append(out, mod)
				}
			}
		}
	}
	return out
}

// exec runs a real node as the pod's container would.
func (k *kubelet) exec(ctx context.Context, r *running, p *corev1.Pod, files map[string][]byte) error {
	dir := filepath.Join(k.dir, p.Name)
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, "tls"), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "tls", name), text, 0o600); err != nil {
			return err
		}
	}
	var app corev1.Secret
	if err := kube.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: p.Labels[v1.LabelCluster] + "-app"}, &app); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "password"), app.Data["password"], 0o600); err != nil {
		return err
	}
	var args []string
	for _, a := range p.Spec.Containers[0].Args {
		a = strings.ReplaceAll(a, "/var/lib/redoubt", filepath.Join(dir, "volume"))
		a = strings.ReplaceAll(a, "/etc/redoubt/tls", filepath.Join(dir, "tls"))
		a = strings.ReplaceAll(a, "/etc/redoubt/app", dir)
		a = strings.ReplaceAll(a, "_listen=:", "_listen="+r.ip+":")
		a = strings.ReplaceAll(a, "listen_addresses=*", "listen_addresses="+r.ip)
		args = append(args, a)
	}
	if err := os.MkdirAll(filepath.Join(dir, "volume"), 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	r.command = func() *exec.Cmd {
		c := exec.Command(k.binary, args...)
		c.Stdout, c.Stderr = log, log
		return c
	}
	return r.begin()
}

func (k *kubelet) kill(r *running) {
	k.world.Kill(r.name)
	if r.process != nil {
		_ = r.process.Process.Kill()
		<-r.ended
	}
}

func (k *kubelet) readiness(ctx context.Context, p *corev1.Pod) {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return
		}
	}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: desired.Container, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	_ = kube.Status().Update(ctx, p)
}

// logs of real nodes, for a failure's sake.
func (k *kubelet) logs() {
	files, _ := filepath.Glob(filepath.Join(k.dir, "*", "log"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if len(text) > 6000 {
			text = text[len(text)-6000:]
		}
		k.t.Logf("%s:\n%s", f, text)
	}
}
