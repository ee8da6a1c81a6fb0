package identify_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestRange(t *testing.T) {
	for _, c := range []struct {
		name    string
		service limits.Service
		def     string
		ceiling string
	}{
		{"Microsoft Windows XP Professional SP3", limits.SMB, "10", "10"},
		{"Microsoft Windows XP Professional SP3", limits.IIS, "10", "40"},
		{"Microsoft Windows XP Home SP2 or Windows XP Professional SP2", limits.SMB, "5 to 10", "5 to 10"},
		{"Microsoft Windows XP Home SP2 or Windows XP Professional SP2", limits.IIS, "absent to 10", "absent to 40"},
		{"Microsoft Windows XP Professional SP1 or Windows XP Professional SP2", limits.TCPHalfOpen, "10 to unlimited", "10 to unlimited"},
		{"Microsoft Windows XP Professional SP3", limits.TCPOther, "unlimited", "unlimited"},
		{"Microsoft Windows XP Professional SP3 or Windows Embedded Standard 2009", limits.SMB, "unknown", "unknown"},
		{"Microsoft Windows XP Professional SP3", limits.UnknownService, "unknown", "unknown"},
	} {
		id, err := identify.Nmap(c.name)
		require.NoError(t, err, c.name)
		def, ceiling := id.Range(c.service)
		assert.Equal(t, c.def, def.String(), "%s %v", c.name, c.service)
		assert.Equal(t, c.ceiling, ceiling.String(), "%s %v", c.name, c.service)
	}
	def, ceiling := identify.Identification{}.Range(limits.SMB)
	assert.Zero(t, def)
	assert.Zero(t, ceiling)
}

func TestIdentificationOne(t *testing.T) {
	id, err := identify.Nmap("Microsoft Windows XP Professional SP3")
	require.NoError(t, err)
	w, ok := id.One()
	assert.True(t, ok)
	assert.Equal(t, limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, w)
	assert.Equal(t, []limits.Edition{limits.XPProfessional}, id.Editions())

	for _, name := range []string{"Microsoft Windows XP Professional", "Microsoft Windows XP Professional SP3 or Windows Embedded Standard 2009"} {
		id, err := identify.Nmap(name)
		require.NoError(t, err)
		_, ok := id.One()
		assert.False(t, ok, name)
		assert.Equal(t, []limits.Edition{limits.XPProfessional}, id.Editions())
	}
	assert.Equal(t, "unknown", identify.Identification{}.String())
	assert.Empty(t, identify.Identification{}.Editions())
}

// What an inventory does not tell yields a range, never a guess.
func ExampleIdentification_Range() {
	found, err := identify.CPE("cpe:2.3:o:microsoft:windows_xp:-:sp3:*:*:*:*:*:*")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(found.Candidates), "candidates")
	for _, s := range []limits.Service{limits.SMB, limits.IIS, limits.TCPOther} {
		byDefault, ceiling := found.Range(s)
		fmt.Printf("%v: %v, at most %v\n", s, byDefault, ceiling)
	}
	// Output:
	// 5 candidates
	// smb: absent to 10, at most absent to 10
	// iis: absent to 10, at most absent to 40
	// tcp-other: unlimited, at most unlimited
}

func ExampleIdentification_One() {
	found, _ := identify.Caption("Microsoft Windows 10 Pro")
	fmt.Println(found.One())
	found, _ = identify.Caption("Microsoft Windows 7 Professional") // with which service pack?
	fmt.Println(found.One())
	// Output:
	// Windows 10 Pro true
	// unknown false
}

func TestNarrow(t *testing.T) {
	scan, err := identify.Recognize("Microsoft Windows XP SP2 or SP3, or Windows Embedded Standard 2009")
	require.NoError(t, err)
	inventory, err := identify.Recognize("Microsoft Windows XP Professional")
	require.NoError(t, err)
	both, ok := scan.Narrow(inventory)
	require.True(t, ok)
	assert.Equal(t, "Windows XP Professional SP2/SP3", both.String())
	checkIdentification(t, both)

	other, err := identify.Recognize("Windows 7 Professional")
	require.NoError(t, err)
	_, ok = scan.Narrow(other)
	assert.False(t, ok)
}

// A scanner and an inventory know different things of one machine.
func ExampleIdentification_Narrow() {
	scan, _ := identify.Nmap("Microsoft Windows XP SP2 or SP3")
	inventory, _ := identify.Caption("Microsoft Windows XP Professional")
	fmt.Println(scan.Narrow(inventory))
	// Output: Windows XP Professional SP2/SP3 true
}

// Enterprise multi-session has no rule for SMB. It is named beside the range of
// the others.
func ExampleIdentification_WithoutRule() {
	found, _ := identify.Identify(identify.Identity{Major: 10, Build: 17763, ProductType: identify.TypeServer})
	sessions, _ := found.Range(limits.SMB)
	fmt.Println(sessions, found.WithoutRule(limits.SMB))
	// Output: 16777216 [Windows 10 Enterprise multi-session]
}
