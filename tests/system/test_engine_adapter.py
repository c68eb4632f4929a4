"""src/engine between nginx and a handler: an echo answers in the gateway's place (echo_handler.c)."""
import base64
import os
import signal
import ssl
import threading
import time

import pytest

from conftest import BUILD, NGINX, Connection, Process, call, free_ports, listening, need, raw, wait_until

MODULE = BUILD / "tests" / "system" / "ngx_http_sallyport_echo_module.so"
BODY_LIMIT = 1 << 20

CONF = """
load_module {module};
daemon off;
master_process on;
worker_processes {workers};
pid nginx.pid;
error_log error.log info;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    server_tokens off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    client_header_timeout 1s; client_body_timeout 1s;
    client_max_body_size {limit}; client_body_buffer_size {limit}; client_body_in_single_buffer on;
    large_client_header_buffers 8 34k;
    ignore_invalid_headers off; underscores_in_headers on;
    keepalive_requests 5;
    sallyport_server {server};
    sallyport_body_patience 1500ms;
    sallyport_body_rate 100k;
    sallyport_max_headers 40;
    sallyport_max_field 32768;
    {more}
    server {{
        listen 127.0.0.1:{http};
        location / {{ sallyport_endpoint 3 {https}; }}
    }}
    server {{
        listen 127.0.0.1:{https} ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        ssl_client_certificate {ca}; ssl_verify_client optional;
        location / {{ sallyport_endpoint 4 {https}; }}
    }}
}}
"""


class Echo:
    def __init__(self, directory, authority, workers=1, server="echo", more=""):
        self.directory = directory
        self.authority = authority
        self.http, self.https = free_ports(2)
        self.values = {"module": need(MODULE), "workers": workers, "limit": BODY_LIMIT, "http": self.http,
                       "https": self.https, "server": server, "more": more, "ca": authority.certificate,
                       "user": "user root;" if os.getuid() == 0 else ""}
        self.values["certificate"], self.values["key"] = authority.issue("localhost")
        self.write()
        self.process = Process([NGINX, "-p", directory, "-c", directory / "nginx.conf", "-e", directory / "error.log"],
                               directory)

    def write(self, **changes):
        self.values.update(changes)
        (self.directory / "nginx.conf").write_text(CONF.format(**self.values))

    def ready(self):
        wait_until(lambda: listening(self.http) or not self.process.running(), "the echo server")
        assert self.process.running(), self.log()
        return self

    def log(self):
        path = self.directory / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def call(self, method, target, headers=(), body=None):
        return call(self.http, method, target, headers, body)

    def counters(self):
        return self.call("GET", "/counters").json


@pytest.fixture(params=["echo", "late"])
def echo(request, tmp_path, authority):
    """One that has bodies read before it is asked, and one that asks for them."""
    server = Echo(tmp_path, authority, server=request.param).ready()
    yield server
    status = server.process.stop()
    assert status == 0
    log = server.log()
    assert "[alert]" not in log and "[emerg]" not in log and "defect" not in log, log


@pytest.fixture
def two_workers(tmp_path, authority):
    server = Echo(tmp_path, authority, workers=2).ready()
    yield server
    assert server.process.stop() == 0


def test_facts_of_a_request_arrive_as_sent(echo):
    before = int(time.time() * 1e6)
    with Connection(echo.http) as client:
        port = client.socket.getsockname()[1]
        facts = client.request("POST", "/facts/a%2Fb/../c?x=%20&y", [("X-Odd_Name", " a\tb\xe9 "), ("X-Two", "1"),
                                                                    ("X-Two", "2")], b"\0body\xff").json
    assert facts["method"] == "POST"
    assert facts["target"] == "/facts/a%2Fb/../c?x=%20&y"
    assert facts["path"] == "/facts/a%2Fb/../c"
    assert facts["query"] == "x=%20&y"
    assert facts["host"] == "localhost"
    assert [pair for pair in facts["headers"] if pair[0] == "X-Two"] == [["X-Two", "1"], ["X-Two", "2"]]
    assert [pair[1] for pair in facts["headers"] if pair[0] == "X-Odd_Name"][0].startswith("a\tb")
    assert base64.b64decode(facts["body"]) == b"\0body\xff"
    assert (facts["peer_address"], facts["peer_port"]) == ("127.0.0.1", port)
    assert (facts["local_address"], facts["local_port"]) == ("127.0.0.1", echo.http)
    assert (facts["endpoint"], facts["https_port"], facts["tls"]) == (3, echo.https, False)
    assert facts["client_certificate"] == "" and facts["tls_protocol"] == ""
    assert before <= facts["arrived_us"] <= time.time() * 1e6


