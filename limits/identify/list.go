package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// An alternative is one of the names in a list such as "Microsoft Windows XP SP2
// or SP3, or Windows Server 2003".
type alternative struct {
	start, end int    // where it stands in the text
	read       string // what was read of it, with the product of the one before
	reading    names.Reading
}

// works reports whether the reading is of something.
func works(r *names.Reading) bool {
	return r.Unread == 0 && (r.Unlisted || r.Versioned > 0 || r.PackContradicts || r.Empty() || len(r.All()) > 0)
}

// A lister reads the names of a text.
type lister struct {
	text   string
	tokens []token
	// strict says that all of the text is names: what is not understood is a name
	// too, and not prose.
	strict bool
	reads  int // of the reader of names
}

// maxReads is how often the reader of names is asked in one text, so that none
// takes long. A name with prose around it takes some 20.
const maxReads = 20_000

// exact reads a name, or nothing any more.
func (l *lister) exact(text string) names.Reading {
	if l.reads++; l.reads > maxReads {
		return names.Reading{Unread: 1}
	}
	return names.ReadExact(text)
}

func (l *lister) word(i int) string { return l.text[l.tokens[i].start:l.tokens[i].end] }

// words returns how many tokens from i on are words.
func (l *lister) words(i int) (n int) {
	for i+n < len(l.tokens) && l.tokens[i+n].kind == wordToken {
		n++
	}
	return n
}

func (l *lister) kind(i int) tokenKind {
	if i < len(l.tokens) {
		return l.tokens[i].kind
	}
	return stopToken
}

// slice returns the text of n tokens from i on.
func (l *lister) slice(i, n int) string { return l.text[l.tokens[i].start:l.tokens[i+n-1].end] }

// extend returns how many of n words from i on go on with a text and what both
// say together. Words that only begin a sentence, such as "for the", do not.
func (l *lister) extend(before string, i, n int) (length int, r names.Reading) {
	const lookahead = 6 // words of the longest word of the vocabulary, as in "professionnel pour les stations de travail"
	for m := 1; m <= n && m-length <= lookahead; m++ {
		text := join(before, l.slice(i, m))
		if len(text) > names.MaxLength {
			break
		}
		if read := l.exact(text); read.Unread == 0 {
			length, r = m, read
		}
	}
	for m := length; !works(&r) && m > 0; m-- {
		if !connector(l.word(i + m - 1)) {
			continue
		}
		text := join(before, l.slice(i, max(m-1, 1)))
		if shorter := l.exact(text); m > 1 && works(&shorter) {
			return m - 1, shorter
		}
	}
	return length, r
}

// connector reports whether a word can lead away from a name, as in "Windows 7
// Professional as a server".
func connector(word string) bool {
	switch strings.ToLower(word) {
	case "for", "with", "the", "as", "me", "of", "system", "systems":
		return true
	}
	return false
}

func join(before, text string) string {
	if before == "" {
		return text
	}
	return before + " " + text
}

// read reads the list that begins with the token at i, which is a word, and
// returns it with the token behind it. The list is empty if there is none.
func (l *lister) read(i int) (all []alternative, next int) {
	n := l.words(i)
	length, r := l.extend("", i, n)
	if length == 0 {
		return nil, i + 1
	}
	now := l.alternative(i, length, l.slice(i, length), r)
	i += length
	for prose := length < n; ; {
		if prose {
			if !l.strict {
				break
			}
			now.reading.Unread++
			for ; l.kind(i) == wordToken; i++ {
				now.end = l.tokens[i].end
			}
			prose = false
		}
		switch l.kind(i) {
		case openToken:
			i = l.group(i, &now)
			if l.kind(i) == wordToken {
				n := l.words(i)
				length, r := l.extend(now.read, i, n)
				if length > 0 {
					now.add(l, i, length, r)
					i += length
				}
				prose = length < n
			}
			continue
		case commaToken, orToken:
			or, comma := false, false
			for ; l.kind(i) == commaToken || l.kind(i) == orToken; i++ {
				or = or || l.kind(i) == orToken
				comma = l.text[l.tokens[i].start] == ','
			}
			n := l.words(i)
			length, more, joined := l.next(i, n, or, comma, &now)
			if length == 0 {
				if l.other(i, n, or) {
					all = append(all, now)
					now = l.alternative(i, n, "", names.Reading{Unlisted: true})
					i += n
					continue
				}
				return append(all, now), i
			}
			if !joined {
				all = append(all, now)
			}
			now = more
			i += length
			prose = length < n
			continue
		}
		break
	}
	return append(all, now), i
}

