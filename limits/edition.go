// Package limits knows how many peers each edition of Windows lets in or out at
// the same time, from NT 3.1 to Windows 11 and Server 2025, what becomes of the
// one over the limit, and how well that is known.
//
// A limit is not a number. It is a number, a unit (sessions, connections,
// requests, attempts), a discipline (refuse, queue, displace), who enforces it
// (code or a licence), how far it can be moved, and the evidence for all of
// that. A Rule keeps these apart. Lookup finds it:
//
//	xp := limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
//	rule, err := limits.Lookup(xp, limits.SMB)
//
// ParseWindows reads the names that people use, the Identify functions what
// inventories have, and ParseSymptom what is seen at the limit. Rules, ByEdition
// and ByService go through the table.
//
// A service pack that is not named is unknown, and what depends on it has no
// answer but an error that names those of all levels; see Windows and Lookup.
//
// Unlimited, absent and unknown are three different answers; see Limit. The
// facts are those of Revision, and each carries its sources. Nothing
// here does I/O, but for Detect, which asks the Windows it runs on.
package limits

import (
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Edition is one edition of one Windows product, such as Windows XP Home or
// Windows Server 2019 Datacenter. There is one constant for each edition the
// table has rows for, in order of release.
//
// An Edition is comparable and its zero value, UnknownEdition, is none of
// them.
type Edition uint8

// The editions.
const (
	// UnknownEdition is the zero Edition: no edition is named.
	UnknownEdition Edition = iota

	// Windows NT 3.1.
	NT31
	NT31AdvancedServer

	// Windows NT 3.5.
	NT35Workstation
	NT35Server

	// Windows NT 3.51.
	NT351Workstation
	NT351Server

	// Windows NT 4.0.
	NT40Workstation
	NT40Server

	// Windows 95, 98 and Me.
	Windows95
	Windows98
	WindowsMe

	// Windows 2000.
	Windows2000Professional
	Windows2000Server
	Windows2000AdvancedServer
	Windows2000DatacenterServer

	// Windows XP.
	XPStarter
	XPHome
	XPProfessional
	XPProfessionalX64
	XPMediaCenter
	XPTabletPC

	// Windows Server 2003 and its relatives.
	Server2003Web
	Server2003Standard
	Server2003Enterprise
	Server2003Datacenter
	SmallBusinessServer2003Standard
	SmallBusinessServer2003Premium
	HomeServer

	// Windows Vista.
	VistaStarter
	VistaHomeBasic
	VistaHomePremium
	VistaBusiness
	VistaEnterprise
	VistaUltimate

	// Windows Server 2008.
	Server2008Web
	Server2008Standard
	Server2008Enterprise
	Server2008Datacenter

	// Windows 7.
	Windows7Starter
	Windows7HomeBasic
	Windows7HomePremium
	Windows7Professional
	Windows7Enterprise
	Windows7Ultimate

	// Windows Server 2008 R2.
	Server2008R2Foundation
	Server2008R2Standard
	Server2008R2Enterprise
	Server2008R2Datacenter

	// Windows 8 and 8.1.
	Windows8
	Windows8Pro
	Windows8Enterprise
	Windows8RT
	Windows81
	Windows81Pro
	Windows81Enterprise
	Windows81RT

	// Windows Server 2012 and 2012 R2.
	Server2012Foundation
	Server2012Essentials
	Server2012Standard
	Server2012Datacenter
	Server2012R2Foundation
	Server2012R2Essentials
	Server2012R2Standard
	Server2012R2Datacenter

	// Windows 10.
	Windows10Home
	Windows10Pro // also Pro for Workstations and Pro Education
	Windows10Enterprise
	Windows10Education
	Windows10IoTCore
	Windows10IoTEnterprise
	Windows10EnterpriseMultiSession

	// Windows 11.
	Windows11Home
	Windows11Pro // also Pro for Workstations and Pro Education
	Windows11Enterprise
	Windows11Education
	Windows11IoTEnterprise
	Windows11EnterpriseMultiSession

	// Windows Server 2016 to 2025.
	Server2016Standard
	Server2016Datacenter
	Server2019Standard
	Server2019Datacenter
	Server2022Standard
	Server2022Datacenter
	Server2022DatacenterAzureEdition
	Server2025Standard
	Server2025Datacenter
	Server2025DatacenterAzureEdition
)

// An edition is what the names and service packs of an Edition are made of.
type edition struct {
	product string
	name    string // "Core" where the product name stands alone
	firstSP int    // level the edition was released at
	lastSP  int    // last level Microsoft released; 0 = none
}

// editions describes every Edition.
//
// Three systems were never at level 0. Windows Server 2008 was released at
// level 1, together with Vista SP1. Windows XP Professional x64 was built from
// Server 2003 SP1 and reported that level from the start. Windows Home Server
// was built from Server 2003 SP2.
var editions = [...]edition{
	NT31:                             {product: "Windows NT 3.1", name: "Core", lastSP: 3},
	NT31AdvancedServer:               {product: "Windows NT 3.1", name: "Advanced Server", lastSP: 3},
	NT35Workstation:                  {product: "Windows NT 3.5", name: "Workstation", lastSP: 3},
	NT35Server:                       {product: "Windows NT 3.5", name: "Server", lastSP: 3},
	NT351Workstation:                 {product: "Windows NT 3.51", name: "Workstation", lastSP: 5},
	NT351Server:                      {product: "Windows NT 3.51", name: "Server", lastSP: 5},
	NT40Workstation:                  {product: "Windows NT 4.0", name: "Workstation", lastSP: 6},
	NT40Server:                       {product: "Windows NT 4.0", name: "Server", lastSP: 6},
	Windows95:                        {product: "Windows 95", name: "Core", lastSP: 1},
	Windows98:                        {product: "Windows 98", name: "Core", lastSP: 1},
	WindowsMe:                        {product: "Windows Me", name: "Core"},
	Windows2000Professional:          {product: "Windows 2000", name: "Professional", lastSP: 4},
	Windows2000Server:                {product: "Windows 2000", name: "Server", lastSP: 4},
	Windows2000AdvancedServer:        {product: "Windows 2000", name: "Advanced Server", lastSP: 4},
	Windows2000DatacenterServer:      {product: "Windows 2000", name: "Datacenter Server", lastSP: 4},
	XPStarter:                        {product: "Windows XP", name: "Starter", lastSP: 3},
	XPHome:                           {product: "Windows XP", name: "Home", lastSP: 3},
	XPProfessional:                   {product: "Windows XP", name: "Professional", lastSP: 3},
	XPProfessionalX64:                {product: "Windows XP", name: "Professional x64", firstSP: 1, lastSP: 2},
	XPMediaCenter:                    {product: "Windows XP", name: "Media Center", lastSP: 3},
	XPTabletPC:                       {product: "Windows XP", name: "Tablet PC", lastSP: 3},
	Server2003Web:                    {product: "Windows Server 2003", name: "Web", lastSP: 2},
	Server2003Standard:               {product: "Windows Server 2003", name: "Standard", lastSP: 2},
	Server2003Enterprise:             {product: "Windows Server 2003", name: "Enterprise", lastSP: 2},
	Server2003Datacenter:             {product: "Windows Server 2003", name: "Datacenter", lastSP: 2},
	SmallBusinessServer2003Standard:  {product: "Windows Small Business Server 2003", name: "Standard", lastSP: 2},
	SmallBusinessServer2003Premium:   {product: "Windows Small Business Server 2003", name: "Premium", lastSP: 2},
	HomeServer:                       {product: "Windows Home Server", name: "Core", firstSP: 2, lastSP: 2},
	VistaStarter:                     {product: "Windows Vista", name: "Starter", lastSP: 2},
	VistaHomeBasic:                   {product: "Windows Vista", name: "Home Basic", lastSP: 2},
	VistaHomePremium:                 {product: "Windows Vista", name: "Home Premium", lastSP: 2},
	VistaBusiness:                    {product: "Windows Vista", name: "Business", lastSP: 2},
	VistaEnterprise:                  {product: "Windows Vista", name: "Enterprise", lastSP: 2},
	VistaUltimate:                    {product: "Windows Vista", name: "Ultimate", lastSP: 2},
	Server2008Web:                    {product: "Windows Server 2008", name: "Web", firstSP: 1, lastSP: 2},
	Server2008Standard:               {product: "Windows Server 2008", name: "Standard", firstSP: 1, lastSP: 2},
	Server2008Enterprise:             {product: "Windows Server 2008", name: "Enterprise", firstSP: 1, lastSP: 2},
	Server2008Datacenter:             {product: "Windows Server 2008", name: "Datacenter", firstSP: 1, lastSP: 2},
	Windows7Starter:                  {product: "Windows 7", name: "Starter", lastSP: 1},
	Windows7HomeBasic:                {product: "Windows 7", name: "Home Basic", lastSP: 1},
	Windows7HomePremium:              {product: "Windows 7", name: "Home Premium", lastSP: 1},
	Windows7Professional:             {product: "Windows 7", name: "Professional", lastSP: 1},
	Windows7Enterprise:               {product: "Windows 7", name: "Enterprise", lastSP: 1},
	Windows7Ultimate:                 {product: "Windows 7", name: "Ultimate", lastSP: 1},
	Server2008R2Foundation:           {product: "Windows Server 2008 R2", name: "Foundation", lastSP: 1},
	Server2008R2Standard:             {product: "Windows Server 2008 R2", name: "Standard", lastSP: 1},
	Server2008R2Enterprise:           {product: "Windows Server 2008 R2", name: "Enterprise", lastSP: 1},
	Server2008R2Datacenter:           {product: "Windows Server 2008 R2", name: "Datacenter", lastSP: 1},
	Windows8:                         {product: "Windows 8", name: "Core"},
	Windows8Pro:                      {product: "Windows 8", name: "Pro"},
	Windows8Enterprise:               {product: "Windows 8", name: "Enterprise"},
	Windows8RT:                       {product: "Windows 8", name: "RT"},
	Windows81:                        {product: "Windows 8.1", name: "Core"},
	Windows81Pro:                     {product: "Windows 8.1", name: "Pro"},
	Windows81Enterprise:              {product: "Windows 8.1", name: "Enterprise"},
	Windows81RT:                      {product: "Windows 8.1", name: "RT"},
	Server2012Foundation:             {product: "Windows Server 2012", name: "Foundation"},
	Server2012Essentials:             {product: "Windows Server 2012", name: "Essentials"},
	Server2012Standard:               {product: "Windows Server 2012", name: "Standard"},
	Server2012Datacenter:             {product: "Windows Server 2012", name: "Datacenter"},
	Server2012R2Foundation:           {product: "Windows Server 2012 R2", name: "Foundation"},
	Server2012R2Essentials:           {product: "Windows Server 2012 R2", name: "Essentials"},
	Server2012R2Standard:             {product: "Windows Server 2012 R2", name: "Standard"},
	Server2012R2Datacenter:           {product: "Windows Server 2012 R2", name: "Datacenter"},
	Windows10Home:                    {product: "Windows 10", name: "Home"},
	Windows10Pro:                     {product: "Windows 10", name: "Pro"},
	Windows10Enterprise:              {product: "Windows 10", name: "Enterprise"},
	Windows10Education:               {product: "Windows 10", name: "Education"},
	Windows10IoTCore:                 {product: "Windows 10", name: "IoT Core"},
	Windows10IoTEnterprise:           {product: "Windows 10", name: "IoT Enterprise"},
	Windows10EnterpriseMultiSession:  {product: "Windows 10", name: "Enterprise multi-session"},
	Windows11Home:                    {product: "Windows 11", name: "Home"},
	Windows11Pro:                     {product: "Windows 11", name: "Pro"},
	Windows11Enterprise:              {product: "Windows 11", name: "Enterprise"},
	Windows11Education:               {product: "Windows 11", name: "Education"},
	Windows11IoTEnterprise:           {product: "Windows 11", name: "IoT Enterprise"},
	Windows11EnterpriseMultiSession:  {product: "Windows 11", name: "Enterprise multi-session"},
	Server2016Standard:               {product: "Windows Server 2016", name: "Standard"},
	Server2016Datacenter:             {product: "Windows Server 2016", name: "Datacenter"},
	Server2019Standard:               {product: "Windows Server 2019", name: "Standard"},
	Server2019Datacenter:             {product: "Windows Server 2019", name: "Datacenter"},
	Server2022Standard:               {product: "Windows Server 2022", name: "Standard"},
	Server2022Datacenter:             {product: "Windows Server 2022", name: "Datacenter"},
	Server2022DatacenterAzureEdition: {product: "Windows Server 2022", name: "Datacenter Azure Edition"},
	Server2025Standard:               {product: "Windows Server 2025", name: "Standard"},
	Server2025Datacenter:             {product: "Windows Server 2025", name: "Datacenter"},
	Server2025DatacenterAzureEdition: {product: "Windows Server 2025", name: "Datacenter Azure Edition"},
}

// valid reports whether e is one of the declared editions.
func (e Edition) valid() bool { return e > UnknownEdition && int(e) < len(editions) }

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
	return editions[e].product
}

