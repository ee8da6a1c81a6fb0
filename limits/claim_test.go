package limits

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func lines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// Each claim is found first by its own words and by others.
func TestClaimsAreFoundFirst(t *testing.T) {
	wordings := map[string][]string{}
	for _, line := range lines(t, "claims-wordings.tsv") {
		key, wording, _ := strings.Cut(line, "\t")
		wordings[key] = append(wordings[key], wording)
	}
	for c := range Claims() {
		require.GreaterOrEqual(t, len(wordings[c.Key]), 2, c.Key)
		for _, text := range append([]string{c.Text, strings.ToUpper(c.Text), "Somebody told me: " + c.Text}, wordings[c.Key]...) {
			found := FindClaims(text)
			if assert.NotEmpty(t, found, "%s: %s", c.Key, text) {
				assert.Equal(t, c.Key, found[0].Claim.Key, text)
			}
		}
		own := FindClaims(c.Text)
		if assert.NotEmpty(t, own) {
			assert.False(t, own[0].Negated, c.Text)
			assert.Equal(t, c.Verdict, own[0].Verdict, c.Text)
		}
	}
}

// A sentence that denies a claim never gets its verdict.
func TestNegatedClaims(t *testing.T) {
	for _, line := range lines(t, "claims-negated.tsv") {
		key, text, _ := strings.Cut(line, "\t")
		found := FindClaims(text)
		require.NotEmpty(t, found, text)
		assert.Equal(t, key, found[0].Claim.Key, text)
		assert.True(t, found[0].Negated, text)
		assert.Equal(t, found[0].Claim.Verdict.turned(), found[0].Verdict, text)
	}
}

// The other wordings say what the claims say, and get their verdict.
func TestWordingsKeepTheVerdict(t *testing.T) {
	for _, line := range lines(t, "claims-wordings.tsv") {
		key, text, _ := strings.Cut(line, "\t")
		found := FindClaims(text)
		require.NotEmpty(t, found, text)
		if key == "apache-free" && !strings.Contains(text, "avoid") {
			assert.Equal(t, False, found[0].Verdict, "asked the other way round: %s", text)
			continue
		}
		assert.Equal(t, found[0].Claim.Verdict, found[0].Verdict, "%s: %s", key, text)
	}
}

func TestOtherSentencesClaimNothing(t *testing.T) {
	for _, text := range lines(t, "claims-none.txt") {
		found := FindClaims(text)
		if len(found) > 0 {
			t.Errorf("%s: %s", text, found[0].Claim.Key)
		}
	}
	assert.Empty(t, FindClaims(""))
	assert.Empty(t, FindClaims(strings.Repeat("x ", 1<<20)))
}

func TestDoubleDenialHasNoVerdict(t *testing.T) {
	found := FindClaims("It is not wrong that XP allows only 10 inbound TCP connections, never more.")
	require.NotEmpty(t, found)
	assert.Equal(t, "inbound-tcp-10", found[0].Claim.Key)
	assert.Equal(t, UnknownVerdict, found[0].Verdict)
}

// Rules, services and sources exist, and numbers come from rules and facts.
func TestClaimsAreComplete(t *testing.T) {
	inNames := regexp.MustCompile(`Windows (10|7|8|98|2000)|NT 4\.0|NT 3\.1|Server 20\d\d|SP[1-3]|IIS [5-7]\.\d|IIS up to 5\.1|of 6\.0|95, 98 and Me|(on|and|from|until) (2000|Windows 7)|Server 3\.0|403\.9|503|%\[\d\]v`)
	number := regexp.MustCompile(`(?i)\d|\b(two|three|five|ten|twenty|forty|hundred|thousand)\b`)
	seen := map[string]bool{}
	for i := range claimRows {
		r := &claimRows[i]
		assert.False(t, seen[r.key], "%s stands twice", r.key)
		seen[r.key] = true
		assert.NotEqual(t, UnknownVerdict, r.verdict, r.key)
		assert.NotEmpty(t, r.services, r.key)
		for _, ref := range r.rules {
			rule, err := Lookup(ref.windows(), ref.service)
			require.NoError(t, err, r.key)
			assert.True(t, rule.Default.IsKnown(), r.key)
			assert.True(t, slices.Contains(r.services, ref.service), "%s: its services lack %v", r.key, ref.service)
		}
		for _, key := range r.sources {
			_, ok := LookupSource(key)
			assert.True(t, ok, "%s: there is no source %s", r.key, key)
		}
		c := r.claim()
		assert.Len(t, c.Sources(), len(r.sources))
		assert.NotContains(t, c.Answer(), "%!", r.key)
		assert.NotContains(t, c.Answer(), "unknown", r.key)
		assert.NotEqual(t, UnknownGrade, c.Grade(), r.key)
		rest := inNames.ReplaceAllString(r.answer, "")
		if r.key != "two-users" { // counts accounts, not what a limit is
			assert.False(t, number.MatchString(rest), "%s writes a number out: %s", r.key, rest)
		}
	}
}

