package names

// A word is an entry of the vocabulary.
type word struct {
	text   string // lower case; a space stands for any separators or none
	marks  Marks
	family Family
	kind   wordKind
}

// wordKind is what a word does besides its marks and family.
type wordKind uint8

const (
	plainWord    wordKind = iota
	packWord              // the number that follows is a service pack
	versionWord           // the number that follows is a version of the same product
	buildWord             // the number that follows is a build
	countWord             // the number that follows says nothing
	noPackWord            // there is no service pack
	secondWord            // R2
	laterWord             // what came after counts as well
	unlistedWord          // the edition has no rules
	wholeWord             // no letter may follow
	afterPack             // not of a word: the number of a service pack
)

// joins reports whether the word may be a part of a longer one, as in "winxppro"
// and "EnterpriseN". The short ones may not, or "was" and "speed" would be names.
func (w *word) joins(last bool, before Marks) bool {
	switch {
	case w.text == "me":
		return before&MarkWindows != 0
	case len(w.text) < 3:
		return w.family != (Family{}) || w.marks&(MarkRT|MarkNT) != 0 || w.kind == packWord || w.kind == secondWord || last && (w.text == "n" || w.text == "kn")
	case len(w.text) == 3:
		return w.marks != 0 && w.kind == plainWord
	}
	return true
}

