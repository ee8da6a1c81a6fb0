package admission_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// drive follows a pacing from a queue that begins at each of the times and
// lasts until the end, and returns when it lets go and when it logs.
func drive(p *admission.Pacing, begins []int64, end int64, queued func(now int64) bool) (released, logged []int64) {
	for len(begins) > 0 || p.Next() < end {
		if len(begins) > 0 && begins[0] <= p.Next() {
			if p.Begin(begins[0]) {
				logged = append(logged, begins[0])
			}
			begins = begins[1:]
			continue
		}
		now := p.Next()
		release, log := p.Due(now)
		if release {
			released = append(released, now)
		}
		if p.After(now, release, log, queued(now)) {
			logged = append(logged, now)
		}
	}
	return released, logged
}

func TestPacing(t *testing.T) {
	long := func(int64) bool { return true }
	short := func(now int64) bool { return now < 25 }
	for _, tt := range []struct {
		name             string
		pacing           admission.Pacing
		queued           func(int64) bool
		begins           []int64
		released, logged []int64
	}{
		{"nothing", admission.Pacing{}, long, []int64{0}, nil, nil},
		{"logs each queue", admission.Pacing{Logs: true}, long, []int64{0, 7}, nil, []int64{0, 7}},
		{"logs at an interval", admission.Pacing{Logs: true, Interval: 30}, long, []int64{0, 7}, nil, []int64{0, 30, 60, 90}},
		{"an interval outlives a queue", admission.Pacing{Logs: true, Interval: 30}, short, []int64{0, 20, 40}, nil, []int64{0, 40}},
		{"lets go", admission.Pacing{Every: 40}, long, []int64{5}, []int64{45, 85}, nil},
		{"a queue that begins starts anew", admission.Pacing{Every: 40}, long, []int64{5, 44}, []int64{84}, nil},
		{"until the queue is empty", admission.Pacing{Every: 10}, short, []int64{5}, []int64{15, 25}, nil},
		{"a queue begins before the next entry", admission.Pacing{Every: 10, Logs: true, Interval: 60}, short, []int64{22, 38}, []int64{32, 48}, []int64{22}},
		{"both", admission.Pacing{Every: 30, Logs: true, Interval: 30}, long, []int64{1}, []int64{31, 61, 91}, []int64{1, 31, 61, 91}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			released, logged := drive(&tt.pacing, tt.begins, 100, tt.queued)
			assert.Equal(t, tt.released, released)
			assert.Equal(t, tt.logged, logged)
		})
	}
}

// An instant beyond the largest number is Never.
func TestPacingEnds(t *testing.T) {
	p := admission.Pacing{Every: admission.Never - 1, Logs: true, Interval: admission.Never - 1}
	assert.True(t, p.Begin(10))
	assert.Equal(t, int64(admission.Never), p.Next())
	assert.False(t, p.Begin(20))
	assert.Equal(t, int64(admission.Never), p.Next())
	assert.False(t, p.IsZero())
	assert.True(t, new(admission.Pacing).IsZero())
}
