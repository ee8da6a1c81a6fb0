package limits

import (
	"fmt"
	"math"
	"time"
)

// IISVersion is a version of the web server that comes with Windows, in tenths: 51
// is 5.1. Versions compare with < and ==. The zero value says that there is no web
// server.
type IISVersion uint8

// The versions. On client editions 3.0 is called Peer Web Services, and 4.0
// Personal Web Server.
const (
	NoIIS IISVersion = 0
	IIS30 IISVersion = 30
	IIS40 IISVersion = 40
	IIS50 IISVersion = 50
	IIS51 IISVersion = 51
	IIS60 IISVersion = 60
	IIS70 IISVersion = 70
	IIS75 IISVersion = 75
	IIS80 IISVersion = 80
	IIS85 IISVersion = 85
	IIS10 IISVersion = 100
)

// String returns the version, such as "5.1", and "none" for the zero value.
func (v IISVersion) String() string {
	if v == NoIIS {
		return "none"
	}
	return fmt.Sprintf("%d.%d", v/10, v%10)
}

var iisVersions = [...]span[IISVersion]{
	{NT40Workstation, NT40Server, Fact[IISVersion]{IIS30, Documented,
		"NT 4.0 came with 2.0, for which service pack 2 brought 3.0.", cite("kb101322", "kb143180")}},
	{Windows95, Windows98, Fact[IISVersion]{IIS40, Documented, "Personal Web Server of the Option Pack, on the CD of 98.", cite("iisref-2000")}},
	{Windows2000Professional, Windows2000DatacenterServer, Fact[IISVersion]{IIS50, Documented, "", cite("iisref-2000")}},
	{XPProfessionalX64, XPProfessionalX64, Fact[IISVersion]{IIS60, Reported, "", cite("flylib-x64-iis6")}},
	{XPStarter, XPTabletPC, Fact[IISVersion]{IIS51, Documented, "", cite("iis51-help", "iis-docs-request-restrictions")}},
	{Server2003Web, Server2003Datacenter, Fact[IISVersion]{IIS60, Documented, "", cite("ms-cc738690")}},
	{SmallBusinessServer2003Standard, HomeServer, Fact[IISVersion]{IIS60, Inferred, "Built from Server 2003.", cite("ms-cc738690")}},
	{VistaStarter, VistaUltimate, Fact[IISVersion]{IIS70, Documented, "", cite("iis-docs-request-restrictions", "iis-docs-vista-editions")}},
	{Server2008Web, Server2008Datacenter, Fact[IISVersion]{IIS70, Documented, "", cite("iis-docs-vista-editions")}},
	{Windows7Starter, Windows7Ultimate, Fact[IISVersion]{IIS75, Documented, "", cite("iis-docs-request-restrictions")}},
	{Server2008R2Foundation, Server2008R2Datacenter, Fact[IISVersion]{IIS75, Inferred, "Built from the tree of Windows 7.", cite("iis-docs-request-restrictions")}},
	{Windows8, Windows8RT, Fact[IISVersion]{IIS80, Documented, "", cite("iis-docs-request-restrictions")}},
	{Windows81, Windows81RT, Fact[IISVersion]{IIS85, Documented, "", cite("iis-docs-request-restrictions")}},
	{Server2012Foundation, Server2012Datacenter, Fact[IISVersion]{IIS80, Inferred, "Built from the tree of Windows 8.", cite("iis-docs-request-restrictions")}},
	{Server2012R2Foundation, Server2012R2Datacenter, Fact[IISVersion]{IIS85, Inferred, "Built from the tree of Windows 8.1.", cite("iis-docs-request-restrictions")}},
	{Windows10Home, Windows10EnterpriseMultiSession, Fact[IISVersion]{IIS10, Documented, "", cite("iis-docs-request-restrictions")}},
	{Windows11Home, Windows11EnterpriseMultiSession, Fact[IISVersion]{IIS10, Documented, "", cite("iis-docs-request-restrictions")}},
	{Server2016Standard, Server2025DatacenterAzureEdition, Fact[IISVersion]{IIS10, Inferred, "The last version that the documentation names.", cite("iis-docs-site-limits")}},
}

