package limits

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A reading is what the words of a name say. Its zero value says nothing.
type reading struct {
	marks  nameMarks
	family family // the products it can be
	odd    family // a product named besides, as the year in "10 Enterprise 2016 LTSB"
	packs  uint16 // the service packs named, one bit for each level
	built  int8   // 1 + the service pack that a build stands for, 0 = none
	second bool   // R2
	ranged bool   // the family is a range, as in "7 - 10"
	number bool   // the family was named by a number
	year   bool   // a year that is no product, as in "Media Center Edition 2005"
	vague  bool   // no release of the product is named, and not all are listed
	unread int    // words that mean nothing
}

// family is a range of editions, the zero family none.
type family struct{ first, last Edition }

func (f family) contains(e Edition) bool { return f.first <= e && e <= f.last }

// overlaps is false if either is none.
func (f family) overlaps(g family) bool {
	return f.first <= g.last && g.first <= f.last && f.last != UnknownEdition
}

// nameMarks is a set of things that a name can say of an edition.
type nameMarks uint64

const (
	// These make up the names of the editions.
	markProfessional nameMarks = 1 << iota
	markHome
	markBasic
	markPremium
	markStarter
	markBusiness
	markEnterprise
	markUltimate
	markServer
	markAdvanced
	markDatacenter
	markWorkstation
	markWeb
	markStandard
	markFoundation
	markEssentials
	markEducation
	markIoT
	markCore
	markRT
	markMediaCenter
	markTablet
	markMultiSession
	markAzure
	mark64 // only XP Professional x64 has it in its name; elsewhere it is the processor

	// These narrow a choice down.
	mark32
	markItanium
	markProVariant    // for Workstations, Education: Pro in other wrapping
	markHomeVariant   // Single Language, with Bing, China: Core or Home in other wrapping
	markLongTerm      // LTSB and LTSC, servicing channels of Enterprise
	markSecondEdition // of Windows 98
	markServerVariant // how a server was installed
	markNT
	markSmallBusiness

	marksOfEditions = mark64<<1 - 1
)

// fullName returns the marks that together are the name of an edition within
// its product.
func (e Edition) fullName() nameMarks {
	switch editions[e].name {
	case "Workstation":
		return markWorkstation
	case "Server":
		return markServer
	case "Advanced Server":
		return markAdvanced | markServer
	case "Datacenter Server":
		return markDatacenter | markServer
	case "Professional", "Pro":
		return markProfessional
	case "Professional x64":
		return markProfessional | mark64
	case "Media Center":
		return markMediaCenter
	case "Tablet PC":
		return markTablet
	case "Starter":
		return markStarter
	case "Home":
		return markHome
	case "Home Basic":
		return markHome | markBasic
	case "Home Premium":
		return markHome | markPremium
	case "Business":
		return markBusiness
	case "Enterprise":
		return markEnterprise
	case "Ultimate":
		return markUltimate
	case "Web":
		return markWeb
	case "Standard":
		return markStandard
	case "Datacenter":
		return markDatacenter
	case "Premium":
		return markPremium
	case "Foundation":
		return markFoundation
	case "Essentials":
		return markEssentials
	case "Education":
		return markEducation
	case "RT":
		return markRT
	case "IoT Core":
		return markIoT | markCore
	case "IoT Enterprise":
		return markIoT | markEnterprise
	case "Enterprise multi-session":
		return markEnterprise | markMultiSession
	case "Datacenter Azure Edition":
		return markDatacenter | markAzure
	}
	return 0 // Core
}

// A word is an entry of the vocabulary.
type word struct {
	text   string // lower case; a space stands for any separators or none
	marks  nameMarks
	family family
	kind   wordKind
}

// wordKind is what a word does besides its marks and family.
type wordKind uint8

const (
	plainWord   wordKind = iota
	packWord             // the number that follows is a service pack
	versionWord          // the number that follows is a version of the same product
	noPackWord           // there is no service pack
	secondWord           // R2
)

