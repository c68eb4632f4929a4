"""A directory that dies, hangs, lies about who it is or talks nonsense: 503 in time with the reason, never 401, and never a hang."""
import subprocess
import time

import pytest

from conftest import wait_until
from directory import BASE, SEARCHER, SEARCHER_PASSWORD
from fake_directory import ActiveDirectory
from test_api import make_region  # pylint: disable=unused-import
from test_ldap import PEOPLE, TRUST, make_directory, make_gateway, status  # pylint: disable=unused-import

NO_CACHE = '<ldapCache><searchResultsCache enabled="false"/></ldapCache>'
ATTRIBUTES = {"plain": "", "starttls": 'sallyport_startTls="true" sslRef="toDirectory"', "ldaps": 'sslEnabled="true" sslRef="toDirectory"'}


@pytest.fixture
def make_protected(make_directory, make_gateway, authority):
    def make(protection, certificate=None, key=None):
        if not certificate:
            certificate, key = authority.issue("slapd", alt="IP:127.0.0.1")
        directory = make_directory(certificate=certificate, key=key, authority=authority)
        port = directory.tls_port if protection == "ldaps" else directory.port
        server = make_gateway(directory, ATTRIBUTES[protection], NO_CACHE, port=port,
                              more=TRUST.format(place=authority.certificate) + '<authentication cacheEnabled="false"/>')
        return server, directory

    return make


@pytest.mark.parametrize("protection", ["plain", "starttls", "ldaps"])
def test_a_directory_that_is_killed_while_it_is_used_is_503_until_it_is_back(make_protected, protection):
    server, directory = make_protected(protection)
    for _ in range(4):
        assert status(server, "fred", "fred secret") == 200
    directory.stop(9)
    for name, password in (("fred", "fred secret"), ("fred", "wrong"), ("unknown", "x")):
        begun = time.monotonic()
        assert status(server, name, password) == 503
        assert time.monotonic() - begun < 60
    assert f"127.0.0.1:{directory.tls_port if protection == 'ldaps' else directory.port}" in server.log()
    directory.start()
    wait_until(lambda: status(server, "fred", "fred secret") == 200, "the directory to be asked again", 15)
    wait_until(lambda: status(server, "fred", "wrong") == 401, "each worker to ask it again", 15)


@pytest.mark.parametrize("protection", ["plain", "starttls", "ldaps"])
def test_a_directory_that_hangs_is_503_within_the_time_outs(make_protected, protection):
    server, directory = make_protected(protection)
    assert status(server, "fred", "fred secret") == 200
    directory.pause()
    for _ in range(3):
        begun = time.monotonic()
        assert status(server, "fred", "wrong") == 503
        assert time.monotonic() - begun < 60  # connectTimeout and readTimeout are 2 s: it does not hang
    directory.go_on()
    wait_until(lambda: status(server, "fred", "fred secret") == 200, "the directory to be asked again", 20)


@pytest.mark.parametrize("protection", ["starttls", "ldaps"])
def test_a_certificate_that_signed_itself_is_refused(make_protected, tmp_path, protection):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "own.key", "-out",
                    "own.pem", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "9"], cwd=tmp_path, check=True,
                   capture_output=True)
    server, directory = make_protected(protection, tmp_path / "own.pem", tmp_path / "own.key")
    assert status(server, "fred", "fred secret") == 503
    assert status(server, "fred", "wrong") == 503
    assert "certificate is refused" in server.log()
    assert " BIND " not in directory.log()


@pytest.fixture
def talker():
    made = []

    def make(**options):
        fred = f"uid=fred,{PEOPLE}"
        entries = {BASE: {"objectClass": ["domain"]},
                   fred: {"objectClass": ["inetOrgPerson"], "uid": ["fred"]},
                   f"cn=callers,{BASE}": {"objectClass": ["groupOfNames"], "cn": ["callers"], "member": [fred]}}
        one = ActiveDirectory(entries, {SEARCHER: SEARCHER_PASSWORD, fred: "fred secret"}, **options).start()
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()


@pytest.mark.parametrize("spoil", [
    lambda data: data[:-1],
    lambda data: data[:1],
    lambda data: b"\x30\x84\x7f\xff\xff\xff" + data,
    lambda data: b"\x30\x88" + b"\xff" * 8 + data,
    lambda data: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    lambda data: b"\x00" * 64,
    lambda data: data[:2] + b"\x02\x01\x63" + data[5:],
    lambda data: data.replace(b"uid=fred", b"\xff\xff\xff\xff\xff\xff\xff\xff"),
    lambda data: data.replace(b"\x04\x04fred", b"\x04\x7ffred"),
])
def test_answers_that_are_no_ldap_are_503(make_gateway, talker, spoil):
    directory = talker()
    server = make_gateway(directory, children=NO_CACHE + '<contextPool initialSize="1"/>', more='<authentication cacheEnabled="false"/>')
    assert status(server, "fred", "fred secret") == 200
    directory.spoil = spoil
    begun = time.monotonic()
    for _ in range(2):
        assert status(server, "fred", "fred secret") in (503,)
    assert time.monotonic() - begun < 60
    directory.spoil = None
    wait_until(lambda: status(server, "fred", "fred secret") == 200, "the directory to be asked again", 15)
