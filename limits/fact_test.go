package limits

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// known is what a fact of any type has.
type known struct {
	name    string
	grade   Grade
	note    string
	sources []SourceKey
}

func evidenceOf[T any](name string, f Fact[T]) known {
	return known{fmt.Sprintf("%s: %v", name, f.Value), f.Grade, f.Note, f.sources}
}

// allFacts returns every fact of the package about every edition.
func allFacts() (all []known) {
	versions := map[IISVersion]bool{NoIIS: true}
	for e := range Editions() {
		name := e.String()
		versions[e.IISVersion().Value] = true
		all = append(all,
			evidenceOf(name+" IIS version", e.IISVersion()),
			evidenceOf(name+" SYN schedule", e.SYNSchedule()),
			evidenceOf(name+" ports", e.DynamicPorts()),
			evidenceOf(name+" TIME_WAIT", e.TimeWait()),
			evidenceOf(name+" open files", e.OpenFilesPerSession()),
			evidenceOf(name+" AutoDisconnect", e.AutoDisconnect()),
			evidenceOf(name+" net config", e.NetConfigLayout()),
			evidenceOf(name+" event log", e.EventLogCommand()),
			evidenceOf(name+" cscript", e.ScriptHostBanner()),
		)
		for _, pack := range e.ServicePacks() {
			if f, err := (Windows{e, pack}).SMBDialect(); err == nil {
				all = append(all, evidenceOf(name+" SMB dialect", f))
			}
		}
		for _, id := range []int{Event4226, Event4227, Event4231} {
			if f, ok := e.Event(id); ok {
				all = append(all, evidenceOf(fmt.Sprintf("%s event %d", name, id), f))
			}
		}
		for r := range ByEdition(e) {
			if f, ok := r.PatchRange(); ok {
				all = append(all, evidenceOf(name+" patch", f))
			}
		}
	}
	for v := range versions {
		name := "IIS " + v.String()
		all = append(all,
			evidenceOf(name+" idle timeout", v.IdleTimeout()),
			evidenceOf(name+" keep-alive", v.KeepsHTTP11()),
			evidenceOf(name+" metabase", v.HasMetabase()),
			evidenceOf(name+" refusal", v.Refusal()))
	}
	return append(all, evidenceOf("backlog", ServerListenBacklog()), evidenceOf("ftp", FTPRefusal()), evidenceOf("shortest", AutoDisconnectShortest()),
		evidenceOf("sessions", SessionsPerConnection()), evidenceOf("negotiate", SMBNegotiateTimeout()), evidenceOf("session", SMBSessionTimeout()),
		evidenceOf("keep-alive", BrowserKeepAlive()), evidenceOf("retries", RefusedConnectRetries()))
}

func TestEveryFactHasItsEvidence(t *testing.T) {
	for _, f := range allFacts() {
		if f.grade == UnknownGrade {
			assert.Empty(t, f.sources, "%s: nothing is known, but it has sources", f.name)
			assert.NotEmpty(t, f.note, "%s: nothing is known; the note says what is taken instead", f.name)
			continue
		}
		assert.NotEmpty(t, f.sources, f.name)
		for _, key := range f.sources {
			assert.True(t, isListed(key), "%s: no source %s", f.name, key)
		}
		if f.grade == Inferred {
			assert.NotEmpty(t, f.note, "%s: inferred from what?", f.name)
		}
	}
}

// The first entry of a table that has the edition counts, so that one which can
// never count would be a mistake.
func TestSpans(t *testing.T) {
	check := func(what string, first, last []Edition) {
		reached := make([]bool, len(first))
		for e := range Editions() {
			for i := range first {
				if first[i] <= e && e <= last[i] {
					reached[i] = true
					break
				}
			}
		}
		for i, ok := range reached {
			assert.True(t, ok, "%s: no edition reaches %v to %v", what, first[i], last[i])
		}
	}
	check("IIS", ends(iisVersions[:], true), ends(iisVersions[:], false))
	check("cscript", ends(scriptHostBanners[:], true), ends(scriptHostBanners[:], false))
	check("SYN", ends(synSchedules[:], true), ends(synSchedules[:], false))
	check("dialects", ends(smbDialects[:], true), ends(smbDialects[:], false))
	check("ports", ends(dynamicPorts[:], true), ends(dynamicPorts[:], false))
	check("TIME_WAIT", ends(timeWaits[:], true), ends(timeWaits[:], false))
	check("net config", ends(netConfigLayouts[:], true), ends(netConfigLayouts[:], false))
	check("files", ends(openFiles[:], true), ends(openFiles[:], false))
}

func ends[T any](spans []span[T], first bool) (list []Edition) {
	for _, s := range spans {
		if first {
			list = append(list, s.first)
		} else {
			list = append(list, s.last)
		}
	}
	return list
}

func ExampleFact() {
	fact := XPProfessional.IISVersion().Value.IdleTimeout()
	fmt.Println(fact.Value, fact.Grade)
	for _, source := range fact.Sources() {
		fmt.Println(source.Key)
	}
	// Output:
	// 5m0s reported
	// cazzulino-gazitt
}

// A forecast asks for these for each of its runs.
func TestFactsOfAPolicyAllocateNothing(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		v := XPProfessional.IISVersion().Value
		_ = v.IdleTimeout().Value
		_ = v.KeepsHTTP11().Value
		_ = XPProfessional.SYNSchedule().Value
	}))
}
