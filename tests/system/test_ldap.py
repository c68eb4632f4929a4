"""Users and groups of a real OpenLDAP: logins, groups, TLS, failing and slow servers, referrals, certificates."""
import base64
import concurrent.futures
import json
import time

import pytest

import archives
import saml
from conftest import wait_until
from directory import BASE, SEARCHER, SEARCHER_PASSWORD, Directory, entry, group, line, person
from test_api import JSON, make_region  # pylint: disable=unused-import

PEOPLE = f"ou=people,{BASE}"
FRED = f"uid=fred,{PEOPLE}"
WEIRD = "we*ird (x)\\,y"
WEIRD_DN = f"cn=M\\c3\\bcller\\, S\\+\\\"o\\\"n \\#1,{PEOPLE}"

ENTRIES = [
    person(FRED, "fred", "fred secret", mail="Fred@Example.org"),
    person(f"uid=wilma,{PEOPLE}", "wilma", "wilma secret"),
    person(f"uid=nobody,{PEOPLE}", "nobody", "nobody secret"),
    person(WEIRD_DN, WEIRD, "pa:ss \u00fc*)(", cn="M\u00fcller, S+\"o\"n #1"),
    person(f"cn=twin1,{PEOPLE}", "twin", "twin secret", cn="twin1"),
    person(f"cn=twin2,{PEOPLE}", "twin", "twin secret", cn="twin2"),
    group("callers", FRED, WEIRD_DN),
    group("inner", f"uid=wilma,{PEOPLE}"),
    group("outer", f"cn=inner,ou=groups,{BASE}", f"cn=loop,ou=groups,{BASE}"),
    group("loop", f"cn=outer,ou=groups,{BASE}", f"cn=nested,ou=groups,{BASE}"),
    group("nested", f"cn=outer,ou=groups,{BASE}"),
]

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>ldapRegistry-3.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<zosconnect_zosConnectManager requireAuth="true" requireSecure="false"/>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">{roles}</security-role></authorization-roles>
<zosconnect_cicsIpicConnection id="cicsConn" host="127.0.0.1" port="{region}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET"/>
<ldapRegistry id="ldap" realm="TestRealm" host="127.0.0.1" port="{port}" baseDN="dc=example,dc=org" ldapType="{kind}"
  bindDN="{bind}" bindPassword="{bind_password}" connectTimeout="2s" readTimeout="2s" {attributes}>
  {filters}
  {children}
