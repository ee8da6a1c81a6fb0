package limits_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestIISVersion(t *testing.T) {
	for e, want := range map[limits.Edition]string{
		limits.NT31: "none", limits.NT351Server: "none", limits.NT40Workstation: "3.0", limits.Windows95: "4.0", limits.WindowsMe: "none",
		limits.Windows2000Professional: "5.0", limits.XPHome: "none", limits.XPProfessional: "5.1", limits.XPTabletPC: "5.1",
		limits.XPProfessionalX64: "6.0", limits.Server2003Web: "6.0", limits.HomeServer: "6.0", limits.VistaStarter: "none",
		limits.VistaUltimate: "7.0", limits.Server2008Web: "7.0", limits.Windows7Starter: "7.5", limits.Server2008R2Standard: "7.5",
		limits.Windows8Pro: "8.0", limits.Windows8RT: "none", limits.Server2012Standard: "8.0", limits.Windows81: "8.5",
		limits.Server2012R2Datacenter: "8.5", limits.Windows10Pro: "10.0", limits.Windows11Home: "10.0", limits.Server2025Standard: "10.0",
		limits.UnknownEdition: "none",
	} {
		assert.Equal(t, want, e.IISVersion().Value.String(), e)
	}
	assert.True(t, limits.NoIIS < limits.IIS30 && limits.IIS51 < limits.IIS60 && limits.IIS85 < limits.IIS10)
}

// Up to 6.0 the web server counts connections, from 7.0 on requests, and where
// there is none the rule says so.
func TestIISVersionAgreesWithTheRules(t *testing.T) {
	for r := range limits.ByService(limits.IIS) {
		version := r.Edition.IISVersion().Value
		assert.Equal(t, r.Default.IsAbsent(), version == limits.NoIIS, r)
		if version != limits.NoIIS {
			assert.Equal(t, version >= limits.IIS70, r.Unit == limits.UnitRequests, r)
		}
		if r.Discipline == limits.Queue {
			assert.GreaterOrEqual(t, version, limits.IIS70, r)
		}
	}
}

func TestIISIdleTimeout(t *testing.T) {
	for v, want := range map[limits.IISVersion]time.Duration{
		limits.NoIIS: 0, limits.IIS30: 600 * time.Second, limits.IIS40: 900 * time.Second, limits.IIS50: 900 * time.Second,
		limits.IIS51: 300 * time.Second, limits.IIS60: 120 * time.Second, limits.IIS70: 120 * time.Second, limits.IIS10: 120 * time.Second,
	} {
		assert.Equal(t, want, v.IdleTimeout().Value, v)
	}
	assert.Equal(t, limits.Inferred, limits.IIS60.IdleTimeout().Grade)
}

func TestIISKeepAlive(t *testing.T) {
	for v, want := range map[limits.IISVersion]bool{
		limits.IIS30: true, limits.IIS40: true, limits.IIS50: false, limits.IIS51: false, limits.IIS60: false,
	} {
		assert.Equal(t, want, v.KeepsHTTP11().Value, v)
	}
}

func TestIISRefusal(t *testing.T) {
	for v, want := range map[limits.IISVersion]struct {
		status int
		server string
		line   string
	}{
		limits.IIS30: {403, "", limits.TextPWSTooManyUsersCause},
		limits.IIS51: {403, "Microsoft-IIS/5.1", limits.TextHTTP4039},
		limits.IIS60: {503, "Microsoft-IIS/6.0", ""},
		limits.IIS75: {503, "Microsoft-IIS/7.5", ""},
		limits.IIS10: {503, "Microsoft-IIS/10.0", ""},
	} {
		got := v.Refusal().Value
		assert.Equal(t, want.status, got.Status, v)
		assert.Equal(t, want.server, got.Server, v)
		assert.NotEmpty(t, got.Phrase)
		assert.NotEmpty(t, got.Heading)
		if want.line != "" {
			assert.Contains(t, got.Lines, want.line, v)
		}
	}
	assert.Zero(t, limits.NoIIS.Refusal().Value)
}

