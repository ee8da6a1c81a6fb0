package identify

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// weighEdition narrows the set by the SKU, the EditionID and the suites.
func (w *weighing) weighEdition() error {
	w.addSemiAnnual()
	asked := false
	if w.id.SKU != SKUUndefined && (w.id.Major >= 6 || w.id.Major == 0) {
		asked = true
		row := lookupSKU(w.id.SKU)
		if row == nil {
			return w.none(w.product() + " " + w.id.SKU.String())
		}
		if err := w.narrowTo(row, row.name); err != nil {
			return err
		}
	}
	if w.id.EditionID != "" {
		row := editionOf(w.id.EditionID)
		if row == nil {
			w.conflict("the EditionID %.40q is not known", w.id.EditionID)
		} else if err := w.narrowTo(row, "EditionID "+w.id.EditionID); err != nil {
			return err
		}
	}
	if !asked && w.id.Suite != 0 {
		if !w.id.Suite.narrow(&w.set) {
			return w.none(fmt.Sprintf("%s with suite 0x%X", w.product(), uint32(w.id.Suite)))
		}
	}
	if w.set.empty() && len(w.unlisted) > 0 {
		return w.noneOf(w.unlisted)
	}
	if w.set.empty() {
		return w.refuse(w.set)
	}
	return nil
}

// narrowTo narrows the set to the editions of a SKU or an EditionID.
func (w *weighing) narrowTo(row *skuRow, what string) error {
	fits := func(e names.Edition) bool { return slices.Contains(row.editions, e) }
	servers := slices.ContainsFunc(row.editions, names.Edition.Server) || row.unlisted.contains(names.Server2019Standard)
	if len(w.unlisted) > 0 {
		if servers { // a server of the semi-annual channel
			w.set = candidates{}
			return nil
		}
		w.unlisted = nil
	}
	all := w.set.editions()
	switch {
	case slices.ContainsFunc(all, fits):
		w.set.keep(fits)
	case slices.ContainsFunc(all, row.unlisted.contains):
		return w.none(w.product() + " " + what)
	case row.sku == SKUUnlicensed: // it says nothing of the edition
	case len(w.versions) > 0 || len(row.editions) == 0:
		w.conflict("%s is no edition of %s", what, w.product())
	default:
		return w.refuse(w.set)
	}
	return nil
}

// noneOf returns the error for servers without rows.
func (w *weighing) noneOf(unlisted []string) error {
	near := w.set
	if near.empty() {
		for e := names.Server2016Standard; e.Valid(); e++ {
			near.add(e, 0)
		}
	}
	return &UnlistedError{Input: w.input, Unlisted: unlisted, Nearest: names.As[limits.Edition](near.editions())}
}

// product returns the products of the set, for people.
func (w *weighing) product() string { return products(w.set.editions()) }