// vocabulary is every word of a name but its numbers. Where several entries
// match, the longest does. Words with neither marks nor family leave the
// edition and its limits as they are.
var vocabulary = [...]word{
	{text: "microsoft"}, {text: "ms"}, {text: "windows"}, {text: "win"}, {text: "w"},
	{text: "edition"}, {text: "ed"}, {text: "family"}, {text: "os"}, {text: "operating system"}, {text: "operating systems"},
	{text: "with"}, {text: "for"}, {text: "the"}, {text: "system"}, {text: "systems"}, {text: "based"}, {text: "base"},
	{text: "version", kind: versionWord}, {text: "ver", kind: versionWord}, {text: "v", kind: versionWord},
	{text: "build", kind: versionWord}, {text: "os build", kind: versionWord}, {text: "update", kind: versionWord},
	{text: "release", kind: versionWord}, {text: "osr", kind: versionWord}, {text: "power pack", kind: versionWord},
	{text: "r1"}, {text: "r2", kind: secondWord}, {text: "release 2", kind: secondWord},
	{text: "sp", kind: packWord}, {text: "service pack", kind: packWord},
	{text: "no service pack", kind: noPackWord}, {text: "no sp", kind: noPackWord}, {text: "rtm", kind: noPackWord}, {text: "gold", kind: noPackWord},
	{text: "as released", kind: noPackWord},
	{text: "n"}, {text: "k"}, {text: "kn"}, {text: "evaluation"}, {text: "eval"}, {text: "insider preview"},
	{text: "oem"}, {text: "retail"}, {text: "volume"}, {text: "vl"},
	{text: "x86 64", marks: mark64}, {text: "x64", marks: mark64}, {text: "amd64", marks: mark64}, {text: "arm64"}, {text: "arm"},
	{text: "x86", marks: mark32}, {text: "i386", marks: mark32}, {text: "i686", marks: mark32}, {text: "x32", marks: mark32},
	{text: "ia64", marks: markItanium}, {text: "itanium", marks: markItanium},

	{text: "nt", family: family{NT31, NT40Server}, marks: markNT},
	{text: "xp", family: family{XPStarter, XPTabletPC}},
	{text: "vista", family: family{VistaStarter, VistaUltimate}},
	{text: "me", family: family{WindowsMe, WindowsMe}},
	{text: "millennium", family: family{WindowsMe, WindowsMe}}, {text: "millenium", family: family{WindowsMe, WindowsMe}},
	{text: "home server", family: family{HomeServer, HomeServer}}, {text: "whs", family: family{HomeServer, HomeServer}},
	{text: "small business server", marks: markSmallBusiness}, {text: "sbs", marks: markSmallBusiness},
	{text: "second edition", marks: markSecondEdition}, {text: "se", marks: markSecondEdition},

	{text: "professional", marks: markProfessional}, {text: "pro", marks: markProfessional}, {text: "prof", marks: markProfessional},
	{text: "home", marks: markHome}, {text: "basic", marks: markBasic}, {text: "premium", marks: markPremium},
	{text: "starter", marks: markStarter}, {text: "business", marks: markBusiness},
	{text: "enterprise", marks: markEnterprise}, {text: "ent", marks: markEnterprise},
	{text: "ultimate", marks: markUltimate}, {text: "ult", marks: markUltimate},
	{text: "server", marks: markServer}, {text: "srv", marks: markServer}, {text: "svr", marks: markServer},
	{text: "advanced", marks: markAdvanced}, {text: "adv", marks: markAdvanced}, {text: "as", marks: markAdvanced | markServer},
	{text: "datacenter", marks: markDatacenter}, {text: "data center", marks: markDatacenter}, {text: "datacentre", marks: markDatacenter},
	{text: "workstation", marks: markWorkstation}, {text: "wks", marks: markWorkstation}, {text: "wkst", marks: markWorkstation}, {text: "wksta", marks: markWorkstation},
	{text: "web", marks: markWeb}, {text: "standard", marks: markStandard}, {text: "std", marks: markStandard},
	{text: "foundation", marks: markFoundation}, {text: "essentials", marks: markEssentials},
	{text: "education", marks: markEducation}, {text: "edu", marks: markEducation},
	{text: "iot", marks: markIoT}, {text: "core", marks: markCore}, {text: "rt", marks: markRT},
	{text: "media center", marks: markMediaCenter}, {text: "media centre", marks: markMediaCenter}, {text: "mce", marks: markMediaCenter},
	{text: "tablet", marks: markTablet}, {text: "tablet pc", marks: markTablet},

	{text: "multi session", marks: markMultiSession}, {text: "for virtual desktops", marks: markMultiSession},
	{text: "azure", marks: markAzure}, {text: "in s mode"}, {text: "s mode"},

	{text: "for workstations", marks: markProVariant}, {text: "pro workstation", marks: markProfessional | markProVariant}, {text: "professional workstation", marks: markProfessional | markProVariant},
	{text: "pro education", marks: markProfessional | markProVariant}, {text: "professional education", marks: markProfessional | markProVariant},
	{text: "专业工作站版", marks: markProfessional | markProVariant}, {text: "专业教育版", marks: markProfessional | markProVariant},
	{text: "single language", marks: markHomeVariant}, {text: "country specific", marks: markHomeVariant},
	{text: "with bing", marks: markHomeVariant}, {text: "china", marks: markHomeVariant},
	{text: "ltsb", marks: markLongTerm}, {text: "ltsc", marks: markLongTerm},
	{text: "full installation", marks: markServerVariant}, {text: "core installation", marks: markServerVariant},
	{text: "without hyper v", marks: markServerVariant}, {text: "desktop experience", marks: markServerVariant},

	// Captions in French, Russian and Chinese. Other languages keep the English
	// names of the editions.
	{text: "édition"}, {text: "professionnel", marks: markProfessional}, {text: "famille", marks: markHome},
	{text: "familiale", marks: markHome}, {text: "basique", marks: markBasic}, {text: "intégrale", marks: markUltimate},
	{text: "entreprise", marks: markEnterprise}, {text: "éducation", marks: markEducation},
	{text: "майкрософт"}, {text: "профессиональная", marks: markProfessional}, {text: "домашняя", marks: markHome},
	{text: "базовая", marks: markBasic}, {text: "расширенная", marks: markPremium}, {text: "начальная", marks: markStarter},
	{text: "максимальная", marks: markUltimate}, {text: "корпоративная", marks: markEnterprise},
	{text: "专业版", marks: markProfessional}, {text: "家庭版", marks: markHome}, {text: "家庭普通版", marks: markHome | markBasic},
	{text: "家庭高级版", marks: markHome | markPremium}, {text: "旗舰版", marks: markUltimate}, {text: "企业版", marks: markEnterprise},
	{text: "教育版", marks: markEducation}, {text: "家庭中文版", marks: markHome | markHomeVariant},
}

