"""`sallyport server check`: what is wrong with registries and filters is told with the element and the line, before a worker starts."""
import re
import subprocess

import pytest

from conftest import SALLYPORT, need

HASH = "{hash}ATAAAAAEc2FsdEAAAAAgCvy54cIa4spWU/H9c8WIjTIK/peZ2xH6E7UWMWuz/Qc="
LDAP = 'host="ldap.test" port="389" baseDN="dc=test" ldapType="Custom"'


def ldap(attributes="", children="", identity="dir"):
    return f'<ldapRegistry id="{identity}" {LDAP} {attributes}>{children}</ldapRegistry>'


@pytest.fixture
def check(tmp_path):
    def run(elements, action="check"):
        (tmp_path / "server.xml").write_text(
            "<server>\n<featureManager><feature>zosconnect:zosConnect-2.0</feature></featureManager>\n"
            '<httpEndpoint id="defaultHttpEndpoint" httpPort="9080" httpsPort="-1"/>\n' + elements + "\n</server>\n")
        return subprocess.run([need(SALLYPORT), "server", action, f"{tmp_path}/"], capture_output=True, text=True, timeout=60, check=False)

    return run


CASES = [
    # Passwords and who searches.
    (ldap('bindDN="cn=a"'), "bindDN has no bindPassword"),
    (ldap('sslEnabled="true" sallyport_startTls="true"'), "exclude each other"),
    # What is searched.
    (ldap(children='<loginProperty name="ma il"/>'), 'loginProperty "ma il" is no attribute'),
    (ldap().replace("dc=test", "nonsense"), 'baseDN "nonsense" is no distinguished name'),
    (ldap(children='<customFilters userFilter="(uid=%v"/>'), "userFilter"),
    (ldap(children='<customFilters userFilter="(uid=fred)"/>'), "every user would be everybody"),
    (ldap(children='<customFilters groupFilter="(cn=%v"/>'), "groupFilter"),
    (ldap(children='<customFilters userIdMap="nonsense"/>'), "userIdMap"),
    (ldap(children='<customFilters groupIdMap="nonsense"/>'), "groupIdMap"),
    (ldap(children='<customFilters groupMemberIdMap="nonsense"/>'), "groupMemberIdMap"),
    (ldap(children='<ldapEntityType name="PersonAccount"><objectClass>a b</objectClass></ldapEntityType>'), '"a b" is no object class'),
    (ldap(children='<ldapEntityType name="Group"><searchBase>dc=elsewhere</searchBase></ldapEntityType>'), "not below baseDN"),
    (ldap(children='<groupProperties><memberAttribute name="mem ber"/></groupProperties>'), "cannot be a member attribute"),
    (ldap(children='<groupProperties><membershipAttribute name="(x)"/></groupProperties>'), "cannot be a membership attribute"),
    (ldap(children='<groupProperties><memberAttribute name="member" dummyMember="none"/></groupProperties>'), "dummyMember"),
    (ldap('certificateMapMode="CERTIFICATE_FILTER" certificateFilter="uid=fred"'), "every certificate would be the same user"),
    (ldap('certificateMapMode="CERTIFICATE_FILTER" certificateFilter="uid=${Nothing}"'), "${Nothing} is not known"),
    (ldap(children='<failoverServers>' + '<server host="more.test" port="389"/>' * 16 + '</failoverServers>'), "more than 16 servers"),
    # Basic.
    ('<basicRegistry id="b" ignoreCaseForAuthentication="true">\n'
     f'<user name="Fred" password="{HASH}"/><user name="fred" password="{HASH}"/></basicRegistry>', "user fred is there twice"),
    (f'<basicRegistry id="b"><user name="{"x" * 257}" password="{HASH}"/></basicRegistry>', "257"),
    ('<basicRegistry id="b"><user name="fred" password="{hash}broken"/></basicRegistry>', "the password of fred"),
    ('<basicRegistry id="b"><user name="fred" password="{hash}ATAAAAAE"/></basicRegistry>', "the password of fred"),
    # SAF.
    ('<safRegistry id="saf"/><safCredentials profilePrefix="NINECHARS"/>', "more than 8 characters"),
]


