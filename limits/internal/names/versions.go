package names

import (
	"iter"
	"math"
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
	{4, 10, 1998, 2222, Family{Windows98, Windows98}, Family{}, -1},
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

// A Version is a version as written: a build alone, or major and minor, or
// both. The rest of it does not matter.
type Version struct {
	Parts               int
	Major, Minor, Build int // of a build alone, Major is the build
}

// ParseVersion reads digits and dots. Numbers too large for any version are
// taken for the largest.
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
	v.Parts++
	v.Major, v.Minor, v.Build = n[0], n[1], n[2]
	return v
}

// FindVersion returns the first number of the text that has at least so many
// parts.
func FindVersion(text string, parts int) (v Version, ok bool) {
	for len(text) > 0 {
		i := strings.IndexAny(text, "0123456789")
		if i < 0 {
			break
		}
		text = text[i:]
		end := 0
		for end < len(text) && (IsDigit(text[end]) || text[end] == '.' && end+1 < len(text) && IsDigit(text[end+1])) {
			end++
		}
		if v = ParseVersion([]byte(text[:end])); v.Parts >= parts {
			return v, true
		}
		text = text[end:]
	}
	return Version{}, false
}

// Rows yields the rows that describe the version.
func (v Version) Rows() iter.Seq[VersionRow] {
	return func(yield func(VersionRow) bool) {
		for i := range versions {
			if v.is(&versions[i]) && !yield(versions[i]) {
				return
			}
		}
	}
}

// is reports whether the version is one that the row describes.
func (v Version) is(row *VersionRow) bool {
	switch v.Parts {
	case 1:
		return row.first <= v.Major && v.Major <= row.last
	case 2:
		return v.Major == int(row.major) && v.Minor == int(row.minor)
	}
	return v.Major == int(row.major) && v.Minor == int(row.minor) && row.first <= v.Build && v.Build <= row.last
}
