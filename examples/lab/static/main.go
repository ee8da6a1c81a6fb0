// Static writes the search and the forecast of the lab's page as a folder of files
// that need no server of ours: any server of static files will do. What answers is
// the library itself, compiled to WebAssembly.
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
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "static:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("static", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("o", "site", "`folder` to write; files of the same names are replaced")
	if err := flags.Parse(args); err != nil {
		return err
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
	_, err := fmt.Fprintf(stdout, "%s has index.html and forecast.html\n", *dir)
	return err
}

// program is what answers.
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
