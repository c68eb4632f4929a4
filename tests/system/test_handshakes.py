"""What is told of clients that TLS refuses: each reason, by real clients of both versions; and of connections that end before there is a request."""
import json
import ssl
import subprocess

import pytest

from certificates import SERVER, Pair
from conftest import Connection, wait_until
from test_api import bad, make_gateway, make_region  # noqa: F401 (fixtures)
from test_api import FRED, JSON
from test_audit import VERSION_2, read
from test_engine_server import make_echo  # noqa: F401 (fixture)
from test_monitoring import metrics, monitored, value  # noqa: F401 (fixture)
from test_revocation import Revocation

REFUSED = "SALE0017W: The client certificate was not accepted: "
BODY = b'{"Area": {"What": "NOTHING", "Seconds": 0}}'


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return Pair(tmp_path_factory.mktemp("root"), "Root of the tests", ca=True, ends=300)


def xml(trusted, how="clientAuthentication", more=""):
    return (f'<server><keyStore id="trusted" location="{trusted}" type="PEM"/><ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" '
            f'trustStoreRef="trusted" {how}="true" {more}/></server>')


def audited(make_gateway, trusted, how="clientAuthentication", more=""):  # noqa: F811
    return make_gateway(more='<include location="ssl.xml"/>' + VERSION_2 + '<sallyport_smf securityFile="${server.output.dir}/security.json"/>',
                        files={"ssl.xml": xml(trusted, how, more)})


def s_client(server, version, *options):
    """A POST by openssl's own client."""
    request = b"POST /bad/do HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", f"-{version}", "-quiet", "-servername", "localhost", *options],
                          input=request, capture_output=True, check=False, timeout=60)


def curl(server, *options):
    """(status, version of HTTP, body)"""
    done = subprocess.run(["curl", "--silent", "--insecure", "--request", "POST", "--header", "Content-Type: application/json",
                           "--data-binary", "@-", "--write-out", "\\n%{http_code} %{http_version}", *options, f"https://127.0.0.1:{server.https}/bad/do"],
                          input=BODY, capture_output=True, check=True, timeout=60)
    body, _, last = done.stdout.rpartition(b"\n")
    return int(last.split()[0]), last.split()[1].decode(), body


def cases(root, tmp_path):
    """reason by OpenSSL -> the certificate that is shown"""
    stranger = Pair(tmp_path, "an unknown authority", ca=True)
    return {"certificate has expired": Pair(tmp_path, "expired", root, begins=-30, ends=-1),
            "certificate is not yet valid": Pair(tmp_path, "early", root, begins=1),
            "unsuitable certificate purpose": Pair(tmp_path, "a server", root, usages=[SERVER]),
            "self-signed certificate": Pair(tmp_path, "by itself"),
            "unable to verify the first certificate": Pair(tmp_path, "by a stranger", stranger)}


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_each_reason_is_told(make_gateway, root, tmp_path, version):  # noqa: F811
    server = audited(make_gateway, root.pem)
    shown = cases(root, tmp_path)
    for reason, pair in shown.items():
        done = s_client(server, version, "-cert", pair.pem, "-key", pair.key_file)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ") and b"application/json" in head and b"Connection: close" in head, (reason, done)
        assert json.loads(body) == {"errorMessage": f"{REFUSED}{reason}."}
    server.stop()
    lines = [line for line in server.log().splitlines() if "SALG0021W" in line]
    told = [json.loads(line) for line in (server.directory / "security.json").read_text().splitlines()]
    requests, recorded = read(server)
    assert len(lines) == len(told) == len(requests) == len(recorded) == len(shown)
    for (reason, pair), line, event in zip(shown.items(), lines, told):
        names = f"{reason}, of CN={pair.name} by CN={(pair.issuer or pair).name}"
        assert names in line and names in event["reason"]
        assert (event["user"], event["api"], event["clientAddress"]) == (f"CN={pair.name}", "bad", "127.0.0.1")


def test_a_certificate_that_was_taken_back_is_told_of(make_gateway, authority, tmp_path):  # noqa: F811
    revocation = Revocation(tmp_path, authority)
    good, revoked = authority.issue("good caller"), authority.issue("bad caller")
    revocation.revoke(revoked[0])
    server = audited(make_gateway, authority.certificate, more=f'sallyport_crl="{revocation.file}"')
    for version in ("--tlsv1.3", "--tls-max 1.2"):
        status, _, body = curl(server, *version.split(), "--cert", revoked[0], "--key", revoked[1])
        assert status == 400 and json.loads(body) == {"errorMessage": REFUSED + "certificate revoked."}
    assert curl(server, "--cert", good[0], "--key", good[1])[0] == 401  # it is nobody's
    server.stop()
    assert server.log().count("certificate revoked, of CN=bad caller by ") == 2
    told = [json.loads(line) for line in (server.directory / "security.json").read_text().splitlines()]
    assert [each["user"] for each in told if each["status"] == 400] == ["CN=bad caller"] * 2