// numbers is every number that names a product. The numbers of NT need the
// word as well: there was a Windows 3.1 and a DOS 4.0.
var numbers = [...]struct {
	text   string
	family family
}{
	{"3.1", family{NT31, NT31AdvancedServer}},
	{"3.5", family{NT35Workstation, NT35Server}},
	{"3.50", family{NT35Workstation, NT35Server}},
	{"3.51", family{NT351Workstation, NT351Server}},
	{"4", family{NT40Workstation, NT40Server}},
	{"4.0", family{NT40Workstation, NT40Server}},
	{"4.00", family{NT40Workstation, NT40Server}},
	{"95", family{Windows95, Windows95}},
	{"98", family{Windows98, Windows98}},
	{"2000", family{Windows2000Professional, Windows2000DatacenterServer}},
	{"2003", family{Server2003Web, Server2003Datacenter}},
	{"2008", family{Server2008Web, Server2008Datacenter}},
	{"7", family{Windows7Starter, Windows7Ultimate}},
	{"8", family{Windows8, Windows8RT}},
	{"8.0", family{Windows8, Windows8RT}},
	{"8.1", family{Windows81, Windows81RT}},
	{"2012", family{Server2012Foundation, Server2012Datacenter}},
	{"10", family{Windows10Home, Windows10EnterpriseMultiSession}},
	{"11", family{Windows11Home, Windows11EnterpriseMultiSession}},
	{"2016", family{Server2016Standard, Server2016Datacenter}},
	{"2019", family{Server2019Standard, Server2019Datacenter}},
	{"2022", family{Server2022Standard, Server2022DatacenterAzureEdition}},
	{"2025", family{Server2025Standard, Server2025DatacenterAzureEdition}},
}

