package limits_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func halfOpenRule(t *testing.T, name string) limits.Rule {
	t.Helper()
	r, err := limits.Lookup(limits.MustParseWindows(name), limits.TCPHalfOpen)
	require.NoError(t, err)
	return r
}

func TestRateLimited(t *testing.T) {
	for name, want := range map[string]limits.Grade{
		"Vista Ultimate SP2":               limits.Documented,
		"Windows Server 2008 Standard SP2": limits.Documented,
		"Windows 7 Home Premium":           limits.Reported,
		"Windows 7 Professional SP1":       limits.Reported,
		"Vista Ultimate SP1":               limits.UnknownGrade, // it has the limit
		"Windows Server 2008 Standard SP1": limits.UnknownGrade,
		"XP Pro SP3":                       limits.UnknownGrade,
		"XP Pro SP1":                       limits.UnknownGrade, // there is no such value yet
		"Windows Server 2008 R2 Standard":  limits.UnknownGrade,
		"Windows 8 Pro":                    limits.UnknownGrade,
		"Windows 2000 Professional":        limits.UnknownGrade,
	} {
		r := halfOpenRule(t, name)
		limited, ok := r.RateLimited()
		assert.Equal(t, want != limits.UnknownGrade, ok, name)
		assert.Equal(t, want, limited.Grade, name)
		if !ok {
			continue
		}
		assert.Equal(t, limits.Number(10), limited.Default)
		assert.Equal(t, limits.Number(10), limited.Ceiling)
		assert.Equal(t, limits.Queue, limited.Discipline)
		assert.Equal(t, limits.SymptomEvent4226, limited.Symptom())
		assert.NotEmpty(t, limited.Sources())
		assert.Contains(t, r.Explain(), "EnableConnectionRateLimiting = 1")
		assert.Equal(t, r.Edition, limited.Edition)
	}
	smb, err := limits.Lookup(limits.MustParseWindows("Vista Ultimate SP2"), limits.SMB)
	require.NoError(t, err)
	_, ok := smb.RateLimited()
	assert.False(t, ok)
}

// What the switch does is decided by the facts: a note may be worded anyhow.
func TestChangeDoesNotReadTheNote(t *testing.T) {
	r := halfOpenRule(t, "Vista Ultimate SP2")
	before := r.Explain()
	r.Note = "another note"
	assert.Contains(t, r.Explain(), "EnableConnectionRateLimiting = 1")
	assert.Contains(t, before, "EnableConnectionRateLimiting = 1")
	none := halfOpenRule(t, "Windows 8 Pro")
	none.Note = "EnableConnectionRateLimiting"
	assert.Contains(t, none.Explain(), "there is nothing to raise")
}

func TestPatchRange(t *testing.T) {
	dword, ok := halfOpenRule(t, "XP Pro SP3").PatchRange()
	require.True(t, ok)
	assert.Equal(t, 4, dword.Value.Bytes)
	assert.True(t, dword.Value.Holds(limits.Number(50)))
	assert.True(t, dword.Value.Holds(limits.Number(65535)))
	assert.False(t, dword.Value.Holds(limits.Number(0)))
	assert.False(t, dword.Value.Holds(limits.Unlimited()))
	assert.Equal(t, "1 to 2147483647", dword.Value.String())

	limited, ok := halfOpenRule(t, "Windows 7 Professional").RateLimited()
	require.True(t, ok)
	for _, r := range []limits.Rule{halfOpenRule(t, "Vista Business SP1"), limited} {
		octet, ok := r.PatchRange()
		require.True(t, ok, r)
		assert.Equal(t, 1, octet.Value.Bytes)
		assert.True(t, octet.Value.Holds(limits.Number(255)))
		assert.False(t, octet.Value.Holds(limits.Number(256)))
		assert.True(t, octet.Value.Holds(limits.Unlimited()))
		assert.False(t, octet.Value.Holds(limits.Absent()))
		assert.False(t, octet.Value.Holds(limits.Limit{}))
		assert.Equal(t, "1 to 255, or unlimited", octet.Value.String())
	}
	for _, name := range []string{"XP Pro SP1", "Vista Business SP2", "Windows 7 Professional", "Windows 10 Pro"} {
		_, ok := halfOpenRule(t, name).PatchRange()
		assert.False(t, ok, "%s has no limit in force to patch", name)
	}
}

func TestSYNSchedule(t *testing.T) {
	for e, want := range map[limits.Edition]struct {
		grade  limits.Grade
		sent   []time.Duration
		giveUp time.Duration
	}{
		limits.NT40Workstation:         {limits.Documented, []time.Duration{0, 3 * time.Second, 9 * time.Second, 21 * time.Second}, 45 * time.Second},
		limits.Windows2000Professional: {limits.Documented, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second},
		limits.XPProfessional:          {limits.Documented, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second},
		limits.VistaUltimate:           {limits.Inferred, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second},
		limits.Windows7Ultimate:        {limits.Documented, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second},
		limits.Windows10Pro:            {limits.UnknownGrade, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second},
		limits.Windows95:               {limits.UnknownGrade, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second},
	} {
		fact := e.SYNSchedule()
		assert.Equal(t, want.grade, fact.Grade, e)
		assert.Equal(t, len(want.sent)-1, fact.Value.Retransmissions, e)
		for i, at := range want.sent {
			assert.Equal(t, at, fact.Value.Sent(i), "%v: SYN %d", e, i)
		}
		assert.Equal(t, want.giveUp, fact.Value.GiveUp(), e)
	}
	long := limits.SYNSchedule{Initial: limits.MaxInitialRTT, Retransmissions: limits.MaxConnectRetransmissions}
	assert.Positive(t, long.GiveUp(), "a time that no Duration holds")
	assert.Zero(t, limits.SYNSchedule{Initial: time.Second}.Sent(0))
}

