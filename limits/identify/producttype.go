package identify

import (
	"fmt"
	"strings"
)

// ProductType tells clients from servers. It is wProductType of the structure
// OSVERSIONINFOEX and ProductType of WMI's Win32_OperatingSystem
// (ms-osversioninfoex).
type ProductType uint8

// The product types.
const (
	UnknownProductType   ProductType = iota
	TypeWorkstation                  // VER_NT_WORKSTATION
	TypeDomainController             // VER_NT_DOMAIN_CONTROLLER
	TypeServer                       // VER_NT_SERVER
)

var productTypeNames = [...]string{"unknown", "workstation", "domain-controller", "server"}

func (p ProductType) String() string {
	if int(p) < len(productTypeNames) {
		return productTypeNames[p]
	}
	return fmt.Sprintf("ProductType(%d)", uint8(p))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (p ProductType) MarshalText() ([]byte, error) {
	if int(p) >= len(productTypeNames) {
		return nil, fmt.Errorf("identify: %d is not a product type; want 0 to %d", uint8(p), len(productTypeNames)-1)
	}
	return []byte(p.String()), nil
}

// UnmarshalText accepts the String forms, in any case.
func (p *ProductType) UnmarshalText(text []byte) error {
	for i, name := range productTypeNames {
		if strings.EqualFold(name, string(text)) {
			*p = ProductType(i)
			return nil
		}
	}
	return fmt.Errorf("identify: unknown product type %.40q; want one of %s", text, strings.Join(productTypeNames[1:], ", "))
}
