package jsontime

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// FieldError is the error for a field of a JSON object that cannot be read.
type FieldError struct {
	Field string // the path of the field, such as "retry.max"
	Err   error  // the value, and what is accepted
}

// Error names the field and says what is accepted.
func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *FieldError) Unwrap() error { return e.Err }

// Decode is json.Unmarshal with two differences. An unknown name is an error: a decoder
// does not pass its DisallowUnknownFields on to an UnmarshalJSON. And the error names
// the field that cannot be read: it is a *FieldError if v points to a struct and data is
// an object.
func Decode(data []byte, v any) error {
	err := decode(data, v)
	if err == nil {
		return nil
	}
	if found := fieldError(data, reflect.TypeOf(v).Elem()); found != nil {
		return found
	}
	return err
}

func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// fieldError returns the error for the first field of data that cannot be read into a
// struct or map of type t, or nil.
func fieldError(data []byte, t reflect.Type) *FieldError {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); t.Kind() != reflect.Struct && t.Kind() != reflect.Map || err != nil || open != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil
		}
		key := name.(string)
		field, ok := fieldOf(t, key)
		if !ok {
			return &FieldError{key, fmt.Errorf("no such field; want one of %s", strings.Join(names(t), ", "))}
		}
		err = decode(value, reflect.New(field).Interface())
		if err == nil {
			continue
		}
		var inner *FieldError
		if !errors.As(err, &inner) {
			inner = fieldError(value, field)
		}
		if inner != nil {
			return &FieldError{key + "." + inner.Field, inner.Err}
		}
		return &FieldError{key, reason(value, field, err)}
	}
	return nil
}

// reason returns an error with the value and what is accepted.
func reason(value []byte, t reflect.Type, err error) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return err // from a method of the type, which says what is accepted
	}
	if text, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		if err := text.UnmarshalText(value); err != nil {
			return err
		}
		return fmt.Errorf(`%.100s: want it in quotes, "%.100s"`, value, value)
	}
	want := "text in quotes"
	switch t.Kind() {
	case reflect.Bool:
		want = "true or false"
	case reflect.Float32, reflect.Float64:
		want = "a number"
	case reflect.Struct, reflect.Map:
		want = "an object in braces"
	case reflect.Slice, reflect.Array:
		want = "a list in brackets"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		want = "a whole number"
	}
	return fmt.Errorf("%.100s: want %s", value, want)
}

// fieldOf returns the type of the field with a name in JSON.
func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	if t.Kind() == reflect.Map {
		return t.Elem(), true
	}
	var found reflect.Type
	each(t, func(name string, f reflect.StructField) {
		if found == nil && strings.EqualFold(name, key) {
			found = f.Type
		}
	})
	return found, found != nil
}

// names returns the names in JSON of the fields of a struct, each once.
func names(t reflect.Type) []string {
	var list []string
	seen := map[string]bool{}
	each(t, func(name string, _ reflect.StructField) {
		if !seen[name] {
			list = append(list, name)
		}
		seen[name] = true
	})
	return list
}

// each calls f for the fields of a struct, and then for those of the structs embedded in
// it, so that a field comes before the one that it hides.
func each(t reflect.Type, f func(name string, field reflect.StructField)) {
	var embedded []reflect.Type
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case field.Anonymous && name == "":
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			embedded = append(embedded, inner)
		case field.IsExported() && name == "":
			f(field.Name, field)
		case field.IsExported():
			f(name, field)
		}
	}
	for _, inner := range embedded {
		each(inner, f)
	}
}
