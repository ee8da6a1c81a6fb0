// Package identify tells which editions of Windows a machine can be: from the
// version, product type and SKU that it gives for itself, and from the texts
// that inventories, scanners and people have. What a text does not tell stays
// open: then there are several candidates, never a guess among them.
//
// Caption, Ver, Systeminfo, Nmap and CPE read a text of that form, Identify the
// numbers. Nothing here does I/O, but for Detect, which asks the Windows it runs
// on.
package identify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Identity is what an inventory knows of a Windows without its name: the
// fields of OSVERSIONINFOEX and of WMI's Win32_OperatingSystem. Zero fields but
// Major and Minor are not known. Identify turns it into editions.
type Identity struct {
	// Major, Minor and Build are the version, such as 5.1.2600 or 10.0.19045.
	// Windows 11 is 10.0 from build 22000 on. 6.3 with a build of Windows 10 or
	// later, as the registry and GetProductInfo have it, is read as 10.0.
	Major, Minor, Build int
	// ServicePack is the service pack; limits.ServicePackAt turns the level that Windows
	// gives into one. From Windows Vista on the build tells it as well, and goes
	// before AsReleased here.
	ServicePack limits.ServicePack
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
	if id.ServicePack != limits.UnknownServicePack && id.ServicePack != limits.AsReleased {
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

var productTypeNames = [...]string{"unknown", "workstation", "domain-controller", "server"}

func (p ProductType) String() string {
	if int(p) < len(productTypeNames) {
		return productTypeNames[p]
	}
	return fmt.Sprintf("ProductType(%d)", uint8(p))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (p ProductType) MarshalText() ([]byte, error) {
	if int(p) >= len(productTypeNames) {
		return nil, fmt.Errorf("identify: %d is no product type; want 0 to %d", uint8(p), len(productTypeNames)-1)
	}
	return []byte(p.String()), nil
}

// UnmarshalText accepts the String forms, in any case.
func (p *ProductType) UnmarshalText(text []byte) error {
	for i, name := range productTypeNames {
		if strings.EqualFold(name, string(text)) {
			*p = ProductType(i)
			return nil
		}
	}
	return fmt.Errorf("identify: unknown product type %.40q; want one of %s", text, strings.Join(productTypeNames[1:], ", "))
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

// Identify returns the Windows that an identity can be. Version and product
// type give the product, the SKU and before Vista the suites give the edition.
//
// A SKU that the product was never sold with, such as the PRODUCT_ULTIMATE_N
// that Wine has for every version, says nothing. A SKU that stands for an
// edition without rows in the table, such as PRODUCT_CLOUDEDITION, and a
// version or SKU that is not known are a *limits.NameError, whose Candidates are
// the nearest editions; so is a service pack that contradicts the build. A
// service pack that none of the editions had is a *limits.ServicePackError.
func Identify(id Identity) (Identification, error) {
	c, near, err := id.product()
	if err != nil {
		return Identification{}, err
	}
	if id.Major >= 6 && id.SKU != SKUUndefined {
		row := lookupSKU(id.SKU)
		if row == nil {
			return Identification{}, nearest(id.String(), &near)
		}
		fits := func(e names.Edition) bool { return slices.Contains(row.editions, e) }
		switch all := c.editions(); {
		case slices.ContainsFunc(all, fits):
			c.keep(fits)
		case slices.ContainsFunc(all, row.unlisted.contains):
			return Identification{}, nearest(id.String(), &near)
		}
	} else if id.Suite != 0 && !id.Suite.narrow(&c) {
		return Identification{}, nearest(id.String(), &near)
	}
	return Identification{Candidates: c.windows()}, nil
}

// product returns what version, product type and service pack leave. The set
// near has it whatever the service pack.
func (id Identity) product() (c, near candidates, err error) {
	v := names.Version{Parts: 3, Major: id.Major, Minor: id.Minor, Build: id.Build}
	if v.Major == 6 && v.Minor == 3 && v.Build >= 10240 {
		v.Major, v.Minor = 10, 0
	}
	if v.Build == 0 {
		v.Parts = 2
	}
	for row := range v.Rows() {
		for _, f := range [...]names.Family{row.Client, row.Server} {
			if f == (names.Family{}) || id.ProductType != UnknownProductType && names.Windows95 <= f.First && f.First <= names.WindowsMe {
				continue
			}
			for e := f.First; e <= f.Last; e++ {
				multiSession := e.Marks()&names.MarkMultiSession != 0
				if multiSession && id.SKU != SKUServerRDSH {
					continue // it is meant only where the SKU says so
				}
				if id.ProductType != UnknownProductType && e.Server() == (id.ProductType == TypeWorkstation) && !multiSession {
					continue // both of Windows NT 3.1 are in one row
				}
				near.add(e, 0)
				if packs, ok := id.packs(&row); ok {
					c.add(e, packs)
				}
			}
		}
	}
	switch {
	case near.empty():
		return c, near, nearest(id.String(), &near)
	case c.empty() && slices.ContainsFunc(near.editions(), func(e names.Edition) bool {
		return limits.Windows{Edition: limits.Edition(e), ServicePack: id.ServicePack}.Valid() == nil
	}):
		return c, near, nearest(id.String(), &near) // but not at this build
	case c.empty():
		first := limits.Edition(near.editions()[0])
		return c, near, &limits.ServicePackError{Windows: limits.Windows{Edition: first, ServicePack: id.ServicePack}}
	}
	return c, near, nil
}

// packs returns the levels that build and service pack leave, none being all of
// an edition, and false if they contradict each other or the service pack is
// none.
func (id Identity) packs(row *names.VersionRow) (packs uint16, ok bool) {
	if row.Pack >= 0 && id.Build != 0 {
		packs = 1 << row.Pack
	}
	if id.ServicePack == limits.UnknownServicePack || id.ServicePack == limits.AsReleased && packs != 0 {
		return packs, true
	}
	said, ok := levelOf(id.ServicePack)
	if packs != 0 {
		said &= packs
	}
	return said, ok && said != 0
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
	c.keep(func(e names.Edition) bool {
		mark := e.Marks()
		switch e.Product() {
		case "Windows NT 4.0":
			// Enterprise Edition and Terminal Server Edition.
			if has(SuiteEnterprise | SuiteTerminal) {
				listed = false
			}
			return true
		case "Windows XP":
			if e == names.XPProfessionalX64 {
				return true
			}
			// Starter was made from Home, and is taken to have its suite.
			return has(SuitePersonal) == (e == names.XPHome || e == names.XPStarter)
		case "Windows Vista":
			return e == names.VistaStarter || has(SuitePersonal) == (mark&names.MarkHome != 0)
		case "Windows Home Server":
			return has(SuiteHomeServer)
		case "Windows Small Business Server 2003":
			return !has(SuiteHomeServer) && has(SuiteSmallBusiness|SuiteSmallBusinessRestricted)
		}
		switch {
		case !e.Server() || e >= names.Server2008R2Foundation:
			return true // the suites are documented for products up to Server 2008
		case has(SuiteHomeServer | SuiteSmallBusinessRestricted):
			return false
		case has(SuiteDatacenter):
			return mark&names.MarkDatacenter != 0
		case has(SuiteEnterprise):
			return mark&(names.MarkEnterprise|names.MarkAdvanced) != 0
		case has(SuiteBlade):
			return mark&names.MarkWeb != 0
		}
		return mark&(names.MarkDatacenter|names.MarkEnterprise|names.MarkAdvanced|names.MarkWeb) == 0 || mark == names.MarkWeb && e == names.Server2008Web
	})
	if c.empty() {
		*c = before
		return false
	}
	return listed
}
