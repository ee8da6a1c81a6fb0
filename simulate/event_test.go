package simulate_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

func TestOutcomeText(t *testing.T) {
	for o := simulate.UnknownOutcome; o <= simulate.Superseded; o++ {
		text, err := o.MarshalText()
		require.NoError(t, err)
		var back simulate.Outcome
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, o, back)
	}
	_, err := simulate.Outcome(99).MarshalText()
	require.ErrorContains(t, err, "99 is no outcome")
	assert.Equal(t, "Outcome(99)", simulate.Outcome(99).String())
	assert.ErrorContains(t, new(simulate.Outcome).UnmarshalText([]byte("perhaps")), `unknown outcome "perhaps"`)
	assert.Equal(t, "released", simulate.Released.String())
	assert.Equal(t, "EventKind(99)", simulate.EventKind(99).String())
}

func TestEventKindText(t *testing.T) {
	for k := simulate.UnknownEvent; k <= simulate.Held; k++ {
		text, err := k.MarshalText()
		require.NoError(t, err)
		var back simulate.EventKind
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, k, back)
	}
	_, err := simulate.EventKind(99).MarshalText()
	require.ErrorContains(t, err, "99 is no kind of event")
	require.ErrorContains(t, new(simulate.EventKind).UnmarshalText([]byte("perhaps")), `"perhaps"`)
}

func TestEventJSON(t *testing.T) {
	e := simulate.Event{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Kind: simulate.Decided, Windows: win7, Service: limits.IIS,
		Peer: "192.0.2.1:5", Outcome: simulate.Waited, Waited: 1500 * time.Millisecond, Held: 10, Queued: 2, Limit: limits.Number(10),
	}
	data, err := json.Marshal(e)
	require.NoError(t, err)
	assert.JSONEq(t, `{"time":"2026-01-02T03:04:05Z","kind":"decided","windows":"Windows 7 Professional SP1","service":"iis",
		"peer":"192.0.2.1:5","outcome":"waited","waited":"1.5s","held":10,"queued":2,"limit":10}`, string(data))
	var back simulate.Event
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, e, back)
	assert.Equal(t, "iis decided waited 192.0.2.1:5 after 1.5s (10 held, 2 queued, limit 10)", e.String())
	require.ErrorContains(t, json.Unmarshal([]byte(`{"waited":"soon"}`), &back), `time "soon": want a number and a unit`)
}
