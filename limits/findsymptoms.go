package limits

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// SymptomMatch is a symptom that FindSymptoms found.
type SymptomMatch struct {
	Symptom Symptom
	// Text is the piece of the text that was recognized.
	Text string
	// Evidence is how surely it stands for the symptom.
	Evidence SymptomEvidence
}

// SymptomEvidence is how surely a piece of text stands for a symptom.
type SymptomEvidence uint8

// The kinds of evidence, the strongest first.
const (
	UnknownSymptomEvidence SymptomEvidence = iota
	// SymptomCode is a code that stands for nothing else, such as 0xC00000D0.
	SymptomCode
	// SymptomText is a text that Windows prints.
	SymptomText
	// SymptomNumber is a number beside its word, such as "error 71".
	SymptomNumber
	// SymptomWord is a word that people use for it, such as "connection refused".
	SymptomWord
	// symptomGuess is a word that says little, as "no connection".
	symptomGuess
)

var symptomEvidenceNames = [...]string{"unknown", "code", "text", "number", "word", "guess"}

// String returns the name of the evidence, such as "code".
func (e SymptomEvidence) String() string {
	return enumString("SymptomEvidence", symptomEvidenceNames[:], uint8(e))
}

// maxSymptomText is how much of a text is read, in bytes.
const maxSymptomText = 1 << 20

// FindSymptoms finds the symptoms in what a user or a log says, each once, the
// surest first: codes, then the texts that Windows prints, in the languages that
// the sources have, then numbers beside their word, then words that people use. A
// number counts only beside its word: 71 beside "error" in any language, 4226
// beside "event" or its source, 503 beside "HTTP" if no other server is named, 421
// beside "FTP", 403 9 as the status in a log of IIS. Case does not matter. A text
// without a symptom is an error that says what is looked for. FindSymptoms reads
// the first MB of a text.
func FindSymptoms(text string) ([]SymptomMatch, error) {
	f := symptomFinder{text: text[:min(len(text), maxSymptomText)]}
	f.tokens = symptomTokens(f.text)
	f.readContext()
	for i := range f.tokens {
		f.findSigns(i)
		f.findNumber(i)
	}
	slices.SortStableFunc(f.found, func(a, b SymptomMatch) int { return cmp.Compare(a.Evidence, b.Evidence) })
	if len(f.found) == 0 {
		return nil, fmt.Errorf("limits: no symptom found in %s; want a code, an event or a text, as \"HTTP 403.9\", \"error 71\", \"0xC00000D0\", \"event 4226\", \"connection refused\"", names.Quote(text))
	}
	return f.found, nil
}

// ParseSymptom returns the surest symptom of FindSymptoms: a code in any of its
// forms, or a piece of a text that Windows prints, such as "HTTP 403.9", "event
// 4226", "System error 71 has occurred" or "0xC00000D0". Some symptoms, such as
// SymptomTimedOut, have no rules: no limit of the table causes them.
func ParseSymptom(text string) (Symptom, error) {
	found, err := FindSymptoms(text)
	if err != nil {
		return UnknownSymptom, err
	}
	return found[0].Symptom, nil
}

// A symptomToken is a word or a number of a text, in lower case.
type symptomToken struct {
	word       string
	start, end int
}

// symptomTokens splits a text at what is neither letter nor digit, but for the
// point of "403.9" and the minus of "-2147024825".
func symptomTokens(text string) (list []symptomToken) {
	start := -1
	end := func(i int) {
		if start >= 0 {
			list = append(list, symptomToken{strings.ToLower(text[start:i]), start, i})
			start = -1
		}
	}
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		next := byte(0)
		if i+size < len(text) {
			next = text[i+size]
		}
		switch {
		case c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsDigit(c)):
			if start < 0 {
				start = i
			}
		case c == '.' && start >= 0 && isDigit(text[i-1]) && isDigit(next):
		case c == '-' && start < 0 && isDigit(next) && (i == 0 || !isAlphanumeric(text[i-1])):
			start = i
		default:
			end(i)
		}
		i += size
	}
	end(len(text))
	return list
}