// read takes in a name of at most maxName bytes.
func (r *reading) read(name string) {
	var buf [2 * maxName]byte
	text := plain(buf[:0], name)
	var (
		kind    wordKind
		dash    bool    // between the numbers of a range
		start   = -1    // of the present run of letters, -1 = outside of one
		saved   reading // as it was there
		guesses = 4     // misspelt words to look up, each at the cost of the whole vocabulary
	)
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '-':
			dash, start = true, -1
			i++
		case c == ' ' || c == '.':
			start = -1
			i++
		case isDigit(c):
			i = r.readNumber(text, i, kind, dash)
			kind, dash, start = plainWord, false, -1
		default:
			if start < 0 {
				start, saved = i, *r
			}
			w, n := longestWord(text[i:])
			if w != nil {
				r.apply(w)
				kind = w.kind
				i += n
				continue
			}
			*r = saved
			r.unread++
			for i = start; i < len(text) && isLetter(text[i]); i++ {
			}
			if guesses > 0 {
				guesses--
				if w := nearestWord(text[start:i]); w != nil {
					r.apply(w)
				}
			}
			kind, start = plainWord, -1
		}
	}
	r.finish()
}

// apply takes in a word.
func (r *reading) apply(w *word) {
	r.marks |= w.marks
	if w.family != (family{}) {
		r.addFamily(w.family, false)
	}
	switch w.kind {
	case noPackWord:
		r.packs |= 1
	case secondWord:
		r.second = true
		r.applySecond()
	}
}

// applySecond turns 2008 and 2012 into their R2, the later end of a range only.
// Windows Server 2003 R2 is Server 2003 with additions: the same limits.
func (r *reading) applySecond() {
	for _, p := range [...]struct{ from, to family }{
		{family{Server2008Web, Server2008Datacenter}, family{Server2008R2Foundation, Server2008R2Datacenter}},
		{family{Server2012Foundation, Server2012Datacenter}, family{Server2012R2Foundation, Server2012R2Datacenter}},
	} {
		if r.family.last == p.from.last {
			r.family.last = p.to.last
			if !r.ranged {
				r.family.first = p.to.first
			}
		}
	}
}

// addFamily takes in a product.
func (r *reading) addFamily(f family, dash bool) {
	switch {
	case r.family == (family{}):
		r.family = f
		if r.second {
			r.applySecond()
		}
	case dash && r.number && r.family.last < f.first:
		r.family.last = f.last
		r.ranged = true
	case r.family.overlaps(f):
		r.family = family{max(r.family.first, f.first), min(r.family.last, f.last)}
	default:
		r.odd = f
	}
}

