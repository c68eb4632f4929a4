"""Groups that cannot be looked up: the answer is 503, whatever would be permitted without them, and never a permission."""
import pytest

from conftest import wait_until
from directory import BASE, SEARCHER, SEARCHER_PASSWORD
from fake_directory import ActiveDirectory
from test_api import make_region  # noqa: F401 (fixture)
from test_ldap import make_gateway, status  # noqa: F401 (fixture)

FRED = f"uid=fred,ou=people,{BASE}"
ENTRIES = {BASE: {"objectClass": ["domain"]},
           FRED: {"objectClass": ["inetOrgPerson"], "uid": ["fred"], "cn": ["Fred"]},
           f"cn=callers,ou=groups,{BASE}": {"objectClass": ["groupOfNames"], "cn": ["callers"], "member": [FRED]}}
# Directories that answer the question for a user, check his password, and fail when they are asked for his groups.
FAILURES = {"operationsError": 1, "protocolError": 2, "timeLimitExceeded": 3, "adminLimitExceeded": 11, "insufficientAccessRights": 50, "busy": 51,
            "unavailable": 52, "unwillingToPerform": 53, "other": 80, "it hangs up": None}
EVERYBODY = '<special-subject type="ALL_AUTHENTICATED_USERS"/><user name="fred"/>'
FRESH = '<ldapCache><searchResultsCache enabled="false"/><attributesCache enabled="false"/></ldapCache>'


class Directory(ActiveDirectory):
    code = 0

    def search(self, body):
        if self.code != 0 and b"member" in body.lower():
            if self.code is None:
                raise ConnectionAbortedError
            return [self.result(0x65, self.code, "not today")]
        return super().search(body)

    def serve(self, connection):
        try:
            super().serve(connection)
        except ConnectionAbortedError:
            connection.close()


@pytest.fixture
def directory():
    one = Directory(ENTRIES, {SEARCHER: SEARCHER_PASSWORD, FRED: "fred secret"}).start()
    yield one
    one.stop()


@pytest.mark.parametrize("roles", [EVERYBODY, '<group name="callers"/>'], ids=["everybody", "a group"])
def test_a_directory_that_does_not_tell_the_groups_lets_nobody_in(make_gateway, directory, roles):  # noqa: F811
    server = make_gateway(directory, "", FRESH, roles=roles, more='<authentication cacheEnabled="false"/>')
    assert status(server, "fred", "fred secret") == 200
    wrong = {}
    for name, code in FAILURES.items():
        directory.code = code
        told = status(server, "fred", "fred secret")
        if told != 503:
            wrong[name] = told
        directory.code = 0
        wait_until(lambda: status(server, "fred", "fred secret") == 200, f"the directory to be asked again after {name}")  # noqa: B023
    assert not wrong
