package limits

import "fmt"

// SMBDialect is a version of SMB, the protocol of file and printer sharing. A
// later one is greater.
type SMBDialect uint8

// The dialects.
const (
	UnknownSMBDialect SMBDialect = iota
	// SMB1 is all that came before SMB 2.0.2, CIFS included.
	SMB1
	SMB202
	SMB210
	SMB300
	SMB302
	SMB311
)

var smbDialectNames = [...]string{unknownName, "SMB 1", "SMB 2.0.2", "SMB 2.1", "SMB 3.0", "SMB 3.0.2", "SMB 3.1.1"}

// String returns the name, such as "SMB 2.0.2".
func (d SMBDialect) String() string { return enumString("SMBDialect", smbDialectNames[:], uint8(d)) }

// MarshalText returns the String form; a value that is not declared is an error.
func (d SMBDialect) MarshalText() ([]byte, error) {
	return enumText("SMB dialect", smbDialectNames[:], d)
}

// UnmarshalText accepts the String forms, in any case.
func (d *SMBDialect) UnmarshalText(text []byte) error {
	return enumParse(d, "SMB dialect", smbDialectNames[:], text)
}

var smbDialects = [...]span[SMBDialect]{
	{Windows10Home, Server2025DatacenterAzureEdition, Fact[SMBDialect]{SMB311, Documented, "", cite("ms-smb2")}},
	{Server2012R2Foundation, Server2012R2Datacenter, Fact[SMBDialect]{SMB302, Documented, "", cite("ms-smb2")}},
	{Server2012Foundation, Server2012Datacenter, Fact[SMBDialect]{SMB300, Documented, "", cite("ms-smb2")}},
	{Windows81, Windows81RT, Fact[SMBDialect]{SMB302, Documented, "", cite("ms-smb2")}},
	{Windows8, Windows8RT, Fact[SMBDialect]{SMB300, Documented, "", cite("ms-smb2")}},
	{Windows7Starter, Server2008R2Datacenter, Fact[SMBDialect]{SMB210, Documented, "", cite("ms-smb2")}},
	{VistaStarter, Server2008Datacenter, Fact[SMBDialect]{SMB202, Documented, "", cite("ms-smb2")}},
}

// SMBDialect returns the highest dialect that w speaks. An edition that speaks SMB
// 2.0.2 or later speaks all dialects from there up to its highest, and SMB 1 unless
// that is removed. Windows Vista speaks SMB 2.0.2 from service pack 1 on, so that
// its service pack must be known; otherwise the error matches ErrServicePack.
func (w Windows) SMBDialect() (Fact[SMBDialect], error) {
	if err := w.Valid(); err != nil {
		return Fact[SMBDialect]{}, err
	}
	if VistaStarter <= w.Edition && w.Edition <= VistaUltimate {
		switch w.ServicePack {
		case UnknownServicePack:
			return Fact[SMBDialect]{}, fmt.Errorf("%w: that of %v is not known, and its SMB dialect depends on it: SP0 SMB 1; SP1 to SP2 SMB 2.0.2", ErrServicePack, w.Edition)
		case AsReleased:
			return Fact[SMBDialect]{SMB1, Documented, "Beside SMB 1 it speaks an SMB 2.0 that no other release does.", cite("ms-smb2")}, nil
		}
	}
	return factOf(w.Edition, smbDialects[:], Fact[SMBDialect]{SMB1, Documented, "", cite("ms-smb2")}), nil
}
