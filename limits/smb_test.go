package limits_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
)

func TestOpenFilesPerSession(t *testing.T) {
	for e, want := range map[limits.Edition]struct {
		n     int
		grade limits.Grade
	}{
		limits.NT40Workstation:         {2048, limits.Documented},
		limits.Windows98:               {2048, limits.UnknownGrade},
		limits.Windows2000Professional: {16384, limits.Documented},
		limits.XPProfessional:          {16384, limits.Inferred},
		limits.Server2008R2Standard:    {16384, limits.Measured},
		limits.Windows10Pro:            {16384, limits.Measured},
		limits.Windows11Pro:            {16384, limits.Inferred},
		limits.Server2022Standard:      {16384, limits.Documented},
	} {
		fact := e.OpenFilesPerSession()
		assert.Equal(t, want.n, fact.Value, e)
		assert.Equal(t, want.grade, fact.Grade, e)
	}
}

func TestAutoDisconnect(t *testing.T) {
	for e := range limits.Editions() {
		assert.Equal(t, 15*time.Minute, e.AutoDisconnect().Value, e)
	}
	assert.Equal(t, limits.UnknownGrade, limits.WindowsMe.AutoDisconnect().Grade)
	assert.Positive(t, limits.AutoDisconnectShortest().Value)
}

func TestBoundsOfAConnection(t *testing.T) {
	assert.Equal(t, 2048, limits.SessionsPerConnection().Value)
	assert.Equal(t, 30*time.Second, limits.SMBNegotiateTimeout().Value)
	assert.Equal(t, 2*time.Minute, limits.SMBSessionTimeout().Value)
}

func TestNetConfigLayout(t *testing.T) {
	for e, want := range map[limits.Edition]limits.NetConfigLayout{
		limits.XPHome: limits.NetConfigFlat, limits.Server2008R2Standard: limits.NetConfigFlat, limits.Windows7Ultimate: limits.NetConfigFlat,
		limits.Windows8: limits.NetConfigIndented, limits.Windows10Pro: limits.NetConfigIndented, limits.Server2025Standard: limits.NetConfigIndented,
	} {
		assert.Equal(t, want, e.NetConfigLayout().Value, e)
	}
}

func ExampleEdition_OpenFilesPerSession() {
	fact := limits.NT40Workstation.OpenFilesPerSession()
	fmt.Println(fact.Value, fact.Grade)
	// Output: 2048 documented
}

func ExampleEdition_AutoDisconnect() {
	fact := limits.XPProfessional.AutoDisconnect()
	fmt.Println(fact.Value, fact.Grade)
	fmt.Println("0 minutes are", limits.AutoDisconnectShortest().Value)
	// Output:
	// 15m0s documented
	// 0 minutes are 5s
}

func ExampleEdition_NetConfigLayout() {
	fmt.Println(limits.Windows10Pro.NetConfigLayout().Value == limits.NetConfigIndented)
	// Output: true
}

func ExampleSMBSessionTimeout() {
	fact := limits.SMBSessionTimeout()
	fmt.Println(fact.Value, fact.Grade)
	// Output: 2m0s documented
}

func ExampleSMBNegotiateTimeout() {
	fact := limits.SMBNegotiateTimeout()
	fmt.Println(fact.Value, fact.Grade)
	// Output: 30s documented
}

func ExampleSessionsPerConnection() {
	fact := limits.SessionsPerConnection()
	fmt.Println(fact.Value, fact.Grade)
	// Output: 2048 documented
}
