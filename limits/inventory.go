package limits

import (
	"slices"
	"strconv"
	"strings"
)

// IdentifyCaption returns the Windows that a Caption of WMI's
// Win32_OperatingSystem stands for, such as "Microsoft Windows 7 Professional "
// or "Microsoft(R) Windows(R) Server 2003, Standard Edition". A caption has no
// service pack: unless it is written behind, as in "Microsoft Windows XP
// Professional Service Pack 3", every level of the edition is a candidate.
//
// The name is read as by ParseEdition, but an ambiguous one is no error: all
// that fit are candidates. A caption that names none is a *NameError, a service
// pack that none of them had a *ServicePackError.
func IdentifyCaption(caption string) (Identification, error) {
	if len(caption) > maxName {
		return Identification{}, tooLong(caption, maxName)
	}
	var r reading
	r.read(caption)
	if e, ok := r.one(); ok {
		return r.identify(caption, []Edition{e})
	}
	return r.identify(caption, r.all())
}

// identify returns the editions at the service packs that were read.
func (r *reading) identify(name string, all []Edition) (Identification, error) {
	var c candidates
	if err := r.collect(name, all, &c); err != nil {
		return Identification{}, err
	}
	id := Identification{Candidates: c.windows()}
	if r.vague {
		id.Unlisted = []string{"another release of Windows Small Business Server"}
	}
	return id, nil
}

// collect adds the editions at the service packs that were read.
func (r *reading) collect(name string, all []Edition, c *candidates) error {
	if r.unread > 0 || len(all) == 0 {
		return r.failure(name)
	}
	packs := r.packs
	switch {
	case packs != 0:
	case r.built > 0:
		packs = 1 << (r.built - 1)
	case r.second && r.family.first == Server2003Web:
		packs = 1<<1 | 1<<2 // R2 was released with service pack 1
	}
	var found candidates
	for _, e := range all {
		found.add(e, packs)
	}
	if found.empty() {
		level := 0
		for packs>>level > 1 {
			level++
		}
		return &ServicePackError{Windows: Windows{all[0], ServicePackAt(level)}}
	}
	for e := range found {
		c[e] |= found[e]
	}
	return nil
}

// IdentifyVer returns the Windows that a line of the command ver stands for,
// such as "Microsoft Windows XP [Version 5.1.2600]" or "Microsoft Windows
// [Version 10.0.19045.3803]", in any language. The line tells the version and no
// more: every edition of that version is a candidate, client and server.
//
// A line of another form, and a version that nobody knows, is a *NameError.
func IdentifyVer(line string) (Identification, error) {
	if len(line) > maxName {
		return Identification{}, tooLong(line, maxName)
	}
	name, rest, bracketed := strings.Cut(line, "[")
	if !bracketed { // NT 4.0: "Windows NT Version 4.0"
		rest = line
	}
	v, ok := findVersion(rest, 2)
	if !ok || !strings.Contains(strings.ToLower(name), "windows") {
		return Identification{}, &NameError{Input: line}
	}
	c, _, err := Identity{Major: v.major, Minor: v.minor, Build: v.build}.product()
	if err != nil {
		return Identification{}, &NameError{Input: line}
	}
	// The older ones name the product too. The rest of the words are a
	// language's.
	var r reading
	r.read(name)
	if r.family != (family{}) {
		c.keep(r.family.contains)
	} else if strings.Contains(strings.ToLower(name), "windows nt") {
		c.keep(family{NT31, NT40Server}.contains)
	}
	if c.empty() {
		return Identification{}, &NameError{Input: line}
	}
	return Identification{Candidates: c.windows()}, nil
}

// findVersion returns the first number of the text that has at least so many
// parts.
func findVersion(text string, parts int) (v versionNumber, ok bool) {
	for len(text) > 0 {
		i := strings.IndexAny(text, "0123456789")
		if i < 0 {
			break
		}
		text = text[i:]
		end := 0
		for end < len(text) && (isDigit(text[end]) || text[end] == '.' && end+1 < len(text) && isDigit(text[end+1])) {
			end++
		}
		if v = parseVersion([]byte(text[:end])); v.parts >= parts {
			return v, true
		}
		text = text[end:]
	}
	return versionNumber{}, false
}

// maxSysteminfo is the length of the longest output of systeminfo that is
// read, in bytes. A machine with hundreds of updates prints about 20,000.
const maxSysteminfo = 64 << 10

