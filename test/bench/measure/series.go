package measure

import "slices"

// A Run is what one process has measured.
type Run struct {
	Value  float64            `json:"value"`
	More   map[string]float64 `json:"more,omitempty"`   // other figures of the same run
	Others float64            `json:"others"`           // share of the processors that other processes used meanwhile
	Tries  int                `json:"tries,omitempty"`  // how often it was repeated because of others
	Failed string             `json:"failed,omitempty"` // why there is no value
}

// A Series is one backend's runs, by round.
type Series []Run

// Median, Min and Max are of the runs that have a value.
func (s Series) Median() float64 { return median(s.values()) }
func (s Series) Min() float64    { return least(s.values()) }
func (s Series) Max() float64    { return most(s.values()) }

// More is the median of one of the other figures.
func (s Series) More(name string) float64 {
	var v []float64
	for _, r := range s {
		if x, ok := r.More[name]; ok {
			v = append(v, x)
		}
	}
	return median(v)
}

// Others is the median share that other processes used.
func (s Series) Others() float64 {
	var v []float64
	for _, r := range s {
		v = append(v, r.Others)
	}
	return median(v)
}

// Failure is why a run has no value, "" if all have.
func (s Series) Failure() string {
	for _, r := range s {
		if r.Failed != "" {
			return r.Failed
		}
	}
	return ""
}

func (s Series) values() []float64 {
	var v []float64
	for _, r := range s {
		if r.Failed == "" {
			v = append(v, r.Value)
		}
	}
	return v
}

// A Ratio is of two series, round by round.
type Ratio struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Compare divides s by the base of the same round.
func Compare(s, base Series) Ratio {
	var v []float64
	for i := range min(len(s), len(base)) {
		if s[i].Failed == "" && base[i].Failed == "" && base[i].Value != 0 {
			v = append(v, s[i].Value/base[i].Value)
		}
	}
	return Ratio{median(v), least(v), most(v)}
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

func least(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return slices.Min(v)
}

func most(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return slices.Max(v)
}
