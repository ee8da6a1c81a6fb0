package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
)

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0", 0.01: "1", 0.07: "7", 0.996: "99.6", 1: "100", 1e-7: "0.00001"} {
		assert.Equal(t, want, percent(share))
	}
}

// Service packs are named where they decide.
func TestProducts(t *testing.T) {
	at := limits.MustParseWindows
	for _, c := range []struct {
		service limits.Service
		windows []limits.Windows
		want    string
	}{
		{limits.IIS, []limits.Windows{at("NT 4.0 Workstation SP0"), at("NT 4.0 Server")}, "Windows NT 4.0 Workstation up to SP1, Server"},
		{limits.IIS, []limits.Windows{at("NT 4.0 Workstation SP2")}, "Windows NT 4.0 Workstation SP2 and later"},
		{limits.IIS, []limits.Windows{at("NT 4.0 Workstation SP0"), at("NT 4.0 Workstation SP2")}, "Windows NT 4.0 Workstation"},
		{limits.TCPHalfOpen, []limits.Windows{at("XP Pro SP0"), at("XP Home SP2")}, "Windows XP Professional up to SP1, Home SP2 and later"},
		{limits.TCPOther, []limits.Windows{at("NT 3.1 SP3"), at("Windows 7 Pro")}, "Windows NT 3.1 SP3; Windows 7 Professional"},
		{limits.SMB, []limits.Windows{at("Windows 95"), at("Windows 10 Pro"), at("Windows 10 Home")}, "Windows 95; Windows 10 Pro, Home"},
		{limits.SMB, nil, ""},
	} {
		assert.Equal(t, c.want, products(c.windows, c.service))
	}
}
