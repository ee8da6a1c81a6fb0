package limits

// Revision is the revision of the rules and sources, as year, month and a
// counter within the month. It changes whenever a rule or a source does.
const Revision = "2026.11.3"

// A row is one fact: what one limit is in the editions it names. Levels are
// the service packs it holds for; the zero levels are all of them. Basis is
// ByCode unless it says otherwise. The strongest source usually comes first;
// rivals are the numbers that others give. A comment in a row says which sources
// disagree and which one is followed.
type row struct {
	editions   []Edition
	levels     levels
	service    Service
	basis      Basis
	unit       Unit
	def        Limit
	ceiling    Limit
	discipline Discipline
	queue      Limit
	grade      Grade // of the whole row, that of its weaker number
	grades     split
	sources    []SourceKey
	rivals     []rival
	note       string
}

// levels is the range of service packs from min up to, but not including, end.
// An end of 0 means: and later.
type levels struct{ min, end uint8 }

// split is the grades of default and ceiling where they differ; the zero split
// says that both have the grade of the row. A ceiling of UnknownGrade is not known.
type split struct{ def, ceiling Grade }

// rival is a number that another source gives.
type rival struct {
	value  Limit
	source SourceKey
}

func is(e ...Edition) []Edition       { return e }
func cite(k ...SourceKey) []SourceKey { return k }

