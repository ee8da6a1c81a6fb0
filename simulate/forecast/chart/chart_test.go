package chart

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAxes(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{{0, 2}, {1, 2}, {3, 4}, {9, 10}, {10, 10}, {11, 12}, {40, 40}, {41, 50}, {95, 100}, {101, 120}, {2.2e6, 2.4e6}} {
		assert.InEpsilon(t, c.want, ceiling(c.v), 1e-12, "%v", c.v)
	}
	for _, c := range []struct {
		length time.Duration
		labels string
	}{
		{0, "0"},
		{100, "0 20 ns 40 ns 60 ns 80 ns 100 ns"},
		{time.Second, "0 200 ms 400 ms 600 ms 800 ms 1 s"},
		{21 * time.Second, "0 5 s 10 s 15 s 20 s"},
		{210 * time.Second, "0 1 min 2 min 3 min"},
		{8 * time.Hour, "0 2 h 4 h 6 h 8 h"},
		{365 * 24 * time.Hour, "0 64 d 128 d 192 d 256 d 320 d"},
	} {
		_, labels := timeAxis(c.length)
		assert.Equal(t, c.labels, strings.Join(labels, " "))
	}
	assert.Equal(t, []int{0, 10, 20, 30, 40, 50, 60}, countAxis(0, 60))
	assert.Equal(t, []int{7}, countAxis(7, 7))
}
