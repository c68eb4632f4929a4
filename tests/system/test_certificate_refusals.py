"""A client certificate that TLS does not accept: the answer, the line in the log, the security event, the record."""
import json
import subprocess

import pytest

from certificates import Pair
from conftest import Connection, call
from test_api import FRED, JSON, make_gateway, make_region  # noqa: F401 (fixtures)
from test_audit import VERSION_2, read
from test_requests import BODY

SSL = ('<server><keyStore id="trusted" location="%s" type="PEM"/><ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" '
       'trustStoreRef="trusted" %s="true" sslProtocol="TLSv1.2,TLSv1.3"/></server>')
MORE = '<include location="ssl.xml"/><sallyport_smf securityFile="${{server.output.dir}}/logs/security.json"/>'.replace("{{", "{").replace("}}", "}") + VERSION_2
ACCEPTED = "SALE0017W: The client certificate was not accepted: "
REQUIRED = "SALE0018W: A client certificate is required: the endpoint has clientAuthentication on."


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return Pair(tmp_path_factory.mktemp("root"), "Root of the tests", ca=True, ends=300)


def gateway(make_gateway, root, attribute="clientAuthentication", more=""):
    return make_gateway(more=MORE + more, files={"ssl.xml": SSL % (root.pem, attribute)})


def by_curl(server, pair, *words):
    """With the version that the words say; the answer, its status as text behind it."""
    who = ["--cert", str(pair.shown()[0]), "--key", str(pair.shown()[1])] if pair else []
    done = subprocess.run(["curl", "-sS", "--max-time", "60", "--cacert", str(server.authority.certificate), *who, *words, "-H", "Content-Type: application/json",
                           "-w", "\n%{http_code}", "--data-binary", "@-", f"https://localhost:{server.https}/bad/do?id=7"],
                          input=BODY, capture_output=True, check=True, timeout=90)
    body, _, status = done.stdout.decode().rpartition("\n")
    return int(status), json.loads(body).get("errorMessage")


def events(server):
    return [json.loads(line) for line in (server.directory / "logs" / "security.json").read_text().splitlines()]


@pytest.mark.parametrize("version", (["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]))
def test_a_refused_certificate_is_answered_told_and_recorded(make_gateway, root, tmp_path, version):  # noqa: F811
    server = gateway(make_gateway, root)
    old, stranger = Pair(tmp_path, "old fred", root, begins=-30, ends=-1), Pair(tmp_path, "mallory")
    assert by_curl(server, old, *version) == (400, ACCEPTED + "certificate has expired.")
    assert by_curl(server, stranger, *version) == (400, ACCEPTED + "self-signed certificate.")
    assert by_curl(server, None, *version) == (400, REQUIRED)
    assert by_curl(server, Pair(tmp_path, "fred", root), *version)[0] == 200
    log = server.log()
    server.stop()
    lines = [line for line in log.splitlines() if "SALG0021W" in line]
    assert len(lines) == 3
    assert "POST /bad/do from 127.0.0.1: let in: SALE0017W: " in lines[0] and "certificate has expired, of CN=old fred by CN=Root of the tests" in lines[0]
    assert "self-signed certificate, of CN=mallory by CN=mallory" in lines[1] and "SALE0018W" in lines[2]
    assert [(each["event"], each.get("user", ""), each["status"], each["clientAddress"], each["method"], each["uri"], each["messageId"])
            for each in events(server)] == [
        ("authenticationFailed", user, 400, "127.0.0.1", "POST", "/bad/do", message)
        for user, message in (("CN=old fred", "SALE0017W"), ("CN=mallory", "SALE0017W"), ("", "SALE0018W"))]
    requests, _ = read(server)
    assert [each["status"] for each in requests] == [400, 400, 400, 200]
    assert all(each["query"] == "id=7" for each in requests)


def test_nobody_is_what_an_unproven_certificate_says(make_gateway, root, tmp_path):  # noqa: F811
    """Neither the certificate nor a password beside it counts for a request that is refused."""
    server = gateway(make_gateway, root, "clientAuthenticationSupported")
    stranger = server.authority.client(*Pair(tmp_path, "fred").shown())
    response = server.call("POST", "/bad/do", [JSON, FRED], BODY, tls=stranger)
    assert (response.status, response.json) == (400, {"errorMessage": ACCEPTED + "self-signed certificate."})
    assert response.header("Connection") == "close"
    server.stop()
    (request,), _ = read(server)
    assert (request["user"], request["mapped"]) == ("", "")


def test_a_certificate_that_ends_is_told_of_too(make_gateway, root, tmp_path):  # noqa: F811
    server = gateway(make_gateway, root)
    short = Pair(tmp_path, "fred", root, ends=20 / 86400)
    with Connection(server.https, tls=server.authority.client(*short.shown())) as connection:
        assert connection.request("POST", "/bad/do", [JSON], BODY).status == 200
        answer = connection.request("POST", "/bad/do", [JSON], BODY)
        while answer.status == 200:
            answer = connection.request("POST", "/bad/do", [JSON], BODY)
        assert (answer.status, answer.json["errorMessage"]) == (400, ACCEPTED + "certificate has expired since the connection began.")
        assert connection.closed()
    server.stop()
    assert events(server)[-1]["user"] == "CN=fred"


def test_the_place_of_the_answer_is_not_for_callers(make_gateway, root, tmp_path):  # noqa: F811
    server = gateway(make_gateway, root)
    fred = server.authority.client(*Pair(tmp_path, "fred", root).shown())
    assert server.call("GET", "/.sallyport/refused", tls=fred).status == 404
    assert call(server.http, "GET", "/.sallyport/refused").status == 302  # as any path: TLS is required


def test_a_long_body_behind_a_refused_certificate_does_no_harm(make_gateway, root, tmp_path):  # noqa: F811
    server = gateway(make_gateway, root)
    stranger = server.authority.client(*Pair(tmp_path, "mallory").shown())
    fred = server.authority.client(*Pair(tmp_path, "fred", root).shown())
    workers = server.process.workers()
    for _ in range(20):
        with Connection(server.https, tls=stranger) as connection:
            try:
                connection.send(f"POST /bad/do HTTP/1.1\r\nHost: localhost\r\nContent-Length: {4 << 20}\r\n\r\n".encode() + b" " * (1 << 20))
            except OSError:
                pass  # refused before it has sent it all
    assert server.call("POST", "/bad/do", [JSON], BODY, tls=fred).status == 200
    assert server.process.workers() == workers
