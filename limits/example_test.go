package limits_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/winlimits/winlimits/limits"
)

// must keeps the examples short; a program handles its errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ExampleLookup() {
	xp := limits.MustParseWindows("XP Pro SP3")
	for _, service := range []limits.Service{limits.SMB, limits.IIS, limits.TCPHalfOpen, limits.TCPOther, limits.Licence} {
		fmt.Println(must(limits.Lookup(xp, service)))
	}
	// Output:
	// Windows XP Professional takes 10 SMB sessions at the same time and refuses the next one.
	// Windows XP Professional takes 10 connections to its web server (IIS) at the same time and refuses the next one; the number can be raised to 40.
	// Windows XP Professional SP2 and later has at most 10 outbound TCP connection attempts in progress at the same time; the next one waits in a queue.
	// Windows XP Professional does not limit TCP connections to third-party servers.
	// The licence of Windows XP Professional allows 10 devices to connect; nothing in Windows enforces that number.
}

func ExampleLookup_missing() {
	_, err := limits.Lookup(limits.Windows{Edition: limits.XPHome}, limits.MSMQ)
	fmt.Println(err)
	_, err = limits.Lookup(limits.Windows{Edition: limits.XPHome, ServicePack: 4}, limits.SMB)
	fmt.Println(err)
	// Output:
	// limits: no rule known for msmq of Windows XP Home
	// limits: Windows XP Home never had service pack 4; its levels are 0 (as released), 1, 2, 3
}

func ExampleRule_Explain() {
	rule, err := limits.Lookup(limits.Windows{Edition: limits.VistaStarter}, limits.SMB)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(rule.Explain())
	// Output:
	// Windows Vista Starter takes no SMB session and refuses the first one.
	//
	// Evidence (measured):
	//   - Installed License Values (read from the installation media of 32-bit Vista RTM/SP1 and Server 2008). Geoff Chappell. https://www.geoffchappell.com/notes/windows/license/install.htm [chappell-license-values]
	//
	// Others say:
	//   - 5: Upgrading and Repairing PCs: simultaneous users by Windows edition. Que. http://what-when-how.com/Tutorial/topic-264kuql/Upgrading-and-Repairing-PCs-1048.html [urpc-book]
	//
	// Note: SMBServer-WindowsMaxInSMBConns = 0: the service takes no inbound session.
	//
	// Changing it: DWORD Users in HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters can lower the number, never raise it (ms-srvs).
}

func ExampleRule_Rivals() {
	rule, err := limits.Lookup(limits.Windows{Edition: limits.VistaHomeBasic, ServicePack: 1}, limits.TCPHalfOpen)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rule.Default, rule.Grade)
	for _, rival := range rule.Rivals() {
		fmt.Println(rival.Value, rival.Source.Kind, rival.Source.Key)
	}
	// Output:
	// 10 documented
	// 2 claim mydigitallife-2007
	// 5 program libtorrent-2007
}

func ExampleRule_Sources() {
	rule, err := limits.Lookup(limits.Windows{Edition: limits.Windows10Pro}, limits.SMB)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, source := range rule.Sources() {
		fmt.Println(source.Kind, source.Key)
	}
	// Output:
	// capture win10-net-config
	// claim ndi-client-features
}

func ExampleRule_Covers() {
	for rule := range limits.ByEdition(limits.XPHome) {
		if rule.Service == limits.TCPHalfOpen {
			fmt.Println(rule.Default, rule.Covers(limits.Windows{Edition: limits.XPHome, ServicePack: 2}))
		}
	}
	// Output:
	// unlimited false
	// 10 true
}

func ExampleRules() {
	byGrade := make(map[limits.Grade]int)
	for rule := range limits.Rules() {
		byGrade[rule.Grade]++
	}
	fmt.Println(len(byGrade), "grades")
	// Output: 4 grades
}

