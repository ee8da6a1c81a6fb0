// Static writes the search and the forecast of the lab's page as a folder of files.
// Any server of static files can serve it. The library itself answers, compiled to
// WebAssembly.
//
//	go run ./static -o site
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/winlimits/winlimits/examples/lab/page"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "static:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("static", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is no error
	dir := flags.String("o", "site", "`folder` to write to; files of the same names are replaced")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, "Static writes the pages for searches and forecasts as a folder for any web server.")
		fmt.Fprintln(stdout, "\nusage: static [flags]")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return fmt.Errorf("%w; see -help", err)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %.100q; see -help", flags.Arg(0))
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	if err := write(ctx, *dir, stderr); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "wrote index.html and forecast.html to %s; they need a web server, such as: python3 -m http.server -d %[1]s\n", *dir)
	return err
}

// program is the program that answers in the browser.
const program = "github.com/winlimits/winlimits/examples/lab/static/wasm"

func write(ctx context.Context, dir string, stderr io.Writer) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "winlimits.wasm"), program)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	build.Stderr = stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", program, err)
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	support, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	files := map[string][]byte{"wasm_exec.js": support}
	for _, name := range []string{"style.css", "icon.svg", "ask.js", "static.js"} {
		data, _, ok := page.Asset(name)
		if !ok {
			return fmt.Errorf("the page has no %s", name)
		}
		files[name] = data
	}
	pages, err := page.New(true)
	if err != nil {
		return err
	}
	for name, view := range map[string]string{"index.html": "search", "forecast.html": "forecast"} {
		var text bytes.Buffer
		if err := pages.Shell(&text, view); err != nil {
			return err
		}
		files[name] = text.Bytes()
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