// A corrected rule corrects every answer that names it.
func TestAnswersFollowTheRules(t *testing.T) {
	for i := range claimRows {
		r := &claimRows[i]
		for n, ref := range r.rules {
			verb := "%[" + string(rune('1'+n)) + "]v"
			if !strings.Contains(r.answer, verb) {
				continue
			}
			changed := func(w Windows, s Service) (Rule, error) {
				rule, err := Lookup(w, s)
				if w == ref.windows() && s == ref.service {
					rule.Default, rule.Ceiling = Number(1_234_567), Number(1_234_567)
				}
				return rule, err
			}
			answer := r.answerFrom(changed)
			assert.NotEqual(t, r.answerFrom(Lookup), answer, r.key)
			assert.Contains(t, answer, "1,234,567", r.key)
		}
	}
	for key, want := range map[string]string{
		"smb-10":           "The limit counts sessions, not connections: 10 on XP Professional, 5 on XP Home. One user on one computer is one session however many shares are open.",
		"win10-iis-503":    "The 11th waits, and on Home the 4th; 503 comes when 1,000 wait.",
		"load-test-4min":   "Its ports are used up: 3,976 on 2000 and 3,976 on XP, each kept for 240 s (XP: 120 s) after its close. 16 new connections a second can be sustained on 2000, and 33 on XP.",
		"apache-free":      "On the NT line connections to another program are unlimited on every edition. A burst that it does not accept in time meets the backlog, 10 on XP Professional.",
		"autodisconnect-0": "It ends idle sessions within seconds (5 s in this library); -1 turns it off.",
	} {
		for c := range Claims() {
			if c.Key == key {
				assert.Equal(t, want, c.Answer())
			}
		}
	}
}

func TestClaimGrade(t *testing.T) {
	grades := map[string]Grade{}
	for c := range Claims() {
		grades[c.Key] = c.Grade()
	}
	assert.Equal(t, Reported, grades["iis-40"], "the forty is reported")
	assert.Equal(t, Documented, grades["two-shares"], "a vendor's text")
	assert.Equal(t, Claim{}.Grade(), UnknownGrade)
	assert.Empty(t, Claim{}.Answer())
	assert.Empty(t, Claim{}.Rules())
	assert.Empty(t, Claim{}.Sources())
}

func TestVerdictText(t *testing.T) {
	for v := UnknownVerdict; v <= False; v++ {
		text, err := v.MarshalText()
		require.NoError(t, err)
		var back Verdict
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, v, back)
		assert.Equal(t, v, v.turned().turned())
	}
	assert.ErrorContains(t, new(Verdict).UnmarshalText([]byte("maybe")), `unknown verdict "maybe"; want one of true, partly, false`)
}

func FuzzFindClaims(f *testing.F) {
	for c := range Claims() {
		f.Add(c.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range FindClaims(text) {
			if m.Negated && m.Verdict == m.Claim.Verdict && m.Verdict != Partly {
				t.Errorf("%q: %s is denied and has its verdict", text, m.Claim.Key)
			}
		}
	})
}