def test_who_asks_for_http_2_is_refused_alike(make_gateway, root, tmp_path):  # noqa: F811
    """The server offers HTTP/1.1 only."""
    server = audited(make_gateway, root.pem, "clientAuthenticationSupported")
    pair = Pair(tmp_path, "by itself")
    status, version, body = curl(server, "--http2", "--cert", pair.pem, "--key", pair.key_file)
    assert (status, version) == (400, "1.1") and json.loads(body)["errorMessage"].startswith(REFUSED)


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_a_refused_session_that_is_resumed_is_refused(make_gateway, root, tmp_path, version):  # noqa: F811
    server = audited(make_gateway, root.pem)
    pair = Pair(tmp_path, "by itself")
    for how in ("-sess_out", "-sess_in"):
        done = s_client(server, version, "-cert", pair.pem, "-key", pair.key_file, how, tmp_path / "session")
        assert done.stdout.startswith(b"HTTP/1.1 400 ") and REFUSED.encode() in done.stdout, (how, done)


def test_whatever_a_refused_client_asks_for_is_told_of(make_gateway, root, tmp_path):  # noqa: F811
    server = audited(make_gateway, root.pem)
    tls = server.authority.client(*Pair(tmp_path, "mallory").shown())
    for target in ("/bad/do?x=%zz", "/health/live", "/nothing", "/zosConnect/services", "/bad/do"):
        answer = server.call("GET", target, tls=tls)
        assert answer.status == 400 and answer.json["errorMessage"].startswith(REFUSED), target
    server.stop()
    requests, recorded = read(server)
    assert len(requests) == len(recorded) == server.log().count("of CN=mallory by CN=mallory") == 5


def test_the_adapter_sends_a_refused_client_nothing_but_an_error(make_echo, authority, root, tmp_path):  # noqa: F811
    server = make_echo('<keyStore id="defaultKeyStore" password="key store password"/>' + xml(root.pem)[8:-9])
    assert server.call("GET", "/bytes/1", tls=authority.client(*Pair(tmp_path, "by itself").shown())).status == 500
    assert "the handler answered a client that is refused as if it were not" in server.log()


def test_names_in_a_certificate_write_no_lines_of_their_own(make_gateway, root, tmp_path):  # noqa: F811
    server = audited(make_gateway, root.pem)
    for name in ('x\nSALG0050I forged, "quoted"', "\u001b[31mred", "long" * 15):
        pair = Pair(tmp_path, name)
        assert bad(server, "NOTHING", tls=server.authority.client(*pair.shown())).status == 400, name
    server.stop()
    assert "\nSALG0050I forged" not in server.log() and "SALG0050I forged" in server.log() and "\x1b" not in server.log()
    assert len((server.directory / "security.json").read_text().splitlines()) == 3


# ---- before there is a request

def alerts(server, **labels):
    return value(metrics(server), "sallyport_tls_alerts_total", **labels) or 0


def test_handshakes_that_fail_are_counted(monitored, tmp_path):  # noqa: F811
    server = monitored()
    def shake(*options):
        return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", *options], input=b"", capture_output=True, check=False, timeout=60)
    assert shake("-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0").returncode != 0
    assert shake("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0").returncode != 0
    wait_until(lambda: alerts(server, direction="sent", alert="handshake failure") == 1, "the cipher that nobody has")
    wait_until(lambda: alerts(server, direction="sent", alert="protocol version") == 1, "the version that is too old")
    stranger = ssl.create_default_context()  # does not know our authority
    with pytest.raises(ssl.SSLError):
        Connection(server.https, tls=stranger)
    wait_until(lambda: alerts(server, direction="received", alert="unknown CA") == 1, "the client that does not trust us")
    assert server.call("POST", "/bad/do", [FRED, JSON], BODY).status == 200
    assert value(metrics(server), "sallyport_authentications_total", scheme="certificate", result="refused") is None


def test_refused_certificates_are_counted(monitored, root, tmp_path):  # noqa: F811
    server = monitored(files={"ssl.xml": xml(root.pem)}, more='<include location="ssl.xml"/>')
    assert bad(server, "NOTHING", tls=server.authority.client(*Pair(tmp_path, "by itself").shown())).status == 400
    assert bad(server, "NOTHING").status == 400
    text = metrics(server)
    assert value(text, "sallyport_authentications_total", scheme="certificate", result="refused") == 2
    assert value(text, "sallyport_requests_total", name="bad", status="400") == 2
