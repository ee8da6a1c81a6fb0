package limits

import "time"

var openFiles = [...]span[int]{
	{NT31, NT40Server, Fact[int]{2048, Documented, "", cite("kb102469", "kb219956")}},
	{Windows95, WindowsMe, Fact[int]{Value: 2048, Note: "Nothing is known; taken from Windows NT."}},
	{Windows2000Professional, Windows2000DatacenterServer, Fact[int]{16384, Documented, "", cite("kb219956")}},
	{Server2008R2Foundation, Server2008R2Datacenter, Fact[int]{16384, Measured, "", cite("ws2008r2-net-config")}},
	{Windows10Home, Windows10EnterpriseMultiSession, Fact[int]{16384, Measured, "", cite("win10-net-config")}},
	{Server2016Standard, Server2025DatacenterAzureEdition, Fact[int]{16384, Documented, "", cite("ms-locks-limits", "ms-srvs")}},
}

var otherOpenFiles = Fact[int]{16384, Inferred, "Taken from 2000 and Server 2008 R2.", cite("ms-srvs", "kb219956")}

// OpenFilesPerSession returns how many files a session with the Server service
// can have open.
func (e Edition) OpenFilesPerSession() Fact[int] { return factOf(e, openFiles[:], otherOpenFiles) }

var autoDisconnects = [...]span[time.Duration]{
	{Windows95, WindowsMe, Fact[time.Duration]{Value: 15 * time.Minute, Note: "Nothing is known; taken from Windows NT."}},
}

var otherAutoDisconnect = Fact[time.Duration]{15 * time.Minute, Documented, "One weblog says 30 and stands alone.", cite("kb122920", "kb314882", "ms-srvs")}

// AutoDisconnect returns the time after which the Server service ends an idle
// session, unless it is set.
func (e Edition) AutoDisconnect() Fact[time.Duration] {
	return factOf(e, autoDisconnects[:], otherAutoDisconnect)
}

// AutoDisconnect as "net config server /autodisconnect:N" takes it, in minutes
// (kb138365, kb134346): AutoDisconnectNever is never, AutoDisconnectMax the
// longest.
const (
	AutoDisconnectNever = -1
	AutoDisconnectMax   = 65535
)

// AutoDisconnectShortest returns what an AutoDisconnect of 0 minutes amounts to:
// it does not switch it off.
func AutoDisconnectShortest() Fact[time.Duration] {
	return Fact[time.Duration]{5 * time.Second, Inferred, `The source says "a few seconds"; five is a choice.`, cite("kb138365")}
}

// SessionsPerConnection returns how many sessions one connection can carry, the
// default of the setting sessusers.
func SessionsPerConnection() Fact[int] {
	return Fact[int]{2048, Documented, "", cite("ms-srvs", "ms-cifs")}
}

// SMBNegotiateTimeout returns how long the Server service waits for a connection to
// agree on a dialect of SMB before it drops it.
func SMBNegotiateTimeout() Fact[time.Duration] {
	return Fact[time.Duration]{30 * time.Second, Documented, "The document is on SMB 1.", cite("ms-cifs")}
}

// SMBSessionTimeout returns how long the Server service waits for the first session
// of a connection before it drops it.
func SMBSessionTimeout() Fact[time.Duration] {
	return Fact[time.Duration]{2 * time.Minute, Documented, "The document is on SMB 1.", cite("ms-cifs")}
}

// NetConfigLayout is how "net config server" lists the transports.
type NetConfigLayout uint8

// The layouts.
const (
	// NetConfigFlat: below a blank line, at the left margin.
	NetConfigFlat NetConfigLayout = iota
	// NetConfigIndented: without the blank line, indented by eight.
	NetConfigIndented
)

var netConfigLayouts = [...]span[NetConfigLayout]{
	{Server2008R2Foundation, Server2008R2Datacenter, Fact[NetConfigLayout]{NetConfigFlat, Measured, "", cite("ws2008r2-net-config")}},
	{Windows10Home, Windows10EnterpriseMultiSession, Fact[NetConfigLayout]{NetConfigIndented, Measured, "", cite("win10-net-config")}},
	{Windows8, Server2025DatacenterAzureEdition, Fact[NetConfigLayout]{NetConfigIndented, Inferred, "Taken from Windows 10.", cite("win10-net-config")}},
}

var otherNetConfigLayout = Fact[NetConfigLayout]{NetConfigFlat, Inferred, "Taken from Server 2008 R2.", cite("ws2008r2-net-config")}

// NetConfigLayout returns the layout of "net config server".
func (e Edition) NetConfigLayout() Fact[NetConfigLayout] {
	return factOf(e, netConfigLayouts[:], otherNetConfigLayout)
}
