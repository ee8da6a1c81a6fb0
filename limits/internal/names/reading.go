package names

import "strings"

// A Reading is what the words of a name say. Its zero value says nothing.
type Reading struct {
	Marks  Marks
	Family Family // the products it can be
	Packs  uint16 // the levels of service packs named, one bit for each
	Built  int8   // 1 + the level that a build stands for, 0 = none
	Second bool   // R2
	Vague  bool   // no release of the product is named, and not all are listed
	Unread int    // words that mean nothing

	odd    Family // a product named besides, as the year in "10 Enterprise 2016 LTSB"
	ranged bool   // the family is a range, as in "7 - 10"
	number bool   // the family was named by a number
	year   bool   // a year that is no product, as in "Media Center Edition 2005"
}

// MaxLength is the length of the longest name that is read, in bytes. The
// longest real one, a Windows Server 2003 caption with its service pack, has
// about 90.
const MaxLength = 256

// Read reads a name of at most MaxLength bytes. It does not allocate.
func Read(name string) (r Reading) {
	r.read(name)
	return r
}

// read takes in a name of at most MaxLength bytes.
func (r *Reading) read(name string) {
	var buf [2 * MaxLength]byte
	text := Plain(buf[:0], name)
	var (
		kind    wordKind
		dash    bool    // between the numbers of a range
		start   = -1    // of the present run of letters, -1 = outside of one
		saved   Reading // as it was there
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
		case IsDigit(c):
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
			r.Unread++
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
func (r *Reading) apply(w *word) {
	r.Marks |= w.marks
	if w.family != (Family{}) {
		r.addFamily(w.family, false)
	}
	switch w.kind {
	case noPackWord:
		r.Packs |= 1
	case secondWord:
		r.Second = true
		r.applySecond()
	}
}

// applySecond turns 2008 and 2012 into their R2, the later end of a range only.
// Windows Server 2003 R2 is Server 2003 with additions: the same limits.
func (r *Reading) applySecond() {
	for _, p := range [...]struct{ from, to Family }{
		{Family{Server2008Web, Server2008Datacenter}, Family{Server2008R2Foundation, Server2008R2Datacenter}},
		{Family{Server2012Foundation, Server2012Datacenter}, Family{Server2012R2Foundation, Server2012R2Datacenter}},
	} {
		if r.Family.Last == p.from.Last {
			r.Family.Last = p.to.Last
			if !r.ranged {
				r.Family.First = p.to.First
			}
		}
	}
}

// addFamily takes in a product.
func (r *Reading) addFamily(f Family, dash bool) {
	switch {
	case r.Family == (Family{}):
		r.Family = f
		if r.Second {
			r.applySecond()
		}
	case dash && r.number && r.Family.Last < f.First:
		r.Family.Last = f.Last
		r.ranged = true
	case r.Family.overlaps(f):
		r.Family = Family{max(r.Family.First, f.First), min(r.Family.Last, f.Last)}
	default:
		r.odd = f
	}
}

// readNumber takes in the number at i, and the letters that belong to it, and
// returns where it ends. The kind is that of the word before it.
func (r *Reading) readNumber(text []byte, i int, kind wordKind, dash bool) int {
	start := i
	for i < len(text) && (IsDigit(text[i]) || text[i] == '.' && i+1 < len(text) && IsDigit(text[i+1])) {
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
			r.Unread++
			return i
		}
		r.addPack(int(number[0]-'0'), dash)
		// 6a of NT 4.0 and 1a of XP are reissues of the same level.
		if i < len(text) && text[i] == 'a' && (i+1 == len(text) || !isLetter(text[i+1])) {
			i++
		}
		return i
	case len(number) == 2 && i+1 < len(text) && text[i] == 'h' && IsDigit(text[i+1]): // 22H2
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
		for i < len(text) && IsDigit(text[i]) && i-digits < 2 {
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
				r.Marks |= Mark32
			case edition > 0 && r.Marks&MarkProfessional == 0:
				r.Marks |= MarkItanium
			default:
				r.Marks |= Mark64
			}
			return end
		}
	}
	r.addNumber(number, dash)
	return i
}

// addNumber takes in a number that nothing before it explains.
func (r *Reading) addNumber(number []byte, dash bool) {
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
func (r *Reading) addPack(level int, dash bool) {
	first := level
	if dash && r.Packs != 0 {
		for first > 0 && r.Packs&(1<<first) == 0 {
			first--
		}
	}
	for ; first <= level; first++ {
		r.Packs |= 1 << first
	}
}

// addVersion takes in a version number or a build. A version that contradicts
// the product is not understood, nor is a number that may not be one: it must
// be known or be said to be a version.
func (r *Reading) addVersion(number []byte, said bool) {
	v := ParseVersion(number)
	if v.Parts == 1 && r.released() && v.Major >= 1507 && v.Major <= 2004 {
		r.addRelease(string(number)) // such as 1909
		return
	}
	for i := range versions {
		s := &versions[i]
		if !v.is(s) {
			continue
		}
		if r.Family.overlaps(s.Client) || r.Family.overlaps(s.Server) {
			if s.Pack >= 0 && v.Parts != 2 {
				if r.Built > 0 && r.Built != s.Pack+1 {
					r.Unread++
				}
				r.Built = s.Pack + 1
			}
			return
		}
		said = said && v.Parts == 1
	}
	if !said {
		r.Unread++
	}
}

// addRelease takes in a release such as 1909 or 22H2. Clients were many, each
// server was one; a server of another release is a product of its own.
func (r *Reading) addRelease(release string) {
	if !r.released() {
		r.Unread++
		return
	}
	own := release
	switch r.Family.First {
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
		r.Unread++
	}
}

// released reports whether the product is one with releases such as 22H2.
func (r *Reading) released() bool { return r.Family.First >= Windows10Home }

// finish judges the words together.
func (r *Reading) finish() {
	if r.Marks&MarkSmallBusiness != 0 {
		switch r.Family.First {
		case Server2003Web:
			r.Family = Family{SmallBusinessServer2003Standard, SmallBusinessServer2003Premium}
		case UnknownEdition:
			r.Family = Family{SmallBusinessServer2003Standard, SmallBusinessServer2003Premium}
			r.Vague = true
		default:
			r.Unread++
		}
	}
	if r.Marks&MarkRT != 0 && r.Family == (Family{}) {
		r.Family = Family{Windows8, Windows8RT}
	}
	if r.Family.First != UnknownEdition && r.Family.Last <= NT40Server && r.Marks&MarkNT == 0 {
		r.Family = Family{}
		r.Unread++
	}
	if r.odd != (Family{}) && (r.Marks&MarkLongTerm == 0 || r.odd.First < Server2016Standard) {
		r.Unread++
	}
	if r.year && r.Marks&(MarkLongTerm|MarkMediaCenter|MarkTablet) == 0 {
		r.Unread++
	}
	if r.Second && r.Family != (Family{}) && r.Family.First != Server2003Web && !isSecond(r.Family.First) && !isSecond(r.Family.Last) {
		r.Unread++
	}
	if r.Built > 0 && r.Packs&^(1<<(r.Built-1)) != 0 {
		r.Unread++
	}
}

// isSecond reports whether the edition is one of an R2.
func isSecond(e Edition) bool { return strings.HasSuffix(e.Product(), " R2") }
