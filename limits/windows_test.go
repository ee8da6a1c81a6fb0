package limits_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestServicePackAt(t *testing.T) {
	assert.Equal(t, limits.AsReleased, limits.ServicePackAt(0))
	for level := 1; level <= 7; level++ {
		assert.Equal(t, limits.ServicePack(level), limits.ServicePackAt(level))
	}
	assert.Equal(t, limits.UnknownServicePack, limits.ServicePackAt(limits.AndLater), "no level")
	for _, level := range []int{8, 255, 256, 1 << 20} { // none may come out as a real one
		w := limits.Windows{Edition: limits.XPProfessional, ServicePack: limits.ServicePackAt(level)}
		assert.ErrorIs(t, w.Valid(), limits.ErrServicePack, level)
	}
}

func TestServicePackText(t *testing.T) {
	for text, want := range map[string]limits.ServicePack{
		"unknown": limits.UnknownServicePack, "": limits.UnknownServicePack,
		"SP0": limits.AsReleased, "RTM": limits.AsReleased, "As Released": limits.AsReleased, "service pack 0": limits.AsReleased,
		"SP1": 1, "sp 2": 2, "Service Pack 3": 3, "sp7": 7,
	} {
		var got limits.ServicePack
		require.NoError(t, got.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, got, text)
	}
	for p := limits.AsReleased; p <= 7; p++ {
		text, err := json.Marshal(p)
		require.NoError(t, err)
		var back limits.ServicePack
		require.NoError(t, json.Unmarshal(text, &back), "%s", text)
		assert.Equal(t, p, back)
		if p != limits.UnknownServicePack {
			assert.Equal(t, `"`+p.String()+`"`, string(text))
		}
	}
	assert.Equal(t, "", limits.UnknownServicePack.String())
	assert.Equal(t, "SP0", limits.AsReleased.String())
	assert.Equal(t, "SP3", limits.ServicePack(3).String())
	assert.Equal(t, "ServicePack(8)", limits.ServicePack(8).String())
	for _, text := range []string{"SP8", "SP10", "SP", "3", "SP-1", "SPx", "pack 3"} {
		p := limits.ServicePack(2)
		assert.ErrorContains(t, p.UnmarshalText([]byte(text)), "want SP0 (as released), SP1 to SP7 or unknown", text)
		assert.Equal(t, limits.ServicePack(2), p)
	}
	_, err := limits.ServicePack(-2).MarshalText()
	assert.EqualError(t, err, "limits: ServicePack(-2) is not a service pack; want -1 (as released), 0 (unknown) or 1 to 7")
}

func TestWindowsString(t *testing.T) {
	for w, want := range map[limits.Windows]string{
		{}:                                   "unknown",
		{Edition: limits.XPProfessional}:     "Windows XP Professional",
		{limits.XPProfessional, 3}:           "Windows XP Professional SP3",
		{limits.XPHome, limits.AsReleased}:   "Windows XP Home SP0",
		{limits.Windows8, limits.AsReleased}: "Windows 8 SP0",
		{limits.Server2008Web, 1}:            "Windows Server 2008 Web SP1",
		{limits.Windows81Pro, 9}:             "Windows 8.1 Pro ServicePack(9)",
	} {
		assert.Equal(t, want, w.String())
	}
}

func TestWindowsValid(t *testing.T) {
	for e := range limits.Editions() {
		had := e.ServicePacks()
		for sp := limits.ServicePack(-3); sp <= 10; sp++ {
			err := limits.Windows{Edition: e, ServicePack: sp}.Valid()
			if sp == limits.UnknownServicePack || sp == limits.AsReleased || slices.Contains(had, sp) {
				assert.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, limits.ErrServicePack)
			var spErr *limits.ServicePackError
			require.ErrorAs(t, err, &spErr)
			assert.Equal(t, limits.Windows{Edition: e, ServicePack: sp}, spErr.Windows)
			assert.Empty(t, spErr.Rules)
		}
	}
	assert.ErrorIs(t, limits.Windows{}.Valid(), limits.ErrUnknownEdition)
	assert.ErrorIs(t, limits.Windows{Edition: 255}.Valid(), limits.ErrUnknownEdition)
}

func TestWindowsTextRoundTrip(t *testing.T) {
	type machine struct {
		Edition limits.Edition
		Windows limits.Windows
		Of      map[limits.Windows]int
	}
	check := func(w limits.Windows) {
		in := machine{w.Edition, w, map[limits.Windows]int{w: 1}}
		text, err := json.Marshal(in)
		require.NoError(t, err)
		var out machine
		require.NoError(t, json.Unmarshal(text, &out), "%s", text)
		assert.Equal(t, in, out)
	}
	check(limits.Windows{})
	for e := range limits.Editions() {
		for _, sp := range append(e.ServicePacks(), 0) {
			check(limits.Windows{Edition: e, ServicePack: sp})
		}
	}
}

