package limits_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// enums has a value of every enumeration.
var enums = []any{
	limits.UnknownService,
	limits.UnknownUnit,
	limits.UnknownDiscipline,
	limits.UnknownBasis,
	limits.UnknownGrade,
	limits.UnknownSourceKind,
}

// declared returns how many values of an enumeration have a name.
func declared(typ reflect.Type) int {
	for n := 0; ; n++ {
		v := reflect.New(typ).Elem()
		v.SetUint(uint64(n))
		if _, err := v.Interface().(encoding.TextMarshaler).MarshalText(); err != nil {
			return n
		}
	}
}

func TestEnumsTextRoundTrip(t *testing.T) {
	for _, enum := range enums {
		typ := reflect.TypeOf(enum)
		seen := map[string]bool{}
		for i := range declared(typ) {
			v := reflect.New(typ).Elem()
			v.SetUint(uint64(i))
			name := v.Interface().(fmt.Stringer).String()
			assert.False(t, seen[name], "%v: two values are %q", typ, name)
			seen[name] = true
			assert.NotEmpty(t, name, "%v %d", typ, i)
			assert.Equal(t, i == 0, name == "unknown", "%v %d", typ, i)

			text, err := json.Marshal(v.Interface())
			require.NoError(t, err)
			assert.Equal(t, `"`+name+`"`, string(text))

			for _, spelt := range []string{name, strings.ToUpper(name)} {
				read := reflect.New(typ)
				require.NoError(t, read.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(spelt)))
				assert.Equal(t, v.Interface(), read.Elem().Interface())
			}
		}
	}
}

func TestEnumsRejectWhatIsNotDeclared(t *testing.T) {
	for _, enum := range enums {
		typ := reflect.TypeOf(enum)
		v := reflect.New(typ)
		count := declared(typ)
		v.Elem().SetUint(uint64(count))
		assert.Equal(t, fmt.Sprintf("%s(%d)", typ.Name(), count), v.Elem().Interface().(fmt.Stringer).String())
		_, err := v.Elem().Interface().(encoding.TextMarshaler).MarshalText()
		assert.ErrorContains(t, err, fmt.Sprint(count))

		before := v.Elem().Interface()
		assert.ErrorContains(t, v.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte("no such name")), `"no such name"; want one of `)
		assert.Equal(t, before, v.Elem().Interface())
	}
}
