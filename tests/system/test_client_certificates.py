"""Which client certificates are taken: time, purpose, issuer, chain; and what comes after one that is not."""
import base64
import pathlib
import ssl
import subprocess
import time

import pytest

from certificates import CLIENT, SERVER, Pair
from conftest import Connection, wait_until
from test_api import bad, basic, make_gateway, make_region  # noqa: F401 (fixtures)
from test_api import JSON
from test_engine_server import make_echo  # noqa: F401 (fixture)

XML = ('<keyStore id="defaultKeyStore" password="key store password"/><keyStore id="trusted" location="%s" type="PEM"/>'
       '<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" trustStoreRef="trusted" %s="true"/>')


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return Pair(tmp_path_factory.mktemp("root"), "Root of the tests", ca=True, ends=300)


def shown(root, tmp_path, what):
    """(certificate file, key file) of what a test calls by that name."""
    def leaf(issuer=root, **how):
        return Pair(tmp_path, "fred", issuer, **how)

    def ca(name, issuer=root, **how):
        return Pair(tmp_path, name, issuer, ca=True, **how)

    one = ca("intermediate")
    limited = ca("path length 0", path=0)
    below = ca("below it", limited)
    deep = [root]
    for number in range(11):
        deep.append(ca(f"deep {number}", deep[-1]))
    stranger = Pair(tmp_path, "Root of the tests", ca=True)
    not_ca = Pair(tmp_path, "no authority", root)
    return {
        "plain": lambda: leaf().shown(),
        "for clients": lambda: leaf(usages=[CLIENT]).shown(),
        "for clients and servers": lambda: leaf(usages=[CLIENT, SERVER]).shown(),
        "for signatures": lambda: leaf(key_usage=["digital_signature"]).shown(),
        "by an intermediate": lambda: leaf(one).shown(one),
        "by an intermediate of path length 0": lambda: leaf(limited).shown(limited),
        "expired": lambda: leaf(begins=-30, ends=-1).shown(),
        "not yet valid": lambda: leaf(begins=1).shown(),
        "for servers only": lambda: leaf(usages=[SERVER]).shown(),
        "for encipherment only": lambda: leaf(key_usage=["key_encipherment"]).shown(),
        "by nobody known": lambda: Pair(tmp_path, "fred").shown(),
        "by another of the same name": lambda: leaf(stranger).shown(stranger),
        "without its intermediate": lambda: leaf(one).shown(),
        "by an expired intermediate": lambda: (lambda old: leaf(old).shown(old))(ca("old", begins=-30, ends=-1)),
        "by an intermediate for servers only": lambda: (lambda only: leaf(only).shown(only))(ca("only", usages=[SERVER])),
        "by one that is no authority": lambda: leaf(not_ca).shown(not_ca),
        "by one that may not sign certificates": lambda: (lambda bad_ca: leaf(bad_ca).shown(bad_ca))(ca("no signer", key_usage=["digital_signature"])),
        "past a path length": lambda: leaf(below).shown(below, limited),
        "behind eleven intermediates": lambda: leaf(deep[-1]).shown(*reversed(deep[1:])),
    }[what]()


TAKEN = ("plain", "for clients", "for clients and servers", "for signatures", "by an intermediate", "by an intermediate of path length 0")
REFUSED = {  # and why, in words of OpenSSL
    "expired": "certificate has expired",
    "not yet valid": "certificate is not yet valid",
    "for servers only": "unsuitable certificate purpose",
    "for encipherment only": "unsuitable certificate purpose",
    "by nobody known": "self-signed certificate",
    "by another of the same name": "certificate signature failure",
    "without its intermediate": "unable to verify the first certificate",
    "by an expired intermediate": "certificate has expired",
    "by an intermediate for servers only": "unsuitable certificate purpose",
    "by one that is no authority": "unsuitable certificate purpose",
    "by one that may not sign certificates": "key usage does not include certificate signing",
    "past a path length": "path length constraint exceeded",
    "behind eleven intermediates": "unable to get local issuer certificate",
}


def test_each_certificate_is_taken_or_refused(make_echo, authority, root, tmp_path):  # noqa: F811
    must = make_echo(XML % (root.pem, "clientAuthentication"))
    may = make_echo(XML % (root.pem, "clientAuthenticationSupported"))
    for server in (must, may):
        for what in TAKEN:
            told = server.call("GET", "/facts", tls=authority.client(*shown(root, tmp_path, what)))
            assert told.status == 200 and len(told.json["client_certificate"]) > 100, what
        for what in REFUSED:
            pair = shown(root, tmp_path, what)
            told = server.call("GET", "/facts", tls=authority.client(*pair))
            assert (told.status, told.json["refused"], told.json["client_certificate"]) == (400, "SALE0017W", ""), what
            assert told.json["reason"] == REFUSED[what]
            leaf = ssl.PEM_cert_to_DER_cert(pathlib.Path(pair[0]).read_text().partition("-----END CERTIFICATE-----")[0]
                                             + "-----END CERTIFICATE-----\n")
            assert base64.b64decode(told.json["refused_certificate"]) == leaf
    assert must.call("GET", "/facts").status == 400
    assert may.call("GET", "/facts").json["client_certificate"] == ""


