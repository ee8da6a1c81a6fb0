package names

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
)

// A VersionRow says what an operating system version stands for.
type VersionRow struct {
	major, minor uint16
	first, last  int // builds
	Client       Family
	Server       Family
	Pack         int8 // the level of service packs that the build stands for, -1 = it tells none
}

// versions is every version of Windows NT and its relatives. From Windows 2000
// on they are those of Microsoft's lists (ms-osversion, ms-release-information);
// the builds of older ones, and of Media Center, are what the systems print.
//
// From Windows Vista on a build stands for a service pack. The clients and
// servers of one row were built from one tree, so that the version alone does
// not tell which of them it is.
var versions = [...]VersionRow{
	{3, 10, 511, 528, Family{NT31, NT31AdvancedServer}, Family{NT31, NT31AdvancedServer}, -1},
	{3, 50, 807, 807, Family{NT35Workstation, NT35Workstation}, Family{NT35Server, NT35Server}, -1},
	{3, 51, 1057, 1057, Family{NT351Workstation, NT351Workstation}, Family{NT351Server, NT351Server}, -1},
	{4, 0, 1381, 1381, Family{NT40Workstation, NT40Workstation}, Family{NT40Server, NT40Server}, -1},
	{4, 0, 950, 1214, Family{Windows95, Windows95}, Family{}, -1},
	{4, 10, 1998, 1998, Family{Windows98, Windows98}, Family{}, -1},
	{4, 10, 2222, 2222, Family{Windows98, Windows98}, Family{}, -1}, // Second Edition
	{4, 90, 3000, 3000, Family{WindowsMe, WindowsMe}, Family{}, -1},
	{5, 0, 2195, 2195, Family{Windows2000Professional, Windows2000Professional}, Family{Windows2000Server, Windows2000DatacenterServer}, -1},
	{5, 1, 2600, 2600, Family{XPStarter, XPProfessional}, Family{}, -1},
	{5, 1, 2600, 2715, Family{XPMediaCenter, XPTabletPC}, Family{}, -1}, // 2700 and later: Media Center
	{5, 2, 3790, 3790, Family{XPProfessionalX64, XPProfessionalX64}, Family{Server2003Web, HomeServer}, -1},
	{6, 0, 6000, 6000, Family{VistaStarter, VistaUltimate}, Family{}, 0},
	{6, 0, 6001, 6001, Family{VistaStarter, VistaUltimate}, Family{Server2008Web, Server2008Datacenter}, 1},
	{6, 0, 6002, 6003, Family{VistaStarter, VistaUltimate}, Family{Server2008Web, Server2008Datacenter}, 2},
	{6, 1, 7600, 7600, Family{Windows7Starter, Windows7Ultimate}, Family{Server2008R2Foundation, Server2008R2Datacenter}, 0},
	{6, 1, 7601, 7601, Family{Windows7Starter, Windows7Ultimate}, Family{Server2008R2Foundation, Server2008R2Datacenter}, 1},
	{6, 2, 9200, 9200, Family{Windows8, Windows8RT}, Family{Server2012Foundation, Server2012Datacenter}, 0},
	{6, 3, 9600, 9600, Family{Windows81, Windows81RT}, Family{Server2012R2Foundation, Server2012R2Datacenter}, 0},
	{10, 0, 10240, 19999, Family{Windows10Home, Windows10EnterpriseMultiSession}, Family{}, 0},
	{10, 0, 14393, 14393, Family{Windows10Home, Windows10EnterpriseMultiSession}, Family{Server2016Standard, Server2016Datacenter}, 0},
	{10, 0, 17763, 17763, Family{Windows10Home, Windows10EnterpriseMultiSession}, Family{Server2019Standard, Server2019Datacenter}, 0},
	{10, 0, 20348, 20348, Family{}, Family{Server2022Standard, Server2022DatacenterAzureEdition}, 0},
	{10, 0, 22000, math.MaxInt32, Family{Windows11Home, Windows11EnterpriseMultiSession}, Family{}, 0},
	{10, 0, 26100, 26100, Family{Windows11Home, Windows11EnterpriseMultiSession}, Family{Server2025Standard, Server2025DatacenterAzureEdition}, 0},
}

// A release is a name of Windows 10, 11 and their servers for builds of one
// half-year (ms-release-information). A release can stand for several builds: 21H2
// is one of Windows 10, one of 11 and Server 2022.
type release struct {
	name   string
	builds [3]int
}

var releases = [...]release{
	{"1507", [3]int{10240}},
	{"1511", [3]int{10586}},
	{"1607", [3]int{14393}},
	{"1703", [3]int{15063}},
	{"1709", [3]int{16299}},
	{"1803", [3]int{17134}},
	{"1809", [3]int{17763}},
	{"1903", [3]int{18362}},
	{"1909", [3]int{18363}},
	{"19h1", [3]int{18362}},
	{"19h2", [3]int{18363}},
	{"20h1", [3]int{19041}},
	{"2004", [3]int{19041}},
	{"20h2", [3]int{19042}},
	{"21h1", [3]int{19043}},
	{"21h2", [3]int{19044, 20348, 22000}},
	{"22h2", [3]int{19045, 22621}},
	{"23h2", [3]int{22631, 25398}},
	{"24h2", [3]int{26100}},
	{"25h2", [3]int{26200}},
}

// findRelease returns the number of a release in releases, from 1.
func findRelease(name string) (number int, ok bool) {
	for i := range releases {
		if releases[i].name == name {
			return i + 1, true
		}
	}
	return 0, false
}

