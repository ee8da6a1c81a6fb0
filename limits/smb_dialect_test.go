package limits_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// TestSMBDialect: the table of MS-SMB2, appendix A.
func TestSMBDialect(t *testing.T) {
	for text, want := range map[string]limits.SMBDialect{
		"Windows NT 4.0 Workstation": limits.SMB1, "Windows Me": limits.SMB1, "XP Home SP3": limits.SMB1, "Windows Home Server": limits.SMB1,
		"Windows Vista Ultimate SP0": limits.SMB1, "Windows Vista Ultimate SP1": limits.SMB202, "Windows Vista Starter SP2": limits.SMB202,
		"Windows Server 2008 Standard": limits.SMB202, "Windows 7 Starter": limits.SMB210, "Windows Server 2008 R2 Datacenter": limits.SMB210,
		"Windows 8": limits.SMB300, "Windows Server 2012 Essentials": limits.SMB300, "Windows 8.1 Pro": limits.SMB302,
		"Windows Server 2012 R2 Standard": limits.SMB302, "Windows 10 Home": limits.SMB311, "Windows 11 Pro": limits.SMB311,
		"Windows Server 2016 Standard": limits.SMB311, "Windows Server 2025 Datacenter": limits.SMB311,
	} {
		fact, err := limits.MustParseWindows(text).SMBDialect()
		require.NoError(t, err, text)
		assert.Equal(t, want, fact.Value, text)
		assert.Equal(t, limits.Documented, fact.Grade)
	}
	_, err := limits.Windows{Edition: limits.VistaBusiness}.SMBDialect()
	assert.ErrorIs(t, err, limits.ErrServicePack)
	assert.ErrorContains(t, err, "SP0 SMB 1; SP1 to SP2 SMB 2.0.2")
	_, err = limits.Windows{}.SMBDialect()
	assert.ErrorIs(t, err, limits.ErrUnknownEdition)
}

func TestSMBDialectText(t *testing.T) {
	for d := limits.UnknownSMBDialect; d <= limits.SMB311; d++ {
		text, err := d.MarshalText()
		require.NoError(t, err)
		var again limits.SMBDialect
		require.NoError(t, again.UnmarshalText(text))
		assert.Equal(t, d, again)
	}
	var d limits.SMBDialect
	assert.Error(t, d.UnmarshalText([]byte("SMB 4")))
	_, err := (limits.SMB311 + 1).MarshalText()
	assert.Error(t, err)
}

func ExampleWindows_SMBDialect() {
	fact, err := limits.MustParseWindows("Windows 7 Pro").SMBDialect()
	fmt.Println(fact.Value, fact.Grade, err)
	// Output: SMB 2.1 documented <nil>
}