// next reads n words behind a separator, a comma or one with or. They are a
// remainder of the name before it, which joined says, or another name.
func (l *lister) next(i, n int, or, comma bool, now *alternative) (length int, more alternative, joined bool) {
	if n == 0 {
		return 0, alternative{}, false
	}
	alone, r := l.extend("", i, n)
	first := l.word(i)
	product := alone > 0 && r.Family != (names.Family{}) || alone > 0 && r.Marks&names.MarkWindows != 0
	if !now.reading.Empty() || now.reading.Unlisted {
		if product && names.IsDigit(first[0]) && (now.reading.Broken() || comma && alone < n) {
			return 0, alternative{}, false // "Windows Phone 7.5 or 8.0", "Windows 10, 8 GB"
		}
		if product {
			text := l.slice(i, alone)
			if r.Marks&names.MarkWindows == 0 {
				text = join("Windows", text)
			}
			return alone, l.alternative(i, alone, text, l.exact(text)), false
		}
	}
	edition := r.Marks&names.MarksOfEditions&^names.Mark64 != 0
	if joinedLength, together := l.extend(now.read, i, n); joinedLength > 0 && works(&together) && !(or && alone > 0 && edition) {
		more = *now
		more.add(l, i, joinedLength, together)
		return joinedLength, more, true
	}
	// "Windows 7 Home Basic or Professional", "NT 3.51 or 4.0"
	for _, before := range [...]string{productText(&now.reading), "Windows NT"} {
		if before == "" || before == "Windows NT" && now.reading.Marks&names.MarkNT == 0 || now.reading.Broken() {
			continue
		}
		if length, r := l.extend(before, i, n); length > 0 && works(&r) && !r.Empty() {
			return length, l.alternative(i, length, join(before, l.slice(i, length)), r), false
		}
	}
	return 0, alternative{}, false
}

// productText returns the name of the product, if it is one.
func productText(r *names.Reading) string {
	if r.Family == (names.Family{}) || r.Family.First.Product() != r.Family.Last.Product() {
		return ""
	}
	return r.Family.First.Product()
}

// other reports whether the n words from i on are the name of another system in
// a list with or: it is none of the editions. In a text that is all names every
// name is one.
func (l *lister) other(i, n int, or bool) bool {
	return n > 0 && (l.strict || or && otherSystem(l.word(i)))
}

// alternative returns one of n tokens from i on.
func (l *lister) alternative(i, n int, read string, r names.Reading) alternative {
	return alternative{start: l.tokens[i].start, end: l.tokens[i+n-1].end, read: read, reading: r}
}

// add goes on with n tokens from i on.
func (a *alternative) add(l *lister, i, n int, r names.Reading) {
	a.read, a.reading, a.end = join(a.read, l.slice(i, n)), r, l.tokens[i+n-1].end
}

// group reads what stands in parentheses or brackets from i on, and returns the
// token behind it. Of it counts what goes on with the name, as in "Windows 10
// (build 19045)".
func (l *lister) group(i int, now *alternative) (next int) {
	depth := 0
	end := i
	for ; end < len(l.tokens); end++ {
		switch l.tokens[end].kind {
		case openToken:
			depth++
		case closeToken:
			depth--
		case stopToken:
			if strings.ContainsAny(l.text[l.tokens[end].start:l.tokens[end].end], "\r\n") {
				depth = 0 // it is not closed
			}
		}
		if depth == 0 {
			break
		}
	}
	lanManager := strings.Contains(strings.ToLower(l.text[l.tokens[i].start:l.tokens[min(end, len(l.tokens)-1)].end]), "lan manager")
	for i++; i < end && !lanManager && !now.reading.Unlisted; i++ {
		n := l.words(i)
		if n == 0 {
			continue
		}
		length, r := l.extend(now.read, i, n)
		says := r.Versioned > now.reading.Versioned || r.Unlisted || r.PackContradicts || len(r.All()) > 0
		if length > 0 && works(&r) && says { // not "Windows NT 10.0 (Tablet Edition)"
			now.add(l, i, length, r)
		}
		i += n - 1
	}
	if l.kind(end) == closeToken {
		end++
	}
	return end
}

