package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/winlimits/winlimits/simulate/forecast"
)

// resumeFile completes the output of an interrupted run in its file. It removes a last
// line that is not complete, skips as many machines as there are lines, and appends
// the others. The summary is of all of them.
func (o *options) resumeFile(ctx context.Context, in io.Reader, terminal *os.File, sum *forecast.Summary) error {
	f, err := os.OpenFile(o.resume, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	whole, lines, err := wholeLines(f, o.format, sum)
	if err != nil {
		return fmt.Errorf("%s: %w", o.resume, err)
	}
	if err := f.Truncate(whole); err != nil {
		return err
	}
	if _, err := f.Seek(whole, io.SeekStart); err != nil {
		return err
	}
	r := newReader(in, o.format)
	if err := r.skip(lines); err != nil {
		return err
	}
	if err := o.judgeFrom(ctx, r, f, progressOf(terminal), sum, o.format == "csv" && whole == 0); err != nil {
		return err
	}
	return f.Close()
}

// wholeLines adds the lines of an output to a summary, and returns how many machines
// and how many bytes they are. It leaves out a last line that is not complete.
func wholeLines(f io.Reader, format string, sum *forecast.Summary) (size int64, machines int, err error) {
	r := bufio.NewReader(f)
	for first := true; ; first = false {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return size, machines, nil
		}
		if err != nil {
			return 0, 0, err
		}
		if !(first && format == "csv") {
			j, err := parseOutput(line, format)
			if err != nil {
				return 0, 0, fmt.Errorf("line %d is not output of fleet: %w", machines+1, err)
			}
			j.add(sum)
			machines++
		} else if !bytes.HasPrefix(line, []byte(columns[0]+",")) {
			return 0, 0, fmt.Errorf("the first line %.100q is not that of output of fleet", line)
		}
		size += int64(len(line))
	}
}
