package limits

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Identity is what an inventory knows of a Windows without its name: the
// fields of OSVERSIONINFOEX and of WMI's Win32_OperatingSystem. Zero fields but
// Major and Minor are not known. Identify turns it into editions.
type Identity struct {
	// Major, Minor and Build are the version, such as 5.1.2600 or 10.0.19045.
	// Windows 11 is 10.0 from build 22000 on. 6.3 with a build of Windows 10 or
	// later, as the registry and GetProductInfo have it, is read as 10.0.
	Major, Minor, Build int
	// ServicePack is the service pack; ServicePackAt turns the level that Windows
	// gives into one. From Windows Vista on the build tells it as well, and goes
	// before AsReleased here.
	ServicePack ServicePack
	ProductType ProductType
	SKU         SKU
	Suite       SuiteMask
}

// String returns the known fields, as in "5.1.2600 SP2, workstation, suite
// 0x100".
func (id Identity) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d.%d", id.Major, id.Minor)
	if id.Build != 0 {
		fmt.Fprintf(&b, ".%d", id.Build)
	}
	if id.ServicePack != UnknownServicePack && id.ServicePack != AsReleased {
		fmt.Fprintf(&b, " %v", id.ServicePack)
	}
	if id.ProductType != UnknownProductType {
		fmt.Fprintf(&b, ", %v", id.ProductType)
	}
	if id.SKU != SKUUndefined {
		fmt.Fprintf(&b, ", %v", id.SKU)
	}
	if id.Suite != 0 {
		fmt.Fprintf(&b, ", suite 0x%X", uint32(id.Suite))
	}
	return b.String()
}

// ProductType is wProductType of OSVERSIONINFOEX and ProductType of
// Win32_OperatingSystem (ms-osversioninfoex).
type ProductType uint8

// The product types.
const (
	UnknownProductType   ProductType = iota
	TypeWorkstation                  // VER_NT_WORKSTATION
	TypeDomainController             // VER_NT_DOMAIN_CONTROLLER
	TypeServer                       // VER_NT_SERVER
)

var productTypeNames = [...]string{unknownName, "workstation", "domain-controller", "server"}

