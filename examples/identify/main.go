// Identify tells which Windows the entries of an inventory can be and how far
// their limits lie apart: names, captions, lines of ver, names of nmap and CPE
// names as arguments or one a line on standard input.
//
//	identify "cpe:2.3:o:microsoft:windows_xp:-:sp3:*:*:*:*:*:*"
//	identify -json < inventory.txt
//	systeminfo | identify -as systeminfo
//	identify -as detect
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "identify:", err)
		}
		os.Exit(1)
	}
}

// A finding is what one entry says. Its keys are the JSON form.
type finding struct {
	Input string `json:"input"`
	identify.Identification
	Limits map[limits.Service]spread `json:"limits,omitempty"`
	Error  string                    `json:"error,omitempty"`
}

// A spread is how far the limits of the candidates lie apart.
type spread struct {
	Default identify.Range `json:"default"`
	Ceiling identify.Range `json:"ceiling"`
}

func run(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("identify", flag.ContinueOnError)
	as := flags.String("as", "auto", "`kind` of the entries: auto, caption, ver, nmap, cpe, systeminfo (all of the input), detect (this machine)")
	asJSON := flags.Bool("json", false, "one JSON object a line")
	if err := flags.Parse(args); err != nil {
		return err
	}
	show := printText
	if *asJSON {
		show = func(out io.Writer, f finding) error { return json.NewEncoder(out).Encode(f) }
	}
	switch *as {
	case "detect":
		id, err := identify.Detect()
		if err != nil {
			return err
		}
		found, err := identify.Identify(id)
		return show(out, newFinding(id.String(), found, err))
	case "systeminfo":
		text, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		found, err := identify.Systeminfo(string(text))
		return show(out, newFinding("systeminfo", found, err))
	}
	read, ok := map[string]func(string) (identify.Identification, error){
		"auto": identifyAny, "caption": identify.Caption, "ver": identify.Ver, "nmap": identify.Nmap, "cpe": identify.CPE,
	}[*as]
	if !ok {
		return fmt.Errorf("unknown kind %q; see -help", *as)
	}
	one := func(entry string) error {
		found, err := read(entry)
		return show(out, newFinding(entry, found, err))
	}
	for _, entry := range flags.Args() {
		if err := one(entry); err != nil {
			return err
		}
	}
	if flags.NArg() > 0 {
		return nil
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if entry := strings.TrimSpace(lines.Text()); entry != "" {
			if err := one(entry); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

// identifyAny tells the kinds apart by their look. A caption is the full name
// of an edition; what is none may be a choice of nmap's.
func identifyAny(entry string) (identify.Identification, error) {
	switch {
	case strings.HasPrefix(strings.ToLower(entry), "cpe:"):
		return identify.CPE(entry)
	case strings.Contains(entry, "["):
		return identify.Ver(entry)
	}
	found, err := identify.Caption(entry)
	if err == nil {
		return found, nil
	}
	if found, err := identify.Nmap(entry); err == nil {
		return found, nil
	}
	return identify.Identification{}, err
}

func newFinding(input string, found identify.Identification, err error) finding {
	f := finding{Input: input, Identification: found}
	if err != nil {
		f.Error = err.Error()
		return f
	}
	f.Limits = map[limits.Service]spread{}
	for _, s := range limits.Services() {
		byDefault, ceiling := found.Range(s)
		f.Limits[s] = spread{byDefault, ceiling}
	}
	return f
}

func printText(out io.Writer, f finding) error {
	if f.Error != "" {
		_, err := fmt.Fprintf(out, "%s\n  %s\n", f.Input, f.Error)
		return err
	}
	fmt.Fprintf(out, "%s\n  %v\n", f.Input, f.Identification)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range []limits.Service{limits.SMB, limits.IIS, limits.RDP, limits.TCPBacklog, limits.TCPHalfOpen, limits.TCPOutbound, limits.TCPOther} {
		fmt.Fprintf(table, "  %v\t%v\tceiling %v\n", s, f.Limits[s].Default, f.Limits[s].Ceiling)
	}
	return table.Flush()
}
