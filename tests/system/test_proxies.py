"""Whom the server takes for its client when proxies stand in front (remoteIp, the PROXY protocol, httpDispatcher)."""
import base64
import json
import re
import socket
import ssl
import subprocess
import time
import urllib.parse

import pytest

import front
from conftest import SALLYPORT, Authority, Connection, call, free_ports, need, wait_until
from test_api import FRED, JSON, basic, make_gateway, make_region, smf  # noqa: F401 (fixtures)
from test_audit import VERSION_2
from test_engine_server import make_echo  # noqa: F401 (fixture)

ENDPOINT = '<httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="{http}" httpsPort="{https}" %s>%s</httpEndpoint>'
REMOTE = f'<remoteIp proxies="{front.PROXIES}" %s/>'
# The address of a client who is neither the proxy nor somebody an intruder could be taken for.
CLIENT = "127.0.0.5"


@pytest.fixture
def run():
    """Keeps proxies until the end of the test; gives their port."""
    processes = []

    def keep(started):
        processes.append(started[0])
        return started[1]

    yield keep
    for process in processes:
        process.stop()


def facts(port, *headers, source=CLIENT, **options):
    response = call(port, "GET", "/facts", headers, source=source, **options)
    return response.json if response.status == 200 else response.status


def names(told):
    return {name.lower() for name, _ in told["headers"]}


# ---------------------------------------------------------------- X-Forwarded-For and Forwarded

def test_a_trusted_reverse_proxy_names_the_client(make_echo, tmp_path, run):  # noqa: F811
    server = make_echo(ENDPOINT % ("", REMOTE % ""))
    port = run(front.nginx_http(tmp_path / "front", server.http))
    told = facts(port)
    assert (told["peer_address"], told["proxy_address"], told["tls"]) == (CLIENT, front.ADDRESS, False)
    # What the client wrote himself stands left of what the proxy knows, and is not read.
    told = facts(port, ("X-Forwarded-For", "10.1.1.1, 127.0.0.9"), ("X-Forwarded-Proto", "https"))
    assert (told["peer_address"], told["tls"]) == (CLIENT, False)
    assert facts(port, ("X-Forwarded-For", "<garbage>"))["peer_address"] == CLIENT
    # The other family of headers is not the proxy's: without a choice in server.xml the request is refused.
    assert facts(port, ("Forwarded", "for=10.1.1.1;proto=https")) == 400
    assert "SALE0012W" in server.log() and "sallyport_header" in server.log()


def test_a_choice_of_the_header_ignores_the_other(make_echo, tmp_path, run):  # noqa: F811
    server = make_echo(ENDPOINT % ("", REMOTE % 'sallyport_header="X-Forwarded-For"'))
    port = run(front.nginx_http(tmp_path / "front", server.http))
    told = facts(port, ("Forwarded", "for=10.1.1.1;proto=https"))
    assert (told["peer_address"], told["tls"]) == (CLIENT, False)


def test_two_proxies_behind_each_other(make_echo, tmp_path, run):  # noqa: F811
    server = make_echo(ENDPOINT % ("", REMOTE % ""))
    inner = run(front.nginx_http(tmp_path / "inner", server.http))
    outer = run(front.nginx_http(tmp_path / "outer", inner))
    assert facts(outer)["peer_address"] == CLIENT
    assert facts(outer, ("X-Forwarded-For", "127.0.0.9"))["peer_address"] == CLIENT


