package names

// fit is how well an edition fits a name.
type fit uint8

const (
	noFit   fit = iota
	partFit     // the name leaves something of the edition's name out
	fullFit     // the name says all of it
)

// fit returns how well an edition fits what was read.
func (r *Reading) fit(e Edition) fit {
	if r.Family != (Family{}) && !r.Family.Contains(e) {
		return noFit
	}
	said, full := r.Marks&MarksOfEditions, e.Marks()
	server, xp := e.Server(), e.Product() == "Windows XP"
	if r.ranged == rangedClients && server || r.ranged == rangedServers && !server || r.Marks&MarkNT != 0 && Windows95 <= e && e <= WindowsMe {
		return noFit
	}
	if r.Versioned > 0 && !r.Contradicts && !r.has(e) {
		return noFit
	}
	if r.Second && r.Family == (Family{}) && !isSecond(e) {
		return noFit
	}
	if said&MarkServer != 0 && full&MarkServer == 0 {
		if !server {
			return noFit
		}
		said &^= MarkServer
	}
	if said&MarkCore != 0 && full&MarkCore == 0 {
		switch { // the edition IDs Core and ServerStandardCore
		case server || full == 0:
			said &^= MarkCore
		case full == MarkHome && r.released():
			said = said&^MarkCore | MarkHome
		}
	}
	switch {
	case !xp:
		said &^= Mark64
	case said&(MarksOfEditions&^Mark64) == 0 && r.Marks&MarkNT != 0:
		said &^= Mark64 // of the processor that a browser runs on
	}
	// Vista Business is Professionnel in French, and Business a subscription for
	// Pro of Windows 10 and 11.
	switch {
	case e == VistaBusiness && said&MarkProfessional != 0:
		said = said&^MarkProfessional | MarkBusiness
	case (e == Windows10Pro || e == Windows11Pro) && said&MarkBusiness != 0:
		said = said&^MarkBusiness | MarkProfessional
	}
	if full == MarkProfessional && said&MarkMediaCenter != 0 && (e == Windows8Pro || e == Windows81Pro) {
		said &^= MarkMediaCenter // Pro with Media Center
	}
	if said&^full != 0 || full&MarkMultiSession&^said != 0 {
		return noFit // multi-session is meant only where it is named
	}
	for _, narrow := range [...]struct {
		mark Marks
		fits bool
	}{
		{Mark32, full&Mark64 == 0},
		{MarkItanium, !xp && e.Product() != "Windows Server 2008" && e.Product() != "Windows Server 2008 R2"},
		{MarkProVariant, e == Windows10Pro || e == Windows11Pro},
		{MarkHomeVariant, e == Windows8 || e == Windows81 || e == Windows10Home || e == Windows11Home},
		{MarkLongTerm, full&MarkEnterprise != 0 && (e.Product() == "Windows 10" || e.Product() == "Windows 11")},
		{MarkSecondEdition, e == Windows98},
		{MarkServerVariant, server},
	} {
		if r.Marks&narrow.mark != 0 && !narrow.fits {
			return noFit
		}
	}
	if full&^said != 0 || full == 0 && r.Family.First.Product() != r.Family.Last.Product() {
		return partFit // "NT" is not NT 3.1 alone
	}
	return fullFit
}

// has reports whether the versions of the name are those of the edition.
func (r *Reading) has(e Edition) bool {
	for row := range RowsOf(r.List()...) {
		if row.Client.Contains(e) || row.Server.Contains(e) {
			return true
		}
	}
	return false
}

// One returns the one edition that was named, if there is one.
func (r *Reading) One() (Edition, bool) {
	if r.Broken() || r.Vague || r.Empty() {
		return 0, false
	}
	var found [fullFit + 1]Edition
	var count [fullFit + 1]int
	for e := range all {
		f := r.fit(e)
		found[f] = e
		count[f]++
	}
	switch {
	case count[fullFit] == 1:
		return found[fullFit], true
	case count[fullFit] == 0 && count[partFit] == 1:
		return found[partFit], true
	}
	return 0, false
}

// All returns the editions that fit, and only those that fit fully if there
// are any with a name of their own: "Windows 8" is any edition of it.
func (r *Reading) All() []Edition {
	if r.Empty() {
		return nil
	}
	return r.Choose(func(Edition) bool { return true }, false)
}

// Empty reports whether the name says nothing that tells editions apart.
func (r *Reading) Empty() bool {
	return r.Family == (Family{}) && r.Marks&MarksOfEditions&^Mark64 == 0 && r.Versioned == 0
}

// Choose is All of some editions. In a caption the name of a product is that of
// the edition that was sold without a name, if there was one.
func (r *Reading) Choose(from func(Edition) bool, caption bool) []Edition {
	var full, part []Edition
	for e := range all {
		if !from(e) {
			continue
		}
		switch r.fit(e) {
		case fullFit:
			full = append(full, e)
			part = append(part, e)
		case partFit:
			part = append(part, e)
		}
	}
	named := r.Family != (Family{}) || r.Marks&MarksOfEditions&^(Mark64|MarkServer) != 0
	if len(full) > 0 && named && (full[0].Marks() != 0 || caption && len(full) == 1) {
		return full
	}
	return part
}

// WithoutVersions returns the reading as if no version stood in the name.
func (r Reading) WithoutVersions() Reading {
	r.Versioned, r.Contradicts, r.Built = 0, false, 0
	return r
}

// WithoutProduct returns what the name says besides product and version.
func (r Reading) WithoutProduct() Reading {
	r = r.WithoutVersions()
	r.Family, r.Second, r.ranged = Family{}, false, notRanged
	return r
}

// Nearest returns what a name that One finds no edition for may mean: if it is
// ambiguous all editions that fit it, and else those that come near.
func (r *Reading) Nearest() (candidates []Edition, ambiguous bool) {
	if r.Unread > 0 && r.Family == (Family{}) && r.Marks&MarksOfEditions&^(Mark64|MarkServer) == 0 {
		return nil, false
	}
	if r.Contradicts {
		built := *r
		built.Family, built.Contradicts = Family{}, false
		if candidates = built.Choose(built.has, false); len(candidates) > 0 {
			return candidates, false
		}
	}
	candidates = r.All()
	if len(candidates) > 0 || r.Family == (Family{}) {
		return candidates, !r.Broken() && len(candidates) > 0
	}
	var all []Edition
	for e := r.Family.First; e <= r.Family.Last; e++ {
		switch full := e.Marks(); {
		case full&MarkMultiSession&^r.Marks != 0:
			continue
		case full&r.Marks != 0:
			candidates = append(candidates, e)
		}
		all = append(all, e)
	}
	if len(candidates) == 0 {
		candidates = all
	}
	return candidates, false
}
