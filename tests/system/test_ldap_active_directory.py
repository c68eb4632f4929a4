"""What Active Directory does otherwise than others: its names, memberships that come in ranges, its reasons. Against fake_directory.py, which
answers as the documents say; nobody here has spoken to Active Directory itself."""
import pytest

from directory import SEARCHER, SEARCHER_PASSWORD
from fake_directory import ActiveDirectory
from test_api import make_region  # pylint: disable=unused-import
from test_ldap import make_gateway, status  # pylint: disable=unused-import

BASE = "dc=example,dc=org"
USERS = f"CN=Users,{BASE}"
FRED = f"CN=Fred Flint,{USERS}"
OPTIONS = {"filters": "", "kind": "Microsoft Active Directory"}


def group_dn(name):
    return f"CN={name},{USERS}"


def group(*groups):
    return {"objectClass": ["top", "group"], "objectCategory": ["group"], "memberOf": [group_dn(each) for each in groups]}


@pytest.fixture
def make_domain():
    made = []

    def make(groups, more=None, **options):
        entries = {BASE: {"objectClass": ["domainDNS"]},
                   FRED: {"objectClass": ["top", "person", "organizationalPerson", "user"], "objectCategory": ["user"],
                          "sAMAccountName": ["fflint"], "userPrincipalName": ["fred@example.org"], "cn": ["Fred Flint"],
                          "memberOf": [group_dn(name) for name in groups]}}
        for name, attributes in (more or {}).items():
            entries[group_dn(name)] = dict(attributes, cn=[name])
        one = ActiveDirectory(entries, {SEARCHER: SEARCHER_PASSWORD, FRED: "fred secret"}, **options).start()
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()


def role(name):
    return f'<group name="{name}"/>'


def test_a_user_logs_in_by_his_account_name_and_memberships_are_groups(make_domain, make_gateway):
    domain = make_domain(["APIUsers"])
    server = make_gateway(domain, roles=role("APIUsers"), **OPTIONS)
    assert status(server, "fflint", "fred secret") == 200
    assert status(server, "FFLINT", "fred secret") == 200
    assert status(server, "fflint", "wrong") == 401
    assert "data 52e" in server.log()  # its own words for a wrong password
    assert status(server, "Fred Flint", "fred secret") == 401
    assert status(server, "fflint", "") == 401


@pytest.mark.parametrize("count, page", [(3500, 1500), (3000, 1500), (1500, 1500), (1501, 1500), (20, 7), (64, 1)])
def test_memberships_that_come_in_ranges_count_to_the_last(make_domain, make_gateway, count, page):
    domain = make_domain([f"group{n}" for n in range(count - 1)] + ["Last"], page=page)
    if count > 2000:  # more than a user may be in
        assert status(make_gateway(domain, roles=role("Last"), **OPTIONS), "fflint", "fred secret") == 503
        return
    server = make_gateway(domain, roles=role("Last"), **OPTIONS)
    assert status(server, "fflint", "fred secret") == 200
    asked = [names for base, names in domain.asked if base == FRED and any(";range=" in name for name in names)]
    assert len(asked) >= (count - 1) // page
    assert status(make_gateway(domain, roles=role("group0"), **OPTIONS), "fflint", "fred secret") == 200


def test_ranges_without_an_end_are_503(make_domain, make_gateway):
    domain = make_domain([f"group{n}" for n in range(200)], page=1)
    server = make_gateway(domain, roles=role("group0"), **OPTIONS)
    assert status(server, "fflint", "fred secret") == 503


def test_groups_of_groups_are_found_by_following_memberships(make_domain, make_gateway):
    domain = make_domain(["Inner"], {"Inner": group("Middle"), "Middle": group("Outer", "Inner"), "Outer": group()})
    direct, recursive = (make_gateway(domain, f'recursiveSearch="{yes}"', roles=role("Outer"), **OPTIONS) for yes in ("false", "true"))
    assert status(direct, "fflint", "fred secret") == 403
    assert status(recursive, "fflint", "fred secret") == 200


def test_another_name_may_be_used_to_log_in(make_domain, make_gateway):
    server = make_gateway(make_domain(["APIUsers"]), children='<loginProperty name="userPrincipalName"/>', roles=role("APIUsers"), **OPTIONS)
    assert status(server, "fred@example.org", "fred secret") == 200
    assert status(server, "fflint", "fred secret") == 200


def test_a_matching_rule_of_its_own_may_stand_in_the_filter(make_domain, make_gateway):
    chain = ('<activedFilters userFilter="(&amp;(sAMAccountName=%v)(objectcategory=user)'
             f'(memberOf:1.2.840.113556.1.4.1941:={group_dn("APIUsers")}))"/>')
    server = make_gateway(make_domain(["APIUsers"]), roles=role("APIUsers"), kind=OPTIONS["kind"], filters=chain, start=False)
    done = server.command("check")
    assert done.returncode == 0 and " error " not in done.stdout, done.stdout


@pytest.mark.parametrize("data, meaning", [("532", "password expired"), ("533", "account disabled"), ("775", "account locked")])
def test_whoever_may_not_log_in_is_401_and_the_log_has_the_reason(make_domain, make_gateway, data, meaning):
    domain = make_domain(["APIUsers"], refusal=f"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {data}, v4563")
    server = make_gateway(domain, roles=role("APIUsers"), **OPTIONS)
    assert status(server, "fflint", "old secret") == 401, meaning
    assert f"data {data}" in server.log() and "old secret" not in server.log()
