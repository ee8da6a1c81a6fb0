package identify

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// maxNames is how many places of a text are read as names, so that no text takes
// long.
const maxNames = 64

// readNames returns the editions that the names in a text stand for. Several
// names narrow each other down, as the name and the version of a report do; if
// they have nothing in common it can be any of them.
func readNames(text string, strict bool) (Identification, error) {
	l := lister{text: text, tokens: tokens(text), strict: strict}
	var (
		found    Identification
		ok       bool
		firstErr error
		near     []limits.Edition // to what is unlisted
		bare     []alternative    // "Windows NT", as programs call any edition
	)
	for i, read := 0, 0; i < len(l.tokens) && read < maxNames && l.reads < maxReads; {
		if !l.anchors(i) {
			i++
			continue
		}
		all, next := l.read(i)
		if len(all) == 0 || len(all) == 1 && all[0].reading.Empty() && !all[0].reading.Unlisted {
			i = max(i+1, next)
			continue
		}
		if l.kind(next) == wordToken && strings.EqualFold(l.word(next), "lan") { // the LAN Manager of SMB1
			i = next
			continue
		}
		if len(all) == 1 && bareNT(&all[0].reading) && bare == nil {
			bare, i = all, next
			continue
		}
		read++
		l.share(all)
		if first := &all[0]; i > 0 && l.tokens[i-1].kind == wordToken && strings.EqualFold(l.word(i-1), "microsoft") {
			first.start = l.tokens[i-1].start
		}
		for k := next; all[len(all)-1].reading.Unlisted && l.kind(k) == wordToken && l.kind(k-1) == wordToken && titled(l.word(k)); k++ {
			all[len(all)-1].end = l.tokens[k].end // "Windows Embedded Compact 7"
		}
		id, err := l.identify(all)
		var unlisted *UnlistedError
		if errors.As(err, &unlisted) && near == nil {
			near = unlisted.Nearest
		}
		switch i = next; {
		case err != nil && len(id.Unlisted) == 0:
			if firstErr == nil {
				firstErr = err
			}
		case !ok:
			found, ok = id, true
		default:
			if both, narrower := found.Narrow(id); narrower {
				found = both
			} else {
				found = found.or(id)
			}
		}
	}
	switch {
	case !ok && firstErr != nil:
		return Identification{}, firstErr
	case !ok && bare != nil:
		return l.identify(bare)
	case !ok:
		// A name that lacks the word Windows and nothing else deserves a hint.
		var near []names.Edition
		if r := names.ReadExact(text[:min(len(text), names.MaxLength)]); r.Unread == 0 {
			near, _ = r.Nearest()
		}
		return Identification{}, &limits.NameError{Input: text, Candidates: names.As[limits.Edition](near)}
	case len(found.Candidates) == 0:
		return found, &UnlistedError{Input: text, Unlisted: found.Unlisted, Nearest: near}
	}
	return found, nil
}

// bareNT reports whether a name is "Windows NT" and no more.
func bareNT(r *names.Reading) bool {
	return r.Marks&^names.MarkWindows == names.MarkNT && r.Family.First == names.NT31 && r.Family.Last == names.NT40Server && r.Packs == 0
}

// share gives the build behind "Windows 10 / Server 2019 Build 17763" to the
// names before it.
func (l *lister) share(all []alternative) {
	last := all[len(all)-1]
	if len(all) == 1 || last.reading.Versioned == 0 {
		return
	}
	for i := range all[:len(all)-1] {
		a := &all[i]
		if a.reading.Versioned > 0 || !strings.Contains(l.text[a.end:all[i+1].start], "/") {
			continue
		}
		for _, v := range last.reading.List() {
			a.read = join(a.read, v.String())
		}
		if len(a.read) <= names.MaxLength {
			a.reading = names.ReadExact(a.read)
		}
	}
}

// identify returns what the alternatives of a list are together.
func (l *lister) identify(all []alternative) (Identification, error) {
	var (
		found    Identification
		ok       bool
		firstErr error
		near     candidates // to what is unlisted
	)
	for _, a := range all {
		title := l.title(a)
		if a.reading.Unlisted && a.read == "" {
			found.Unlisted = append(found.Unlisted, title)
			continue
		}
		if a.reading.Empty() && !a.reading.Unlisted && len(all) > 1 {
			continue
		}
		ev := evidence{input: title, form: FormName, name: a.reading, named: true}
		if a.reading.Family == (names.Family{}) && a.reading.Versioned > 0 {
			ev.form = FormNTVersion
			if strings.Contains(strings.ToLower(a.read), "build") {
				ev.form = FormSMB
			}
			if strings.Contains(strings.ToLower(l.text), "samba") {
				continue // it calls itself Windows 6.1
			}
		}
		id, err := ev.identify()
		var unlisted *UnlistedError
		if errors.As(err, &unlisted) {
			for _, e := range unlisted.Nearest {
				near.add(names.Edition(e), 0)
			}
		}
		switch {
		case err != nil && len(id.Unlisted) == 0:
			if firstErr == nil {
				firstErr = err
			}
			if l.strict {
				found.Unlisted = append(found.Unlisted, title)
			}
		case !ok && len(id.Candidates) > 0:
			id.Unlisted = append(found.Unlisted, id.Unlisted...)
			found, ok = id, true
		default:
			found = found.or(id)
		}
	}
	switch {
	case ok:
		return found, nil
	case firstErr != nil && len(all) == 1:
		return Identification{}, firstErr
	case firstErr != nil && l.strict:
		return Identification{}, &limits.NameError{Input: l.text}
	case firstErr != nil:
		return Identification{}, firstErr
	case len(found.Unlisted) > 0:
		found.Form = FormName
		return found, &UnlistedError{Input: l.text, Unlisted: found.Unlisted, Nearest: names.As[limits.Edition](near.editions())}
	}
	return Identification{}, &limits.NameError{Input: l.text}
}

// title returns an alternative as it stands in the text, a long one without its
// end.
func (l *lister) title(a alternative) string {
	const most = 100
	title := strings.TrimSpace(l.text[a.start:a.end])
	if len(title) > most {
		title = strings.TrimSpace(strings.ToValidUTF8(title[:most], "")) + "..."
	}
	return title
}

// titled reports whether a word can be of a title: it begins with a capital or a
// digit.
func titled(word string) bool {
	c, _ := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(c) || unicode.IsDigit(c)
}
