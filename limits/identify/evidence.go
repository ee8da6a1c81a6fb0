package identify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// evidence is what is known of one installation: the fields of an Identity, and
// what its name says.
type evidence struct {
	input string // what an error names
	form  Form
	id    Identity // its Name is in name
	name  names.Reading
	named bool
	// caption says that the name is one that Windows gives to itself: there the
	// name of a product alone is that of the edition sold without a name.
	caption bool
	// own says that a record has fields that only Windows has.
	own bool
	// anyKind says that the name has the product for the version and does not
	// tell clients from servers.
	anyKind bool
}

// A weighing is the state of identify.
type weighing struct {
	*evidence
	versions  []names.Version
	set       candidates // what version and product type leave, at the levels that the build tells
	conflicts []string
	unlisted  []string
}

// identify weighs the evidence: the version over the name for the product, the
// name, the EditionID and the SKU for the edition, the product type for client or
// server.
func (ev *evidence) identify() (Identification, error) {
	w := weighing{evidence: ev}
	if err := w.readable(); err != nil {
		return w.fail(err)
	}
	if err := w.weighVersion(); err != nil {
		return w.fail(err)
	}
	w.weighType()
	base := w.set
	if err := w.weighEdition(); err != nil {
		return w.fail(err)
	}
	if err := w.weighName(base); err != nil {
		return w.fail(err)
	}
	if err := w.weighPacks(); err != nil {
		return w.fail(err)
	}
	return Identification{
		Candidates: w.set.windows(), Unlisted: w.unlisted,
		Form: ev.form, Conflicts: w.conflicts, Notes: w.notes(),
	}, nil
}

// fail returns the error, and with it what the table has no rows for.
func (w *weighing) fail(err error) (Identification, error) {
	if unlisted, ok := err.(*UnlistedError); ok {
		return Identification{Unlisted: unlisted.Unlisted, Form: w.form, Conflicts: w.conflicts}, err
	}
	return Identification{}, err
}

func (w *weighing) conflict(format string, args ...any) {
	w.conflicts = append(w.conflicts, fmt.Sprintf(format, args...))
}

// none returns the error for an edition without rules. The nearest editions are those
// of the set.
func (w *weighing) none(what string) error {
	if near := w.set; !near.empty() {
		near.keep(func(e names.Edition) bool { return e.Marks()&names.MarkMultiSession == 0 })
		if !near.empty() {
			w.set = near
		}
	}
	return &UnlistedError{Input: w.input, Unlisted: []string{what}, Nearest: names.As[limits.Edition](w.set.editions())}
}

// refuse returns the error for evidence of which nothing remains.
func (w *weighing) refuse(near candidates) error { return nearest(w.input, &near) }

// readable returns an error if the name is not that of an edition.
func (w *weighing) readable() error {
	if !w.named {
		if id := &w.id; len(id.numbers()) == 0 && id.Release == "" && id.SKU == SKUUndefined && id.EditionID == "" {
			return &limits.NameError{Input: w.input} // nothing is known
		}
		return nil
	}
	near, ambiguous := w.name.Nearest()
	switch {
	case w.name.Unread > 0 && (lookupSKU(w.id.SKU) != nil && w.id.SKU != SKUUndefined || editionOf(w.id.EditionID) != nil) && len(w.id.numbers()) > 0:
		w.conflict("the name %.60q is not understood", w.title())
		w.named, w.evidence = false, &evidence{input: w.input, form: w.form, id: w.id}
	case w.name.Unlisted:
		if w.name.Family == (names.Family{}) {
			near = nil // an edition alone, or a version of CE, says nothing of the product
		}
		return &UnlistedError{Input: w.input, Unlisted: []string{strings.TrimSpace(w.title())}, Nearest: names.As[limits.Edition](near)}
	case w.name.Unread > 0 || w.name.Empty() && w.id.Major == 0 && w.id.Build == 0:
		return &limits.NameError{Input: w.input, Ambiguous: ambiguous, Candidates: names.As[limits.Edition](near)}
	}
	return nil
}

// title returns the name, or what else the error names.
func (w *weighing) title() string {
	title := w.input
	if w.id.Name != "" {
		title = w.id.Name
	}
	const most = 2 * names.MaxLength // a name with its version
	return strings.ToValidUTF8(title[:min(len(title), most)], "")
}