// products returns the products of editions, or what they are if there are many.
func products(list []names.Edition) string {
	var all []string
	for _, e := range list {
		if p := e.Product(); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	switch {
	case len(all) == 0:
		return "no edition of Windows"
	case len(all) > 6:
		return "Windows"
	case len(all) > 1:
		return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
	}
	return all[0]
}

// semiAnnual is every server that came out between two others and has no rules
// (ms-release-information).
var semiAnnual = [...]struct {
	build int
	name  string
}{
	{16299, "Windows Server, version 1709"},
	{17134, "Windows Server, version 1803"},
	{18362, "Windows Server, version 1903"},
	{18363, "Windows Server, version 1909"},
	{19041, "Windows Server, version 2004"},
	{19042, "Windows Server, version 20H2"},
	{25398, "Windows Server, version 23H2"},
}

// addSemiAnnual adds the servers without rows that the build can be, if what else is
// known is of a server.
func (w *weighing) addSemiAnnual() {
	if w.id.kind() != serverKind && !(w.named && w.nameKind() == serverKind) || w.name.Marks&names.MarkMultiSession != 0 {
		return
	}
	for _, s := range semiAnnual {
		if slices.ContainsFunc(w.versions, func(v names.Version) bool { return v.HasBuild(s.build) }) {
			w.unlisted = append(w.unlisted, s.name)
		}
	}
	if len(w.unlisted) > 0 {
		w.set.keep(func(e names.Edition) bool { return e.Server() || e.Marks()&names.MarkMultiSession != 0 })
	}
}

// nameKind returns whether the name is that of clients, of servers or of both.
func (w *weighing) nameKind() kind {
	f := w.name.Family
	switch {
	case w.anyKind || w.name.Marks&names.MarkMultiSession != 0:
		return anyKind
	case f == (names.Family{}):
		if w.name.Marks&(names.MarkServer|names.MarkServerVariant|names.MarkDatacenter) != 0 {
			return serverKind
		}
		return anyKind
	case f.First.Server() != f.Last.Server():
		return anyKind
	case f.First.Server():
		return serverKind
	}
	return clientKind
}

// weighName narrows the set by the name. If the version contradicts it, the
// version decides the product and the name the edition. The base is the set
// without SKU and EditionID.
func (w *weighing) weighName(base candidates) error {
	if !w.named {
		return nil
	}
	r := w.name.WithoutVersions()
	w.addMultiSession(&r)
	if w.yearless(&r) {
		return nil
	}
	if all := r.Choose(w.set.has, w.caption); len(all) > 0 {
		w.set.keepOnly(all)
		if w.name.Vague {
			w.unlisted = append(w.unlisted, "another release of Windows Small Business Server")
		}
		return nil
	}
	near := w.set
	if all := r.Choose(base.has, w.caption); len(all) > 0 { // the SKU or the EditionID disagrees
		return w.either(base, all)
	}
	if len(w.versions) > 0 && !w.name.Loose {
		if all, ok := w.byVersion(&r); ok {
			w.conflict("the name says %s, %v is %s", products(w.name.Family.Editions()), w.decisive(), products(all))
			w.set.keepOnly(all)
			return nil
		}
	}
	if len(w.unlisted) > 0 {
		return w.noneOf(w.unlisted)
	}
	if list, ambiguous := w.name.Nearest(); !ambiguous && len(list) > 0 {
		return &limits.NameError{Input: w.input, Candidates: names.As[limits.Edition](list)}
	}
	return w.refuse(near)
}

// addMultiSession reads "Windows 10 Enterprise" as multi-session where everything
// else says so: it has that name too.
func (w *weighing) addMultiSession(r *names.Reading) {
	if r.Marks&names.MarksOfEditions&^names.MarkEnterprise != 0 {
		return
	}
	multi := false
	for _, e := range w.set.editions() {
		switch {
		case e.Marks()&names.MarkMultiSession != 0:
			multi = true
		case !e.Server():
			return
		}
	}
	if multi {
		r.Marks |= names.MarkMultiSession | names.MarkEnterprise
	}
}

// byVersion returns the editions of the version's product that the name without
// its own product allows: clients if the name is one of clients.
func (w *weighing) byVersion(r *names.Reading) (all []names.Edition, ok bool) {
	edition := r.WithoutProduct()
	kind := w.nameKind()
	if all = edition.Choose(func(e names.Edition) bool { return w.set.has(e) && kind.has(e) }, false); len(all) > 0 {
		return all, true
	}
	// Tools call a server of Windows 10's time Windows 10.
	if kind != clientKind || r.Family.First < names.Windows10Home {
		return nil, false
	}
	all = edition.Choose(w.set.has, false)
	return all, len(all) > 0
}

// has reports whether an edition is of the kind.
func (k kind) has(e names.Edition) bool {
	return k == anyKind || e.Server() == (k == serverKind) || e.Marks()&names.MarkMultiSession != 0
}

// decisive returns the version that tells most.
func (w *weighing) decisive() names.Version {
	if i := slices.IndexFunc(w.versions, names.Version.TellsPack); i >= 0 {
		return w.versions[i]
	}
	return w.versions[0]
}

// either takes the editions that the name says besides those that the SKU and
// the EditionID say, if they are of one product: none of them decides.
func (w *weighing) either(base candidates, named []names.Edition) error {
	var both candidates
	for _, e := range named {
		for _, other := range w.set.editions() {
			if e.Product() == other.Product() {
				both[e], both[other] = base[e], base[other]
			}
		}
	}
	if both.empty() {
		return w.refuse(w.set)
	}
	w.conflict("the name says %s, SKU or EditionID say %s", titles(named), titles(w.set.editions()))
	w.set = both
	return nil
}

// titles returns the names of up to three editions, and else their products.
func titles(list []names.Edition) string {
	if len(list) > 3 {
		return products(list)
	}
	all := make([]string, len(list))
	for i, e := range list {
		all[i] = limits.Edition(e).String()
	}
	return strings.Join(all, " or ")
}

// yearless takes a name such as "Windows Server Datacenter": Server 2019 calls
// itself so where it was installed without a desktop, and the servers of the
// semi-annual channel do.
func (w *weighing) yearless(r *names.Reading) bool {
	var e names.Edition
	switch r.Marks & names.MarksOfEditions {
	case names.MarkServer | names.MarkStandard:
		e = names.Server2019Standard
	case names.MarkServer | names.MarkDatacenter:
		e = names.Server2019Datacenter
	default:
		return false
	}
	if r.Family != (names.Family{}) || r.Second || len(w.versions) > 0 || !w.set.has(e) {
		return false
	}
	w.set.keepOnly([]names.Edition{e})
	w.unlisted = append(w.unlisted, "a semi-annual release of Windows Server")
	return true
}

// weighPacks narrows the set by the service packs that Identity and name tell.
func (w *weighing) weighPacks() error {
	named := w.name.Packs
	if named == 0 && w.name.Second && w.name.Family.First == names.Server2003Web {
		named = 1<<1 | 1<<2 // R2 was released with service pack 1
	}
	said := named
	if pack := w.id.ServicePack; pack != limits.UnknownServicePack {
		bit, ok := levelOf(pack)
		if !ok {
			bit = 1 << 15 // none had it
		}
		if named != 0 && named&bit == 0 {
			w.conflict("the name says another service pack than %v", pack)
		}
		said = bit
	}
	if said == 0 {
		return nil
	}
	built := slices.ContainsFunc(w.versions, names.Version.TellsPack)
	var narrowed candidates
	ever := false // one of them had such a service pack
	for _, e := range w.set.editions() {
		levels := said
		if levels&1 != 0 {
			levels |= levelMask(e) & -levelMask(e)
		}
		ever = ever || levels&levelMask(e) != 0
		if levels &= w.set[e]; levels != 0 {
			narrowed[e] = levels
		} else if built && said == 1 && w.set[e]&(w.set[e]-1) == 0 {
			narrowed[e] = w.set[e] // what says nothing of service packs says none
		}
	}
	first := w.set.editions()[0]
	_, last := first.Levels()
	pack := limits.ServicePackAt(bits.Len16(said) - 1)
	if w.id.ServicePack != limits.UnknownServicePack {
		pack = w.id.ServicePack
	}
	switch {
	case !narrowed.empty():
		w.set = narrowed
		return nil
	case built && w.named && last == 0:
		w.conflict("%s never had %v", first.Product(), pack)
		return nil
	case ever:
		return w.refuse(w.set) // but not at this build
	}
	return &limits.ServicePackError{Windows: limits.Windows{Edition: limits.Edition(first), ServicePack: pack}}
}

// notes returns what else there is to say of the answer.
func (w *weighing) notes() []string {
	if w.form != FormNTVersion || w.named && w.name.Family != (names.Family{}) {
		return nil
	}
	for _, v := range w.versions {
		if v.Major == 6 && (v.Minor == 2 || v.Minor == 3) {
			return []string{"a program without a manifest is told this version by every later release of Windows, too"}
		}
	}
	return nil
}
