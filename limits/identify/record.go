package identify

import (
	"math"
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// A pair is a name and a value of a record, as they stand there.
type pair struct {
	key, value string
	null       bool // the value is none, as null in JSON
	near       nearness
}

// nearness is how near a pair stands to the name of an edition.
type nearness uint8

const (
	farAway    nearness = iota
	nearby              // in a text, not many lines away: it can be of a program as well
	sameRecord          // in one object of JSON, one key of the registry
)

// A record is what is known of one machine, in the order in which it stands
// there.
type record []pair

// maxRecord is how many pairs of a record are read.
const maxRecord = 4096

// name returns the name of a pair in lower case, without what tools put before and
// between its words.
func (p *pair) name() string {
	var b strings.Builder
	for _, c := range p.key {
		switch {
		case 'A' <= c && c <= 'Z':
			b.WriteByte(byte(c) + 'a' - 'A')
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			b.WriteByte(byte(c))
		}
	}
	name := b.String()
	for _, prefix := range [...]string{"ansible", "host", "win32operatingsystem"} {
		if rest := strings.TrimPrefix(name, prefix); rest != "" {
			name = rest
		}
	}
	return name
}

// names of pairs that say one thing, the best first.
const (
	captionKeys = " caption osname operatingsystemname fullname productname windowsproductname operatingsystem ossystem "
	nameKeys    = " name edition os osfull ospretty prettyname distribution product osdetails osplatform nativeos title "
	versionKeys = " version osversion kernelversion oskernel kernel currentversion operatingsystemversion distributionversion oskernelversion release osrelease "
	buildKeys   = " buildnumber currentbuild currentbuildnumber build osbuild osbuildnumber "
	releaseKeys = " displayversion osdisplayversion releaseid "
	packKeys    = " csdversion servicepack servicepackmajorversion osservicepackmajorversion ossp osservicepack "
	skuKeys     = " operatingsystemsku osoperatingsystemsku sku ossku "
	typeKeys    = " producttype osproducttype "
	suiteKeys   = " osproductsuite suitemask suite "
	installKeys = " installationtype windowsinstallationtype osinstallationtype "
	editionKeys = " editionid windowseditionid oseditionid "
	systemKeys  = " platform ostype osfamily kernelname sysname osplatform "
)

func one(keys, name string) bool { return strings.Contains(keys, " "+name+" ") }

// A said is what a record says of an installation of Windows.
type said struct {
	id      Identity
	caption bool // the name is one that Windows gives to itself
	windows bool // a word says that it is Windows
	own     bool // a field that only Windows has is there
	foreign bool // it is of another system
}

// evidence returns what the record says. It is false if nothing in it says that it is
// about Windows.
func (rec record) evidence(form Form) (ev evidence, ok bool) {
	s := rec.read()
	versioned := s.id.Major != 0 || s.id.Build != 0
	if s.foreign || !s.windows && !(s.own && versioned) || s.id.Name == "" && !versioned {
		return evidence{}, false
	}
	ev = evidence{input: s.id.String(), form: form, id: s.id, caption: s.caption, own: s.own}
	if s.id.Name != "" {
		ev.name, ev.named = nameOf(s.id.Name, s.caption), true
	}
	return ev, true
}

// read reads all pairs.
func (rec record) read() (s said) {
	titles := map[string]string{}
	for i := range rec {
		p := &rec[i]
		name, value := p.name(), strings.TrimSpace(p.value)
		switch {
		case one(captionKeys, name), one(nameKeys, name):
			title, _, _ := strings.Cut(value, "|") // Name of Win32_OperatingSystem
			switch {
			case titles[name] != "":
			case namesWindows(title):
				titles[name], s.windows = strings.TrimSpace(title), true
			case foreign(title):
				s.foreign = true
			case (name == "os" || name == "name" || name == "product") && strings.EqualFold(title, "windows"):
				s.windows = true
			}
		case one(systemKeys, name):
			s.windows = s.windows || strings.HasPrefix(strings.ToLower(value), "win") || strings.EqualFold(value, "mswin32")
		case one(skuKeys, name):
			if sku, ok := parseSKU(value); ok && s.id.SKU == SKUUndefined {
				s.id.SKU, s.own = sku, true
			}
		case one(typeKeys, name):
			if t := parseProductType(value); t != UnknownProductType {
				s.id.ProductType, s.own = t, true
			}
		case one(suiteKeys, name):
			if n, err := strconv.ParseUint(value, 0, 32); err == nil && n != 0 {
				s.id.Suite, s.own = SuiteMask(n), true
			}
		case one(installKeys, name):
			s.id.InstallationType = value
			s.own = s.own || s.id.kind() != anyKind
		case one(editionKeys, name):
			s.id.EditionID = value
			s.own = s.own || editionOf(value) != nil
		case one(packKeys, name):
			s.id.addPack(name, value, p.null)
			s.own = s.own || name == "csdversion"
		case one(releaseKeys, name):
			if _, ok := names.Release(value); ok {
				s.id.Release = value
			}
		}
	}
	s.id.addNumbers(rec)
	s.id.Name, s.caption = best(titles)
	if titles["caption"] == "" && titles["productname"] == "" {
		// Java's os.name looks like the OS Name of systeminfo.
		s.caption = s.caption && strings.HasPrefix(strings.ToLower(s.id.Name), "microsoft")
	}
	return s
}

// nameOf reads a name in a record. Prose can stand around one that Windows does
// not give to itself.
func nameOf(name string, caption bool) names.Reading {
	name = name[:min(len(name), names.MaxLength)]
	r := names.ReadExact(name)
	if r.Unread == 0 || caption {
		return r
	}
	l := lister{text: name, tokens: tokens(name)}
	for i := range l.tokens {
		if l.anchors(i) {
			if all, _ := l.read(i); len(all) == 1 {
				return all[0].reading
			}
			break
		}
	}
	return r
}

// best returns the name that tells most, and whether it is one that Windows gives
// to itself.
func best(titles map[string]string) (title string, caption bool) {
	for i, keys := range [...]string{captionKeys, nameKeys} {
		for key := range strings.FieldsSeq(keys) {
			if titles[key] != "" {
				return titles[key], i == 0
			}
		}
	}
	return "", false
}

// namesWindows reports whether a value is the name of an edition.
func namesWindows(value string) bool {
	l := lister{text: value, tokens: tokens(value[:min(len(value), names.MaxLength)])}
	for i := range l.tokens {
		if l.anchors(i) {
			all, _ := l.read(i)
			return len(all) > 0 && !(all[0].reading.Empty() && !all[0].reading.Unlisted)
		}
	}
	return false
}

// foreign reports whether a name is that of another system.
func foreign(value string) bool {
	for word := range strings.FieldsFuncSeq(value, func(c rune) bool { return !wordRune(c) && c != '-' }) {
		if otherSystem(word) {
			return true
		}
	}
	return false
}

// addNumbers takes in the versions and builds of a record. What a program calls a
// version counts only if it is one of Windows.
func (id *Identity) addNumbers(rec record) {
	for i := range rec {
		p := &rec[i]
		name, value := p.name(), strings.TrimSpace(p.value)
		switch {
		case one(versionKeys, name):
			id.addVersion(name, value, p.near)
		case one(buildKeys, name):
			n, _, _ := strings.Cut(value, ".")
			build, err := strconv.Atoi(n)
			if id.Build != 0 || err != nil || build <= 0 || build > math.MaxInt32 {
				continue
			}
			if known := (names.Version{Parts: 1, Major: build}).Known(); p.near == sameRecord || p.near == nearby && known {
				id.Build = build
			}
		}
	}
	number := func(keys string) (int, bool) {
		for i := range rec {
			if one(keys, rec[i].name()) {
				n, err := strconv.ParseInt(strings.TrimSpace(rec[i].value), 0, 32)
				return int(n), err == nil
			}
		}
		return 0, false
	}
	major, ok := number(" currentmajorversionnumber major majorversion osmajor ")
	if ok && (id.Major == 0 || major == 10) {
		minor, _ := number(" currentminorversionnumber minor minorversion osminor ")
		id.Major, id.Minor = major, minor
	}
}

// addVersion takes in a value such as "10.0.19045", "10.0 (22631)", "5.1.2600
// Service Pack 3 Build 2600", "22H2" or "1909".
func (id *Identity) addVersion(name, value string, near nearness) {
	if release, ok := names.Release(value); ok && near != farAway {
		if release.Parts > 0 && id.Release == "" {
			id.Release = value
		}
		return
	}
	v, ok := names.FindVersion(value, 2)
	if !ok || value == "" || !names.IsDigit(value[0]) {
		return
	}
	programs := near != sameRecord && (name == "version" || name == "release")
	switch {
	case v.Known() && (v.Parts > 2 || near == sameRecord):
	case near == farAway, programs, !v.Known() && v.Major != 10 && v.Major != 6:
		return // it can be of any program
	}
	if id.Major == 0 {
		id.Major, id.Minor = v.Major, v.Minor
	}
	if v.Parts > 2 && id.Build == 0 {
		id.Build = v.Build
		id.Major, id.Minor = v.Major, v.Minor
	}
	if id.Build == 0 {
		if build, ok := buildBehind(value); ok {
			id.Build = build
		}
	}
	if pack := servicePackIn(value, limits.UnknownServicePack); pack != limits.UnknownServicePack {
		id.ServicePack = pack
	}
}

// buildBehind returns the build of "10.0 (22631)" and "6.1 Build 7601".
func buildBehind(value string) (build int, ok bool) {
	for field := range strings.FieldsFuncSeq(value, func(c rune) bool { return c < '0' || c > '9' }) {
		if n, err := strconv.Atoi(field); err == nil && n >= 500 && n <= math.MaxInt32 {
			return n, true
		}
	}
	return 0, false
}

// addPack takes in a service pack: "Service Pack 1", a number, or nothing where
// Windows says that there is none.
func (id *Identity) addPack(name, value string, null bool) {
	lower := strings.ToLower(value)
	switch {
	case null || lower == "" || lower == "n/a" || lower == "none":
		if id.ServicePack == limits.UnknownServicePack && name != "servicepackmajorversion" {
			id.ServicePack = limits.AsReleased
		}
	default:
		text := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(lower, "service pack"), "sp"))
		if i := strings.IndexFunc(text, func(c rune) bool { return c < '0' || c > '9' }); i >= 0 {
			text = text[:i]
		}
		if level, err := strconv.Atoi(text); err == nil {
			id.ServicePack = limits.ServicePackAt(level)
		}
	}
}

// parseSKU reads a SKU as a number or in Microsoft's words.
func parseSKU(value string) (SKU, bool) {
	if n, err := strconv.ParseUint(value, 0, 32); err == nil {
		return SKU(n), n != 0
	}
	if row := lookupSKUName(value); row != nil {
		return row.sku, true
	}
	return 0, false
}

// lookupSKUName returns the row of a SKU by Microsoft's name, or nil.
func lookupSKUName(name string) *skuRow {
	for i := range skus {
		if strings.EqualFold(skus[i].name, name) {
			return &skus[i]
		}
	}
	return nil
}

// parseProductType reads what WMI, PowerShell, Ansible and the registry have.
func parseProductType(value string) ProductType {
	switch strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(value)) {
	case "1", "workstation", "winnt", "client":
		return TypeWorkstation
	case "2", "domaincontroller", "lanmannt":
		return TypeDomainController
	case "3", "server", "servernt":
		return TypeServer
	}
	return UnknownProductType
}