def test_a_missing_query_and_an_empty_one_differ(echo):
    assert "query" not in echo.call("GET", "/facts").json
    assert echo.call("GET", "/facts?").json["query"] == ""


def test_host_of_an_absolute_target_must_be_the_header(echo):
    with Connection(echo.http) as client:
        assert client.request("GET", "http://localhost:81/facts", [("Host", "localhost:81")]).json["target"] == "/facts"
        assert client.request("GET", "http://other/facts", [("Host", "localhost")]).status == 400


def test_tls_facts_and_client_certificate(echo, authority):
    certificate, key = authority.issue("client one")
    with Connection(echo.https, tls=authority.client(certificate, key)) as client:
        facts = client.request("GET", "/facts").json
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    assert base64.b64decode(facts["client_certificate"]) == der
    assert facts["tls"] and facts["tls_protocol"] == "TLSv1.3" and facts["tls_cipher"].startswith("TLS_")
    assert facts["endpoint"] == 4
    with Connection(echo.https, tls=authority.client(maximum=ssl.TLSVersion.TLSv1_2)) as client:
        facts = client.request("GET", "/facts").json
    assert facts["client_certificate"] == "" and facts["tls_protocol"] == "TLSv1.2"


def test_a_certificate_of_another_authority_is_refused(echo, authority, tmp_path_factory):
    from conftest import Authority
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "Stranger")
    context = authority.client(*stranger.issue("intruder"))
    with Connection(echo.https, tls=context) as client:
        assert client.request("GET", "/facts").status == 400
    assert echo.counters()["started"] == 1


@pytest.mark.parametrize("size", [0, 1, 1000, 70_000, BODY_LIMIT])
def test_bodies_up_to_the_limit_arrive_whole(echo, size):
    body = bytes(i * 7 % 251 for i in range(size))
    assert base64.b64decode(echo.call("POST", "/facts", body=body).json["body"]) == body


