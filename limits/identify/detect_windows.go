package identify

import (
	"fmt"
	"syscall"
	"unsafe"

	"github.com/winlimits/winlimits/limits"
)

// Detect returns the identity of the system that the program runs on, for Identify.
// It asks RtlGetVersion, which reports the version whatever the program's manifest
// says, and GetProductInfo. On systems other than Windows the error matches
// errors.ErrUnsupported.
func Detect() (Identity, error) {
	var info struct { // RTL_OSVERSIONINFOEXW
		size, major, minor, build, platform uint32
		servicePackName                     [128]uint16
		servicePack, servicePackMinor       uint16
		suite                               uint16
		productType, _                      uint8
	}
	info.size = uint32(unsafe.Sizeof(info))
	rtlGetVersion := syscall.NewLazyDLL("ntdll.dll").NewProc("RtlGetVersion")
	if err := rtlGetVersion.Find(); err != nil {
		return Identity{}, fmt.Errorf("identify: Detect: %w", err)
	}
	if status, _, _ := rtlGetVersion.Call(uintptr(unsafe.Pointer(&info))); status != 0 {
		return Identity{}, fmt.Errorf("identify: Detect: RtlGetVersion failed with status 0x%08X", uint32(status))
	}
	id := Identity{
		Major: int(info.major), Minor: int(info.minor), Build: int(info.build),
		ServicePack: limits.ServicePackAt(int(info.servicePack)),
		Suite:       SuiteMask(info.suite),
	}
	if info.productType <= uint8(TypeServer) {
		id.ProductType = ProductType(info.productType)
	}
	// Before Windows Vista there is no GetProductInfo, and a SKU that cannot be
	// had stays undefined.
	getProductInfo := syscall.NewLazyDLL("kernel32.dll").NewProc("GetProductInfo")
	if getProductInfo.Find() == nil {
		var sku uint32
		ok, _, _ := getProductInfo.Call(uintptr(info.major), uintptr(info.minor),
			uintptr(info.servicePack), uintptr(info.servicePackMinor), uintptr(unsafe.Pointer(&sku)))
		if ok != 0 {
			id.SKU = SKU(sku)
		}
	}
	return id, nil
}