def test_headers_of_others_change_nothing(make_echo):  # noqa: F811
    everything = [("X-Forwarded-For", "10.1.1.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.test"),
                  ("X-Forwarded-Port", "1"), ("Forwarded", "for=10.1.1.1;proto=https;host=evil.test"), ("$WSRA", "10.1.1.1"),
                  ("$WSCC", "MIIB"), ("$WSIS", "true"), ("$WSSC", "https"), ("$WSSN", "evil.test"), ("$WSRU", "root")]
    for xml in ("", REMOTE % ""):
        server = make_echo(ENDPOINT % ("", xml) + f'<httpDispatcher trustedHeaderOrigin="{front.ADDRESS}"/>')
        told = facts(server.http, *everything)
        assert (told["peer_address"], told["proxy_address"], told["tls"], told["host"]) == (CLIENT, "", False, "localhost")
        assert told["client_certificate"] == "" and told["local_port"] == server.http
        assert not any(name.startswith("$ws") for name in names(told))
        assert not {"forwarded", "x-forwarded-for", "x-forwarded-proto"} & names(told)
        assert facts(server.http, ("X-Forwarded-For", "1.1.1.1, " * 500))["peer_address"] == CLIENT
        server.stop()
    # Whatever the method and the way.
    server = make_echo(ENDPOINT % ("", REMOTE % ""))
    for method in ("OPTIONS", "POST", "PUT", "DELETE", "PATCH"):
        told = call(server.http, method, "/facts/oidcclient/redirect", everything, b"", source=CLIENT).json
        assert not {name for name in names(told) if name.startswith(("$ws", "forwarded", "x-forwarded"))}, method
    server.stop()
    # Where no proxy is configured such headers are headers like any others, but for the private ones.
    server = make_echo()
    told = facts(server.http, *everything)
    assert (told["peer_address"], told["tls"], told["host"]) == (CLIENT, False, "localhost")
    assert not any(name.startswith("$ws") for name in names(told)) and "x-forwarded-for" in names(told)


def test_a_chain_without_end_is_refused(make_echo):  # noqa: F811
    server = make_echo(ENDPOINT % ("", REMOTE % ""))
    assert facts(server.http, ("X-Forwarded-For", ", ".join(["127.0.0.9"] * 64)), source=front.ADDRESS)["peer_address"] == front.ADDRESS
    assert facts(server.http, ("X-Forwarded-For", ", ".join(["127.0.0.9"] * 65)), source=front.ADDRESS) == 400
    assert facts(server.http, ("X-Forwarded-For", ", ".join(["127.0.0.9"] * 2000)), source=front.ADDRESS) == 400


def test_a_change_of_the_proxies_is_taken_over(make_gateway):  # noqa: F811
    server = make_gateway(more='<config monitorInterval="100ms"/>')
    text = (server.directory / "server.xml").read_text()
    assert call(server.http, "POST", "/bad/do", [("X-Forwarded-Proto", "https")], b"{}", source=CLIENT).status == 302
    (server.directory / "server.xml").write_text(text.replace("</server>", '<httpEndpoint id="defaultHttpEndpoint"><remoteIp '
                                                              'proxies="127\\.0\\.0\\.5"/></httpEndpoint></server>'))
    wait_until(lambda: call(server.http, "POST", "/bad/do", [("X-Forwarded-Proto", "https")], b"{}", source=CLIENT).status == 401,
               "the proxy to be trusted")


# ---------------------------------------------------------------- the PROXY protocol

PROXY = ENDPOINT % ('sallyport_proxyProtocol="true"', REMOTE % "")


def test_proxy_protocol_of_both_versions(make_echo, tmp_path, run):  # noqa: F811
    server = make_echo(PROXY)
    one = run(front.nginx_stream(tmp_path / "one", server.http))
    two = run(front.haproxy_tcp(tmp_path / "two", server.http, "send-proxy-v2 check check-send-proxy inter 100 fall 1"))
    secure = run(front.haproxy_tcp(tmp_path / "secure", server.https))
    for port in (one, two):
        told = facts(port)
        assert (told["peer_address"], told["proxy_address"], told["tls"]) == (CLIENT, front.ADDRESS, False)
        # The client is not a proxy, so what it writes is nothing.
        assert facts(port, ("X-Forwarded-For", "10.1.1.1"), ("X-Forwarded-Proto", "https"))["peer_address"] == CLIENT
    time.sleep(0.5)  # haproxy's checks of our health (LOCAL) go on: it would take us out
    assert facts(two)["peer_address"] == CLIENT
    told = facts(secure, tls=server.authority.client())
    assert (told["peer_address"], told["proxy_address"], told["tls"]) == (CLIENT, front.ADDRESS, True)


