package simulate

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOutcomeText(t *testing.T) {
	for o := UnknownOutcome; o <= Abandoned; o++ {
		text, err := o.MarshalText()
		require.NoError(t, err)
		var back Outcome
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, o, back)
	}
	_, err := Outcome(99).MarshalText()
	require.ErrorContains(t, err, "99 is no outcome")
	assert.Equal(t, "Outcome(99)", Outcome(99).String())
	assert.ErrorContains(t, new(Outcome).UnmarshalText([]byte("perhaps")), `unknown outcome "perhaps"`)
	assert.Equal(t, "left", Left.String())
	assert.Equal(t, "EventKind(99)", EventKind(99).String())
}
