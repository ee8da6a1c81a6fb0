package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
)

// duration is a time.Duration that is text in JSON, such as "30s".
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%.40q: want a time such as 30s or 1m30s", text)
	}
	*d = duration(v)
	return nil
}

// decode reads one JSON object into the struct that v points to. A name that is not a
// field is an error, and so is anything after the object.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return errors.New("more text after the JSON object: want one object")
		}
		return nil
	}
	var mismatch *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return fmt.Errorf("%s is a JSON %s: want %s", mismatch.Field, mismatch.Value, wanted(mismatch.Type))
	case errors.As(err, &mismatch):
		return fmt.Errorf("a JSON %s: want %s", mismatch.Value, wanted(mismatch.Type))
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON, at byte %d: %w", syntax.Offset, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON is empty or ends too early: want an object")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("unknown field %.100s: want %s", name, strings.Join(fields(reflect.TypeOf(v).Elem()), ", "))
	}
	return err
}

// wanted names the JSON from which a type is read.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint8:
		return "a whole number"
	case reflect.Slice:
		return "a list in brackets"
	case reflect.String:
		return "text in quotes"
	}
	return "an object in braces"
}

// fields returns the names in JSON of the fields of a struct.
func fields(t reflect.Type) (names []string) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}
