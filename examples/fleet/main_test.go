package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// fleet runs the program and returns what it writes.
func fleet(t *testing.T, input string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), args, strings.NewReader(input), &out, nil))
	return out.String()
}

// decoded returns the lines of an output.
func decoded(t *testing.T, output string) []judged {
	t.Helper()
	var list []judged
	for line := range strings.Lines(output) {
		j, err := parseOutput([]byte(line), "json")
		require.NoError(t, err, line)
		list = append(list, j)
	}
	return list
}

func TestVerdicts(t *testing.T) {
	const once = `,"visits":0,"arrive":"at-once","serviceTime":"1m","idle":"0s","retry":{"max":0}`
	out := decoded(t, fleet(t, strings.Join([]string{
		`{"id":"office 7","text":"Microsoft Windows 10 Pro","clients":20,"service":"smb"` + once + `}`,
		`{"text":"Microsoft Windows 10 Pro","clients":25,"service":"file sharing"` + once + `}`,
		`{"id":"web","text":"Windows XP Professional SP3","clients":30,"service":"iis"` + once + `}`,
		`{"id":"either","text":"Windows XP SP3","clients":8,"service":"smb"` + once + `}`,
		`{"id":"record","record":{"Caption":"Microsoft Windows 11 Pro","Version":"10.0.22631","BuildNumber":"22631"},"clients":5` + once + `}`,
	}, "\n"), "-runs", "1"))
	require.Len(t, out, 5)
	assert.Equal(t, judged{
		ID: "office 7", Candidates: []string{"Windows 10 Pro"}, Service: limits.SMB, Limit: &forecast.LimitRange{Least: limits.Number(20), Most: limits.Number(20)},
		Grade: limits.Measured, Clients: 20, Lost: new(float64), Verdict: forecast.Fits,
		Why: "Windows 10 Pro takes 20 SMB sessions at the same time and refuses the next one. Of what 20 clients ask for, 0.0% is lost.",
	}, out[0])
	assert.Equal(t, "Microsoft Windows 10 Pro", out[1].ID)
	assert.Equal(t, forecast.Server, out[1].Verdict)
	assert.Equal(t, 0.2, *out[1].Lost)
	assert.Nil(t, out[1].LostError, "one run tells nothing of the spread")
	assert.Contains(t, out[1].Suitable, "Windows Server 2025")
	assert.Equal(t, forecast.Raise, out[2].Verdict)
	assert.Equal(t, forecast.UnknownVerdict, out[3].Verdict)
	assert.Equal(t, "absent to 10", out[3].Limit.String())
	assert.Equal(t, forecast.Fits, out[4].Verdict)
	assert.Equal(t, "record", out[4].ID)
}

// mixture returns lines of which every tenth is bad in some way.
func mixture(n int) (lines []string, ids []string, bad map[int]bool) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{"Microsoft Windows 10 Pro", "Windows XP Professional SP3", "Windows Server 2022 Standard", "Windows 7 Professional SP1", "cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:*:*:*:*"}
	faults := []string{
		`{"id":"%s","text":"Windows 10 Pro","clients":-1}`,
		`{"id":"%s","text":"Windows 10 Pro","clients":"many"}`,
		`{"id":"%s","text":"Windows 10 Pro","service":"gopher holes"}`,
		`{"id":"%s","text":"Windows 10 Pro","seats":3}`,
		`{"id":"%s"}`,
		`{"id":"%s","text":7}`,
		`{"id":"%s","text":"Ubuntu 24.04 LTS"}`,
		`{"id":"%s","text":"Windows 10 Pro","record":{}}`,
		`{"id":"%s","record":"Windows 10 Pro"}`,
		`{"id":"%s","text":"Windows 10 Pro","until":"1 day"}`,
		`{"id":"%s","text":"Windows 10 Pro","windows":"XP Home"}`,
	}
	bad = map[int]bool{}
	for i := range n {
		id := fmt.Sprintf("m%d", i)
		ids = append(ids, id)
		if i%10 == 9 {
			bad[i] = true
			lines = append(lines, fmt.Sprintf(faults[i/10%len(faults)], id))
			continue
		}
		lines = append(lines, fmt.Sprintf(`{"id":"%s","text":%q,"clients":%d,"service":"smb","visits":0,"until":"%dm"}`,
			id, texts[r.IntN(len(texts))], 1+r.IntN(40), 30+r.IntN(100)))
	}
	return lines, ids, bad
}