// IISVersion returns the version of the web server that comes with the edition, or
// NoIIS if none does.
func (e Edition) IISVersion() Fact[IISVersion] {
	fact := factOf(e, iisVersions[:], Fact[IISVersion]{Note: "No web server is known to come with it."})
	for _, r := range rulesOf(e, IIS) {
		if r.Default.IsAbsent() {
			fact = Fact[IISVersion]{NoIIS, r.Grade, r.Note, r.rests().sources}
		}
	}
	return fact
}

// A before is a fact of the versions before another one.
type before[T any] struct {
	version IISVersion
	fact    Fact[T]
}

// factBefore returns the fact of the first entry that the version is before.
func factBefore[T any](v IISVersion, facts []before[T]) Fact[T] {
	for i := range facts {
		if v < facts[i].version {
			return facts[i].fact
		}
	}
	return facts[len(facts)-1].fact
}

// anyLater is behind every version.
const anyLater IISVersion = math.MaxUint8

var idleTimeouts = [...]before[time.Duration]{
	{IIS30, Fact[time.Duration]{Note: "There is no web server."}},
	{IIS40, Fact[time.Duration]{600 * time.Second, Documented, "", cite("kb143180")}},
	{IIS50, Fact[time.Duration]{900 * time.Second, Documented, "", cite("iis4-help-timeouts")}},
	{IIS51, Fact[time.Duration]{900 * time.Second, Reported, "", cite("iis5-timeout-summary")}},
	{IIS60, Fact[time.Duration]{300 * time.Second, Reported, "The architect of IIS is quoted with five minutes on XP.", cite("cazzulino-gazitt")}},
	{IIS70, Fact[time.Duration]{120 * time.Second, Inferred, "Taken from 7.0, whose setting replaces the property of 6.0.", cite("iis-docs-site-limits")}},
	{anyLater, Fact[time.Duration]{120 * time.Second, Documented, "", cite("iis-docs-site-limits")}},
}

// IdleTimeout returns the default of the time after which the web server closes an
// idle connection.
func (v IISVersion) IdleTimeout() Fact[time.Duration] { return factBefore(v, idleTimeouts[:]) }

// MaxIdleTimeout is the highest value of ConnectionTimeout, the setting of IIS up to
// 6.0 for the time of IdleTimeout (iis4-help-timeouts).
const MaxIdleTimeout = 2147483647 * time.Second

// BrowserKeepAlive returns how long Internet Explorer 5 and later keeps an idle
// connection to a web server open.
func BrowserKeepAlive() Fact[time.Duration] {
	return Fact[time.Duration]{time.Minute, Documented, "", cite("kb813827", "kb833301")}
}

var keepsHTTP11 = [...]before[bool]{
	{IIS30, Fact[bool]{Note: "There is no web server."}},
	{IIS50, Fact[bool]{true, Documented, "The article is on 4.0.", cite("kb195179")}},
	{IIS51, Fact[bool]{false, Inferred, "Taken from 5.1.", cite("cazzulino-gazitt")}},
	{IIS60, Fact[bool]{false, Reported, "On XP connections are said to close after the request.", cite("cazzulino-gazitt")}},
	{anyLater, Fact[bool]{false, Inferred, "Taken from 5.1.", cite("cazzulino-gazitt")}},
}

// KeepsHTTP11 reports whether the web server keeps the connections of HTTP/1.1
// clients open even if its setting AllowKeepAlive is false.
func (v IISVersion) KeepsHTTP11() Fact[bool] { return factBefore(v, keepsHTTP11[:]) }

var metabases = [...]before[bool]{
	{IIS30, Fact[bool]{Note: "There is no web server."}},
	{IIS40, Fact[bool]{false, Documented, "The settings are values in the registry.", cite("kb143180")}},
	{IIS50, Fact[bool]{true, Documented, "", cite("kb235461", "kb229814")}},
	{IIS51, Fact[bool]{true, Documented, "", cite("kb238131", "iisref-2000")}},
	{IIS60, Fact[bool]{true, Reported, "", cite("hadsy-adsutil", "adsutil-banner-script")}},
	{IIS70, Fact[bool]{true, Documented, "", cite("ms-cc739048")}},
	{anyLater, Fact[bool]{false, Documented, "Settings of the configuration replace its properties.", cite("iis-docs-site-limits")}},
}

