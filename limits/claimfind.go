package limits

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// ClaimMatch is a claim that a sentence makes or denies.
type ClaimMatch struct {
	Claim Claim
	// Negated says that the sentence denies the claim.
	Negated bool
	// Verdict says whether the sentence is right: it is the verdict on the claim, or
	// the opposite if Negated. It is UnknownVerdict if the sentence denies more than
	// once.
	Verdict Verdict
}

// FindClaims returns the claims that a text makes or denies, the likeliest first. It
// returns none if the text is about other things. The text may be a question.
// FindClaims reads its first 4,096 bytes.
func FindClaims(text string) []ClaimMatch {
	text = strings.ToLower(text[:min(len(text), maxClaimText)])
	type found struct {
		ClaimMatch
		score float64
	}
	best := map[string]found{}
	for _, sentence := range sentences(text) {
		words := wordsOf(sentence)
		for i := range claimRows {
			r := &claimRows[i]
			score := claimIndex().score(i, words)
			if score == 0 || score <= best[r.key].score {
				continue
			}
			match := ClaimMatch{Claim: r.claim(), Verdict: r.verdict}
			switch r.denials(sentence) - r.denials(strings.ToLower(r.text)) {
			case 0:
			case 1, -1:
				match.Negated, match.Verdict = true, r.verdict.turned()
			default:
				match.Negated, match.Verdict = true, UnknownVerdict
			}
			best[r.key] = found{match, score}
		}
	}
	list := make([]found, 0, len(best))
	for _, f := range best {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b found) int {
		return cmp.Or(-cmp.Compare(a.score, b.score), strings.Compare(a.Claim.Key, b.Claim.Key))
	})
	matches := make([]ClaimMatch, len(list))
	for i, f := range list {
		matches[i] = f.ClaimMatch
	}
	return matches
}

const maxClaimText = 4096

// claimWords is how a claim is recognised.
type claimWords struct {
	// needs are words of which the sentence has each; alternatives stand between
	// bars.
	needs string
	// prefers are words that it may have, and without words that it has not.
	prefers, without string
	// means are turns of phrase that deny in form and claim in sense, such as
	// "would not work" for "fail".
	means []string
	// also are words that deny this claim in sense, or whose absence does.
	also string
}

// indexedClaims are the words of the claims, taken apart.
type indexedClaims struct {
	needs   [len(claimRows)][][]string
	without [len(claimRows)][]string
	words   [len(claimRows)]map[string]bool
	weight  map[string]float64 // the rarer a word among the claims, the more
}

var claimIndex = sync.OnceValue(func() *indexedClaims {
	ix := &indexedClaims{weight: map[string]float64{}}
	for i := range claimRows {
		r := &claimRows[i]
		words := wordsOf(strings.ToLower(r.text))
		for _, alternatives := range strings.Fields(r.find.needs) {
			list := strings.Split(alternatives, "|")
			ix.needs[i] = append(ix.needs[i], list)
			for _, w := range list {
				words[w] = true
			}
		}
		for _, w := range strings.Fields(r.find.prefers) {
			words[w] = true
		}
		ix.without[i] = strings.Fields(r.find.without)
		ix.words[i] = words
		for w := range words {
			ix.weight[w]++
		}
	}
	for w, n := range ix.weight {
		ix.weight[w] = 1 / n
	}
	return ix
})

// score tells how much of a claim a sentence with the words has, and 0 if it does
// not make the claim.
func (ix *indexedClaims) score(i int, words map[string]bool) float64 {
	for _, w := range ix.without[i] {
		if words[w] {
			return 0
		}
	}
	for _, alternatives := range ix.needs[i] {
		if !slices.ContainsFunc(alternatives, func(w string) bool { return words[w] }) {
			return 0
		}
	}
	sum, known := 0.0, 0
	for w := range words {
		if ix.words[i][w] {
			sum += ix.weight[w]
			known++
		}
	}
	return sum + float64(known)/float64(len(words))
}

// denials counts the words of a sentence, in lower case, that deny.
func (r *claimRow) denials(sentence string) int {
	sentence = strings.ReplaceAll(sentence, "\u2019", "'")
	for _, phrase := range r.find.means {
		sentence = strings.ReplaceAll(sentence, phrase, " ")
	}
	for _, phrase := range notDenials {
		sentence = strings.ReplaceAll(sentence, phrase, " ")
	}
	n := 0
	for _, word := range strings.FieldsFunc(sentence, func(c rune) bool { return c != '\'' && !unicode.IsLetter(c) }) {
		switch {
		case strings.HasSuffix(word, "n't"), slices.Contains(denyingWords[:], word), slices.Contains(strings.Fields(r.find.also), word):
			n++
		}
	}
	return n
}

// notDenials are turns of phrase that deny nothing.
var notDenials = [...]string{"not only", "not just", "no matter", "true or false", "or not", "why not", "no longer than", "at most", "no doubt", "no more than", "not permit more than", "not allow more than"}

// denyingWords are the words that deny.
var denyingWords = [...]string{
	"not", "no", "never", "none", "neither", "nor", "without", "nothing", "cannot", "dont", "doesnt", "isnt", "cant", "wont",
	"avoids", "avoid", "exempt", "excluded", "unlimited", "lacks", "myth", "wrong", "false", "untrue", "incorrect", "differs", "differ", "different", "still",
}

