"""The registry logs in at its directory by a Kerberos ticket: OpenLDAP with Cyrus SASL, and MIT's key distribution centre."""
import shutil

import pytest

from conftest import wait_until
from directory import BASE, SEARCHER, Directory, group, person
from kerberos import Realm
from test_api import make_region  # pylint: disable=unused-import
from test_ldap import TRUST, make_gateway, status  # pylint: disable=unused-import

PEOPLE = f"ou=people,{BASE}"
FRED = f"uid=fred,{PEOPLE}"
ENTRIES = [person(FRED, "fred", "fred secret"), person(f"uid=wilma,{PEOPLE}", "wilma", "wilma secret"), group("callers", FRED)]
SASL = f"""
sasl-host localhost
sasl-realm TEST.REALM
authz-regexp uid=searcher,(cn=test.realm,)?cn=gssapi,cn=auth "{SEARCHER}"
"""


@pytest.fixture
def realm(tmp_path):
    one = Realm(tmp_path / "realm")
    one.add("ldap/localhost@TEST.REALM", one.directory / "ldap.keytab")
    one.add("searcher@TEST.REALM", one.directory / "searcher.keytab")
    one.add("stranger@TEST.REALM", one.directory / "stranger.keytab")
    yield one.start()
    one.stop()


def tickets(realm, who="searcher", *options):
    cache = realm.directory / f"{who}.cache"
    realm.tickets(f"{who}@TEST.REALM", realm.directory / f"{who}.keytab", cache, *options)
    return cache


@pytest.fixture
def make(tmp_path, realm, authority, make_gateway, monkeypatch):
    """A gateway, and the directory it asks over TLS."""
    monkeypatch.setenv("KRB5_CONFIG", str(realm.directory / "krb5.conf"))
    made = []

    def make_both(attributes, protection="starttls", more="", **options):
        certificate, key = authority.issue(f"slapd{len(made)}", alt="DNS:localhost,IP:127.0.0.1")
        environment = dict(realm.environment, KRB5_KTNAME=str(realm.directory / "ldap.keytab"))
        directory = Directory(tmp_path / f"slapd{len(made)}", ENTRIES, certificate=certificate, key=key, authority=authority,
                              more=SASL + more, environment=environment).start()
        made.append(directory)
        tls = {"starttls": 'sallyport_startTls="true" sslRef="toDirectory"', "ldaps": 'sslEnabled="true" sslRef="toDirectory"', "none": ""}
        port = directory.tls_port if protection == "ldaps" else directory.port
        server = make_gateway(directory, f'bindAuthMechanism="GSSAPI" {tls[protection]} {attributes}', port=port, start=False,
                              more=TRUST.format(place=authority.certificate) + '<authentication cacheEnabled="false"/>', **options)
        xml = (server.directory / "server.xml").read_text()
        xml = xml.replace('host="127.0.0.1" port="%d" baseDN' % port, 'host="localhost" port="%d" baseDN' % port)
        xml = xml.replace(f'bindDN="{SEARCHER}"', "").replace('bindPassword="searcher secret"', "")
        (server.directory / "server.xml").write_text(xml)
        return server, directory

    yield make_both
    for directory in made:
        directory.stop()


@pytest.mark.parametrize("protection", ["starttls", "ldaps"])
def test_the_registry_searches_as_its_principal(make, realm, protection):
    server, directory = make(f'krb5Principal="searcher@TEST.REALM" krb5TicketCache="{tickets(realm)}"', protection)
    server.start()
    assert status(server, "fred", "fred secret") == 200
    assert status(server, "fred", "wrong") == 401
    assert status(server, "unknown", "secret") == 401
    assert f'BIND dn="{SEARCHER}" mech=GSSAPI' in directory.log(), directory.log()
    assert "sasl_ssf=56" not in directory.log() and "sasl_ssf=256" not in directory.log()  # TLS protects the connection, and nothing is wrapped twice


def test_the_principal_is_that_of_the_cache_when_none_is_written(make, realm):
    server, _ = make(f'krb5TicketCache="{tickets(realm)}"')
    server.start()
    assert status(server, "fred", "fred secret") == 200


def test_somebody_who_may_not_search_finds_nobody(make, realm):
    server, directory = make(f'krb5TicketCache="{tickets(realm, "stranger")}"')
    server.start()
    assert status(server, "fred", "fred secret") == 401
    assert "stranger" in directory.log()


@pytest.mark.parametrize("attributes, told", [
    ('krb5TicketCache="{directory}/missing.cache"', "there is no ticket to log in with"),
    ('krb5TicketCache="{directory}/empty.cache"', "there is no ticket to log in with"),
    ('krb5Principal="other@TEST.REALM" krb5TicketCache="{cache}"', "there is no ticket to log in with"),
])
def test_a_ticket_that_cannot_be_used_is_503_with_the_reason(make, realm, attributes, told):
    (realm.directory / "empty.cache").write_bytes(b"")
    server, _ = make(attributes.format(directory=realm.directory, cache=tickets(realm)))
    server.start()
    assert status(server, "fred", "fred secret") == 503
    assert told in server.log() and "Kerberos ticket" in server.log()


def test_a_realm_that_does_not_answer_is_503_and_comes_back(make, realm):
    cache = tickets(realm)
    server, _ = make(f'krb5TicketCache="{cache}"')
    server.start()
    realm.stop()  # the ticket for the directory is not there yet
    assert status(server, "fred", "fred secret") == 503
    assert "cannot be logged in at" in server.log()
    realm.start()
    wait_until(lambda: status(server, "fred", "fred secret") == 200, "the realm to be asked again", 15)


def test_tickets_that_are_renewed_in_the_file_are_taken_without_a_reload(make, realm):
    cache = tickets(realm, "searcher", "-l", "2s")
    server, _ = make(f'krb5TicketCache="{cache}" reuseConnection="false"',
                     children='<ldapCache><searchResultsCache enabled="false"/></ldapCache>')
    server.start()
    wait_until(lambda: status(server, "fred", "fred secret") == 503, "the ticket to end", 20)
    shutil.move(tickets(realm), cache)
    wait_until(lambda: status(server, "fred", "fred secret") == 200, "the new ticket to be used", 15)


def test_a_directory_that_insists_on_a_layer_is_503(make, realm):
    server, _ = make(f'krb5TicketCache="{tickets(realm)}"', more="sasl-secprops minssf=1000\n")
    server.start()
    assert status(server, "fred", "fred secret") == 503


@pytest.mark.parametrize("attributes, protection, told", [
    ("", "none", "needs TLS"),
    ('bindDN="cn=a"', "starttls", "of no use with bindAuthMechanism"),
])
def test_what_cannot_be_meant_is_told_by_the_check(make, attributes, protection, told):
    server, _ = make(attributes, protection)
    done = server.command("check")
    assert done.returncode == 1 and "SALA0050E" in done.stdout and told in done.stdout, done.stdout


def test_kerberos_without_the_mechanism_is_told(make_gateway, tmp_path):
    directory = Directory(tmp_path / "idle", ENTRIES)
    done = make_gateway(directory, 'krb5Principal="a@B"', start=False).command("check")
    assert done.returncode == 1 and "are for bindAuthMechanism" in done.stdout, done.stdout
