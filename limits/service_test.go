package limits

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A service is complete when its subtest passes; what fails names the step of
// "A new service" in CONTRIBUTING that is missing.
func TestEveryServiceIsComplete(t *testing.T) {
	schema, err := os.ReadFile("rules.schema.json")
	require.NoError(t, err)
	var words struct {
		Defs struct {
			Rule struct {
				Properties struct {
					Service struct{ Enum []string }
				}
			}
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(schema, &words))

	for s := UnknownService + 1; s < numServices; s++ {
		row := &services[s]
		name := row.name
		if name == "" {
			name = fmt.Sprintf("service %d, behind %v", s, s-1)
		}
		t.Run(name, func(t *testing.T) {
			const step2 = "step 2: the row in services (service.go) has no "
			assert.NotEmpty(t, row.name, step2+"name")
			assert.Equal(t, strings.ToLower(strings.ReplaceAll(row.name, " ", "-")), row.name, "step 2: a name is lower case, its words joined by hyphens")
			assert.NotEmpty(t, row.about, step2+"about: what the service is about")
			assert.NotEmpty(t, row.lacks, step2+"lacks: what an edition without it lacks")
			assert.NotEmpty(t, row.units, step2+"units: what its rules count")
			if s != Licence {
				assert.NotEmpty(t, row.one, step2+"one: what one of what it counts is called")
				assert.NotEmpty(t, row.many, step2+"many: what many of what it counts are called")
			}
			for _, u := range row.units {
				text, err := u.MarshalText()
				assert.NoError(t, err, "step 2: a new unit has its name in unitNames (enum.go)")
				assert.NotEmpty(t, string(text), "step 2: a new unit has its name in unitNames (enum.go)")
			}

			rules := slices.Collect(ByService(s))
			assert.NotEmpty(t, rules, "step 3: no row of rules.go is about it")
			for _, r := range rules {
				assert.Contains(t, row.units, r.Unit, "step 3: %v counts what the row in services does not name", r)
				assert.NotContains(t, r.String(), "  ", "step 2: a word is missing")
			}

			shown := slices.ContainsFunc(rules, func(r Rule) bool { return r.Symptom() != UnknownSymptom })
			if row.silent == "" {
				assert.True(t, shown, "step 4: it has no entry in ruleSymptoms (symptom.go), nor in services the reason why it is silent")
			} else {
				assert.False(t, shown, "step 4: it has an entry in ruleSymptoms (symptom.go), and in services the reason why it has none")
			}
			for _, r := range rules {
				for _, symptom := range []Symptom{r.Symptom(), r.Refusal()} {
					assert.NotEmpty(t, symptom.String(), "step 4: symptom %d has no row in symptoms (symptom.go)", symptom)
				}
			}

			if row.name == "" {
				return
			}
			found, err := FindServices(row.name)
			if assert.NoError(t, err, "step 5: serviceWords (find.go) has no words for it, not even its name") {
				assert.Equal(t, s, found[0].Services[0], "step 5: the name of a service means the service (find.go)")
			}
			assert.Contains(t, words.Defs.Rule.Properties.Service.Enum, row.name, "step 6: rules.schema.json does not have it")
		})
	}
}

func TestServices(t *testing.T) {
	all := Services()
	assert.Len(t, all, int(numServices)-1)
	assert.Equal(t, SMB, all[0])
	assert.Equal(t, Licence, all[len(all)-1], "no gate can be made for it")
	names := map[string]bool{}
	for _, s := range append(all, UnknownService) {
		assert.False(t, names[s.String()], "two services are %v", s)
		names[s.String()] = true
	}
}

func TestServiceDescription(t *testing.T) {
	assert.Equal(t, "the web server of Windows", IIS.Description())
	assert.Equal(t, "unknown", UnknownService.Description())
	assert.Equal(t, "Service(99)", Service(99).Description())
}

func FuzzParseService(f *testing.F) {
	f.Add("smb")
	f.Add("TCP-Half-Open")
	f.Add("")
	f.Fuzz(func(t *testing.T, name string) {
		s, err := ParseService(name)
		if err != nil {
			assert.Zero(t, s)
			return
		}
		assert.True(t, strings.EqualFold(name, s.String()))
	})
}

func ExampleParseService() {
	s, err := ParseService("RDP")
	fmt.Println(s, err)
	_, err = ParseService("telefax") // the error lists the names there are
	fmt.Printf("%.60s ...\n", err)
	// Output:
	// rdp <nil>
	// limits: unknown service "telefax"; want one of smb, iis, ftp ...
}

func ExampleServices() {
	for _, s := range Services()[:3] {
		fmt.Println(s, "is", s.Description())
	}
	// Output:
	// smb is file and printer sharing
	// iis is the web server of Windows
	// ftp is the FTP server of Windows
}
