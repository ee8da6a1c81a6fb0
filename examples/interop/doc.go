// Package interop holds tests of winlimits against real peers and heavier third
// parties, in a module of its own so that the library does not require them.
//
// If a peer is not installed, its tests skip and say what to install. If the
// environment variable CI is set, they fail.
package interop
