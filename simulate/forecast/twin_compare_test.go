package forecast_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// Run and its twin agree on a thousand random scenarios. A scenario on which
// they do not is printed as JSON, and its seed is the name of the subtest.
func TestTwin(t *testing.T) {
	for seed := range uint64(1000) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s, draws := randomTwin(seed)
			requireTwin(t, s, draws)
		})
	}
}

// They agree where chance has a part in it, too.
func TestTwinAtRandom(t *testing.T) {
	shares := map[string]*share{"dead": {}, "refusing": {}, "peer closes": {}}
	for seed := range uint64(300) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s, draws := randomDraws(t, seed, shares)
			requireTwin(t, s, draws)
		})
	}
	for name, s := range shares {
		assert.Greater(t, s.should, 100.0, name)
		assert.InDelta(t, s.should, s.happens, 4*math.Sqrt(s.variance), name)
	}
}

// What a report says wrong is found, whatever it is.
func TestTwinFindsWhatIsWrong(t *testing.T) {
	for seed := range uint64(30) {
		s, draws := randomTwin(seed)
		tw, err := newTwin(s, draws)
		require.NoError(t, err)
		tw.run()
		step := tw.now/4 + 1
		right, wrong := tw.report(step), tw.report(step)
		require.Empty(t, diffReports(wrong, right))
		distort("", reflect.ValueOf(&wrong).Elem(), func(field string) {
			assert.NotEmpty(t, diffReports(wrong, right), "seed %d: %s", seed, field)
		})
	}
}

// requireTwin requires that every outcome in its order, and the report, are
// those of the twin.
func requireTwin(t *testing.T, s forecast.Scenario, draws twinDraws) {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	tw, err := newTwin(s, draws)
	require.NoError(t, err, "%s", text)
	tw.run()
	var r forecast.Report
	i := 0
	for o, err := range forecast.Outcomes(context.Background(), s, &r) {
		require.NoError(t, err, "%s", text)
		require.Less(t, i, len(tw.outcomes), "%s: the twin does not have %+v", text, o)
		if o != tw.outcomes[i] {
			t.Fatalf("%s: outcome %d:\nrun  %+v\ntwin %+v", text, i, o, tw.outcomes[i])
		}
		i++
	}
	require.Len(t, tw.outcomes, i, "%s", text)
	want := tw.report(r.Timeline.Step)
	if diff := diffReports(r, want); len(diff) > 0 {
		t.Fatalf("%s:\n%s", text, strings.Join(diff, "\n"))
	}
}

// diffReports returns the fields in which two reports differ by more than they
// may: percentiles by 1.6 per cent, means by what adding up in another order
// does. The order of what was seen and assumed is not documented.
func diffReports(run, twin forecast.Report) []string {
	for _, r := range []*forecast.Report{&run, &twin} {
		r.Seen, r.Assumed = slices.Clone(r.Seen), slices.Clone(r.Assumed)
		slices.SortFunc(r.Seen, func(a, b forecast.Seen) int {
			return cmp.Or(strings.Compare(a.String(), b.String()), cmp.Compare(a.Count, b.Count))
		})
		slices.Sort(r.Assumed)
	}
	return diffValues("", reflect.ValueOf(run), reflect.ValueOf(twin))
}

func diffValues(name string, run, twin reflect.Value) []string {
	var diff []string
	switch run.Kind() {
	case reflect.Struct:
		for i := range run.NumField() {
			if field := run.Type().Field(i); field.IsExported() {
				diff = append(diff, diffValues(name+"."+field.Name, run.Field(i), twin.Field(i))...)
			}
		}
		if run.Type() != reflect.TypeFor[limits.Limit]() {
			return diff
		}
	case reflect.Slice:
		if run.Len() == twin.Len() {
			for i := range run.Len() {
				diff = append(diff, diffValues(fmt.Sprintf("%s[%d]", name, i), run.Index(i), twin.Index(i))...)
			}
			return diff
		}
	case reflect.Float64:
		if math.Abs(run.Float()-twin.Float()) <= 1e-9*(1+math.Abs(twin.Float())) {
			return nil
		}
	case reflect.Int64:
		switch name[strings.LastIndexByte(name, '.')+1:] {
		case "P50", "P90", "P95", "P99":
			if d := time.Duration(run.Int() - twin.Int()); d.Abs() <= time.Duration(twin.Int()*16/1000) {
				return nil
			}
		}
	}
	if reflect.DeepEqual(run.Interface(), twin.Interface()) {
		return nil
	}
	return []string{fmt.Sprintf("%s: run %+v, twin %+v", name, run, twin)}
}

// distort makes one field after the other wrong, while it calls check.
func distort(name string, v reflect.Value, check func(field string)) {
	was := reflect.New(v.Type()).Elem()
	was.Set(v)
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[limits.Limit]() {
			v.Set(reflect.ValueOf(limits.Number(12345)))
			break
		}
		for i := range v.NumField() {
			distort(name+"."+v.Type().Field(i).Name, v.Field(i), check)
		}
		return
	case reflect.Slice:
		for i := range v.Len() {
			distort(fmt.Sprintf("%s[%d]", name, i), v.Index(i), check)
		}
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Float64:
		v.SetFloat(v.Float() + 0.001)
	case reflect.Int64, reflect.Int8:
		v.SetInt(v.Int() + max(1, v.Int()/50))
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	default:
		panic(v.Kind())
	}
	check(name)
	v.Set(was)
}
