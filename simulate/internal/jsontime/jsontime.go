// Package jsontime writes and reads times as text in JSON, such as "1m30s". Settings and
// scenarios are marshalled by way of shadow structs whose times are of type Duration.
// Decode reads such a struct strictly, with errors that name the field.
package jsontime

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that is text in JSON, such as "1m30s".
type Duration time.Duration

// MarshalText returns what the String method of time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText accepts what time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("time %.100q: want a number and a unit, such as 1m30s", text)
	}
	*d = Duration(v)
	return nil
}
