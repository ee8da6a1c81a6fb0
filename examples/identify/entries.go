package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// maxRecord is how long a JSON record of several lines may be, in bytes.
const maxRecord = 1 << 20

// eachEntry passes each line of a text on as an entry. A JSON record is one entry,
// even if it has several lines. The records of an array are entries of their own.
func eachEntry(in io.Reader, one func(string) error) error {
	lines := bufio.NewReader(in)
	var record []string // the lines of a record that may not be complete yet
	size := 0
	flush := func() error { // the lines were not a record
		for _, line := range record {
			if err := one(line); err != nil {
				return err
			}
		}
		record, size = nil, 0
		return nil
	}
	for {
		line, readErr := lines.ReadString('\n')
		if readErr != nil && readErr != io.EOF {
			return readErr
		}
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case len(record) > 0 || line[0] == '{' || line[0] == '[' && (len(line) == 1 || strings.ContainsAny(line[1:2], " {")):
			record = append(record, line)
			size += len(line)
			text := []byte(strings.Join(record, "\n"))
			switch closed := line[len(line)-1] == '}' || line[len(line)-1] == ']'; {
			case closed && json.Valid(text):
				record, size = nil, 0
				if err := eachRecord(text, one); err != nil {
					return err
				}
			case size > maxRecord || len(record) > 10_000:
				if err := flush(); err != nil {
					return err
				}
			}
		default:
			if err := one(line); err != nil {
				return err
			}
		}
		if readErr == io.EOF {
			return flush()
		}
	}
}

// eachRecord passes a record on, or each record of an array.
func eachRecord(text []byte, one func(string) error) error {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		list = []json.RawMessage{text}
	}
	for _, record := range list {
		var compact bytes.Buffer
		if err := json.Compact(&compact, record); err != nil {
			return err
		}
		if err := one(compact.String()); err != nil {
			return err
		}
	}
	return nil
}
