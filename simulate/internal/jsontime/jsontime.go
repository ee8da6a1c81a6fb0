// Package jsontime has times as text in JSON, for the shadow structs with which
// settings and scenarios are marshalled, and reads such structs strictly, with
// errors that name the field.
package jsontime

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that is text in JSON, such as "1m30s".
type Duration time.Duration

// MarshalText returns the form of time.Duration.
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
