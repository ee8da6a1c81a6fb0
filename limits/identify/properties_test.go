package identify_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

// versionsOf are versions of every product.
var versionsOf = [...][3]int{
	{5, 0, 2195}, {5, 1, 2600}, {5, 2, 3790}, {6, 0, 6000}, {6, 0, 6002}, {6, 1, 7600}, {6, 1, 7601}, {6, 2, 9200}, {6, 3, 9600},
	{10, 0, 10240}, {10, 0, 14393}, {10, 0, 17763}, {10, 0, 19045}, {10, 0, 20348}, {10, 0, 22000}, {10, 0, 22631}, {10, 0, 26100}, {10, 0, 26200},
}

// assertNotAlone asserts that an answer is not that of the edition as if nothing
// spoke against it.
func assertNotAlone(t *testing.T, e limits.Edition, text string) {
	t.Helper()
	got, err := identify.Recognize(text)
	if err == nil && len(got.Conflicts) == 0 {
		assert.NotContains(t, got.Editions(), e, "%s: %v", text, got)
	}
	if err == nil && slices.Equal(got.Editions(), []limits.Edition{e}) {
		assert.NotEmpty(t, got.Conflicts, text)
	}
	checkAnswer(t, got, err)
}

// A name with the build or the version of another product is never answered as
// the name alone.
func TestNameWithAnotherVersion(t *testing.T) {
	for e := range limits.Editions() {
		for _, v := range versionsOf {
			of, err := identify.Identify(identify.Identity{Major: v[0], Minor: v[1], Build: v[2]})
			require.NoError(t, err)
			own := slices.Contains(of.Editions(), e) ||
				// multi-session is one only where something points to it
				strings.Contains(e.Name(), "multi-session") && slices.ContainsFunc(of.Editions(), func(o limits.Edition) bool { return o.Product() == e.Product() })
			for _, form := range []string{
				"%[1]v Build %[4]d", "%[1]v (Build %[4]d)", "%[1]v (OS Build %[4]d.1234)", "%[1]v %[2]d.%[3]d.%[4]d", "%[1]v %[2]d.%[3]d (%[4]d)",
				"%[1]v, version %[2]d.%[3]d.%[4]d", "Microsoft %[1]v [%[2]d.%[3]d.%[4]d]", "%[1]v %[4]d", "%[1]v NT %[2]d.%[3]d.%[4]d.0",
				"{\"Caption\":\"Microsoft %[1]v\",\"BuildNumber\":\"%[4]d\"}",
				"OS Name: Microsoft %[1]v\nOS Version: %[2]d.%[3]d.%[4]d N/A Build %[4]d",
				"    ProductName    REG_SZ    %[1]v\n    CurrentBuild    REG_SZ    %[4]d",
			} {
				text := fmt.Sprintf(form, e, v[0], v[1], v[2])
				if !own {
					assertNotAlone(t, e, text)
					continue
				}
				got, err := identify.Recognize(text)
				if assert.NoError(t, err, text) {
					assert.Contains(t, got.Editions(), e, text)
					assert.Empty(t, got.Conflicts, text)
				}
			}
		}
		for _, release := range []string{"1507", "1607", "1809", "1909", "20H2", "21H1", "22H2", "23H2", "24H2", "25H2"} {
			of, err := identify.Recognize("Windows 10.0 " + release)
			require.NoError(t, err, release)
			if !slices.ContainsFunc(of.Editions(), func(o limits.Edition) bool { return o.Product() == e.Product() }) {
				assertNotAlone(t, e, fmt.Sprintf("%v, version %s", e, release))
			}
		}
	}
}

// Neither is one with the SKU or the EditionID of another product.
func TestNameWithAnotherSKU(t *testing.T) {
	for e := range limits.Editions() {
		for sku := identify.SKU(1); sku <= 0x198; sku++ {
			editions := sku.Editions()
			if len(editions) == 0 || slices.Contains(editions, e) {
				continue
			}
			assertNotAlone(t, e, fmt.Sprintf(`{"Caption":"Microsoft %v","OperatingSystemSKU":%d}`, e, sku))
		}
		for id, sku := range map[string]identify.SKU{
			"Ultimate": identify.SKUUltimate, "EnterpriseS": identify.SKUEnterpriseS, "ServerStandard": identify.SKUStandardServer,
			"ServerRdsh": identify.SKUServerRDSH, "Core": identify.SKUCore, "ServerTurbine": identify.SKUDatacenterServerAzureEdition,
			"HomeBasic": identify.SKUHomeBasic, "Education": identify.SKUEducation, "Professional": identify.SKUProfessional,
		} {
			if !slices.Contains(sku.Editions(), e) {
				assertNotAlone(t, e, fmt.Sprintf("ProductName : %v\nEditionID : %s\n", e, id))
			}
		}
	}
}

