package identify

import (
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// CPE returns the editions that a CPE name stands for. CPE names are how the National
// Vulnerability Database and nmap name products: in version 2.3
// "cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*" (NISTIR 7695), in
// version 2.2 "cpe:/o:microsoft:windows_xp::sp2:professional". Components at the end
// may be left out. A component that is any, which the edition usually is, stands for
// all editions or service packs. The update "-" says that no service pack is
// installed. XP Professional x64 has its own hardware component.
//
// The name of another product is a *limits.NameError, an edition that the table has
// no rules for an *UnlistedError, and a service pack that none of the editions had a
// *limits.ServicePackError.
func CPE(name string) (Identification, error) {
	if len(name) > names.MaxLength {
		return Identification{}, tooLong(name, names.MaxLength)
	}
	cpe, ok := parseCPE(name)
	if !ok || cpe[cpePart] != "o" || cpe[cpeVendor] != "microsoft" || !strings.HasPrefix(cpe[cpeProduct], "windows") {
		return Identification{}, &limits.NameError{Input: name}
	}
	words := make([]string, 0, 6)
	for _, i := range [...]int{cpeProduct, cpeVersion, cpeUpdate, cpeEdition, cpeSoftwareEdition, cpeTargetHardware} {
		if cpe[i] != cpeAny && cpe[i] != cpeNone {
			words = append(words, cpe[i])
		}
	}
	ev := evidence{input: name, form: FormCPE, name: names.Read(strings.Join(words, " ")), named: true}
	if cpe[cpeUpdate] == cpeNone && ev.name.Packs == 0 && ev.name.Built == 0 {
		ev.name.Packs = 1
	}
	return ev.identify()
}

// The components of a CPE name, and their two values that are not text.
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
