package identify

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Identity is what an inventory knows about the Windows installation of a machine:
// the fields of the structure OSVERSIONINFOEX, of WMI's class Win32_OperatingSystem
// and of the registry. A zero field is not known, except Minor. Identify finds the
// editions.
//
// An Identity reads the JSON that it writes, and that of WMI, CIM, osquery, Wazuh and
// other inventories; see UnmarshalJSON.
type Identity struct {
	// Name is the full name of the edition: Caption of Win32_OperatingSystem,
	// OsName of Get-ComputerInfo, or ProductName of the registry, which says Windows
	// 10 on Windows 11. If the build disagrees with it, the build decides.
	Name string `json:",omitempty"`
	// Major, Minor and Build are the version, such as 5.1.2600 or 10.0.19045.
	// Windows 11 is 10.0 from build 22000 on. 6.3 with a build of Windows 10 or
	// later, as the registry and GetProductInfo have it, is read as 10.0. A Build
	// without Major and Minor is enough.
	Major, Minor, Build int
	// Release is a name of the build, such as "22H2" or "1909": DisplayVersion or
	// ReleaseId of the registry.
	Release string `json:",omitempty"`
	// ServicePack is the service pack; limits.ServicePackAt makes one of the level
	// that Windows reports. From Windows Vista on the build tells the service pack,
	// too, and decides if this is AsReleased.
	ServicePack limits.ServicePack
	// ProductType tells clients from servers.
	ProductType ProductType
	// InstallationType is that of the registry: "Client", "Server", "Server Core"
	// or "Nano Server".
	InstallationType string `json:",omitempty"`
	// EditionID is that of the registry, such as "Professional" or "EnterpriseS".
	EditionID string `json:",omitempty"`
	// SKU is the edition as GetProductInfo reports it, from Windows Vista on.
	SKU SKU
	// Suite is the set of suites, which tells editions apart before Windows Vista.
	Suite SuiteMask
}

// String returns the known fields, as in "5.1.2600 SP2, workstation, suite
// 0x100".
func (id Identity) String() string {
	var parts []string
	add := func(part string) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	add(id.Name)
	version := ""
	switch {
	case id.Major != 0 || id.Minor != 0:
		version = fmt.Sprintf("%d.%d", id.Major, id.Minor)
		if id.Build != 0 {
			version += fmt.Sprintf(".%d", id.Build)
		}
	case id.Build != 0:
		version = fmt.Sprintf("build %d", id.Build)
	}
	if id.ServicePack != limits.UnknownServicePack && id.ServicePack != limits.AsReleased {
		version += " " + id.ServicePack.String()
	}
	add(strings.TrimSpace(version))
	add(id.Release)
	if id.ProductType != UnknownProductType {
		add(id.ProductType.String())
	}
	add(id.InstallationType)
	add(id.EditionID)
	if id.SKU != SKUUndefined {
		add(id.SKU.String())
	}
	if id.Suite != 0 {
		add(fmt.Sprintf("suite 0x%X", uint32(id.Suite)))
	}
	return strings.Join(parts, ", ")
}

// UnmarshalJSON reads the JSON of an Identity, and a record of Win32_OperatingSystem
// as WMI and PowerShell write it (Caption, Version, BuildNumber, CSDVersion,
// ProductType as a number), of osquery, Wazuh and others. The record is one
// object. A service pack that is not in it is unknown. Fields of other names are
// ignored. A value that does not fit its field is an error.
func (id *Identity) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	records := jsonRecords(string(data))
	if trimmed := strings.TrimSpace(string(data)); !strings.HasPrefix(trimmed, "{") || len(records) == 0 {
		return fmt.Errorf("identify: reading an identity: want a JSON object, not %s", names.Quote(trimmed))
	}
	rec := records[0]
	read := rec.read().id
	for i := range rec {
		p := &rec[i]
		switch value := strings.TrimSpace(p.value); p.key {
		case "Name":
			if read.Name == "" {
				read.Name = value
			}
		case "Release":
			read.Release = value
		case "Major", "Minor", "Build", "SKU", "Suite":
			if _, err := strconv.ParseInt(value, 0, 64); err != nil && !p.null && (p.key != "SKU" || lookupSKUName(value) == nil) {
				return fmt.Errorf("identify: %s is %s; want a number", p.key, names.Quote(value))
			}
		case "ProductType":
			if parseProductType(value) == UnknownProductType && value != "" && value != "0" && value != "unknown" {
				return fmt.Errorf("identify: ProductType is %s; want %s or 0 to %d", names.Quote(value), strings.Join(productTypeNames[:], ", "), len(productTypeNames)-1)
			}
		case "ServicePack":
			if _, err := strconv.Atoi(value); err == nil {
				continue // a level, as WMI has it
			}
			if err := new(limits.ServicePack).UnmarshalText([]byte(value)); err != nil {
				return err
			}
		}
	}
	*id = read
	return nil
}

// Identify returns the editions that an identity can stand for. The version tells
// the product, and decides if the name disagrees. The name, the EditionID, the SKU
// and, before Vista, the suites tell the edition. The product type tells clients from
// servers. What disagrees is in Conflicts.
//
// A SKU or an EditionID that the product was never sold with tells nothing and is a
// conflict; Wine reports PRODUCT_ULTIMATE_N for every version. One of an edition that
// the table has no rules for, such as PRODUCT_CLOUDEDITION, is an *UnlistedError, and
// so is a build from before the product was finished. An unknown version, or parts
// that contradict each other so that none decides, are a *limits.NameError with the
// nearest editions. A service pack that none of the editions had is a
// *limits.ServicePackError.
func Identify(id Identity) (Identification, error) {
	ev := evidence{input: id.String(), id: id, caption: true, form: FormIdentity}
	if id.Name != "" {
		if len(id.Name) > names.MaxLength {
			return Identification{}, tooLong(id.Name, names.MaxLength)
		}
		ev.name, ev.named = names.Read(id.Name), true
	}
	return ev.identify()
}
