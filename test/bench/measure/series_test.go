package measure

import "testing"

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	ours := Series{{Value: 20}, {Value: 5}, {Failed: "lost"}, {Value: 30}}
	base := Series{{Value: 10}, {Value: 5}, {Value: 7}, {Value: 10}}
	if got, want := Compare(ours, base), (Ratio{2, 1, 3}); got != want {
		t.Errorf("ratio is %v, want %v", got, want)
	}
	if got := ours.Median(); got != 20 {
		t.Errorf("median is %v, want 20: a run that failed does not count", got)
	}
	if got := ours.Failure(); got != "lost" {
		t.Errorf("failure is %q", got)
	}
}
