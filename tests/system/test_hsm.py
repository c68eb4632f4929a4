"""Keys that never leave their PKCS#11 token: of listeners, of connections that go out, of assertions.

The tokens are SoftHSM's, each test makes its own, and its keys inside of it.
"""
import base64
import concurrent.futures
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import threading
import time
import urllib.parse

import pytest
from jwcrypto import jwk, jwt

import hsm
from conftest import wait_until
from directory import BASE
from test_ldap import ask as ask_ldap
from test_ldap import make_directory, make_gateway, make_region  # pylint: disable=unused-import
from test_token import XML as TOKEN_XML

OPEN = '<zosconnect_zosConnectManager requireAuth="false"/>'
NOWHERE = "/no/such/api"


@pytest.fixture
def token(tmp_path):
    return hsm.Token(tmp_path / "token")


def no_secret(server, check=None):
    """The PIN is in no log, no file that was generated, no argument of a process."""
    texts = [server.log(), server.output()] + ([check.stdout, check.stderr] if check else [])
    for path in (server.base / "run").rglob("*"):
        if path.is_file():
            texts.append(path.read_text(errors="replace"))
    if server.process:
        for pid in [server.process.pid, *server.process.workers()]:
            for name in ("cmdline", "environ"):
                try:
                    texts.append(pathlib.Path(f"/proc/{pid}/{name}").read_text(errors="replace"))
                except (FileNotFoundError, ProcessLookupError):  # a worker of before a reload, that ended just now
                    assert pid != server.process.pid
    assert not any(hsm.PIN in text for text in texts)


