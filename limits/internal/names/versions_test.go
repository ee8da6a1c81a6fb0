package names

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVersionsReachEveryEdition(t *testing.T) {
	reached := map[Edition]bool{}
	for _, row := range versions {
		assert.LessOrEqual(t, row.first, row.last)
		for e := range all {
			if row.Client.Contains(e) || row.Server.Contains(e) {
				reached[e] = true
				if row.Pack >= 0 {
					first, last := e.Levels()
					assert.True(t, first <= int(row.Pack) && int(row.Pack) <= last, "%v never had the service pack of %d", e, row.first)
				}
			}
		}
	}
	for e := range all {
		assert.True(t, reached[e], e)
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]Version{
		"7601":             {Parts: 1, Major: 7601, Minor: 0, Build: 0},
		"5.1":              {Parts: 2, Major: 5, Minor: 1, Build: 0},
		"5.00.2195":        {Parts: 3, Major: 5, Minor: 0, Build: 2195},
		"22631.3155":       {Parts: 1, Major: 22631},
		"5.01":             {Parts: 2, Major: 5},
		"10.0.19045.3803":  {Parts: 4, Major: 10, Minor: 0, Build: 19045},
		"99999999999999.1": {Parts: 1, Major: 99999},
	} {
		assert.Equal(t, want, ParseVersion([]byte(text)), text)
	}
}

func TestVersionIs(t *testing.T) {
	row := &VersionRow{major: 6, minor: 1, first: 7600, last: 7601}
	for text, want := range map[string]bool{
		"7600": true, "7601": true, "7602": false, "6": false,
		"6.1": true, "6.2": false, "6.1.7601": true, "6.1.7602": false, "6.1.7601.17514": true,
	} {
		assert.Equal(t, want, ParseVersion([]byte(text)).is(row), text)
	}
}