// Order and ids are kept, each bad line says why, and the bytes are the same
// whatever the number of cores.
func TestOrderAndBadLines(t *testing.T) {
	lines, ids, bad := mixture(2000)
	input := strings.Join(lines, "\n") + "\n"
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first string
	for _, cores := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(cores)
		out := fleet(t, input, "-runs", "2")
		if first == "" {
			first = out
		}
		require.Equal(t, first, out)
	}
	for i, j := range decoded(t, first) {
		assert.Equal(t, ids[i], j.ID)
		assert.Equal(t, bad[i], j.Error != "", "%s: %s", lines[i], j.Error)
		if bad[i] {
			assert.Equal(t, forecast.UnknownVerdict, j.Verdict)
			assert.Less(t, len(j.Error), 400)
		}
	}
}

func TestBadLines(t *testing.T) {
	long := `{"id":"long","text":"` + strings.Repeat("x", maxLine) + `"}`
	out := decoded(t, fleet(t, "no json\n\n"+long+"\n{\"text\":\"Windows 10 Pro\",\"clients\":1}\n[1,2]\n"))
	require.Len(t, out, 4)
	assert.Equal(t, "no json", out[0].ID)
	assert.Contains(t, out[0].Error, "not a line of JSON")
	assert.Contains(t, out[1].Error, "longer than 1048576 bytes")
	assert.LessOrEqual(t, len(out[1].ID), maxID)
	assert.Empty(t, out[2].Error)
	assert.NotEmpty(t, out[3].Error)
	assert.Empty(t, fleet(t, ""))
}

func TestCSV(t *testing.T) {
	out := fleet(t, "id,text,clients,service,visits,arrive,serviceTime,idle,retry\n"+
		"office 7,Microsoft Windows 10 Pro,20,smb,0,at-once,1m,0s,\"{\"\"max\"\":0}\"\n"+
		",\"Windows XP Home, SP3\",6,smb,0,at-once,1m,0s,\"{\"\"max\"\":0}\"\n"+
		"short,Windows 10 Pro\n"+
		"bad,Windows 10 Pro,few,smb,0,at-once,1m,0s,\n", "-format", "csv", "-runs", "1")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 5)
	assert.Equal(t, strings.Join(columns[:], ","), lines[0])
	assert.True(t, strings.HasPrefix(lines[1], `office 7,Windows 10 Pro,,smb,20,measured,20,0,,fits,,`), lines[1])
	assert.Contains(t, lines[2], ",server,")
	assert.Contains(t, lines[3], "2 columns: want 9, as in the first line")
	assert.Contains(t, lines[4], "want a whole number")
	sum, err := merge(strings.NewReader(out), "csv")
	require.NoError(t, err)
	assert.Equal(t, 4, sum.Machines)
	assert.Equal(t, 2, sum.Errors)
	assert.Equal(t, 1, sum.Verdicts[forecast.Server])

	for input, want := range map[string]string{"id,clients\n": "text as one of them", "text,text\n": "twice"} {
		err := run(t.Context(), []string{"-format", "csv"}, strings.NewReader(input), io.Discard, nil)
		assert.ErrorContains(t, err, want)
	}
}

// A run that was cut anywhere and goes on has the same bytes as one that was not.
func TestResume(t *testing.T) {
	lines, _, _ := mixture(300)
	input := strings.Join(lines, "\n") + "\n"
	for _, format := range []string{"json", "csv"} {
		if format == "csv" {
			input = "id,text,clients\n"
			for i := range 200 {
				input += fmt.Sprintf("m%d,Windows 10 Pro,%d\n", i, 1+i%30)
			}
		}
		args := []string{"-format", format, "-runs", "1"}
		whole := fleet(t, input, args...)
		dir := t.TempDir()
		wholeSummary := filepath.Join(dir, "whole.txt")
		fleet(t, input, append(args, "-summary", wholeSummary)...)
		want, err := os.ReadFile(wholeSummary)
		require.NoError(t, err)
		r := rand.New(rand.NewPCG(5, 5))
		for _, cut := range []int{0, 1, len(whole) / 2, len(whole) - 1, len(whole), r.IntN(len(whole)), r.IntN(len(whole))} {
			file, summary := filepath.Join(dir, "out"), filepath.Join(dir, "summary.txt")
			require.NoError(t, os.WriteFile(file, []byte(whole[:cut]), 0o600))
			assert.Empty(t, fleet(t, input, append(args, "-resume", file, "-summary", summary)...))
			got, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, whole, string(got), "cut at %d", cut)
			got, err = os.ReadFile(summary)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		}
		file := filepath.Join(dir, "foreign")
		require.NoError(t, os.WriteFile(file, []byte("something else\n"), 0o600))
		err = run(t.Context(), append(args, "-resume", file), strings.NewReader(input), io.Discard, nil)
		assert.ErrorContains(t, err, "output of fleet")
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, "something else\n", string(got), "a foreign file is left alone")
		require.NoError(t, os.WriteFile(file, []byte(whole), 0o600))
		err = run(t.Context(), append(args, "-resume", file), strings.NewReader("id,text\n"), io.Discard, nil)
		assert.ErrorContains(t, err, "they are not of the same run")
	}
}

