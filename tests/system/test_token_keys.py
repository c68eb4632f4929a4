"""An issuer's keys: fetched before they are needed, replaced, asked for no oftener than allowed, and kept through an outage."""
import concurrent.futures
import http.server
import json
import ssl
import threading
import time

import pytest

import tokens
from conftest import free_ports, wait_until
from test_token import ask, claims, make

KNOWN = 'issuerIdentifier="https://issuer.example.com" audiences="us" signatureAlgorithm="ES256" tokenReuse="true"'
WORKERS = 2


class KeyServer:
    """JWKS over TLS. Counts; can go and come back."""

    def __init__(self, authority):
        self.port, self.asked, self.keys, self.delay, self.server = free_ports(1)[0], 0, [], 0.0, None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*authority.issue("localhost"))
        self.status, self.location = 200, None

    @property
    def url(self):
        return f"https://localhost:{self.port}/keys"

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                time.sleep(outer.delay)
                body = json.dumps({"keys": [json.loads(key.export_public()) for key in outer.keys]}).encode()
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Listener(("127.0.0.1", self.port), Handler)
        self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def source(authority):
    one = KeyServer(authority)
    one.keys = [tokens.make_key("ES256", "a")]
    yield one
    one.stop()


def signed(key, kid="a", **changes):
    return tokens.sign(key, claims(**changes), "ES256", {"kid": kid})


def ready(server):
    return server.call("GET", "/health/ready").status


def serve(make_server, authority, source, more="", start=True):
    client = f'{KNOWN} jwkEndpointUrl="{source.url}" {more}'
    return make(make_server, authority, client, "", start)


def test_keys_are_there_before_the_first_token_and_are_not_fetched_for_each(make_server, authority, source):
    server = serve(make_server, authority, source.start())
    wait_until(lambda: source.asked >= 1, "the first fetch")
    time.sleep(0.5)
    before = source.asked
    assert before <= WORKERS
    for number in range(8):
        assert ask(server, signed(source.keys[0], n=number)).status == 200
    assert source.asked == before


def test_the_first_call_after_a_rotation_is_answered(make_server, authority, source):
    server = serve(make_server, authority, source.start(), 'sallyport_jwkRefetchInterval="1s"')
    assert ask(server, signed(source.keys[0])).status == 200
    old, source.keys = source.keys[0], [tokens.make_key("ES256", "b")]
    time.sleep(1.1)
    assert ask(server, signed(source.keys[0], "b")).status == 200
    for number in range(8):  # whichever worker: each has fetched, or does now
        assert ask(server, signed(source.keys[0], "b", n=number)).status == 200
    time.sleep(1.1)
    assert [ask(server, signed(old, "a", n=number)).status for number in range(4)] == [401] * 4


def test_a_key_of_the_same_name_takes_the_place_of_the_old_one(make_server, authority, source):
    server = serve(make_server, authority, source.start(), 'sallyport_jwkRefetchInterval="1s"')
    assert ask(server, signed(source.keys[0])).status == 200
    old, source.keys = source.keys[0], [tokens.make_key("ES256", "a")]
    time.sleep(1.1)
    for number in range(12):  # a name that nobody knows makes every worker fetch
        ask(server, signed(source.keys[0], "unknown", n=number))
    for number in range(8):
        assert ask(server, signed(source.keys[0], n=number)).status == 200
        assert ask(server, signed(old, n=100 + number)).status == 401


def test_made_up_names_make_no_traffic(make_server, authority, source):
    server = serve(make_server, authority, source.start())  # once a minute
    assert ask(server, signed(source.keys[0])).status == 200
    time.sleep(0.5)
    before = source.asked
    for number in range(40):
        assert ask(server, signed(source.keys[0], f"made-up-{number}/../x?y")).status == 401
    assert source.asked <= before + WORKERS
    assert ask(server, signed(source.keys[0], n=1)).status == 200


def test_keys_count_through_an_outage_for_a_bounded_time(make_server, authority, source):
    server = serve(make_server, authority, source.start(), 'sallyport_jwkMaxStale="5s" sallyport_jwkRefetchInterval="1s"')
    key = source.keys[0]
    wait_until(lambda: ready(server) == 200, "the keys")
    source.stop()
    time.sleep(1.2)
    for number in range(4):
        assert ask(server, signed(key, n=number)).status == 200
    assert ask(server, signed(tokens.make_key("ES256", "b"), "b")).status == 503
    assert ready(server) == 200
    time.sleep(5)
    for number in range(4):
        assert ask(server, signed(key, n=10 + number)).status == 503
    source.start()
    wait_until(lambda: all(ask(server, signed(key, n=time.time())).status == 200 for _ in range(4)), "the keys again", 30)


def test_an_outage_at_the_start_is_503_and_not_ready(make_server, authority, source):
    server = serve(make_server, authority, source)
    key = source.keys[0]
    for number in range(4):
        assert ask(server, signed(key, n=number)).status == 503
        assert ask(server, "x.y.z").status in (401, 503)
    assert ready(server) == 503
    assert server.call("GET", "/health/live").status == 200
    source.start()
    wait_until(lambda: all(ready(server) == 200 for _ in range(4)), "readiness", 30)
    for number in range(4):
        assert ask(server, signed(key, n=number)).status == 200


def test_who_waits_shares_a_fetch(make_server, authority, source):
    source.delay = 1.0
    server = serve(make_server, authority, source.start())
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda n: ask(server, signed(source.keys[0], n=n)).status, range(16)))
    assert statuses == [200] * 16
    assert source.asked <= WORKERS


def test_one_token_in_many_requests_at_once_is_one_user(make_server, authority, source):
    registry = '<basicRegistry id="basic" realm="r"><user name="anna" password="x"/></basicRegistry>'
    client = f'{KNOWN} jwkEndpointUrl="{source.start().url}" mapIdentityToRegistryUser="true"'
    server = make(make_server, authority, client, registry)
    token, stranger = signed(source.keys[0]), signed(source.keys[0], sub="nobody")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda n: ask(server, stranger if n % 8 == 7 else token).status, range(96)))
    assert statuses == [403 if n % 8 == 7 else 200 for n in range(96)]


def test_redirects_of_keys_are_not_followed(make_server, authority, source):
    elsewhere = KeyServer(authority)
    elsewhere.keys = source.keys
    elsewhere.start()
    try:
        source.status, source.location = 302, elsewhere.url
        server = serve(make_server, authority, source.start())
        assert ask(server, signed(source.keys[0])).status == 503
        assert elsewhere.asked == 0
    finally:
        elsewhere.stop()


def test_a_token_that_ends_while_it_is_remembered_ends(make_server, authority, source):
    server = serve(make_server, authority, source.start(), 'clockSkew="0s"')
    token = signed(source.keys[0], exp=time.time() + 2.5, iat=None)
    assert ask(server, token).status == 200
    assert ask(server, token).status == 200
    time.sleep(2.6)
    for _ in range(4):
        assert ask(server, token).status == 401
