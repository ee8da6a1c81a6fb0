package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Nmap returns the Windows that a name of nmap's OS detection stands for, such
// as "Microsoft Windows XP SP2 or SP3" or "Microsoft Windows 7 SP1 or Windows
// Server 2008 R2", or the os of its script smb-os-discovery, such as "Windows 7
// Professional 7601 Service Pack 1". A product without an edition is all its
// editions, one without a service pack all its levels.
//
// Alternatives that the table has no rows for are Unlisted. If there is nothing
// else, the error is a *limits.NameError, or a *limits.ServicePackError if the
// editions never had the service packs.
func Nmap(name string) (Identification, error) {
	if len(name) > names.MaxLength {
		return Identification{}, tooLong(name, names.MaxLength)
	}
	var (
		c        candidates
		id       Identification
		last     names.Reading
		firstErr error
	)
	for alternative := range alternatives(name) {
		r := names.Read(alternative)
		if r.Packs != 0 && r.Unread == 0 && r.Family == (names.Family{}) && r.Marks&names.MarksOfEditions == 0 && last.Unread == 0 {
			last.Packs = r.Packs // "or SP3" of the one before
			r = last
		}
		last = r
		err := c.collect(alternative, &r, r.All())
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
			firstErr = &limits.NameError{Input: name}
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
		if strings.EqualFold(s[i:end], "(no service pack)") || names.TradeMark(s[i:]) > 0 {
			b.WriteString(s[i:end])
		}
		s = s[end:]
	}
	b.WriteString(s)
	return b.String()
}