func ExampleByEdition() {
	for rule := range limits.ByEdition(limits.Windows11Home) {
		fmt.Println(rule)
	}
	// Output:
	// Windows 11 Home takes 20 SMB sessions at the same time and refuses the next one.
	// Windows 11 Home executes 3 requests to its web server (IIS) at the same time; the next one waits in a queue of 1000.
	// Windows 11 Home has no Remote Desktop for others to use.
	// Windows 11 Home holds 200 TCP connections that wait to be accepted at each listening socket and refuses the next one; the number can be raised to 65535.
	// Windows 11 Home does not limit outbound TCP connection attempts in progress.
	// Windows 11 Home has at most 16384 outbound TCP connections (TIME_WAIT included) at the same time and refuses the next one; the number can be raised to 64511.
	// Windows 11 Home does not limit TCP connections to third-party servers.
	// The licence of Windows 11 Home allows 20 devices to connect; nothing in Windows enforces that number.
}

func ExampleByService() {
	for rule := range limits.ByService(limits.SMTP) {
		fmt.Println(rule.Edition, rule.Default)
	}
	// Output:
	// Windows 2000 Professional 10
	// Windows XP Professional 10
}

func ExampleRule_Symptom() {
	seven := limits.MustParseWindows("Windows 7 Professional SP1")
	rule, err := limits.Lookup(seven, limits.IIS)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rule.Symptom())
	fmt.Println(rule.Refusal())
	// Output:
	// HTTP request open without an answer while others are served
	// HTTP 503: the site is over its limit, or the queue is full
}

func ExampleMustParseWindows() {
	fmt.Println(limits.MustParseWindows("vista home premium sp1"))
	// Output: Windows Vista Home Premium SP1
}

func ExampleParseSymptom() {
	symptom, err := limits.ParseSymptom("System error 71 has occurred.")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(symptom)
	fmt.Println(symptom.Services())
	// Output:
	// NTSTATUS 0xC00000D0, Win32 error 71: No more connections can be made to this remote computer at this time because the computer has accepted the maximum number of connections.
	// [smb]
}

func ExampleSymptom_Rules() {
	for rule := range limits.SymptomEvent4226.Rules() {
		fmt.Println(rule.Edition, rule.Default, rule.Discipline)
		break
	}
	// Output: Windows XP Starter 10 queue
}

func ExampleSymptoms() {
	for _, symptom := range limits.Symptoms()[:2] {
		fmt.Println(symptom)
	}
	// Output:
	// HTTP 403.9: There are too many people accessing the Web site at this time.
	// HTTP 503: the site is over its limit, or the queue is full
}

func ExampleLookupSource() {
	source, ok := limits.LookupSource("kb969710")
	fmt.Println(ok, source.Kind, source.Title)
	// Output: true vendor-kb How to enable the half-open TCP connections limit in Vista SP2 and Server 2008 SP2
}

func ExampleSources() {
	for source := range limits.Sources() {
		if source.Kind == limits.SourcePatent {
			fmt.Println(source.Title)
		}
	}
	// Output: US 7,784,096 B2: outgoing connection attempt limiting to slow down spreading of viruses
}