// otherSystem reports whether a word begins the name of another system, or of a
// Windows product that is not for computers.
func otherSystem(word string) bool {
	switch strings.ToLower(word) {
	case "xbox", "linux", "unix", "solaris", "opensolaris", "sunos", "mac", "macos", "os", "freebsd", "openbsd", "netbsd", "android", "ios", "zune",
		"hp-ux", "aix", "vxworks", "qnx", "novell", "netware", "palm", "symbian", "samba", "vmware", "esxi", "cisco", "reactos", "wine", "apple", "ubuntu", "debian":
		return true
	}
	return false
}

// anchors reports whether the name of an edition begins with the token at i.
func (l *lister) anchors(i int) bool {
	if l.kind(i) != wordToken {
		return false
	}
	word := l.word(i)
	if len(word) < 2 || len(word) > 80 {
		return false
	}
	following := ""
	if l.kind(i+1) == wordToken {
		following = l.word(i + 1)
	}
	before := ""
	if i > 0 && l.tokens[i-1].kind == wordToken {
		before = strings.ToLower(l.word(i - 1))
	}
	c := word[0] | 0x20
	switch {
	case c == 'w' || c == 'v' || c == 'x' || c == 'n' || c == 's' || c == 'h' || c == 'm' || c == 'a':
	default:
		return false
	}
	r := l.exact(word)
	switch {
	case r.Marks&names.MarkWindows != 0 && r.Unread == 0:
		return before != "x" // X Windows
	case before == "athlon" || r.Unread > 0:
	case r.Family.First == names.XPStarter || r.Family.First == names.VistaStarter:
		return l.begins(i) && following == "" || l.followsProduct(following) || l.listed(i+1)
	case r.Marks&names.MarkNT != 0:
		next := l.exact(join("nt", following))
		return l.begins(i) && r.Versioned > 0 || following != "" && next.Unread == 0 && (next.Versioned > 0 || next.Family.First != names.NT31 || next.Family.Last == names.NT31AdvancedServer || next.Marks&(names.MarkServer|names.MarkWorkstation) != 0)
	}
	lower := strings.ToLower(word)
	phrase := func(words ...string) bool {
		for k, w := range words {
			if l.kind(i+k) != wordToken || !strings.EqualFold(l.word(i+k), w) {
				return false
			}
		}
		return true
	}
	switch lower {
	case "hyper":
		return phrase("hyper", "v", "server")
	case "small":
		return phrase("small", "business", "server")
	case "server":
		next := l.exact(following)
		return i == 0 && next.Unread == 0 && next.Family.First.Valid() && next.Family.First.Server()
	}
	return false
}

// begins reports whether the token at i stands at the beginning of the text or
// of a line.
func (l *lister) begins(i int) bool {
	return i == 0 || l.tokens[i-1].kind == stopToken
}

// listed reports whether a separator stands at i and a product behind it, as in
// "XP, 2000 SP2+".
func (l *lister) listed(i int) bool {
	if l.kind(i) != commaToken && l.kind(i) != orToken || l.kind(i+1) != wordToken {
		return false
	}
	r := l.exact(l.word(i + 1))
	return r.Unread == 0 && r.Family != (names.Family{})
}

// followsProduct reports whether a word behind XP or Vista says that Windows is
// meant.
func (l *lister) followsProduct(word string) bool {
	r := l.exact(word)
	return r.Unread == 0 && (r.Marks&(names.MarksOfEditions|names.Mark32) != 0 || r.Packs != 0 || strings.EqualFold(word, "sp"))
}
