package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJudge(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"is XP limited to 10 inbound TCP connections?", "Claim:    Windows XP allows only 10 inbound TCP connections at a time.\nVerdict:  false\nAnswer:   The connections to a program's own port are unlimited on XP."},
		{"A shared printer does not use one of the ten.", "Verdict:  false: the text denies the claim, which is true\n"},
		{"The web server of Windows 10 answers the eleventh request with an error.", "Answer:   The 11th waits, and on Home the 4th; 503 comes when 1,000 wait.\n"},
		{"It is not wrong that XP allows no more than 10 inbound TCP connections", "the claim is false; whether the text affirms or denies it is not clear"},
	} {
		var out bytes.Buffer
		require.NoError(t, run([]string{"-claim", test.text}, &out, 0), test.text)
		assert.Contains(t, out.String(), test.want)
		assert.Contains(t, out.String(), "Evidence: ")
	}
	var out bytes.Buffer
	require.NoError(t, run([]string{"-claim", "Windows 10 takes twenty connections."}, &out, 80))
	for line := range strings.SplitSeq(out.String(), "\n") {
		assert.LessOrEqual(t, len(line), 80)
	}
	assert.ErrorContains(t, run([]string{"-claim", "My printer is out of paper."}, &out, 0), "the table has no claim that says this")
	assert.ErrorContains(t, run([]string{"-claim", "x", "-windows", "XP Home"}, &out, 0), "-claim goes with no other flag")
}
