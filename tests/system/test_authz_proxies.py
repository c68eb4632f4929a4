"""requireSecure where a proxy ends TLS: its word counts when server.xml trusts it, and nobody else's, as tests/data/authz has it."""
import ssl

import authority as world
import front
from conftest import Connection, call
from test_authorization import make_world  # noqa: F401 (a fixture)

PEERS = {"proxy": front.ADDRESS, "plugin": "127.0.0.8", "other": "127.0.0.5"}
ENDPOINT = ('<httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="{http}" httpsPort="{https}" %s>'
            f'<remoteIp proxies="{front.PROXIES}"/></httpEndpoint><httpDispatcher trustedHeaderOrigin="{PEERS["plugin"]}"/>')
ELEMENTS = world.elements(secure='requireSecure="true" requireAuth="false"', open='requireSecure="false" requireAuth="false"')
TARGETS = ("/{n}/it", "/zosConnect/services/{n}?action=invoke", "/direct/{n}")
JSON = ("Content-Type", "application/json")


def rows():
    for line in world.lines("proxies.txt"):
        peer, over, answer, headers = line.split(maxsplit=3)
        yield line, peer, over, answer, [tuple(part.strip() for part in each.split(":", 1))
                                         for each in headers.strip().split("|") if each.strip() != "-"]


def test_whose_word_about_tls_is_taken(make_world):  # noqa: F811
    server = make_world(world.users({}) + ELEMENTS + ENDPOINT % "", ["secure", "open"])
    wrong = []
    for line, peer, over, answer, headers in rows():
        for target in TARGETS:
            def ask(name):
                tls = server.authority.client() if over == "tls" else None
                return call(server.https if tls else server.http, "POST", target.replace("{n}", name), [JSON, *headers],  # noqa: B023
                            world.BODY, tls=tls, source=PEERS[peer])  # noqa: B023

            secure, plain = ask("secure"), ask("open")
            place = "localhost" if answer == "443" else f"localhost:{server.https}"
            expected = int(answer) if answer in ("200", "400") else 302
            location = f"https://{place}{target.replace('{n}', 'secure')}" if expected == 302 else None
            if (secure.status, secure.header("Location"), plain.status) != (expected, location, 400 if answer == "400" else 200):
                wrong.append((line, target, secure, plain.status))
    assert not wrong


def test_the_administration_takes_the_same_word(make_world):  # noqa: F811
    server = make_world(world.users({}) + ELEMENTS + ENDPOINT % "", ["secure", "open"])
    for target in ("/zosConnect/apis", "/zosConnect/apis/open", "/zosConnect/services/open", "/zosConnect/api-docs", "/api/docs"):
        for peer, headers, status in (("other", [("X-Forwarded-Proto", "https")], 302), ("proxy", [("X-Forwarded-Proto", "https")], 401),
                                      ("proxy", [], 302), ("plugin", [("$WSSC", "https")], 401), ("other", [("$WSSC", "https")], 302)):
            assert call(server.http, "GET", target, headers, source=PEERS[peer]).status == status, (target, peer)


# PP2_TYPE_SSL: the client spoke TLS 1.3 with the balancer, and nobody has signed that.
TLV = b"\x20\0\x0f\x01\0\0\0\0\x21\0\7TLSv1.3"


def test_a_balancer_of_connections_says_nothing_about_tls(make_world):  # noqa: F811
    server = make_world(world.users({}) + ELEMENTS + ENDPOINT % 'sallyport_proxyProtocol="true"', ["secure", "open"])
    addresses = front.proxy_v2()[16:]
    for said in (front.proxy_v2(), front.proxy_v2(addresses=addresses + TLV), b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n"):
        # Over plain connections it is 302, whatever port the client asked the balancer for; with TLS through to here it is 200.
        for name, over, status in (("secure", False, 302), ("open", False, 200), ("secure", True, 200)):
            with Connection(server.https if over else server.http, source=front.ADDRESS) as client:
                client.send(said)
                if over:
                    client.socket = server.authority.client().wrap_socket(client.socket, server_hostname="localhost")
                    assert isinstance(client.socket, ssl.SSLSocket)
                response = client.request("POST", f"/{name}/it", [JSON], world.BODY)
                assert response.status == status, (said, name, over, response)
                # The client whom it names is no proxy: what he writes of a proxy is nothing.
                assert client.request("POST", f"/{name}/it", [JSON, ("X-Forwarded-Proto", "https")], world.BODY).status == status
