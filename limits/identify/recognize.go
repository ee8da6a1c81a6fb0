// Package identify tells which editions of Windows a machine may run: from the
// version, the product type and the SKU that Windows reports, and from the texts
// that inventories, scanners and people have. It never guesses. If a text does not
// tell, the Identification has several candidates.
//
// Recognize reads a text of any form, and most programs need nothing else. Caption,
// Ver, Systeminfo, Nmap, CPE, Winver, SMB and ActiveDirectory read a text whose form
// is known. Identify takes the fields of an inventory. Detect asks the system that
// the program runs on; nothing else here does I/O.
package identify

import (
	"errors"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Recognize returns the editions that a text of any form stands for: a name, a list
// of names by nmap or p0f, a caption, a version of Windows NT, a banner of SMB, the
// attributes of Active Directory behind a name, a line of ver, the text of winver, an
// output of systeminfo, a listing of the registry, a record of WMI, PowerShell,
// osquery, Wazuh or FusionInventory as lines, JSON, XML or CSV, sysDescr of SNMP, an
// identifier of a guest or an image, a User-Agent, a CPE name. The text may have
// several lines, and prose around it. It may be in UTF-8, in UTF-16 with or without a
// byte order mark, or in a code page.
//
// The Identification says which form was read, and what in the text disagrees
// (Conflicts). If name and build disagree, the build decides the product, as in
// Identify. If the text leaves something open, there are several candidates.
//
// The error matches ErrUnlisted if the table has no rules for the edition; the
// Identification then has its name. It matches limits.ErrUnknownEdition if the text
// is not known to be about Windows, or contradicts itself so that nothing decides. A
// number alone is not enough: for the attributes of Active Directory, the text of
// winver and banners without the word Windows use ActiveDirectory, Winver and SMB. A
// service pack that none of the editions had is a *limits.ServicePackError.
//
// Recognize reads texts of up to 4 MB, and the first 256 KB of one in a code page.
func Recognize(text string) (Identification, error) {
	if len(text) > maxText {
		return Identification{}, tooLong(text, maxText)
	}
	var (
		best    Identification
		bestErr error
	)
	for i, decoded := range decode(text) {
		id, err := recognize(decoded)
		if i == 0 || better(id, err, best, bestErr) {
			best, bestErr = id, err
		}
	}
	return best, bestErr
}

// better reports whether one reading of the bytes tells more than another.
func better(id Identification, err error, best Identification, bestErr error) bool {
	switch {
	case (err == nil) != (bestErr == nil):
		return err == nil
	case err != nil:
		return errors.Is(err, ErrUnlisted) && !errors.Is(bestErr, ErrUnlisted)
	}
	return len(id.Candidates)+len(id.Unlisted) < len(best.Candidates)+len(best.Unlisted)
}

// recognize tells the forms apart.
func recognize(text string) (Identification, error) {
	trimmed := strings.TrimSpace(text)
	lower := strings.ToLower(trimmed)
	if strings.HasPrefix(lower, "cpe:") && !strings.ContainsAny(trimmed, " \t\r\n") {
		return CPE(trimmed)
	}
	if id, err, ok := readRecords(text); ok {
		return id, err
	}
	if id, err, ok := readIdentifier(text); ok {
		return id, err
	}
	for _, read := range [...]func(string) (evidence, bool){sysDescr, verLine, python, php} {
		if ev, ok := read(text); ok {
			return ev.identify()
		}
	}
	if id, err, ok := readWinver(text, lower); ok {
		return id, err
	}
	cpes, rest, cpeErr := readCPEs(text)
	id, err := readNames(rest, false)
	switch named := err == nil || errors.Is(err, ErrUnlisted); {
	case named && agent(lower):
		if strings.Contains(lower, "win 9x 4.90") { // behind "Windows 98"
			id, err = readNames("Windows Me", false)
		}
		id.Form = FormUserAgent
		if strings.Contains(lower, "xbox") {
			id = Identification{Unlisted: []string{"Xbox"}, Form: FormUserAgent}
			err = &UnlistedError{Input: text, Unlisted: id.Unlisted}
		}
	case !named && (cpeErr == nil && len(cpes.Candidates) > 0 || errors.Is(cpeErr, ErrUnlisted)):
		return cpes, cpeErr
	}
	return id, err
}

// readRecords reads the first record of Windows in a text. It is false if there is
// none.
func readRecords(text string) (id Identification, err error, ok bool) {
	for _, rec := range jsonRecords(text) {
		if ev, ok := rec.evidence(FormRecord); ok {
			id, err := ev.identify()
			return id, err, true
		}
	}
	if strings.Contains(text, "</") || strings.Contains(text, "/>") {
		if ev, ok := xmlRecord(text).evidence(FormRecord); ok {
			id, err := ev.identify()
			return id, err, true
		}
	}
	rec, form := lineRecord(text)
	ev, found := rec.evidence(form)
	if !found || !ev.own && form != FormRegistry {
		if info, versioned, ok := systeminfo(text); ok && versioned {
			ev, found = info, true
		} else if info, versioned, ok := systeminfo(csvLines(text)); ok && versioned {
			ev, found = info, true
		}
	}
	if !found || ev.form == FormRecord && len(rec) < 2 && !ev.caption {
		return Identification{}, nil, false
	}
	id, err = ev.identify()
	return id, err, true
}

// sysDescr reads what the SNMP agent of Windows says: "Hardware: ... Software:
// Windows 2000 Version 5.1 (Build 2600 Uniprocessor Free)". Its name for a
// product is that of an older one.
func sysDescr(text string) (ev evidence, ok bool) {
	const before = "Software: Windows"
	for rest := text; ; {
		i := strings.Index(rest, before[len("Software: "):])
		if i < 0 {
			return evidence{}, false
		}
		rest = rest[i+len("Windows"):]
		version := strings.TrimLeft(rest, " ")
		for _, product := range [...]string{"NT ", "2000 "} {
			version = strings.TrimPrefix(version, product)
		}
		number, ok := strings.CutPrefix(strings.TrimLeft(version, " "), "Version ")
		if !ok || !strings.Contains(number[:min(len(number), 24)], "(Build") {
			continue
		}
		v, ok := names.FindVersion(number, 2)
		if !ok || v.Parts != 2 {
			continue
		}
		_, build, _ := strings.Cut(number, "(Build")
		id := Identity{Major: v.Major, Minor: v.Minor}
		if b, ok := names.FindVersion(build[:min(len(build), 24)], 1); ok && b.Parts == 1 {
			id.Build = b.Major
		}
		ev := evidence{input: text, form: FormSysDescr, id: id}
		if id.Major < 5 { // 4.0 can be Windows 95 as well, which has another build
			ev.name, ev.named = names.ReadExact("Windows NT 4.0"), strings.HasPrefix(strings.TrimLeft(rest, " "), "NT")
		}
		return ev, true
	}
}

// python reads what Python calls a platform: "Windows-10-10.0.26100-SP0". Its
// product is made from the version, and servers of Windows 10's time are called
// so too.
func python(text string) (ev evidence, ok bool) {
	for rest := text; ; {
		i := strings.Index(rest, "Windows-")
		if i < 0 {
			return evidence{}, false
		}
		rest = rest[i+len("Windows-"):]
		release, version, ok := strings.Cut(rest, "-")
		if !ok || len(release) > 20 || version == "" || !names.IsDigit(version[0]) {
			continue
		}
		v, ok := names.FindVersion(version[:min(len(version), 16)], 3)
		if !ok || !strings.Contains(version[:min(len(version), 24)], "-SP") {
			continue
		}
		ev := evidence{input: text, form: FormNTVersion, id: Identity{Major: v.Major, Minor: v.Minor, Build: v.Build}, anyKind: true}
		_, pack, _ := strings.Cut(version, "-SP")
		if pack != "" && names.IsDigit(pack[0]) {
			ev.id.ServicePack = limits.ServicePackAt(int(pack[0] - '0'))
		}
		if strings.HasPrefix(release, "post") {
			release = "Server" // that Python does not know
		}
		if r := names.ReadExact("Windows " + release); !r.Broken() && !r.Empty() {
			ev.name, ev.named = r, true
			ev.anyKind = r.Marks&names.MarkServer == 0
		}
		return ev, true
	}
}

// php reads what PHP calls a system: "Windows NT HOST 6.1 build 7601 (Windows 7
// Professional Edition Service Pack 1) i586".
func php(text string) (ev evidence, ok bool) {
	for rest := text; ; {
		i := strings.Index(rest, "Windows NT ")
		if i < 0 {
			return evidence{}, false
		}
		rest = rest[i+len("Windows NT "):]
		line, _, _ := strings.Cut(rest[:min(len(rest), names.MaxLength)], "\n")
		before, behind, ok := strings.Cut(line, " build ")
		if !ok {
			continue
		}
		host := strings.Fields(before)
		build, ok := names.FindVersion(behind, 1)
		if len(host) != 2 || !ok || build.Parts != 1 || !names.IsDigit(behind[0]) {
			continue
		}
		v, ok := names.FindVersion(host[1], 2)
		if !ok || v.Parts != 2 {
			continue
		}
		ev := evidence{input: text, form: FormNTVersion, id: Identity{Major: v.Major, Minor: v.Minor, Build: build.Major}}
		if _, name, ok := strings.Cut(behind, "("); ok {
			name, _, _ = strings.Cut(name, ")")
			if r := names.ReadExact(name); r.Unread == 0 && !r.Empty() {
				ev.name, ev.named = r, true
			}
		}
		return ev, true
	}
}

// verLine reads the line of ver in a text.
func verLine(text string) (ev evidence, ok bool) {
	for line := range strings.Lines(text) {
		bracket := strings.IndexByte(line, '[')
		end := strings.IndexByte(line, ']')
		if bracket < 0 || len(line) > 4096 {
			continue
		}
		if end < bracket {
			end = len(line)
		}
		l := lister{text: line[:bracket], tokens: tokens(line[:bracket])}
		for i := len(l.tokens) - 1; i >= 0; i-- {
			if !l.anchors(i) {
				continue
			}
			if ev, ok := ver(line[l.tokens[i].start:min(end+1, len(line))]); ok {
				return ev, true
			}
			break
		}
	}
	return evidence{}, false
}

// readWinver reads the version of winver, and the name that stands elsewhere in
// the text.
func readWinver(text, lower string) (id Identification, err error, ok bool) {
	if !strings.Contains(lower, "windows") {
		return Identification{}, nil, false
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		ev, ok := winver(line)
		if !ok {
			continue
		}
		rest := strings.Replace(text, line, "", 1)
		l := lister{text: rest, tokens: tokens(rest)}
		for i := range l.tokens {
			if !l.anchors(i) {
				continue
			}
			if all, _ := l.read(i); len(all) == 1 && !all[0].reading.Empty() && all[0].reading.Unread == 0 {
				ev.name, ev.named = all[0].reading, true
				break
			}
		}
		id, err := ev.identify()
		return id, err, true
	}
	return Identification{}, nil, false
}

// agent reports whether a text is the User-Agent of a browser.
func agent(lower string) bool {
	return strings.Contains(lower, "mozilla/") || strings.Contains(lower, "opera/") || strings.Contains(lower, "applewebkit/")
}

// readCPEs reads the CPE names of Windows in a text, of which it can be any, and
// returns the text without them.
func readCPEs(text string) (id Identification, rest string, err error) {
	rest = text
	for from, read := 0, 0; read < maxNames; read++ {
		i := strings.Index(rest[from:], "cpe:")
		if i < 0 {
			break
		}
		from += i
		name := rest[from:]
		if end := strings.IndexAny(name, " \t\r\n\"'<>,;)"); end >= 0 {
			name = name[:end]
		}
		found, cpeErr := CPE(name)
		switch {
		case cpeErr == nil && len(id.Candidates) == 0:
			id, err = found, nil
		case cpeErr == nil:
			id = id.or(found)
		case len(id.Candidates) == 0 && errors.Is(cpeErr, ErrUnlisted):
			id, err = found, cpeErr
		}
		rest = rest[:from] + " " + rest[from+len(name):]
	}
	return id, rest, err
}
