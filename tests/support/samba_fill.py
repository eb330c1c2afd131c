"""Carries out LDIF on a domain's own database. A program for Debian's python3, which alone has Samba's modules.

`samba_fill.py SMB.CONF SAM.LDB`, the LDIF on standard input. Records without a changetype are added. The made-up
attribute `primaryGroupDN` in a change record gives the account that group as its primary group. All of it is one
transaction: a domain may be running on the database meanwhile.
"""
# mypy: ignore-errors
# Samba's modules ship no types and are not there for the tests' own Python.

import sys

import ldb
from samba.auth import system_session
from samba.dsdb import DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID
from samba.param import LoadParm
from samba.samdb import SamDB


def main(config: str, url: str) -> None:
    """Applies every record, in the order given."""
    settings = LoadParm()
    settings.load(config)
    database = SamDB(url=url, lp=settings, session_info=system_session(settings))
    database.transaction_start()
    for change, message in database.parse_ldif(sys.stdin.read().rstrip("\n") + "\n"):
        group = message.get("primaryGroupDN")
        if group:
            set_primary_group(database, message.dn, group[0].decode())
        elif change == ldb.CHANGETYPE_MODIFY:
            # Lets `pwdLastSet` be any time, which otherwise may only be set to 0 or to now.
            controls = [f"local_oid:{DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID}:0"] if "pwdLastSet" in message else []
            database.modify(message, controls)
        else:
            database.add(message)
    database.transaction_commit()


def set_primary_group(database: SamDB, account: ldb.Dn, group: str) -> None:
    """By the last part of the group's SID, which the domain gave it. The account must be a member before."""
    (found,) = database.search(group, ldb.SCOPE_BASE, attrs=["primaryGroupToken"])
    message = ldb.Message(account)
    number = found["primaryGroupToken"][0]
    message["primaryGroupID"] = ldb.MessageElement(number, ldb.FLAG_MOD_REPLACE, "primaryGroupID")
    database.modify(message)


main(*sys.argv[1:])