// readNumber takes in the number at i, and the letters that belong to it, and
// returns where it ends. The kind is that of the word before it.
func (r *reading) readNumber(text []byte, i int, kind wordKind, dash bool) int {
	start := i
	for i < len(text) && (isDigit(text[i]) || text[i] == '.' && i+1 < len(text) && isDigit(text[i+1])) {
		i++
	}
	number := text[start:i]
	after := func(suffix string) int { // where the suffix ends that follows the number, or -1
		if n := matchWord(suffix, text[i:]); n >= 0 {
			return i + n
		}
		return -1
	}
	switch {
	case kind == packWord:
		if len(number) != 1 {
			r.unread++
			return i
		}
		r.addPack(int(number[0]-'0'), dash)
		// 6a of NT 4.0 and 1a of XP are reissues of the same level.
		if i < len(text) && text[i] == 'a' && (i+1 == len(text) || !isLetter(text[i+1])) {
			i++
		}
		return i
	case len(number) == 2 && i+1 < len(text) && text[i] == 'h' && isDigit(text[i+1]): // 22H2
		r.addRelease(string(text[start : i+2]))
		return i + 2
	case kind == versionWord:
		r.addVersion(number, true)
		return i
	}
	if string(number) == "2" && i < len(text) && text[i] == 'k' { // w2k, 2k3, 2k8, 2k12
		i++
		year := [4]byte{'2', '0', '0', '0'}
		digits := i
		for i < len(text) && isDigit(text[i]) && i-digits < 2 {
			i++
		}
		copy(year[4-(i-digits):], text[digits:i])
		r.addNumber(year[:], dash)
		return i
	}
	if is64 := string(number) == "64"; is64 || string(number) == "32" {
		if end := after(" bit"); end >= 0 {
			switch edition := matchWord(" edition", text[end:]); {
			case !is64:
				r.marks |= mark32
			case edition > 0 && r.marks&markProfessional == 0:
				r.marks |= markItanium
			default:
				r.marks |= mark64
			}
			return end
		}
	}
	r.addNumber(number, dash)
	return i
}

// addNumber takes in a number that nothing before it explains.
func (r *reading) addNumber(number []byte, dash bool) {
	for _, n := range numbers {
		if n.text == string(number) {
			r.addFamily(n.family, dash)
			r.number = true
			return
		}
	}
	switch string(number) {
	case "2002", "2004", "2005", "2015", "2021", "2024":
		r.year = true
		return
	}
	r.addVersion(number, false)
}

// addPack takes in a service pack.
func (r *reading) addPack(level int, dash bool) {
	first := level
	if dash && r.packs != 0 {
		for first > 0 && r.packs&(1<<first) == 0 {
			first--
		}
	}
	for ; first <= level; first++ {
		r.packs |= 1 << first
	}
}

// addVersion takes in a version number or a build. A version that contradicts
// the product is not understood, nor is a number that may not be one: it must
// be known or be said to be a version.
func (r *reading) addVersion(number []byte, said bool) {
	v := parseVersion(number)
	if v.parts == 1 && r.released() && v.major >= 1507 && v.major <= 2004 {
		r.addRelease(string(number)) // such as 1909
		return
	}
	for i := range versions {
		s := &versions[i]
		if !v.is(s) {
			continue
		}
		if r.family.overlaps(s.client) || r.family.overlaps(s.server) {
			if s.pack >= 0 && v.parts != 2 {
				if r.built > 0 && r.built != s.pack+1 {
					r.unread++
				}
				r.built = s.pack + 1
			}
			return
		}
		said = said && v.parts == 1
	}
	if !said {
		r.unread++
	}
}

// addRelease takes in a release such as 1909 or 22H2. Clients were many, each
// server was one; a server of another release is a product of its own.
func (r *reading) addRelease(release string) {
	if !r.released() {
		r.unread++
		return
	}
	own := release
	switch r.family.first {
	case Server2016Standard:
		own = "1607"
	case Server2019Standard:
		own = "1809"
	case Server2022Standard:
		own = "21h2"
	case Server2025Standard:
		own = "24h2"
	}
	if release != own {
		r.unread++
	}
}

// released reports whether the product is one with releases such as 22H2.
func (r *reading) released() bool { return r.family.first >= Windows10Home }

// finish judges the words together.
func (r *reading) finish() {
	if r.marks&markSmallBusiness != 0 {
		switch r.family.first {
		case Server2003Web:
			r.family = family{SmallBusinessServer2003Standard, SmallBusinessServer2003Premium}
		case UnknownEdition:
			r.family = family{SmallBusinessServer2003Standard, SmallBusinessServer2003Premium}
			r.vague = true
		default:
			r.unread++
		}
	}
	if r.marks&markRT != 0 && r.family == (family{}) {
		r.family = family{Windows8, Windows8RT}
	}
	if r.family.first != UnknownEdition && r.family.last <= NT40Server && r.marks&markNT == 0 {
		r.family = family{}
		r.unread++
	}
	if r.odd != (family{}) && (r.marks&markLongTerm == 0 || r.odd.first < Server2016Standard) {
		r.unread++
	}
	if r.year && r.marks&(markLongTerm|markMediaCenter|markTablet) == 0 {
		r.unread++
	}
	if r.second && r.family != (family{}) && r.family.first != Server2003Web && !isSecond(r.family.first) && !isSecond(r.family.last) {
		r.unread++
	}
	if r.built > 0 && r.packs&^(1<<(r.built-1)) != 0 {
		r.unread++
	}
}

