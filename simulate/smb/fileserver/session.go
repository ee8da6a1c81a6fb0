package fileserver

import (
	"crypto/rand"
	"crypto/sha512"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/ntlm"
	"github.com/winlimits/winlimits/simulate/internal/smbcrypto"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// session is a session that has logged on, or is about to.
type session struct {
	id      uint64
	valid   bool // it has logged on
	deleted atomic.Bool

	user      string
	anonymous bool
	guest     bool
	signer    *smbcrypto.Signer // nil without a key
	signing   bool              // every request has to be signed, or is refused

	// For an authentication under way.
	exchange   *ntlm.Exchange // nil before the challenge has been sent
	mechanisms []byte         // the client's list of mechanisms in SPNEGO
	preauth    [sha512.Size]byte

	trees map[uint32]*tree
}

// session returns the session of the connection with the id, or nil.
func (c *conn) session(id uint64) *session {
	s := c.sessions[id]
	if s != nil && s.deleted.Load() {
		c.end(s)
		return nil
	}
	return s
}

// end ends a session, its tree connects and its files.
func (c *conn) end(s *session) {
	for _, t := range s.trees {
		c.disconnect(t)
	}
	delete(c.sessions, s.id)
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	delete(c.server.sessions, s.id)
}

// setUp answers one leg of a session setup (MS-SMB2 3.3.5.5).
func (c *conn) setUp(r *request) ([]byte, error) {
	body, err := smbwire.ParseSessionSetup2(r.msg)
	if err != nil {
		return nil, err
	}
	token, err := smbwire.SetupToken2(r.msg)
	if err != nil {
		return nil, err
	}
	switch {
	case body.Binding:
		return nil, StatusNotSupported
	case r.SessionID != 0 && r.session == nil:
		return nil, statusUserSessionDeleted
	case r.session == nil:
		if len(c.sessions) >= maxSessions {
			return nil, StatusInsufficientResources
		}
		r.session = &session{id: c.server.lastSession.Add(1), preauth: c.preauth, trees: make(map[uint32]*tree)}
		r.SessionID = r.session.id
		c.sessions[r.SessionID] = r.session
	}
	if !r.session.valid && c.dialect == smbwire.Dialect311 {
		extend(&r.session.preauth, r.msg)
	}
	reply, err := c.authenticate(r, body, token)
	if err != nil {
		c.end(r.session)
	}
	return reply, err
}

// authenticate answers the token of one leg of a session setup.
func (c *conn) authenticate(r *request, body smbwire.SessionSetup2, token []byte) ([]byte, error) {
	s := r.session
	if kind, raw := ntlm.TypeOf(token); raw {
		if kind == ntlm.Negotiate {
			challenge, err := c.challenge(s, token)
			return c.more(r, challenge), err
		}
		keys, err := c.logOn(s, token)
		if err != nil {
			return nil, err
		}
		return c.establish(r, body, keys, nil), nil
	}
	t, err := smbwire.ParseSPNEGO(token)
	if err != nil {
		return nil, err
	}
	if t.Init {
		switch {
		case !t.NTLM:
			return nil, StatusNotSupported
		case len(t.Mechanisms) > maxMechanisms:
			return nil, fmt.Errorf("%w: list of mechanisms of %d bytes; accepted are %d", smbwire.ErrMalformed, len(t.Mechanisms), maxMechanisms)
		}
		s.mechanisms = append([]byte(nil), t.Mechanisms...)
		s.exchange = nil
		if !t.NTLMFirst || len(t.Token) == 0 {
			return c.more(r, smbwire.SPNEGOReply(smbwire.SPNEGORequestMIC, true, nil, nil)), nil
		}
	}
	if kind, _ := ntlm.TypeOf(t.Token); kind == ntlm.Negotiate {
		challenge, err := c.challenge(s, t.Token)
		return c.more(r, smbwire.SPNEGOReply(smbwire.SPNEGOIncomplete, true, challenge, nil)), err
	}
	keys, err := c.logOn(s, t.Token)
	if err != nil {
		return nil, err
	}
	var mic []byte
	if keys != nil && keys.HasMIC() && len(t.MIC) > 0 {
		if !keys.CheckMIC(s.mechanisms, t.MIC) {
			return nil, StatusLogonFailure
		}
		mic = keys.MIC(s.mechanisms)
	}
	return c.establish(r, body, keys, smbwire.SPNEGOReply(smbwire.SPNEGOCompleted, false, nil, mic)), nil
}

// challenge answers the first message of NTLMSSP.
func (c *conn) challenge(s *session, negotiate []byte) (challenge []byte, err error) {
	var nonce [8]byte
	_, _ = rand.Read(nonce[:])
	s.exchange, challenge, err = ntlm.NewExchange(negotiate, nonce, c.server.settings.Name, time.Now())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", smbwire.ErrMalformed, err)
	}
	return challenge, nil
}

