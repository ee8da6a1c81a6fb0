package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// A computer is what an inventory knows of a machine, and what it is.
type computer struct {
	caption, version, servicePack string
	sku, productType              int
	want                          string
}

var computers = []computer{
	{"Microsoft Windows XP Professional", "5.1.2600", "Service Pack 3", 0, 1, "Windows XP Professional SP3"},
	{"Microsoft Windows XP Professional", "5.1.2600", "Service Pack 1", 0, 1, "Windows XP Professional SP1"},
	{"Microsoft Windows XP Home Edition", "5.1.2600", "Service Pack 2", 0, 1, "Windows XP Home SP2"},
	{"Microsoft Windows Server 2003 Standard Edition", "5.2.3790", "Service Pack 2", 7, 3, "Windows Server 2003 Standard SP2"},
	{"Microsoft Windows Vista Business", "6.0.6002", "Service Pack 2", 6, 1, "Windows Vista Business SP2"},
	{"Microsoft Windows Vista Home Basic", "6.0.6001", "Service Pack 1", 2, 1, "Windows Vista Home Basic SP1"},
	{"Microsoft Windows Server 2008 Standard", "6.0.6002", "Service Pack 2", 7, 3, "Windows Server 2008 Standard SP2"},
	{"Microsoft Windows 7 Professional", "6.1.7601", "Service Pack 1", 48, 1, "Windows 7 Professional SP1"},
	{"Microsoft Windows 7 Home Premium", "6.1.7601", "Service Pack 1", 3, 1, "Windows 7 Home Premium SP1"},
	{"Microsoft Windows 7 Ultimate", "6.1.7600", "", 1, 1, "Windows 7 Ultimate SP0"},
	{"Microsoft Windows Server 2008 R2 Standard", "6.1.7601", "Service Pack 1", 7, 3, "Windows Server 2008 R2 Standard SP1"},
	{"Microsoft Windows 8.1 Pro", "6.3.9600", "", 48, 1, "Windows 8.1 Pro"},
	{"Microsoft Windows 8 Enterprise", "6.2.9200", "", 4, 1, "Windows 8 Enterprise"},
	{"Microsoft Windows Server 2012 R2 Datacenter", "6.3.9600", "", 8, 3, "Windows Server 2012 R2 Datacenter"},
	{"Microsoft Windows 10 Pro", "10.0.19045", "", 48, 1, "Windows 10 Pro"},
	{"Microsoft Windows 10 Home", "10.0.19044", "", 101, 1, "Windows 10 Home"},
	{"Microsoft Windows 10 Enterprise", "10.0.17763", "", 4, 1, "Windows 10 Enterprise"},
	{"Microsoft Windows 10 Education", "10.0.18363", "", 121, 1, "Windows 10 Education"},
	{"Microsoft Windows 11 Pro", "10.0.22631", "", 48, 1, "Windows 11 Pro"},
	{"Microsoft Windows 11 Home", "10.0.22621", "", 101, 1, "Windows 11 Home"},
	{"Microsoft Windows 11 Enterprise", "10.0.26100", "", 4, 1, "Windows 11 Enterprise"},
	{"Microsoft Windows Server 2016 Standard", "10.0.14393", "", 7, 3, "Windows Server 2016 Standard"},
	{"Microsoft Windows Server 2019 Datacenter", "10.0.17763", "", 8, 3, "Windows Server 2019 Datacenter"},
	{"Microsoft Windows Server 2022 Standard", "10.0.20348", "", 7, 3, "Windows Server 2022 Standard"},
	{"Microsoft Windows Server 2025 Standard", "10.0.26100", "", 7, 3, "Windows Server 2025 Standard"},
}

func (c computer) build() string { return c.version[strings.LastIndexByte(c.version, '.')+1:] }