// numbers returns the versions of the Identity.
func (id *Identity) numbers() (list []names.Version) {
	switch {
	case id.Major != 0 && id.Build != 0:
		list = append(list, names.Version{Parts: 3, Major: id.Major, Minor: id.Minor, Build: id.Build})
	case id.Major != 0:
		list = append(list, names.Version{Parts: 2, Major: id.Major, Minor: id.Minor})
	case id.Build != 0:
		list = append(list, names.Version{Parts: 1, Major: id.Build})
	}
	return list
}

// weighVersion makes the set from the versions, those of the Identity before
// those in the name.
func (w *weighing) weighVersion() error {
	numbers := w.id.numbers()
	if release, ok := names.Release(w.id.Release); ok && (w.id.Build == 0 || release.HasBuild(w.id.Build)) {
		numbers = append(numbers, release)
	} else if ok {
		w.conflict("%v is not %v", release, numbers[0])
	}
	w.versions = append(slices.Clone(numbers), w.name.List()...)
	if !known(w.versions) && len(w.name.List()) > 0 && known(numbers) {
		w.conflict("the name says %v, and the version is %v", w.name.List()[0], numbers[0])
		w.versions = numbers
	}
	if len(w.versions) == 0 {
		for e := names.UnknownEdition + 1; e.Valid(); e++ {
			w.set.add(e, 0)
		}
		return nil
	}
	for row := range names.RowsOf(w.versions...) {
		var packs uint16
		if row.Pack >= 0 && slices.ContainsFunc(w.versions, names.Version.TellsPack) {
			packs = 1 << row.Pack
		}
		for _, f := range [...]names.Family{row.Client, row.Server} {
			for e := f.First; e <= f.Last && e.Valid(); e++ {
				w.set.add(e, packs)
			}
		}
	}
	if !w.set.empty() {
		return nil
	}
	if v := numbers; len(v) > 0 && v[0].Parts == 3 && (names.Version{Parts: 2, Major: v[0].Major, Minor: v[0].Minor}).Known() {
		for row := range (names.Version{Parts: 2, Major: v[0].Major, Minor: v[0].Minor}).Rows() {
			for _, f := range [...]names.Family{row.Client, row.Server} {
				for e := f.First; e <= f.Last && e.Valid(); e++ {
					w.set.add(e, 0)
				}
			}
		}
		return w.none(fmt.Sprintf("Windows %d.%d.%d, a build that no product has", v[0].Major, v[0].Minor, v[0].Build))
	}
	return w.refuse(w.set)
}

// known reports whether a row describes all of the versions.
func known(versions []names.Version) bool {
	for range names.RowsOf(versions...) {
		return true
	}
	return false
}

// kind is what the product type and the installation type say of an edition:
// client, server or either.
type kind uint8

const (
	anyKind kind = iota
	clientKind
	serverKind
)

// kind returns what product type and installation type say.
func (id *Identity) kind() kind {
	installed := strings.ToLower(id.InstallationType)
	switch {
	case id.ProductType == TypeWorkstation, id.ProductType == UnknownProductType && installed == "client":
		return clientKind
	case id.ProductType == TypeServer, id.ProductType == TypeDomainController,
		installed == "server", installed == "server core", installed == "nano server":
		return serverKind
	}
	return anyKind
}

// firstMultiSession is the first build of Enterprise multi-session.
const firstMultiSession = 17763

// weighType narrows the set by product type and installation type. Enterprise
// multi-session, which reports itself as a server, is in it only where something
// points to it. Product types are those of the NT line.
func (w *weighing) weighType() {
	kind := w.id.kind()
	multi := w.name.Marks&names.MarkMultiSession != 0 || w.id.SKU == SKUServerRDSH || strings.EqualFold(w.id.EditionID, "ServerRdsh")
	w.set.keep(func(e names.Edition) bool {
		switch {
		case e.Marks()&names.MarkMultiSession != 0:
			return multi || w.id.ProductType == TypeServer && slices.ContainsFunc(w.versions, func(v names.Version) bool { return v.Parts == 3 && v.Build >= firstMultiSession })
		case kind != anyKind && names.Windows95 <= e && e <= names.WindowsMe:
			return false
		}
		return kind.has(e)
	})
}
