"""Key rings of the security database as key stores of a server: its own certificate, and whose callers it trusts."""
import json
import socket
import ssl
import subprocess

import pytest

from conftest import BUILD, SALLYPORT, call, need, wait_until

XML = """
<sallyport_saf database="{database}" {user}/>
<keyStore id="defaultKeyStore" location="{location}" type="JCERACFKS" fileBased="false" readOnly="true"
  password="password"/>
<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" {ssl}/>
"""

COMMANDS = """
SETROPTS CLASSACT(FACILITY STARTED) GENERIC(STARTED)
ADDUSER (LIBSERV USER1) DFLTGRP(SYS1)
RDEFINE STARTED BAQSTRT.* STDATA(USER(LIBSERV) GROUP(SYS1))
RDEFINE FACILITY IRR.DIGTCERT.LISTRING UACC(NONE)
PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(LIBSERV) ACCESS(READ)
RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Liberty CA') O('Test')) WITHLABEL('Liberty CA') NISTECC
RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('localhost')) ALTNAME(DOMAIN('localhost')) WITHLABEL('Server') +
  SIGNWITH(CERTAUTH LABEL('Liberty CA')) SIZE(2048)
RACDCERT ID(USER1) GENCERT SUBJECTSDN(CN('USER1') O('Test')) WITHLABEL('USER1') NISTECC +
  SIGNWITH(CERTAUTH LABEL('Liberty CA'))
RACDCERT CERTAUTH EXPORT(LABEL('Liberty CA')) DSN('CA.PEM')
RACDCERT ID(USER1) EXPORT(LABEL('USER1')) DSN('USER1.P12') PASSWORD('secret')
RACDCERT ID(LIBSERV) ADDRING(Liberty.KeyRing)
RACDCERT ID(LIBSERV) CONNECT(CERTAUTH LABEL('Liberty CA') RING(Liberty.KeyRing))
RACDCERT ID(LIBSERV) CONNECT(LABEL('Server') RING(Liberty.KeyRing) DEFAULT)
"""


class Ring:
    def __init__(self, directory):
        self.directory = directory
        self.path = directory / "saf.db"
        self.run("create")
        (directory / "deck.racf").write_text(COMMANDS)
        self.run("--stop-on-error", "-f", str(directory / "deck.racf"))

    def run(self, *words):
        done = subprocess.run([need(SALLYPORT), "saf", "--database", self.path, "--data-sets", self.directory, *words],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def client(self, with_certificate=False):
        context = ssl.create_default_context(cafile=str(self.directory / "CA.PEM"))
        if with_certificate:
            pem = self.directory / "user1.pem"
            subprocess.run(["openssl", "pkcs12", "-in", self.directory / "USER1.P12", "-passin", "pass:secret", "-nodes",
                            "-out", pem], check=True, capture_output=True)
            context.load_cert_chain(str(pem))
        return context


@pytest.fixture
def ring(tmp_path):
    directory = tmp_path / "saf"
    directory.mkdir()
    return Ring(directory)


@pytest.fixture
def make_server_with_ring(make_server, ring):  # pylint: disable=redefined-outer-name
    def make(location="safkeyring:///Liberty.KeyRing", options="", user="", **more):
        return make_server(XML.format(database=ring.path, location=location, ssl=options, user=user),
                           module=BUILD / "tests" / "system" / "ngx_http_sallyport_echo_module.so", **more)

    return make


def facts(server, tls):
    return json.loads(call(server.https, "GET", "/facts", tls=tls).body)


def test_a_server_shows_the_default_certificate_of_its_ring(make_server_with_ring, ring):
    server = make_server_with_ring()
    assert facts(server, ring.client())["tls"]
    with pytest.raises(ssl.SSLError):
        call(server.https, "GET", "/facts", tls=ssl.create_default_context())


def test_callers_are_those_of_the_ring_s_authorities(make_server_with_ring, ring, authority):
    server = make_server_with_ring("safkeyring://LIBSERV/Liberty.KeyRing", 'clientAuthentication="true"')
    assert facts(server, ring.client(with_certificate=True))["tls"]
    stranger = ring.client()
    certificate, key = authority.issue("stranger")
    stranger.load_cert_chain(str(certificate), str(key))
    for context in (ring.client(), stranger):
        try:
            assert call(server.https, "GET", "/facts", tls=context).status == 400
        except (ssl.SSLError, ConnectionError):
            pass


def test_another_certificate_comes_with_a_reload(make_server_with_ring, ring):
    server = make_server_with_ring()
    tls = ring.client()
    before = serial(server, tls)
    ring.run("RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('localhost')) ALTNAME(DOMAIN('localhost')) WITHLABEL('Next') "
             "NISTECC SIGNWITH(CERTAUTH LABEL('Liberty CA'))")
    ring.run("RACDCERT ID(LIBSERV) CONNECT(LABEL('Next') RING(Liberty.KeyRing) DEFAULT)")
    assert serial(server, tls) == before
    server.reload()
    wait_until(lambda: serial(server, tls) != before, "the new certificate")


def serial(server, tls):
    with socket.create_connection(("127.0.0.1", server.https), timeout=10) as plain:
        with tls.wrap_socket(plain, server_hostname="localhost") as connection:
            return connection.getpeercert()["serialNumber"]


@pytest.mark.parametrize("location,user,text", [
    ("safkeyring:///None", "", "there is no key ring LIBSERV/None"),
    ("safkeyring://LIBSERV/Liberty.KeyRing", 'serverUser="USER1"', "user USER1 may not read the key ring"),
    ("safkeyring:Liberty.KeyRing", "", "does not have two to four slashes"),
])
def test_a_ring_that_cannot_be_read_stops_the_start(make_server_with_ring, location, user, text):
    server = make_server_with_ring(location, user=user, start=False)
    checked = server.command("check")
    assert checked.returncode != 0 and text in checked.stdout + checked.stderr
    assert server.command("run").returncode != 0