// A Version is a version as written: a build alone, or major and minor, or
// both. The rest of it does not matter.
type Version struct {
	Parts               int
	Major, Minor, Build int // of a build alone, Major is the build
	last                int // of a range of builds, the last
	release             int // a release instead of numbers, from 1
}

// ParseVersion reads digits and dots. Numbers too large for any version are
// taken for the largest. A build with its revision, such as 22631.3296, is the
// build, and NT 5.01, as browsers call the first service pack of Windows 2000,
// is 5.0.
func ParseVersion(text []byte) (v Version) {
	var n [3]int
	for _, c := range text {
		switch {
		case c == '.':
			v.Parts++
		case v.Parts < len(n):
			n[v.Parts] = min(n[v.Parts]*10+int(c-'0'), 99999)
		}
	}
	if string(text) == "5.01" {
		n[1] = 0
	}
	v.Parts++
	v.Major, v.Minor, v.Build = n[0], n[1], n[2]
	if v.Parts > 1 && v.Major >= leastBuild {
		return Version{Parts: 1, Major: v.Major}
	}
	return v
}

// leastBuild is less than every build and more than every version.
const leastBuild = 100

// FindVersion returns the first number of the text that has at least so many
// parts.
func FindVersion(text string, parts int) (v Version, ok bool) {
	for len(text) > 0 {
		i := strings.IndexAny(text, "0123456789")
		if i < 0 {
			break
		}
		text = text[i:]
		end := numberLength([]byte(text))
		if v = ParseVersion([]byte(text[:end])); v.Parts >= parts {
			return v, true
		}
		text = text[end:]
	}
	return Version{}, false
}

// numberLength returns the length of the digits and dots that the text begins
// with, without a dot at the end.
func numberLength(text []byte) int {
	n := 0
	for n < len(text) && (IsDigit(text[n]) || text[n] == '.' && n+1 < len(text) && IsDigit(text[n+1])) {
		n++
	}
	return n
}

// Rows yields the rows that describe the version.
func (v Version) Rows() iter.Seq[VersionRow] {
	return RowsOf(v)
}

// RowsOf yields the rows that describe all of the versions. The registry and
// GetProductInfo have 6.3 for Windows 10 and later: with a build of these it is
// read as 10.0.
func RowsOf(list ...Version) iter.Seq[VersionRow] {
	return func(yield func(VersionRow) bool) {
		ten := false
		for _, v := range list {
			ten = ten || v.release > 0 || v.Parts == 1 && v.Major >= firstBuildOf10 || v.Parts > 2 && v.Build >= firstBuildOf10
		}
		for i := range versions {
			row, all := &versions[i], true
			for _, v := range list {
				if ten && v.Parts > 1 && v.Major == 6 && v.Minor == 3 {
					v.Major, v.Minor = 10, 0
				}
				all = all && v.is(row)
			}
			if all && !yield(*row) {
				return
			}
		}
	}
}

const firstBuildOf10 = 10240

// is reports whether the version is one that the row describes.
func (v Version) is(row *VersionRow) bool {
	switch {
	case v.release > 0:
		for _, build := range releases[v.release-1].builds {
			if build >= row.first && build <= row.last && row.major == 10 {
				return true
			}
		}
		return false
	case v.Parts == 1:
		return row.first <= max(v.Major, v.last) && v.Major <= row.last
	case v.Parts == 2:
		return v.Major == int(row.major) && v.Minor == int(row.minor)
	}
	return v.Major == int(row.major) && v.Minor == int(row.minor) && row.first <= v.Build && v.Build <= row.last
}

// Release returns the version that a release such as "22H2" stands for.
func Release(name string) (v Version, ok bool) {
	release, ok := findRelease(strings.ToLower(name))
	return Version{Parts: 2, release: release}, ok
}

// HasBuild reports whether the version is of a build.
func (v Version) HasBuild(build int) bool {
	switch {
	case v.release > 0:
		return slices.Contains(releases[v.release-1].builds[:], build)
	case v.Parts == 1:
		return v.Major <= build && build <= max(v.Major, v.last)
	}
	return v.Parts > 2 && v.Build == build
}

// String returns the version as people write it.
func (v Version) String() string {
	switch {
	case v.release > 0:
		return "release " + strings.ToUpper(releases[v.release-1].name)
	case v.Parts == 1:
		return fmt.Sprintf("build %d", v.Major)
	case v.Parts == 2:
		return fmt.Sprintf("version %d.%d", v.Major, v.Minor)
	}
	return fmt.Sprintf("version %d.%d.%d", v.Major, v.Minor, v.Build)
}

// Known reports whether a row describes the version.
func (v Version) Known() bool {
	for range v.Rows() {
		return true
	}
	return false
}

// TellsPack reports whether the version tells a build, which tells the service
// pack from Windows Vista on.
func (v Version) TellsPack() bool { return v.Parts != 2 || v.release > 0 }

// early reports whether a build is one from before the product of the family was
// finished: more than the last of its predecessor and less than its first.
func early(build int, f Family) bool {
	first, before := math.MaxInt, 0
	for i := range versions {
		if row := &versions[i]; f.overlaps(row.Client) || f.overlaps(row.Server) {
			first = min(first, row.first)
		}
	}
	for i := range versions {
		if row := &versions[i]; row.last < first {
			before = max(before, row.last)
		}
	}
	return before < build && build < first && first != math.MaxInt
}