func isAlphanumeric(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

type symptomFinder struct {
	text   string
	tokens []symptomToken
	found  []SymptomMatch
	context
}

// context is what the whole of a text says besides its symptoms.
type context struct {
	protocol    bool                   // it is bytes of a protocol: the answer of some server, in which "refused" says something else
	iis         bool                   // it is of IIS or HTTP.sys
	otherReason bool                   // a reason in HTTPERR that is not a limit
	otherServer bool                   // a server that is not a part of Windows is named
	mail        bool                   // a mail server of another system is named
	eproto      bool                   // 71 is EPROTO on other systems
	sources     [len(numberSigns)]int8 // whether another source of the event is named, 0 = not asked, 1 = no, 2 = yes
}

// add adds a symptom with the piece from one token to another, or nothing if the
// symptom is there with better evidence.
func (f *symptomFinder) add(s Symptom, e SymptomEvidence, first, last int) {
	piece := f.text[f.tokens[first].start:f.tokens[last].end]
	for i := range f.found {
		if old := &f.found[i]; old.Symptom == s {
			if e < old.Evidence || e == old.Evidence && e == SymptomText && len(piece) > len(old.Text) {
				old.Evidence, old.Text = e, piece
			}
			return
		}
	}
	f.found = append(f.found, SymptomMatch{s, piece, e})
}

// findSigns looks for the texts that begin with the token at i.
func (f *symptomFinder) findSigns(i int) {
	for k := range signs {
		for _, text := range signs[k].texts {
			n := f.match(i, text)
			if n == 0 || signs[k].evidence >= SymptomWord && f.protocol || !f.allowed(signs[k].symptom, i, n) {
				continue
			}
			f.add(signs[k].symptom, signs[k].evidence, i, i+n-1)
		}
	}
	if f.word(i) == "403" && f.word(i+1) == "9" && i+2 < len(f.tokens) && isNumber(f.word(i+2)) && f.apart(i, 2) {
		f.add(SymptomHTTP4039, SymptomCode, i, i+1) // sc-status and sc-substatus
	}
}

// match returns how many tokens from i on are the text, 0 = they are not.
func (f *symptomFinder) match(i int, text string) (n int) {
	if word := f.tokens[i].word; len(text) < len(word) || text[:len(word)] != word {
		return 0
	}
	for rest := text; rest != ""; n++ {
		var word string
		if word, rest, _ = strings.Cut(rest, " "); f.word(i+n) != word {
			return 0
		}
	}
	return n
}

// word returns a token, and nothing beyond the text.
func (f *symptomFinder) word(i int) string {
	if i < 0 || i >= len(f.tokens) {
		return ""
	}
	return f.tokens[i].word
}

// apart reports whether nothing but spaces stands between the tokens from i on.
func (f *symptomFinder) apart(i, n int) bool {
	for ; n > 0; i, n = i+1, n-1 {
		if strings.Trim(f.text[f.tokens[i].end:f.tokens[i+1].start], " \t,") != "" {
			return false
		}
	}
	return true
}

// allowed reports whether a text is not one of another program that uses the
// same words.
func (f *symptomFinder) allowed(s Symptom, i, n int) bool {
	switch s {
	case SymptomHTTP4039:
		return f.word(i+n-1) != "later" || f.word(0) != "421" // vsftpd says nearly the same
	case SymptomConnectionRefused, SymptomTimedOut:
		return !f.mail
	case SymptomStatusRequestNotAccepted:
		return f.tokens[i].word != "0x00000047" || f.beside(i, errorWords)
	}
	return true
}

// readContext reads the whole text once.
func (f *symptomFinder) readContext() {
	f.protocol = strings.Contains(f.text, `\r\n`) || strings.Contains(f.text, `\0`) || strings.Contains(f.text, `\x`) || strings.Contains(f.text, "\x00")
	for line := range strings.Lines(f.text[:min(len(f.text), 4096)]) {
		f.protocol = f.protocol || len(line) > 4 && isNumber(line[:3]) && (line[3] == ' ' || line[3] == '-') ||
			strings.HasPrefix(line, "-ERR") || strings.HasPrefix(line, "* BYE") || strings.HasPrefix(line, "HTTP/")
	}
	for i := range f.tokens {
		switch w := f.tokens[i].word; w {
		case "iis", "httpapi", "connlimit", "queuefull", "w3svc":
			f.iis = true
		case "appoffline", "appshutdown", "apppooltimer", "disabled":
			f.otherReason = true
		case "n":
			f.otherReason = f.otherReason || f.word(i+1) == "a"
		case "esmtp", "sendmail", "postfix":
			f.mail, f.otherServer = true, true
		case "protocol", "eproto", "errno", "linux":
			f.eproto = true
		default:
			f.otherServer = f.otherServer || slices.Contains(otherServers[:], w)
		}
	}
}

func isNumber(word string) bool {
	return word != "" && strings.Trim(word, "0123456789") == ""
}

// findNumber looks for the number that the token at i can be.
func (f *symptomFinder) findNumber(i int) {
	for k := range numberSigns {
		n := &numberSigns[k]
		if f.tokens[i].word != n.number {
			continue
		}
		first := i
		switch {
		case n.alone && len(f.tokens) == 1:
			f.add(n.symptom, SymptomNumber, i, i)
		case !f.beside(i, n.beside), n.sources != nil && f.otherSource(k), n.beside == httpWords && !f.ofIIS(i), n.beside == errorWords && f.eproto:
		default:
			if i > 0 {
				first--
			}
			f.add(n.symptom, SymptomNumber, first, i)
		}
	}
}

// beside reports whether a word of the kind stands beside the number at i.
func (f *symptomFinder) beside(i int, kind numberWords) bool {
	before := func(most int, is func(string) bool) bool {
		for k := i - 1; k >= 0 && k >= i-most; k-- {
			if is(f.tokens[k].word) {
				return true
			}
		}
		return false
	}
	switch kind {
	case errorWords:
		if w := f.word(i + 1); hasStem(w, errorStems[:]) && w[0] >= utf8.RuneSelf || w == "hata" {
			return true // where the word comes behind
		}
		for k := i - 1; k >= 0 && k >= i-6; k-- {
			if w := f.tokens[k].word; hasStem(w, errorStems[:]) {
				return true
			} else if !slices.Contains(betweenErrors[:], w) {
				return false
			}
		}
		return false
	case socketWords:
		return before(3, func(w string) bool {
			return hasStem(w, errorStems[:]) || strings.HasPrefix(w, "wsa") || w == "winsock" || w == "socket" || w == "code" || w == "errno"
		})
	case eventWords:
		is := func(w string) bool { return hasStem(w, eventStems[:]) }
		return before(3, is) || is(f.word(i+1))
	case ftpWords:
		between := []string{"reply", "error", "code", "status", "response", "returned", "says", "antwort", "fehler"}
		for k := i - 1; k >= 0 && k >= i-4; k-- {
			if w := f.tokens[k].word; w == "ftp" {
				return !f.otherServer
			} else if !slices.Contains(between, w) {
				return false
			}
		}
		return false
	case httpWords:
		return before(3, func(w string) bool { return w == "http" || w == "iis" || w == "status" || hasStem(w, errorStems[:]) }) ||
			f.word(i+1) == "service" && f.word(i+2) == "unavailable"
	}
	return false
}

// hasStem reports whether a word begins or ends with one of the stems. The short
// ones must end it.
func hasStem(word string, stems []string) bool {
	if word == "errors" || word == "erreurs" || word == "errores" || word == "events" || word == "eventos" {
		return false // "3 errors in 71 files"
	}
	for _, stem := range stems {
		if strings.HasSuffix(word, stem) && (len(stem) > 3 || word == stem || strings.HasPrefix(word, "system")) || len(stem) >= 5 && strings.HasPrefix(word, stem) {
			return true
		}
	}
	return false
}

// otherSource reports whether the text names another source of the event.
func (f *symptomFinder) otherSource(sign int) bool {
	if f.sources[sign] == 0 {
		f.sources[sign] = 1
		if f.namesOtherSource(numberSigns[sign].sources) {
			f.sources[sign] = 2
		}
	}
	return f.sources[sign] == 2
}

func (f *symptomFinder) namesOtherSource(sources []string) bool {
	for i := range f.tokens {
		if !slices.Contains(sourceWords[:], f.tokens[i].word) || f.word(i+1) == "" {
			continue
		}
		switch f.word(i + 1) {
		case "microsoft", "windows", "name", "ms":
			return !slices.ContainsFunc(f.tokens[i+1:min(i+5, len(f.tokens))], func(t symptomToken) bool { return slices.Contains(sources, t.word) })
		}
		return !slices.Contains(sources, f.word(i+1))
	}
	return false
}

// ofIIS reports whether a 503 can be one of IIS: no other server and no other
// reason is named, and an answer of HTTP has the phrase of IIS.
func (f *symptomFinder) ofIIS(i int) bool {
	phrase := f.word(i+1) == "service" && f.word(i+2) == "unavailable"
	switch {
	case f.otherReason:
		return false
	case f.iis:
		return true
	case f.otherServer:
		return false
	case f.protocol || strings.Contains(f.text, "<html"):
		return phrase && strings.HasPrefix(f.text, "503")
	}
	return f.word(i+1) != "ms" && (f.word(i+1) != "service" || phrase || f.word(i+2) == "is")
}
