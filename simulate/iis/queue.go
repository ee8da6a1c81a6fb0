package iis

import (
	"context"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/conns"
)

// An attempt is a request at the gate: its slot and, if the connection is ours, its
// context there. They are one value because most requests need them for a moment only.
type attempt struct {
	slot simulate.Slot
	ctx  queueContext
}

// A queueContext is the context of a request at the gate. In the queue it ends with the
// connection too. The gate uses it in one goroutine, and calls Done only if the request
// has to wait.
type queueContext struct {
	context.Context // of the request
	conn            *conns.Entry

	both  context.Context // nil before Done
	leave context.CancelFunc
	stop  func()
}

func (q *queueContext) Done() <-chan struct{} {
	if q.both == nil {
		q.both, q.leave = context.WithCancel(q.Context)
		q.stop = q.conn.Watch(q.leave)
	}
	return q.both.Done()
}

func (q *queueContext) Err() error {
	if q.both == nil {
		return q.Context.Err()
	}
	return q.both.Err()
}

// Value asks both, in which package context finds the one that has Done.
func (q *queueContext) Value(key any) any {
	if q.both == nil {
		return q.Context.Value(key)
	}
	return q.both.Value(key)
}

// end is called when the request waits no longer.
func (q *queueContext) end() {
	if q.both != nil {
		q.stop()
		q.leave()
	}
}
