"""LTPA cookies of users of a directory: what the cookie says of whom, the directory says what he may."""
import shutil

import pytest

from conftest import wait_until
from directory import BASE
from test_ldap import FRED, ask, make_directory, make_gateway, make_region  # pylint: disable=unused-import
from test_ltpa import cookie_of

KEYS = '<ltpa keysPassword="shared secret"/>'
OPTIONS = {"attributes": 'ignoreCase="true"', "children": '<ldapCache><attributesCache enabled="false"/>'
                                                          '<searchResultsCache enabled="false"/></ldapCache>'}


@pytest.fixture
def pair(make_directory, make_gateway):  # pylint: disable=redefined-outer-name
    """A directory, and two gateways with it and the same keys."""
    directory = make_directory()
    servers = []
    for _ in range(2):
        server = make_gateway(directory, more=KEYS, start=False, **OPTIONS)
        keys = server.directory / "resources" / "security" / "ltpa.keys"
        if servers:
            shutil.copy(servers[0].directory / "resources" / "security" / "ltpa.keys", keys)
        else:
            made = server.command("key", "--ltpa")
            assert made.returncode == 0, made.stdout + made.stderr
        servers.append(server.start())
    return directory, servers


def with_cookie(server, cookie):
    return server.call("POST", "/echo/it", [cookie, ("Content-Type", "application/json")], b'{"Area": {"Text": "x"}}')


def test_a_user_of_the_directory_goes_from_server_to_server(pair):
    directory, (first, second) = pair
    response = ask(first, "fred", "fred secret")
    assert response.status == 200, first.log()
    cookie = cookie_of(response)
    assert cookie and cookie[1].startswith("LtpaToken2=")
    for server in (first, second):
        for _ in range(4):
            assert with_cookie(server, cookie).status == 200, server.log()
    # Neither is given to who has a wrong password, nor to whom nobody knows.
    for name, password in (("fred", "wrong"), ("stranger", "x")):
        refused = ask(first, name, password)
        assert refused.status == 401 and cookie_of(refused) is None
    assert directory.log().count(f'BIND dn="{FRED}"') >= 1


def test_a_cookie_gives_no_more_than_the_directory_does_today(pair):
    directory, (first, second) = pair
    cookie = cookie_of(ask(first, "fred", "fred secret"))
    assert with_cookie(second, cookie).status == 200
    directory.change(f"dn: cn=callers,ou=groups,{BASE}\nchangetype: modify\ndelete: member\nmember: {FRED}\n")
    wait_until(lambda: with_cookie(second, cookie).status == 403, "the group to be lost", 30)
    directory.change(f"dn: {FRED}\nchangetype: delete\n")
    wait_until(lambda: with_cookie(second, cookie).status == 401, "the user to be lost", 30)


def test_a_cookie_is_no_way_around_a_directory_that_is_away(pair):
    directory, (first, second) = pair
    cookie = cookie_of(ask(first, "fred", "fred secret"))
    directory.stop()
    assert with_cookie(second, cookie).status == 503
    directory.start()
    wait_until(lambda: with_cookie(second, cookie).status == 200, "the directory to be asked again", 30)