def test_proxy_protocol_from_others_is_refused_before_it_is_read(make_echo, tmp_path, run):  # noqa: F811
    server = make_echo(PROXY)
    untrusted = run(front.haproxy_tcp(tmp_path / "two", server.http, source="127.0.0.10"))
    with Connection(untrusted, source=CLIENT) as client:
        client.send("GET /facts HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.closed()
    for data in (b"PROXY TCP4 10.1.1.1 10.1.1.2 1 2\r\n", front.proxy_v2(), b""):
        with Connection(server.http, source=CLIENT) as client:
            try:
                client.send(data + b"GET /facts HTTP/1.1\r\nHost: localhost\r\n\r\n")
            except OSError:
                continue
            assert client.closed()
    assert "SALE0013W a connection from 127.0.0.10 is closed" in server.log()
    # and it sends no byte of TLS either
    with pytest.raises((ssl.SSLError, OSError)):
        call(server.https, "GET", "/facts", tls=server.authority.client(), source=CLIENT)


def spoken(port, data):
    """What the server answers a proxy that sends these bytes, and a request behind them; None: it closes."""
    with Connection(port, source=front.ADDRESS, timeout=3) as client:
        try:
            client.send(data + b"GET /facts HTTP/1.1\r\nHost: localhost\r\n\r\n")
            response = client.receive()
        except OSError:
            return None
        return response.json["peer_address"] if response and response.status == 200 else None


def test_proxy_headers_well_formed_or_not(make_echo):  # noqa: F811
    server = make_echo(PROXY)
    six = socket.inet_pton(socket.AF_INET6, "2001:db8::1") * 2 + b"\0\1\0\2"
    good = {
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n": "192.0.2.1",
        b"PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n": "2001:db8::1",
        b"PROXY UNKNOWN\r\n": front.ADDRESS,
        b"PROXY UNKNOWN rubbish to the end of the line\r\n": front.ADDRESS,
        front.proxy_v2(): "192.0.2.1",
        front.proxy_v2(family=0x21, addresses=six): "2001:db8::1",
        front.proxy_v2(command=0): front.ADDRESS,  # LOCAL: the proxy's own check
        front.proxy_v2(addresses=socket.inet_aton("192.0.2.1") * 2 + b"\0\1\0\2" + b"\x04\0\1x"): "192.0.2.1",  # a TLV behind it
    }
    for data, address in good.items():
        assert spoken(server.http, data) == address, data
    for data in (b"", b"PROXY\r\n", b"PROXY TCP4 192.0.2.1\r\n", b"PROXY TCP4 300.0.2.1 192.0.2.2 1 2\r\n",
                 b"PROXY TCP9 192.0.2.1 192.0.2.2 1 2\r\n", b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
                 b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2", b"PROXY TCP4 " + b"1" * 200 + b"\r\n",
                 front.proxy_v2(addresses=b"short"), front.proxy_v2()[:-4], b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c" + bytes(12)):
        assert spoken(server.http, data) is None, data


def test_proxies_need_a_remoteip(make_server):
    server = make_server(ENDPOINT % ('sallyport_proxyProtocol="true"', ""), start=False)
    checked = server.command("check")
    assert checked.returncode != 0 and "SALE0011E" in checked.stderr + checked.stdout


# ---------------------------------------------------------------- a proxy that ends TLS

CERTIFICATES = ('<keyStore id="defaultKeyStore" password="key store password"/><keyStore id="trusted" location="{authority}" type="PEM"/>'
                '<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" trustStoreRef="trusted" clientAuthenticationSupported="true"/>')
SENSITIVE = f'<httpDispatcher trustedSensitiveHeaderOrigin="{front.ADDRESS}"/>'


def test_a_certificate_in_a_header_is_checked_as_any(make_echo, authority, tmp_path, tmp_path_factory, run):  # noqa: F811
    server = make_echo(ENDPOINT % ("", REMOTE % "") + CERTIFICATES + SENSITIVE)
    port = run(front.haproxy_tls(tmp_path / "front", authority, server.http))
    mine = authority.issue("a caller")
    told = facts(port, tls=authority.client(*mine))
    assert base64.b64decode(told["client_certificate"]) == ssl.PEM_cert_to_DER_cert(mine[0].read_text())
    assert (told["peer_address"], told["tls"]) == (CLIENT, True) and "$wscc" not in names(told)
    assert facts(port, tls=authority.client())["client_certificate"] == ""
    # The proxy lets every certificate through; here it is checked.
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "Stranger")
    intruder = stranger.issue("an intruder")
    told = call(port, "GET", "/facts", tls=authority.client(*intruder))
    assert (told.status, told.json["refused"], told.json["client_certificate"]) == (400, "SALE0012W", "")
    assert base64.b64decode(told.json["refused_certificate"]) == ssl.PEM_cert_to_DER_cert(intruder[0].read_text())
    assert "$WSCC is not accepted: unable to get local issuer certificate" in told.json["reason"]


def pem_in_a_header(path):
    """As nginx's $ssl_client_escaped_cert writes it."""
    return urllib.parse.quote(path.read_text())


def test_forms_of_a_certificate_in_a_header(make_echo, authority):  # noqa: F811
    server = make_echo(ENDPOINT % ("", "") + CERTIFICATES + SENSITIVE)
    certificate, _ = authority.issue("a caller")
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    plain = base64.b64encode(der).decode()
    for value in (plain, pem_in_a_header(certificate), certificate.read_text().replace("\n", " "), f"  {plain} "):
        assert base64.b64decode(facts(server.http, ("$WSCC", value), source=front.ADDRESS)["client_certificate"]) == der
    for value in ("", "MIIB", plain[:-8], plain + "AAAA", "%", "%zz", plain.replace("M", "-", 1), base64.b64encode(b"\x30\x80" * 50).decode()):
        assert facts(server.http, ("$WSCC", value), source=front.ADDRESS) == 400, value
    assert facts(server.http, ("$WSCC", plain), ("$WSCC", plain), source=front.ADDRESS) == 400
    # Nobody else may, also not another proxy.
    assert facts(server.http, ("$WSCC", plain), source=CLIENT)["client_certificate"] == ""


def test_the_proxys_own_certificate_is_not_its_clients(make_echo, authority):  # noqa: F811
    server = make_echo(ENDPOINT % ("", "") + CERTIFICATES + SENSITIVE)
    proxy = authority.client(*authority.issue("the proxy"))
    certificate, _ = authority.issue("a caller")
    assert facts(server.https, tls=proxy, source=front.ADDRESS)["client_certificate"] == ""
    assert facts(server.https, tls=proxy)["client_certificate"] != ""
    value = base64.b64encode(ssl.PEM_cert_to_DER_cert(certificate.read_text())).decode()
    assert facts(server.https, ("$WSCC", value), tls=proxy, source=front.ADDRESS)["client_certificate"] == value


# ---------------------------------------------------------------- the one address, everywhere

FILTERED = """<authFilter id="inside"><remoteAddress ip="127.0.0.5" matchType="equals"/></authFilter>
<openidConnectClient id="partner" authFilterRef="inside" inboundPropagation="required" issuerIdentifier="https://partner.test"
  audiences="zosconnect" signatureAlgorithm="HS256" sharedKey="a secret of thirty-two bytes....."/>"""


@pytest.fixture
def make_proxied(make_gateway):  # noqa: F811
    """A gateway whose endpoint believes the proxy."""
    text = f'<server><httpEndpoint id="defaultHttpEndpoint">{REMOTE % ""}</httpEndpoint></server>'
    return lambda more="": make_gateway(more='<include location="proxies.xml"/>' + more, files={"proxies.xml": text})


def test_audit_log_and_filter_have_the_clients_address(make_proxied, tmp_path, run):
    server = make_proxied(FILTERED + VERSION_2)
    port = run(front.nginx_http(tmp_path / "front", server.http, scheme="https"))
    body = b'{"Area":{"What":"NOTHING","Seconds":0}}'
    # requireSecure is content with the proxy's word, and the filter with the client's address.
    refused = call(port, "POST", "/bad/do", [JSON, FRED], body, source=CLIENT)
    assert refused.status == 401 and refused.header("WWW-Authenticate").startswith("Bearer")
    assert call(port, "POST", "/bad/do", [JSON, FRED], body, source="127.0.0.6").status == 200
    assert call(port, "POST", "/bad/do", [JSON, basic("fred", "wrong")], body, source="127.0.0.7").status == 401
    wait_until(lambda: "from 127.0.0.7" in server.log(), "the log")
    assert "from 127.0.0.9" not in server.log()
    # Not by way of the proxy: plain HTTP is not enough, whatever the client says.
    direct = call(server.http, "POST", "/bad/do", [JSON, FRED, ("X-Forwarded-Proto", "https")], body, source=CLIENT)
    assert direct.status == 302 and direct.header("Location").startswith("https://localhost:")
    server.stop()
    addresses = set(client_addresses(server))
    assert {"127.0.0.6", "127.0.0.7"} <= addresses and front.ADDRESS not in addresses


def client_addresses(server):
    """Every value of CLIENT_IP_ADDR in the records."""
    return re.findall(r'"CLIENT_IP_ADDR": "([^"]*)"', json.dumps(smf(server)))


def test_the_brake_is_on_the_client_and_not_on_the_proxy(make_proxied, tmp_path, run):
    server = make_proxied()
    port = run(front.nginx_http(tmp_path / "front", server.http, scheme="https"))
    body = b'{"Area":{"What":"NOTHING","Seconds":0}}'
    statuses = {call(port, "POST", "/bad/do", [JSON, basic("fred", f"wrong {i}")], body, source=CLIENT).status for i in range(40)}
    assert 429 in statuses
    assert call(port, "POST", "/bad/do", [JSON, FRED], body, source="127.0.0.6").status == 200


def test_explain_auth_finds_the_same_client(tmp_path):
    directory = tmp_path / "server"
    directory.mkdir()
    (directory / "server.xml").write_text(
        '<server><httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="9080" httpsPort="-1"><remoteIp proxies="10\\.0\\.0\\.1"/>'
        '</httpEndpoint><basicRegistry id="basic" realm="r"><user name="fred" password="x"/></basicRegistry>'
        '<authFilter id="f"><remoteAddress ip="192.0.2.1" matchType="equals"/></authFilter>'
        '<openidConnectClient id="partner" authFilterRef="f" inboundPropagation="required" issuerIdentifier="https://p" audiences="z" '
        'signatureAlgorithm="HS256" sharedKey="a secret of thirty-two bytes....."/></server>')

    def explain(*words):
        done = subprocess.run([need(SALLYPORT), "explain", "auth", "GET", "http://gw.test:9080/a", *words, "--server", f"{directory}/"],
                              capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    text = explain("--peer", "10.0.0.1", "-H", "X-Forwarded-For: 192.0.2.1")
    assert "client: 10.0.0.1 is trusted; the client is 192.0.2.1" in text and "authFilter[f] accepts the request" in text
    text = explain("--peer", "10.0.0.2", "-H", "X-Forwarded-For: 192.0.2.1")
    assert "client: 10.0.0.2 is no trusted proxy" in text and "authFilter[f] does not accept the request" in text
    text = explain("--peer", "10.0.0.1", "-H", "X-Forwarded-For: nobody")
    assert "SALE0012W" in text and "answer: 400" in text