def shown(port):
    """The certificate that a listener shows, in DER; None when the handshake fails."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
            return connection.getpeercert(True)
    except (ssl.SSLError, ConnectionError):
        return None


def fails(server):
    try:
        server.call("GET", NOWHERE)
    except (ssl.SSLError, ConnectionError, TimeoutError):
        return True
    return False


# ---- listeners


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind", ["EC:prime256v1", "EC:secp384r1", "rsa:2048", "rsa:3072"])
def test_a_listener_with_its_key_in_a_token(make_server, authority, token, kind, version):
    token.pair(authority, "server", kind)
    server = make_server(OPEN + token.store(), environment=token.environment, arguments=["--workers=2"])
    client = authority.client(minimum=version, maximum=version)
    for _ in range(8):
        assert server.call("GET", NOWHERE, tls=client).status == 404
    no_secret(server)


def test_every_worker_has_a_session_of_its_own(make_server, authority, token):
    token.pair(authority, "server")
    server = make_server(OPEN + token.store(), environment=token.environment, arguments=["--workers=3"])
    first = server.process.workers()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: server.call("GET", NOWHERE).status, range(60))) == {404}
    # One that is killed is replaced, and the new one logs in too.
    server.may_alert = True
    for worker in first:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: len(set(server.process.workers()) - set(first)) == 3, "three new workers")
    wait_until(lambda: not fails(server), "them to serve")
    assert {server.call("GET", NOWHERE).status for _ in range(12)} == {404}


def test_an_alias_chooses_among_the_keys_of_a_token(make_server, authority, token):
    token.pair(authority, "one", number="01", name="one")
    second = token.pair(authority, "two", "rsa:2048", number="02", name="localhost")
    xml = OPEN + token.store() + '<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" serverKeyAlias="two"/>'
    server = make_server(xml, environment=token.environment)
    assert shown(server.https) == ssl.PEM_cert_to_DER_cert(second.read_text())
    # The location may name the key as well.
    other = make_server(OPEN + token.store(more=";object=two"), environment=token.environment)
    assert shown(other.https) == ssl.PEM_cert_to_DER_cert(second.read_text())


def test_the_file_of_a_java_provider_names_the_token(make_server, authority, token):
    token.pair(authority, "server")
    server = make_server(start=False, environment=token.environment)
    (server.security / "hsm.cfg").write_text(f"# as for Java\nname = Gateway\nlibrary = {hsm.LIBRARY}\nslotListIndex = 0\n"
                                             "disabledMechanisms = {\n  CKM_MD5\n}\n")
    server.write(OPEN + f'<keyStore id="defaultKeyStore" type="PKCS11" fileBased="false" location="hsm.cfg" password="{hsm.PIN}"/>')
    server.start()
    assert server.call("GET", NOWHERE).status == 404


def test_the_pin_may_be_encoded(make_server, authority, token):
    token.pair(authority, "server")
    encoded = "{xor}" + base64.b64encode(bytes(byte ^ 0x5f for byte in hsm.PIN.encode())).decode()
    server = make_server(start=False, environment=token.environment)
    server.write(OPEN + token.store(pin=encoded).replace("{", "{{").replace("}", "}}"))
    server.start()
    assert server.call("GET", NOWHERE).status == 404


def test_reloads_and_renewed_certificates(make_server, authority, token):
    token.pair(authority, "server")
    server = make_server(OPEN + token.store(), environment=token.environment)
    for _ in range(3):
        server.reload()
        wait_until(lambda: not fails(server), "the reloaded server")
    token.tool("--delete-object", "--type", "cert", "--id", "01")
    renewed = token.certify(authority, "server")
    server.reload()
    wait_until(lambda: shown(server.https) == ssl.PEM_cert_to_DER_cert(renewed.read_text()), "the renewed certificate")
    # A changed server.xml is taken while requests are served, from a file's key to the token's and back.
    server.write(OPEN)
    assert server.command("refresh").returncode == 0
    wait_until(lambda: shown(server.https) not in (None, ssl.PEM_cert_to_DER_cert(renewed.read_text())), "the file's certificate", 30)
    server.write(OPEN + token.store())
    assert server.command("refresh").returncode == 0
    wait_until(lambda: shown(server.https) == ssl.PEM_cert_to_DER_cert(renewed.read_text()), "the token's certificate", 30)
    assert server.call("GET", NOWHERE).status == 404
    no_secret(server)


def test_a_token_that_is_pulled_out_stops_handshakes_only_and_comes_back(make_server, authority, token):
    token.pair(authority, "server")
    server = make_server(OPEN + token.store(), environment=token.environment)
    assert server.call("GET", NOWHERE).status == 404
    token.remove()
    wait_until(lambda: fails(server), "handshakes to fail")
    assert server.call("GET", NOWHERE, tls=False).status == 302, "what needs no key goes on"
    wait_until(lambda: "token 'gateway'" in server.log(), "the cause to be told")
    assert re.search(r"SSL_do_handshake\(\) failed.*token 'gateway'.*(there is no token|CKR_)", server.log())
    workers = server.process.workers()
    token.insert()
    wait_until(lambda: not any(fails(server) for _ in range(6)), "handshakes to succeed again")
    assert server.process.workers() == workers
    no_secret(server)


# ---- what can be wrong


def check_says(server, *words):
    checked = server.command("check")
    told = checked.stdout + checked.stderr
    assert checked.returncode == 1
    for word in words:
        assert word in told, told
    assert "SALE0007E" in told
    no_secret(server, checked)
    return told


def test_check_tells_what_is_wrong_with_a_token(make_server, authority, token):
    token.pair(authority, "server")
    token.key("bare", number="07")

    def wrong(store, *words):
        return check_says(make_server(OPEN + store, start=False, environment=token.environment), *words)

    wrong(token.store(pin="not the pin"), "the PIN is wrong", "correct the password of the keyStore")
    wrong(token.store().replace(f'password="{hsm.PIN}"', ""), "wants a PIN", "no password")
    wrong(token.store().replace("token=gateway", "token=gatewai"), "there is no token 'gatewai'", "there are 'gateway'")
    wrong(token.store(more=";object=nobody"), "no private key 'nobody'")
    wrong(token.store(more=";object=bare"), "has no certificate in the token", "pkcs11-tool --write-object")
    wrong(token.store().replace(hsm.LIBRARY, "/usr/lib/nowhere.so"), "/usr/lib/nowhere.so", "cannot be loaded", "install")
    wrong(token.store().replace(hsm.LIBRARY, "/lib/x86_64-linux-gnu/libc.so.6"), "is no PKCS#11 library")
    wrong(token.store().replace(hsm.LIBRARY, hsm.LIBRARY + "&amp;pin-value=1234"), "the PIN belongs into the attribute password")
    wrong(token.store() + '<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" serverKeyAlias="other"/>',
          "no private key 'other'", "there are 'server'")
    # A store that only connections which go out use is looked at too.
    wrong('<keyStore id="defaultKeyStore" password="key store password"/>' + token.store("out", pin="not the pin"), "keyStore[out]",
          "the PIN is wrong")
    assert make_server(OPEN + token.store(), start=False, environment=token.environment).command("check").returncode == 0


def test_a_server_with_a_wrong_pin_does_not_start_and_asks_the_token_once(make_server, authority, token):
    token.pair(authority, "server")
    server = make_server(OPEN + token.store(pin="not the pin"), start=False, environment=token.environment)
    with pytest.raises(BaseException) as failed:
        server.start()
    server.process = None
    assert "the PIN is wrong" in str(failed.value) + server.log() + server.output()


# ---- connections that go out


class Issuer(http.server.ThreadingHTTPServer):
    """An introspection endpoint that keeps what it was shown: the client's certificate and form."""

    def __init__(self, authority, demand=True):
        super().__init__(("127.0.0.1", 0), self.Handler)
        certificate, key = authority.issue("issuer of tokens")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if demand:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(authority.certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.seen = []
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"https://localhost:{self.server_port}"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # pylint: disable=invalid-name
            form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.server.seen.append((self.connection.getpeercert(True), {name: values[0] for name, values in form.items()}))
            body = json.dumps({"active": True, "sub": "fred", "iss": self.server.url, "exp": int(time.time()) + 60, "iat": int(time.time()),
                               "client_id": "caller"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass


@pytest.fixture
def make_issuer(authority):
    made = []

    def make(**options):
        made.append(Issuer(authority, **options))
        return made[-1]

    yield make
    for each in made:
        each.shutdown()
        each.server_close()


def gateway_of(make_server, authority, token, issuer, client, more="", store=None, start=True):
    attributes = (f'issuerIdentifier="{issuer.url}" validationEndpointUrl="{issuer.url}/introspect" clientId="gateway" '
                  f'accessTokenCacheEnabled="false" {client}')
    xml = TOKEN_XML.format(client=attributes, trust=authority.certificate)
    xml = xml.replace('keyStoreRef="trust"', f'keyStoreRef="hsm" {more}') + (store or token.store("hsm"))
    return make_server(xml, environment=token.environment, arguments=["--workers=2"], start=start)


def ask(server, value):
    return server.call("GET", "/zosConnect/apis", [("Authorization", f"Bearer {value}")])


@pytest.mark.parametrize("kind", ["EC:prime256v1", "rsa:2048"])
def test_a_client_certificate_with_its_key_in_a_token(make_server, authority, token, make_issuer, kind):
    certificate = token.pair(authority, "client", kind, name="gateway client")
    issuer = make_issuer()
    server = gateway_of(make_server, authority, token, issuer, 'tokenEndpointAuthMethod="tls_client_auth"',
                        'clientKeyAlias="client"')
    for number in range(6):
        assert ask(server, f"opaque{number}").status == 200, server.log() + server.output()
    assert {shown for shown, _ in issuer.seen} == {ssl.PEM_cert_to_DER_cert(certificate.read_text())}
    no_secret(server)


@pytest.mark.parametrize("alg, kind", [("ES256", "EC:prime256v1"), ("ES384", "EC:secp384r1"), ("RS256", "rsa:2048"),
                                       ("RS512", "rsa:2048"), ("PS256", "rsa:2048"), ("PS384", "rsa:3072")])
def test_an_assertion_signed_in_a_token(make_server, authority, token, make_issuer, alg, kind):
    certificate = token.pair(authority, "signer", kind)
    issuer = make_issuer(demand=False)
    client = f'tokenEndpointAuthMethod="private_key_jwt" tokenEndpointAuthSigningAlgorithm="{alg}" keyAliasName="signer"'
    server = gateway_of(make_server, authority, token, issuer, client)
    assert ask(server, "opaque").status == 200, server.log() + server.output()
    public = jwk.JWK.from_pem(certificate.read_bytes())
    for _, form in issuer.seen:
        verified = jwt.JWT(jwt=form["client_assertion"], key=public, algs=[alg])
        claims = json.loads(verified.claims)
        assert claims["iss"] == claims["sub"] == "gateway"
    assert issuer.seen
    # Without its token nothing is signed, the cause is told, and the authority counts as one that cannot be asked.
    token.remove()
    response = ask(server, "another")
    assert response.status == 503, response
    assert "token 'gateway'" in server.log()
    token.insert()
    wait_until(lambda: ask(server, "again").status == 200, "the token to be used again")
    no_secret(server)


def test_a_server_with_a_wrong_pin_for_what_goes_out_does_not_start(make_server, authority, token, make_issuer):
    token.pair(authority, "client")
    issuer = make_issuer()
    server = gateway_of(make_server, authority, token, issuer, 'tokenEndpointAuthMethod="tls_client_auth"',
                        store=token.store("hsm", pin="not the pin"), start=False)
    with pytest.raises(BaseException) as failed:
        server.start()
    server.process, server.may_alert = None, True
    told = server.log() + server.output()
    assert "the PIN is wrong" in told and "refused before" not in told, str(failed.value)
    assert "not the pin" not in server.log() + server.output()


def test_a_pin_that_the_token_refuses_is_tried_once_by_all_workers_together(make_server, authority, token):
    token.pair(authority, "server")
    server = make_server(OPEN + token.store(), environment=token.environment, arguments=["--workers=3"])
    for _ in range(12):
        assert server.call("GET", NOWHERE).status == 404
    token.tool("--change-pin", "--new-pin", "another 0815")
    token.remove()

    def workers_that_say(pattern):
        fails(server)
        return set(re.findall(rf"(\d+)#\d+: .*{pattern}", server.log()))

    wait_until(lambda: len(workers_that_say("there is no token")) == 3, "all workers to miss it", 60)
    token.insert()
    # Each worker wants to log in again, with what it knows.
    wait_until(lambda: len(workers_that_say("the PIN (?:is wrong|was refused before)")) == 3, "all workers to want to log in", 60)
    time.sleep(1.2)
    for _ in range(12):
        assert fails(server)
    assert len(workers_that_say("the PIN is wrong")) == 1, server.log()
    # The right one, told to the server, makes it work again.
    server.write(OPEN + token.store(pin="another 0815"))
    server.reload()
    wait_until(lambda: not any(fails(server) for _ in range(6)), "handshakes to succeed again")


def test_a_directory_is_shown_a_certificate_whose_key_is_in_a_token(make_directory, make_gateway, authority, token):
    token.pair(authority, "client", name="gateway client")
    certificate, key = authority.issue("directory")
    directory = make_directory(certificate=certificate, key=key, authority=authority, start=False)
    text = directory.configuration.read_text()
    directory.configuration.write_text(text.replace("TLSCACertificateFile", "TLSVerifyClient demand\nTLSCACertificateFile", 1))
    directory.start()
    more = (f'<ssl id="withClient" keyStoreRef="hsm" trustStoreRef="trust" clientKeyAlias="client"/>{token.store("hsm")}'
            f'<keyStore id="trust" location="{authority.certificate}" type="PEM"/>'
            '<keyStore id="defaultKeyStore" password="key store password"/>')
    os.environ.update(token.environment)
    try:
        server = make_gateway(directory, attributes='sslEnabled="true" sslRef="withClient"', port=directory.tls_port, more=more)
        assert ask_ldap(server, "fred", "fred secret").status == 200, server.log() + directory.log()
    finally:
        for name in token.environment:
            del os.environ[name]
    assert BASE in directory.log()