def test_who_has_no_key_has_no_certificate(make_echo, authority, root, tmp_path):  # noqa: F811
    """The certificate alone, which everybody may have seen, with another key."""
    server = make_echo(XML % (root.pem, "clientAuthenticationSupported"))
    certificate, _ = shown(root, tmp_path, "plain")
    other = Pair(tmp_path, "mallory")
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", "-cert", certificate, "-key", other.key_file],
                          input=b"GET /facts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", capture_output=True, check=False, timeout=20)
    assert b"200 OK" not in done.stdout and (done.returncode != 0 or b"client_certificate\":\"\"" in done.stdout)


def test_a_certificate_that_ends_ends_its_connection(make_echo, authority, root, tmp_path):  # noqa: F811
    server = make_echo(XML % (root.pem, "clientAuthentication"))
    short = Pair(tmp_path, "fred", root, ends=4 / 86400)
    with Connection(server.https, tls=authority.client(*short.shown())) as client:
        assert client.request("GET", "/facts").status == 200
        time.sleep(5)
        assert client.request("GET", "/facts").status == 400


def with_certificates(root, more=""):
    text = (f'<server><keyStore id="trusted" location="{root.pem}" type="PEM"/><ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" '
            f'trustStoreRef="trusted" clientAuthenticationSupported="true"/>{more}</server>')
    return {"more": '<include location="ssl.xml"/>', "files": {"ssl.xml": text}}


def test_a_certificate_comes_before_the_password(make_gateway, authority, root, tmp_path):  # noqa: F811
    server = make_gateway(**with_certificates(root))
    fred, nobody = Pair(tmp_path, "fred", root), Pair(tmp_path, "nobody at all", root)

    def ask(pair, *headers):
        return bad(server, "NOTHING", headers=[JSON, *headers], tls=authority.client(*pair.shown()) if pair else True).status

    assert ask(fred) == 200
    assert ask(fred, basic("fred", "wrong")) == 200  # it is not looked at
    # allowFailOverToBasicAuth: a certificate of nobody is followed by name and password, as in Liberty
    assert ask(nobody) == 401
    assert ask(nobody, basic("fred")) == 200
    assert ask(nobody, basic("fred", "wrong")) == 401
    assert ask(None, basic("fred")) == 200
    assert ask(None) == 401


def test_without_failing_over_a_certificate_of_nobody_is_403(make_gateway, authority, root, tmp_path):  # noqa: F811
    server = make_gateway(**with_certificates(root, '<webAppSecurity allowFailOverToBasicAuth="false"/>'))
    nobody = authority.client(*Pair(tmp_path, "nobody at all", root).shown())
    assert bad(server, "NOTHING", headers=[JSON], tls=nobody).status == 403
    assert bad(server, "NOTHING", headers=[JSON, basic("fred")], tls=nobody).status == 403
    assert bad(server, "NOTHING", headers=[JSON, basic("fred")]).status == 403
    assert bad(server, "NOTHING", headers=[JSON], tls=authority.client(*Pair(tmp_path, "fred", root).shown())).status == 200


@pytest.mark.parametrize("mode, status, with_password", [("PRINCIPAL_CN", 200, 200), ("NOT_SUPPORTED", 401, 200), ("CUSTOM", 401, 200)])
def test_a_basic_registry_that_takes_no_certificates(make_gateway, authority, root, tmp_path, mode, status, with_password):  # noqa: F811
    server = make_gateway(**with_certificates(root, f'<basicRegistry id="basic" certificateMapMode="{mode}"/>'))
    fred = authority.client(*Pair(tmp_path, "fred", root).shown())
    assert bad(server, "NOTHING", headers=[JSON], tls=fred).status == status
    assert bad(server, "NOTHING", headers=[JSON, basic("fred")], tls=fred).status == with_password
    assert ("its certificateMapMode is not PRINCIPAL_CN" in server.log()) is (status != 200)


def test_a_change_of_who_is_trusted_is_taken_over(make_gateway, authority, root, tmp_path):  # noqa: F811
    parts = with_certificates(root)
    server = make_gateway(**{**parts, "more": parts["more"] + '<config monitorInterval="100ms"/>'})
    fred = authority.client(*Pair(tmp_path, "fred", root).shown())
    assert bad(server, "NOTHING", headers=[JSON], tls=fred).status == 200
    other = Pair(tmp_path, "Another root", ca=True)
    path = server.directory / "ssl.xml"
    path.write_text(path.read_text().replace(str(root.pem), str(other.pem)))
    wait_until(lambda: bad(server, "NOTHING", headers=[JSON], tls=fred).status == 400, "the old root to be forgotten")
    path.write_text(path.read_text().replace('clientAuthenticationSupported="true"', 'clientAuthentication="true"'))
    wait_until(lambda: bad(server, "NOTHING", headers=[JSON, basic("fred")]).status == 400, "a certificate to be needed")