// What a rule refuses with is what its symptom says.
func TestRefusalAgreesWithTheSymptom(t *testing.T) {
	for r := range limits.ByService(limits.IIS) {
		status := r.Edition.IISVersion().Value.Refusal().Value.Status
		switch r.Refusal() {
		case limits.SymptomHTTP4039:
			assert.Equal(t, 403, status, r)
		case limits.SymptomHTTP503:
			assert.Equal(t, 503, status, r)
		default:
			n, limited := r.Default.Number()
			require.False(t, limited, "%v refuses after %d and has no symptom", r, n)
		}
	}
	assert.Equal(t, "421 Maximum clients reached, service unavailable.", limits.FTPRefusal().Value)
}

func TestHasMetabase(t *testing.T) {
	for v, want := range map[limits.IISVersion]bool{
		limits.NoIIS: false, limits.IIS30: false, limits.IIS40: true, limits.IIS50: true, limits.IIS51: true, limits.IIS60: true, limits.IIS70: false, limits.IIS10: false,
	} {
		assert.Equal(t, want, v.HasMetabase().Value, v)
	}
	// What a rule says on adsutil is about a web server that has a metabase.
	for r := range limits.ByService(limits.IIS) {
		if strings.Contains(r.Change(), "cscript adsutil") || strings.Contains(r.Change(), "metabase") {
			assert.True(t, r.Edition.IISVersion().Value.HasMetabase().Value, "%v: %s", r, r.Change())
		}
	}
}

func TestScriptHostBanner(t *testing.T) {
	for e, want := range map[limits.Edition]limits.Grade{
		limits.Windows2000Professional: limits.Documented, limits.XPProfessional: limits.Inferred, limits.Server2003Web: limits.UnknownGrade,
	} {
		fact := e.ScriptHostBanner()
		assert.Equal(t, want, fact.Grade, e)
		assert.Equal(t, 3, strings.Count(fact.Value, "\r\n"), "what a script prints begins in the fourth line")
	}
}

func ExampleIISVersion_HasMetabase() {
	for _, v := range []limits.IISVersion{limits.IIS30, limits.IIS51, limits.IIS75} {
		fact := v.HasMetabase()
		fmt.Println(v, fact.Value, fact.Grade)
	}
	// Output:
	// 3.0 false documented
	// 5.1 true reported
	// 7.5 false documented
}

func ExampleEdition_ScriptHostBanner() {
	banner, _, _ := strings.Cut(limits.Windows2000Professional.ScriptHostBanner().Value, "\r\n")
	fmt.Println(banner)
	// Output: Microsoft (R) Windows Script Host Version 5.1 for Windows
}

func ExampleEdition_IISVersion() {
	for _, e := range []limits.Edition{limits.XPHome, limits.XPProfessional, limits.Windows7Professional} {
		version := e.IISVersion().Value
		fmt.Println(e, version, version >= limits.IIS70)
	}
	// Output:
	// Windows XP Home none false
	// Windows XP Professional 5.1 false
	// Windows 7 Professional 7.5 true
}

func ExampleIISVersion_Refusal() {
	for _, v := range []limits.IISVersion{limits.IIS51, limits.IIS75} {
		fact := v.Refusal()
		fmt.Println(v, fact.Value.Status, fact.Value.Phrase, fact.Grade)
	}
	fmt.Println(limits.FTPRefusal().Value)
	// Output:
	// 5.1 403 Access Forbidden documented
	// 7.5 503 Service Unavailable documented
	// 421 Maximum clients reached, service unavailable.
}

func ExampleIISVersion_IdleTimeout() {
	for _, v := range []limits.IISVersion{limits.IIS50, limits.IIS51, limits.IIS60} {
		fact := v.IdleTimeout()
		fmt.Println(v, fact.Value, fact.Grade)
	}
	// Output:
	// 5.0 15m0s reported
	// 5.1 5m0s reported
	// 6.0 2m0s inferred
}

func ExampleIISVersion_KeepsHTTP11() {
	fmt.Println(limits.IIS40.KeepsHTTP11().Value, limits.IIS51.KeepsHTTP11().Value)
	// Output: true false
}

func ExampleServerListenBacklog() {
	fact := limits.ServerListenBacklog()
	fmt.Println(fact.Value, fact.Grade)
	// Output: 40 documented
}
