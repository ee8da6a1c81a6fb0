package jsontime_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

type inner struct {
	Share float64        `json:"share"`
	Deep  map[string]int `json:"deep"`
}

type strict struct {
	Max int `json:"max"`
}

func (s *strict) UnmarshalJSON(data []byte) error {
	type plain strict
	return jsontime.Decode(data, (*plain)(s))
}

type base struct {
	Until time.Duration `json:"until"`
	Name  string        `json:"name"`
	Count *int          `json:"count"`
	Is    bool          `json:"is"`
	Inner inner         `json:"inner"`
	Retry strict        `json:"retry"`
	List  []int         `json:"list"`
	Func  func()        `json:"-"`
	Plain string
}

type shadow struct {
	*base
	Until jsontime.Duration `json:"until"`
}

func TestDecodeNamesTheField(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{`{"until": 30}`, `until: time "30": want a number and a unit, such as 1m30s`},
		{`{"until": "30"}`, `until: time "30": want a number and a unit, such as 1m30s`},
		{`{"name": "x", "until": "soon"}`, `until: time "soon": want a number and a unit, such as 1m30s`},
		{`{"name": 1}`, `name: 1: want text in quotes`},
		{`{"count": "1"}`, `count: "1": want a whole number`},
		{`{"count": 1.5}`, `count: 1.5: want a whole number`},
		{`{"is": 1}`, `is: 1: want true or false`},
		{`{"inner": 1}`, `inner: 1: want an object in braces`},
		{`{"inner": {"share": "1%"}}`, `inner.share: "1%": want a number`},
		{`{"inner": {"deep": {"x": "y"}}}`, `inner.deep.x: "y": want a whole number`},
		{`{"inner": {"shore": 1}}`, `inner.shore: no such field; want one of share, deep`},
		{`{"retry": {"max": "2"}}`, `retry.max: "2": want a whole number`},
		{`{"retry": 3}`, `retry: 3: want an object in braces`},
		{`{"list": 3}`, `list: 3: want a list in brackets`},
		{`{"func": 3}`, `func: no such field; want one of until, name, count, is, inner, retry, list, Plain`},
	} {
		v := shadow{base: new(base)}
		err := jsontime.Decode([]byte(c.data), &v)
		var field *jsontime.FieldError
		require.ErrorAs(t, err, &field, c.data)
		assert.EqualError(t, err, c.want)
	}
	for _, data := range []string{`{`, `[]`, ``, `3`, `{"a" 3}`} {
		v := shadow{base: new(base)}
		require.Error(t, jsontime.Decode([]byte(data), &v), data)
	}
	v := shadow{base: new(base)}
	require.NoError(t, jsontime.Decode([]byte(`{"until": "1m", "NAME": "x", "count": null, "Plain": "y"}`), &v))
	assert.Equal(t, jsontime.Duration(time.Minute), v.Until)
	assert.Equal(t, "x", v.Name)
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"until": 30, "inner": {"share": "1%"}, "retry": {"max": []}}`))
	f.Add([]byte(`{"inner": {"deep": {"x": {}}}, "list": [1, {}], "x": 1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v := shadow{base: new(base)}
		err := jsontime.Decode(data, &v)
		if err == nil {
			require.True(t, json.Valid(data) || len(data) > 0)
		}
	})
}
