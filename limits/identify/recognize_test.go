package identify_test

import (
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

// TestRecognizeTable reads testdata/recognize.csv: texts that people and tools
// have, with backslash escapes as in Go, and what they stand for.
func TestRecognizeTable(t *testing.T) {
	for _, c := range table(t, "testdata/recognize.csv") {
		got, err := identify.Recognize(c.input)
		assert.Equal(t, c.want, answer(got, err), "%q", c.input)
		assert.Equal(t, c.conflict, len(got.Conflicts) > 0, "%q: %q", c.input, got.Conflicts)
		if err == nil {
			assert.NotEqual(t, identify.UnknownForm, got.Form, "%q", c.input)
		}
		checkAnswer(t, got, err)
	}
}

type row struct {
	input    string
	want     []string
	conflict bool
}

// table reads rows of input, encoding, want and conflict.
func table(t testing.TB, name string) (rows []row) {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	for _, fields := range all[1:] {
		input, err := strconv.Unquote(`"` + strings.ReplaceAll(fields[0], `"`, `\"`) + `"`)
		require.NoError(t, err, fields[0])
		if fields[1] == "utf-16le" {
			input = utf16Text(input, binary.LittleEndian, true)
		}
		rows = append(rows, row{input, expand(t, fields[2]), fields[3] == "yes"})
	}
	return rows
}

func utf16Text(text string, order binary.AppendByteOrder, mark bool) string {
	var b []byte
	if mark {
		b = order.AppendUint16(b, 0xFEFF)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// answer returns the candidates, what is unlisted, or that the text was refused.
func answer(id identify.Identification, err error) []string {
	var list []string
	for _, w := range id.Candidates {
		list = append(list, w.String())
	}
	for _, name := range id.Unlisted {
		list = append(list, "unlisted: "+name)
	}
	if err != nil && len(list) == 0 {
		return []string{"refused"}
	}
	return list
}

// expand turns "any Windows 7 SP1 or unlisted: Windows Embedded" into the list of
// an answer.
func expand(t testing.TB, want string) (list []string) {
	t.Helper()
	if want == "refused" {
		return []string{want}
	}
	var all []limits.Windows
	var unlisted []string
	for part := range strings.SplitSeq(want, " or ") {
		if strings.HasPrefix(part, "unlisted: ") {
			unlisted = append(unlisted, part)
			continue
		}
		var packs []string
		if i := strings.LastIndex(part, " SP"); i >= 0 {
			packs, part = strings.Split(part[i+1:], "/"), part[:i]
		}
		product, any := strings.CutPrefix(part, "any ")
		product, xp51 := strings.CutSuffix(product, " 5.1")
		before := len(all)
		for e := range limits.Editions() {
			if any && (e.Product() != product || strings.HasSuffix(e.Name(), "multi-session") || xp51 && e == limits.XPProfessionalX64) || !any && e.String() != part {
				continue
			}
			levels := e.ServicePacks()
			if levels[len(levels)-1] == limits.AsReleased {
				levels = []limits.ServicePack{limits.UnknownServicePack}
			}
			for _, pack := range levels {
				if packs == nil || slices.Contains(packs, pack.String()) {
					all = append(all, limits.Windows{Edition: e, ServicePack: pack})
				}
			}
		}
		require.Greater(t, len(all), before, "%q names no edition", part)
	}
	slices.SortFunc(all, func(a, b limits.Windows) int {
		return slices.Compare([]int{int(a.Edition), int(a.ServicePack)}, []int{int(b.Edition), int(b.ServicePack)})
	})
	for _, w := range all {
		list = append(list, w.String())
	}
	return append(list, unlisted...)
}

// The version of a program that stands near the name of a Windows says nothing of
// it.
func TestVersionsOfPrograms(t *testing.T) {
	for _, text := range []string{
		"OS: Windows 7 Professional\nVersion: 10.0\nApp crashed", "OS: Windows 7 Professional\nVersion: 10.0.3", "OS: Windows 7 Professional\nVersion: 6.2.1",
		"OS: Windows 7 Professional\nBuild: 1234", "Version: 6.1\nOS: Windows 7 Professional", "Release: 10\nOS: Windows 7 Professional\nBuild: 77",
		"App 10.0.19041 on Windows 7 Professional", "agent version 6.3.9600.1 \n\n\n\n\n Windows 7 Professional",
	} {
		got, err := identify.Recognize(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, "Windows 7 Professional", got.String(), text)
			assert.Empty(t, got.Conflicts, text)
		}
	}
}

// An error names its input in at most 100 bytes.
func TestErrorsAreShort(t *testing.T) {
	for _, long := range []string{
		strings.Repeat("x", 200), strings.Repeat("x", 10<<20), strings.Repeat("\x00\x01", 100), strings.Repeat("ü", 120), "Windows 10 Home Education " + strings.Repeat("y", 1<<20),
		"Windows CE " + strings.Repeat("(x) 5 ", 1<<16), "Windows 7 SP7 " + strings.Repeat("z", 1<<20), `{"Caption":"` + strings.Repeat("Windows ", 1<<15) + `"}`,
	} {
		for name, read := range map[string]reader{
			"Recognize": identify.Recognize, "Caption": identify.Caption, "Ver": identify.Ver, "Nmap": identify.Nmap, "CPE": identify.CPE,
			"Systeminfo": identify.Systeminfo, "Winver": identify.Winver, "SMB": identify.SMB,
			"ActiveDirectory": func(s string) (identify.Identification, error) { return identify.ActiveDirectory(s, s, s) },
			"Identify": func(s string) (identify.Identification, error) {
				return identify.Identify(identify.Identity{Name: s[:min(len(s), 250)], EditionID: s, InstallationType: s, Release: s})
			},
		} {
			id, err := read(long)
			if err != nil {
				assert.Less(t, len(err.Error()), 700, "%s: %.50q", name, long)
			}
			for _, text := range slices.Concat(id.Unlisted, id.Conflicts, id.Notes) {
				assert.Less(t, len(text), 700, "%s: %.50q", name, long)
			}
		}
	}
}

func FuzzRecognize(f *testing.F) {
	for _, c := range table(f, "testdata/recognize.csv") {
		f.Add(c.input)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := identify.Recognize(text)
		checkAnswer(t, id, err)
		again, _ := identify.Recognize(text)
		assert.Equal(t, id, again)
	})
}

// What a machine is said to be is read whatever the form.
func ExampleRecognize() {
	for _, text := range []string{
		"Microsoft Windows 10 Pro 10.0.22631 Build 22631",
		`{"Caption":"Microsoft Windows XP Professional","CSDVersion":"Service Pack 3","ProductType":1}`,
		"The scanner says Windows 6.1 Build 7601, and nothing more.",
	} {
		found, err := identify.Recognize(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		sessions, _ := found.Range(limits.SMB)
		fmt.Println(len(found.Candidates), found.Form, sessions, found.Conflicts)
	}
	// Output:
	// 1 name 20 [the name says Windows 10, version 10.0.22631 is Windows 11]
	// 1 record 10 []
	// 10 smb 20 to 16777216 []
}

// The three answers: an edition, an edition without rules, not Windows.
func ExampleRecognize_unlisted() {
	for _, text := range []string{"Windows Server 2012 R2", "Windows Embedded Standard 2009", "Sun Solaris 9 or 10"} {
		found, err := identify.Recognize(text)
		switch {
		case errors.Is(err, identify.ErrUnlisted):
			fmt.Println("an edition without rules:", found.Unlisted)
		case err != nil:
			fmt.Println("not Windows")
		default:
			fmt.Println(len(found.Editions()), "editions")
		}
	}
	// Output:
	// 4 editions
	// an edition without rules: [Windows Embedded Standard 2009]
	// not Windows
}
