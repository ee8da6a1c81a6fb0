package limits

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseSymptom(t *testing.T) {
	for text, want := range map[string]struct {
		s        Symptom
		services []Service
	}{
		"HTTP 403.9": {SymptomHTTP4039, []Service{IIS}},
		"HTTP 403.9 - Access Forbidden: Too many users are connected": {SymptomHTTP4039, []Service{IIS}},
		"event 4226":                                      {SymptomEvent4226, []Service{TCPHalfOpen}},
		"EVENT_TCPIP_TCP_CONNECT_LIMIT_REACHED":           {SymptomEvent4226, []Service{TCPHalfOpen}},
		"Win32 error 71":                                  {SymptomStatusRequestNotAccepted, []Service{SMB}},
		"System error 71 has occurred.":                   {SymptomStatusRequestNotAccepted, []Service{SMB}},
		"NTSTATUS 0xC00000D0":                             {SymptomStatusRequestNotAccepted, []Service{SMB}},
		"NT_STATUS_REQUEST_NOT_ACCEPTED":                  {SymptomStatusRequestNotAccepted, []Service{SMB}},
		TextErrorReqNotAccepXP:                            {SymptomStatusRequestNotAccepted, []Service{SMB}},
		"MSMQ 0xC00E0067":                                 {SymptomMSMQOverflow, []Service{MSMQ}},
		"RDP asks to disconnect someone":                  {SymptomRDPDisplace, []Service{RDP}},
		TextRDPExceeded:                                   {SymptomRDPExceeded, []Service{RDP}},
		"421 Maximum clients reached":                     {SymptomFTP421, []Service{FTP}},
		"503 Service Unavailable":                         {SymptomHTTP503, []Service{IIS}},
		"the request hangs":                               {SymptomHTTPNoAnswer, []Service{IIS}},
		"71":                                              {SymptomStatusRequestNotAccepted, []Service{SMB}},
		TextNetUseLimit:                                   {SymptomStatusRequestNotAccepted, []Service{SMB}},
		TextRDPAllInUse:                                   {SymptomRDPExceeded, []Service{RDP}},
		TextRDPAnotherUser:                                {SymptomRDPDisplace, []Service{RDP}},
		"WSAECONNREFUSED 10061":                           {SymptomConnectionRefused, []Service{TCPBacklog}},
		TextWSAECONNREFUSED:                               {SymptomConnectionRefused, []Service{TCPBacklog}},
		"Socket Error # 10061":                            {SymptomConnectionRefused, []Service{TCPBacklog}},
		"connect ECONNREFUSED 10.0.0.5:8080":              {SymptomConnectionRefused, []Service{TCPBacklog}},
		"ERR_CONNECTION_REFUSED":                          {SymptomConnectionRefused, []Service{TCPBacklog}},
		"The user JOHN is currently logged on":            {SymptomRDPDisplace, []Service{RDP}},
		"the browser keeps loading":                       {SymptomHTTPNoAnswer, []Service{IIS}},
		"I get no connection":                             {SymptomConnectionRefused, []Service{TCPBacklog}},
		"in a burst a connect takes half a second longer": {SymptomSlowConnect, []Service{TCPBacklog}},
		"WSAENOBUFS (10055)":                              {SymptomNoBufferSpace, []Service{TCPOutbound, TCPOther}},
		TextWSAENOBUFS:                                    {SymptomNoBufferSpace, []Service{TCPOutbound, TCPOther}},
		"Winsock error 10048":                             {SymptomAddressInUse, []Service{TCPOutbound}},
		TextWSAEADDRINUSE:                                 {SymptomAddressInUse, []Service{TCPOutbound}},
		"Event ID: 4227":                                  {SymptomEvent4227, []Service{TCPOutbound}},
		"4227":                                            {SymptomEvent4227, []Service{TCPOutbound}},
		TextEvent4227:                                     {SymptomEvent4227, []Service{TCPOutbound}},
		"Event[4]: Tcpip 4231":                            {SymptomEvent4231, []Service{TCPOutbound}},
		TextEvent4231:                                     {SymptomEvent4231, []Service{TCPOutbound}},
		"LicenseService event 201":                        {SymptomEvent201, []Service{SMB}},
		"Srv event 2009":                                  {SymptomEvent2009, nil},
		"WSAETIMEDOUT 10060":                              {SymptomTimedOut, nil},
		"cannot connect: connection timed out":            {SymptomTimedOut, nil},
	} {
		got, err := ParseSymptom(text)
		require.NoError(t, err, text)
		assert.Equal(t, want.s, got, text)
		assert.Equal(t, want.services, got.Services(), text)
	}
	for _, text := range []string{"", "HTTP 404", "event 42261", "port 14226", "error 710", "171", "71 files", "Windows Embedded 2009", "event 2010", "event 42311", "pid 4231"} {
		_, err := ParseSymptom(text)
		assert.ErrorContains(t, err, "limits: no symptom found", text)
	}
}

func TestEverySymptomIsComplete(t *testing.T) {
	for s := UnknownSymptom + 1; s < numSymptoms; s++ {
		name := s.String()
		if name == "" {
			name = fmt.Sprintf("symptom %d, behind %v", s, s-1)
		}
		assert.NotEmpty(t, symptoms[s].text, "%s: symptoms (symptom.go) has no text", name)
		assert.True(t, slices.ContainsFunc(signs[:], func(sign sign) bool { return sign.symptom == s }), "%s: signs (symptomwords.go) has no text of it", name)
		assert.NotEmpty(t, symptoms[s].otherwise, "%s: symptoms (symptom.go) does not say what else looks so", name)
	}
}