func (p ProductType) String() string {
	return enumString("ProductType", productTypeNames[:], uint8(p))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (p ProductType) MarshalText() ([]byte, error) {
	return enumText("product type", productTypeNames[:], p)
}

// UnmarshalText accepts the String forms, in any case.
func (p *ProductType) UnmarshalText(text []byte) error {
	return enumParse(p, "product type", productTypeNames[:], text)
}

// SuiteMask is wSuiteMask of OSVERSIONINFOEX, the OSProductSuite and SuiteMask
// of Win32_OperatingSystem: what came with the system (ms-osversioninfoex). The
// zero mask is taken for an unknown one, because that is what an inventory has
// that did not ask.
type SuiteMask uint32

// The suites that tell editions apart, and the two that nearly every machine
// has.
const (
	SuiteSmallBusiness           SuiteMask = 0x0001 // was installed at some time
	SuiteEnterprise              SuiteMask = 0x0002 // Advanced Server, Enterprise
	SuiteTerminal                SuiteMask = 0x0010
	SuiteSmallBusinessRestricted SuiteMask = 0x0020 // with its client licence in force
	SuiteEmbeddedNT              SuiteMask = 0x0040
	SuiteDatacenter              SuiteMask = 0x0080
	SuiteSingleUserTS            SuiteMask = 0x0100
	SuitePersonal                SuiteMask = 0x0200 // XP Home, Vista Home Basic and Premium
	SuiteBlade                   SuiteMask = 0x0400 // Server 2003 Web
	SuiteStorageServer           SuiteMask = 0x2000
	SuiteComputeServer           SuiteMask = 0x4000
	SuiteHomeServer              SuiteMask = 0x8000
)

// Identification is what a machine can be. What its description does not tell
// stays open: then there are several candidates, never a guess among them.
type Identification struct {
	// Candidates is every edition and service pack that fits, in order of
	// release. Only an edition that never had a service pack is there without
	// one.
	Candidates []Windows `json:"candidates"`
	// Unlisted is what it can be besides, in the words of the description or of
	// Microsoft, but the table has no rows for, such as "Windows Embedded
	// Standard 2009".
	Unlisted []string `json:"unlisted,omitempty"`
}

// One returns the Windows if it can be only one.
func (id Identification) One() (w Windows, ok bool) {
	if len(id.Candidates) != 1 || len(id.Unlisted) > 0 {
		return Windows{}, false
	}
	return id.Candidates[0], true
}

// Editions returns the editions among the candidates.
func (id Identification) Editions() []Edition {
	var list []Edition
	for _, w := range id.Candidates {
		if n := len(list); n == 0 || list[n-1] != w.Edition {
			list = append(list, w.Edition)
		}
	}
	return list
}

// Range returns how far the candidates' limits for a service lie apart: what is
// in force out of the box, and the ceilings.
func (id Identification) Range(s Service) (byDefault, ceiling Range) {
	if len(id.Candidates) == 0 || len(id.Unlisted) > 0 {
		return Range{}, Range{}
	}
	for i, w := range id.Candidates {
		r, err := Lookup(w, s)
		if err != nil {
			return Range{}, Range{}
		}
		if i == 0 {
			byDefault, ceiling = Range{r.Default, r.Default}, Range{r.Ceiling, r.Ceiling}
		}
		byDefault, ceiling = byDefault.with(r.Default), ceiling.with(r.Ceiling)
	}
	return byDefault, ceiling
}

// String returns the candidates, with their service packs unless all fit, as
// in "Windows XP Home SP2/SP3 or Windows XP Professional SP2/SP3".
func (id Identification) String() string {
	var names []string
	for rest := id.Candidates; len(rest) > 0; {
		e, n := rest[0].Edition, 1
		for n < len(rest) && rest[n].Edition == e {
			n++
		}
		name := e.String()
		if n < len(e.ServicePacks()) {
			for i, w := range rest[:n] {
				name += fmt.Sprintf("%c%v", " /"[min(i, 1)], w.ServicePack)
			}
		}
		names, rest = append(names, name), rest[n:]
	}
	for _, name := range id.Unlisted {
		names = append(names, name+" (not in the table)")
	}
	if len(names) == 0 {
		return unknownName
	}
	return strings.Join(names, " or ")
}

// Range is the least and the greatest of several limits. In it an absent
// service is less than one that takes 0, and unlimited is the greatest. One
// unknown limit makes both ends unknown, for it could lie anywhere; so does
// every Windows that the table has no rows for.
//
// Min.Holds(n) is true if n peers fit whichever it is, Max.Holds(n) if they may
// fit.
type Range struct {
	Min Limit `json:"min"`
	Max Limit `json:"max"`
}

// String returns the limit if both ends are the same, else both: "10", "5 to
// 10", "absent to 10".
func (r Range) String() string {
	if r.Min == r.Max {
		return r.Min.String()
	}
	return fmt.Sprintf("%v to %v", r.Min, r.Max)
}

// with returns the range widened to hold the limit.
func (r Range) with(l Limit) Range {
	if !r.Min.IsKnown() || !l.IsKnown() {
		return Range{}
	}
	if l.less(r.Min) {
		r.Min = l
	}
	if r.Max.less(l) {
		r.Max = l
	}
	return r
}

// less orders known limits by how much they let in.
func (l Limit) less(m Limit) bool {
	switch {
	case l.IsAbsent():
		return !m.IsAbsent()
	case m.IsAbsent() || l.IsUnlimited():
		return false
	}
	return m.IsUnlimited() || l.n < m.n
}

// candidates is a set of editions with service packs, a bit for each level.
type candidates [len(editions)]uint16

// levelMask returns the levels an edition had.
func levelMask(e Edition) uint16 {
	return 2<<editions[e].lastSP - 1<<editions[e].firstSP
}

// add adds an edition at the levels, or at all it had if there are none.
// Level 0 is the edition as it was released.
func (c *candidates) add(e Edition, packs uint16) {
	had := levelMask(e)
	switch {
	case packs == 0:
		packs = had
	case packs&1 != 0:
		packs |= 1 << editions[e].firstSP
	}
	c[e] |= packs & had
}

// keep removes the editions for which fits is false.
func (c *candidates) keep(fits func(Edition) bool) {
	for e := range c {
		if c[e] != 0 && !fits(Edition(e)) {
			c[e] = 0
		}
	}
}

func (c *candidates) empty() bool { return *c == candidates{} }

// contains reports whether the set has w, one of a list that windows returned.
func (c *candidates) contains(w Windows) bool {
	at, ok := w.levels()
	return ok && c[w.Edition]&(1<<at.first) != 0
}

// editions returns the editions of the set.
func (c *candidates) editions() (list []Edition) {
	for e := range c {
		if c[e] != 0 {
			list = append(list, Edition(e))
		}
	}
	return list
}

// windows returns the set as a list. An edition that never had a service pack
// stands there without one.
func (c *candidates) windows() (list []Windows) {
	for e, packs := range c {
		if packs != 0 && editions[e].lastSP == 0 {
			list = append(list, Windows{Edition: Edition(e)})
			continue
		}
		for ; packs != 0; packs &= packs - 1 {
			list = append(list, Windows{Edition(e), ServicePackAt(bits.TrailingZeros16(packs))})
		}
	}
	return list
}

// Identify returns the Windows that an identity can be. Version and product
// type give the product, the SKU and before Vista the suites give the edition.
//
// A SKU that the product was never sold with, such as the PRODUCT_ULTIMATE_N
// that Wine has for every version, says nothing. A SKU that stands for an
// edition without rows in the table, such as PRODUCT_CLOUDEDITION, and a
// version or SKU that nobody knows are a *NameError, whose Candidates are the
// nearest editions; so is a service pack that contradicts the build. A service
// pack that none of the editions had is a *ServicePackError.
func Identify(id Identity) (Identification, error) {
	c, near, err := id.product()
	if err != nil {
		return Identification{}, err
	}
	unlisted := func(what string) (Identification, error) {
		return Identification{}, &NameError{Input: what, Candidates: near.editions()}
	}
	if id.Major >= 6 && id.SKU != SKUUndefined {
		row := lookupSKU(id.SKU)
		if row == nil {
			return unlisted(id.String())
		}
		fits := func(e Edition) bool { return slices.Contains(row.editions, e) }
		switch all := c.editions(); {
		case slices.ContainsFunc(all, fits):
			c.keep(fits)
		case slices.ContainsFunc(all, row.unlisted.contains):
			return unlisted(id.String())
		}
	} else if id.Suite != 0 && !id.Suite.narrow(&c) {
		return unlisted(id.String())
	}
	return Identification{Candidates: c.windows()}, nil
}

// product returns what version, product type and service pack leave. The set
// near has it whatever the service pack.
func (id Identity) product() (c, near candidates, err error) {
	v := versionNumber{parts: 3, major: id.Major, minor: id.Minor, build: id.Build}
	if v.major == 6 && v.minor == 3 && v.build >= 10240 {
		v.major, v.minor = 10, 0
	}
	if v.build == 0 {
		v.parts = 2
	}
	for i := range versions {
		row := &versions[i]
		if !v.is(row) {
			continue
		}
		for _, f := range [...]family{row.client, row.server} {
			if f == (family{}) || id.ProductType != UnknownProductType && Windows95 <= f.first && f.first <= WindowsMe {
				continue
			}
			for e := f.first; e <= f.last; e++ {
				multiSession := e.fullName()&markMultiSession != 0
				if multiSession && id.SKU != SKUServerRDSH {
					continue // it is meant only where the SKU says so
				}
				if id.ProductType != UnknownProductType && e.Server() == (id.ProductType == TypeWorkstation) && !multiSession {
					continue // both of Windows NT 3.1 are in one row
				}
				near.add(e, 0)
				packs := uint16(0)
				if row.pack >= 0 && id.Build != 0 {
					packs = 1 << row.pack
				}
				switch {
				case id.ServicePack == UnknownServicePack:
				case id.ServicePack == AsReleased:
					if packs == 0 {
						packs = 1
					}
				case !id.ServicePack.valid():
					continue
				case packs == 0:
					packs = 1 << id.ServicePack
				default:
					packs &= 1 << id.ServicePack
					if packs == 0 {
						continue
					}
				}
				c.add(e, packs)
			}
		}
	}
	switch {
	case near.empty():
		return c, near, &NameError{Input: id.String()}
	case c.empty() && slices.ContainsFunc(near.editions(), func(e Edition) bool {
		return Windows{e, id.ServicePack}.Valid() == nil
	}):
		return c, near, &NameError{Input: id.String(), Candidates: near.editions()} // but not at this build
	case c.empty():
		return c, near, &ServicePackError{Windows: Windows{near.editions()[0], id.ServicePack}}
	}
	return c, near, nil
}

// narrow keeps what the suites allow. It returns false if they stand for an
// edition that the table has no rows for.
func (s SuiteMask) narrow(c *candidates) bool {
	has := func(suites SuiteMask) bool { return s&suites != 0 }
	if has(SuiteEmbeddedNT | SuiteStorageServer | SuiteComputeServer) {
		return false
	}
	listed := true
	before := *c
	c.keep(func(e Edition) bool {
		mark := e.fullName()
		switch editions[e].product {
		case "Windows NT 4.0":
			// Enterprise Edition and Terminal Server Edition.
			if has(SuiteEnterprise | SuiteTerminal) {
				listed = false
			}
			return true
		case "Windows XP":
			if e == XPProfessionalX64 {
				return true
			}
			// Starter was made from Home, and is taken to have its suite.
			return has(SuitePersonal) == (e == XPHome || e == XPStarter)
		case "Windows Vista":
			return e == VistaStarter || has(SuitePersonal) == (mark&markHome != 0)
		case "Windows Home Server":
			return has(SuiteHomeServer)
		case "Windows Small Business Server 2003":
			return !has(SuiteHomeServer) && has(SuiteSmallBusiness|SuiteSmallBusinessRestricted)
		}
		switch {
		case !e.Server() || e >= Server2008R2Foundation:
			return true // the suites are documented for products up to Server 2008
		case has(SuiteHomeServer | SuiteSmallBusinessRestricted):
			return false
		case has(SuiteDatacenter):
			return mark&markDatacenter != 0
		case has(SuiteEnterprise):
			return mark&(markEnterprise|markAdvanced) != 0
		case has(SuiteBlade):
			return mark&markWeb != 0
		}
		return mark&(markDatacenter|markEnterprise|markAdvanced|markWeb) == 0 || mark == markWeb && e == Server2008Web
	})
	if c.empty() {
		*c = before
		return false
	}
	return listed
}
