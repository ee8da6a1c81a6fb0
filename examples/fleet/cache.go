package main

import (
	"context"
	"sync"

	"github.com/winlimits/winlimits/limits/identify"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// A cache remembers which editions a text describes, and how a load was judged: many
// machines of a fleet are alike. An answer does not depend on the order of the lines,
// since its random numbers follow from the seed in the scenario.
type cache struct {
	texts   bounded[recognized]
	answers bounded[answer]
	names   bounded[[]string] // of suitable editions
}

// A recognized says which editions a text describes.
type recognized struct {
	identify.Identification
	names []string
	err   error
}

// An answer is a judgement, or the error in its place.
type answer struct {
	forecast.Judgement
	names []string // of the suitable editions
	err   error
}

func (c *cache) recognize(text string) (recognized, error) {
	r, ok := c.texts.get(text)
	if !ok {
		r.Identification, r.err = recognize(text)
		for _, w := range r.Candidates {
			r.names = append(r.names, w.String())
		}
		c.texts.put(text, r)
	}
	return r, r.err
}

// judge says whether the editions in found take the load of a scenario. The text load
// stands for the scenario in the cache.
func (c *cache) judge(ctx context.Context, s forecast.Scenario, load string, found recognized, allowed float64, runs int) (forecast.Judgement, []string, error) {
	key := []byte(load)
	for _, w := range found.Candidates {
		key = append(key, byte(w.Edition), byte(w.ServicePack))
	}
	a, ok := c.answers.get(string(key))
	if !ok {
		a.Judgement, a.err = forecast.Judge(ctx, s, found.Candidates, allowed, runs)
		a.names = c.suitable(&a.Judgement)
		if ctx.Err() == nil {
			c.answers.put(string(key), a)
		}
	}
	return a.Judgement, a.names, a.err
}

// suitable returns the names of the suitable editions.
func (c *cache) suitable(j *forecast.Judgement) []string {
	key := make([]byte, 0, 2*len(j.Suitable))
	for _, w := range j.Suitable {
		key = append(key, byte(w.Edition), byte(w.ServicePack))
	}
	names, ok := c.names.get(string(key))
	if !ok {
		names = j.SuitableNames()
		c.names.put(string(key), names)
	}
	return names
}

// bounded is a map that forgets everything when it is full.
type bounded[V any] struct {
	mu   sync.Mutex
	m    map[string]V
	size int // bytes of the keys
}

// The bounds of a cache.
const (
	maxCached      = 1_000
	maxCachedBytes = 1 << 20
)

func (b *bounded[V]) get(key string) (v V, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok = b.m[key]
	return v, ok
}

func (b *bounded[V]) put(key string, v V) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m == nil || len(b.m) >= maxCached || b.size+len(key) > maxCachedBytes {
		b.m, b.size = make(map[string]V), 0
	}
	b.m[key] = v
	b.size += len(key)
}