@pytest.mark.parametrize("elements, told", CASES)
def test_a_registry_that_cannot_be_used_is_told_with_its_line(check, elements, told):
    done = check(elements)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if " error SALA0050E" in line]
    assert len(lines) == 1 and told in lines[0], done.stdout
    assert re.search(r"/server\.xml:4:\d+: error SALA0050E", lines[0]), lines[0]


def test_a_server_does_not_start_with_it_and_says_the_same(check):
    done = check(ldap('bindDN="cn=a"'), "run")
    assert done.returncode != 0
    assert re.search(r"/server\.xml:4:\d+: .*SALA0050E: ldapRegistry\[dir\]: bindDN has no bindPassword", done.stderr), done.stderr


def test_every_registry_is_looked_at(check):
    done = check(ldap('bindDN="cn=a"', identity="one") + "\n" + ldap(identity="good") + "\n" + ldap('bindDN="cn=a"', identity="two"))
    assert done.stdout.count("error SALA0050E") == 2
    assert ":4:1: error SALA0050E: ldapRegistry[one]" in done.stdout and ":6:1: error SALA0050E: ldapRegistry[two]" in done.stdout


def test_federated_repositories_are_looked_at_with_their_registries(check):
    federation = '<federatedRepository><primaryRealm name="Whole" allowOpIfRepoDown="{}"/></federatedRepository>'
    good = f'<basicRegistry id="b"><user name="fred" password="{HASH}"/></basicRegistry>' + ldap()
    assert check(good + federation.format("true")).returncode == 0
    done = check(good + "\n" + federation.format("perhaps"))
    assert done.returncode == 1 and re.search(r":5:\d+: error SALC0041E: .*allowOpIfRepoDown", done.stdout), done.stdout
    many = check("".join(ldap(identity=f"dir{n}") + "\n" for n in range(16)))
    assert re.search(r":19:1: error SALA0050E: there are more than 16 registries", many.stdout), many.stdout


def test_a_registry_that_nobody_asks_is_told(check):
    done = check('<safRegistry id="saf"/>' + f'\n<basicRegistry id="b"><user name="fred" password="{HASH}"/></basicRegistry>')
    assert done.returncode == 0, done.stdout
    assert ":5:1: warning SALA0051W: basicRegistry[b] is never asked" in done.stdout


@pytest.mark.parametrize("condition, told", [
    ('<remoteAddress ip="10.*"/>', "SALC0093E"),
    ('<remoteAddress ip="10.*.1.*"/>', "SALC0093E"),
    ('<remoteAddress ip="gateway.test"/>', "SALC0093E"),
    ('<remoteAddress ip="127.0.0.1|10.7.1.*" matchType="equals"/>', "SALC0093E"),
    ('<remoteAddress ip="10.0.0.1|nonsense"/>', "SALC0093E"),
    ('<requestUrl urlPattern="||"/>', "SALC0093E"),
    ('<requestUrl urlPattern="/a" matchType="lessThan"/>', "SALC0041E"),
    ('<host name="a" matchType="foo"/>', "SALC0041E"),
    ("<requestUrl/>", "SALC0043E"),
    ("<host/>", "SALC0043E"),
    ("<userAgent/>", "SALC0043E"),
    ("<cookie/>", "SALC0043E"),
    ("<webApp/>", "SALC0043E"),
    ('<requestHeader value="x"/>', "SALC0043E"),
    ("", "SALC0094W"),
])
def test_a_filter_that_cannot_work_is_told_with_its_line(check, condition, told):
    done = check(f'<authFilter id="f">{condition}</authFilter>')
    assert (done.returncode == 0) == told.endswith("W"), done.stdout
    assert re.search(rf"/server\.xml:4:\d+: (error|warning) {told}", done.stdout), done.stdout


def test_a_filter_without_an_id_and_a_reference_to_none_are_told(check):
    done = check('<ltpa authFilterRef="nothere"/>')
    assert done.returncode == 1 and re.search(r":4:\d+: error SALC0051E: ltpa: authFilterRef", done.stdout), done.stdout
