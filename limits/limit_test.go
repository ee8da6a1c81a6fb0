package limits_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestLimitKindsAreDistinct(t *testing.T) {
	all := []limits.Limit{{}, limits.Absent(), limits.Unlimited(), limits.Number(0), limits.Number(10)}
	for i, a := range all {
		for j, b := range all {
			assert.Equal(t, i == j, a == b, "%v and %v", a, b)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		limit                              limits.Limit
		text, json                         string
		number                             int
		isNumber, known, unlimited, absent bool
		holdsNone, holdsTen, holdsEleven   bool
	}{
		{limit: limits.Limit{}, text: "unknown", json: `"unknown"`},
		{limit: limits.Absent(), text: "absent", json: `"absent"`, known: true, absent: true},
		{limit: limits.Unlimited(), text: "unlimited", json: `"unlimited"`, known: true, unlimited: true, holdsNone: true, holdsTen: true, holdsEleven: true},
		{limit: limits.Number(0), text: "0", json: `0`, isNumber: true, known: true, holdsNone: true},
		{limit: limits.Number(10), text: "10", json: `10`, number: 10, isNumber: true, known: true, holdsNone: true, holdsTen: true},
		{limit: limits.Number(math.MaxInt32), text: "2147483647", json: `2147483647`, number: math.MaxInt32, isNumber: true, known: true, holdsNone: true, holdsTen: true, holdsEleven: true},
	} {
		n, ok := c.limit.Number()
		assert.Equal(t, c.isNumber, ok, c.text)
		assert.Equal(t, c.number, n, c.text)
		assert.Equal(t, c.known, c.limit.IsKnown(), c.text)
		assert.Equal(t, c.unlimited, c.limit.IsUnlimited(), c.text)
		assert.Equal(t, c.absent, c.limit.IsAbsent(), c.text)
		assert.Equal(t, c.holdsNone, c.limit.Holds(0), c.text)
		assert.Equal(t, c.holdsTen, c.limit.Holds(10), c.text)
		assert.Equal(t, c.holdsEleven, c.limit.Holds(11), c.text)
		assert.Equal(t, c.text, c.limit.String())

		data, err := json.Marshal(c.limit)
		require.NoError(t, err)
		assert.Equal(t, c.json, string(data))
		for _, read := range []func(*limits.Limit) error{
			func(l *limits.Limit) error { return json.Unmarshal(data, l) },
			func(l *limits.Limit) error { return l.UnmarshalText([]byte(c.text)) },
		} {
			l := limits.Number(77)
			require.NoError(t, read(&l))
			assert.Equal(t, c.limit, l)
		}
	}
}

func TestLimitRejects(t *testing.T) {
	for _, text := range []string{"", "-1", "2147483648", "1e3", "ten", "Unlimited", " 1"} {
		l := limits.Number(77)
		assert.ErrorContains(t, l.UnmarshalText([]byte(text)), "limits: bad limit", text)
		assert.Equal(t, limits.Number(77), l)
	}
	for _, data := range []string{`"ten"`, `-1`, `1.5`, `true`, `{}`, `null`} {
		l := limits.Number(77)
		assert.Error(t, json.Unmarshal([]byte(data), &l), data)
		assert.Equal(t, limits.Number(77), l)
	}
	assert.Panics(t, func() { limits.Number(-1) })
}

func FuzzLimit(f *testing.F) {
	for _, s := range []string{"0", "10", "unlimited", "absent", "unknown", `"absent"`, "-0", "+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var l limits.Limit
		if l.UnmarshalText([]byte(s)) == nil {
			var again limits.Limit
			require.NoError(t, again.UnmarshalText([]byte(l.String())))
			assert.Equal(t, l, again)
		}
		if l.UnmarshalJSON([]byte(s)) == nil {
			data, err := json.Marshal(l)
			require.NoError(t, err)
			var again limits.Limit
			require.NoError(t, json.Unmarshal(data, &again))
			assert.Equal(t, l, again)
		}
	})
}

func ExampleLimit() {
	for _, l := range []limits.Limit{limits.Number(10), limits.Unlimited(), limits.Absent(), {}} {
		fmt.Println(l, l.Holds(10), l.Holds(11))
	}
	// Output:
	// 10 true false
	// unlimited true true
	// absent false false
	// unknown false false
}

func ExampleLimit_Number() {
	if n, ok := limits.Number(20).Number(); ok {
		fmt.Println(n)
	}
	_, ok := limits.Unlimited().Number()
	fmt.Println(ok)
	// Output:
	// 20
	// false
}