// isSecond reports whether the edition is one of an R2.
func isSecond(e Edition) bool { return strings.HasSuffix(editions[e].product, " R2") }

// fit is how well an edition fits a name.
type fit uint8

const (
	noFit   fit = iota
	partFit     // the name leaves something of the edition's name out
	fullFit     // the name says all of it
)

// fit returns how well an edition fits what was read.
func (r *reading) fit(e Edition) fit {
	if r.family != (family{}) && !r.family.contains(e) {
		return noFit
	}
	said, full := r.marks&marksOfEditions, e.fullName()
	server, xp := e.Server(), editions[e].product == "Windows XP"
	if r.ranged && server != r.family.first.Server() {
		return noFit
	}
	if r.second && r.family == (family{}) && !isSecond(e) {
		return noFit
	}
	if said&markServer != 0 && full&markServer == 0 {
		if !server {
			return noFit
		}
		said &^= markServer
	}
	if said&markCore != 0 && full&markCore == 0 {
		switch { // the edition IDs Core and ServerStandardCore
		case server || full == 0:
			said &^= markCore
		case full == markHome && r.released():
			said = said&^markCore | markHome
		}
	}
	if !xp {
		said &^= mark64
	}
	if full == markProfessional && said&markMediaCenter != 0 && (e == Windows8Pro || e == Windows81Pro) {
		said &^= markMediaCenter // Pro with Media Center
	}
	if said&^full != 0 || full&markMultiSession&^said != 0 {
		return noFit // multi-session is meant only where it is named
	}
	for _, narrow := range [...]struct {
		mark nameMarks
		fits bool
	}{
		{mark32, full&mark64 == 0},
		{markItanium, !xp && editions[e].product != "Windows Server 2008" && editions[e].product != "Windows Server 2008 R2"},
		{markProVariant, e == Windows10Pro || e == Windows11Pro},
		{markHomeVariant, e == Windows8 || e == Windows81 || e == Windows10Home || e == Windows11Home},
		{markLongTerm, full&markEnterprise != 0 && (editions[e].product == "Windows 10" || editions[e].product == "Windows 11")},
		{markSecondEdition, e == Windows98},
		{markServerVariant, server},
	} {
		if r.marks&narrow.mark != 0 && !narrow.fits {
			return noFit
		}
	}
	if full&^said != 0 {
		return partFit
	}
	return fullFit
}

// one returns the one edition that was named, if there is one.
func (r *reading) one() (Edition, bool) {
	if r.unread > 0 || r.vague || r.family == (family{}) && r.marks&marksOfEditions&^mark64 == 0 {
		return 0, false
	}
	var found [fullFit + 1]Edition
	var count [fullFit + 1]int
	for e := range Editions() {
		f := r.fit(e)
		found[f] = e
		count[f]++
	}
	switch {
	case count[fullFit] == 1:
		return found[fullFit], true
	case count[fullFit] == 0 && count[partFit] == 1:
		return found[partFit], true
	}
	return 0, false
}

// all returns the editions that fit, and only those that fit fully if there
// are any with a name of their own: "Windows 8" is any edition of it.
func (r *reading) all() []Edition {
	if r.family == (family{}) && r.marks&marksOfEditions&^mark64 == 0 {
		return nil
	}
	var full, part []Edition
	for e := range Editions() {
		switch r.fit(e) {
		case fullFit:
			full = append(full, e)
			part = append(part, e)
		case partFit:
			part = append(part, e)
		}
	}
	named := r.family != (family{}) || r.marks&marksOfEditions&^(mark64|markServer) != 0
	if len(full) > 0 && full[0].fullName() != 0 && named {
		return full
	}
	return part
}

