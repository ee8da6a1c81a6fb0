// Package limits knows how many peers each edition of Windows lets in or out at
// the same time, from NT 3.1 to Windows 11 and Server 2025. It also knows what
// happens to the connection over the limit, and how good the evidence is.
//
// A limit is not a number. It is a number, a unit (sessions, connections,
// requests, attempts), a discipline (refuse, queue, displace), a basis (code or a
// licence), a ceiling up to which it can be raised, and the evidence for all of
// that. A Rule keeps these apart. Lookup finds it:
//
//	xp := limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
//	rule, err := limits.Lookup(xp, limits.SMB)
//
// Other functions start from text. ParseWindows reads the names that people use for
// an edition, and package identify what inventories and scanners have. ParseSymptom
// reads what a user or a log says about a refusal; FindServices and FindClaims read
// questions and assertions. Rules, ByEdition and ByService go through the whole
// table.
//
// A service pack that is not named is unknown. If the limit depends on it, Lookup
// returns an error that has the answer of each service pack; see Windows and
// Lookup. Rules count service packs in levels: level 0 is the edition as it was
// released, level 2 is service pack 2.
//
// Unlimited, absent and unknown are three different answers; see Limit.
//
// Other things that are known about Windows, such as the version of its web server
// or the text of an event, are of type Fact. Methods of Edition, Rule and
// IISVersion return them.
//
// The facts are those of Revision. Each names its sources: a name in parentheses in
// these comments, such as (kb122920), is a key for LookupSource.
package limits