// maxMechanisms bounds the list of mechanisms that a session keeps, in bytes.
const maxMechanisms = 1024

// more asks for the next leg.
func (c *conn) more(r *request, token []byte) []byte {
	r.status = statusMoreProcessing
	return smbwire.AppendSessionSetupReply2(nil, 0, token)
}

// logOn decides on a log-on by the last message of NTLMSSP. The keys are nil for a guest
// and for an anonymous client.
func (c *conn) logOn(s *session, authenticate []byte) (*ntlm.Keys, error) {
	if s.exchange == nil {
		return nil, statusInvalidParameter
	}
	a, err := s.exchange.Answer(authenticate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", smbwire.ErrMalformed, err)
	}
	s.exchange = nil
	settings := &c.server.settings
	hash, known := c.server.accounts[fold(a.User)]
	var keys *ntlm.Keys
	guest := false
	switch {
	case a.Anonymous:
	case known:
		k, ok := a.Verify(hash, settings.NTLMv1)
		if !ok {
			return nil, StatusLogonFailure
		}
		keys = &k
	case settings.Guest || settings.Accounts == nil:
		guest = true
	default:
		return nil, StatusLogonFailure
	}
	if settings.LogOn != nil {
		if err := settings.LogOn(c.server.ctx, a.User); err != nil {
			return nil, decided(err, StatusLogonFailure)
		}
	}
	s.user, s.anonymous, s.guest = a.User, a.Anonymous, guest
	return keys, nil
}

// establish makes a session valid after its log-on, and returns the answer with the
// token. A session that was valid before keeps its key.
func (c *conn) establish(r *request, body smbwire.SessionSetup2, keys *ntlm.Keys, token []byte) []byte {
	s := r.session
	signing := c.server.settings.Signing
	if keys != nil && !s.valid {
		s.signer = smbcrypto.NewSigner(c.algorithm, c.signingKey(s, keys.Session))
		demanded := signing == SigningRequired ||
			(uint16(body.SecurityMode)|c.client.SecurityMode)&smbwire.SigningRequired != 0
		s.signing = demanded && signing != SigningOff
	}
	s.valid = true
	// The server signs the last answer of a log-on whether or not the request was
	// signed.
	r.signed = s.signer != nil && (signing != SigningOff || c.dialect == smbwire.Dialect311)

	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.sessions[s.id] = s
	if old := c.server.sessions[body.PreviousSession]; old != nil && old != s && fold(old.user) == fold(s.user) {
		old.deleted.Store(true)
		delete(c.server.sessions, old.id)
	}
	var flags smbwire.SessionFlags2
	switch {
	case s.anonymous:
		flags = smbwire.SessionAnonymous
	case s.guest:
		flags = smbwire.SessionGuest
	}
	return smbwire.AppendSessionSetupReply2(nil, flags, token)
}

// signingKey derives the signing key from the key of the session (MS-SMB2 3.3.5.5.3).
func (c *conn) signingKey(s *session, key [16]byte) [16]byte {
	switch c.dialect {
	case smbwire.Dialect30, smbwire.Dialect302:
		return smbcrypto.KDF(key, []byte("SMB2AESCMAC\x00"), []byte("SmbSign\x00"))
	case smbwire.Dialect311:
		return smbcrypto.KDF(key, []byte("SMBSigningKey\x00"), s.preauth[:])
	}
	return key
}
