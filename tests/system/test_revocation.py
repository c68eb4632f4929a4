"""Client certificates that their authority has taken back (ssl, sallyport_crl)."""
import subprocess

import pytest

from conftest import wait_until
from test_engine_server import make_echo  # pylint: disable=unused-import

CONFIGURATION = """[ca]
default_ca = test
[test]
database = {directory}/index.txt
crlnumber = {directory}/crlnumber
certificate = {certificate}
private_key = {key}
default_md = sha256
default_crl_days = 7
"""


class Revocation:
    """The revocation list of an authority, made by the openssl command."""

    def __init__(self, directory, authority):
        self.directory, self.file = directory, directory / "crl.pem"
        self.configuration = directory / "ca.conf"
        (directory / "index.txt").write_text("")
        (directory / "crlnumber").write_text("01\n")
        self.configuration.write_text(CONFIGURATION.format(directory=directory, certificate=authority.certificate, key=authority.key))
        self.write()

    def run(self, *words):
        subprocess.run(["openssl", "ca", "-config", self.configuration, *words], check=True, capture_output=True)

    def revoke(self, certificate):
        self.run("-revoke", certificate)
        self.write()

    def write(self, *words):
        self.run("-gencrl", "-out", self.file, *words)


@pytest.fixture
def revocation(tmp_path, authority):
    directory = tmp_path / "revocation"
    directory.mkdir()
    return Revocation(directory, authority)


XML = ('<keyStore id="defaultKeyStore" password="key store password"/>'
       '<keyStore id="trusted" location="{authority}" type="PEM"/>'
       '<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" trustStoreRef="trusted" clientAuthentication="true" '
       'sallyport_crl="%s"/>')


def test_a_certificate_that_was_taken_back_is_refused(make_echo, authority, revocation):  # pylint: disable=redefined-outer-name
    good, bad = authority.issue("good caller"), authority.issue("bad caller")
    revocation.revoke(bad[0])
    server = make_echo(XML % revocation.file)
    assert len(server.call("GET", "/facts", tls=authority.client(*good)).json["client_certificate"]) > 100
    refused = server.call("GET", "/facts", tls=authority.client(*bad))
    assert (refused.status, refused.json["refused"], refused.json["reason"]) == (400, "SALE0017W", "certificate revoked")


def test_a_list_that_has_ended_lets_nobody_in(make_echo, authority, revocation):  # pylint: disable=redefined-outer-name
    good = authority.issue("good caller")
    revocation.write("-crlsec", "1")
    server = make_echo(XML % revocation.file)
    wait_until(lambda: server.call("GET", "/facts", tls=authority.client(*good)).status == 400, "the list to end")
