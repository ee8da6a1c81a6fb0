// Package interop holds tests of winlimits against real peers and heavier third
// parties, in a module of its own so that the library does not require them.
//
// A peer that is not installed makes its tests skip with a word on what to
// install; where the environment variable CI is set it makes them fail.
package interop
