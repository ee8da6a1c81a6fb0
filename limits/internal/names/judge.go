package names

import "strings"

// finish judges the words together.
func (r *Reading) finish() {
	r.finishServers()
	if r.Marks&MarkRT != 0 && r.Family == (Family{}) {
		r.Family = Family{Windows8, Windows8RT}
	}
	if r.dos && r.Marks&MarkWindows != 0 && r.Marks&MarkNT == 0 {
		r.Unlisted = true
	} else if r.dos {
		r.Unread++
	}
	if r.Marks&MarkNT != 0 {
		switch {
		case r.Family == (Family{}) && r.Versioned == 0:
			r.Family = Family{NT31, NT40Server}
		case r.Versioned == 0 && r.Family.overlaps(Family{Windows95, WindowsMe}):
			r.Unread++
		}
	} else if r.Family.First != UnknownEdition && r.Family.Last <= NT40Server {
		// Windows 3.1 on DOS is older than NT 3.1, and Windows 95 is version 4.0, too.
		// DOS 4.0 is not Windows at all.
		switch windows := r.Marks&MarkWindows != 0; {
		case windows && r.Family.First == NT40Workstation && r.Family.Last == NT40Server:
			r.keepVersion(Version{Parts: 2, Major: 4})
		case windows:
			r.Unlisted = true
		default:
			r.Unread++
		}
		r.Family = Family{}
	}
	if r.odd != (Family{}) && !r.Unlisted && (r.Marks&MarkLongTerm == 0 || r.odd.First < Server2016Standard) {
		r.Unread++
	}
	if r.year && !r.Unlisted && r.Marks&(MarkLongTerm|MarkMediaCenter|MarkTablet) == 0 {
		r.Unread++
	}
	if r.Second && r.Family != (Family{}) && r.Family.First != Server2003Web && !isSecond(r.Family.First) && !isSecond(r.Family.Last) {
		r.Unread++
	}
	r.finishKinds()
	r.finishUnlisted()
	if !r.Unlisted {
		r.Unread += r.stray
	}
	r.finishVersions()
}

// finishServers judges the servers of which not every release is listed.
func (r *Reading) finishServers() {
	if r.Marks&MarkSmallBusiness != 0 {
		switch {
		case r.late:
			r.Unlisted = true
		case r.Family.First == Server2003Web:
			r.Family = Family{SmallBusinessServer2003Standard, SmallBusinessServer2003Premium}
		case r.Family.First == UnknownEdition:
			r.Family = Family{SmallBusinessServer2003Standard, SmallBusinessServer2003Premium}
			r.Vague = true
		default:
			r.Unlisted = true
		}
	}
	if r.late {
		if r.Family.First != HomeServer && r.Marks&MarkSmallBusiness == 0 {
			r.Unread++
		}
		r.Unlisted = true
	}
}

// finishKinds reads "NT Workstation 10.0" and "NT Advanced Server 6.1", as
// inventories call clients and servers after NT 4.0.
func (r *Reading) finishKinds() {
	if r.Marks&MarkNT == 0 || r.Family != (Family{}) || r.Versioned == 0 || r.Versions[0].Parts == 1 || r.Versions[0].Major < 5 {
		return
	}
	if r.Marks&MarkWorkstation != 0 {
		r.Marks &^= MarkWorkstation
		r.ranged = rangedClients
	}
	r.Marks &^= MarkAdvanced
}

// finishUnlisted looks for the editions that were sold and have no rows.
func (r *Reading) finishUnlisted() {
	in := func(f, l Edition) bool { return f <= r.Family.First && r.Family.Last <= l && r.Family != (Family{}) }
	switch {
	case r.Marks&MarkEssentials != 0 && r.Family.First >= Server2016Standard,
		r.Marks&MarkWeb != 0 && in(Server2008R2Foundation, Server2008R2Datacenter),
		r.Marks&(MarkEnterprise|MarkTerminal) != 0 && in(NT40Workstation, NT40Server),
		r.Marks&MarkItanium != 0 && (in(XPStarter, XPTabletPC) || in(Server2008Web, Server2008Datacenter) || in(Server2008R2Foundation, Server2008R2Datacenter)),
		r.Marks&MarkSecondEdition != 0 && in(Windows11Home, Windows11EnterpriseMultiSession), // 11 SE
		r.Marks&MarkS != 0 && r.released():
		r.Unlisted = true
	}
}

// finishVersions holds the versions against each other and the rest.
func (r *Reading) finishVersions() {
	if r.Versioned == 0 {
		r.Loose = false
		return
	}
	const differ = -2
	any, fits, built := false, false, -1
	for row := range RowsOf(r.List()...) {
		any = true
		if r.Family != (Family{}) && !r.Family.overlaps(row.Client) && !r.Family.overlaps(row.Server) {
			continue
		}
		switch {
		case !fits:
			built = int(row.Pack)
		case built != int(row.Pack):
			built = differ
		}
		fits = true
	}
	switch {
	case !any:
		r.Unread++
	case !fits && r.Loose && !r.released():
		// Only among 10, 11 and their servers does a number alone tell more than
		// the name.
		r.Contradicts = true
	case !fits:
		r.Contradicts, r.Loose = true, false
	default:
		r.Loose = false
		if built >= 0 && r.hasBuild() {
			r.Built = int8(built) + 1
		}
	}
	if r.Built > 0 && r.Packs&^(1<<(r.Built-1)) != 0 {
		r.PackContradicts = true
	}
}

// hasBuild reports whether a build or a release is among the versions.
func (r *Reading) hasBuild() bool {
	for _, v := range r.List() {
		if v.TellsPack() {
			return true
		}
	}
	return false
}

// isSecond reports whether the edition is one of an R2.
func isSecond(e Edition) bool { return strings.HasSuffix(e.Product(), " R2") }
