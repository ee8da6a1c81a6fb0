package simulate_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

func TestNewRejectsWhatNeverWas(t *testing.T) {
	_, err := simulate.New(limits.Windows{}, nil)
	require.ErrorIs(t, err, limits.ErrUnknownEdition)
	_, err = simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 4}, nil)
	require.ErrorIs(t, err, limits.ErrServicePack)
}

func TestHostSharesItsGates(t *testing.T) {
	h, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	a, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	b, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	assert.Same(t, a, b)
	assert.Equal(t, xpPro, h.Windows())
}

func TestGateErrors(t *testing.T) {
	h, err := simulate.New(xpHome, nil)
	require.NoError(t, err)
	_, err = h.Gate(limits.IIS)
	require.ErrorIs(t, err, simulate.ErrAbsent)
	_, err = h.Gate(limits.MSMQ)
	require.ErrorIs(t, err, limits.ErrNoRule)
	_, err = h.Gate(limits.Licence)
	require.ErrorContains(t, err, "there is no gate for licence")
	_, err = h.Gate(limits.Service(200))
	require.ErrorIs(t, err, limits.ErrNoRule)
}

// A host whose service pack is not known has a gate where all levels agree, and
// says what each of them has where they do not.
func TestUnknownServicePack(t *testing.T) {
	h, err := simulate.New(limits.MustParseWindows("XP Pro"), nil)
	require.NoError(t, err)
	g, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	assert.Equal(t, limits.Number(10), g.Limit())
	_, err = h.Gate(limits.TCPHalfOpen)
	require.ErrorIs(t, err, limits.ErrServicePack)
	var levels *limits.ServicePackError
	require.ErrorAs(t, err, &levels)
	assert.Len(t, levels.Rules, 2)

	for e := range limits.Editions() {
		h, err := simulate.New(limits.Windows{Edition: e}, nil)
		require.NoError(t, err)
		for _, s := range limits.Services() {
			rule, lookupErr := limits.Lookup(h.Windows(), s)
			g, err := h.Gate(s)
			switch {
			case lookupErr != nil:
				assert.Equal(t, lookupErr, err)
			case s == limits.TCPBacklog:
				assert.ErrorContains(t, err, "each listening socket has a gate of its own")
			case err == nil:
				assert.Equal(t, rule, g.Policy().Rule)
			}
		}
	}
}

// Every rule that code enforces makes a gate that does what the rule says.
func TestEveryRuleMakesAGate(t *testing.T) {
	for r := range limits.Rules() {
		if r.Basis != limits.ByCode {
			continue
		}
		h, err := simulate.New(r.Windows(), nil)
		require.NoError(t, err, r)
		p, err := h.Policy(r.Service)
		if r.Default.IsAbsent() {
			require.ErrorIs(t, err, simulate.ErrAbsent, r)
			_, err = h.Gate(r.Service)
			require.ErrorIs(t, err, simulate.ErrAbsent, r)
			continue
		}
		require.NoError(t, err, r)
		g := simulate.NewGate(h, p)
		if r.Service != limits.TCPBacklog {
			g, err = h.Gate(r.Service)
			require.NoError(t, err, r)
		}
		assert.Equal(t, r, g.Policy().Rule)
		assert.Equal(t, r.Default, g.Limit(), r)
		assert.Equal(t, r.Ceiling, g.Policy().Ceiling, r)
		if n, ok := r.Default.Number(); ok && n <= 1000 {
			fill(t, g, n)
			assert.Equal(t, n == 0 || !r.Default.IsUnlimited(), !g.TryAcquire(new(simulate.Slot)), r)
		}
	}
}

func TestLimitsReplaceTheRule(t *testing.T) {
	g := newGate(t, limits.Windows{Edition: limits.Server2025Standard}, limits.SMB, &simulate.Settings{Limits: map[limits.Service]int{limits.SMB: 2}})
	fill(t, g, 2)
	assert.False(t, g.TryAcquire(new(simulate.Slot)))
	g = newGate(t, xpHome, limits.IIS, &simulate.Settings{Limits: map[limits.Service]int{limits.IIS: 1}})
	fill(t, g, 1)
	assert.False(t, g.TryAcquire(new(simulate.Slot)))
}

