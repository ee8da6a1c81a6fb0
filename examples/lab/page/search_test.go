package page_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/winlimits/winlimits/examples/lab/page"
	"github.com/winlimits/winlimits/limits"
)

// services returns the services of a part of a result with their limits, such as
// "smb 10".
func services(part []page.Service) (list []string) {
	for _, s := range part {
		text := s.Service.String()
		for _, a := range s.Answers {
			text += " " + a.Default.String()
		}
		list = append(list, text)
	}
	return list
}

func TestSearch(t *testing.T) {
	for _, test := range []struct {
		text    string
		machine string
		lead    []string
		claim   limits.Verdict
		symptom limits.Symptom
	}{
		{text: "xp pro", machine: "Windows XP Professional", lead: []string{"smb 10", "iis 10"}},
		{text: "xp pro iis", machine: "Windows XP Professional", lead: []string{"iis 10"}},
		{text: "apache on windows 10 pro", machine: "Windows 10 Pro", lead: []string{"tcp-other unlimited"}},
		{text: "Microsoft Windows XP [Version 5.1.2600]", machine: "Windows XP, one of 5 editions", lead: []string{"smb absent 5 10", "iis absent 10"}},
		{text: "half open", lead: []string{"tcp-half-open unlimited 10"}},
		{text: "is XP limited to 10 inbound TCP connections", claim: limits.False},
		{text: "http 403.9", lead: []string{"iis"}, symptom: limits.SymptomHTTP4039},
		{text: "error 71 when mapping a drive on windows 7", machine: "Windows 7, one of 6 editions", lead: []string{"smb 20"}, symptom: limits.SymptomStatusRequestNotAccepted},
	} {
		t.Run(test.text, func(t *testing.T) {
			r := page.Search(test.text)
			assert.Empty(t, r.Problem)
			if test.machine == "" {
				assert.Nil(t, r.Machine)
				assert.Empty(t, r.TCP)
			} else {
				require.NotNil(t, r.Machine)
				assert.Equal(t, test.machine, r.Machine.Title)
				assert.Len(t, r.TCP, 4)
			}
			got := services(r.Services)
			require.Len(t, got, len(test.lead))
			for i, want := range test.lead {
				assert.True(t, strings.HasPrefix(got[i], want) || sameWords(got[i], want), "%s is not %s", got[i], want)
			}
			if test.claim != limits.UnknownVerdict {
				require.NotEmpty(t, r.Claims)
				assert.Equal(t, test.claim, r.Claims[0].Verdict)
				assert.NotEmpty(t, r.Claims[0].Claim.Sources())
			}
			if test.symptom != limits.UnknownSymptom {
				require.NotEmpty(t, r.Symptoms)
				assert.Equal(t, test.symptom, r.Symptoms[0].Symptom)
			}
		})
	}
}

func sameWords(a, b string) bool {
	have := map[string]bool{}
	for w := range strings.FieldsSeq(a) {
		have[w] = true
	}
	for w := range strings.FieldsSeq(b) {
		if !have[w] {
			return false
		}
	}
	return len(strings.Fields(a)) == len(strings.Fields(b))
}

func TestSearchFindsNothing(t *testing.T) {
	for text, want := range map[string]string{
		"banana":                             "This text names no edition, service, symptom or claim",
		"Windows Embedded Standard 2009":     "no rows for this edition",
		"xp pro sp9":                         "never had service pack 9",
		strings.Repeat("a", page.MaxQuery+1): "want at most",
	} {
		r := page.Search(text)
		assert.Contains(t, r.Problem, want)
		assert.Empty(t, r.Services)
	}
}

// Every edition of the table is found by its name, and its lead answers are those
// of limits.Lookup.
func TestSearchFindsEveryEdition(t *testing.T) {
	for e := range limits.Editions() {
		r := page.Search(e.String())
		require.NotNil(t, r.Machine, "%v", e)
		require.True(t, r.Machine.One, "%v", e)
		rule, err := limits.Lookup(limits.Windows{Edition: e}, limits.SMB)
		if err != nil {
			continue // it depends on the service pack, or is not known
		}
		require.NotEmpty(t, r.Services, "%v", e)
		assert.Equal(t, rule.Default, r.Services[0].Answers[0].Default, "%v", e)
	}
}

func TestAnswerNext(t *testing.T) {
	lookup := func(name string, s limits.Service) page.Answer {
		rule, err := limits.Lookup(limits.MustParseWindows(name), s)
		require.NoError(t, err)
		return page.Answer{Rule: rule}
	}
	assert.Contains(t, lookup("xp pro", limits.SMB).Next(), "The 11th is refused. It sees: NTSTATUS 0xC00000D0")
	assert.Contains(t, lookup("xp pro sp2", limits.TCPHalfOpen).Next(), "The 11th waits, without an error. What is seen: event 4226")
	assert.Contains(t, lookup("win7 pro", limits.IIS).Next(), "When the queue is full: HTTP 503")
	assert.Contains(t, lookup("xp pro", limits.RDP).Next(), "may displace one that is there")
	assert.Contains(t, lookup("xp pro", limits.TCPOther).Next(), "no limit")
	assert.Contains(t, lookup("xp pro", limits.Licence).Next(), "Nothing in Windows counts")
	assert.Contains(t, lookup("xp home", limits.IIS).Next(), "no such service")
}

// A limit of 1 has its unit in the singular.
func TestUnitOfOne(t *testing.T) {
	pages, err := page.New(false)
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, pages.Render(&text, page.SearchView(page.Search("xp pro"))))
	assert.Contains(t, text.String(), `<strong>1</strong> <span class="unit">session</span>`)
	assert.NotContains(t, text.String(), `<strong>1</strong> <span class="unit">sessions`)
	assert.Contains(t, text.String(), "The text was read as a name.")
}

func TestUnseen(t *testing.T) {
	assert.Equal(t, "No limit of Windows has this symptom.", page.Search("error 10060 on xp pro").Unseen())
	assert.Equal(t, "No limit of this machine has this symptom.", page.Search("event 4226 on Windows 11 Pro").Unseen())
	assert.Empty(t, page.Search("event 4226 on XP Pro SP3").Unseen())
}
