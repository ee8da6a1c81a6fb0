// Package simulate acts out what a Windows machine does to connections at its
// limits, on any system.
//
// Four steps lead from an edition to traffic:
//
//   - A rule says what an edition does with one service: the limit, and what
//     happens over it. Package limits has the rules.
//   - A [Policy] is the rule under the settings of one machine.
//   - A [Gate] is the policy at work. It lets a connection in, refuses it or queues
//     it.
//   - An adapter puts the gate in front of real traffic.
//
// Call [New] first. It returns a [Host], which is one machine, and an adapter takes
// the host:
//
//   - iis.NewServer is its web server, on net/http.
//   - smb.NewProxy is its limit on file sharing, in front of a real file server.
//   - tcp.NewDialer, tcp.NewBacklog and tcp.NewListener are its TCP stack.
//
// A program without an adapter asks the gate itself: [Host.Gate], then
// [Gate.Acquire]. Package simtest has fixtures for unit tests. Package forecast
// predicts what many clients will see, in virtual time.
//
// All adapters of a host that serve one service share its gate. What a gate does
// can be counted ([Gate.Stats]), waited for ([Gate.Wait]) and watched
// ([Host.Observe]).
//
// A name in parentheses, such as (kb969710), is a source: see limits.LookupSource.
package simulate
