package limits

// A sign is a piece of text that says that a symptom is there, in lower case and
// as symptomTokens splits it.
type sign struct {
	symptom  Symptom
	evidence SymptomEvidence
	texts    []string
}

// signs are the codes, the texts of Windows and the words that people use. The texts
// in other languages are those of the translations of kb314882,
// kb122920 and kb328459, and of reports of event 4226.
var signs = [...]sign{
	{SymptomHTTP4039, SymptomCode, []string{"403.9"}},
	{SymptomHTTP4039, SymptomText, []string{"too many people accessing", "too many users are connected", "too many connected users please try again later"}},

	{SymptomHTTP503, SymptomCode, []string{"connlimit", "queuefull"}},
	{SymptomHTTP503, SymptomText, []string{"http error 503 the service is unavailable", "http error 503 service unavailable"}},

	{SymptomHTTPNoAnswer, SymptomWord, []string{
		"request waits", "requests wait", "request hangs", "requests hang", "page hangs", "browser hangs", "site hangs", "website hangs",
		"keeps loading", "loads forever", "loading forever", "no answer from the web server", "request without an answer",
	}},

	{SymptomStatusRequestNotAccepted, SymptomCode, []string{
		"0xc00000d0", "c00000d0", "3221225680", "-1073741616", "request not accepted", "req not accep", "reqnotaccep",
		"0x80070047", "80070047", "2147942471", "-2147024825", "0x00000047",
	}},
	{SymptomStatusRequestNotAccepted, SymptomText, []string{
		"no more connections can be made", "reached its connection limit", "request is not accepted", "network request was not accepted",
		// de, fr, it, pl, sv
		"es können keine weiteren verbindungen zum remotecomputer hergestellt werden", "dieser remotecomputer hat sein verbindungslimit erreicht",
		"il n est plus possible d établir de connexions avec cet ordinateur distant", "cet ordinateur distant a atteint sa limite de connexion",
		"impossibile effettuare altre connessioni al computer remoto", "limite di connessioni al computer remoto raggiunto",
		"do tego komputera zdalnego nie można obecnie uzyskać więcej połączeń", "ten komputer zdalny osiągnął limit połączenia", "żądanie sieciowe nie zostało zaakceptowane",
		"du kan inte skapa fler anslutningar till fjärrdatorn",
	}},

	{SymptomEvent4226, SymptomCode, []string{"0x80001082", "80001082", "2147487874", "-2147479422", "tcp connect limit reached"}},
	{SymptomEvent4226, SymptomText, []string{
		"security limit imposed on the number of concurrent", "security limit imposed",
		// de, it
		"tcp ip hat das sicherheitslimit erreicht", "limite di protezione imposto sul numero di tentativi",
	}},

	{SymptomMSMQOverflow, SymptomCode, []string{"0xc00e0067", "c00e0067", "3222143079", "-1072824217", "license overflow", "licence overflow"}},

	{SymptomRDPDisplace, SymptomText, []string{
		"only the current user or an administrator can log on", "another user is signed in", "another user is logged on", "select a user to disconnect",
		"is currently logged on", "too many users signed in", "too many users are signed in", "too many users logged on", "too many users connected",
	}},
	{SymptomRDPDisplace, SymptomWord, []string{"asks to disconnect", "only the current user", "disconnect someone", "has to disconnect"}},
	{SymptomRDPExceeded, SymptomText, []string{
		"exceeded the maximum number of allowed connections", "all connections are in use right now", "number of connections to this computer is limited",
		"maximum number of connections to the remote computer has been reached",
	}},

	{SymptomFTP421, SymptomText, []string{"maximum clients reached"}},

	{SymptomConnectionRefused, SymptomCode, []string{"wsaeconnrefused", "econnrefused"}},
	{SymptomConnectionRefused, SymptomText, []string{"target machine actively refused it", "actively refused"}},
	{SymptomConnectionRefused, SymptomWord, []string{"connection refused", "refused the connection", "refused to connect"}},
	{SymptomConnectionRefused, symptomGuess, []string{
		"no connection", "cannot connect", "can t connect", "could not connect", "couldn t connect", "unable to connect", "failed to connect",
	}},

	{SymptomSlowConnect, SymptomWord, []string{"half a second", "500 ms longer", "0.5 s longer", "0.5 seconds longer"}},
	{SymptomSlowConnect, symptomGuess, []string{"slow connect", "slow to connect", "connecting takes", "connect takes"}},

	{SymptomNoBufferSpace, SymptomCode, []string{"wsaenobufs", "enobufs"}},
	{SymptomNoBufferSpace, SymptomText, []string{"lacked sufficient buffer space"}},
	{SymptomNoBufferSpace, SymptomWord, []string{"no buffer space"}},

	{SymptomAddressInUse, SymptomCode, []string{"wsaeaddrinuse", "eaddrinuse"}},
	{SymptomAddressInUse, SymptomText, []string{"only one usage of each socket address"}},
	{SymptomAddressInUse, SymptomWord, []string{"address already in use"}},

	{SymptomEvent4231, SymptomText, []string{"ephemeral port number from the global tcp port space"}},
	{SymptomEvent4227, SymptomText, []string{"selected local endpoint was recently used"}},
	{SymptomEvent201, SymptomText, []string{"no license was available for user", "no licence was available for user"}},
	{SymptomEvent2009, SymptomText, []string{"could not expand a table"}},

	{SymptomTimedOut, SymptomCode, []string{"wsaetimedout", "etimedout"}},
	{SymptomTimedOut, SymptomText, []string{"did not properly respond"}},
	{SymptomTimedOut, SymptomWord, []string{"timed out", "times out", "connection timeout", "connect timeout", "connection time out"}},
}

