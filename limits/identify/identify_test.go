package identify_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

const (
	anyXP     = "Windows XP Starter or Windows XP Home or Windows XP Professional or Windows XP Professional x64 or Windows XP Media Center or Windows XP Tablet PC"
	anyXP51   = "Windows XP Starter or Windows XP Home or Windows XP Professional or Windows XP Media Center or Windows XP Tablet PC"
	any2000   = "Windows 2000 Professional or Windows 2000 Server or Windows 2000 Advanced Server or Windows 2000 Datacenter Server"
	any2003   = "Windows Server 2003 Web or Windows Server 2003 Standard or Windows Server 2003 Enterprise or Windows Server 2003 Datacenter"
	any2008   = "Windows Server 2008 Web or Windows Server 2008 Standard or Windows Server 2008 Enterprise or Windows Server 2008 Datacenter"
	any7      = "Windows 7 Starter or Windows 7 Home Basic or Windows 7 Home Premium or Windows 7 Professional or Windows 7 Enterprise or Windows 7 Ultimate"
	any2008R2 = "Windows Server 2008 R2 Foundation or Windows Server 2008 R2 Standard or Windows Server 2008 R2 Enterprise or Windows Server 2008 R2 Datacenter"
	any8      = "Windows 8 or Windows 8 Pro or Windows 8 Enterprise or Windows 8 RT"
	any81     = "Windows 8.1 or Windows 8.1 Pro or Windows 8.1 Enterprise or Windows 8.1 RT"
	any10     = "Windows 10 Home or Windows 10 Pro or Windows 10 Enterprise or Windows 10 Education or Windows 10 IoT Core or Windows 10 IoT Enterprise"
	any11     = "Windows 11 Home or Windows 11 Pro or Windows 11 Enterprise or Windows 11 Education or Windows 11 IoT Enterprise"
	any2012   = "Windows Server 2012 Foundation or Windows Server 2012 Essentials or Windows Server 2012 Standard or Windows Server 2012 Datacenter"
	any2022   = "Windows Server 2022 Standard or Windows Server 2022 Datacenter or Windows Server 2022 Datacenter Azure Edition"
	anySBS    = "Windows Small Business Server 2003 Standard or Windows Small Business Server 2003 Premium"
)

// at adds the levels to each of the alternatives.
func at(levels, names string) string {
	return strings.ReplaceAll(names, " or ", " "+levels+" or ") + " " + levels
}

type reader func(string) (identify.Identification, error)

func checkAll(t *testing.T, f reader, table map[string]string) {
	t.Helper()
	for name, want := range table {
		got, err := f(name)
		if assert.NoError(t, err, name) {
			assert.Equal(t, want, got.String(), name)
			checkIdentification(t, got)
		}
	}
}

// checkAnswer checks what holds for every answer and error.
func checkAnswer(t testing.TB, id identify.Identification, err error) {
	t.Helper()
	if err == nil {
		checkIdentification(t, id)
		assert.NotEmpty(t, id.String())
		return
	}
	assert.Empty(t, id.Candidates)
	assert.Equal(t, errors.Is(err, identify.ErrUnlisted), len(id.Unlisted) > 0, err)
	assert.True(t, errors.Is(err, limits.ErrUnknownEdition) || errors.Is(err, limits.ErrServicePack) || errors.Is(err, identify.ErrUnlisted), err)
	assert.NotEmpty(t, err.Error())
}

// fuzz fuzzes a function that reads names.
func fuzz(f *testing.F, read reader, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		id, err := read(name)
		checkAnswer(t, id, err)
		again, _ := read(name)
		assert.Equal(t, id, again)
	})
}

// checkIdentification checks what holds for every answer.
func checkIdentification(t testing.TB, id identify.Identification) {
	t.Helper()
	require.NotEmpty(t, id.Candidates)
	assert.True(t, slices.IsSortedFunc(id.Candidates, func(a, b limits.Windows) int {
		return slices.Compare([]int{int(a.Edition), int(a.ServicePack)}, []int{int(b.Edition), int(b.ServicePack)})
	}))
	assert.Len(t, slices.Compact(slices.Clone(id.Candidates)), len(id.Candidates))
	for _, w := range id.Candidates {
		assert.NoError(t, w.Valid())
		if packs := w.Edition.ServicePacks(); packs[len(packs)-1] == limits.AsReleased {
			assert.Equal(t, limits.UnknownServicePack, w.ServicePack, "%v never had one", w.Edition)
		} else {
			assert.Contains(t, packs, w.ServicePack)
		}
	}
	for _, s := range limits.Services() {
		byDefault, ceiling := id.Range(s)
		for _, w := range id.Candidates {
			if r, err := limits.Lookup(w, s); err == nil && byDefault.Min.IsKnown() {
				assert.False(t, byDefault.Min.Holds(1) && !r.Default.Holds(1))
				assert.False(t, r.Ceiling.Holds(1) && !ceiling.Max.Holds(1))
			}
		}
	}
}
