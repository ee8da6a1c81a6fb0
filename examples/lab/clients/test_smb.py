"""impacket's client meets the sixth session of a machine that runs XP Home."""
import pytest
from impacket.nt_errors import STATUS_REQUEST_NOT_ACCEPTED
from impacket.smbconnection import SessionError, SMBConnection


def log_on(address):
    connection = SMBConnection("box", address[0], sess_port=int(address[1]))
    connection.login("alice", "secret")
    return connection


def test_the_session_over_the_limit_is_refused(lab, machine):
    (address,) = machine("XP Home SP2", {"kind": "smb", "accounts": {"alice": "secret"}})
    smb = "/api/hosts/box/services/smb"
    assert lab.call("PATCH", smb, {"hold": 4})["held"] == 4
    fifth = log_on(address)
    with pytest.raises(SessionError) as refusal:
        log_on(address)
    assert refusal.value.getErrorCode() == STATUS_REQUEST_NOT_ACCEPTED
    lab.call("GET", smb + "?held=5&refused=1")
    fifth.logoff()
    lab.call("GET", smb + "?held=4")
    log_on(address).logoff()
