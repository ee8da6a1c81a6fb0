package identify

import "github.com/winlimits/winlimits/limits/internal/names"

// SuiteMask is the set of suites of a system: wSuiteMask of the structure
// OSVERSIONINFOEX, and OSProductSuite and SuiteMask of WMI's Win32_OperatingSystem
// (ms-osversioninfoex). The zero mask is read as an unknown one, because an inventory
// that does not have the field reports 0.
type SuiteMask uint32

// The suites that tell editions apart, and two that nearly every machine has,
// SuiteTerminal and SuiteSingleUserTS.
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