// vocabulary is every word of a name but its numbers. Where several entries
// match, the longest does. Words with neither marks nor family leave the
// edition and its limits as they are.
var vocabulary = [...]word{
	{text: "microsoft"}, {text: "ms"}, {text: "windows", marks: MarkWindows}, {text: "win", marks: MarkWindows}, {text: "w", marks: MarkWindows},
	{text: "edition"}, {text: "ed"}, {text: "family"}, {text: "os"}, {text: "operating system"}, {text: "operating systems"},
	{text: "with"}, {text: "for"}, {text: "the"}, {text: "system"}, {text: "systems"}, {text: "based"}, {text: "base"},
	{text: "version", kind: versionWord}, {text: "ver", kind: versionWord}, {text: "v", kind: versionWord},
	{text: "build", kind: buildWord}, {text: "os build", kind: buildWord}, {text: "build number", kind: buildWord},
	{text: "update", kind: countWord}, {text: "release", kind: versionWord}, {text: "osr", kind: countWord}, {text: "power pack", kind: countWord},
	{text: "kernel", kind: versionWord},
	{text: "or later", kind: laterWord}, {text: "and later", kind: laterWord}, {text: "or newer", kind: laterWord}, {text: "and newer", kind: laterWord},
	{text: "or above", kind: laterWord}, {text: "and above", kind: laterWord}, {text: "or higher", kind: laterWord}, {text: "and higher", kind: laterWord},
	{text: "and up", kind: laterWord}, {text: "or greater", kind: laterWord}, {text: "onwards", kind: laterWord},
	{text: "r1"}, {text: "r2", kind: secondWord}, {text: "release 2", kind: secondWord},
	{text: "sp", kind: packWord}, {text: "service pack", kind: packWord},
	{text: "no service pack", kind: noPackWord}, {text: "no sp", kind: noPackWord}, {text: "rtm", kind: noPackWord}, {text: "gold", kind: noPackWord},
	{text: "as released", kind: noPackWord},
	{text: "n"}, {text: "k"}, {text: "kn"}, {text: "evaluation"}, {text: "eval"}, {text: "insider preview"},
	{text: "oem"}, {text: "retail"}, {text: "volume"}, {text: "vl"},
	{text: "x86 64", marks: Mark64}, {text: "x64", marks: Mark64}, {text: "amd64", marks: Mark64}, {text: "wow64", marks: Mark64}, {text: "arm64"}, {text: "arm"},
	{text: "x86", marks: Mark32}, {text: "i386", marks: Mark32}, {text: "i686", marks: Mark32}, {text: "x32", marks: Mark32},
	{text: "ia64", marks: MarkItanium}, {text: "itanium", marks: MarkItanium},

	// Only a console's code page for ® and ™ has these.
	{text: "microsoftr"}, {text: "windowsr", marks: MarkWindows}, {text: "serverr", marks: MarkServer}, {text: "vistat", family: Family{VistaStarter, VistaUltimate}},
	{text: "serverr2", marks: MarkServer, kind: secondWord},

	{text: "nt", marks: MarkNT},
	{text: "xp", family: Family{XPStarter, XPTabletPC}}, {text: "wxp", marks: MarkWindows, family: Family{XPStarter, XPTabletPC}},
	{text: "wvista", marks: MarkWindows, family: Family{VistaStarter, VistaUltimate}},
	{text: "vista", family: Family{VistaStarter, VistaUltimate}},
	{text: "me", family: Family{WindowsMe, WindowsMe}},
	{text: "millennium", family: Family{WindowsMe, WindowsMe}}, {text: "millenium", family: Family{WindowsMe, WindowsMe}},
	{text: "home server", family: Family{HomeServer, HomeServer}}, {text: "whs", family: Family{HomeServer, HomeServer}},
	{text: "small business server", marks: MarkSmallBusiness}, {text: "sbs", marks: MarkSmallBusiness},
	{text: "second edition", marks: MarkSecondEdition}, {text: "se", marks: MarkSecondEdition},

	{text: "professional", marks: MarkProfessional}, {text: "pro", marks: MarkProfessional}, {text: "prof", marks: MarkProfessional},
	{text: "home", marks: MarkHome}, {text: "basic", marks: MarkBasic}, {text: "premium", marks: MarkPremium},
	{text: "starter", marks: MarkStarter}, {text: "business", marks: MarkBusiness},
	{text: "enterprise", marks: MarkEnterprise}, {text: "ent", marks: MarkEnterprise},
	{text: "ultimate", marks: MarkUltimate}, {text: "ult", marks: MarkUltimate},
	{text: "server", marks: MarkServer}, {text: "srv", marks: MarkServer}, {text: "svr", marks: MarkServer},
	{text: "advanced", marks: MarkAdvanced}, {text: "adv", marks: MarkAdvanced}, {text: "as", marks: MarkAdvanced | MarkServer},
	{text: "datacenter", marks: MarkDatacenter}, {text: "data center", marks: MarkDatacenter}, {text: "datacentre", marks: MarkDatacenter},
	{text: "workstation", marks: MarkWorkstation}, {text: "wks", marks: MarkWorkstation}, {text: "wkst", marks: MarkWorkstation}, {text: "wksta", marks: MarkWorkstation},
	{text: "web", marks: MarkWeb}, {text: "standard", marks: MarkStandard}, {text: "std", marks: MarkStandard},
	{text: "foundation", marks: MarkFoundation}, {text: "essentials", marks: MarkEssentials},
	{text: "education", marks: MarkEducation}, {text: "edu", marks: MarkEducation},
	{text: "iot", marks: MarkIoT}, {text: "core", marks: MarkCore}, {text: "rt", marks: MarkRT},
	{text: "media center", marks: MarkMediaCenter}, {text: "media centre", marks: MarkMediaCenter}, {text: "mce", marks: MarkMediaCenter},
	{text: "tablet", marks: MarkTablet}, {text: "tablet pc", marks: MarkTablet},

	{text: "multi session", marks: MarkMultiSession}, {text: "for virtual desktops", marks: MarkMultiSession},
	{text: "azure", marks: MarkAzure}, {text: "in s mode"}, {text: "s mode"},

	{text: "for workstations", marks: MarkProVariant}, {text: "pro workstation", marks: MarkProfessional | MarkProVariant}, {text: "professional workstation", marks: MarkProfessional | MarkProVariant},
	{text: "pro education", marks: MarkProfessional | MarkProVariant}, {text: "professional education", marks: MarkProfessional | MarkProVariant},
	{text: "专业工作站版", marks: MarkProfessional | MarkProVariant}, {text: "专业教育版", marks: MarkProfessional | MarkProVariant},
	{text: "single language", marks: MarkHomeVariant}, {text: "country specific", marks: MarkHomeVariant},
	{text: "with bing", marks: MarkHomeVariant}, {text: "china", marks: MarkHomeVariant},
	{text: "ltsb", marks: MarkLongTerm}, {text: "ltsc", marks: MarkLongTerm},
	{text: "full installation", marks: MarkServerVariant}, {text: "core installation", marks: MarkServerVariant},
	{text: "without hyper v", marks: MarkServerVariant}, {text: "with hyper v", marks: MarkServerVariant},
	{text: "desktop experience", marks: MarkServerVariant}, {text: "server core", marks: MarkServer | MarkServerVariant},
	{text: "server core installation", marks: MarkServer | MarkServerVariant}, {text: "nano server", marks: MarkServer | MarkServerVariant}, {text: "hotpatch", marks: MarkServerVariant},

	// EditionIDs whose words run on.
	{text: "enterprises", marks: MarkEnterprise | MarkLongTerm, kind: wholeWord}, {text: "enterprisesn", marks: MarkEnterprise | MarkLongTerm, kind: wholeWord},
	{text: "serverrdsh", marks: MarkEnterprise | MarkMultiSession},
	{text: "professional single language", marks: MarkProfessional | MarkProVariant}, {text: "professional country specific", marks: MarkProfessional | MarkProVariant},
	{text: "server turbine", marks: MarkDatacenter | MarkAzure}, {text: "cor", marks: MarkServerVariant},

	// Editions that have no rules.
	{text: "embedded", kind: unlistedWord}, {text: "posready", kind: unlistedWord}, {text: "phone", kind: unlistedWord}, {text: "mobile", kind: unlistedWord},
	{text: "pocketpc", kind: unlistedWord}, {text: "ce", kind: unlistedWord}, {text: "holographic", kind: unlistedWord}, {text: "team", kind: unlistedWord}, {text: "pe", kind: unlistedWord},
	{text: "thin pc", kind: unlistedWord}, {text: "fundamentals", kind: unlistedWord}, {text: "fundamentals for legacy pcs", kind: unlistedWord}, {text: "for workgroups", kind: unlistedWord},
	{text: "longhorn", kind: unlistedWord}, {text: "whistler", kind: unlistedWord}, {text: "beta", kind: unlistedWord}, {text: "release candidate", kind: unlistedWord},
	{text: "technical preview", kind: unlistedWord}, {text: "developer preview", kind: unlistedWord}, {text: "consumer preview", kind: unlistedWord}, {text: "release preview", kind: unlistedWord},
	{text: "storage server", marks: MarkServer, kind: unlistedWord}, {text: "hpc", kind: unlistedWord}, {text: "compute cluster", kind: unlistedWord},
	{text: "multipoint", kind: unlistedWord}, {text: "hyper v server", marks: MarkServer, kind: unlistedWord}, {text: "essential business server", marks: MarkServer, kind: unlistedWord},
	{text: "annual channel", kind: unlistedWord}, {text: "terminal server", marks: MarkServer | MarkTerminal}, {text: "s", marks: MarkS},

	// Captions in French, Russian and Chinese. Other languages keep the English
	// names of the editions.
	{text: "édition"}, {text: "unilingue", marks: MarkHomeVariant}, {text: "professionnel éducation", marks: MarkProfessional | MarkProVariant},
	{text: "professionnel pour les stations de travail", marks: MarkProfessional | MarkProVariant},
	{text: "ознакомительная версия"}, {text: "для одного языка", marks: MarkHomeVariant},
	{text: "專業版", marks: MarkProfessional}, {text: "家用版", marks: MarkHome}, {text: "家用進階版", marks: MarkHome | MarkPremium},
	{text: "旗艦版", marks: MarkUltimate}, {text: "企業版", marks: MarkEnterprise}, {text: "家庭单语言版", marks: MarkHome | MarkHomeVariant},
	{text: "professionnel", marks: MarkProfessional}, {text: "famille", marks: MarkHome},
	{text: "familiale", marks: MarkHome}, {text: "basique", marks: MarkBasic}, {text: "intégrale", marks: MarkUltimate},
	{text: "entreprise", marks: MarkEnterprise}, {text: "éducation", marks: MarkEducation},
	{text: "майкрософт"}, {text: "профессиональная", marks: MarkProfessional}, {text: "домашняя", marks: MarkHome},
	{text: "базовая", marks: MarkBasic}, {text: "расширенная", marks: MarkPremium}, {text: "начальная", marks: MarkStarter},
	{text: "максимальная", marks: MarkUltimate}, {text: "корпоративная", marks: MarkEnterprise},
	{text: "专业版", marks: MarkProfessional}, {text: "家庭版", marks: MarkHome}, {text: "家庭普通版", marks: MarkHome | MarkBasic},
	{text: "家庭高级版", marks: MarkHome | MarkPremium}, {text: "旗舰版", marks: MarkUltimate}, {text: "企业版", marks: MarkEnterprise},
	{text: "教育版", marks: MarkEducation}, {text: "家庭中文版", marks: MarkHome | MarkHomeVariant},
}