// Name returns the name of the edition within its product, such as
// "Professional". It is "Core" where the product was sold without an edition
// name: Windows NT 3.1, 95, 98, Me, Home Server, 8 and 8.1.
func (e Edition) Name() string {
	if !e.valid() {
		return unknownName
	}
	return editions[e].name
}

// String returns product and name, such as "Windows XP Professional", and the
// product alone where the name is "Core".
func (e Edition) String() string {
	switch {
	case e == UnknownEdition:
		return unknownName
	case !e.valid():
		return fmt.Sprintf("Edition(%d)", uint8(e))
	case editions[e].name == coreName:
		return editions[e].product
	}
	return editions[e].product + " " + editions[e].name
}

// Server reports whether the edition is sold as a server.
func (e Edition) Server() bool {
	switch {
	case !e.valid():
		return false
	case strings.Contains(editions[e].product, "Server"):
		return true
	}
	return strings.Contains(editions[e].name, "Server")
}

// poolsSockets reports whether all TCP sockets of the machine, in and out,
// waiting to be accepted or to close, share one limit (kb198663).
func (e Edition) poolsSockets() bool { return Windows95 <= e && e <= WindowsMe }

// ServicePacks returns the service packs the edition had, lowest first. The
// first is what it was released at: AsReleased for all but Windows Server 2008
// and XP Professional x64 (1) and Windows Home Server (2).
func (e Edition) ServicePacks() []ServicePack {
	if !e.valid() {
		return nil
	}
	var packs []ServicePack
	for level := editions[e].firstSP; level <= editions[e].lastSP; level++ {
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
	// ErrUnknownEdition says that a value or a name is no edition of the table.
	ErrUnknownEdition = errors.New("limits: unknown edition")
	// ErrServicePack says that the edition never had the service pack, or that
	// the answer depends on a service pack that is not named.
	ErrServicePack = errors.New("limits: no such service pack")
	// ErrNoRule says that the table has no row that answers the question. It
	// never means that there is no limit.
	ErrNoRule = errors.New("limits: no rule known")
)