func ExampleRule_MarshalJSON() {
	rule, err := limits.Lookup(limits.Windows{Edition: limits.Windows2000Professional}, limits.SMTP)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := json.MarshalIndent(rule, "", "  ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(strings.Split(string(data), "\n")[:12], "\n"))
	// Output:
	// {
	//   "product": "Windows 2000",
	//   "edition": "Professional",
	//   "servicePackMin": 0,
	//   "servicePackMax": null,
	//   "service": "smtp",
	//   "basis": "code",
	//   "unit": "connections",
	//   "default": 10,
	//   "ceiling": 10,
	//   "discipline": "refuse",
	//   "queue": null,
}

func ExampleWriteCSV() {
	if err := limits.WriteCSV(os.Stdout, limits.ByService(limits.SMTP)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// product,edition,service packs,service,basis,unit,default,ceiling,discipline,queue,grade,sources,rivals,note
	// Windows 2000,Professional,all,smtp,code,connections,10,10,refuse,,reported,techrepublic-smtp,,One virtual server; refusal code unknown.
	// Windows XP,Professional,all,smtp,code,connections,10,10,refuse,,reported,techrepublic-smtp,,One virtual server; refusal code unknown.
}

func ExampleWriteMarkdown() {
	if err := limits.WriteMarkdown(os.Stdout, limits.ByEdition(limits.UnknownEdition)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// | product | edition | service packs | service | basis | unit | default | ceiling | discipline | queue | grade | sources | rivals | note |
	// |---|---|---|---|---|---|---|---|---|---|---|---|---|---|
}

func ExampleWriteJSON() {
	if err := limits.WriteJSON(os.Stdout, limits.ByEdition(limits.UnknownEdition)); err != nil {
		fmt.Println(err)
	}
	// Output: {"revision": "2026.11.3", "rules": []}
}

func ExampleRule_Evidence() {
	for _, s := range []limits.Service{limits.SMB, limits.IIS, limits.Telnet} {
		rule, err := limits.Lookup(limits.Windows{Edition: limits.XPProfessional}, s)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v: %s\n", s, rule.Evidence())
	}
	// Output:
	// smb: documented
	// iis: 10 documented, 40 reported
	// telnet: 2 inferred, upper bound unknown
}

func ExampleRule_CeilingGrade() {
	rule, err := limits.Lookup(limits.Windows{Edition: limits.XPProfessional}, limits.IIS)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rule.Default, rule.DefaultGrade())
	fmt.Println(rule.Ceiling, rule.CeilingGrade())
	// Output:
	// 10 documented
	// 40 reported
}

func ExampleRule_Change() {
	rule, err := limits.Lookup(limits.Windows{Edition: limits.Windows10Pro}, limits.TCPOutbound)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rule.Change())
	// Output: netsh int ipv4 set dynamicport tcp start=N num=N, with 255 to 64511 ports (kb929851).
}

func ExampleSymptom_Otherwise() {
	symptom, err := limits.ParseSymptom("Socket error 10061")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(symptom)
	fmt.Println(symptom.Otherwise())
	// Output:
	// WSAECONNREFUSED 10061: No connection could be made because the target machine actively refused it.
	// A port on which nothing listens, and a firewall that resets, look exactly the same. If a single connection is refused on a quiet machine it is one of these. If only bursts are refused, it is the backlog; a program that accepts sooner helps.
}

func ExampleService_Description() {
	fmt.Println(limits.IIS.Description())
	fmt.Println(limits.TCPBacklog.Description())
	// Output:
	// the web server of Windows
	// connections that a program has not accepted yet
}

func ExampleFindClaims() {
	for _, text := range []string{
		"is XP limited to 10 inbound TCP connections?",
		"AutoDisconnect 0 does not turn the idle limit off.",
	} {
		found := limits.FindClaims(text)[0]
		fmt.Println(found.Verdict, found.Negated, found.Claim.Key)
		fmt.Println(found.Claim.Answer())
	}
	// Output:
	// false false inbound-tcp-10
	// The connections to a program's own port are unlimited on XP. XP Professional takes 10 SMB sessions and 10 connections to its own web server, and its licence names 10 devices; 10 connections may wait to be accepted at each listening socket.
	// true true autodisconnect-0
	// It ends idle sessions within seconds (5 s in this library); -1 turns it off.
}

func ExampleClaims() {
	count := map[limits.Verdict]int{}
	for c := range limits.Claims() {
		count[c.Verdict]++
	}
	fmt.Println(count[limits.True], "true,", count[limits.Partly], "partly,", count[limits.False], "false")
	// Output: 8 true, 10 partly, 25 false
}

func ExampleTCPNumConnections() {
	fmt.Println(limits.TCPNumConnections().Value)
	// Output: 16777214
}