func TestSYNScheduleJSON(t *testing.T) {
	in := limits.SYNSchedule{Initial: 1500 * time.Millisecond, Retransmissions: 3}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	assert.JSONEq(t, `{"initial": "1.5s", "retransmissions": 3}`, string(text))
	var out limits.SYNSchedule
	require.NoError(t, json.Unmarshal(text, &out))
	assert.Equal(t, in, out)
	for text, want := range map[string]string{
		`{"initial": "soon"}`:                        `initial "soon": want a time such as "3s"`,
		`{"initial": "-1s"}`:                         `initial "-1s"`,
		`{"initial": "1s", "retransmissions": -1}`:   "retransmissions -1: want 0 or more",
		`{"initial": 3000000, "retransmissions": 1}`: "cannot unmarshal number",
	} {
		assert.ErrorContains(t, json.Unmarshal([]byte(text), &out), want, text)
		assert.Equal(t, in, out)
	}
}

// The range of ports is what the rule for outbound connections counts.
func TestDynamicPortsAgreeWithTheRules(t *testing.T) {
	checked := 0
	for r := range limits.ByService(limits.TCPOutbound) {
		n, ok := r.Default.Number()
		if !ok || n == 100 { // the sockets of 95, 98 and Me run out before the ports
			continue
		}
		assert.Equal(t, n, r.Edition.DynamicPorts().Value.Count(), r)
		checked++
	}
	assert.NotZero(t, checked)
	assert.Equal(t, "1025-5000", limits.XPProfessional.DynamicPorts().Value.String())
	assert.Equal(t, "49152-65535", limits.Windows7Ultimate.DynamicPorts().Value.String())
}

func TestTimeWait(t *testing.T) {
	for e, want := range map[limits.Edition]limits.TimeWait{
		limits.NT40Workstation:         {IPv4: 240 * time.Second, IPv6: 240 * time.Second},
		limits.Windows98:               {IPv4: 240 * time.Second, IPv6: 240 * time.Second},
		limits.Windows2000Professional: {IPv4: 240 * time.Second, IPv6: 240 * time.Second},
		limits.XPProfessional:          {IPv4: 120 * time.Second, IPv6: 240 * time.Second},
		limits.Server2003Standard:      {IPv4: 120 * time.Second, IPv6: 240 * time.Second},
		limits.Windows7Ultimate:        {IPv4: 120 * time.Second, IPv6: 120 * time.Second},
	} {
		assert.Equal(t, want, e.TimeWait().Value, e)
	}
	assert.Equal(t, limits.UnknownGrade, limits.Windows10Pro.TimeWait().Grade, "120 or 240 s is disputed")
}

func ExampleRule_RateLimited() {
	rule, err := limits.Lookup(limits.MustParseWindows("Vista Ultimate SP2"), limits.TCPHalfOpen)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rule.Default)
	if limited, ok := rule.RateLimited(); ok {
		fmt.Println(limits.RateLimitingValue, "= 1:", limited.Default, limited.Grade)
	}
	// Output:
	// unlimited
	// EnableConnectionRateLimiting = 1: 10 documented
}

func ExampleEdition_SYNSchedule() {
	schedule := limits.XPProfessional.SYNSchedule().Value
	for i := range schedule.Retransmissions + 1 {
		fmt.Println("SYN at", schedule.Sent(i))
	}
	fmt.Println("given up at", schedule.GiveUp())
	// Output:
	// SYN at 0s
	// SYN at 3s
	// SYN at 9s
	// given up at 21s
}

func ExampleRule_PatchRange() {
	for _, name := range []string{"XP Pro SP3", "Vista Ultimate SP1", "XP Pro SP1"} {
		rule, err := limits.Lookup(limits.MustParseWindows(name), limits.TCPHalfOpen)
		if err != nil {
			fmt.Println(err)
			return
		}
		if patch, ok := rule.PatchRange(); ok {
			fmt.Printf("%s: %v\n", name, patch.Value)
		} else {
			fmt.Printf("%s: there is nothing to patch\n", name)
		}
	}
	// Output:
	// XP Pro SP3: 1 to 2147483647
	// Vista Ultimate SP1: 1 to 255, or unlimited
	// XP Pro SP1: there is nothing to patch
}

// How many connections a machine can open for long: as many as its ports, each
// of which is given back a TIME_WAIT after it was closed.
func ExampleEdition_DynamicPorts() {
	ports, wait := limits.XPProfessional.DynamicPorts(), limits.XPProfessional.TimeWait()
	fmt.Println(ports.Value, "are", ports.Value.Count(), "ports")
	fmt.Printf("%.1f connections a second\n", float64(ports.Value.Count())/wait.Value.IPv4.Seconds())
	// Output:
	// 1025-5000 are 3976 ports
	// 33.1 connections a second
}