// sentences takes a text apart.
func sentences(text string) []string {
	var list []string
	start := 0
	for i, c := range text {
		next, end := byte(' '), i+1
		if end < len(text) {
			next = text[end]
		}
		switch {
		case c == '\n', (c == '?' || c == '!' || c == '.') && (next == ' ' || next == '\n' || next == '\r' || next == '\t'):
			list = append(list, text[start:end])
			start = end
		}
	}
	return append(list, text[start:])
}

// samePhrases are names of one thing in several words, and what stands for them.
var samePhrases = [...][2]string{
	{"tcp/ip", " tcpip "}, {"peer-to-peer", " p2p "}, {"peer to peer", " p2p "}, {"bit torrent", " p2p "},
	{"file sharing", " smb "}, {"file share", " smb "}, {"file and printer sharing", " smb "}, {"server service", " smb service "},
	{"web server", " iis "}, {"webserver", " iis "}, {"internet information server", " iis "}, {"internet information services", " iis "}, {"personal web server", " iis "}, {"peer web services", " iis "}, {"web service", " iis "}, {"half-complete", " half "}, {"3rd party", " party "}, {"third party", " party "}, {"third-party", " party "},
	{"remote desktop", " rdp "}, {"terminal services", " rdp "}, {"keep-alive", " keepalive "}, {"keep alive", " keepalive "},
	{"half-open", " half "}, {"half open", " half "}, {"halfopen connection", " half connection "}, {"service pack 2", " sp2 "}, {"service pack two", " sp2 "},
	{"windows 10", " windows10 10pro "}, {"win 10", " windows10 10pro "}, {"windows 11", " windows11 "}, {"windows 7", " windows7 7 "}, {"win7", " windows7 7 "},
	{"windows 8", " windows8 8 "}, {"windows xp", " xp "}, {"iis7", " iis 7 "}, {"iis 7", " iis 7 "}, {"iis5", " iis 5 "}, {"auto disconnect", " autodisconnect "},
	{"web socket", " websocket "}, {"turned off", " off "}, {"no further", " most "},
}

// sameWords are words, and those that mean the same here.
var sameWords = [...][2]string{
	{"1", "one"},
	{"2", "two"},
	{"3", "three"},
	{"5", "five"},
	{"10", "ten"},
	{"11", "eleven eleventh 11th"},
	{"20", "twenty"},
	{"25", "twentyfive"},
	{"40", "forty"},
	{"65535", "64k"},
	{"4000", "4k"},
	{"p2p", "torrent bittorrent utorrent emule"},
	{"smb", "cifs samba lanman smb2 smbv1"},
	{"inbound", "incoming ingress"},
	{"outbound", "outgoing egress"},
	{"licence", "license eula licensing licences licenses licensed legal agreement"},
	{"computer", "pc"},
	{"workstation", "workstations"},
	{"2000", "w2k"},
	{"windows10", "win10"},
	{"windows11", "win11"},
	{"windows7", "win7"},
	{"remove", "removed removes gone lifted lifts lift dropped abolished"},
	{"raise", "raised raises raising increase increased increases"},
	{"enforce", "enforces enforced enforcement"},
	{"share", "shared shares sharing"},
	{"same", "identical"},
	{"limit", "limited limits limitation maximum max capped cap restriction restricted affect affects affected restrictions"},
	{"count", "counts counted"},
	{"patch", "patched patching patches"},
	{"admin", "administrative administration administrator"},
	{"printer", "printing"},
	{"refuse", "refused refuses rejects rejected turns"},
	{"push", "pushes pushed"},
	{"kick", "kicks kicked"},
	{"serve", "serves served"},
	{"accept", "accepts accepted"},
	{"edition", "editions"},
	{"second", "sekunde"},
	{"professional", "pro"},
	{"handle", "handles"},
	{"time", "simultaneously simultaneous concurrent concurrently"},
	{"fail", "fails failing failed dies"},
	{"decide", "decides determines"},
}

// wordIndex finds the word that another one means.
var wordIndex = sync.OnceValue(func() map[string]string {
	index := map[string]string{}
	for _, group := range sameWords {
		for _, w := range strings.Fields(group[1]) {
			index[w] = group[0]
		}
	}
	return index
})

// wordsOf returns the words of a text in lower case, those that mean the same as
// one word, and those in the plural as they are and without their s.
func wordsOf(text string) map[string]bool {
	text = strings.NewReplacer("'s ", " ", "\u2019s ", " ").Replace(text)
	for _, p := range samePhrases {
		text = strings.ReplaceAll(text, p[0], p[1])
	}
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(text, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '.' && c != ','
	}) {
		w = strings.Trim(w, ".,")
		if w != "" && w[0] >= '0' && w[0] <= '9' {
			w = strings.ReplaceAll(w, ",", "")
		}
		for _, part := range strings.Split(w, ",") {
			if same, ok := wordIndex()[part]; ok {
				part = same
			}
			if part == "" {
				continue
			}
			words[part] = true
			if len(part) > 3 && strings.HasSuffix(part, "s") {
				words[strings.TrimSuffix(part, "s")] = true
			}
		}
	}
	return words
}