// IdentifySysteminfo returns the Windows that an output of the command
// systeminfo, or of msinfo32, stands for, in any language. The lines that are
// used are OS Name, found by its value, and OS Version behind it, as in
//
//	OS Name:                   Microsoft Windows XP Professional
//	OS Version:                5.1.2600 Service Pack 3 Build 2600
//
// The name is read as by IdentifyCaption. The version adds the service pack,
// and is a *NameError if it is not one of the product.
func IdentifySysteminfo(output string) (Identification, error) {
	if len(output) > maxSysteminfo {
		return Identification{}, tooLong(output, maxSysteminfo)
	}
	for line := range strings.Lines(output) {
		_, output, _ = strings.Cut(output, "\n")
		name, ok := osName(line)
		if !ok {
			continue
		}
		version, _, _ := strings.Cut(output, "\n")
		v, ok := findVersion(version, 3)
		if !ok || len(version) > maxName {
			return IdentifyCaption(name)
		}
		named, err := IdentifyCaption(name)
		if err != nil {
			return Identification{}, err
		}
		id := Identity{Major: v.major, Minor: v.minor, Build: v.build, ServicePack: AsReleased}
		if _, pack, ok := strings.Cut(version, "Service Pack "); ok && pack != "" && isDigit(pack[0]) {
			id.ServicePack = ServicePackAt(int(pack[0] - '0'))
		}
		c, _, err := id.product()
		if err != nil {
			return Identification{}, err
		}
		named.Candidates = slices.DeleteFunc(named.Candidates, func(w Windows) bool {
			return !c.contains(w)
		})
		if len(named.Candidates) == 0 {
			return Identification{}, &NameError{Input: name + ", " + id.String()}
		}
		return named, nil
	}
	return Identification{}, &NameError{Input: "systeminfo without a line that names a Microsoft Windows"}
}

// osName returns the part of a line that is the name of a Windows. A host can
// be named nearly as one, but not with a space.
func osName(line string) (name string, ok bool) {
	for i := range line {
		for _, maker := range [...]string{"Microsoft", "Майкрософт"} {
			if len(line)-i < len(maker) || len(line)-i > maxName || !strings.EqualFold(line[i:i+len(maker)], maker) {
				continue
			}
			words := strings.Fields(string(plain(nil, line[i:])))
			if len(words) > 2 && words[1] == "windows" {
				return strings.TrimSpace(line[i:]), true
			}
		}
	}
	return "", false
}

// IdentifyNmap returns the Windows that a name of nmap's OS detection stands
// for, such as "Microsoft Windows XP SP2 or SP3" or "Microsoft Windows 7 SP1 or
// Windows Server 2008 R2", or the os of its script smb-os-discovery, such as
// "Windows 7 Professional 7601 Service Pack 1". A product without an edition is
// all its editions, one without a service pack all its levels.
//
// Alternatives that the table has no rows for are Unlisted. If there is
// nothing else, the error is a *NameError, or a *ServicePackError if the
// editions never had the service packs.
func IdentifyNmap(name string) (Identification, error) {
	if len(name) > maxName {
		return Identification{}, tooLong(name, maxName)
	}
	var (
		c        candidates
		id       Identification
		last     reading
		firstErr error
	)
	for alternative := range alternatives(name) {
		var r reading
		r.read(alternative)
		if r.packs != 0 && r.unread == 0 && r.family == (family{}) && r.marks&marksOfEditions == 0 && last.unread == 0 {
			last.packs = r.packs // "or SP3" of the one before
			r = last
		}
		last = r
		err := r.collect(alternative, r.all(), &c)
		if err == nil {
			continue
		}
		if firstErr == nil {
			firstErr = err
		}
		id.Unlisted = append(id.Unlisted, alternative)
	}
	if c.empty() {
		if firstErr == nil || len(id.Unlisted) > 1 {
			firstErr = &NameError{Input: name}
		}
		return Identification{}, firstErr
	}
	id.Candidates = c.windows()
	return id, nil
}

// alternatives yields the parts of a name between "or", commas and slashes,
// without what stands in parentheses: a language, a state of the firewall, the
// system a product was made from.
func alternatives(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		outside := withoutParentheses(name)
		if !strings.Contains(strings.ToLower(outside), "windows") {
			outside = name // a device, and the Windows it runs in parentheses
		}
		outside = strings.ReplaceAll(outside, "microsoft-ds", " ")
		for part := range strings.FieldsFuncSeq(outside, func(c rune) bool { return c == ',' || c == '/' }) {
			for part = " " + part; part != ""; {
				var alternative string
				alternative, part, _ = strings.Cut(part, " or ")
				if alternative = strings.TrimSpace(alternative); alternative != "" && !yield(alternative) {
					return
				}
				if part != "" {
					part = " " + part
				}
			}
		}
	}
}

