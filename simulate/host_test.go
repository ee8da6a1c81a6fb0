package simulate

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestNewRejectsWhatNeverWas(t *testing.T) {
	_, err := New(limits.Windows{}, nil)
	require.ErrorIs(t, err, limits.ErrUnknownEdition)
	_, err = New(limits.Windows{Edition: limits.XPHome, ServicePack: 4}, nil)
	require.ErrorIs(t, err, limits.ErrServicePack)
}

func TestHostSharesItsGates(t *testing.T) {
	h, err := New(xpPro, nil)
	require.NoError(t, err)
	a, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	b, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	assert.Same(t, a, b)
	assert.Equal(t, xpPro, h.Windows())
}

func TestGateErrors(t *testing.T) {
	h, err := New(xpHome, nil)
	require.NoError(t, err)
	_, err = h.Gate(limits.IIS)
	require.ErrorIs(t, err, ErrAbsent)
	_, err = h.Gate(limits.MSMQ)
	require.ErrorIs(t, err, limits.ErrNoRule)
	_, err = h.Gate(limits.Licence)
	require.ErrorContains(t, err, "there is no gate for licence")
	_, err = h.Gate(limits.Service(200))
	require.ErrorIs(t, err, limits.ErrNoRule)
}

// Every rule that code enforces makes a gate that does what the rule says.
// A host whose service pack is not known has a gate where all levels agree, and
// says what each of them has where they do not.
func TestUnknownServicePack(t *testing.T) {
	h, err := New(limits.MustParseWindows("XP Pro"), nil)
	require.NoError(t, err)
	g, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	assert.Equal(t, limits.Number(10), g.Limit())
	_, err = h.Gate(limits.TCPHalfOpen)
	require.ErrorIs(t, err, limits.ErrServicePack)
	var levels *limits.ServicePackError
	require.ErrorAs(t, err, &levels)
	assert.Len(t, levels.Rules, 2)
	_, err = h.Dialer(nil)
	require.ErrorIs(t, err, limits.ErrServicePack)

	for e := range limits.Editions() {
		h, err := New(limits.Windows{Edition: e}, nil)
		require.NoError(t, err)
		for _, s := range limits.Services() {
			rule, lookupErr := limits.Lookup(h.Windows(), s)
			g, err := h.Gate(s)
			switch {
			case lookupErr != nil:
				assert.Equal(t, lookupErr, err)
			case err == nil:
				assert.Equal(t, rule, g.Rule())
			}
		}
	}
}

func TestEveryRuleMakesAGate(t *testing.T) {
	for r := range limits.Rules() {
		if r.Basis != limits.ByCode {
			continue
		}
		h, err := New(r.Windows(), nil)
		require.NoError(t, err, r)
		g, err := h.Gate(r.Service)
		if r.Default.IsAbsent() {
			require.ErrorIs(t, err, ErrAbsent, r)
			continue
		}
		require.NoError(t, err, r)
		assert.Equal(t, r, g.Rule())
		assert.Equal(t, r.Default, g.Limit(), r)
		assert.Equal(t, r.Ceiling, g.Ceiling(), r)
		if n, ok := r.Default.Number(); ok && n <= 1000 {
			fill(t, g, n)
			assert.Equal(t, n == 0 || !r.Default.IsUnlimited(), !g.TryAcquire(new(Slot)), r)
		}
	}
}

func TestLimitsReplaceTheRule(t *testing.T) {
	g := newGate(t, limits.Windows{Edition: limits.Server2025Standard}, limits.SMB, &Settings{Limits: map[limits.Service]int{limits.SMB: 2}})
	fill(t, g, 2)
	assert.False(t, g.TryAcquire(new(Slot)))
	g = newGate(t, xpHome, limits.IIS, &Settings{Limits: map[limits.Service]int{limits.IIS: 1}})
	fill(t, g, 1)
	assert.False(t, g.TryAcquire(new(Slot)))
}

func TestSettingsSurviveJSON(t *testing.T) {
	no := false
	s := Settings{
		Limits: map[limits.Service]int{limits.TCPHalfOpen: 50}, MaxConnections: 40, AllowKeepAlive: &no,
		ConnectionTimeout: 1, QueueTimeout: 2, WorkerProcesses: 3,
	}
	data, err := json.Marshal(s)
	require.NoError(t, err)
	var back Settings
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, s, back)
}

func TestObserversComeAndGo(t *testing.T) {
	h, err := New(xpPro, nil)
	require.NoError(t, err)
	g, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	var first, second []EventKind
	stopFirst := h.Observe(func(e Event) { first = append(first, e.Kind) })
	stopSecond := h.Observe(func(e Event) { second = append(second, e.Kind) })
	var s Slot
	require.True(t, g.TryAcquire(&s))
	stopFirst()
	stopFirst()
	s.Release()
	require.NoError(t, g.SetLimit(3))
	stopSecond()
	require.True(t, g.TryAcquire(&s))
	assert.Equal(t, []EventKind{Decided}, first)
	assert.Equal(t, []EventKind{Decided, Left, LimitChanged}, second)
	assert.False(t, h.isObserved())
}