func TestWindowsMarshalRejects(t *testing.T) {
	_, err := limits.Edition(255).MarshalText()
	assert.EqualError(t, err, "limits: Edition(255) is not an edition")
	_, err = limits.Windows{Edition: 255}.MarshalText()
	assert.ErrorIs(t, err, limits.ErrUnknownEdition)
	_, err = limits.Windows{Edition: limits.Windows10Pro, ServicePack: 1}.MarshalText()
	assert.ErrorIs(t, err, limits.ErrServicePack)
	_, err = limits.Windows{ServicePack: 1}.MarshalText()
	assert.ErrorIs(t, err, limits.ErrUnknownEdition)
}

func TestWindowsUnmarshalKeepsOnError(t *testing.T) {
	w := limits.Windows{Edition: limits.XPHome, ServicePack: 2}
	require.ErrorIs(t, w.UnmarshalText([]byte("XP Home SP4")), limits.ErrServicePack)
	require.ErrorIs(t, w.UnmarshalText([]byte("Windows 7")), limits.ErrAmbiguous)
	assert.Equal(t, limits.Windows{Edition: limits.XPHome, ServicePack: 2}, w)

	e := limits.XPHome
	require.ErrorIs(t, e.UnmarshalText([]byte("Windows 7")), limits.ErrAmbiguous)
	assert.Equal(t, limits.XPHome, e)
	require.NoError(t, e.UnmarshalText([]byte("unknown")))
	assert.Zero(t, e)
}

// The value of a flag says what it knows.
func TestWindowsFlag(t *testing.T) {
	for text, want := range map[string]limits.Windows{
		"XP Pro":             {Edition: limits.XPProfessional},
		"XP Pro SP0":         {limits.XPProfessional, limits.AsReleased},
		"XP Pro as released": {limits.XPProfessional, limits.AsReleased},
		"XP Pro SP3":         {limits.XPProfessional, 3},
	} {
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		var w limits.Windows
		flags.TextVar(&w, "windows", limits.Windows{}, "")
		require.NoError(t, flags.Parse([]string{"-windows", text}))
		assert.Equal(t, want, w)
		assert.True(t, strings.HasPrefix(flags.Lookup("windows").Value.String(), "Windows XP Professional"))
	}
}

func ExampleServicePackAt() {
	rule, err := limits.Lookup(limits.MustParseWindows("XP Pro SP1"), limits.TCPHalfOpen)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(limits.ServicePackAt(rule.ServicePackMin), "to", limits.ServicePackAt(rule.ServicePackMax))
	// Output: SP0 to SP1
}

func ExampleServicePackError() {
	_, err := limits.Lookup(limits.MustParseWindows("XP Pro"), limits.TCPHalfOpen)
	fmt.Println(err)
	var levels *limits.ServicePackError
	if errors.As(err, &levels) {
		for _, rule := range levels.Rules {
			fmt.Println(rule.Windows(), rule.Default)
		}
	}
	// Output:
	// limits: the service pack of Windows XP Professional is not known, and tcp-half-open depends on it: SP0 to SP1 unlimited; SP2 to SP3 10 attempts (queue)
	// Windows XP Professional SP0 unlimited
	// Windows XP Professional SP2 10
}

func ExampleWindows_Valid() {
	err := limits.Windows{Edition: limits.XPHome, ServicePack: 4}.Valid()
	fmt.Println(errors.Is(err, limits.ErrServicePack))
	fmt.Println(err)
	// Output:
	// true
	// limits: Windows XP Home never had service pack 4; its levels are 0 (as released), 1, 2, 3
}

func ExampleWindows_json() {
	text, _ := json.Marshal(map[string]limits.Windows{"target": {Edition: limits.XPProfessional, ServicePack: 2}})
	fmt.Println(string(text))

	var read map[string]limits.Windows
	fmt.Println(json.Unmarshal([]byte(`{"target": "xp pro sp2"}`), &read), read["target"])
	// Output:
	// {"target":"Windows XP Professional SP2"}
	// <nil> Windows XP Professional SP2
}

func ExampleRule_Windows() {
	for rule := range limits.ByEdition(limits.VistaUltimate) {
		if rule.Service == limits.TCPHalfOpen || rule.Service == limits.SMB {
			fmt.Println(rule.Windows(), rule.Default)
		}
	}
	// Output:
	// Windows Vista Ultimate 10
	// Windows Vista Ultimate SP0 10
	// Windows Vista Ultimate SP1 10
	// Windows Vista Ultimate SP2 unlimited
}
