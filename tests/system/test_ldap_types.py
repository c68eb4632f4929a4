"""What each ldapType looks for when nothing else is said, in an OpenLDAP with the classes of that make."""
import pytest

from directory import BASE, entry, group
from test_ldap import PEOPLE, make_directory, make_gateway, status  # noqa: F401  # pylint: disable=unused-import
from test_api import make_region  # noqa: F401  # pylint: disable=unused-import

# As far as logins need them.
SCHEMA = """
objectclass ( 1.3.6.1.4.1.4203.666.98.1 NAME 'ePerson' SUP inetOrgPerson STRUCTURAL )
objectclass ( 1.3.6.1.4.1.4203.666.98.2 NAME 'dominoGroup' SUP top STRUCTURAL MUST ( cn $ member ) )
attributetype ( 1.3.6.1.4.1.4203.666.98.3 NAME 'nsRole' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.3.6.1.4.1.4203.666.98.4 NAME 'roled' SUP top AUXILIARY MAY ( nsRole ) )
"""
FRED, WILMA = f"cn=fred,{PEOPLE}", f"cn=wilma,{PEOPLE}"
CLASSES = ["top", "person", "organizationalPerson", "inetOrgPerson"]  # these makes tell all of them
ENTRIES = [
    entry(FRED, objectClass=[*CLASSES, "ePerson", "roled"], uid="fred", cn="fred", sn="f", userPassword="fred secret",
          nsRole=f"cn=roles,ou=groups,{BASE}"),
    entry(WILMA, objectClass=CLASSES, uid="wilma-id", cn="wilma", sn="w", userPassword="wilma secret"),
    group("names", FRED),
    entry(f"cn=unique,ou=groups,{BASE}", objectClass="groupOfUniqueNames", cn="unique", uniqueMember=FRED),
    entry(f"cn=domino,ou=groups,{BASE}", objectClass="dominoGroup", cn="domino", member=FRED),
]
GROUPS = ("names", "unique", "domino", "roles")

# (the name by which wilma, who is no ePerson, logs in, or None; the groups that fred has)
TYPES = {
    "Custom": (None, {"names", "unique"}),
    "IBM Tivoli Directory Server": (None, {"names", "unique"}),
    "IBM SecureWay Directory Server": (None, {"names", "unique"}),
    "IBM Lotus Domino": ("wilma-id", {"domino"}),
    "Novell eDirectory": ("wilma", {"names"}),
    "Netscape Directory Server": ("wilma-id", {"names", "unique"}),
    "Sun Java System Directory Server": ("wilma-id", {"roles"}),
}


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_finds_its_users_and_groups(make_directory, make_gateway, kind):  # noqa: F811
    name, groups = TYPES[kind]
    directory = make_directory(ENTRIES, more=SCHEMA)
    for role in GROUPS:
        server = make_gateway(directory, filters="", kind=kind, roles=f'<group name="{role}"/>')
        assert status(server, "fred", "fred secret") == (200 if role in groups else 403), role
        assert status(server, "fred", "wrong") == 401
        if role == GROUPS[0]:
            for each in ("wilma", "wilma-id"):
                assert status(server, each, "wilma secret") == (403 if each == name else 401), each
        server.stop()