def test_a_body_over_the_limit_is_413(echo):
    assert echo.call("POST", "/facts", [("Content-Length", str(BODY_LIMIT + 1))]).status == 413
    chunks = b"80000\r\n" + b"x" * 0x80000 + b"\r\n"
    with Connection(echo.http) as client:
        client.send(b"POST /facts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + chunks)
        client.send(b"1\r\nx\r\n0\r\n\r\n")
        assert client.receive().status == 413
    assert echo.counters()["started"] == 1


def test_chunked_bodies_are_joined_even_when_framing_outgrows_the_buffer(echo):
    # 2.4 MB on the wire for 400,000 bytes: nginx has to use its temporary file.
    count = 400_000
    with Connection(echo.http) as client:
        client.send(b"POST /facts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(b"1\r\nz\r\n" * count + b"0\r\n\r\n")
        response = client.receive()
    assert response.status == 200
    assert base64.b64decode(response.json["body"]) == b"z" * count


def test_continue_is_sent_before_the_body(echo):
    with Connection(echo.http) as client:
        client.send(b"POST /facts HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert client.receive().status == 100
        client.send(b"body")
        assert base64.b64decode(client.receive().json["body"]) == b"body"


def test_head_has_the_length_but_no_body(echo):
    with Connection(echo.http) as client:
        response = client.request("HEAD", "/bytes/1234")
        assert response.status == 200 and response.header("Content-Length") == "1234"
        assert client.request("GET", "/bytes/3").body == b"xxx"


def test_http_1_0_is_answered_and_closed(echo):
    with Connection(echo.http) as client:
        client.send(b"GET /bytes/5 HTTP/1.0\r\n\r\n")
        response = client.receive()
        assert response.body == b"xxxxx" and response.header("Connection") == "close"
        assert client.closed()


@pytest.mark.parametrize("status", [200, 201, 204, 304, 400, 404, 418, 500, 503, 599])
def test_statuses_are_sent_as_replied(echo, status):
    with Connection(echo.http) as client:
        assert client.request("GET", f"/status/{status}").status == status
        assert client.request("GET", "/bytes/1").body == b"x"


@pytest.mark.parametrize("field", [("If-Match", '"x"'), ("If-None-Match", "*"),
                                   ("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"),
                                   ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"), ("Range", "bytes=0-0")])
def test_conditions_do_not_change_the_handlers_answer(echo, field):
    response = echo.call("POST", "/bytes/5", [field], b"")
    assert response.status == 200 and response.body == b"xxxxx"


def test_big_answers_arrive_whole(echo):
    assert len(echo.call("GET", "/bytes/20000000").body) == 20_000_000


def test_headers_that_are_the_engines_are_not_the_handlers(echo):
    response = echo.call("GET", "/engine")
    assert response.json == {"whole": True}
    assert response.header("Server") == "Sallyport"
    assert [value for name, value in response.headers if name == "X-Kept"] == ["yes", "twice"]
    assert response.header("Location") == "/elsewhere"
    assert len([name for name, _ in response.headers if name == "Date"]) == 1
    assert response.header("Content-Type") == "application/json"


def test_errors_of_nginx_name_the_same_server(echo):
    assert raw(echo.http, b"GET / HTTP/1.1\r\n\r\n")[0].header("Server") == "Sallyport"


def test_server_header_can_be_removed(tmp_path, authority):
    server = Echo(tmp_path, authority, more="sallyport_server_header off;").ready()
    try:
        assert server.call("GET", "/facts").header("Server") is None
        assert raw(server.http, b"GET / HTTP/1.1\r\n\r\n")[0].header("Server") is None
    finally:
        server.process.stop()


def test_keep_alive_ends_at_its_limit(echo):
    with Connection(echo.http) as client:
        for number in range(5):
            response = client.request("GET", "/bytes/1")
            assert response.header("Connection") == ("close" if number == 4 else "keep-alive")
        assert client.closed()


def test_pipelined_requests_are_answered_in_order(echo):
    with Connection(echo.http) as client:
        client.send(b"".join(f"GET /facts?{n} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for n in range(2))
                    + b"GET /wait/100 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    + b"GET /facts?3 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.receive().json["query"] == "0"
        assert client.receive().json["query"] == "1"
        assert "pid" in client.receive().json
        assert client.receive().json["query"] == "3"


def test_waiting_requests_do_not_hold_up_others(echo):
    with Connection(echo.http) as slow:
        slow.send(b"GET /wait/600 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        started = time.monotonic()
        assert echo.call("GET", "/bytes/1").status == 200
        assert time.monotonic() - started < 0.4
        assert slow.receive().status == 200
        assert 0.5 < time.monotonic() - started < 2


@pytest.mark.parametrize("end", ["close", "abort", "half-close"])
def test_a_client_that_goes_away_cancels_its_request(echo, end):
    client = Connection(echo.http)
    client.send(b"GET /forever HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wait_until(lambda: echo.counters()["started"] >= 2, "the request to be started")
    assert echo.counters()["canceled"] == 0
    if end == "half-close":
        import socket
        client.socket.shutdown(socket.SHUT_WR)
    else:
        getattr(client, end)()
    wait_until(lambda: echo.counters()["canceled"] == 1, "the cancel")
    client.close()
    assert echo.call("GET", "/bytes/1").status == 200


def test_a_client_gone_before_its_request_started_cancels_too(echo):
    client = Connection(echo.http)
    client.send(b"POST /forever HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")
    client.close()
    wait_until(lambda: echo.counters()["canceled"] == 1, "the cancel")


def test_a_tls_client_that_goes_away_cancels_its_request(echo, authority):
    client = Connection(echo.https, tls=authority.client())
    client.send(b"GET /forever HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wait_until(lambda: echo.counters()["started"] >= 2, "the request to be started")
    client.close()
    wait_until(lambda: echo.counters()["canceled"] == 1, "the cancel")


def test_many_aborts_leave_nothing_behind(echo):
    for _ in range(60):
        client = Connection(echo.http)
        client.send(b"GET /wait/20 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.abort()
    pid = echo.counters()["pid"]
    time.sleep(0.3)
    before = len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(60):
        client = Connection(echo.http)
        client.send(b"GET /forever HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.abort()
    time.sleep(0.3)
    assert echo.counters()["pid"] == pid
    assert len(os.listdir(f"/proc/{pid}/fd")) <= before + 1


def test_a_reply_that_would_split_headers_is_not_sent(echo):
    response = echo.call("GET", "/split")
    assert response.status == 500 and response.header("X-Injected") is None
    assert "header that is not well-formed" in echo.log()


def test_a_second_reply_is_dropped(tmp_path, authority):
    server = Echo(tmp_path, authority).ready()
    try:
        with Connection(server.http) as client:
            assert client.request("GET", "/twice").json == {"reply": 1}
            assert client.request("GET", "/bytes/1").body == b"x"
        assert "defect: a second reply" in server.log()
    finally:
        server.process.stop()


def test_a_slow_header_is_cut(echo):
    with Connection(echo.http) as client:
        started = time.monotonic()
        try:
            for byte in b"GET /facts HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"a" * 200:
                client.send(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - started < 4
    assert echo.counters()["started"] == 1


def test_a_dribbled_body_is_cut(echo):
    with Connection(echo.http) as client:
        client.send(b"POST /facts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        started = time.monotonic()
        try:
            while time.monotonic() - started < 6:
                client.send(b"x")
                time.sleep(0.1)
            pytest.fail("the body was still read after 6 s")
        except OSError:
            pass
        assert 1.3 < time.monotonic() - started < 4
    wait_until(lambda: "client sends its body too slowly" in echo.log(), "the message")
    assert echo.counters()["started"] == 1


def test_a_slow_body_that_keeps_the_rate_is_read(echo):
    piece = b"y" * 50_000
    with Connection(echo.http) as client:
        client.send(b"POST /facts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n")
        for _ in range(10):
            client.send(piece)
            time.sleep(0.3)
        assert len(base64.b64decode(client.receive().json["body"])) == 500_000


def test_a_stalled_body_is_cut(echo):
    with Connection(echo.http) as client:
        client.send(b"POST /facts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")
        started = time.monotonic()
        assert client.closed()
        assert time.monotonic() - started < 3


def test_limits_of_headers(echo):
    def with_headers(count):
        return echo.call("GET", "/facts", [(f"X-{n}", "v") for n in range(count - 1)]).status

    assert with_headers(40) == 200
    assert with_headers(41) == 400
    assert echo.call("GET", "/facts", [("X-Long", "v" * 32768)]).status == 200
    assert echo.call("GET", "/facts", [("X-Long", "v" * 32769)]).status == 400
    assert echo.call("GET", "/facts?" + "q" * (32768 - 7)).status == 200
    assert echo.call("GET", "/facts?" + "q" * (32768 - 6)).status == 414


def test_a_worker_that_crashes_is_replaced_and_the_other_serves_on(two_workers):
    first = set(wait_until(lambda: len(two_workers.process.workers()) == 2 and two_workers.process.workers(), "workers"))
    failures = []
    stop = threading.Event()

    def load():
        while not stop.is_set():
            try:
                response = two_workers.call("GET", "/bytes/10")
                if response is None or response.status != 200:
                    failures.append(response)
            except OSError as error:
                failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    victim = two_workers.counters()["pid"]
    os.kill(victim, signal.SIGSEGV)
    wait_until(lambda: len(set(two_workers.process.workers()) - first) == 1, "a new worker")
    time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join()
    assert victim not in two_workers.process.workers()
    assert len(failures) <= 4, failures
    assert two_workers.counters()["started"] > 1


def test_a_crash_while_serving_loses_only_that_request(two_workers):
    with Connection(two_workers.http) as client:
        client.send(b"GET /crash HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.receive() is None
    assert wait_until(lambda: len(two_workers.process.workers()) == 2, "both workers")
    assert two_workers.call("GET", "/bytes/1").status == 200


def test_reload_keeps_shared_memory_and_lets_requests_finish(echo):
    assert [echo.counters()["started"] for _ in range(3)] == [1, 2, 3]
    old = echo.counters()["pid"]
    with Connection(echo.http) as waiting:
        waiting.send(b"GET /wait/900 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: echo.counters()["started"] >= 6, "the waiting request")
        echo.process.send_signal(signal.SIGHUP)
        wait_until(lambda: echo.counters()["pid"] != old, "a new worker")
        response = waiting.receive()
        assert response.status == 200 and response.json["pid"] == old
    wait_until(lambda: echo.process.workers() == [echo.counters()["pid"]], "the old worker's end")
    assert echo.counters()["started"] > 6


def test_reloads_under_load_lose_no_request(two_workers):
    failures, count = [], 0
    stop = threading.Event()

    def load():
        nonlocal count
        while not stop.is_set():
            try:
                response = two_workers.call("GET", "/wait/5")
                if response is None or response.status != 200:
                    failures.append(response)
            except OSError as error:
                failures.append(error)
            count += 1

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        old = set(two_workers.process.workers())
        two_workers.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(two_workers.process.workers()) == 2 and not old & set(two_workers.process.workers()),
                   "the new workers alone")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures and count > 50


def test_a_configuration_that_is_refused_leaves_the_old_one_at_work(tmp_path, authority):
    server = Echo(tmp_path, authority).ready()
    try:
        old = server.counters()["pid"]
        server.write(server="refuse")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "the echo was told to refuse" in server.log(), "the refusal")
        time.sleep(0.2)
        assert server.counters()["pid"] == old
    finally:
        assert server.process.stop() == 0


def test_a_configuration_that_is_refused_at_the_start_ends_the_server(tmp_path, authority):
    server = Echo(tmp_path, authority, server="refuse")
    assert server.process.process.wait(10) == 1
    assert "the echo was told to refuse" in server.log()


def test_a_worker_that_cannot_start_ends_the_server_with_a_failure(tmp_path, authority):
    (tmp_path / "fail-to-start").touch()
    server = Echo(tmp_path, authority, workers=2)
    assert server.process.process.wait(10) == 1
    assert "worker 0 cannot start" in server.log() or "worker 1 cannot start" in server.log()


def test_quit_waits_for_requests_in_flight(echo):
    with Connection(echo.http) as waiting:
        waiting.send(b"GET /wait/1000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: echo.counters()["started"] >= 2, "the waiting request")
        echo.process.send_signal(signal.SIGQUIT)
        assert waiting.receive().status == 200
    wait_until(lambda: not echo.process.running(), "the end")


def test_term_does_not_wait(echo):
    with Connection(echo.http) as waiting:
        waiting.send(b"GET /forever HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: echo.counters()["started"] >= 2, "the waiting request")
        started = time.monotonic()
        echo.process.send_signal(signal.SIGTERM)
        assert waiting.receive() is None
    wait_until(lambda: not echo.process.running(), "the end")
    assert time.monotonic() - started < 3
