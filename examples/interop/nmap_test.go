package interop

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

// nmapData opens a file of nmap's databases, which Debian has in nmap-common.
func nmapData(t *testing.T, name string) *bufio.Scanner {
	t.Helper()
	f, err := os.Open(filepath.Join("/usr/share/nmap", name))
	if err != nil {
		missing(t, name+" is not installed: apt-get install nmap")
	}
	t.Cleanup(func() { _ = f.Close() })
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	return lines
}

// An osEntry is one entry of nmap's list of systems. A name can have several
// fingerprints, with CPE names that differ.
type osEntry struct {
	name string
	cpes []string
}

// osEntries reads nmap-os-db.
func osEntries(t *testing.T) (all []osEntry) {
	lines := nmapData(t, "nmap-os-db")
	index := map[string]int{}
	last := -1
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "Fingerprint "); ok {
			name = strings.TrimSpace(name)
			if _, ok := index[name]; !ok {
				index[name] = len(all)
				all = append(all, osEntry{name: name})
			}
			last = index[name]
		} else if cpe, ok := strings.CutPrefix(lines.Text(), "CPE "); ok && last >= 0 {
			cpe, _, _ = strings.Cut(cpe, " ")
			if !slices.Contains(all[last].cpes, cpe) {
				all[last].cpes = append(all[last].cpes, cpe)
			}
		}
	}
	require.NoError(t, lines.Err())
	require.Greater(t, len(all), 3000)
	return all
}

// products returns the products of the candidates, in order of release.
func products(id identify.Identification) (list []string) {
	for _, e := range id.Editions() {
		if p := e.Product(); !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// nmapDiffers has the names of which the CPE names on the same entry are of other
// products, and why.
var nmapDiffers = map[string]string{
	"Microsoft Windows 7 Ultimate SP1 or Windows 8.1 Update 1": "the CPE names have 8 for 8.1 Update 1",
	"Microsoft Windows 8.1 Update 1":                           "the CPE names have 8 as well",
	"Microsoft Windows NT Workstation 4.0 SP6a":                "the CPE name has no version of NT",

	"Microsoft Windows Small Business Server 2003 SP1":               "the CPE names know no Small Business Server",
	"Microsoft Windows Small Business Server 2003 SP2":               "the CPE names know no Small Business Server",
	"Microsoft Windows XP SP3 or Small Business Server 2003":         "the CPE names know no Small Business Server",
	"Microsoft Windows XP SP2 or Windows Small Business Server 2003": "the CPE names know no Small Business Server",

	"Microsoft Windows XP Embedded":                                          "the CPE name is that of XP; Embedded has no rows",
	"Microsoft Windows XP Embedded SP2":                                      "the CPE name is that of XP; Embedded has no rows",
	"Burny CNC controller (Microsoft Windows XP Embedded)":                   "the CPE name is that of XP; Embedded has no rows",
	"Fuji DryPix medical imager (Microsoft Windows XP Embedded)":             "the CPE name is that of XP; Embedded has no rows",
	"LaCie Ethernet Disk (Windows XP Embedded)":                              "the CPE name is that of XP; Embedded has no rows",
	"LaCie NAS device (Windows XP Embedded)":                                 "the CPE name is that of XP; Embedded has no rows",
	"Microsoft Windows Fundamentals for Legacy PCs (XP Embedded derivative)": "the CPE name is that of XP; Fundamentals has no rows",
	"Microsoft Windows Embedded POSready 7":                                  "the CPE name is that of 7; Embedded has no rows",
	"Microsoft Windows Embedded Standard 7":                                  "the CPE name is that of 7; Embedded has no rows",
	"Microsoft Windows 7 Ultimate Beta (build 7000)":                         "the CPE name is that of 7; the beta has no rows",
	"Microsoft Windows Home Server 2011 (Windows Server 2008 R2)":            "the CPE name is that of 2008 R2; Home Server 2011 has no rows",
	"Microsoft Windows NT 4.0 Terminal Server Edition SP6":                   "the CPE name is that of NT 4.0; Terminal Server Edition has no rows",
}

// No name of another system is read as an edition of Windows. The names of Windows
// agree with the CPE names of the same entry, except for nmapDiffers.
func TestNmapNames(t *testing.T) {
	others, windows := 0, 0
	for _, entry := range osEntries(t) {
		got, err := identify.Recognize(entry.name)
		if !strings.Contains(strings.ToLower(entry.name), "windows") {
			others++
			assert.ErrorIs(t, err, limits.ErrUnknownEdition, "%s: %v", entry.name, got)
			continue
		}
		windows++
		assert.False(t, errors.Is(err, limits.ErrUnknownEdition), "%s: %v", entry.name, err)
		var byCPE []string
		for _, cpe := range entry.cpes {
			id, err := identify.CPE(cpe)
			if err != nil {
				continue
			}
			for _, p := range products(id) {
				if !slices.Contains(byCPE, p) {
					byCPE = append(byCPE, p)
				}
			}
		}
		if nmapDiffers[entry.name] != "" {
			assert.NotElementsMatch(t, byCPE, products(got), "%s agrees by now", entry.name)
			continue
		}
		assert.ElementsMatch(t, byCPE, products(got), "%s and %v", entry.name, entry.cpes)
	}
	t.Logf("%d names of other systems, %d of Windows, of which %d differ from their CPE names", others, windows, len(nmapDiffers))
}

// What other servers say is not a symptom of Windows.
func TestNmapServiceProbes(t *testing.T) {
	lines := nmapData(t, "nmap-service-probes")
	count, found := 0, []string{}
	for lines.Scan() {
		count++
		if _, err := limits.ParseSymptom(lines.Text()); err == nil {
			found = append(found, lines.Text())
		}
	}
	require.NoError(t, lines.Err())
	require.Greater(t, count, 10_000)
	assert.LessOrEqual(t, len(found), 5, strings.Join(found, "\n"))
	t.Logf("%d of %d lines have a symptom", len(found), count)
}