// HasMetabase reports whether the web server keeps its settings in the metabase,
// the store that the script adsutil.vbs reads and writes: from 4.0 to 6.0. Windows
// NT 4.0 came without it, and got it with the IIS 4.0 of the Option Pack.
func (v IISVersion) HasMetabase() Fact[bool] { return factBefore(v, metabases[:]) }

const scriptHostBanner = "Microsoft (R) Windows Script Host Version 5.1 for Windows\r\n" +
	"Copyright (C) Microsoft Corporation 1996-1999. All rights reserved.\r\n\r\n"

var scriptHostBanners = [...]span[string]{
	{Windows2000Professional, Windows2000DatacenterServer, Fact[string]{scriptHostBanner, Documented, "", cite("kb246068")}},
	{XPStarter, XPTabletPC, Fact[string]{scriptHostBanner, Inferred,
		"The script host of XP prints as many lines. What they say is taken from Windows 2000, whose version and years differ.",
		cite("adsutil-banner-script", "kb246068")}},
}

// ScriptHostBanner returns the lines that cscript, the script host of the command
// line, prints before the output of a script such as adsutil.vbs.
func (e Edition) ScriptHostBanner() Fact[string] {
	return factOf(e, scriptHostBanners[:], Fact[string]{Value: scriptHostBanner, Note: "Nothing is known; taken from Windows 2000, whose version and years differ."})
}

// ServerListenBacklog returns the default of the setting of that name:
// how many connections wait for a web server up to 6.0 to accept them.
func ServerListenBacklog() Fact[int] {
	return Fact[int]{40, Documented, "Two articles on IIS 4.0 give 200.", cite("ms-cc739048", "kb229814", "kb235461")}
}

// HTTPRefusal is what a web server answers over its limit.
type HTTPRefusal struct {
	Status int // such as 403
	// Phrase is the reason phrase. Server is the header of that name, empty if none
	// is sent.
	Phrase, Server string
	// Title, Heading and Lines are the text of the page.
	Title, Heading string
	Lines          []string
}

// Refusal returns what the web server answers: to the connection over the limit
// up to 6.0, to the request that finds the queue full from 7.0 on.
func (v IISVersion) Refusal() Fact[HTTPRefusal] {
	server := "Microsoft-IIS/" + v.String()
	unavailable := HTTPRefusal{
		Status: 503, Phrase: TextHTTP503, Server: server, Title: TextHTTP503, Heading: TextHTTP503,
	}
	const phrase = "Access Forbidden" // no capture has it; the articles call the error so
	switch {
	case v == NoIIS:
		return Fact[HTTPRefusal]{Note: "There is no web server."}
	case v < IIS40:
		return Fact[HTTPRefusal]{HTTPRefusal{
			Status: 403, Phrase: phrase,
			Title: TextPWSTooManyUsers, Heading: TextPWSTooManyUsers, Lines: []string{TextPWSTooManyUsersCause},
		}, Documented, "The article has the text; status and reason phrase are those of later versions.", cite("kb101322", "kb262635")}
	case v < IIS60:
		return Fact[HTTPRefusal]{HTTPRefusal{
			Status: 403, Phrase: phrase, Server: server,
			Title: "The page cannot be displayed", Heading: "The page cannot be displayed",
			Lines: []string{TextHTTP4039Cause, TextHTTP4039, "Internet Information Services"},
		}, Documented, "The article has status and page; the reason phrase is what it calls the error.", cite("kb262635", "kb318380")}
	case v < IIS70:
		return Fact[HTTPRefusal]{unavailable, Reported, "The vendor's text says 403.9 for the global limit.", cite("gafvert-2007", "ms-cc738690")}
	}
	return Fact[HTTPRefusal]{unavailable, Documented, "The page on the restrictions says 500; the reference of the queue says 503.",
		cite("iis-docs-app-pool", "iis-docs-request-restrictions")}
}

// FTPRefusal returns the reply of the FTP server to the connection over its
// limit, without the end of the line.
func FTPRefusal() Fact[string] {
	return Fact[string]{"421 " + TextFTPMaximum, Inferred, "The text is that of NT; that the reply is of class 421 is inferred.", cite("kb103074", "kb318380")}
}
