package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/simulate/forecast"
)

// batchLines is how many lines make a batch. Only the batches under way are in
// memory.
const batchLines = 64

// A batch is a number of lines, and then their answers.
type batch struct {
	machines []machine
	errs     []error
	out      []byte
	sum      forecast.Summary
	err      error
	done     chan struct{}
}

// judgeAll judges the lines of in, on all cores, and writes the answers in their
// order.
func (o *options) judgeAll(ctx context.Context, in io.Reader, out io.Writer, p *progress, sum *forecast.Summary) error {
	return o.judgeFrom(ctx, newReader(in, o.format), out, p, sum, o.format == "csv")
}

func (o *options) judgeFrom(ctx context.Context, r *reader, out io.Writer, p *progress, sum *forecast.Summary, header bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := runtime.GOMAXPROCS(0)
	work, ordered := make(chan *batch), make(chan *batch, 2*workers)
	var known cache
	for range workers {
		go func() {
			for b := range work {
				o.fill(ctx, b, &known)
				close(b.done)
			}
		}()
	}
	go func() {
		defer close(ordered)
		defer close(work)
		for ctx.Err() == nil {
			b, err := r.next()
			if len(b.machines) > 0 {
				select {
				case ordered <- b:
				case <-ctx.Done():
					return
				}
				work <- b
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					cancel(err)
				}
				return
			}
		}
	}()

	w := bufio.NewWriter(out)
	if header {
		line, err := appendRecord(nil, columns[:])
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	var failed error
	for b := range ordered {
		<-b.done
		if failed == nil && b.err != nil {
			failed = b.err
		}
		if failed != nil {
			continue
		}
		if _, err := w.Write(b.out); err != nil {
			failed = err
			cancel(err)
			continue
		}
		sum.Merge(b.sum)
		p.add(len(b.machines))
	}
	p.end()
	if err := w.Flush(); failed == nil {
		failed = err
	}
	if failed == nil {
		failed = context.Cause(ctx)
	}
	if errors.Is(failed, context.Canceled) {
		return errors.New("interrupted; with -resume the run goes on where its output ends")
	}
	return failed
}

// fill judges the lines of a batch.
func (o *options) fill(ctx context.Context, b *batch, known *cache) {
	for i, m := range b.machines {
		j, err := o.judge(ctx, m, b.errs[i], known)
		if err == nil {
			j.add(&b.sum)
			if o.format == "csv" {
				b.out, err = j.appendCSV(b.out)
			} else {
				b.out, err = j.appendJSON(b.out)
			}
		}
		if err != nil {
			b.err = err
			return
		}
	}
}

// A reader reads machines.
type reader struct {
	in    *bufio.Reader
	csv   *csv.Reader // reads CSV once the columns are known
	isCSV bool
	names []string
}

func newReader(in io.Reader, format string) *reader {
	return &reader{in: bufio.NewReaderSize(in, 64<<10), isCSV: format == "csv"}
}

// next returns the next lines. With or after the last of them its error is io.EOF.
func (r *reader) next() (*batch, error) {
	b := &batch{done: make(chan struct{})}
	for len(b.machines) < batchLines {
		m, parseErr, err := r.one()
		if err != nil {
			return b, err
		}
		b.machines, b.errs = append(b.machines, m), append(b.errs, parseErr)
	}
	return b, nil
}

// one reads a machine. If a line does not describe one, parseErr says why.
func (r *reader) one() (m machine, parseErr, err error) {
	if r.isCSV {
		return r.record()
	}
	for {
		line, tooLong, err := r.line()
		switch {
		case err != nil:
			return m, nil, err
		case tooLong:
			return machine{id: shortened(string(line))}, fmt.Errorf("the line is longer than %d bytes", maxLine), nil
		case isBlank(line):
			continue
		}
		m, parseErr = parseJSON(line)
		return m, parseErr, nil
	}
}

// line reads a line, or the beginning of one that is too long.
func (r *reader) line() (line []byte, tooLong bool, err error) {
	for {
		part, err := r.in.ReadSlice('\n')
		if room := maxLine - len(line); len(part) > room {
			part, tooLong = part[:room], true
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, tooLong, nil
		}
		return line, tooLong, err
	}
}

// record reads a record of CSV. The first line has the names of the columns.
func (r *reader) record() (m machine, parseErr, err error) {
	if r.csv == nil {
		r.csv = csv.NewReader(r.in)
		r.csv.FieldsPerRecord, r.csv.LazyQuotes = -1, true
		names, err := r.csv.Read()
		switch {
		case errors.Is(err, io.EOF):
			return m, nil, err
		case err != nil:
			return m, nil, fmt.Errorf("the first line: %w", err)
		}
		if err := checkColumns(names); err != nil {
			return m, nil, err
		}
		r.names = names
	}
	record, err := r.csv.Read()
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad):
		return machine{id: fmt.Sprintf("line %d", bad.StartLine)}, err, nil
	case err != nil:
		return m, nil, err
	}
	m, parseErr = parseCSV(r.names, record)
	return m, parseErr, nil
}

// skip skips n machines.
func (r *reader) skip(n int) error {
	for i := range n {
		if _, _, err := r.one(); err != nil {
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("the output has %d machines and the input %d: they are not of the same run", n, i)
			}
			return err
		}
	}
	return nil
}

// progress shows on a terminal how far a run is. A nil progress shows nothing.
type progress struct {
	lines atomic.Int64
	quit  chan struct{}
}

// progressOf returns a progress if f is a terminal.
func progressOf(f *os.File) *progress {
	if f == nil {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	p := &progress{quit: make(chan struct{})}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintf(f, "\r%d machines", p.lines.Load())
			case <-p.quit:
				fmt.Fprintf(f, "\r%d machines\n", p.lines.Load())
				return
			}
		}
	}()
	return p
}

func (p *progress) add(n int) {
	if p != nil {
		p.lines.Add(int64(n))
	}
}

func (p *progress) end() {
	if p != nil {
		close(p.quit)
	}
}
