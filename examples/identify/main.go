// Identify tells which editions of Windows the entries of an inventory can be, and
// the limits of those. Where the editions differ it prints the lowest and the highest
// limit. An entry is any text that people and tools have: a name, a banner, a line of
// ver, a CPE name, a record of WMI in JSON. The entries are the arguments, or the
// lines and the JSON records on standard input. With -whole all of standard input is
// one entry.
//
//	identify "Windows 10 Pro 10.0.22631"
//	identify -json < inventory.txt
//	systeminfo | identify -whole
//	identify -as detect
//
// The exit status is 1 if an entry was not recognised. It is 0 if all were, even
// those that are editions for which the table has no rows.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func main() {
	switch err := run(os.Args[1:], os.Stdin, os.Stdout); {
	case errors.Is(err, errNotRecognised):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "identify:", err)
		os.Exit(1)
	}
}

// errNotRecognised says that an entry was not recognised. The output says which.
var errNotRecognised = errors.New("not recognised")

// forms are those that -as takes.
const forms = "any, caption, ver, nmap, cpe, systeminfo, winver, smb, ad, detect"

// readers returns the reader of each form but detect.
func readers() map[string]func(string) (identify.Identification, error) {
	return map[string]func(string) (identify.Identification, error){
		"any": identify.Recognize, "caption": identify.Caption, "ver": identify.Ver, "nmap": identify.Nmap, "cpe": identify.CPE,
		"systeminfo": identify.Systeminfo, "winver": identify.Winver, "smb": identify.SMB,
		"ad": func(version string) (identify.Identification, error) {
			return identify.ActiveDirectory("", version, "")
		},
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("identify", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is no error
	var (
		as        = flags.String("as", "any", "`form` of the entries: "+forms+"; ad is the operatingSystemVersion of Active Directory, and detect asks this machine")
		asJSON    = flags.Bool("json", false, "print a JSON object for each entry, on a line of its own")
		whole     = flags.Bool("whole", false, "standard input is one entry")
		withRules = flags.Bool("rules", false, "print the rules of all candidates at the end, each once")
	)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, "Identify tells which edition of Windows a text is about, and the limits of that edition.")
		fmt.Fprintln(out, "Without arguments it reads lines and JSON records from standard input.")
		fmt.Fprintln(out, "\nusage: identify [flags] [text ...]")
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return err
	case *whole && flags.NArg() > 0:
		return fmt.Errorf("-whole reads standard input, and takes no argument such as %.80q", flags.Arg(0))
	}
	read, ok := readers()[*as]
	if !ok && *as != "detect" {
		return fmt.Errorf("-as %.80q: want %s", *as, forms)
	}
	p := printer{out: out, json: *asJSON}
	if err := p.entries(*as, read, flags.Args(), in, *whole); err != nil {
		return err
	}
	if *withRules {
		if err := p.rules(); err != nil {
			return err
		}
	}
	if p.refused {
		return errNotRecognised
	}
	return nil
}

// entries prints what each entry is.
func (p *printer) entries(as string, read func(string) (identify.Identification, error), args []string, in io.Reader, whole bool) error {
	if as == "detect" {
		id, err := identify.Detect()
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			return fmt.Errorf("-as detect: this machine does not run Windows: %w", err)
		case err != nil:
			return err
		}
		found, err := identify.Identify(id)
		return p.print(id.String(), found, err)
	}
	one := func(entry string) error {
		found, err := read(entry)
		return p.print(entry, found, err)
	}
	for _, entry := range args {
		if err := one(entry); err != nil {
			return err
		}
	}
	switch {
	case len(args) > 0:
		return nil
	case whole || as == "systeminfo":
		text, err := io.ReadAll(io.LimitReader(in, maxWhole+1))
		if err != nil {
			return err
		}
		found, err := read(string(text))
		return p.print(title(string(text)), found, err)
	}
	return eachEntry(in, one)
}

// maxWhole is how much of a text the program reads: a little more than Recognize
// takes.
const maxWhole = 4<<20 + 1

// title returns the first line of a text, which stands for all of it.
func title(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	const most = 80
	line, rest, more := strings.Cut(text, "\n")
	line = strings.TrimSpace(line)
	if len(line) <= most && (!more || strings.TrimSpace(rest) == "") {
		return line
	}
	return strings.ToValidUTF8(line[:min(len(line), most)], "") + " ..."
}

// A spread is the lowest and the highest limit of the candidates for a service, and
// the weakest grade among them.
type spread struct {
	Default identify.Range     `json:"default"`
	Ceiling identify.Range     `json:"ceiling"`
	Grade   limits.Grade       `json:"grade"`
	Sources []limits.SourceKey `json:"sources"`
	// WithoutRule are the candidates whose limit is not known, unless it is known of
	// none. They are not part of the range.
	WithoutRule []limits.Windows `json:"withoutRule,omitempty"`
}

// spreadOf returns the spread of a service.
func spreadOf(id identify.Identification, s limits.Service) (spread, []limits.Rule) {
	var (
		out   spread
		rules []limits.Rule
	)
	out.Default, out.Ceiling = id.Range(s)
	if list := id.WithoutRule(s); len(list) < len(id.Candidates) {
		out.WithoutRule = list
	}
	out.Sources = []limits.SourceKey{}
	for _, w := range id.Candidates {
		r, err := limits.Lookup(w, s)
		if err != nil {
			continue
		}
		rules = append(rules, r)
		if out.Grade == limits.UnknownGrade || weaker(r.Grade, out.Grade) {
			out.Grade = r.Grade
		}
		for _, source := range r.Sources() {
			if !slices.Contains(out.Sources, source.Key) {
				out.Sources = append(out.Sources, source.Key)
			}
		}
	}
	return out, rules
}

// weaker reports whether a grade is the weaker of two.
func weaker(g, than limits.Grade) bool {
	order := []limits.Grade{limits.Documented, limits.Measured, limits.Reported, limits.Inferred}
	return slices.Index(order, g) > slices.Index(order, than)
}
