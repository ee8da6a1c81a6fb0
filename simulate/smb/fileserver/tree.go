package fileserver

import (
	"strings"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// tree is a tree connect: the connection of a session to a share.
type tree struct {
	id      uint32
	session *session
	share   *share
}

// treeConnect answers a TREE_CONNECT (MS-SMB2 3.3.5.7).
func (c *conn) treeConnect(r *request) ([]byte, error) {
	s, settings := r.session, &c.server.settings
	if c.dialect == smbwire.Dialect311 && s.signer != nil && !r.signed && settings.Signing != SigningOff {
		return nil, errHangUp
	}
	path, err := smbwire.TreePath2(r.msg)
	if err != nil {
		return nil, err
	}
	_, name, ok := strings.Cut(strings.TrimPrefix(path, `\\`), `\`)
	if !ok || !strings.HasPrefix(path, `\\`) {
		return nil, statusInvalidParameter
	}
	share := c.server.shares[fold(name)]
	switch {
	case share == nil:
		return nil, StatusBadNetworkName
	case s.anonymous && share.files != nil && settings.Accounts != nil && !settings.Guest:
		return nil, StatusAccessDenied
	case c.trees >= maxTrees:
		return nil, StatusInsufficientResources
	}
	if settings.TreeConnect != nil {
		if err := settings.TreeConnect(c.server.ctx, s.user, share.name); err != nil {
			return nil, decided(err, StatusAccessDenied)
		}
	}
	c.lastTree++
	t := &tree{id: c.lastTree, session: s, share: share}
	s.trees[t.id] = t
	c.trees++
	r.TreeID = t.id
	access := smbwire.AccessReadOnly
	if share.files != nil && !share.files.info().ReadOnly {
		access = smbwire.AccessAll
	}
	return smbwire.AppendTreeConnectReply2(nil, share.files == nil, access), nil
}

// disconnect ends a tree connect and closes its files.
func (c *conn) disconnect(t *tree) {
	for id, f := range c.files {
		if f.tree == t {
			c.closeFile(id, f)
		}
	}
	delete(t.session.trees, t.id)
	c.trees--
}