// numbers is every number that names a product. The numbers of NT need the
// word as well: there was a Windows 3.1 and a DOS 4.0.
var numbers = [...]struct {
	text   string
	family Family
}{
	{"3.1", Family{NT31, NT31AdvancedServer}},
	{"3.5", Family{NT35Workstation, NT35Server}},
	{"3.50", Family{NT35Workstation, NT35Server}},
	{"3.51", Family{NT351Workstation, NT351Server}},
	{"4", Family{NT40Workstation, NT40Server}},
	{"4.0", Family{NT40Workstation, NT40Server}},
	{"4.00", Family{NT40Workstation, NT40Server}},
	{"95", Family{Windows95, Windows95}},
	{"98", Family{Windows98, Windows98}},
	{"2000", Family{Windows2000Professional, Windows2000DatacenterServer}},
	{"2003", Family{Server2003Web, Server2003Datacenter}},
	{"2008", Family{Server2008Web, Server2008Datacenter}},
	{"7", Family{Windows7Starter, Windows7Ultimate}},
	{"8", Family{Windows8, Windows8RT}},
	{"8.0", Family{Windows8, Windows8RT}},
	{"8.1", Family{Windows81, Windows81RT}},
	{"81", Family{Windows81, Windows81RT}}, // as in "win81"
	{"2012", Family{Server2012Foundation, Server2012Datacenter}},
	{"10", Family{Windows10Home, Windows10EnterpriseMultiSession}},
	{"11", Family{Windows11Home, Windows11EnterpriseMultiSession}},
	{"2016", Family{Server2016Standard, Server2016Datacenter}},
	{"2019", Family{Server2019Standard, Server2019Datacenter}},
	{"2022", Family{Server2022Standard, Server2022DatacenterAzureEdition}},
	{"2025", Family{Server2025Standard, Server2025DatacenterAzureEdition}},
}