import (
	"errors"
	"fmt"
	"iter"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// Edition is one edition of one Windows product, such as Windows XP Home or
// Windows Server 2019 Datacenter. There is one constant for each edition that the
// table has rules for, in order of release, so that a later one is greater.
//
// An Edition is comparable. Its zero value, UnknownEdition, is not an edition.
type Edition uint8

// The editions.
const (
	// UnknownEdition is the zero Edition: no edition is named.
	UnknownEdition = Edition(names.UnknownEdition)

	// Windows NT 3.1.
	NT31               = Edition(names.NT31)
	NT31AdvancedServer = Edition(names.NT31AdvancedServer)

	// Windows NT 3.5.
	NT35Workstation = Edition(names.NT35Workstation)
	NT35Server      = Edition(names.NT35Server)

	// Windows NT 3.51.
	NT351Workstation = Edition(names.NT351Workstation)
	NT351Server      = Edition(names.NT351Server)

	// Windows NT 4.0.
	NT40Workstation = Edition(names.NT40Workstation)
	NT40Server      = Edition(names.NT40Server)

	// Windows 95, 98 and Me.
	Windows95 = Edition(names.Windows95)
	Windows98 = Edition(names.Windows98)
	WindowsMe = Edition(names.WindowsMe)

	// Windows 2000.
	Windows2000Professional     = Edition(names.Windows2000Professional)
	Windows2000Server           = Edition(names.Windows2000Server)
	Windows2000AdvancedServer   = Edition(names.Windows2000AdvancedServer)
	Windows2000DatacenterServer = Edition(names.Windows2000DatacenterServer)

	// Windows XP.
	XPStarter         = Edition(names.XPStarter)
	XPHome            = Edition(names.XPHome)
	XPProfessional    = Edition(names.XPProfessional)
	XPProfessionalX64 = Edition(names.XPProfessionalX64)
	XPMediaCenter     = Edition(names.XPMediaCenter)
	XPTabletPC        = Edition(names.XPTabletPC)

	// Windows Server 2003 and its relatives.
	Server2003Web                   = Edition(names.Server2003Web)
	Server2003Standard              = Edition(names.Server2003Standard)
	Server2003Enterprise            = Edition(names.Server2003Enterprise)
	Server2003Datacenter            = Edition(names.Server2003Datacenter)
	SmallBusinessServer2003Standard = Edition(names.SmallBusinessServer2003Standard)
	SmallBusinessServer2003Premium  = Edition(names.SmallBusinessServer2003Premium)
	HomeServer                      = Edition(names.HomeServer)

	// Windows Vista.
	VistaStarter     = Edition(names.VistaStarter)
	VistaHomeBasic   = Edition(names.VistaHomeBasic)
	VistaHomePremium = Edition(names.VistaHomePremium)
	VistaBusiness    = Edition(names.VistaBusiness)
	VistaEnterprise  = Edition(names.VistaEnterprise)
	VistaUltimate    = Edition(names.VistaUltimate)

	// Windows Server 2008.
	Server2008Web        = Edition(names.Server2008Web)
	Server2008Standard   = Edition(names.Server2008Standard)
	Server2008Enterprise = Edition(names.Server2008Enterprise)
	Server2008Datacenter = Edition(names.Server2008Datacenter)

	// Windows 7.
	Windows7Starter      = Edition(names.Windows7Starter)
	Windows7HomeBasic    = Edition(names.Windows7HomeBasic)
	Windows7HomePremium  = Edition(names.Windows7HomePremium)
	Windows7Professional = Edition(names.Windows7Professional)
	Windows7Enterprise   = Edition(names.Windows7Enterprise)
	Windows7Ultimate     = Edition(names.Windows7Ultimate)

	// Windows Server 2008 R2.
	Server2008R2Foundation = Edition(names.Server2008R2Foundation)
	Server2008R2Standard   = Edition(names.Server2008R2Standard)
	Server2008R2Enterprise = Edition(names.Server2008R2Enterprise)
	Server2008R2Datacenter = Edition(names.Server2008R2Datacenter)

	// Windows 8 and 8.1.
	Windows8            = Edition(names.Windows8)
	Windows8Pro         = Edition(names.Windows8Pro)
	Windows8Enterprise  = Edition(names.Windows8Enterprise)
	Windows8RT          = Edition(names.Windows8RT)
	Windows81           = Edition(names.Windows81)
	Windows81Pro        = Edition(names.Windows81Pro)
	Windows81Enterprise = Edition(names.Windows81Enterprise)
	Windows81RT         = Edition(names.Windows81RT)

	// Windows Server 2012 and 2012 R2.
	Server2012Foundation   = Edition(names.Server2012Foundation)
	Server2012Essentials   = Edition(names.Server2012Essentials)
	Server2012Standard     = Edition(names.Server2012Standard)
	Server2012Datacenter   = Edition(names.Server2012Datacenter)
	Server2012R2Foundation = Edition(names.Server2012R2Foundation)
	Server2012R2Essentials = Edition(names.Server2012R2Essentials)
	Server2012R2Standard   = Edition(names.Server2012R2Standard)
	Server2012R2Datacenter = Edition(names.Server2012R2Datacenter)

	// Windows 10.
	Windows10Home                   = Edition(names.Windows10Home)
	Windows10Pro                    = Edition(names.Windows10Pro) // also Pro for Workstations and Pro Education
	Windows10Enterprise             = Edition(names.Windows10Enterprise)
	Windows10Education              = Edition(names.Windows10Education)
	Windows10IoTCore                = Edition(names.Windows10IoTCore)
	Windows10IoTEnterprise          = Edition(names.Windows10IoTEnterprise)
	Windows10EnterpriseMultiSession = Edition(names.Windows10EnterpriseMultiSession)

	// Windows 11.
	Windows11Home                   = Edition(names.Windows11Home)
	Windows11Pro                    = Edition(names.Windows11Pro) // also Pro for Workstations and Pro Education
	Windows11Enterprise             = Edition(names.Windows11Enterprise)
	Windows11Education              = Edition(names.Windows11Education)
	Windows11IoTEnterprise          = Edition(names.Windows11IoTEnterprise)
	Windows11EnterpriseMultiSession = Edition(names.Windows11EnterpriseMultiSession)

	// Windows Server 2016 to 2025.
	Server2016Standard               = Edition(names.Server2016Standard)
	Server2016Datacenter             = Edition(names.Server2016Datacenter)
	Server2019Standard               = Edition(names.Server2019Standard)
	Server2019Datacenter             = Edition(names.Server2019Datacenter)
	Server2022Standard               = Edition(names.Server2022Standard)
	Server2022Datacenter             = Edition(names.Server2022Datacenter)
	Server2022DatacenterAzureEdition = Edition(names.Server2022DatacenterAzureEdition)
	Server2025Standard               = Edition(names.Server2025Standard)
	Server2025Datacenter             = Edition(names.Server2025Datacenter)
	Server2025DatacenterAzureEdition = Edition(names.Server2025DatacenterAzureEdition)
)

// valid reports whether e is one of the declared editions.
func (e Edition) valid() bool { return names.Edition(e).Valid() }

// Editions returns every edition in the table, in order of release.
func Editions() iter.Seq[Edition] {
	return func(yield func(Edition) bool) {
		for e := UnknownEdition + 1; e.valid(); e++ {
			if !yield(e) {
				return
			}
		}
	}
}

// Product returns the product the edition belongs to, such as "Windows XP" or
// "Windows Server 2008 R2".
func (e Edition) Product() string {
	if !e.valid() {
		return unknownName
	}
	return names.Edition(e).Product()
}

// Name returns the name of the edition within its product, such as
// "Professional". It is "Core" where the edition was sold under the name of the
// product alone: Windows NT 3.1, 95, 98, Me, Home Server, 8 and 8.1.
func (e Edition) Name() string {
	if !e.valid() {
		return unknownName
	}
	return names.Edition(e).Name()
}

// String returns product and name, such as "Windows XP Professional", and the
// product alone where the name is "Core".
func (e Edition) String() string {
	switch {
	case e == UnknownEdition:
		return unknownName
	case !e.valid():
		return fmt.Sprintf("Edition(%d)", uint8(e))
	case e.Name() == names.Core:
		return e.Product()
	}
	return e.Product() + " " + e.Name()
}

// Server reports whether the edition is sold as a server. All others are client
// editions.
func (e Edition) Server() bool { return e.valid() && names.Edition(e).Server() }

// PoolsSockets reports whether all TCP sockets of the machine share one limit,
// that of TCPOther: those in, those out, and those that wait to be accepted or to
// close. They do on Windows 95, 98 and Me (kb198663).
func (e Edition) PoolsSockets() bool { return Windows95 <= e && e <= WindowsMe }

// ServicePacks returns the service packs the edition had, lowest first. The
// first is what it was released at: AsReleased for all but Windows Server 2008
// and XP Professional x64 (1) and Windows Home Server (2).
func (e Edition) ServicePacks() []ServicePack {
	if !e.valid() {
		return nil
	}
	var packs []ServicePack
	for level, last := names.Edition(e).Levels(); level <= last; level++ {
		packs = append(packs, ServicePackAt(level))
	}
	return packs
}

// MarshalText returns the String form. An Edition that is not declared is an
// error.
func (e Edition) MarshalText() ([]byte, error) {
	if e != UnknownEdition && !e.valid() {
		return nil, fmt.Errorf("limits: %v is not an edition", e)
	}
	return []byte(e.String()), nil
}

// UnmarshalText accepts what ParseEdition accepts, and "unknown" for
// UnknownEdition.
func (e *Edition) UnmarshalText(text []byte) error {
	if string(text) == unknownName {
		*e = UnknownEdition
		return nil
	}
	parsed, err := ParseEdition(string(text))
	if err != nil {
		return err
	}
	*e = parsed
	return nil
}

// Errors that the functions of this package wrap; test with errors.Is.
var (
	// ErrUnknownEdition says that a value or a name is not an edition of the table.
	ErrUnknownEdition = errors.New("limits: unknown edition")
	// ErrServicePack says that the edition never had the service pack, or that
	// the answer depends on a service pack that is not named.
	ErrServicePack = errors.New("limits: no such service pack")
	// ErrNoRule says that the table has no rule that answers the question. It never
	// means that there is no limit.
	ErrNoRule = errors.New("limits: no rule known")
)