// rows is the table.
//
// The first source of a row that is not inferred is not older than its product.
// Disputes were judged so: a value read from installation media beats books and
// weblogs; a vendor's text beats programs, programs beat claims; what is not
// measured keeps the lower grade.
var rows = [...]row{
	// SMB sessions: the ten of NT Workstation to XP Professional, five on XP Home,
	// twenty from Windows 7 on. No service pack is known to change the number of a
	// product (kb122920, kb314882).
	{
		editions: is(NT31),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb129593", "kb122925"),
		note: "The KB dates the workstation cap of 10 to 3.5; no source tests 3.1.",
	},
	{
		editions: is(NT31AdvancedServer),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb129593", "kb122925"),
		note: "Server 3.5 has no inbound limit (KB); 3.1 taken alike.",
	},
	{
		editions: is(NT35Workstation),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("kb122920", "kb122925", "kb121134"),
		note: "All transports together; Users can lower, not raise.",
	},
	{
		editions: is(NT35Server),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("kb122925"),
		note: "No edition cap in code; only the number of site licences bounds it.",
	},
	{
		editions: is(NT351Workstation),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("kb122920", "kb122925"),
		note: "All transports together; Users can lower, not raise.",
	},
	{
		// kb150387 gives 5; that is a test disc, so the product has no cap.
		editions: is(NT351Server),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("kb122925", "kb149522", "kb130631"),
		rivals: []rival{{Number(5), "kb150387"}},
		note:   "No edition cap; Per Server licence mode refuses above the licence count (error 71). MSDN test disc: 5.",
	},
	{
		editions: is(NT40Workstation),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("kb122920", "kb129593"),
		note: "All transports together; Users can lower, not raise.",
	},
	{
		// kb150387 (5) and kb156431 (10) describe MSDN discs, not the product.
		editions: is(NT40Server),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("kb130631", "nt4-licensing-chapter", "kb242134"),
		rivals: []rival{{Number(5), "kb150387"}, {Number(10), "kb156431"}},
		note:   "No edition cap; Per Server licence mode refuses above the licence count (event 201/202). Rival numbers are MSDN discs only.",
	},
	{
		editions: is(Windows95, Windows98, WindowsMe),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb102942"),
		note: "No source gives a cap for the 9x peer server; NetBEUI allows 254 sessions (KB written for other products).",
	},
	{
		editions: is(Windows2000Professional),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("kb122920", "atmarkit-2010"),
		note: "All transports together; Users can lower, not raise.",
	},
	{
		editions: is(Windows2000Server),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("atmarkit-2010"),
		note: "net config server prints Unlimited. Per Server licence mode refuses above the licence count.",
	},
	{
		editions: is(Windows2000AdvancedServer, Windows2000DatacenterServer),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("atmarkit-2010"),
		note: "Taken from Windows 2000 Server. Per Server licence mode refuses above the licence count.",
	},
	{
		editions: is(XPStarter),
		service:  SMB, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Reported, sources: cite("itprotoday-xp-starter"),
		note: "Press: no PC-to-PC networking or printer sharing. Code base is XP Home (5); Vista Starter has 0.",
	},
	{
		editions: is(XPHome),
		service:  SMB, unit: UnitSessions, def: Number(5), ceiling: Number(5), discipline: Refuse,
		grade: Documented, sources: cite("kb314882", "hdd-check"),
		note: "All transports together; Users can lower, not raise.",
	},
	{
		editions: is(XPProfessional),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("kb314882", "hdd-check"),
		note: "All transports together; Users can lower, not raise.",
	},
	{
		editions: is(XPProfessionalX64),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Inferred, sources: cite("kb314882"),
		note: "KB names Home and Professional only; a client edition sold as Professional.",
	},
	{
		editions: is(XPMediaCenter),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Inferred, sources: cite("kb314882", "wikipedia-mce"),
		note: "Built on XP Professional.",
	},
	{
		editions: is(XPTabletPC),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Inferred, sources: cite("kb314882"),
		note: "Built on XP Professional; not named by the KB.",
	},
	{
		editions: is(Server2003Web),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Reported, sources: cite("wiziq-slides"),
		note: "Slides: 10 concurrent SMB connections. Web clients are not limited by it.",
	},
	{
		editions: is(Server2003Standard, Server2003Enterprise, Server2003Datacenter),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("atmarkit-2010"),
		note: "Per Server licence mode refuses above the licence count.",
	},
	{
		// atmarkit-2010 knows no cap for Server 2003 and shareaza-2009 has 74. Setup installs
		// the licence mode that refuses (kb830426), so its count is followed. By contract the
		// licences are per user or device.
		editions: is(SmallBusinessServer2003Standard, SmallBusinessServer2003Premium),
		service:  SMB, unit: UnitSessions, def: Number(5), ceiling: Number(75), discipline: Refuse,
		grade: Inferred, sources: cite("kb830426", "kb130631", "techsoup-sbs", "ms-sbs2003-licensing"),
		rivals: []rival{{Unlimited(), "atmarkit-2010"}, {Number(74), "shareaza-2009"}},
		note:   "Setup requires Per Server licence mode with 5 licences, raised in packs to 75; that mode refuses above the count. By contract the licences are per user or device.",
	},
	{
		// wiley-whs gives 10: accounts and connected PCs, not SMB sessions.
		editions: is(HomeServer),
		service:  SMB, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("atmarkit-2010"),
		rivals: []rival{{Number(10), "wiley-whs"}},
		note:   "Server 2003 code base; the product allows 10 user accounts and 10 connected PCs.",
	},
	{
		// urpc-book prints 5; a value read from installation media beats a book.
		editions: is(VistaStarter),
		service:  SMB, unit: UnitSessions, def: Number(0), ceiling: Number(0), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values"),
		rivals: []rival{{Number(5), "urpc-book"}},
		note:   "SMBServer-WindowsMaxInSMBConns = 0: the service takes no inbound session.",
	},
	{
		// hdd-check prints 10; a value read from installation media beats a weblog.
		editions: is(VistaHomeBasic),
		service:  SMB, unit: UnitSessions, def: Number(5), ceiling: Number(5), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values", "urpc-book"),
		rivals: []rival{{Number(10), "hdd-check"}},
		note:   "SMBServer-WindowsMaxInSMBConns = 5.",
	},
	{
		editions: is(VistaHomePremium, VistaBusiness),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values", "urpc-book"),
		note: "SMBServer-WindowsMaxInSMBConns = 10.",
	},
	{
		editions: is(VistaEnterprise),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Reported, sources: cite("urpc-book", "mynavi-2009"),
		note: "Not on the media that were read; listed with Business and Ultimate by the book.",
	},
	{
		editions: is(VistaUltimate),
		service:  SMB, unit: UnitSessions, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values", "urpc-book", "drk7"),
		note: "SMBServer-WindowsMaxInSMBConns = 10; a patched tcpip.sys does not change it.",
	},
	{
		editions: is(Server2008Web),
		service:  SMB, levels: levels{min: 1}, unit: UnitSessions, def: Number(16777216), ceiling: Number(16777216), discipline: Refuse,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "Not on the media that were read; Server 2003 Web had 10, so check.",
	},
	{
		editions: is(Server2008Standard, Server2008Enterprise, Server2008Datacenter),
		service:  SMB, levels: levels{min: 1}, unit: UnitSessions, def: Number(16777216), ceiling: Number(16777216), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values"),
		note: "SMBServer-WindowsMaxInSMBConns = 0x01000000.",
	},
	{
		editions: is(Windows7Starter, Windows7HomeBasic, Windows7HomePremium, Windows7Enterprise, Windows7Ultimate),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Reported, sources: cite("urpc-book", "atmarkit-2010", "mynavi-2009"),
		note: "Book: 20 for all editions; only Professional was measured.",
	},
	{
		editions: is(Windows7Professional),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Measured, sources: cite("hdd-check", "mynavi-2009", "urpc-book"),
		note: "Screenshot of this edition.",
	},
	{
		editions: is(Server2008R2Foundation),
		service:  SMB, unit: UnitSessions, def: Number(16777216), ceiling: Number(16777216), discipline: Refuse,
		grade: Inferred, sources: cite("ws2008r2-net-config"),
		note: "Value of Enterprise; a lower one for this edition cannot be ruled out.",
	},
	{
		editions: is(Server2008R2Standard, Server2008R2Datacenter),
		service:  SMB, unit: UnitSessions, def: Number(16777216), ceiling: Number(16777216), discipline: Refuse,
		grade: Reported, sources: cite("atmarkit-2010", "ws2008r2-net-config"),
		note: "Value measured on Enterprise.",
	},
	{
		editions: is(Server2008R2Enterprise),
		service:  SMB, unit: UnitSessions, def: Number(16777216), ceiling: Number(16777216), discipline: Refuse,
		grade: Measured, sources: cite("ws2008r2-net-config", "atmarkit-2010"),
		note: "Printed by net config server.",
	},
	{
		editions: is(Windows8, Windows8Pro, Windows8Enterprise, Windows81, Windows81Pro, Windows81Enterprise),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Inferred, sources: cite("hdd-check", "win10-net-config"),
		note: "Between 7 Professional (20) and 10 Pro (20), both measured.",
	},
	{
		editions: is(Windows8RT, Windows81RT),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Inferred, sources: cite("hdd-check", "win10-net-config"),
		note: "Between 7 and 10; whether RT differs is unknown.",
	},
	{
		editions: is(Server2012Foundation, Server2012Essentials, Server2012R2Foundation, Server2012R2Essentials),
		service:  SMB, unit: UnitSessions, def: Number(16777216), ceiling: Number(16777216), discipline: Refuse,
		grade: Inferred, sources: cite("ws2008r2-net-config", "ms-locks-limits"),
		note: "Between 2008 R2 (measured) and 2016 (documented). A lower value for this small edition cannot be ruled out.",
	},
	{
		editions: is(Server2012Standard, Server2012Datacenter, Server2012R2Standard, Server2012R2Datacenter),
		service:  SMB, unit: UnitSessions, def: Number(16777216), ceiling: Number(16777216), discipline: Refuse,
		grade: Inferred, sources: cite("ws2008r2-net-config", "ms-locks-limits"),
		note: "Between 2008 R2 (measured) and 2016 (documented).",
	},
	{
		editions: is(Windows10Home, Windows10Enterprise),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Reported, sources: cite("ndi-client-features", "lubrano-2025", "win10-net-config"),
		note: "Two pages: 20 for all client editions; only Pro was measured.",
	},
	{
		editions: is(Windows10Pro),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Measured, sources: cite("win10-net-config", "ndi-client-features"),
		note: "Printed by net config server.",
	},
	{
		editions: is(Windows10Education),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Reported, sources: cite("ndi-client-features", "win10-net-config"),
		note: "Wiki: 20 for client editions in general; only Pro was measured.",
	},
	{
		editions: is(Windows10IoTCore, Windows10IoTEnterprise),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Inferred, sources: cite("win10-net-config", "ms-iot-issue-302"),
		note: "Same release as 10 Pro (measured); no source names this edition.",
	},
	{
		editions: is(Windows11Home, Windows11Pro, Windows11Enterprise, Windows11Education),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Reported, sources: cite("ndi-client-features", "lubrano-2025"),
		note: "Two pages: 20 for all client editions; nothing measured on 11.",
	},
	{
		editions: is(Windows11IoTEnterprise),
		service:  SMB, unit: UnitSessions, def: Number(20), ceiling: Number(20), discipline: Refuse,
		grade: Inferred, sources: cite("ndi-client-features", "lubrano-2025"),
		note: "As the other client editions; no source names this one.",
	},
	{
		editions: is(Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter, Server2022Standard, Server2022Datacenter, Server2022DatacenterAzureEdition, Server2025Standard, Server2025Datacenter, Server2025DatacenterAzureEdition),
		service:  SMB, unit: UnitSessions, def: Number(16777216), ceiling: Number(16777216), discipline: Refuse,
		grade: Documented, sources: cite("ms-locks-limits"),
		note: "Listed as maximum SMB connections.",
	},

	// The web server of Windows. Up to IIS 6.0 connections are counted and the one
	// over the limit is refused; from IIS 7.0 on client editions count requests and
	// queue.
	{
		editions: is(NT31, NT31AdvancedServer),
		service:  IIS, unit: UnitConnections, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("kb143180"),
		note: "No web service shipped with NT 3.1; inferred from IIS 1.0 and PWS being later products.",
	},
	{
		editions: is(NT35Workstation, NT35Server, NT351Workstation),
		service:  IIS, unit: UnitConnections, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("kb143180"),
		note: "No web service in the box; inferred from PWS and IIS being later products.",
	},
	{
		editions: is(NT351Server),
		service:  IIS, unit: UnitConnections, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("kb143180"),
		note: "No web service in the box; inferred. IIS 1.0 was an add-on for the server (setting default 1000).",
	},
	{
		editions: is(NT40Workstation),
		service:  IIS, levels: levels{end: 2}, unit: UnitConnections, def: Number(1000), ceiling: Unlimited(), discipline: Refuse,
		grade: Inferred, sources: cite("kb101322", "kb143180"),
		note: "PWS 2.0: licence only, no coded cap; the KB dates that to PWS 3.0 (SP2). The shipped setting of that IIS generation is 1000.",
	},
	{
		editions: is(NT40Workstation),
		service:  IIS, levels: levels{min: 2}, unit: UnitConnections, def: Number(10), ceiling: Number(40), discipline: Refuse,
		grade: Documented, sources: cite("kb101322"),
		note: "PWS 3.0; 40 = 4 browser connections x 10 computers. Option Pack PWS 4.0 assumed alike.",
	},
	{
		editions: is(NT40Server),
		service:  IIS, unit: UnitConnections, def: Number(1000), ceiling: Unlimited(), discipline: Refuse,
		grade: Documented, sources: cite("kb143180", "iisref-2000"),
		note: "IIS 2.0/3.0: the setting ships as 1000 and may be raised without bound; no edition cap. IIS 4.0 (Option Pack) ships unlimited.",
	},
	{
		editions: is(Windows95),
		service:  IIS, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("iisref-2000"),
		note: "PWS 4.0 (Option Pack on 95, on the CD of 98), range 0 to 10. PWS 1.0: no coded limit known.",
	},
	{
		editions: is(Windows98),
		service:  IIS, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("iisref-2000"),
		note: "PWS 4.0 (Option Pack on 95, on the CD of 98), range 0 to 10.",
	},
	{
		editions: is(WindowsMe),
		service:  IIS, unit: UnitConnections, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("iisref-2000"),
		note: "PWS is listed for 95 and 98 only.",
	},
	{
		// kb101322 knows 40 for PWS 3.0 and an architect of IIS for XP; three vendor texts
		// say 10, fixed, of this edition, and they are followed.
		editions: is(Windows2000Professional),
		service:  IIS, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("iisref-2000", "kb262635", "kb318380", "kb262632"),
		rivals: []rival{{Number(40), "kb101322"}, {Number(40), "cazzulino-gazitt"}},
		note:   "IIS 5.0. Metabase reference: 10, range 0 to 10. The 40 is known for PWS 3.0 (KB) and from an insider for XP; no test on 2000 is known.",
	},
	{
		editions: is(Windows2000Server, Windows2000AdvancedServer, Windows2000DatacenterServer),
		service:  IIS, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("iisref-2000"),
		note: "Metabase value 0xFFFFFFFF.",
	},
	{
		editions: is(XPStarter),
		service:  IIS, unit: UnitConnections, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("itprotoday-xp-starter", "techrepublic-iis51"),
		note: "Reduced XP Home, which has no IIS.",
	},
	{
		editions: is(XPHome),
		service:  IIS, unit: UnitConnections, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Reported, sources: cite("techrepublic-iis51", "xp-home-pro-differences"),
		note: "IIS 5.1 cannot be installed.",
	},
	{
		// kb318380, kb262632 and iis51-help say 10, fixed; an architect of IIS and book authors
		// say that 40 works, and they are followed. No load test of 40 is known.
		editions: is(XPProfessional),
		service:  IIS, unit: UnitConnections, def: Number(10), ceiling: Number(40), discipline: Refuse,
		grade: Reported, grades: split{Documented, Reported}, sources: cite("cazzulino-gazitt", "sqlmag-4039"),
		rivals: []rival{{Number(10), "kb318380"}, {Number(10), "iis51-help"}, {Number(10), "kb262632"}},
		note:   "IIS 5.1. Default 10 is documented; 40 by adsutil is reported (architect quoted, book authors), denied by the KB. The rivals deny the ceiling; they agree on the default.",
	},
	{
		editions: is(XPProfessionalX64),
		service:  IIS, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Inferred, sources: cite("whistler-iis-help", "flylib-x64-iis6"),
		note: "IIS 6.0 on this edition; 0 to 10 comes from pre-release help. A site over its limit answers 503, not 403.9.",
	},
	{
		// kb318380 and kb262632 say 10, fixed; as on XP Professional.
		editions: is(XPMediaCenter),
		service:  IIS, unit: UnitConnections, def: Number(10), ceiling: Number(40), discipline: Refuse,
		grade: Inferred, sources: cite("cazzulino-gazitt", "wikipedia-mce"),
		rivals: []rival{{Number(10), "kb318380"}, {Number(10), "kb262632"}},
		note:   "Built on XP Professional (IIS 5.1); no source names this edition. The rivals deny the ceiling; they agree on the default.",
	},
	{
		// kb318380 and kb262632 say 10, fixed; as on XP Professional.
		editions: is(XPTabletPC),
		service:  IIS, unit: UnitConnections, def: Number(10), ceiling: Number(40), discipline: Refuse,
		grade: Inferred, sources: cite("cazzulino-gazitt"),
		rivals: []rival{{Number(10), "kb318380"}, {Number(10), "kb262632"}},
		note:   "Built on XP Professional (IIS 5.1); no source names this edition. The rivals deny the ceiling; they agree on the default.",
	},
	{
		editions: is(Server2003Web, Server2003Standard, Server2003Enterprise, Server2003Datacenter),
		service:  IIS, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("ms524491"),
		note: "IIS 6.0; property range reaches 4294967295.",
	},
	{
		editions: is(SmallBusinessServer2003Standard, SmallBusinessServer2003Premium, HomeServer),
		service:  IIS, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("ms524491"),
		note: "IIS 6.0 of Server 2003.",
	},
	{
		editions: is(VistaStarter),
		service:  IIS, unit: UnitRequests, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Documented, sources: cite("iis-docs-vista-editions", "thomad-vista"),
		note: "No web server; the cap of 3 (queued) holds for WAS-hosted services only.",
	},
	{
		// iis-docs-request-restrictions gives 3: for services hosted without the web
		// server.
		editions: is(VistaHomeBasic),
		service:  IIS, unit: UnitRequests, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Documented, sources: cite("iis-docs-vista-editions", "thomad-vista"),
		rivals: []rival{{Number(3), "iis-docs-request-restrictions"}},
		note:   "No web server; the cap of 3 (queued) holds for WAS-hosted services only.",
	},
	{
		editions: is(VistaHomePremium),
		service:  IIS, unit: UnitRequests, def: Number(3), ceiling: Number(3), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "iis-docs-vista-editions"),
		note: "IIS 7.0; fixed.",
	},
	{
		editions: is(VistaBusiness),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "iis-docs-vista-editions"),
		note: "IIS 7.0; fixed. The vendor's page calls it Professional.",
	},
	{
		editions: is(VistaEnterprise, VistaUltimate),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "iis-docs-vista-editions"),
		note: "IIS 7.0; fixed.",
	},
	{
		editions: is(Server2008Web, Server2008Standard, Server2008Enterprise, Server2008Datacenter),
		service:  IIS, levels: levels{min: 1}, unit: UnitRequests, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("iis-docs-vista-editions", "thomad-vista"),
		note: "No request execution limit on Server 2008.",
	},
	{
		editions: is(Windows7Starter),
		service:  IIS, unit: UnitRequests, def: Number(1), ceiling: Number(1), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "owscott-iis8"),
		note: "IIS 7.5; fixed. The vendor's page calls it Home Starter.",
	},
	{
		editions: is(Windows7HomeBasic),
		service:  IIS, unit: UnitRequests, def: Number(1), ceiling: Number(1), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "owscott-iis8"),
		note: "IIS 7.5; fixed. The vendor's page calls it Basic.",
	},
	{
		editions: is(Windows7HomePremium),
		service:  IIS, unit: UnitRequests, def: Number(3), ceiling: Number(3), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "carehart-2011"),
		note: "IIS 7.5; fixed.",
	},
	{
		editions: is(Windows7Professional, Windows7Enterprise, Windows7Ultimate),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "signalr-3741"),
		note: "IIS 7.5; fixed.",
	},
	{
		editions: is(Server2008R2Foundation, Server2008R2Standard, Server2008R2Enterprise, Server2008R2Datacenter, Server2012Foundation, Server2012Essentials, Server2012Standard, Server2012Datacenter, Server2012R2Foundation, Server2012R2Essentials, Server2012R2Standard, Server2012R2Datacenter, Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter, Server2022Standard, Server2022Datacenter, Server2022DatacenterAzureEdition, Server2025Standard, Server2025Datacenter, Server2025DatacenterAzureEdition),
		service:  IIS, unit: UnitRequests, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("iis-docs-request-restrictions"),
		note: "Server editions have no request cap; the 1000-request pool queue still exists.",
	},
	{
		editions: is(Windows8),
		service:  IIS, unit: UnitRequests, def: Number(3), ceiling: Number(3), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "owscott-iis8"),
		note: "IIS 8; fixed. The vendor's page calls it Basic.",
	},
	{
		editions: is(Windows8Pro, Windows8Enterprise),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "owscott-iis8"),
		note: "IIS 8; fixed.",
	},
	{
		editions: is(Windows8RT, Windows81RT),
		service:  IIS, unit: UnitRequests, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Reported, sources: cite("owscott-iis8"),
		note: "IIS does not run on RT.",
	},
	{
		editions: is(Windows81),
		service:  IIS, unit: UnitRequests, def: Number(3), ceiling: Number(3), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "owscott-iis8"),
		note: "IIS 8.5; fixed. The vendor's page calls it Basic.",
	},
	{
		editions: is(Windows81Pro, Windows81Enterprise),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "owscott-iis8"),
		note: "IIS 8.5; fixed.",
	},
	{
		editions: is(Windows10Home),
		service:  IIS, unit: UnitRequests, def: Number(3), ceiling: Number(3), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions"),
		note: "IIS 10; fixed.",
	},
	{
		editions: is(Windows10Pro),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions", "aspnetcore-42898"),
		note: "IIS 10; fixed. A WebSocket holds a slot for its life.",
	},
	{
		editions: is(Windows10Enterprise, Windows10IoTEnterprise),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions"),
		note: "IIS 10; fixed.",
	},
	{
		editions: is(Windows10Education, Windows11Education),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Inferred, sources: cite("iis-docs-request-restrictions"),
		note: "IIS 10; not on the vendor's page, taken as Enterprise.",
	},
	{
		editions: is(Windows10IoTCore),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions"),
		note: "IIS 10; on the vendor's page since 2026 only.",
	},
	{
		editions: is(Windows11Home),
		service:  IIS, unit: UnitRequests, def: Number(3), ceiling: Number(3), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions"),
		note: "IIS 10; heading reads Windows 10 and later.",
	},
	{
		editions: is(Windows11Pro, Windows11Enterprise, Windows11IoTEnterprise),
		service:  IIS, unit: UnitRequests, def: Number(10), ceiling: Number(10), discipline: Queue, queue: Number(1000),
		grade: Documented, sources: cite("iis-docs-request-restrictions"),
		note: "IIS 10; heading reads Windows 10 and later.",
	},

	// The FTP server of IIS.
	{
		editions: is(NT40Workstation),
		service:  FTP, levels: levels{end: 2}, unit: UnitConnections, def: Number(1000), ceiling: Unlimited(), discipline: Refuse,
		grade: Inferred, sources: cite("kb101322", "kb143180"),
		note: "PWS 2.0: the KB dates the coded limit to PWS 3.0 (SP2). The shipped setting of that IIS generation is 1000.",
	},
	{
		editions: is(NT40Workstation),
		service:  FTP, levels: levels{min: 2}, unit: UnitConnections, def: Number(10), ceiling: Number(40), discipline: Refuse,
		grade: Documented, sources: cite("kb101322"),
		note: "The PWS limit holds for WWW, FTP and Gopher, each on its own.",
	},
	{
		editions: is(Windows2000Professional),
		service:  FTP, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("iisref-2000", "kb262632"),
		note: "IIS 5.0 FTP, one site, range 0 to 10; reply of the 421 class (inferred).",
	},
	{
		editions: is(Windows2000Server, Windows2000AdvancedServer, Windows2000DatacenterServer),
		service:  FTP, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("iisref-2000"),
		note: "Same metabase property as WWW.",
	},
	{
		editions: is(XPHome),
		service:  FTP, unit: UnitConnections, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Reported, sources: cite("techrepublic-iis51"),
		note: "No IIS 5.1, hence no FTP service.",
	},
	{
		editions: is(XPProfessional),
		service:  FTP, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("kb262632", "kb318380"),
		note: "IIS 5.1 FTP, one site; a raise to 40 is claimed for WWW only.",
	},
	{
		editions: is(Server2003Web, Server2003Standard, Server2003Enterprise, Server2003Datacenter),
		service:  FTP, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("ms524491"),
		note: "Same metabase property as WWW.",
	},
	{
		editions: is(VistaStarter, VistaHomeBasic, VistaHomePremium),
		service:  FTP, unit: UnitConnections, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Documented, sources: cite("iis-docs-vista-editions"),
		note: "No FTP service in this edition.",
	},

	// The SMTP server of IIS.
	{
		editions: is(Windows2000Professional, XPProfessional),
		service:  SMTP, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Reported, sources: cite("techrepublic-smtp"),
		note: "One virtual server; refusal code unknown.",
	},

	// Message Queuing.
	{
		editions: is(NT40Workstation),
		service:  MSMQ, unit: UnitRemoteComputers, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Documented, sources: cite("kb183666"),
		note: "11th remote read refused (0xC00E0067); sends are queued at the sender and retried.",
	},
	{
		editions: is(NT40Server),
		service:  MSMQ, unit: UnitConnections, def: Number(25), ceiling: Number(25), discipline: Refuse,
		grade: Documented, sources: cite("kb183666"),
		note: "Standard edition, MSMQ 1.0: the smaller of 25 and the number of client licences.",
	},
	{
		editions: is(Windows2000Professional),
		service:  MSMQ, unit: UnitRemoteComputers, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Inferred, sources: cite("kb183666", "breakwell-msmq"),
		note: "Between NT Workstation (KB) and XP (tested).",
	},
	{
		editions: is(XPProfessional),
		service:  MSMQ, unit: UnitRemoteComputers, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Reported, sources: cite("breakwell-msmq", "kb183666"),
		note: "Tested: 11th remote read fails with 0xC00E0067; sends wait and are retried.",
	},

	// Incoming calls. From Server 2003 on the pages of the interface count the ports
	// of each protocol; the licence values give a total.
	{
		editions: is(NT35Workstation, NT40Workstation),
		service:  RAS, unit: UnitCalls, def: Number(1), ceiling: Number(1), discipline: Refuse,
		grade: Documented, sources: cite("kb129593"),
		note: "One incoming call.",
	},
	{
		editions: is(NT35Server),
		service:  RAS, unit: UnitCalls, def: Number(255), ceiling: Number(255), discipline: Refuse,
		grade: Documented, sources: cite("kb129593"),
		note: "Concurrent incoming calls.",
	},
	{
		editions: is(NT351Workstation),
		service:  RAS, unit: UnitCalls, def: Number(1), ceiling: Number(1), discipline: Refuse,
		grade: Inferred, sources: cite("kb129593"),
		note: "One incoming call; the KB names 3.5 and 4.0, so 3.51 lies between.",
	},
	{
		editions: is(NT351Server),
		service:  RAS, unit: UnitCalls, def: Number(255), ceiling: Number(255), discipline: Refuse,
		grade: Inferred, sources: cite("kb129593"),
		note: "The KB names 3.5 and 4.0, so 3.51 lies between.",
	},
	{
		// windowsitpro-nt4-ras counts 256; the vendor says 255.
		editions: is(NT40Server),
		service:  RAS, unit: UnitCalls, def: Number(255), ceiling: Number(255), discipline: Refuse,
		grade: Documented, sources: cite("kb129593"),
		rivals: []rival{{Number(256), "windowsitpro-nt4-ras"}},
		note:   "Concurrent incoming calls.",
	},
	{
		editions: is(Windows2000Professional),
		service:  RAS, unit: UnitCalls, def: Number(3), ceiling: Number(3), discipline: Refuse,
		grade: Documented, sources: cite("ws2003-draft-ras-help"),
		note: "One each of dial-up, VPN and direct (pre-release vendor help).",
	},
	{
		editions: is(Windows2000Server),
		service:  RAS, unit: UnitCalls, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("ws2003-draft-ras-help"),
		note: "Bounded by hardware only (pre-release vendor help).",
	},
	{
		editions: is(Windows2000AdvancedServer, Windows2000DatacenterServer),
		service:  RAS, unit: UnitCalls, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("ws2003-draft-ras-help"),
		note: "Taken from Windows 2000 Server.",
	},
	{
		editions: is(XPProfessional),
		service:  RAS, unit: UnitCalls, def: Number(3), ceiling: Number(3), discipline: Refuse,
		grade: Inferred, sources: cite("ws2003-draft-ras-help"),
		note: "Pre-release help names the client system of that generation by code name.",
	},
	{
		editions: is(Server2003Web),
		service:  RAS, unit: UnitCalls, def: Number(1), ceiling: Number(1), discipline: Refuse,
		grade: Documented, sources: cite("ms-mpr-server-1", "wiziq-slides"),
		note: "One port per tunnelling protocol (PPTP, L2TP).",
	},
	{
		editions: is(Server2003Standard),
		service:  RAS, unit: UnitCalls, def: Number(1000), ceiling: Number(1000), discipline: Refuse,
		grade: Documented, sources: cite("ms-mpr-server-1"),
		note: "Ports per tunnelling protocol.",
	},
	{
		editions: is(Server2003Enterprise, Server2003Datacenter),
		service:  RAS, unit: UnitCalls, def: Number(1000), ceiling: Number(16384), discipline: Refuse,
		grade: Documented, sources: cite("ms-mpr-server-1"),
		note: "PPTP ports; L2TP to 30,000. More than 1000 need a restart (the text names Enterprise).",
	},
	{
		editions: is(VistaStarter, VistaHomeBasic, VistaHomePremium, VistaBusiness, VistaUltimate),
		service:  RAS, unit: UnitCalls, def: Number(3), ceiling: Number(3), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values"),
		note: "RasBase-MaxConnections = 3.",
	},
	{
		editions: is(VistaEnterprise),
		service:  RAS, unit: UnitCalls, def: Number(3), ceiling: Number(3), discipline: Refuse,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "RasBase-MaxConnections = 3. Enterprise was not on the media.",
	},
	{
		editions: is(Server2008Web),
		service:  RAS, levels: levels{min: 1}, unit: UnitCalls, def: Number(1), ceiling: Number(1), discipline: Refuse,
		grade: Documented, sources: cite("ms-mpr-server-2"),
		note: "One port per tunnelling protocol (PPTP, L2TP, SSTP).",
	},
	{
		// ms-mpr-server-2 gives 1000: the ports of each protocol, not a total.
		editions: is(Server2008Standard),
		service:  RAS, levels: levels{min: 1}, unit: UnitCalls, def: Number(250), ceiling: Number(250), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values"),
		rivals: []rival{{Number(1000), "ms-mpr-server-2"}},
		note:   "RasBase-MaxConnections = 250 (not Server Core); the API page gives ports per protocol, not a total.",
	},
	{
		// ms-mpr-server-2 gives 16384: the ports of one protocol, not a total.
		editions: is(Server2008Enterprise, Server2008Datacenter),
		service:  RAS, levels: levels{min: 1}, unit: UnitCalls, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Measured, sources: cite("chappell-license-values"),
		rivals: []rival{{Number(16384), "ms-mpr-server-2"}},
		note:   "RasBase-MaxConnections = 0xFFFFFFFF (not Server Core); ports per protocol 16,384 (PPTP) and 30,000.",
	},
	{
		editions: is(Server2008R2Foundation),
		service:  RAS, unit: UnitCalls, def: Number(50), ceiling: Number(50), discipline: Refuse,
		grade: Inferred, sources: cite("chappell-license-values", "server2012-limits-notes"),
		note: "Taken from 2008 of the same edition (Foundation: from 2012).",
	},
	{
		editions: is(Server2008R2Standard),
		service:  RAS, unit: UnitCalls, def: Number(250), ceiling: Number(250), discipline: Refuse,
		grade: Inferred, sources: cite("chappell-license-values", "server2012-limits-notes"),
		note: "Taken from 2008 of the same edition.",
	},
	{
		editions: is(Server2008R2Enterprise, Server2008R2Datacenter),
		service:  RAS, unit: UnitCalls, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("chappell-license-values", "server2012-limits-notes"),
		note: "Taken from 2008 of the same edition.",
	},
	{
		editions: is(Server2012Foundation),
		service:  RAS, unit: UnitCalls, def: Number(50), ceiling: Number(50), discipline: Refuse,
		grade: Reported, sources: cite("server2012-limits-notes", "wiki-2012-table-figure"),
		note: "Routing and Remote Access connections.",
	},
	{
		editions: is(Server2012Essentials),
		service:  RAS, unit: UnitCalls, def: Number(250), ceiling: Number(250), discipline: Refuse,
		grade: Reported, sources: cite("server2012-limits-notes", "wiki-2012-table-figure"),
		note: "Routing and Remote Access connections.",
	},
	{
		editions: is(Server2012Standard, Server2012Datacenter),
		service:  RAS, unit: UnitCalls, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("server2012-limits-notes", "wiki-2012-table-figure"),
		note: "Routing and Remote Access connections.",
	},
	{
		editions: is(Server2012R2Foundation),
		service:  RAS, unit: UnitCalls, def: Number(50), ceiling: Number(50), discipline: Refuse,
		grade: Inferred, sources: cite("server2012-limits-notes"),
		note: "Taken from 2012.",
	},
	{
		editions: is(Server2012R2Essentials),
		service:  RAS, unit: UnitCalls, def: Number(250), ceiling: Number(250), discipline: Refuse,
		grade: Inferred, sources: cite("server2012-limits-notes"),
		note: "Taken from 2012.",
	},
	{
		editions: is(Server2012R2Standard, Server2012R2Datacenter),
		service:  RAS, unit: UnitCalls, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("server2012-limits-notes"),
		note: "Taken from 2012.",
	},
	{
		editions: is(Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter, Server2022Standard, Server2022Datacenter, Server2022DatacenterAzureEdition, Server2025Standard, Server2025Datacenter, Server2025DatacenterAzureEdition),
		service:  RAS, unit: UnitCalls, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("ms-locks-limits"),
		note: "Maximum RRAS connections listed as unlimited.",
	},

	// Remote Desktop. Server rows are administration mode; with the session host
	// role licences decide. From Server 2008 on the newcomer is offered a session to
	// disconnect (ms-askperf-2008, 4sysops-2008).
	{
		editions: is(NT31, NT31AdvancedServer, NT35Workstation, NT35Server, NT351Workstation, NT351Server),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("kb187629"),
		note: "No terminal services before NT 4.0 Terminal Server Edition.",
	},
	{
		editions: is(NT40Workstation, NT40Server),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("kb187629"),
		note: "Only the separate Terminal Server Edition hosts RDP sessions.",
	},
	{
		editions: is(Windows95, Windows98, WindowsMe),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("kb187629"),
		note: "No host of remote desktop sessions in the 9x line.",
	},
	{
		editions: is(Windows2000Professional),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("kb253831"),
		note: "KB on Terminal Services names the server editions only.",
	},
	{
		editions: is(Windows2000Server, Windows2000AdvancedServer, Windows2000DatacenterServer),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Refuse,
		grade: Documented, sources: cite("kb253831", "goodacre-console"),
		note: "Remote Administration mode; console session not reachable. Application Server mode follows licences.",
	},
	{
		editions: is(XPStarter),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("itprotoday-xp-starter"),
		note: "Reduced XP Home, which is no host.",
	},
	{
		editions: is(XPHome),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Reported, sources: cite("xp-home-pro-differences"),
		note: "Remote Assistance only.",
	},
	{
		// windowsitpro-xp-beta tells of 2 in the beta.
		editions: is(XPProfessional),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Documented, sources: cite("kb280828"),
		rivals: []rival{{Number(2), "windowsitpro-xp-beta"}},
		note:   "One user in all, console included; an administrator may displace the present user after a prompt.",
	},
	{
		editions: is(XPProfessionalX64),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Inferred, sources: cite("kb280828"),
		note: "Client edition sold as Professional.",
	},
	{
		editions: is(XPMediaCenter),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Inferred, sources: cite("kb280828", "wikipedia-mce"),
		note: "Built on XP Professional; the first release is said to lack it.",
	},
	{
		editions: is(XPTabletPC),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Inferred, sources: cite("kb280828"),
		note: "Built on XP Professional.",
	},
	{
		editions: is(Server2003Web),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Refuse,
		grade: Documented, sources: cite("kb830581", "wiziq-slides"),
		note: "Two remote sessions plus the console (three in all); the page names no edition. No application mode here.",
	},
	{
		editions: is(Server2003Standard, Server2003Enterprise, Server2003Datacenter),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Refuse,
		grade: Documented, sources: cite("kb830581"),
		note: "Two remote sessions plus the console (three in all); the page names no edition. With the Terminal Server role licences decide.",
	},
	{
		editions: is(SmallBusinessServer2003Standard, SmallBusinessServer2003Premium),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Refuse,
		grade: Inferred, sources: cite("kb830581", "ms-sbs2003-ts"),
		note: "Server 2003 administration mode; application mode removed.",
	},
	{
		editions: is(HomeServer),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Refuse,
		grade: Reported, sources: cite("mswhs-2007", "kb830581"),
		note: "Two sessions, active or disconnected; the console session does not count. Third: server has exceeded the maximum number of allowed connections.",
	},
	{
		editions: is(VistaStarter, VistaHomeBasic),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Measured, sources: cite("chappell-license-values"),
		note: "Licence value MaxSessions = 0.",
	},
	{
		editions: is(VistaHomePremium),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Measured, sources: cite("chappell-license-values", "vista-terms"),
		note: "MaxSessions = 1 but LocalOnly = 1: not from another computer. Media Center Extender listener: 5.",
	},
	{
		editions: is(VistaBusiness),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Measured, sources: cite("chappell-license-values"),
		note: "Licence value MaxSessions = 1.",
	},
	{
		editions: is(VistaEnterprise),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "Not on the media that were read; same feature set as Business and Ultimate.",
	},
	{
		editions: is(VistaUltimate),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Measured, sources: cite("chappell-license-values"),
		note: "Licence value MaxSessions = 1. Media Center Extender listener: 5.",
	},
	{
		editions: is(Server2008Web),
		service:  RDP, levels: levels{min: 1}, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Displace,
		grade: Documented, sources: cite("ms-cc753380", "4sysops-2008", "ms-askperf-2008"),
		note: "Without the Terminal Server role; the console counts as one of the two. A third administrator is offered a session to disconnect. Page names no edition.",
	},
	{
		editions: is(Server2008Standard, Server2008Enterprise, Server2008Datacenter),
		service:  RDP, levels: levels{min: 1}, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Displace,
		grade: Documented, sources: cite("ms-cc753380", "chappell-license-values", "4sysops-2008", "ms-askperf-2008"),
		note: "Without the Terminal Server role; the console counts as one of the two. A third administrator is offered a session to disconnect. Page names no edition.",
	},
	{
		editions: is(Windows7Starter, Windows7HomeBasic, Windows7HomePremium),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Documented, sources: cite("kb2477176", "ms-rd-supported-config"),
		note: "Not a host; named by the KB.",
	},
	{
		editions: is(Windows7Professional, Windows7Enterprise, Windows7Ultimate, Windows8Pro, Windows8Enterprise, Windows81Pro, Windows81Enterprise),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Reported, sources: cite("ms-rd-supported-config", "ndi-client-features"),
		note: "Host by vendor list, number by a wiki; displacement as on XP Professional.",
	},
	{
		editions: is(Server2008R2Foundation, Server2012Foundation, Server2012Essentials, Server2012R2Foundation, Server2012R2Essentials),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Displace,
		grade: Inferred, sources: cite("ms-admx-ts-max-con", "ms-askperf-2008", "tsplus-rds"),
		note: "Vendor policy text (2003 and later) gives two for administration without naming editions. A third administrator is offered a session to disconnect (stated for 2008).",
	},
	{
		editions: is(Server2008R2Standard, Server2008R2Enterprise, Server2008R2Datacenter, Server2012R2Standard, Server2012R2Datacenter),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Displace,
		grade: Documented, sources: cite("ms-admx-ts-max-con", "kb2477176", "ms-askperf-2008", "tsplus-rds"),
		note: "Administration mode; vendor policy text (2003 and later) gives two, no edition named. A third administrator is offered a session to disconnect (stated for 2008). With the RD Session Host role licences decide.",
	},
	{
		editions: is(Windows8, Windows81),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Documented, sources: cite("ms-rd-supported-config"),
		note: "Not a host; the page calls it Home.",
	},
	{
		editions: is(Windows8RT, Windows81RT, Windows10IoTCore),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("ms-rd-supported-config"),
		note: "Not on the host list of the page.",
	},
	{
		editions: is(Server2012Standard, Server2012Datacenter),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Displace,
		grade: Documented, sources: cite("ms-admx-ts-max-con", "ms-askperf-2008", "tsplus-rds"),
		note: "Administration mode; vendor policy text (2003 and later) gives two, no edition named. A third administrator is offered a session to disconnect (stated for 2008). With the RD Session Host role licences decide.",
	},
	{
		editions: is(Windows10Home),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Documented, sources: cite("ms-rd-supported-config"),
		note: "Not a host.",
	},
	{
		editions: is(Windows10Pro, Windows10Enterprise),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Reported, sources: cite("ms-rd-supported-config", "ndi-client-features", "windowsa-ru-rdp", "ndi-logon-session"),
		note: "Pro and above, one session, console included; the prompt says that the present user will be disconnected.",
	},
	{
		editions: is(Windows10Education, Windows11Pro, Windows11Enterprise, Windows11Education),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Reported, sources: cite("ndi-client-features", "windowsa-ru-rdp", "ndi-logon-session"),
		note: "Pro and above, one session, console included; the prompt says that the present user will be disconnected.",
	},
	{
		editions: is(Windows10IoTEnterprise, Windows11IoTEnterprise),
		service:  RDP, unit: UnitSessions, def: Number(1), ceiling: Number(1), discipline: Displace,
		grade: Inferred, sources: cite("ndi-client-features"),
		note: "Taken as Enterprise.",
	},
	{
		editions: is(Windows10EnterpriseMultiSession, Windows11EnterpriseMultiSession),
		service:  RDP, unit: UnitSessions, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("ms-activesessioncount"),
		note: "Unlimited interactive sessions at the same time, says the vendor page.",
	},
	{
		editions: is(Windows11Home),
		service:  RDP, unit: UnitSessions, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("ms-rd-supported-config"),
		note: "Taken from 10 Home.",
	},
	{
		editions: is(Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Displace,
		grade: Documented, sources: cite("ms-admx-ts-max-con", "ms-askperf-2008", "tsplus-rds", "ms-locks-limits"),
		note: "Administration mode; vendor policy text (2003 and later) gives two, no edition named. A third administrator is offered a session to disconnect (stated for 2008). With the RD Session Host role licences decide, at most 65,535.",
	},
	{
		editions: is(Server2022Standard, Server2022Datacenter, Server2025Standard, Server2025Datacenter),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Displace,
		grade: Inferred, sources: cite("ms-admx-ts-max-con", "ms-askperf-2008", "tsplus-rds", "ms-locks-limits"),
		note: "Administration mode; vendor policy text (2003 and later) gives two, no edition named. A third administrator is offered a session to disconnect (stated for 2008). With the RD Session Host role licences decide, at most 65,535. The texts are older than this release; carried on.",
	},
	{
		editions: is(Server2022DatacenterAzureEdition, Server2025DatacenterAzureEdition),
		service:  RDP, unit: UnitSessions, def: Number(2), ceiling: Number(2), discipline: Displace,
		grade: Inferred, sources: cite("ms-admx-ts-max-con", "ms-askperf-2008", "ms-locks-limits"),
		note: "Administration mode; with the RD Session Host role licences decide, at most 65,535. The texts are older than this release; carried on.",
	},

	// The Telnet server. The upper bound of the setting is unknown; it is written
	// unlimited because nothing is known to stop it.
	{
		editions: is(XPProfessional),
		service:  Telnet, unit: UnitSessions, def: Number(2), ceiling: Unlimited(), discipline: Refuse,
		grade: Inferred, grades: split{Inferred, UnknownGrade}, sources: cite("ms-cc787407", "ms-tlntadmn"),
		note: "Default of Server 2003, which shares the Telnet service and its registry values; upper bound of the setting unknown.",
	},
	{
		editions: is(Server2003Web, Server2003Standard, Server2003Enterprise, Server2003Datacenter),
		service:  Telnet, unit: UnitSessions, def: Number(2), ceiling: Unlimited(), discipline: Refuse,
		grade: Documented, grades: split{Documented, UnknownGrade}, sources: cite("ms-cc787407", "ms-tlntadmn"),
		note: "Setting with default 2 (tlntadmn config maxconn=N); its upper bound is unknown. Page names no edition.",
	},

	// RADIUS (IAS, NPS): the clients that can be configured, which are access servers.
	// A limit of the configuration, not of traffic.
	{
		editions: is(VistaStarter, VistaHomeBasic, VistaHomePremium, VistaBusiness, VistaUltimate),
		service:  RADIUS, unit: UnitRemoteComputers, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Measured, sources: cite("chappell-license-values"),
		note: "IASLicensing-maxClient = 0.",
	},
	{
		editions: is(VistaEnterprise),
		service:  RADIUS, unit: UnitRemoteComputers, def: Absent(), ceiling: Absent(), discipline: AbsentService,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "IASLicensing-maxClient = 0. Enterprise was not on the media.",
	},
	{
		editions: is(Server2008Standard),
		service:  RADIUS, levels: levels{min: 1}, unit: UnitRemoteComputers, def: Number(50), ceiling: Number(50), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values"),
		note: "IASLicensing-maxClient = 50 RADIUS clients (access servers); 2 remote server groups; no subnet syntax. Not on Server Core.",
	},
	{
		editions: is(Server2008Enterprise, Server2008Datacenter),
		service:  RADIUS, levels: levels{min: 1}, unit: UnitRemoteComputers, def: Number(2147483647), ceiling: Number(2147483647), discipline: Refuse,
		grade: Measured, sources: cite("chappell-license-values"),
		note: "IASLicensing-maxClient = 0x7FFFFFFF (not on Server Core).",
	},
	{
		editions: is(Server2008R2Standard),
		service:  RADIUS, unit: UnitRemoteComputers, def: Number(50), ceiling: Number(50), discipline: Refuse,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "Taken from 2008 Standard.",
	},
	{
		editions: is(Server2008R2Enterprise, Server2008R2Datacenter),
		service:  RADIUS, unit: UnitRemoteComputers, def: Number(2147483647), ceiling: Number(2147483647), discipline: Refuse,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "Taken from Server 2008.",
	},
	{
		editions: is(Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter, Server2022Standard, Server2022Datacenter, Server2022DatacenterAzureEdition, Server2025Standard, Server2025Datacenter, Server2025DatacenterAzureEdition),
		service:  RADIUS, unit: UnitRemoteComputers, def: Number(2147483647), ceiling: Number(2147483647), discipline: Refuse,
		grade: Documented, sources: cite("ms-locks-limits", "ms-nps-top"),
		note: "Maximum IAS connections of the vendor table; the service page says unlimited RADIUS clients.",
	},

	// Connections that the stack holds and the program has not accepted, for each
	// listening socket. The default is what a plain number in listen() can get, the
	// ceiling what the system accepts at all (ms-listen).
	{
		editions: is(NT31, NT31AdvancedServer),
		service:  TCPBacklog, levels: levels{end: 3}, unit: UnitConnections, def: Number(5), ceiling: Number(5), discipline: Refuse,
		grade: Documented, sources: cite("kb113576"),
		note: "Per listening socket, connections not yet accepted. The KB saw the 7th or 8th SYN answered with a reset.",
	},
	{
		editions: is(NT31, NT31AdvancedServer),
		service:  TCPBacklog, levels: levels{min: 3}, unit: UnitConnections, def: Number(60), ceiling: Number(60), discipline: Refuse,
		grade: Documented, sources: cite("kb113576"),
		note: "Raised from 5 by Service Pack 3; the program must ask for it in listen().",
	},
	{
		editions: is(NT35Workstation, NT35Server, NT351Workstation, NT351Server),
		service:  TCPBacklog, unit: UnitConnections, def: Number(100), ceiling: Number(100), discipline: Refuse,
		grade: Documented, sources: cite("kb127144", "kb113576"),
		note: "Workstation and Server alike.",
	},
	{
		editions: is(NT40Workstation),
		service:  TCPBacklog, unit: UnitConnections, def: Number(5), ceiling: Number(5), discipline: Refuse,
		grade: Documented, sources: cite("kb127144", "kb113576"),
		note: "Kept at the Winsock 1.1 figure when Server went to 200; no setting raises it.",
	},
	{
		editions: is(NT40Server),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Documented, sources: cite("kb127144", "kb113576", "kb142641"),
		note: "AFD dynamic backlog (off by default) adds room for half-open connections, for programs that ask for more than its minimum.",
	},
	{
		editions: is(Windows95, Windows98),
		service:  TCPBacklog, unit: UnitConnections, def: Number(5), ceiling: Number(5), discipline: Refuse,
		grade: Reported, sources: cite("easysoft-backlog"),
		note: "SOMAXCONN has no effect there either, says the vendor.",
	},
	{
		editions: is(WindowsMe),
		service:  TCPBacklog, unit: UnitConnections, def: Number(5), ceiling: Number(5), discipline: Refuse,
		grade: Inferred, sources: cite("easysoft-backlog"),
		note: "Taken from Windows 98.",
	},
	{
		editions: is(Windows2000Professional),
		service:  TCPBacklog, unit: UnitConnections, def: Number(5), ceiling: Number(5), discipline: Refuse,
		grade: Documented, sources: cite("ms-w2krk-winsock", "pchomesoft-backlog", "kb295079"),
		note: "The smaller number saves memory, says the vendor. SP0 and SP1 may refuse although the backlog has room (a fault, fixed in SP2).",
	},
	{
		editions: is(Windows2000Server),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Documented, sources: cite("ms-w2krk-winsock", "pchomesoft-backlog", "catalyst-backlog", "kb295079"),
		note: "SP0 and SP1 may refuse although the backlog has room (a fault, fixed in SP2).",
	},
	{
		editions: is(Windows2000AdvancedServer, Windows2000DatacenterServer),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Inferred, sources: cite("ms-w2krk-winsock", "pchomesoft-backlog", "catalyst-backlog"),
		note: "Taken from Windows 2000 Server.",
	},
	{
		editions: is(XPStarter, XPHome, XPProfessionalX64, XPMediaCenter, XPTabletPC),
		service:  TCPBacklog, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Inferred, sources: cite("oracle-queuesize"),
		note: "Taken from XP Professional.",
	},
	{
		editions: is(XPProfessional),
		service:  TCPBacklog, unit: UnitConnections, def: Number(10), ceiling: Number(10), discipline: Refuse,
		grade: Reported, sources: cite("oracle-queuesize"),
		note: "Database vendor names XP Professional SP2 only; a lower figure (5, as on 2000) before SP2 is possible and unsourced.",
	},
	{
		editions: is(Server2003Web, Server2003Standard, Server2003Datacenter),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Reported, sources: cite("catalyst-backlog"),
		note: "Component vendor: server systems go to 200.",
	},
	{
		editions: is(Server2003Enterprise),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Reported, sources: cite("oracle-queuesize", "catalyst-backlog"),
		note: "Database vendor: 200 for the Enterprise edition.",
	},
	{
		editions: is(SmallBusinessServer2003Standard, SmallBusinessServer2003Premium, HomeServer),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Inferred, sources: cite("catalyst-backlog", "oracle-queuesize"),
		note: "Taken from Server 2003.",
	},
	{
		editions: is(VistaStarter, VistaHomeBasic, VistaHomePremium, VistaBusiness, VistaEnterprise, VistaUltimate),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Inferred, sources: cite("ms-listen", "jdk-8330940"),
		note: "Between XP and 7; the vendor page says several hundred for Winsock 2. No test known.",
	},
	{
		editions: is(Server2008Web, Server2008Standard, Server2008Enterprise, Server2008Datacenter),
		service:  TCPBacklog, levels: levels{min: 1}, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Reported, sources: cite("ms-css-backlog", "jdk-8330940"),
		note: "Vendor wiki: typically 200, no setting. Larger values by SOMAXCONN_HINT are reported from 8 and 2012 on only.",
	},
	{
		// javaxt-performance saw 50 at once; it asked for no more, so that is no cap.
		editions: is(Windows7Starter, Windows7HomeBasic, Windows7HomePremium, Windows7Professional, Windows7Enterprise, Windows7Ultimate),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Inferred, sources: cite("ms-listen", "ms-css-backlog"),
		rivals: []rival{{Number(50), "javaxt-performance"}},
		note:   "The cap of 5 or 10 is gone (50 at once seen on Professional x64); 200 taken from the servers of that time.",
	},
	{
		editions: is(Server2008R2Foundation, Server2008R2Standard, Server2008R2Enterprise, Server2008R2Datacenter),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(200), discipline: Refuse,
		grade: Reported, sources: cite("ms-css-backlog", "jdk-8330940"),
		note: "Vendor wiki: typically 200, no setting. Larger values by SOMAXCONN_HINT are reported from 8 and 2012 on only.",
	},
	{
		editions: is(Windows8, Windows8Pro, Windows8Enterprise, Windows81, Windows81Pro, Windows81Enterprise),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Reported, grades: split{Reported, Documented}, sources: cite("jdk-8330940", "ms-listen"),
		note: "A plain number stops at 200; SOMAXCONN_HINT(n), a negative n, goes to 65535.",
	},
	{
		editions: is(Windows8RT, Windows81RT),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Inferred, sources: cite("jdk-8330940", "ms-listen"),
		note: "A plain number stops at 200; SOMAXCONN_HINT(n), a negative n, goes to 65535.",
	},
	{
		editions: is(Server2012Foundation, Server2012Essentials, Server2012Standard, Server2012Datacenter, Server2012R2Foundation, Server2012R2Essentials, Server2012R2Standard, Server2012R2Datacenter, Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter, Server2022Standard, Server2022Datacenter, Server2022DatacenterAzureEdition),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Reported, grades: split{Reported, Documented}, sources: cite("ms-css-backlog", "ms-listen"),
		note: "Vendor wiki: typically 200. SOMAXCONN_HINT(n) goes to 65535.",
	},
	{
		editions: is(Windows10Home, Windows10Pro, Windows10Enterprise, Windows10Education, Windows10IoTEnterprise),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Reported, grades: split{Reported, Documented}, sources: cite("node-38736", "jdk-8330940", "ms-listen"),
		note: "Build 19042: about 200 of 300 simultaneous connects wait, the rest is refused. SOMAXCONN_HINT(n) goes to 65535.",
	},
	{
		editions: is(Windows10IoTCore),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Inferred, sources: cite("node-38736", "jdk-8330940", "ms-listen"),
		note: "Build 19042: about 200 of 300 simultaneous connects wait, the rest is refused. SOMAXCONN_HINT(n) goes to 65535.",
	},
	{
		editions: is(Windows10EnterpriseMultiSession),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Inferred, sources: cite("node-38736", "jdk-8330940", "ms-listen"),
		note: "As Enterprise; no source names this edition.",
	},
	{
		editions: is(Windows11Home, Windows11Pro, Windows11Enterprise, Windows11Education, Windows11IoTEnterprise),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Reported, grades: split{Reported, Documented}, sources: cite("weave-backlog", "ms-listen"),
		note: "Measured on Windows 11, of an edition that is not named: 200 of 1024 with listen(8192), all 1024 with SOMAXCONN_HINT(8192).",
	},
	{
		editions: is(Windows11EnterpriseMultiSession),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Inferred, sources: cite("weave-backlog", "ms-listen"),
		note: "As Enterprise; no source names this edition.",
	},
	{
		editions: is(Server2025Standard, Server2025Datacenter, Server2025DatacenterAzureEdition),
		service:  TCPBacklog, unit: UnitConnections, def: Number(200), ceiling: Number(65535), discipline: Refuse,
		grade: Reported, grades: split{Reported, Documented}, sources: cite("ms-listen", "ms-css-backlog"),
		note: "Vendor wiki: typically 200. SOMAXCONN_HINT(n) goes to 65535.",
	},

	// Outbound connection attempts in progress.
	//
	// Ten at once on the machine, XP SP2 to SP3, Vista and Server 2008 before SP2.
	// Edition numbers (2, 5, 25) and "per second" have no vendor or measured source.
	// The queue length is unknown.
	{
		editions: is(NT31, NT31AdvancedServer),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("libtorrent-2010"),
		note: "Older than every product named by the sources; the limit first appears in XP SP2.",
	},
	{
		editions: is(NT35Workstation, NT35Server, NT351Workstation, NT351Server),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("libtorrent-2010"),
		note: "Rule \"XP SP1 and earlier: none\" is not tested this far back.",
	},
	{
		editions: is(NT40Workstation, NT40Server),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("lvllord-faq"),
		note: "Program rule: XP SP1 and earlier have no limit.",
	},
	{
		editions: is(Windows95, Windows98, WindowsMe),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("emule-help", "lvllord-faq"),
		note: "Named as unlimited by the programs and the patch author.",
	},
	{
		editions: is(Windows2000Professional),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("emule-help", "libtorrent-2010"),
		note: "Older than XP SP2.",
	},
	{
		editions: is(Windows2000Server, Windows2000AdvancedServer, Windows2000DatacenterServer),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("libtorrent-2010"),
		note: "Older than XP SP2.",
	},
	{
		// gamerindex-2008 claims 65535 before SP2; that was never a half-open limit.
		editions: is(XPStarter),
		service:  TCPHalfOpen, levels: levels{end: 2}, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("libtorrent-2010", "shareaza-2009", "lvllord-faq"),
		rivals: []rival{{Number(65535), "gamerindex-2008"}},
		note:   "Same rule by code base; the edition was announced at the time of SP2.",
	},
	{
		editions: is(XPStarter, XPMediaCenter, XPTabletPC),
		service:  TCPHalfOpen, levels: levels{min: 2}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Inferred, sources: cite("ntl-evid4226", "ms-xpsp2-network"),
		note: "Same SP2 code as Home and Professional; no separate source.",
	},
	{
		// gamerindex-2008 claims 65535 before SP2; that was never a half-open limit.
		editions: is(XPHome, XPProfessional, XPMediaCenter, XPTabletPC),
		service:  TCPHalfOpen, levels: levels{end: 2}, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("libtorrent-2010", "shareaza-2009", "lvllord-faq"),
		rivals: []rival{{Number(65535), "gamerindex-2008"}},
		note:   "The limit arrives with SP2; 65,535 was never a half-open limit.",
	},
	{
		// cybernetnews claims 5 for Home: its SMB number.
		editions: is(XPHome),
		service:  TCPHalfOpen, levels: levels{min: 2}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Measured, sources: cite("ntl-evid4226", "jsi-tip-10301", "ms-xpsp2-network", "softether-2004"),
		rivals: []rival{{Number(5), "cybernetnews"}},
		note:   "Machine-wide, no setting. The evidence names XP SP2/SP3, not the edition; one driver file. Queue length unknown.",
	},
	{
		editions: is(XPProfessional),
		service:  TCPHalfOpen, levels: levels{min: 2}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Measured, sources: cite("ntl-evid4226", "jsi-tip-10301", "ms-xpsp2-network", "softether-2004"),
		note: "Machine-wide, no setting. The evidence names XP SP2/SP3, not the edition; one driver file. Queue length unknown.",
	},
	{
		// shareaza-2009 says unlimited, which holds for the first release.
		editions: is(XPProfessionalX64),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Reported, sources: cite("10-strike-tcpip", "shareaza-2005", "libtorrent-2010", "pybitmessage-566"),
		rivals: []rival{{Unlimited(), "shareaza-2009"}},
		note:   "SP2 named as limited by 10-Strike and by service-pack rules of programs; the rival holds for the release without service pack.",
	},
	{
		// libtorrent-2010 has 10 for all of version 5.2, one rule of one program; the
		// limit is younger than this release.
		editions: is(Server2003Web, Server2003Standard, Server2003Enterprise, Server2003Datacenter),
		service:  TCPHalfOpen, levels: levels{end: 1}, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("shareaza-2009", "envy"),
		rivals: []rival{{Number(10), "libtorrent-2010"}},
		note:   "Release without service pack: only one program rule (all of version 5.2) claims a limit.",
	},
	{
		// lvllord-faq, 10-strike-tcpip and libtorrent-2010 say 10 from SP1 on; programs
		// that exclude servers are followed. A guess between claims.
		editions: is(Server2003Web, Server2003Standard, Server2003Enterprise, Server2003Datacenter),
		service:  TCPHalfOpen, levels: levels{min: 1}, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("shareaza-2009", "envy", "ipscan", "adremsoft-sp2", "ms-cc759700"),
		rivals: []rival{{Number(10), "lvllord-faq"}, {Number(10), "10-strike-tcpip"}, {Number(10), "libtorrent-2010"}},
		note:   "Programs exclude server products; the patch author and others count SP1 in. The vendor list of SP1 (seen in part) names inbound SYN protection. Event 4226 is listed for version 5.2.",
	},
	{
		// shareaza-2009, lvllord-faq and libtorrent-2010 say 10; as Server 2003.
		editions: is(SmallBusinessServer2003Standard, SmallBusinessServer2003Premium),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("adremsoft-sp2"),
		rivals: []rival{{Number(10), "shareaza-2009"}, {Number(10), "lvllord-faq"}, {Number(10), "libtorrent-2010"}},
		note:   "As Server 2003; one program treats Small Business Server with a service pack as limited.",
	},
	{
		// lvllord-faq, 10-strike-tcpip and libtorrent-2010 say 10; as Server 2003.
		editions: is(HomeServer),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("shareaza-2009"),
		rivals: []rival{{Number(10), "lvllord-faq"}, {Number(10), "10-strike-tcpip"}, {Number(10), "libtorrent-2010"}},
		note:   "Server 2003 SP2 code base, itself disputed.",
	},
	{
		// libtorrent-2010 says 5; the vendor says ten for every edition.
		editions: is(VistaStarter, VistaEnterprise),
		service:  TCPHalfOpen, levels: levels{end: 1}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Inferred, sources: cite("kb969710", "chappell-license-values"),
		rivals: []rival{{Number(5), "libtorrent-2010"}},
		note:   "Carried back from the KB, which states ten for SP1 without naming editions; same driver family. No Tcpip entry among the licence values.",
	},
	{
		// libtorrent-2010 says 5; the vendor says ten for every edition.
		editions: is(VistaStarter, VistaEnterprise),
		service:  TCPHalfOpen, levels: levels{min: 1, end: 2}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Documented, sources: cite("kb969710", "chappell-license-values"),
		rivals: []rival{{Number(5), "libtorrent-2010"}},
		note:   "The KB states ten for SP1 without naming editions. No Tcpip entry among the licence values.",
	},
	{
		editions: is(VistaStarter, VistaHomeBasic, VistaHomePremium, VistaBusiness, VistaEnterprise, VistaUltimate),
		service:  TCPHalfOpen, levels: levels{min: 2}, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("kb969710", "ms-vista-sp2-notes"),
		note: "Registry EnableConnectionRateLimiting=1 brings back ten, queued; the number itself cannot be set.",
	},
	{
		// mydigitallife-2007 claims 2 and libtorrent-2007 5; the vendor says ten for
		// every edition.
		editions: is(VistaHomeBasic),
		service:  TCPHalfOpen, levels: levels{end: 1}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Inferred, sources: cite("kb969710", "chappell-license-values"),
		rivals: []rival{{Number(2), "mydigitallife-2007"}, {Number(5), "libtorrent-2007"}},
		note:   "Carried back from the KB, which states ten for SP1 without naming editions; same driver family. No Tcpip entry among the licence values.",
	},
	{
		// mydigitallife-2007 claims 2 and libtorrent-2007 5; the vendor says ten for
		// every edition.
		editions: is(VistaHomeBasic),
		service:  TCPHalfOpen, levels: levels{min: 1, end: 2}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Documented, sources: cite("kb969710", "chappell-license-values"),
		rivals: []rival{{Number(2), "mydigitallife-2007"}, {Number(5), "libtorrent-2007"}},
		note:   "The KB states ten for SP1 without naming editions. No Tcpip entry among the licence values.",
	},
	{
		// libtorrent-2007 says 5; the vendor says ten for every edition.
		editions: is(VistaHomePremium),
		service:  TCPHalfOpen, levels: levels{end: 1}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Inferred, sources: cite("kb969710", "chappell-license-values"),
		rivals: []rival{{Number(5), "libtorrent-2007"}},
		note:   "Carried back from the KB, which states ten for SP1 without naming editions; same driver family. No Tcpip entry among the licence values.",
	},
	{
		// libtorrent-2007 says 5; the vendor says ten for every edition.
		editions: is(VistaHomePremium),
		service:  TCPHalfOpen, levels: levels{min: 1, end: 2}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Documented, sources: cite("kb969710", "chappell-license-values"),
		rivals: []rival{{Number(5), "libtorrent-2007"}},
		note:   "The KB states ten for SP1 without naming editions. No Tcpip entry among the licence values.",
	},
	{
		// mydigitallife-2007 claims 25 and libtorrent-2010 5; the vendor says ten for
		// every edition.
		editions: is(VistaBusiness, VistaUltimate),
		service:  TCPHalfOpen, levels: levels{end: 1}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Inferred, sources: cite("kb969710", "chappell-license-values"),
		rivals: []rival{{Number(25), "mydigitallife-2007"}, {Number(5), "libtorrent-2010"}},
		note:   "Carried back from the KB, which states ten for SP1 without naming editions; same driver family. No Tcpip entry among the licence values.",
	},
	{
		// mydigitallife-2007 claims 25 and libtorrent-2010 5; the vendor says ten for
		// every edition.
		editions: is(VistaBusiness, VistaUltimate),
		service:  TCPHalfOpen, levels: levels{min: 1, end: 2}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Documented, sources: cite("kb969710", "chappell-license-values"),
		rivals: []rival{{Number(25), "mydigitallife-2007"}, {Number(5), "libtorrent-2010"}},
		note:   "The KB states ten for SP1 without naming editions. No Tcpip entry among the licence values.",
	},
	{
		// envy and adremsoft-sp2 exclude servers and libtorrent-2010 has 5; the vendor
		// names this one.
		editions: is(Server2008Web, Server2008Standard, Server2008Enterprise, Server2008Datacenter),
		service:  TCPHalfOpen, levels: levels{min: 1, end: 2}, unit: UnitAttempts, def: Number(10), ceiling: Number(10), discipline: Queue,
		grade: Documented, sources: cite("kb969710"),
		rivals: []rival{{Unlimited(), "envy"}, {Unlimited(), "adremsoft-sp2"}, {Number(5), "libtorrent-2010"}},
		note:   "The first release carries service pack level 1; KB names the product, not the edition.",
	},
	{
		editions: is(Server2008Web, Server2008Standard, Server2008Enterprise, Server2008Datacenter),
		service:  TCPHalfOpen, levels: levels{min: 2}, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("kb969710", "ms-vista-sp2-notes"),
		note: "Registry EnableConnectionRateLimiting=1 brings back ten, queued.",
	},
	{
		editions: is(Windows7Starter, Windows7HomeBasic, Windows7HomePremium, Windows7Professional, Windows7Enterprise, Windows7Ultimate),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("libtorrent-2010", "biglybt", "ipscan", "mydigitallife-2009", "qbittorrent-13278"),
		note: "Off by default; EnableConnectionRateLimiting=1 is said to work here too (unconfirmed).",
	},
	{
		editions: is(Server2008R2Foundation, Server2008R2Standard, Server2008R2Enterprise, Server2008R2Datacenter),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("libtorrent-2010", "envy"),
		note: "Rule for version 6.1 and later; server products excluded as well.",
	},
	{
		editions: is(Windows8, Windows8Pro, Windows8Enterprise, Windows81, Windows81Pro, Windows81Enterprise, Windows10Home, Windows10Pro, Windows10Enterprise, Windows10Education, Windows10IoTEnterprise, Windows11Home, Windows11Pro, Windows11Enterprise, Windows11Education, Windows11IoTEnterprise),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("biglybt"),
		note: "Rule for version 6.1 and later; no vendor text for this release.",
	},
	{
		editions: is(Windows8RT, Windows81RT, Windows10IoTCore),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("biglybt"),
		note: "Rule for version 6.1 and later; no vendor text for this release.",
	},
	{
		editions: is(Server2012Foundation, Server2012Essentials, Server2012Standard, Server2012Datacenter, Server2012R2Foundation, Server2012R2Essentials, Server2012R2Standard, Server2012R2Datacenter),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("envy"),
		note: "Rule for version 6.1 and later; server products excluded as well.",
	},
	{
		editions: is(Windows10EnterpriseMultiSession, Windows11EnterpriseMultiSession),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("biglybt"),
		note: "As Enterprise; no source names this edition.",
	},
	{
		editions: is(Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter, Server2022Standard, Server2022Datacenter, Server2025Standard, Server2025Datacenter),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("envy"),
		note: "Rule for version 6.1 and later; no vendor text for this release.",
	},
	{
		editions: is(Server2022DatacenterAzureEdition, Server2025DatacenterAzureEdition),
		service:  TCPHalfOpen, unit: UnitAttempts, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("envy"),
		note: "Taken from Datacenter.",
	},

	// Outbound connections whose local port the system chose, those in TIME_WAIT
	// included: the automatic ports of the machine. On 95, 98 and Me the pool of
	// sockets is smaller than the ports behind it.
	{
		editions: is(NT31, NT31AdvancedServer, NT35Workstation, NT35Server),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(3976), discipline: Refuse,
		grade: Inferred, sources: cite("kb196271", "kb929851"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 240 s more. MaxUserPort came with 3.51 SP5, so it cannot be raised.",
	},
	{
		editions: is(NT351Workstation, NT351Server),
		service:  TCPOutbound, levels: levels{end: 5}, unit: UnitConnections, def: Number(3976), ceiling: Number(3976), discipline: Refuse,
		grade: Documented, sources: cite("kb149532", "kb196271"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 240 s more. MaxUserPort exists from SP5 on.",
	},
	{
		editions: is(NT351Workstation, NT351Server),
		service:  TCPOutbound, levels: levels{min: 5}, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Documented, sources: cite("kb149532", "kb196271"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 240 s more. MaxUserPort up to 65534.",
	},
	{
		editions: is(NT40Workstation, NT40Server),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Documented, sources: cite("kb149532", "kb196271"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 240 s more. MaxUserPort up to 65534.",
	},
	{
		editions: is(Windows95),
		service:  TCPOutbound, unit: UnitConnections, def: Number(100), ceiling: Number(3976), discipline: Refuse,
		grade: Documented, sources: cite("kb198663", "kb170791", "proxyplus-faq"),
		note: "All TCP sockets together, waiting ones too, in and out (MSTCP MaxConnections); 3976 is the port range behind it.",
	},
	{
		editions: is(Windows98),
		service:  TCPOutbound, unit: UnitConnections, def: Number(100), ceiling: Number(3976), discipline: Refuse,
		grade: Reported, grades: split{Documented, Reported}, sources: cite("kb198663", "proxyplus-faq"),
		note: "All TCP sockets together, waiting ones too, in and out (MSTCP MaxConnections); the port range behind it is taken from 95.",
	},
	{
		editions: is(WindowsMe),
		service:  TCPOutbound, unit: UnitConnections, def: Number(100), ceiling: Number(3976), discipline: Refuse,
		grade: Reported, sources: cite("proxyplus-faq"),
		note: "All TCP sockets together (MSTCP MaxConnections); the port range behind it is taken from 95.",
	},
	{
		editions: is(Windows2000Professional, Windows2000Server, Windows2000AdvancedServer),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Documented, sources: cite("kb196271", "ms-cc938196", "kb314053"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 240 s more. MaxUserPort up to 65534.",
	},
	{
		editions: is(Windows2000DatacenterServer),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Inferred, sources: cite("kb196271", "ms-cc938196", "kb314053"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 240 s more. MaxUserPort up to 65534.",
	},
	{
		editions: is(XPStarter, XPProfessionalX64),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Inferred, sources: cite("kb196271", "kb314053", "kb929851"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 120 s more. MaxUserPort up to 65534. Edition not named by the KB.",
	},
	{
		editions: is(XPHome, XPProfessional, XPMediaCenter, XPTabletPC),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Documented, sources: cite("kb196271", "kb314053", "kb929851"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 120 s more. MaxUserPort up to 65534.",
	},
	{
		editions: is(Server2003Web, Server2003Standard, Server2003Enterprise),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Documented, sources: cite("kb196271", "ms-cc758002", "kb314053"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 120 s more. MaxUserPort up to 65534.",
	},
	{
		editions: is(Server2003Datacenter),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Inferred, sources: cite("kb196271", "ms-cc758002", "kb314053"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 120 s more. MaxUserPort up to 65534. KB names Datacenter x64 only.",
	},
	{
		editions: is(SmallBusinessServer2003Standard, SmallBusinessServer2003Premium, HomeServer),
		service:  TCPOutbound, unit: UnitConnections, def: Number(3976), ceiling: Number(64510), discipline: Refuse,
		grade: Inferred, sources: cite("kb196271"),
		note: "Ports 1025 to 5000 (MaxUserPort); closed ones count for 120 s more. Taken from Server 2003.",
	},
	{
		editions: is(VistaStarter, Windows8RT, Windows81RT),
		service:  TCPOutbound, unit: UnitConnections, def: Number(16384), ceiling: Number(64511), discipline: Refuse,
		grade: Inferred, sources: cite("kb929851"),
		note: "Ports 49152 to 65535, per address family; netsh sets 255 to 64511. Release or edition not named by the KB.",
	},
	{
		editions: is(VistaHomeBasic, VistaHomePremium, VistaBusiness, VistaEnterprise, VistaUltimate, Windows7Starter, Windows7HomeBasic, Windows7HomePremium, Windows7Professional, Windows7Enterprise, Windows7Ultimate, Server2008R2Foundation, Server2008R2Standard, Server2008R2Enterprise, Server2008R2Datacenter, Windows8, Windows8Pro, Windows8Enterprise, Windows81, Windows81Pro, Windows81Enterprise, Server2012Foundation, Server2012Essentials, Server2012Standard, Server2012Datacenter, Server2012R2Foundation, Server2012R2Essentials, Server2012R2Standard, Server2012R2Datacenter),
		service:  TCPOutbound, unit: UnitConnections, def: Number(16384), ceiling: Number(64511), discipline: Refuse,
		grade: Documented, sources: cite("kb929851"),
		note: "Ports 49152 to 65535, per address family; netsh sets 255 to 64511.",
	},
	{
		editions: is(Server2008Web, Server2008Standard, Server2008Enterprise, Server2008Datacenter),
		service:  TCPOutbound, levels: levels{min: 1}, unit: UnitConnections, def: Number(16384), ceiling: Number(64511), discipline: Refuse,
		grade: Documented, sources: cite("kb929851"),
		note: "Ports 49152 to 65535, per address family; netsh sets 255 to 64511.",
	},
	{
		editions: is(Windows10Home, Windows10Pro, Windows10Enterprise, Windows10Education, Windows10IoTEnterprise, Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter),
		service:  TCPOutbound, unit: UnitConnections, def: Number(16384), ceiling: Number(64511), discipline: Refuse,
		grade: Documented, sources: cite("kb929851", "ms-reuse-unicastport"),
		note: "Ports 49152 to 65535, per address family; netsh sets 255 to 64511. An implicit bind may reuse a port for another destination.",
	},
	{
		editions: is(Windows10IoTCore, Windows11Home, Windows11Pro, Windows11Enterprise, Windows11Education, Windows11IoTEnterprise, Server2022Standard, Server2022Datacenter, Server2022DatacenterAzureEdition, Server2025Standard, Server2025Datacenter, Server2025DatacenterAzureEdition),
		service:  TCPOutbound, unit: UnitConnections, def: Number(16384), ceiling: Number(64511), discipline: Refuse,
		grade: Inferred, sources: cite("kb929851", "ms-reuse-unicastport"),
		note: "Ports 49152 to 65535, per address family; netsh sets 255 to 64511. An implicit bind may reuse a port for another destination. Release or edition not named by the KB.",
	},
	{
		editions: is(Windows10EnterpriseMultiSession, Windows11EnterpriseMultiSession),
		service:  TCPOutbound, unit: UnitConnections, def: Number(16384), ceiling: Number(64511), discipline: Refuse,
		grade: Inferred, sources: cite("kb929851", "ms-reuse-unicastport"),
		note: "As Enterprise; no source names this edition.",
	},

	// TCP to every other program. On the NT line the limit on peers sits in the
	// services, not in TCP/IP; on 95, 98 and Me all sockets of the machine, in and
	// out, waiting to be accepted or to close, share one pool (kb198663).
	{
		editions: is(NT31, NT31AdvancedServer),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb101322"),
		note: "No source describes a cap on other TCP servers; KB on NT 4.0 places such limits in services only.",
	},
	{
		editions: is(NT35Workstation, NT35Server, NT351Workstation, NT351Server),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb101322"),
		note: "No source describes a cap on other TCP servers; the KB on NT 4.0 places the limit in the service.",
	},
	{
		editions: is(NT40Workstation),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Documented, sources: cite("kb101322", "oreilly-ntws-removed"),
		note: "KB: the limit is not in the system or TCP/IP. The beta limiter (10 addresses in 10 minutes) was removed before release.",
	},
	{
		editions: is(NT40Server),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb101322"),
		note: "Same TCP/IP as Workstation, for which the KB rules a limit out.",
	},
	{
		editions: is(Windows95),
		service:  TCPOther, unit: UnitConnections, def: Number(100), ceiling: Unlimited(), discipline: Refuse,
		grade: Documented, grades: split{Documented, UnknownGrade}, sources: cite("kb198663", "proxyplus-faq"),
		note: "All TCP sockets of the machine, waiting ones and outbound ones too (MSTCP MaxConnections); upper bound of the setting unknown (some say 300).",
	},
	{
		editions: is(Windows98),
		service:  TCPOther, unit: UnitConnections, def: Number(100), ceiling: Unlimited(), discipline: Refuse,
		grade: Documented, grades: split{Documented, UnknownGrade}, sources: cite("kb198663", "proxyplus-faq", "smallvoid-9x"),
		note: "All TCP sockets of the machine, waiting ones and outbound ones too (MSTCP MaxConnections); upper bound of the setting unknown (some say 300).",
	},
	{
		editions: is(WindowsMe),
		service:  TCPOther, unit: UnitConnections, def: Number(100), ceiling: Unlimited(), discipline: Refuse,
		grade: Reported, grades: split{Reported, UnknownGrade}, sources: cite("proxyplus-faq", "smallvoid-9x"),
		note: "All TCP sockets of the machine, waiting ones and outbound ones too (MSTCP MaxConnections); upper bound of the setting unknown (some say 300).",
	},
	{
		editions: is(Windows2000Professional),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb101322", "superuser-309271"),
		note: "Between NT 4.0 (KB: not in TCP/IP) and XP (third-party servers not affected).",
	},
	{
		editions: is(Windows2000Server, Windows2000AdvancedServer, Windows2000DatacenterServer),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb101322"),
		note: "Server edition; the KB places such limits in services of the workstation line.",
	},
	{
		editions: is(XPStarter, XPMediaCenter, XPTabletPC),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("superuser-309271", "mdaemon-2008", "ms-bb147520"),
		note: "Same TCP/IP as XP Professional; no separate source.",
	},
	{
		editions: is(XPHome),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("superuser-309271", "mdaemon-2008", "ms-bb147520"),
		note: "Third-party TCP servers not counted. A 2004 test on Home that blamed TCP gives no figure.",
	},
	{
		editions: is(XPProfessional),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("superuser-309271", "mdaemon-2008", "ms-bb147520"),
		note: "Third-party TCP servers not counted.",
	},
	{
		editions: is(XPProfessionalX64),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("superuser-309271", "mdaemon-2008", "ms-bb147520"),
		note: "Server 2003 code base, no cap known there either.",
	},
	{
		editions: is(Server2003Web, Server2003Standard, Server2003Enterprise, Server2003Datacenter, SmallBusinessServer2003Standard, Server2012Foundation, Server2012Essentials, Server2012Standard, Server2012Datacenter, Server2012R2Foundation, Server2012R2Essentials, Server2012R2Standard, Server2012R2Datacenter, Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter, Server2022Standard, Server2022Datacenter, Server2022DatacenterAzureEdition, Server2025Standard, Server2025Datacenter, Server2025DatacenterAzureEdition),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb101322"),
		note: "Server edition; no source describes a cap.",
	},
	{
		editions: is(SmallBusinessServer2003Premium),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb101322"),
		note: "As Server 2003; no source describes a cap.",
	},
	{
		editions: is(HomeServer),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kb101322"),
		note: "Server code base; no source describes a cap.",
	},
	{
		editions: is(VistaStarter, VistaHomeBasic, VistaHomePremium, VistaBusiness, VistaUltimate),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("mdaemon-2008", "chappell-license-values"),
		note: "Inbound TCP not counted; no Tcpip entry among the licence values.",
	},
	{
		editions: is(VistaEnterprise),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("mdaemon-2008", "chappell-license-values"),
		note: "Inbound TCP not counted; no Tcpip entry among the licence values. Enterprise was not on the media.",
	},
	{
		editions: is(Server2008Web),
		service:  TCPOther, levels: levels{min: 1}, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "Server edition; no source describes a cap.",
	},
	{
		editions: is(Server2008Standard, Server2008Enterprise, Server2008Datacenter),
		service:  TCPOther, levels: levels{min: 1}, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "Server edition; no Tcpip entry among the licence values.",
	},
	{
		// benchmarks-161 claims 20, which is the number of SMB; nothing shows it for TCP.
		editions: is(Windows7Starter, Windows7HomeBasic, Windows7HomePremium, Windows7Professional, Windows7Enterprise, Windows7Ultimate),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("ndi-client-features", "kestrel-435"),
		rivals: []rival{{Number(20), "benchmarks-161"}},
		note:   "A self-hosted server does not share the IIS cap (vendor developer, tested on 10); the wiki speaks of client Windows in general. No test on 7.",
	},
	{
		editions: is(Server2008R2Foundation, Server2008R2Standard, Server2008R2Enterprise, Server2008R2Datacenter),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("chappell-license-values"),
		note: "Server edition; no source describes a cap.",
	},
	{
		editions: is(Windows8, Windows8Pro, Windows8Enterprise, Windows81, Windows81Pro, Windows81Enterprise, Windows10Home, Windows10Pro, Windows10Enterprise, Windows10Education, Windows10IoTEnterprise),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("kestrel-435", "ndi-client-features"),
		note: "A self-hosted server does not share the IIS cap; no TCP/IP limit known.",
	},
	{
		editions: is(Windows8RT, Windows81RT),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kestrel-435", "ndi-client-features"),
		note: "Same TCP/IP as the other editions.",
	},
	{
		editions: is(Windows10IoTCore),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kestrel-435", "ndi-client-features"),
		note: "A self-hosted server does not share the IIS cap; no TCP/IP limit known.",
	},
	{
		editions: is(Windows10EnterpriseMultiSession),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("kestrel-435", "ndi-client-features"),
		note: "As Enterprise; no source names this edition.",
	},
	{
		editions: is(Windows11Home, Windows11Pro, Windows11Enterprise, Windows11Education, Windows11IoTEnterprise),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Reported, sources: cite("ndi-client-features"),
		note: "No TCP/IP limit known.",
	},
	{
		editions: is(Windows11EnterpriseMultiSession),
		service:  TCPOther, unit: UnitConnections, def: Unlimited(), ceiling: Unlimited(), discipline: None,
		grade: Inferred, sources: cite("ndi-client-features"),
		note: "As Enterprise; no source names this edition.",
	},

	// Licence terms. They never override what code enforces, and stand here only
	// where a text or a close relative is known.
	{
		editions: is(NT40Workstation),
		service:  Licence, basis: ByLicence, unit: UnitComputers, def: Number(10), ceiling: Number(10), discipline: None,
		grade: Documented, sources: cite("kb101322"),
		note: "Pooled or multiplexed connections count through.",
	},
	{
		editions: is(Windows95),
		service:  Licence, basis: ByLicence, unit: UnitComputers, def: Number(10), ceiling: Number(10), discipline: None,
		grade: Documented, sources: cite("optionpack-eula"),
		note: "Computers using Personal Web Server at one time; pooling counts through.",
	},
	{
		editions: is(Windows2000Professional),
		service:  Licence, basis: ByLicence, unit: UnitComputers, def: Number(10), ceiling: Number(10), discipline: None,
		grade: Inferred, sources: cite("kb101322", "xp-oem-eula"),
		note: "No licence text known; same number before (NT 4.0) and after (XP).",
	},
	{
		editions: is(XPHome),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(5), ceiling: Number(5), discipline: None,
		grade: Reported, sources: cite("nikkei-2006"),
		note: "Licence described by the press; the licence text is not known here.",
	},
	{
		editions: is(XPProfessional),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(10), ceiling: Number(10), discipline: None,
		grade: Documented, sources: cite("xp-oem-eula", "nikkei-2006"),
		note: "Pooling counts through. The text names no edition; two processors and activation point to Professional.",
	},
	{
		editions: is(SmallBusinessServer2003Standard, SmallBusinessServer2003Premium),
		service:  Licence, basis: ByLicence, unit: UnitUsers, def: Number(5), ceiling: Number(75), discipline: None,
		grade: Reported, sources: cite("flylib-sbs2003", "sbs2003-book-75", "ms-sbs2003-licensing"),
		note: "Client access licences: 5 in the box, raised in packs; 75 is the size the handbook gives.",
	},
	{
		editions: is(VistaHomeBasic),
		service:  Licence, levels: levels{end: 1}, basis: ByLicence, unit: UnitDevices, def: Number(5), ceiling: Number(5), discipline: None,
		grade: Documented, sources: cite("vista-terms"),
		note: "File, print, IIS, connection sharing and telephony services.",
	},
	{
		editions: is(VistaHomeBasic),
		service:  Licence, levels: levels{min: 1}, basis: ByLicence, unit: UnitDevices, def: Number(5), ceiling: Number(5), discipline: None,
		grade: Documented, sources: cite("vista-sp1-terms"),
		note: "SP1 terms add: no more than 5 connections at one time in total.",
	},
	{
		editions: is(VistaHomePremium),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(10), ceiling: Number(10), discipline: None,
		grade: Documented, sources: cite("vista-terms"),
		note: "File, print, IIS, connection sharing and telephony services.",
	},
	{
		editions: is(VistaUltimate),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(10), ceiling: Number(10), discipline: None,
		grade: Reported, sources: cite("windows-now-vista"),
		note: "Reading of the licence by a weblog.",
	},
	{
		editions: is(Windows7Starter),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Inferred, sources: cite("win7-terms-ra"),
		note: "Both known texts say 20; none is known to be Starter.",
	},
	{
		editions: is(Windows7HomeBasic),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Inferred, sources: cite("win7-terms-ra"),
		note: "Both known texts say 20; none is known to be Home Basic.",
	},
	{
		editions: is(Windows7HomePremium),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Documented, sources: cite("win7-terms-ra"),
		note: "Text with Remote Assistance and Media Center, no Remote Desktop.",
	},
	{
		editions: is(Windows7Professional, Windows7Ultimate),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Documented, sources: cite("win7-terms-rd"),
		note: "Text of an edition with Remote Desktop; it names no edition.",
	},
	{
		editions: is(Windows7Enterprise),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Inferred, sources: cite("win7-terms-rd"),
		note: "Volume licence; both retail texts say 20.",
	},
	{
		editions: is(Server2008R2Foundation),
		service:  Licence, basis: ByLicence, unit: UnitUsers, def: Number(15), ceiling: Number(15), discipline: None,
		grade: Inferred, sources: cite("ms-foundation-2012"),
		note: "Number of the 2012 edition; no page for this release is known.",
	},
	{
		editions: is(Windows8, Windows8Pro, Windows81, Windows81Pro),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Inferred, sources: cite("win7-terms-rd", "win11-oem-terms"),
		note: "Same number before (7) and after (11); the clause of this release is not known.",
	},
	{
		editions: is(Server2012Foundation, Server2012R2Foundation),
		service:  Licence, basis: ByLicence, unit: UnitUsers, def: Number(15), ceiling: Number(15), discipline: None,
		grade: Documented, sources: cite("ms-foundation-2012"),
		note: "User accounts; the page says the licence enforces it.",
	},
	{
		editions: is(Server2012Essentials),
		service:  Licence, basis: ByLicence, unit: UnitUsers, def: Number(25), ceiling: Number(25), discipline: None,
		grade: Documented, sources: cite("ms-essentials-25", "ms-essentials-transition-2012"),
		note: "User accounts (and 50 devices); lifted by a transition to Standard.",
	},
	{
		editions: is(Server2012R2Essentials),
		service:  Licence, basis: ByLicence, unit: UnitUsers, def: Number(25), ceiling: Number(25), discipline: None,
		grade: Documented, sources: cite("ms-essentials-migrate-2012r2"),
		note: "25 users and 50 devices; more needs the Experience role on Standard or Datacenter.",
	},
	{
		editions: is(Windows10Home, Windows10Pro),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Reported, sources: cite("win10-clause-reprint", "lubrano-2025", "ms-iot-issue-302"),
		note: "Clause seen at second hand (reprint, weblog); the wording is that of the 2015 and later single licence text, which names no edition.",
	},
	{
		editions: is(Windows10IoTEnterprise),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Reported, sources: cite("ms-iot-issue-302"),
		note: "Answer of the documentation owner, page of IoT Enterprise.",
	},
	{
		editions: is(Windows11Home, Windows11Pro),
		service:  Licence, basis: ByLicence, unit: UnitDevices, def: Number(20), ceiling: Number(20), discipline: None,
		grade: Reported, sources: cite("win11-oem-terms", "lubrano-2025"),
		note: "OEM terms, clause known at second hand.",
	},
}