// A numberSign is a number that says so beside one of its words, or as all there
// is.
type numberSign struct {
	symptom Symptom
	number  string
	beside  numberWords
	alone   bool
	sources []string // of an event: those that log it
}

// numberWords is the kind of words that a number stands beside.
type numberWords uint8

const (
	errorWords numberWords = iota
	socketWords
	eventWords
	httpWords
	ftpWords
)

var numberSigns = [...]numberSign{
	{SymptomStatusRequestNotAccepted, "71", errorWords, true, nil},
	{SymptomStatusRequestNotAccepted, "0x47", errorWords, true, nil},
	{SymptomEvent4226, "4226", eventWords, true, []string{"tcpip", "tcp"}},
	{SymptomEvent4227, "4227", eventWords, true, []string{"tcpip", "tcp"}},
	{SymptomEvent4231, "4231", eventWords, true, []string{"tcpip", "tcp"}},
	{SymptomEvent201, "201", eventWords, false, []string{"licenseservice", "license"}},
	{SymptomEvent2009, "2009", eventWords, false, []string{"srv", "server"}},
	{SymptomConnectionRefused, "10061", socketWords, true, nil},
	{SymptomNoBufferSpace, "10055", socketWords, true, nil},
	{SymptomAddressInUse, "10048", socketWords, true, nil},
	{SymptomTimedOut, "10060", socketWords, true, nil},
	{SymptomHTTP503, "503", httpWords, true, nil},
	{SymptomFTP421, "421", ftpWords, true, nil},
}

// errorStems begin or end the word for an error in the languages of Windows.
var errorStems = [...]string{
	"error", "win32", "err", "erreur", "errore", "erro", "fehler", "fout", "fel", "feil", "fejl", "virhe", "błąd", "chyba", "hiba", "eroare", "greška", "napaka",
	"ошибка", "помилка", "грешка", "hata", "hatası", "σφάλμα", "错误", "錯誤", "エラー", "오류", "שגיאה", "خطأ",
}

// betweenErrors are the words between that and the number.
var betweenErrors = [...]string{
	"code", "number", "no", "nr", "nummer", "system", "systeme", "système", "sistema", "systemu", "systemowy", "operacyjnego", "operativo", "d", "exploitation",
	"di", "de", "do", "del", "du", "ошибка", "код", "номер", "sistem", "systému", "エラー",
}

// eventStems begin or end the word for an event, or name a source of events.
var eventStems = [...]string{
	"event", "eventid", "ereignis", "evento", "événement", "evenement", "händelse", "hændelse", "hendelse", "gebeurtenis", "zdarzenie", "zdarzenia", "událost",
	"esemény", "tapahtuma", "olay", "событие", "события", "подія", "συμβάν", "事件", "イベント", "이벤트", "tcpip", "srv", "licenseservice",
}

// sourceWords come before the source of an event.
var sourceWords = [...]string{"source", "quelle", "origine", "origen", "origem", "fonte", "bron", "källa", "kilde", "źródło", "zdroj", "provider", "источник"}

// otherServers are the names of servers that refuse in their own way: what they
// say is not a symptom of Windows.
var otherServers = [...]string{
	"nginx", "openresty", "apache", "lighttpd", "caddy", "haproxy", "varnish", "squid", "traefik", "envoy", "cloudflare", "cloudfront", "akamai", "tomcat", "jetty",
	"gunicorn", "uvicorn", "express", "kestrel", "litespeed", "kubernetes", "istio", "heroku", "netscaler", "embedthis", "davmail", "minishare", "bearshare", "tor",
	"vsftpd", "proftpd", "filezilla", "pureftpd", "crushftp", "smtp", "esmtp", "postfix", "sendmail", "exim",
}