// forms are the shapes in which inventories have a machine.
var forms = map[string]func(c computer) (text string, record any){
	"Active Directory": func(c computer) (string, any) {
		dotted := c.version[:strings.LastIndexByte(c.version, '.')] + " (" + c.build() + ")"
		r := map[string]string{"operatingSystem": strings.TrimPrefix(c.caption, "Microsoft "), "operatingSystemVersion": dotted}
		if c.servicePack != "" {
			r["operatingSystemServicePack"] = c.servicePack
		}
		return "", r
	},
	"osquery": func(c computer) (string, any) {
		return "", map[string]string{"name": c.caption, "version": c.version, "build": c.build(), "platform": "windows", "codename": c.caption, "arch": "64-bit"}
	},
	"WMI": func(c computer) (string, any) {
		return "", map[string]any{"Caption": c.caption, "Version": c.version, "BuildNumber": c.build(), "CSDVersion": c.servicePack, "OperatingSystemSKU": c.sku, "ProductType": c.productType}
	},
	"GLPI": func(c computer) (string, any) {
		return fmt.Sprintf("<OPERATINGSYSTEM>\n<FULL_NAME>%s</FULL_NAME>\n<KERNEL_NAME>MSWin32</KERNEL_NAME>\n<KERNEL_VERSION>%s</KERNEL_VERSION>\n<NAME>Windows</NAME>\n<SERVICE_PACK>%s</SERVICE_PACK>\n</OPERATINGSYSTEM>",
			c.caption, c.version, c.servicePack), nil
	},
	"GLPI as JSON": func(c computer) (string, any) {
		return "", map[string]string{"full_name": c.caption, "kernel_name": "MSWin32", "kernel_version": c.version, "name": "Windows", "service_pack": c.servicePack}
	},
	"systeminfo": func(c computer) (string, any) {
		return fmt.Sprintf("OS Name:                   %s\nOS Version:                %s %s Build %s", c.caption, c.version, c.servicePack, c.build()), nil
	},
	"by hand": func(c computer) (string, any) {
		return strings.TrimSpace(strings.TrimPrefix(c.caption, "Microsoft ") + " " + strings.Replace(c.servicePack, "Service Pack ", "SP", 1)), nil
	},
	"by hand, with the build": func(c computer) (string, any) {
		return strings.TrimPrefix(c.caption, "Microsoft ") + " build " + c.build() + " " + strings.Replace(c.servicePack, "Service Pack ", "SP", 1), nil
	},
}

// Two hundred machines as Active Directory, osquery, WMI, GLPI and people have
// them: none is answered wrong, and what is not known says why.
func TestInventories(t *testing.T) {
	var input strings.Builder
	var want []computer
	var names []string
	for name, form := range forms {
		for _, c := range computers {
			text, record := form(c)
			line := map[string]any{"id": name + ": " + c.want, "clients": 5, "visits": 0, "arrive": "at-once", "idle": "0s", "serviceTime": "1m"}
			if record != nil {
				line["record"] = record
			} else {
				line["text"] = text
			}
			data, err := json.Marshal(line)
			require.NoError(t, err)
			input.Write(data)
			input.WriteByte('\n')
			want, names = append(want, c), append(names, name)
		}
	}
	out := decoded(t, fleet(t, input.String(), "-runs", "1"))
	require.GreaterOrEqual(t, len(out), 200)
	known := 0
	for i, j := range out {
		if !assert.Empty(t, j.Error, j.ID) {
			continue
		}
		w := limits.MustParseWindows(want[i].want)
		isIn := false
		for _, name := range j.Candidates {
			c := limits.MustParseWindows(name)
			isIn = isIn || c.Edition == w.Edition && (c.ServicePack == w.ServicePack || c.ServicePack == limits.UnknownServicePack || w.ServicePack == limits.UnknownServicePack)
		}
		assert.True(t, isIn, "%s: %q", j.ID, j.Candidates)
		for _, name := range j.Candidates {
			assert.Equal(t, w.Edition.Product(), limits.MustParseWindows(name).Edition.Product(), "%s (%s): %q", j.ID, names[i], j.Candidates)
		}
		if j.Verdict == forecast.UnknownVerdict {
			assert.NotEmpty(t, j.Why, j.ID)
		} else {
			known++
		}
	}
	assert.Greater(t, known, len(out)*9/10, "of %d", len(out))
}
