package names

// A Reading is what the words of a name say. Its zero value says nothing.
type Reading struct {
	Marks  Marks
	Family Family // the products it can be
	Packs  uint16 // the levels of service packs named, one bit for each
	Built  int8   // 1 + the level that a build stands for, 0 = none
	Second bool   // R2
	Vague  bool   // no release of the product is named, and not all are listed
	Unread int    // words that mean nothing

	// Unlisted says that the name is that of a Windows product which is not among the
	// editions, such as Embedded or Phone.
	Unlisted bool
	// Versions are the versions, builds and releases in the name, as many as
	// Versioned.
	Versions  [maxVersions]Version
	Versioned int
	// Contradicts says that the versions are none of the family, and Loose that
	// one of them is a number without a word that says what it is.
	Contradicts, Loose bool
	// PackContradicts says that the build stands for another service pack.
	PackContradicts bool

	odd    Family // a product named besides, as the year in "10 Enterprise 2016 LTSB"
	ranged ranged // the family is a range, as in "7 - 10"
	number bool   // the family was named by a number
	year   bool   // a year that is no product, as in "Media Center Edition 2005"
	late   bool   // 2011, the year of servers without rows
	dos    bool   // a version of Windows on DOS
	stray  int    // numbers that mean nothing
}

// ranged says which editions between the ends of a range are meant.
type ranged uint8

const (
	notRanged ranged = iota
	rangedClients
	rangedServers
	rangedAll
)

// maxVersions is how many versions a name can have. Of the real ones, "10.0
// (22631)" behind a name with a release has three.
const maxVersions = 6

// MaxLength is the length of the longest name that is read, in bytes. The
// longest real one, a Windows Server 2003 caption with its service pack, has
// about 90.
const MaxLength = 256

// Read reads a name of at most MaxLength bytes. It does not allocate.
func Read(name string) (r Reading) {
	r.read(name, 4)
	return r
}

// ReadExact is Read for a text that need not be a name: what is misspelt is not
// looked up.
func ReadExact(name string) (r Reading) {
	r.read(name, 0)
	return r
}

// Broken reports whether the name has a part that is not understood or that
// contradicts another.
func (r *Reading) Broken() bool {
	return r.Unread > 0 || r.Unlisted || r.Contradicts || r.PackContradicts
}

// What was read last, for a "+" or an "or later" behind it.
type lastRead uint8

const (
	lastOther lastRead = iota
	lastPack
	lastProduct
)

// read takes in a name of at most MaxLength bytes, and looks up so many
// misspelt words, each at the cost of the whole vocabulary.
func (r *Reading) read(name string, guesses int) {
	var buf [2 * MaxLength]byte
	text := Plain(buf[:0], name)
	var (
		kind  wordKind
		dash  bool    // between the numbers of a range
		start = -1    // of the present run of letters, -1 = outside of one
		end   int     // of it
		saved Reading // as it was at its start
		last  lastRead
	)
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '-':
			dash, start = true, -1
			i++
		case c == ' ' || c == '.':
			start = -1
			i++
		case c == '+':
			r.later(last)
			start = -1
			i++
		case IsDigit(c):
			packed := kind == packWord
			family := r.Family
			i = r.readNumber(text, i, kind, dash)
			switch {
			case packed:
				last, kind = lastPack, afterPack
			case r.Family != family:
				last, kind = lastProduct, plainWord
			default:
				last, kind = lastOther, plainWord
			}
			dash, start = false, -1
		default:
			if start < 0 {
				start, saved = i, *r
				for end = i; end < len(text) && isLetter(text[end]); end++ {
				}
			}
			w, n := longestWord(text[i:])
			if w != nil && (i == start && i+n >= end || w.joins(i+n >= end, r.Marks)) {
				if w.kind == laterWord {
					r.later(last)
				}
				r.apply(w)
				if w.family != (Family{}) || w.kind == secondWord {
					last = lastProduct
				}
				switch {
				case w.kind == versionWord && kind == afterPack && w.text == "v":
					kind = countWord // "Service Pack 1, v.3309" is a build of the service pack
				default:
					kind = w.kind
				}
				i += n
				continue
			}
			*r = saved
			r.Unread++
			i = end
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
	case unlistedWord:
		r.Unlisted = true
	}
}

// later takes in a "+" or an "or later" behind a service pack or a product.
func (r *Reading) later(last lastRead) {
	switch last {
	case lastPack:
		for level := 7; level > 0 && r.Packs&(1<<level) == 0; level-- {
			r.Packs |= 1 << level
		}
	case lastProduct:
		if r.Family == (Family{}) {
			return
		}
		r.setRanged()
		r.Family.Last = Edition(len(table) - 1)
	}
}

// setRanged says that the family becomes a range: of clients, of servers, or of
// both if the product had both.
func (r *Reading) setRanged() {
	first, last := r.Family.First.Server(), r.Family.Last.Server()
	switch {
	case first != last:
		r.ranged = rangedAll
	case first:
		r.ranged = rangedServers
	default:
		r.ranged = rangedClients
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
			if r.ranged == notRanged {
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
		r.setRanged()
		r.Family.Last = f.Last
	case dash && r.number && r.Family == f: // "2008 - 2008 R2"
		r.setRanged()
	case r.Family.overlaps(f):
		r.Family = Family{max(r.Family.First, f.First), min(r.Family.Last, f.Last)}
	default:
		r.odd = f
	}
}
