// Package forecast predicts what clients meet at the limit of a service: how many get
// in, how many wait, and how many are refused. It runs in virtual time, so that eight
// hours of 25 clients take less than a millisecond.
//
// A [Scenario] is the question: an edition, one of its services, and the clients that
// will use it. These functions answer it:
//
//   - [Run] runs the scenario once and returns a [Report]. Most callers start here.
//   - [Replicate] runs it many times and returns averages, with how sure they are.
//   - [Capacity] returns how many clients fit on the edition.
//   - [Suitable] returns the editions that serve the clients. [Compare] runs the
//     scenario on editions that the caller names.
//   - [Sweep] returns the share that is lost for several numbers of clients.
//   - [Judge] says whether one machine of an inventory takes the load, and [Summary]
//     counts the verdicts on many machines.
//   - [Outcomes] yields what becomes of each client.
//
// Package chart draws reports and curves. The functions with CSV in their name write
// tables for a spreadsheet.
//
// # You plan an installation
//
// Will an application with 25 seats survive on Windows 11 Pro as its server? The
// program examples/forecast answers that without flags, and the example of this
// package does so in Go. Four steps lead to an answer:
//
//   - Describe the load. Arrive, Visits and Away say when clients come, ServiceTime and
//     Idle how long they use the service, and Retry what they do after a refusal.
//   - Run it, and read Report.Summary. It ends with the assumptions: what the scenario
//     leaves open and the answer depends on. A browser, for example, keeps its
//     connection for a minute, which decides how many clients ten connections serve:
//     see the example of [Assumption].
//   - Replicate it. One run is one day, and refusals come in clusters.
//   - If too much is lost, ask Capacity how many clients fit, and Suitable which
//     editions would do.
//
// Package queueing has exact formulas for the simplest loads.
//
// # Words
//
// A slot is one unit of the limit. A demand is one thing that needs a slot: a
// connection, a session, a request or a dial, whichever the rule counts. A dial is a
// connection that the machine itself makes to another one. An attempt is one try to
// get the slot; a demand that is retried makes several. A demand is lost if its last
// attempt gets no slot. The ways in which a demand ends are those of
// [simulate.Outcome].
//
// A name in parentheses, such as (kb183110), is a source: see limits.LookupSource.
//
// # Guarantees
//
// A run is a pure function of its scenario. The same scenario gives the same report,
// on any number of cores.
//
// A run has the limit of package simulate. With the same seed each client meets the
// same here as at a simulate.Gate in real time.
package forecast
