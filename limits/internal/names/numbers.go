package names

// readNumber takes in the number at i, and the letters that belong to it, and
// returns where it ends. The kind is that of the word before it.
func (r *Reading) readNumber(text []byte, i int, kind wordKind, dash bool) int {
	start := i
	i += numberLength(text[i:])
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
	case kind == countWord:
		return i
	case kind == versionWord || kind == buildWord:
		r.addVersion(number, kind, dash)
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
		r.addNumber(year[:], kind, dash)
		return i
	}
	if string(number) == "9" && i < len(text) && text[i] == 'x' && (i+1 == len(text) || !isLetter(text[i+1])) {
		r.addFamily(Family{Windows95, WindowsMe}, dash)
		return i + 1
	}
	if is64 := string(number) == "64"; is64 || string(number) == "32" {
		if end := after(" bit"); end >= 0 {
			switch edition := matchWord(" edition", text[end:]); {
			case !is64:
				r.Marks |= Mark32
			case edition > 0 && r.Family.First == XPStarter && r.Marks&MarkProfessional == 0:
				r.Marks |= MarkItanium // XP 64-Bit Edition
			default:
				r.Marks |= Mark64
			}
			return end
		}
	}
	r.addNumber(number, kind, dash)
	return i
}

// addNumber takes in a number that may name a product.
func (r *Reading) addNumber(number []byte, kind wordKind, dash bool) {
	for _, n := range numbers {
		if n.text == string(number) {
			r.addFamily(n.family, dash)
			r.number = true
			return
		}
	}
	if r.Family == (Family{}) || r.Family.First < Windows10Home || string(number) == "2021" || string(number) == "2024" {
		switch string(number) {
		case "2002", "2004", "2005", "2015", "2021", "2024":
			r.year = true
			return
		case "2011":
			r.late = true
			return
		case "1.0", "1.01", "1.02", "1.03", "1.04", "2.0", "2.03", "2.1", "2.10", "2.11", "3.0", "3.00", "3.11", "3.2":
			r.dos = true
			return
		}
	}
	if string(number) == "2015" { // Enterprise 2015 LTSB
		r.year = true
		return
	}
	r.addVersion(number, kind, dash)
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

// addVersion takes in a version number or a build. A number alone may be none:
// it must be known, or the word before it must say that it is one.
func (r *Reading) addVersion(number []byte, kind wordKind, dash bool) {
	v := ParseVersion(number)
	said := kind == versionWord || kind == buildWord
	build := v.Build
	if v.Parts == 1 {
		build = v.Major
		if kind == versionWord && r.Family == (Family{}) && v.Major < leastBuild {
			r.addProductVersion(number)
			return
		}
		if r.addReleaseNumber(string(number), said) {
			return
		}
	}
	known := v.Known()
	if known && v.Parts == 1 && kind != buildWord {
		// Of the small builds of old products any number could be one.
		known = r.fits(v) || v.Major >= 2195 && v.Major < 30000 && (said || r.Family != (Family{}) || r.Versioned > 0)
	}
	switch {
	case known:
		loose := v.Parts == 1 && !said && !r.fits(v)
		r.Loose = r.Loose || loose
		if n := r.Versioned - 1; dash && n >= 0 && v.Parts == 1 && r.Versions[n].Parts == 1 && r.Versions[n].Major < v.Major {
			r.Versions[n].last = v.Major // "build 10586 - 14393"
			return
		}
		r.keepVersion(v)
	case v.Parts == 1 && (kind == versionWord || kind == buildWord && v.Major < leastBuild):
		// "Version 2002", "v1": they say nothing that is asked here.
	case early(build, r.Family), kind == buildWord && (r.Family != (Family{}) || r.Versioned > 0), v.Parts > 2 && r.isNT(v):
		r.Unlisted = true // from before the product was finished
	default:
		r.stray++
	}
}

// fits reports whether the version is one of the family.
func (r *Reading) fits(v Version) bool {
	for row := range v.Rows() {
		if r.Family.overlaps(row.Client) || r.Family.overlaps(row.Server) {
			return true
		}
	}
	return false
}

// isNT reports whether major and minor are those of a version, whatever the
// build.
func (r *Reading) isNT(v Version) bool {
	return v.Major == 6 && v.Minor == 4 || Version{Parts: 2, Major: v.Major, Minor: v.Minor}.Known()
}

// addProductVersion takes in the number of "Windows version 10".
func (r *Reading) addProductVersion(number []byte) {
	for _, n := range numbers {
		if n.text == string(number) {
			r.addFamily(n.family, false)
			r.number = true
		}
	}
}

func (r *Reading) keepVersion(v Version) {
	if r.Versioned == len(r.Versions) {
		r.Unread++
		return
	}
	r.Versions[r.Versioned] = v
	r.Versioned++
}

// addReleaseNumber takes in a release that is a number, such as 1909. It returns
// false if the number is none.
func (r *Reading) addReleaseNumber(number string, said bool) bool {
	server := r.Family == (Family{}) && r.Marks&MarkServer != 0
	if !said && !r.released() && !server {
		return false
	}
	if number == "2009" && r.released() {
		return true // the registry of every later release has it
	}
	release, ok := findRelease(number)
	if ok {
		r.keepVersion(Version{Parts: 2, release: release})
	}
	return ok
}

// addRelease takes in a release such as 22H2.
func (r *Reading) addRelease(name string) {
	release, ok := findRelease(name)
	if !ok {
		r.Unread++
		return
	}
	r.keepVersion(Version{Parts: 2, release: release})
}

// released reports whether the product is one with releases such as 22H2.
func (r *Reading) released() bool { return r.Family.First >= Windows10Home }

// List returns the versions in the name.
func (r *Reading) List() []Version { return r.Versions[:r.Versioned] }
