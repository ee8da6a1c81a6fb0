package limits

import "math"

// A versionRow says what an operating system version stands for.
type versionRow struct {
	major, minor uint16
	first, last  int // builds
	client       family
	server       family
	pack         int8 // the service pack that the build stands for, -1 = it tells none
}

// versions is every version of Windows NT and its relatives. From Windows 2000
// on they are those of Microsoft's lists (ms-osversion, ms-release-information);
// the builds of older ones, and of Media Center, are what the systems print.
//
// From Windows Vista on a build stands for a service pack. The clients and
// servers of one row were built from one tree, so that the version alone does
// not tell which of them it is.
var versions = [...]versionRow{
	{3, 10, 511, 528, family{NT31, NT31AdvancedServer}, family{NT31, NT31AdvancedServer}, -1},
	{3, 50, 807, 807, family{NT35Workstation, NT35Workstation}, family{NT35Server, NT35Server}, -1},
	{3, 51, 1057, 1057, family{NT351Workstation, NT351Workstation}, family{NT351Server, NT351Server}, -1},
	{4, 0, 1381, 1381, family{NT40Workstation, NT40Workstation}, family{NT40Server, NT40Server}, -1},
	{4, 0, 950, 1214, family{Windows95, Windows95}, family{}, -1},
	{4, 10, 1998, 2222, family{Windows98, Windows98}, family{}, -1},
	{4, 90, 3000, 3000, family{WindowsMe, WindowsMe}, family{}, -1},
	{5, 0, 2195, 2195, family{Windows2000Professional, Windows2000Professional}, family{Windows2000Server, Windows2000DatacenterServer}, -1},
	{5, 1, 2600, 2600, family{XPStarter, XPProfessional}, family{}, -1},
	{5, 1, 2600, 2715, family{XPMediaCenter, XPTabletPC}, family{}, -1}, // 2700 and later: Media Center
	{5, 2, 3790, 3790, family{XPProfessionalX64, XPProfessionalX64}, family{Server2003Web, HomeServer}, -1},
	{6, 0, 6000, 6000, family{VistaStarter, VistaUltimate}, family{}, 0},
	{6, 0, 6001, 6001, family{VistaStarter, VistaUltimate}, family{Server2008Web, Server2008Datacenter}, 1},
	{6, 0, 6002, 6003, family{VistaStarter, VistaUltimate}, family{Server2008Web, Server2008Datacenter}, 2},
	{6, 1, 7600, 7600, family{Windows7Starter, Windows7Ultimate}, family{Server2008R2Foundation, Server2008R2Datacenter}, 0},
	{6, 1, 7601, 7601, family{Windows7Starter, Windows7Ultimate}, family{Server2008R2Foundation, Server2008R2Datacenter}, 1},
	{6, 2, 9200, 9200, family{Windows8, Windows8RT}, family{Server2012Foundation, Server2012Datacenter}, 0},
	{6, 3, 9600, 9600, family{Windows81, Windows81RT}, family{Server2012R2Foundation, Server2012R2Datacenter}, 0},
	{10, 0, 10240, 19999, family{Windows10Home, Windows10EnterpriseMultiSession}, family{}, 0},
	{10, 0, 14393, 14393, family{Windows10Home, Windows10EnterpriseMultiSession}, family{Server2016Standard, Server2016Datacenter}, 0},
	{10, 0, 17763, 17763, family{Windows10Home, Windows10EnterpriseMultiSession}, family{Server2019Standard, Server2019Datacenter}, 0},
	{10, 0, 20348, 20348, family{}, family{Server2022Standard, Server2022DatacenterAzureEdition}, 0},
	{10, 0, 22000, math.MaxInt32, family{Windows11Home, Windows11EnterpriseMultiSession}, family{}, 0},
	{10, 0, 26100, 26100, family{Windows11Home, Windows11EnterpriseMultiSession}, family{Server2025Standard, Server2025DatacenterAzureEdition}, 0},
}

// A versionNumber is a version as written: a build alone, or major and minor,
// or both. The rest of it does not matter.
type versionNumber struct {
	parts               int
	major, minor, build int // of a build alone, major is the build
}

// parseVersion reads digits and dots. Numbers too large for any version are
// taken for the largest.
func parseVersion(text []byte) (v versionNumber) {
	var n [3]int
	for _, c := range text {
		switch {
		case c == '.':
			v.parts++
		case v.parts < len(n):
			n[v.parts] = min(n[v.parts]*10+int(c-'0'), 99999)
		}
	}
	v.parts++
	v.major, v.minor, v.build = n[0], n[1], n[2]
	return v
}

// is reports whether the version is one that the row describes.
func (v versionNumber) is(row *versionRow) bool {
	switch v.parts {
	case 1:
		return row.first <= v.major && v.major <= row.last
	case 2:
		return v.major == int(row.major) && v.minor == int(row.minor)
	}
	return v.major == int(row.major) && v.minor == int(row.minor) && row.first <= v.build && v.build <= row.last
}
