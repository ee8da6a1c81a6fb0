package limits_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestEvent4226(t *testing.T) {
	for e, want := range map[limits.Edition]string{
		limits.XPProfessional: limits.TextEvent4226, limits.XPProfessionalX64: limits.TextEvent4226NT52,
		limits.VistaUltimate: limits.TextEvent4226, limits.Windows7Ultimate: limits.TextEvent4226,
	} {
		fact, ok := e.Event(limits.Event4226)
		require.True(t, ok, e)
		assert.Equal(t, want, fact.Value.Text, e)
		assert.Equal(t, []any{4226, "System", "Tcpip", "Warning", "None"},
			[]any{fact.Value.ID, fact.Value.Log, fact.Value.Source, fact.Value.Level, fact.Value.Category})
		assert.Equal(t, "00000000"+"01005400"+"00000000"+"82100080"+"01000000", hex.EncodeToString(fact.Value.Data[:20]))
		fact.Value.Data[0] = 1
		again, _ := e.Event(limits.Event4226)
		assert.Zero(t, again.Value.Data[0], "the data are a copy")
	}
	// Every system that queues attempts logs it.
	for r := range limits.ByService(limits.TCPHalfOpen) {
		_, switched := r.RateLimited()
		_, logs := r.Edition.Event(limits.Event4226)
		assert.False(t, (r.Discipline == limits.Queue || switched) && !logs, r)
	}
}

func TestEventsOfThePorts(t *testing.T) {
	for _, id := range []int{limits.Event4227, limits.Event4231} {
		_, ok := limits.XPProfessional.Event(id)
		assert.False(t, ok, "Vista and later log it")
		fact, ok := limits.Windows10Pro.Event(id)
		require.True(t, ok)
		assert.Equal(t, id, fact.Value.ID)
		assert.NotEmpty(t, fact.Value.Text)
	}
	for _, e := range []limits.Edition{limits.UnknownEdition, 255, limits.Windows2000Professional, limits.Windows10Pro} {
		_, ok := e.Event(limits.Event4226)
		assert.False(t, ok, e)
	}
	_, ok := limits.Windows10Pro.Event(1)
	assert.False(t, ok)
}

func TestEventLogCommand(t *testing.T) {
	for e, want := range map[limits.Edition]string{
		limits.UnknownEdition: "", limits.NT40Server: "", limits.WindowsMe: "", limits.Windows2000DatacenterServer: "",
		limits.XPStarter: "eventquery", limits.XPProfessional: "eventquery", limits.HomeServer: "eventquery",
		limits.VistaStarter: "wevtutil", limits.Server2025Standard: "wevtutil", 255: "",
	} {
		assert.Equal(t, want, e.EventLogCommand().Value, e)
	}
}

func ExampleEdition_Event() {
	fact, ok := limits.XPProfessional.Event(limits.Event4226)
	fmt.Println(ok, fact.Value.Level, fact.Value.Source, fact.Value.Text)
	// Output: true Warning Tcpip TCP/IP has reached the security limit imposed on the number of concurrent TCP connect attempts.
}

func ExampleEdition_EventLogCommand() {
	fmt.Println(limits.XPProfessional.EventLogCommand().Value, limits.VistaUltimate.EventLogCommand().Value)
	// Output: eventquery wevtutil
}
