package resourcemanager_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/resourcemanager"
)

func TestOfTwoReservationsOfANameTheOlderHolds(t *testing.T) {
	rm := func(object string, id int32, name string, age time.Duration) v1.ResourceManager {
		return v1.ResourceManager{
			ObjectMeta: metav1.ObjectMeta{Name: object, CreationTimestamp: metav1.NewTime(time.Unix(1000000, 0).Add(-age))},
			Spec:       v1.ResourceManagerSpec{ID: id, Name: name},
		}
	}
	all := []v1.ResourceManager{
		rm("rmgr-200", 200, "acme", 2*time.Hour), rm("rmgr-201", 201, "ACME", time.Hour),
		rm("rmgr-210", 210, "same", time.Hour), rm("rmgr-211", 211, "same", time.Hour),
	}
	for i, want := range []string{v1.ReasonIDReserved, v1.ReasonNameTaken, v1.ReasonIDReserved, v1.ReasonNameTaken} {
		if got := resourcemanager.Reserved(&all[i], all); got.Reason != want {
			t.Errorf("%s: got %s: %s, want %s", all[i].Name, got.Reason, got.Message, want)
		}
	}
}
