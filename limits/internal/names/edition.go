// Package names reads the names that people and tools give to editions of
// Windows. It has the list of the editions and knows each by its number, which
// is that of limits.Edition. It knows nothing about limits.
package names

import "strings"

// Edition is the number of an edition, in order of release.
type Edition uint8

// The editions, as in package limits.
const (
	UnknownEdition Edition = iota

	NT31
	NT31AdvancedServer

	NT35Workstation
	NT35Server

	NT351Workstation
	NT351Server

	NT40Workstation
	NT40Server

	Windows95
	Windows98
	WindowsMe

	Windows2000Professional
	Windows2000Server
	Windows2000AdvancedServer
	Windows2000DatacenterServer

	XPStarter
	XPHome
	XPProfessional
	XPProfessionalX64
	XPMediaCenter
	XPTabletPC

	Server2003Web
	Server2003Standard
	Server2003Enterprise
	Server2003Datacenter
	SmallBusinessServer2003Standard
	SmallBusinessServer2003Premium
	HomeServer

	VistaStarter
	VistaHomeBasic
	VistaHomePremium
	VistaBusiness
	VistaEnterprise
	VistaUltimate

	Server2008Web
	Server2008Standard
	Server2008Enterprise
	Server2008Datacenter

	Windows7Starter
	Windows7HomeBasic
	Windows7HomePremium
	Windows7Professional
	Windows7Enterprise
	Windows7Ultimate

	Server2008R2Foundation
	Server2008R2Standard
	Server2008R2Enterprise
	Server2008R2Datacenter

	Windows8
	Windows8Pro
	Windows8Enterprise
	Windows8RT
	Windows81
	Windows81Pro
	Windows81Enterprise
	Windows81RT

	Server2012Foundation
	Server2012Essentials
	Server2012Standard
	Server2012Datacenter
	Server2012R2Foundation
	Server2012R2Essentials
	Server2012R2Standard
	Server2012R2Datacenter

	Windows10Home
	Windows10Pro
	Windows10Enterprise
	Windows10Education
	Windows10IoTCore
	Windows10IoTEnterprise
	Windows10EnterpriseMultiSession

	Windows11Home
	Windows11Pro
	Windows11Enterprise
	Windows11Education
	Windows11IoTEnterprise
	Windows11EnterpriseMultiSession

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

// table describes every Edition.
//
// Three systems were never at level 0. Windows Server 2008 was released at
// level 1, together with Vista SP1. Windows XP Professional x64 was built from
// Server 2003 SP1 and reported that level from the start. Windows Home Server
// was built from Server 2003 SP2.
var table = [...]edition{
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

// Count is one more than the highest Edition.
const Count = len(table)

// Valid reports whether e is one of the declared editions.
func (e Edition) Valid() bool { return e > UnknownEdition && int(e) < len(table) }

// all yields every edition.
func all(yield func(Edition) bool) {
	for e := UnknownEdition + 1; e.Valid(); e++ {
		if !yield(e) {
			return
		}
	}
}

// Product returns the product, such as "Windows XP". The edition must be valid,
// here and below.
func (e Edition) Product() string { return table[e].product }

// Name returns the name within the product, and Core if the edition was sold under the
// name of the product alone.
func (e Edition) Name() string { return table[e].name }

// Levels returns the level of service packs that the edition was released at,
// and the last that Microsoft released.
func (e Edition) Levels() (first, last int) { return table[e].firstSP, table[e].lastSP }

// Server reports whether the edition is sold as a server.
func (e Edition) Server() bool {
	return strings.Contains(table[e].product, "Server") || strings.Contains(table[e].name, "Server")
}

// Core is the name of an edition that was sold under the name of the product alone.
const Core = "Core"

// As turns the numbers of editions into those of another type of the same
// numbers, such as limits.Edition.
func As[E ~uint8](list []Edition) []E {
	if list == nil {
		return nil
	}
	as := make([]E, 0, len(list))
	for _, e := range list {
		as = append(as, E(e))
	}
	return as
}
