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

// OpenFilesPerSession returns how many files a session can have open. The session
// is one with the Server service, which shares files and printers over SMB.
func (e Edition) OpenFilesPerSession() Fact[int] { return factOf(e, openFiles[:], otherOpenFiles) }

var autoDisconnects = [...]span[time.Duration]{
	{Windows95, WindowsMe, Fact[time.Duration]{Value: 15 * time.Minute, Note: "Nothing is known; taken from Windows NT."}},
}

var otherAutoDisconnect = Fact[time.Duration]{15 * time.Minute, Documented, "One weblog says 30 and stands alone.", cite("kb122920", "kb314882", "ms-srvs")}

// AutoDisconnect returns the default of the time after which the Server service
// ends an idle session.
func (e Edition) AutoDisconnect() Fact[time.Duration] {
	return factOf(e, autoDisconnects[:], otherAutoDisconnect)
}

// The bounds of N in "net config server /autodisconnect:N", in minutes (kb138365,
// kb134346). AutoDisconnectNever keeps idle sessions, AutoDisconnectMax is the
// longest time.
const (
	AutoDisconnectNever = -1
	AutoDisconnectMax   = 65535
)

// AutoDisconnectShortest returns the time after which the Server service ends an
// idle session if AutoDisconnect is set to 0 minutes. 0 does not turn it off.
func AutoDisconnectShortest() Fact[time.Duration] {
	return Fact[time.Duration]{5 * time.Second, Inferred, `The source says "a few seconds"; five is a choice.`, cite("kb138365")}
}

// SessionsPerConnection returns how many SMB sessions one connection can carry. It
// is the default of the setting sessusers.
func SessionsPerConnection() Fact[int] {
	return Fact[int]{2048, Documented, "", cite("ms-srvs", "ms-cifs")}
}

// SMBNegotiateTimeout returns how long the Server service, which shares files and
// printers, waits for a connection to agree on a dialect of SMB before it drops it.
func SMBNegotiateTimeout() Fact[time.Duration] {
	return Fact[time.Duration]{30 * time.Second, Documented, "The document is on SMB 1.", cite("ms-cifs")}
}

// SMBSessionTimeout returns how long the Server service, which shares files and
// printers, waits for the first session of a connection before it drops it.
func SMBSessionTimeout() Fact[time.Duration] {
	return Fact[time.Duration]{2 * time.Minute, Documented, "The document is on SMB 1.", cite("ms-cifs")}
}

// NetConfigLayout is the layout in which "net config server", the command that
// shows the settings of the Server service, lists its transports.
type NetConfigLayout uint8

// The layouts.
const (
	// NetConfigFlat lists them below a blank line, at the left margin.
	NetConfigFlat NetConfigLayout = iota
	// NetConfigIndented lists them without the blank line, indented by eight.
	NetConfigIndented
)

var netConfigLayouts = [...]span[NetConfigLayout]{
	{Server2008R2Foundation, Server2008R2Datacenter, Fact[NetConfigLayout]{NetConfigFlat, Measured, "", cite("ws2008r2-net-config")}},
	{Windows10Home, Windows10EnterpriseMultiSession, Fact[NetConfigLayout]{NetConfigIndented, Measured, "", cite("win10-net-config")}},
	{Windows8, Server2025DatacenterAzureEdition, Fact[NetConfigLayout]{NetConfigIndented, Inferred, "Taken from Windows 10.", cite("win10-net-config")}},
}

var otherNetConfigLayout = Fact[NetConfigLayout]{NetConfigFlat, Inferred, "Taken from Server 2008 R2.", cite("ws2008r2-net-config")}

// NetConfigLayout returns the layout in which "net config server" lists the
// transports.
func (e Edition) NetConfigLayout() Fact[NetConfigLayout] {
	return factOf(e, netConfigLayouts[:], otherNetConfigLayout)
}