// withoutParentheses keeps "(no service pack)" and the marks of trade, and
// takes other parentheses out.
func withoutParentheses(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '(')
		if i < 0 {
			break
		}
		end := strings.IndexByte(s[i:], ')')
		if end < 0 {
			break
		}
		end += i + 1
		b.WriteString(s[:i])
		if strings.EqualFold(s[i:end], "(no service pack)") || tradeMark(s[i:]) > 0 {
			b.WriteString(s[i:end])
		}
		s = s[end:]
	}
	b.WriteString(s)
	return b.String()
}

// IdentifyCPE returns the Windows that a CPE name stands for, of version 2.3
// ("cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*", NISTIR 7695) or
// of version 2.2 ("cpe:/o:microsoft:windows_xp::sp2:professional"), as the
// National Vulnerability Database and nmap write them. Trailing components may
// be left out. What is any, as the edition mostly is, yields all candidates; an
// update of "-" is no service pack. XP Professional x64 is told apart by its
// hardware, as there.
//
// A name of something else is a *NameError, a service pack that none of the
// editions had a *ServicePackError.
func IdentifyCPE(name string) (Identification, error) {
	if len(name) > maxName {
		return Identification{}, tooLong(name, maxName)
	}
	cpe, ok := parseCPE(name)
	if !ok || cpe[cpePart] != "o" || cpe[cpeVendor] != "microsoft" || !strings.HasPrefix(cpe[cpeProduct], "windows") {
		return Identification{}, &NameError{Input: name}
	}
	var r reading
	words := make([]string, 0, 6)
	for _, i := range [...]int{cpeProduct, cpeVersion, cpeUpdate, cpeEdition, cpeSoftwareEdition, cpeTargetHardware} {
		if cpe[i] != cpeAny && cpe[i] != cpeNone {
			words = append(words, cpe[i])
		}
	}
	r.read(strings.Join(words, " "))
	if cpe[cpeUpdate] == cpeNone && r.packs == 0 && r.built == 0 {
		r.packs = 1
	}
	return r.identify(name, r.all())
}

// The components of a CPE name, and their two values that are no text.
const (
	cpePart = iota
	cpeVendor
	cpeProduct
	cpeVersion
	cpeUpdate
	cpeEdition
	cpeLanguage
	cpeSoftwareEdition
	cpeTargetSoftware
	cpeTargetHardware
	cpeOther
	cpeComponents

	cpeAny  = ""
	cpeNone = "-"
)

// parseCPE takes a name apart, in lower case.
func parseCPE(name string) (cpe [cpeComponents]string, ok bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if rest, ok := strings.CutPrefix(name, "cpe:2.3:"); ok {
		return cpe, splitFormatted(rest, &cpe)
	}
	rest, ok := strings.CutPrefix(name, "cpe:/")
	if !ok {
		return cpe, false
	}
	parts := strings.Split(rest, ":")
	if len(parts) > cpeLanguage+1 {
		return cpe, false
	}
	copy(cpe[:], parts)
	if packed := strings.Split(cpe[cpeEdition], "~"); len(packed) > 1 {
		// ~edition~software edition~target software~target hardware~other
		if len(packed) != 6 || packed[0] != "" {
			return cpe, false
		}
		cpe[cpeEdition] = packed[1]
		copy(cpe[cpeSoftwareEdition:], packed[2:])
	}
	for i, text := range cpe {
		if cpe[i], ok = unescapePercent(text); !ok {
			return cpe, false
		}
	}
	return cpe, true
}

// splitFormatted splits a formatted string binding, in which a backslash makes
// the next character plain text.
func splitFormatted(s string, cpe *[cpeComponents]string) bool {
	var b strings.Builder
	component := 0
	for i := 0; i <= len(s); i++ {
		switch {
		case i == len(s) || s[i] == ':':
			if component == cpeComponents {
				return false
			}
			if cpe[component] = b.String(); cpe[component] == "*" {
				cpe[component] = cpeAny
			}
			component++
			b.Reset()
		case s[i] == '\\':
			if i++; i == len(s) {
				return false
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return component > cpeProduct
}

// unescapePercent decodes the %xx of a URI binding.
func unescapePercent(s string) (text string, ok bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+3 > len(s) {
			return "", false
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), true
}
