package simulate_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/winlimits/winlimits/"

// imports says which packages of the module each package may import. Packages
// under simulate/internal, which import no adapter, are free to all of simulate.
var imports = map[string][]string{
	"limits/internal/names":   {},
	"limits":                  {"limits/internal/names"},
	"limits/identify":         {"limits", "limits/internal/names"},
	"simulate/internal/*":     {"limits"},
	"simulate/internal/soak":  {"limits", "simulate"}, // for tests only
	"simulate":                {"limits"},
	"simulate/tcp":            {"limits", "simulate"},
	"simulate/tcp/tcphttp":    {"limits", "simulate", "simulate/tcp"},
	"simulate/iis":            {"limits", "simulate", "simulate/tcp"},
	"simulate/smb":            {"limits", "simulate"},
	"simulate/smb/fileserver": {"limits"},
	"simulate/smb/samba":      {},
	"simulate/queueing":       {},
	"simulate/forecast":       {"limits", "simulate"},
	"simulate/forecast/chart": {"limits", "simulate", "simulate/forecast"},
	"simulate/simtest": {"limits", "simulate", "simulate/tcp", "simulate/tcp/tcphttp", "simulate/iis",
		"simulate/smb", "simulate/smb/fileserver", "simulate/smb/samba"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...)
	out, err := cmd.Output()
	require.NoError(t, err, "go list")
	var list []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		list = append(list, p)
	}
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range goList(t, module+"...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		if strings.HasPrefix(name, "examples/") {
			continue
		}
		room := name
		if _, own := imports[name]; !own && path.Dir(name) == "simulate/internal" {
			room = "simulate/internal/*"
		}
		allowed, ok := imports[room]
		if !assert.True(t, ok, "%s is in no room: say what it may import", name) {
			continue
		}
		for _, to := range p.Imports {
			to, ours := strings.CutPrefix(to, module)
			switch {
			case !ours, slices.Contains(allowed, to):
			case strings.HasPrefix(to, "simulate/internal/") && strings.HasPrefix(name, "simulate"):
			default:
				t.Errorf("%s imports %s", name, to)
			}
		}
		if slices.Contains(p.Imports, "testing") {
			assert.Equal(t, "simulate/simtest", name, "only fixtures import testing")
		}
	}
}

// A program links what it uses.
func TestPackagesLinkWhatTheyUse(t *testing.T) {
	forbidden := map[string][]string{
		"simulate":          {"net/http", "crypto/tls", "testing", module + "simulate/tcp", module + "simulate/smb", module + "simulate/forecast"},
		"simulate/tcp":      {"net/http", "testing", module + "simulate/smb", module + "simulate/forecast"},
		"simulate/forecast": {"net/http", "crypto/tls", "testing", module + "simulate/tcp", module + "simulate/smb"},
		"simulate/smb":      {"net/http", "testing", module + "simulate/tcp", module + "simulate/forecast"},
		"limits":            {"net", "net/http", "testing", "golang.org/x/sync/semaphore"},
	}
	for name, list := range forbidden {
		for _, p := range goList(t, module+name) {
			for _, bad := range list {
				assert.NotContains(t, p.Deps, bad, "%s links %s", name, bad)
			}
			if name == "simulate" {
				for _, dep := range p.Deps {
					if ours, ok := strings.CutPrefix(dep, module); ok && ours != "limits" {
						assert.Contains(t, ours, "/internal/", "the core links %s", ours)
					}
				}
			}
		}
	}
}