// failure returns the error for a name that one did not find an edition for.
func (r *reading) failure(name string) error {
	err := &NameError{Input: name}
	if r.unread > 0 && r.family == (family{}) && r.marks&marksOfEditions&^(mark64|markServer) == 0 {
		return err
	}
	err.Candidates = r.all()
	err.Ambiguous = r.unread == 0 && len(err.Candidates) > 0
	if len(err.Candidates) > 0 || r.family == (family{}) {
		return err
	}
	var all []Edition
	for e := r.family.first; e <= r.family.last; e++ {
		switch full := e.fullName(); {
		case full&markMultiSession&^r.marks != 0:
			continue
		case full&r.marks != 0:
			err.Candidates = append(err.Candidates, e)
		}
		all = append(all, e)
	}
	if len(err.Candidates) == 0 {
		err.Candidates = all
	}
	return err
}

// plain appends the name in lower case, with a space for whatever is neither
// letter nor digit nor one of . and -, and without the marks of trade.
func plain(dst []byte, name string) []byte {
	for i := 0; i < len(name); {
		if name[i] == '(' {
			if n := tradeMark(name[i:]); n > 0 {
				dst = append(dst, ' ')
				i += n
				continue
			}
		}
		c, size := utf8.DecodeRuneInString(name[i:])
		i += size
		switch {
		case c == '.' || c == '-' || '0' <= c && c <= '9':
			dst = append(dst, byte(c))
		case c == '–':
			dst = append(dst, '-')
		case c != utf8.RuneError && unicode.IsLetter(c):
			dst = utf8.AppendRune(dst, unicode.ToLower(c))
		default:
			dst = append(dst, ' ')
		}
	}
	return dst
}

// tradeMark returns the length of the (R), (TM) or (C) that s begins with.
func tradeMark(s string) int {
	for _, m := range [...]string{"(r)", "(tm)", "(c)"} {
		if len(s) >= len(m) && strings.EqualFold(s[:len(m)], m) {
			return len(m)
		}
	}
	return 0
}

// isLetter is for the bytes of plain.
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || c >= utf8.RuneSelf }

// matchWord returns how much of the text is the word, or -1 if the text does
// not begin with it.
func matchWord(word string, text []byte) int {
	i := 0
	for j := 0; j < len(word); j++ {
		if word[j] == ' ' {
			for i < len(text) && (text[i] == ' ' || text[i] == '-') {
				i++
			}
			continue
		}
		if i == len(text) || text[i] != word[j] {
			return -1
		}
		i++
	}
	if i < len(text) && i > 0 && isDigit(text[i-1]) && isDigit(text[i]) {
		return -1
	}
	return i
}

// longestWord returns the longest word that the text begins with and its
// length in the text, or nil.
func longestWord(text []byte) (w *word, length int) {
	for i := range vocabulary {
		if vocabulary[i].text[0] != text[0] {
			continue
		}
		if n := matchWord(vocabulary[i].text, text); n > length {
			w, length = &vocabulary[i], n
		}
	}
	return w, length
}

// nearestWord returns the word of the vocabulary that a misspelt one probably
// is, or nil.
func nearestWord(misspelt []byte) (w *word) {
	const longest = 24
	if len(misspelt) > longest {
		return nil
	}
	nearest := min(2, (len(misspelt)-1)/3) + 1
	for i := range vocabulary {
		text := vocabulary[i].text
		if len(text) < 4 || len(text) > longest {
			continue
		}
		if d := editDistance(text, misspelt); d < nearest {
			w, nearest = &vocabulary[i], d
		}
	}
	return w
}

// editDistance returns the number of letters to insert, delete, replace or
// swap with their neighbour that turn one word into the other. Neither has
// more than 24 bytes.
func editDistance(a string, b []byte) int {
	var rows [3][25]int // the last two and the present one
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, last, beforeLast := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, beforeLast[j-2]+1)
			}
			row[j] = d
		}
	}
	return rows[len(a)%3][len(b)]
}
