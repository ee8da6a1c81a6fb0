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
	if r.ranged && server != r.Family.First.Server() {
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
	if !xp {
		said &^= Mark64
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
	if full&^said != 0 {
		return partFit
	}
	return fullFit
}

// One returns the one edition that was named, if there is one.
func (r *Reading) One() (Edition, bool) {
	if r.Unread > 0 || r.Vague || r.Family == (Family{}) && r.Marks&MarksOfEditions&^Mark64 == 0 {
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
	if r.Family == (Family{}) && r.Marks&MarksOfEditions&^Mark64 == 0 {
		return nil
	}
	var full, part []Edition
	for e := range all {
		switch r.fit(e) {
		case fullFit:
			full = append(full, e)
			part = append(part, e)
		case partFit:
			part = append(part, e)
		}
	}
	named := r.Family != (Family{}) || r.Marks&MarksOfEditions&^(Mark64|MarkServer) != 0
	if len(full) > 0 && full[0].Marks() != 0 && named {
		return full
	}
	return part
}

// Nearest returns what a name that One finds no edition for may mean: if it is
// ambiguous all editions that fit it, and else those that come near.
func (r *Reading) Nearest() (candidates []Edition, ambiguous bool) {
	if r.Unread > 0 && r.Family == (Family{}) && r.Marks&MarksOfEditions&^(Mark64|MarkServer) == 0 {
		return nil, false
	}
	candidates = r.All()
	if len(candidates) > 0 || r.Family == (Family{}) {
		return candidates, r.Unread == 0 && len(candidates) > 0
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