</ldapRegistry>
{more}
"""

OPENLDAP = '<customFilters userFilter="(&amp;(uid=%v)(objectclass=inetOrgPerson))" groupMemberIdMap="groupOfNames:member"/>'
GROUPS = '<group name="callers"/><group name="nested"/>'


@pytest.fixture
def make_directory(tmp_path):
    made = []

    def make(entries=tuple(ENTRIES), start=True, **options):
        directory = Directory(tmp_path / f"slapd{len(made)}", entries, **options)
        made.append(directory)
        return directory.start() if start else directory

    yield make
    for directory in made:
        directory.stop()


@pytest.fixture
def make_gateway(make_server, make_region):
    def make(directory, attributes="", children="", roles=GROUPS, filters=OPENLDAP, more="", kind="Custom", port=None,
             bind=SEARCHER, bind_password=SEARCHER_PASSWORD, start=True):
        xml = XML.format(roles=roles, region=make_region().port, port=port or directory.port, attributes=attributes,
                         children=children, filters=filters, more=more, kind=kind, bind=bind, bind_password=bind_password)
        server = make_server(xml, start=False)
        connect = server.directory / "resources" / "zosconnect"
        services, apis = connect / "services", connect / "apis"
        services.mkdir(parents=True)
        apis.mkdir()
        fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
        archives.service(services / "echo.sar", "echo", "ECHOPGM", 89, fields)
        archives.api(apis / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
        return server.start() if start else server

    return make


def ask(server, name, password, **options):
    credentials = ("Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())
    return server.call("POST", "/echo/it", [credentials, JSON], json.dumps({"Area": {"Text": "x"}}).encode(), **options)


def status(server, name, password):
    return ask(server, name, password).status


def lets_in(server, name, password):
    """Known, with the role; it is the region that runs nothing under a name that is no user id."""
    refused = server.log().count("the identity was not accepted")
    return status(server, name, password) == 403 and server.log().count("the identity was not accepted") == refused + 1


def test_a_user_of_the_directory_logs_in_and_his_groups_count(make_directory, make_gateway):
    server = make_gateway(make_directory())
    assert status(server, "fred", "fred secret") == 200
    assert status(server, "FRED", "fred secret") == 200
    assert status(server, "fred", "wrong") == 401
    assert status(server, "fred", "") == 401
    assert status(server, "unknown", "fred secret") == 401
    assert status(server, "nobody", "nobody secret") == 403
    assert status(server, "wilma", "wilma secret") == 403  # in a group of a group only
    assert status(server, "twin", "twin secret") == 401
    assert "more than one user" in server.log()
    assert status(server, "fred", "fred secret") == 200


def test_groups_of_an_assertion_may_have_to_be_of_the_directory(make_directory, make_gateway, tmp_path):
    signer = saml.Signer(tmp_path, "idp")
    more = f'''<samlWebSso20 id="saml" inboundPropagation="required" groupIdentifier="groups" mapToUserRegistry="Group">
      <pkixTrustEngine><x509Certificate path="{signer.certificate_file}"/></pkixTrustEngine></samlWebSso20>'''
    directory = make_directory()
    server = make_gateway(directory, roles='<group name="callers"/><group name="outside"/>', more=more)

    def lets_in_with(*groups):
        token = saml.token(saml.sign(saml.assertion(groups=groups), signer))
        answer = server.call("POST", "/echo/it", [("Saml", token), JSON], json.dumps({"Area": {"Text": "x"}}).encode())
        assert answer.status in (200, 403)
        return b"AuthorizationFailed" not in answer.body

    assert lets_in_with("outside", "callers")
    assert not lets_in_with("outside") and not lets_in_with("*") and not lets_in_with("call*") and not lets_in_with("fred")
    assert "(cn=\\2A" in directory.log() or "(cn=\\2a" in directory.log()
    directory.stop()
    token = saml.token(saml.sign(saml.assertion(groups=["inner"]), signer))
    assert server.call("POST", "/echo/it", [("Saml", token), JSON], b"{}").status == 503


def test_names_with_a_meaning_in_filters_and_names_are_only_names(make_directory, make_gateway):
    directory = make_directory()
    server = make_gateway(directory)
    assert lets_in(server, WEIRD, "pa:ss \u00fc*)(")
    for name in ("*", "fr*", "fred)(uid=*", "*)(uid=*))(|(uid=*", "fred\\2a", "fred)(objectclass=*)", "\\66red", FRED, "uid=fred"):
        assert status(server, name, "fred secret") == 401, name
    # What was asked of the directory holds every such name escaped.
    assert "(uid=\\2A" in directory.log() and "(uid=*)" not in directory.log()


def test_groups_of_groups_count_when_the_search_is_recursive(make_directory, make_gateway):
    server = make_gateway(make_directory(), attributes='recursiveSearch="true"')
    assert status(server, "wilma", "wilma secret") == 200
    assert status(server, "fred", "fred secret") == 200
    assert status(server, "nobody", "nobody secret") == 403


def test_case_counts_when_it_is_not_to_be_ignored(make_directory, make_gateway):
    server = make_gateway(make_directory(), attributes='ignoreCase="false"')
    assert status(server, "fred", "fred secret") == 200
    assert status(server, "Fred", "fred secret") == 401


def test_a_login_property_finds_users_as_well(make_directory, make_gateway):
    server = make_gateway(make_directory(), children='<loginProperty name="mail"/>', roles='<user name="fred"/>')
    assert status(server, "fred@example.org", "fred secret") == 200
    assert status(server, "fred", "fred secret") == 200
    assert status(server, "fred@example.com", "fred secret") == 401


def test_entity_types_and_group_properties_take_the_place_of_filters(make_directory, make_gateway):
    children = (f'<ldapEntityType name="PersonAccount" searchFilter="(!(uid=nobody))"><objectClass>inetOrgPerson</objectClass>'
                f'<searchBase>{PEOPLE}</searchBase></ldapEntityType>'
                f'<ldapEntityType name="Group"><objectClass>groupOfNames</objectClass><searchBase>ou=groups,{BASE}</searchBase></ldapEntityType>'
                '<groupProperties><memberAttribute name="member" objectClass="groupOfNames" scope="direct"/></groupProperties>')
    server = make_gateway(make_directory(), filters="", children=children, roles=GROUPS + '<user name="nobody"/>')
    assert status(server, "fred", "fred secret") == 200
    assert status(server, "nobody", "nobody secret") == 401
    assert status(server, "wilma", "wilma secret") == 403


def test_active_directory_names_users_and_memberships_its_own_way(make_directory, make_gateway):
    users = f"cn=users,{BASE}"
    entries = [entry(users, objectClass="device", cn="users")]
    entries += [entry(f"cn=Fred Flint,{users}", objectClass="user", sAMAccountName="fflint", objectCategory="user", cn="Fred Flint",
                      sn="Flint", userPassword="fred secret")]
    directory = make_directory(entries, start=False, active_directory=True)
    directory.start()
    directory.change(f"dn: cn=APIUsers,ou=groups,{BASE}\nchangetype: add\nobjectClass: groupOfNames\nobjectClass: adGroup\n"
                     f"objectCategory: group\ncn: APIUsers\nmember: cn=Fred Flint,{users}\n\n"
                     f"dn: cn=Everyone,ou=groups,{BASE}\nchangetype: add\nobjectClass: groupOfNames\nobjectClass: adGroup\n"
                     f"objectCategory: group\ncn: Everyone\nmember: cn=APIUsers,ou=groups,{BASE}\n")
    options = {"filters": "", "kind": "Microsoft Active Directory"}
    server = make_gateway(directory, roles='<group name="APIUsers"/>', **options)
    assert status(server, "fflint", "fred secret") == 200
    assert status(server, "fflint", "wrong") == 401
    assert status(make_gateway(directory, roles='<group name="Everyone"/>', **options), "fflint", "fred secret") == 403
    recursive = make_gateway(directory, roles='<group name="Everyone"/>', attributes='recursiveSearch="true"', **options)
    assert status(recursive, "fflint", "fred secret") == 200


TRUST = """<ssl id="toDirectory" keyStoreRef="defaultKeyStore" trustStoreRef="directoryTrust"/>
<keyStore id="directoryTrust" location="{place}" type="PEM" password="none"/>
<keyStore id="defaultKeyStore" password="key store password"/>"""


@pytest.mark.parametrize("protection", ["ldaps", "starttls"])
def test_tls_checks_the_certificate_and_the_host(make_directory, make_gateway, authority, protection):
    certificate, key = authority.issue("slapd", alt="IP:127.0.0.1")
    directory = make_directory(certificate=certificate, key=key, authority=authority)
    port = directory.tls_port if protection == "ldaps" else directory.port
    attributes = ('sslEnabled="true"' if protection == "ldaps" else 'sallyport_startTls="true"') + ' sslRef="toDirectory"'
    trust = TRUST.format(place=authority.certificate)
    server = make_gateway(directory, attributes, port=port, more=trust)
    assert status(server, "fred", "fred secret") == 200
    assert status(server, "fred", "wrong") == 401
    assert "TLS established" in directory.log()


@pytest.mark.parametrize("protection", ["ldaps", "starttls"])
def test_a_certificate_of_another_host_is_refused(make_directory, make_gateway, authority, protection):
    certificate, key = authority.issue("elsewhere", alt="DNS:elsewhere.example.org")
    directory = make_directory(certificate=certificate, key=key, authority=authority)
    port = directory.tls_port if protection == "ldaps" else directory.port
    attributes = ('sslEnabled="true"' if protection == "ldaps" else 'sallyport_startTls="true"') + ' sslRef="toDirectory"'
    server = make_gateway(directory, attributes, port=port, more=TRUST.format(place=authority.certificate))
    assert status(server, "fred", "fred secret") == 503
    assert "certificate is refused" in server.log()
    assert " BIND " not in directory.log()


def test_a_directory_without_tls_is_not_spoken_to_in_the_clear(make_directory, make_gateway, authority):
    directory = make_directory()
    server = make_gateway(directory, 'sallyport_startTls="true" sslRef="toDirectory"', more=TRUST.format(place=authority.certificate))
    assert status(server, "fred", "fred secret") == 503
    assert " BIND " not in directory.log() and "SRCH" not in directory.log()


def test_a_directory_that_dies_is_503_and_comes_back(make_directory, make_gateway):
    directory = make_directory()
    server = make_gateway(directory, children='<ldapCache><searchResultsCache enabled="false"/></ldapCache>')
    assert status(server, "fred", "fred secret") == 200
    directory.stop(9)
    assert status(server, "wilma", "wilma secret") == 503
    assert status(server, "nobody", "wrong") == 503
    assert "cannot be reached" in server.log() and f"127.0.0.1:{directory.port}" in server.log()
    directory.start()
    wait_until(lambda: status(server, "fred", "fred secret") == 200, "the directory to be asked again", 5)


def test_a_directory_that_says_nothing_is_503_within_its_time(make_directory, make_gateway):
    directory = make_directory()
    server = make_gateway(directory, more='<authentication cacheEnabled="false"/>')
    assert status(server, "fred", "fred secret") == 200
    directory.pause()
    begun = time.monotonic()
    assert status(server, "wilma", "wilma secret") == 503
    assert time.monotonic() - begun > 1
    for _ in range(20):  # each worker finds out for itself
        begun = time.monotonic()
        assert status(server, "nobody", "nobody secret") == 503
        last = time.monotonic() - begun
        if last < 2:  # the readTimeout
            break
    assert last < 2, "everybody waits for it again"
    directory.go_on()
    wait_until(lambda: status(server, "fred", "fred secret") == 200, "the directory to be asked again", 15)


def test_a_server_stops_although_a_directory_says_nothing(make_directory, make_gateway):
    directory = make_directory()
    server = make_gateway(directory)
    text = (server.directory / "server.xml").read_text()
    server.stop()
    (server.directory / "server.xml").write_text(text.replace('readTimeout="2s"', 'readTimeout="5m"').replace(
        'connectTimeout="2s"', 'connectTimeout="5m"'))
    server.start()
    directory.pause()
    with pytest.raises(TimeoutError):
        ask(server, "fred", "fred secret", timeout=1)
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 150  # not the five minutes


def test_another_server_answers_when_the_first_does_not(make_directory, make_gateway):
    first, second = make_directory(), make_directory()
    children = f'<failoverServers name="more"><server host="127.0.0.1" port="{second.port}"/></failoverServers>'
    server = make_gateway(first, children=children, more='<authentication cacheEnabled="false"/>')
    assert status(server, "fred", "fred secret") == 200
    assert " BIND " in first.log() and " BIND " not in second.log()
    first.stop(9)
    assert status(server, "fred", "fred secret") == 200
    assert " BIND " in second.log()
    second.stop(9)
    assert status(server, "fred", "fred secret") == 503
    assert "none of 2 directory servers" in server.log()


def test_a_referral_is_followed_only_when_it_is_allowed(make_directory, make_gateway):
    other = make_directory([person(f"uid=remote,{PEOPLE}", "remote", "remote secret"), group("callers", f"uid=remote,{PEOPLE}")])
    reference = entry(f"cn=more,{BASE}", objectClass=["referral", "extensibleObject"], cn="more",
                      ref=f"ldap://127.0.0.1:{other.port}/{PEOPLE}")
    directory = make_directory([*ENTRIES, reference])
    ignoring, following = make_gateway(directory), make_gateway(directory, 'referral="follow"', roles='<user name="remote"/>')
    assert status(ignoring, "remote", "remote secret") == 401
    assert status(following, "remote", "remote secret") == 200
    assert status(following, "remote", "wrong") == 401


def test_answers_are_remembered_as_long_as_the_cache_says(make_directory, make_gateway):
    directory = make_directory()
    server = make_gateway(directory, more='<authentication cacheEnabled="false"/>')
    for _ in range(20):  # each worker remembers for itself
        assert status(server, "fred", "fred secret") == 200
    searches, binds = directory.log().count("SRCH base"), directory.log().count(f'BIND dn="{FRED}"')
    for _ in range(10):
        assert status(server, "fred", "fred secret") == 200
    assert directory.log().count("SRCH base") == searches
    assert directory.log().count(f'BIND dn="{FRED}"') >= binds + 10  # the password is asked again
    assert status(server, "fred", "wrong") == 401


def test_a_registry_whose_own_login_fails_is_503(make_directory, make_gateway):
    server = make_gateway(make_directory(), bind_password="wrong")
    assert status(server, "fred", "fred secret") == 503
    assert "cannot log in as its bindDN" in server.log()


def test_two_registries_are_one_and_a_name_of_both_is_nobodys(make_directory, make_gateway):
    more = ('<basicRegistry id="basic" realm="Basic"><user name="local" password="local secret"/><user name="fred" password="x"/>'
            '<group name="callers"><member name="local"/></group></basicRegistry>'
            '<federatedRepository><primaryRealm name="Whole" allowOpIfRepoDown="{allow}"/></federatedRepository>'
            '<authentication cacheEnabled="false"/>')
    directory = make_directory()
    strict = make_gateway(directory, more=more.format(allow="false"))
    lenient = make_gateway(directory, more=more.format(allow="true"))
    for server in (strict, lenient):
        assert status(server, "local", "local secret") == 200
        assert lets_in(server, WEIRD, "pa:ss \u00fc*)(")
        assert status(server, "fred", "fred secret") == 401
        assert status(server, "fred", "x") == 401
    directory.stop(9)
    assert status(strict, "local", "local secret") == 503
    assert status(lenient, "local", "local secret") == 200


@pytest.mark.parametrize("attributes, children, kept", [
    ("", "", True),
    ('reuseConnection="false"', "", False),
    ("", '<contextPool enabled="false"/>', False),
    ("", '<contextPool preferredSize="0"/>', False),
    ("", '<contextPool timeout="1ms"/>', False),
])
def test_connections_are_kept_as_the_pool_says(make_directory, make_gateway, attributes, children, kept):
    directory = make_directory()
    server = make_gateway(directory, attributes, children, more='<authentication cacheEnabled="false"/>')
    for _ in range(20):
        assert status(server, "fred", "fred secret") == 200
    before = directory.log().count("ACCEPT")
    for _ in range(10):
        assert status(server, "fred", "fred secret") == 200
    assert (directory.log().count("ACCEPT") - before >= 10) == (not kept)


def test_more_connections_than_the_pool_allows_are_not_waited_for(make_directory, make_gateway):
    directory = make_directory()
    server = make_gateway(directory, children='<contextPool maxSize="1" waitTime="200ms"/>')
    directory.pause()
    with concurrent.futures.ThreadPoolExecutor(6) as callers:
        assert set(callers.map(lambda n: status(server, f"user{n}", "secret"), range(6))) == {503}
    assert "contextPool maxSize" in server.log()


@pytest.mark.parametrize("returns", ["true", "false"])
def test_the_first_server_is_preferred_again_when_it_shall_be(make_directory, make_gateway, returns):
    first, second = make_directory(), make_directory()
    children = f'<failoverServers name="more"><server host="127.0.0.1" port="{second.port}"/></failoverServers>'
    server = make_gateway(first, f'returnToPrimaryServer="{returns}" primaryServerQueryTimeInterval="1s"', children,
                          more='<authentication cacheEnabled="false"/>')
    first.stop(9)
    for _ in range(10):
        assert status(server, "fred", "fred secret") == 200
    first.start()
    time.sleep(1.5)
    before = first.log().count(f'BIND dn="{FRED}"')
    for _ in range(10):
        assert status(server, "fred", "fred secret") == 200
    assert (first.log().count(f'BIND dn="{FRED}"') > before) == (returns == "true")


@pytest.mark.parametrize("aliases, number", [("always", 3), ("never", 0)])
def test_aliases_are_followed_as_told(make_directory, make_gateway, aliases, number):
    directory = make_directory()
    server = make_gateway(directory, f'derefAliases="{aliases}"')
    assert status(server, "fred", "fred secret") == 200
    assert f"deref={number} " in directory.log()


@pytest.mark.parametrize("cache", [
    'attributesCache enabled="false"', 'attributesCache size="0"', 'attributesCache timeout="1ms"', 'attributesCache sizeLimit="1"',
    'searchResultsCache enabled="false"', 'searchResultsCache size="0"', 'searchResultsCache timeout="1ms"',
    'searchResultsCache resultsSizeLimit="0"'])
def test_nothing_is_remembered_without_its_cache(make_directory, make_gateway, cache):
    directory = make_directory()
    server = make_gateway(directory, children=f"<ldapCache><{cache}/></ldapCache>", more='<authentication cacheEnabled="false"/>')
    for _ in range(3):
        assert status(server, "fred", "fred secret") == 200
    before = directory.log().count("SRCH base")
    for _ in range(5):
        assert status(server, "fred", "fred secret") == 200
    assert directory.log().count("SRCH base") >= before + 5


def test_nobody_in_particular_may_search_when_the_directory_lets_him(make_directory, make_gateway):
    directory = make_directory()
    server = make_gateway(directory, 'bindAuthMechanism="none"')
    assert status(server, "fred", "fred secret") == 401  # this directory shows nothing to nobody
    assert SEARCHER not in directory.log()


@pytest.mark.parametrize("attributes, children, told", [
    ('bindAuthMechanism="GSSAPI"', "", "needs TLS"),
    ("", '<loginProperty name="ma il"/>', "loginProperty"),
    ('certificateMapMode="CERTIFICATE_FILTER" certificateFilter="uid=fred"', "", "certificateFilter"),
    ('sslEnabled="true" sallyport_startTls="true"', "", "exclude each other"),
])
def test_settings_that_cannot_work_are_told_at_the_start(make_directory, make_gateway, attributes, children, told):
    server = make_gateway(make_directory(start=False), attributes, children, start=False)
    with pytest.raises(pytest.fail.Exception):
        server.start()
    server.process = None
    server.may_alert = True  # the workers that cannot start
    assert told in server.log() + server.output()


def test_lines_of_ldif_hold_what_they_are_given():
    assert line("cn", "plain") == "cn: plain\n" and line("cn", " x").startswith("cn:: ")