func TestSymptomRules(t *testing.T) {
	for _, s := range Symptoms() {
		rules := slices.Collect(s.Rules())
		assert.Equal(t, s == SymptomTimedOut || s == SymptomEvent2009, len(rules) == 0, s)
		assert.NotEmpty(t, s.Otherwise(), s)
		assert.NotContains(t, s.String(), "Symptom(")
	}
	has := func(s Symptom, e Edition) bool {
		return slices.ContainsFunc(slices.Collect(s.Rules()), func(r Rule) bool { return r.Edition == e })
	}
	assert.True(t, has(SymptomHTTP4039, XPProfessional))
	assert.False(t, has(SymptomHTTP4039, XPProfessionalX64), "IIS 6.0 says 503")
	assert.False(t, has(SymptomHTTP4039, Windows7Professional))
	assert.True(t, has(SymptomEvent4226, VistaUltimate))
	assert.False(t, has(SymptomEvent4226, Windows7Ultimate))
	assert.Empty(t, slices.Collect(UnknownSymptom.Rules()))
	assert.Empty(t, Symptom(99).Services())
	assert.Empty(t, UnknownSymptom.Otherwise())
	assert.Empty(t, Symptom(99).Otherwise())
	assert.True(t, has(SymptomEvent4231, VistaStarter))
	assert.False(t, has(SymptomEvent4231, XPProfessional), "Vista is the first that logs it")
	assert.True(t, has(SymptomEvent201, SmallBusinessServer2003Premium))
	assert.False(t, has(SymptomEvent201, XPProfessional))
	assert.Equal(t, "unknown", UnknownSymptom.String())
	assert.Equal(t, "Symptom(99)", Symptom(99).String())
}

// The table of symptoms reads the same in both directions.
func TestRuleSymptom(t *testing.T) {
	for r := range Rules() {
		for _, s := range Symptoms() {
			shows := slices.ContainsFunc(slices.Collect(s.Rules()), func(other Rule) bool {
				return other.Edition == r.Edition && other.Service == r.Service && other.ServicePackMin == r.ServicePackMin
			})
			assert.Equal(t, shows, r.shows(s), "%v: %v", s, r)
			if r.Symptom() == s || r.Refusal() == s {
				assert.True(t, shows, "%v: %v", s, r)
			}
		}
		if r.Discipline == None || r.Discipline == AbsentService {
			assert.Equal(t, UnknownSymptom, r.Symptom(), r)
			assert.Equal(t, UnknownSymptom, r.Refusal(), r)
		}
	}
	for _, tt := range []struct {
		w             string
		s             Service
		over, refusal Symptom
	}{
		{"XP Pro SP3", SMB, SymptomStatusRequestNotAccepted, SymptomStatusRequestNotAccepted},
		{"XP Pro SP3", IIS, SymptomHTTP4039, SymptomHTTP4039},
		{"XP Pro x64", IIS, SymptomHTTP503, SymptomHTTP503},
		{"Windows 10 Pro", IIS, SymptomHTTPNoAnswer, SymptomHTTP503},
		{"XP Pro SP3", TCPHalfOpen, SymptomEvent4226, UnknownSymptom},
		{"XP Pro SP3", RDP, SymptomRDPDisplace, SymptomRDPDisplace},
		{"XP Pro SP3", TCPBacklog, SymptomConnectionRefused, SymptomConnectionRefused},
		{"XP Pro SP3", TCPOutbound, SymptomNoBufferSpace, SymptomNoBufferSpace},
		{"Windows 98", TCPOther, SymptomNoBufferSpace, SymptomNoBufferSpace},
		{"XP Pro SP3", TCPOther, UnknownSymptom, UnknownSymptom},
		{"Server 2008 Standard SP2", RDP, SymptomRDPDisplace, SymptomRDPDisplace},
		{"Server 2003 Standard", RDP, SymptomRDPExceeded, SymptomRDPExceeded},
		{"XP Pro SP3", RAS, UnknownSymptom, UnknownSymptom},
	} {
		r, err := Lookup(MustParseWindows(tt.w), tt.s)
		require.NoError(t, err)
		assert.Equal(t, tt.over, r.Symptom(), r)
		assert.Equal(t, tt.refusal, r.Refusal(), r)
	}
	assert.Equal(t, UnknownSymptom, Rule{}.Symptom())
}

func FuzzParseSymptom(f *testing.F) {
	f.Add("HTTP 403.9")
	f.Add("4226 14226 4226")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSymptom(text)
		assert.Equal(t, err != nil, s == UnknownSymptom)
	})
}

func TestSymptomText(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range append(Symptoms(), UnknownSymptom) {
		text, err := s.MarshalText()
		require.NoError(t, err)
		require.NotEmpty(t, text, "%v", s)
		require.False(t, seen[string(text)], "%s", text)
		seen[string(text)] = true
		var back Symptom
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, s, back)
	}
	_, err := numSymptoms.MarshalText()
	require.Error(t, err)
	require.Error(t, new(Symptom).UnmarshalText([]byte("403.9")))
}