func TestSettingsSurviveJSON(t *testing.T) {
	no := false
	s := simulate.Settings{
		Limits: map[limits.Service]int{limits.TCPHalfOpen: 50}, MaxConnections: 40, AllowKeepAlive: &no,
		ConnectionTimeout: 1, QueueTimeout: 2, WorkerProcesses: 3,
	}
	data, err := json.Marshal(s)
	require.NoError(t, err)
	var back simulate.Settings
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, s, back)
}

func TestObserversComeAndGo(t *testing.T) {
	h, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	g, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	var first, second []simulate.EventKind
	stopFirst := h.Observe(func(e simulate.Event) { first = append(first, e.Kind) })
	stopSecond := h.Observe(func(e simulate.Event) { second = append(second, e.Kind) })
	var s simulate.Slot
	require.True(t, g.TryAcquire(&s))
	stopFirst()
	stopFirst()
	s.Release()
	require.NoError(t, g.SetLimit(limits.Number(3)))
	stopSecond()
	require.True(t, g.TryAcquire(&s))
	assert.Equal(t, []simulate.EventKind{simulate.Decided}, first)
	assert.Equal(t, []simulate.EventKind{simulate.Decided, simulate.Released, simulate.LimitChanged}, second)
	assert.False(t, h.IsObserved())
}

// onePart and otherPart are what packages of adapters keep for a host.
type onePart struct{ calls []string }

func (p *onePart) Close() error { p.calls = append(p.calls, "close"); return errors.New("one is late") }
func (p *onePart) Disconnect()  { p.calls = append(p.calls, "disconnect") }
func (p *onePart) Console(line string) (string, bool, error) {
	p.calls = append(p.calls, line)
	if line == "fail" {
		return "", true, errors.New("no luck")
	}
	return "one\r\n", line == "one", nil
}

type otherPart struct{ closed bool }

func (p *otherPart) Close() error { p.closed = true; return nil }
func (p *otherPart) Console(string) (string, bool, error) {
	return "other\r\n", true, nil
}

func TestPartsAreAskedInTurn(t *testing.T) {
	h, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	one, err := simulate.Part(h, func() *onePart { return new(onePart) })
	require.NoError(t, err)
	again, err := simulate.Part(h, func() *onePart { t.Error("made twice"); return nil })
	require.NoError(t, err)
	assert.Same(t, one, again)
	_, err = h.Console("two")
	require.ErrorIs(t, err, simulate.ErrCommand)
	require.ErrorContains(t, err, `"two"`)
	other, err := simulate.Part(h, func() *otherPart { return new(otherPart) })
	require.NoError(t, err)

	for line, want := range map[string]string{"one": "one\r\n", "two": "other\r\n", " ": "other\r\n"} {
		output, err := h.Console(line)
		require.NoError(t, err)
		assert.Equal(t, want, output, line)
	}
	_, err = h.Console("fail")
	require.EqualError(t, err, "no luck")
	_, err = h.Console(strings.Repeat("x", 1<<20))
	require.NoError(t, err)

	h.Disconnect()
	require.EqualError(t, h.Close(), "one is late")
	assert.True(t, other.closed)
	assert.Equal(t, []string{"disconnect", "close"}, one.calls[len(one.calls)-2:])
	type late struct{}
	_, err = simulate.Part(h, func() *late { t.Error("made for a closed host"); return nil })
	require.ErrorIs(t, err, simulate.ErrClosed)
	again, err = simulate.Part(h, func() *onePart { return nil })
	require.NoError(t, err, "what is there can still be asked")
	assert.Same(t, one, again)
}

func TestCommandErrorIsShort(t *testing.T) {
	h, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	_, err = h.Console(strings.Repeat("x", 10<<20))
	require.ErrorIs(t, err, simulate.ErrCommand)
	assert.Less(t, len(err.Error()), 200)
}

func TestSettingsAreACopy(t *testing.T) {
	settings := simulate.Settings{Limits: map[limits.Service]int{limits.SMB: 2}}
	h, err := simulate.New(xpPro, &settings)
	require.NoError(t, err)
	settings.Limits[limits.SMB] = 3
	h.Settings().Limits[limits.SMB] = 4
	assert.Equal(t, 2, h.Settings().Limits[limits.SMB])
}