// A form reads the same with prose around it, and in any encoding.
func TestProseAndEncodings(t *testing.T) {
	for _, c := range table(t, "testdata/recognize.csv") {
		for name, text := range map[string]string{
			"prose":          "We found this in the office: " + c.input + " and it is slow.",
			"lines":          "Hello all,\n\n" + c.input + "\n\nWhat can we do about it?\n",
			"lines of DOS":   "Hello all,\r\n\r\n" + strings.ReplaceAll(c.input, "\n", "\r\n") + "\r\n\r\nThanks!\r\n",
			"tabs":           "\t" + c.input + "\t",
			"UTF-16LE":       utf16Text(c.input, binary.LittleEndian, false),
			"UTF-16BE":       utf16Text(c.input, binary.BigEndian, true),
			"a stray byte":   "caf\xe9: " + c.input,
			"accents of DOS": "caf\x82: " + c.input,
		} {
			if strings.HasPrefix(c.input, "\xff\xfe") || strings.HasPrefix(name, "UTF") && !utf8.ValidString(c.input) {
				continue
			}
			if c.input[0] == '"' && (name == "prose" || strings.HasPrefix(name, "a ")) {
				continue // CSV begins a line
			}
			got, err := identify.Recognize(text)
			assert.Equal(t, c.want, answer(got, err), "%s: %q", name, text)
			assert.Equal(t, c.conflict, len(got.Conflicts) > 0, "%s: %q: %q", name, text, got.Conflicts)
		}
	}
}

// The names of editions in the code pages of consoles and files.
func TestCodePages(t *testing.T) {
	for text, want := range map[string]string{
		"Microsoft Windows 7 \x90dition Int\x82grale":                                                         "Windows 7 Ultimate",     // 850
		"Microsoft Windows 7 \xc9dition Int\xe9grale":                                                         "Windows 7 Ultimate",     // 1252
		"Microsoft\xae Windows Vista\x99 Business":                                                            "Windows Vista Business", // 1252
		"\xcc\xe0\xe9\xea\xf0\xee\xf1\xee\xf4\xf2 Windows 7 \xcc\xe0\xea\xf1\xe8\xec\xe0\xeb\xfc\xed\xe0\xff": "Windows 7 Ultimate",     // 1251
		"\x8c\xa0\xa9\xaa\xe0\xae\xe1\xae\xe4\xe2 Windows 10 \x84\xae\xac\xa0\xe8\xad\xef\xef":                "Windows 10 Home",        // 866
		"Microsoft Windows 10 \xd7\xa8\xd2\xb5\xb0\xe6":                                                       "Windows 10 Pro",         // 936
		"Microsoft Windows 7 \xba\x58\xc4\xa5\xaa\xa9":                                                        "Windows 7 Ultimate",     // 950
		"\xef\xbb\xbfMicrosoft Windows 11 Pro":                                                                "Windows 11 Pro",         // a mark of UTF-8
		"Microsoft Windows 7 \xc9dition Familiale Premium N ":                                                 "Windows 7 Home Premium",
	} {
		got, err := identify.Recognize(text)
		if assert.NoError(t, err, "%q", text) {
			assert.Equal(t, want, got.String(), "%q", text)
		}
	}
}

// A text of another system is never read as Windows, whatever number it has.
func TestOtherSystems(t *testing.T) {
	numbers := []string{"3.1", "3.51", "4.0", "5.0", "5.1", "6.1", "7", "8", "8.1", "10", "11", "95", "98", "2000", "2003", "2008", "2012 R2", "2016", "2019", "2022", "2025",
		"2600", "3790", "7601", "9600", "10.0.19045", "6.1.7601", "22631", "1909", "22H2", "SP1", "Service Pack 3", "10.0 (22631)", "Build 7601", "x64 Edition", "Professional", "Home", "Server 2016"}
	for _, system := range []string{"Ubuntu", "CentOS", "Debian", "Sun Solaris", "FreeBSD", "OpenBSD", "macOS", "Mac OS X", "Android", "iOS", "VMware ESXi", "RHEL", "Linux", "Cisco IOS",
		"HP-UX", "AIX", "OpenVMS", "OS/2 Warp", "NetWare", "QNX", "Samba", "Oracle", "SQL Server", "Exchange Server", "Office", "Athlon XP", "Red Hat Enterprise Linux Server", "SUSE Linux Enterprise Desktop", "X Window System"} {
		for i, n := range numbers {
			next := numbers[(i+7)%len(numbers)]
			for _, text := range []string{
				system + " " + n, system + " " + n + " or " + next, system + " " + n + ", " + next, system + " " + n + "/" + next, system + " (" + n + ")",
				system + ": " + n + "\nVersion: " + next, "{\"name\":\"" + system + "\",\"version\":\"" + n + "\",\"build\":\"" + next + "\"}",
			} {
				got, err := identify.Recognize(text)
				assert.ErrorIs(t, err, limits.ErrUnknownEdition, "%q: %v", text, got)
			}
		}
	}
}