// The summary of outputs is that of the run.
func TestMerge(t *testing.T) {
	lines, _, _ := mixture(200)
	dir := t.TempDir()
	summary, picture := filepath.Join(dir, "s.txt"), filepath.Join(dir, "s.svg")
	out := fleet(t, strings.Join(lines, "\n"), "-runs", "1", "-summary", summary, "-svg", picture)
	want, err := os.ReadFile(summary)
	require.NoError(t, err)
	assert.Contains(t, string(want), "200 machines\n")
	assert.Contains(t, string(want), "The machines that lose the largest share")
	assert.Equal(t, string(want), fleet(t, out, "-merge", "-summary", "-"))
	image, err := os.ReadFile(picture)
	require.NoError(t, err)
	assert.Contains(t, string(image), "<title>200 machines</title>")
	err = run(t.Context(), []string{"-merge", "-summary", "-"}, strings.NewReader("{}\nx\n"), io.Discard, nil)
	assert.ErrorContains(t, err, "line 2 is not output of fleet")
}

func TestOneMachine(t *testing.T) {
	out := fleet(t, `{"id":"office 7","text":"Windows 10 Pro","clients":25}`, "-runs", "1")
	summary := fleet(t, out, "-merge", "-summary", "-")
	assert.True(t, strings.HasPrefix(summary, "1 machine\n\nfits            0  take their load\n"), summary)
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lines, _, _ := mixture(50)
	err := run(ctx, []string{"-runs", "1"}, strings.NewReader(strings.Join(lines, "\n")), io.Discard, nil)
	assert.ErrorContains(t, err, "interrupted; with -resume")
}

func TestFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-format xml":                 "-format \"xml\": want json or csv",
		"-runs 0":                     "-runs 0: want 1 to 100000",
		"-allow 2":                    "-allow 2: want 0 to 1",
		"-allow NaN":                  "want 0 to 1",
		"machines.json":               "the machines come on standard input",
		"-merge":                      "-merge needs -summary or -svg",
		"-merge -summary - -resume x": "do not go together",
		"-x":                          "flag provided but not defined",
	} {
		err := run(t.Context(), strings.Fields(args), strings.NewReader(""), io.Discard, nil)
		if assert.Error(t, err, args) {
			assert.ErrorContains(t, err, want)
			assert.NotContains(t, err.Error(), "\n")
		}
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-help"}, nil, &out, nil))
	assert.Contains(t, out.String(), "Fleet reads machines")
}

// The cache forgets, and what it remembers is right all the same.
func TestCacheIsBounded(t *testing.T) {
	var b bounded[int]
	for i := range 3 * maxCached {
		b.put(fmt.Sprint(i), i)
		assert.LessOrEqual(t, len(b.m), maxCached)
	}
	b.put(strings.Repeat("x", maxCachedBytes), 1)
	assert.Len(t, b.m, 1)
	b.put("y", 2)
	v, ok := b.get("y")
	assert.True(t, ok)
	assert.Equal(t, 2, v)
	assert.Len(t, b.m, 1)
}

func FuzzParseJSON(f *testing.F) {
	lines, _, _ := mixture(120)
	for _, line := range lines {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := parseJSON(line)
		if len(m.id) > maxID {
			t.Errorf("id of %d bytes", len(m.id))
		}
		if err == nil && m.text == "" {
			t.Error("a machine that nothing describes")
		}
		if err != nil {
			return
		}
		if _, err := json.Marshal(m.scenario); err != nil {
			t.Skip(err) // the judge says so
		}
	})
}
