package fileserver

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/smbcrypto"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// message1 answers an SMB1 NEGOTIATE, by which a client may offer SMB2 (MS-SMB2
// 3.3.5.3). Any other SMB1 message ends the connection.
func (c *conn) message1(msg []byte) error {
	h, err := smbwire.ParseHeader1(msg)
	if err != nil {
		return err
	}
	if h.Command != smbwire.Command1Negotiate || h.IsReply() || c.negotiating || c.dialect != 0 {
		return errHangUp
	}
	offered, err := smbwire.Dialects1(msg)
	if err != nil {
		return err
	}
	r := &request{Header2: smbwire.Header2{Command: smbwire.Command2Negotiate, Credits: 1}}
	dialect := smbwire.DialectWildcard
	switch {
	case slices.Contains(offered, smbwire.Dialect1SMB2) && slices.Max(c.server.dialects) > smbwire.Dialect202:
		c.negotiating = true
	case slices.Contains(offered, smbwire.Dialect1SMB202):
		dialect = smbwire.Dialect202
		c.dialect = dialect
	default:
		_, err := c.nc.Write(smbwire.AppendNoDialect1(nil, h))
		return err
	}
	c.introduce(dialect, nil)
	body := c.self.Append(nil)
	_, err = c.nc.Write(smbwire.AppendReply2(nil, r.Header2, smbwire.StatusSuccess, body))
	return err
}

// introduce makes the server's answer to a NEGOTIATE.
func (c *conn) introduce(dialect smbwire.Dialect, signing *uint16) {
	c.self = smbwire.NegotiateReply2{
		Dialect: dialect, GUID: c.server.guid, MaxSize: maxSize, Time: time.Now(), Signing: signing,
	}
	_, _ = rand.Read(c.self.Salt[:])
	switch c.server.settings.Signing {
	case SigningOffered:
		c.self.SecurityMode = smbwire.SigningEnabled
	case SigningRequired:
		c.self.SecurityMode = smbwire.SigningEnabled | smbwire.SigningRequired
	}
}

// negotiate answers an SMB2 NEGOTIATE (MS-SMB2 3.3.5.4).
func (c *conn) negotiate(r *request) ([]byte, error) {
	switch {
	case c.dialect != 0:
		return nil, errHangUp
	case r.Flags&smbwire.Flags2Sign != 0:
		return nil, statusInvalidParameter
	}
	client, err := smbwire.ParseNegotiateRequest2(r.msg)
	if err != nil {
		return nil, err
	}
	dialect := common(client.Dialects, c.server.dialects)
	var signing *uint16
	switch dialect {
	case 0:
		return nil, StatusNotSupported
	case smbwire.Dialect202, smbwire.Dialect21:
		c.algorithm = smbcrypto.HMACSHA256
	case smbwire.Dialect30, smbwire.Dialect302:
		c.algorithm = smbcrypto.AESCMAC
	case smbwire.Dialect311:
		contexts, err := client.Contexts()
		if err != nil {
			return nil, err
		}
		if !contexts.SHA512 {
			return nil, statusNoHashOverlap
		}
		c.algorithm = smbcrypto.AESCMAC
		if contexts.Signing != nil {
			c.algorithm = signingAlgorithm(contexts.Signing)
			signing = (*uint16)(&c.algorithm)
		}
		extend(&c.preauth, r.msg)
	}
	c.client, c.dialect = client, dialect
	c.introduce(dialect, signing)
	return c.self.Append(nil), nil
}

// common returns the highest dialect of both lists, or 0.
func common(offered, spoken []smbwire.Dialect) (best smbwire.Dialect) {
	for _, d := range offered {
		if slices.Contains(spoken, d) {
			best = max(best, d)
		}
	}
	return best
}

// signingAlgorithm returns the first algorithm offered that the server has, or AES-CMAC,
// which every client of SMB 3 has.
func signingAlgorithm(offered []uint16) smbcrypto.Algorithm {
	for _, id := range offered {
		if a := smbcrypto.Algorithm(id); a <= smbcrypto.AESGMAC {
			return a
		}
	}
	return smbcrypto.AESCMAC
}

// ioctl answers an IOCTL. The only one supported is FSCTL_VALIDATE_NEGOTIATE_INFO, by
// which a client checks that both sides saw the same negotiation (MS-SMB2
// 3.3.5.15.12).
func (c *conn) ioctl(r *request) ([]byte, error) {
	i, err := smbwire.ParseIoctl2(r.msg)
	if err != nil {
		return nil, err
	}
	// A server without SMB 3 does not know it. A client that negotiated by SMB1 alone
	// has sent no SMB2 NEGOTIATE to check.
	if i.Control != smbwire.ControlValidateNegotiate || slices.Max(c.server.dialects) < smbwire.Dialect30 || c.client.Dialects == nil {
		return nil, StatusNotSupported
	}
	v, err := smbwire.ParseValidateNegotiate2(i.Input)
	if err != nil {
		return nil, err
	}
	if c.dialect == smbwire.Dialect311 || i.MaxOutput < smbwire.ValidateNegotiateReplySize ||
		v.Capabilities != c.client.Capabilities || v.GUID != c.client.GUID ||
		v.SecurityMode != c.client.SecurityMode || !slices.Equal(v.Dialects, c.client.Dialects) {
		return nil, errHangUp
	}
	return smbwire.AppendIoctlReply2(nil, i.Control, i.File, smbwire.AppendValidateNegotiate2(nil, c.self)), nil
}
