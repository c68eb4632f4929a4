"""Groups of a directory by each setting that says how they are found, and whom the registries say they know."""
import json
import subprocess
import base64

import pytest

from conftest import SALLYPORT, need, wait_until
from directory import BASE, SEARCHER, Directory, group, person
from test_api import make_region  # pylint: disable=unused-import
from test_ldap import ENTRIES, FRED, PEOPLE, make_directory, make_gateway, status  # pylint: disable=unused-import

MEMBER = '<groupProperties><memberAttribute name="member" objectClass="groupOfNames" scope="{}"/></groupProperties>'
MEMBERSHIP = '<groupProperties><membershipAttribute name="memberOf" scope="{}"/></groupProperties>'
INNER, OUTER = '<group name="inner"/>', '<group name="outer"/>'


@pytest.mark.parametrize("properties, recursive, role, expected", [
    # The attribute holds direct members: others are found when groups are followed.
    (MEMBER.format("direct"), "false", INNER, 200),
    (MEMBER.format("direct"), "false", OUTER, 403),
    (MEMBER.format("direct"), "true", OUTER, 200),
    # It is said to hold them all: nothing is followed, and this directory's holds direct ones.
    (MEMBER.format("nested"), "true", INNER, 200),
    (MEMBER.format("nested"), "true", OUTER, 403),
    (MEMBER.format("all"), "true", INNER, 200),
    (MEMBER.format("all"), "true", OUTER, 403),
    # The same by an attribute of the user.
    (MEMBERSHIP.format("direct"), "false", INNER, 200),
    (MEMBERSHIP.format("direct"), "false", OUTER, 403),
    (MEMBERSHIP.format("direct"), "true", OUTER, 200),
    (MEMBERSHIP.format("nested"), "true", INNER, 200),
    (MEMBERSHIP.format("nested"), "true", OUTER, 403),
    (MEMBERSHIP.format("all"), "true", OUTER, 403),
])
def test_each_scope_of_members_and_memberships(make_directory, make_gateway, properties, recursive, role, expected):
    directory = make_directory([], start=False)
    directory.start()
    # Added to a running directory, which then keeps memberOf.
    wilma = f"uid=wilma,{PEOPLE}"
    entries = [person(wilma, "wilma", "wilma secret"), group("inner", wilma), group("outer", f"cn=inner,ou=groups,{BASE}")]
    directory.change("\n".join(text.replace("\n", "\nchangetype: add\n", 1) for text in entries))
    server = make_gateway(directory, f'recursiveSearch="{recursive}"', properties, roles=role)
    assert status(server, "wilma", "wilma secret") == expected


def test_a_member_that_stands_for_none_is_asked_for_no_groups(make_directory, make_gateway):
    nobody = f"uid=nobody,{PEOPLE}"
    properties = f'<groupProperties><memberAttribute name="member" objectClass="groupOfNames" dummyMember="UID=Nobody, {PEOPLE}"/></groupProperties>'
    server = make_gateway(make_directory([*ENTRIES, group("empty", nobody)]), children=properties, roles='<group name="empty"/>')
    assert status(server, "nobody", "nobody secret") == 403
    assert status(server, "fred", "fred secret") == 403


def test_a_property_is_found_under_the_name_that_the_directory_has_for_it(make_directory, make_gateway):
    children = ('<loginProperty name="email"/><attributeConfiguration>'
                '<attribute name="cn" propertyName="email" entityType="Group"/>'
                '<attribute name="mail" propertyName="email" entityType="PersonAccount"/></attributeConfiguration>')
    server = make_gateway(make_directory(), children=children)
    assert status(server, "fred@example.org", "fred secret") == 200
    assert status(server, "fred", "fred secret") == 200
    assert status(server, "somebody", "fred secret") == 401  # a cn


@pytest.mark.parametrize("pool, each", [('initialSize="3"', 3), ("", 1), ('initialSize="9" maxSize="2"', 2), ('enabled="false" initialSize="9"', 0)])
def test_connections_are_opened_when_the_server_starts(make_directory, make_gateway, pool, each):
    directory = make_directory()
    server = make_gateway(directory, children=f"<contextPool {pool}/>")
    workers = len(server.process.workers())
    binds = f'BIND dn="{SEARCHER}" method=128'
    if each:
        wait_until(lambda: directory.log().count(binds) == each * workers, f"{each} connections of each of {workers} workers")
    assert directory.log().count(binds) == each * workers
    assert status(server, "fred", "fred secret") == 200


def test_a_directory_that_is_away_at_the_start_stops_no_server(make_directory, make_gateway):
    directory = make_directory(start=False)
    server = make_gateway(directory, children='<contextPool initialSize="5"/>')
    assert status(server, "fred", "fred secret") == 503
    directory.start()
    wait_until(lambda: status(server, "fred", "fred secret") == 200, "the directory to be asked again", 10)


def identity(server, name, password):
    credentials = base64.b64encode(f"{name}:{password}".encode()).decode()
    done = subprocess.run([need(SALLYPORT), "explain", "auth", "POST", "/echo/it", "-H", f"Authorization: Basic {credentials}", "--json",
                           "--server", f"{server.directory}/"], capture_output=True, text=True, timeout=60, check=False)
    return json.loads(done.stdout)["identity"]


def test_the_registry_that_answered_is_told_in_a_federation_too(make_directory, make_gateway, tmp_path):
    other = Directory(tmp_path / "other", [person(f"uid=ann,{PEOPLE}", "ann", "ann secret"), group("callers", f"uid=ann,{PEOPLE}")]).start()
    try:
        second = ('<ldapRegistry id="second" realm="Second" host="127.0.0.1" port="%d" baseDN="%s" ldapType="Custom" bindDN="%s" '
                  'bindPassword="searcher secret"><customFilters userFilter="(&amp;(uid=%%v)(objectclass=inetOrgPerson))" '
                  'groupMemberIdMap="groupOfNames:member"/></ldapRegistry>' % (other.port, BASE, SEARCHER))
        more = second + ('<basicRegistry id="local" realm="Basic"><user name="bob" password="bob secret"/></basicRegistry>'
                         '<federatedRepository><primaryRealm name="Whole"/></federatedRepository>')
        server = make_gateway(make_directory(), more=more)
        fred, ann, bob = identity(server, "fred", "fred secret"), identity(server, "ann", "ann secret"), identity(server, "bob", "bob secret")
        assert [each["registry"] for each in (fred, ann, bob)] == ["ldap", "second", "basic"]
        assert {each["realm"] for each in (fred, ann, bob)} == {"Whole"}
        assert fred["uniqueId"] == FRED and fred["groups"] == ["callers"] and fred["strength"] == "password"
        assert bob["uniqueId"] == "bob" and (fred["originalName"], fred["userId"]) == ("fred", "FRED")
    finally:
        other.stop()
