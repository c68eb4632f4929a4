"""Who may not call is told so when the header has come; the body is read for those who may."""
import json
import os
import pathlib
import signal
import socket

import pytest

import test_token
import tokens
from conftest import Connection, wait_until
from test_admin import ADAM, LEVELS, RITA, ZIP, aar
from test_api import FRED, JSON, basic, make_gateway, make_region  # noqa: F401 (fixtures)

BODY = json.dumps({"Area": {"What": "NOTHING", "Seconds": 0}}).encode()
MARY = basic("mary")
LONG = 10 << 20
PLAIN = 'requireSecure="false"'


def head(headers=(), length=len(BODY), target="/bad/do", method="POST"):
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
    lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.fixture(params=["http", "https"])
def connect(request, make_gateway):
    """Makes connections to a server; `connect.server` is it."""
    server = make_gateway(manager=PLAIN, more=LEVELS + '<sallyport_authentication maxLoginFailures="0"/>')
    opened = []

    def make():
        tls = server.authority.client() if request.param == "https" else None
        opened.append(Connection(server.https if tls else server.http, tls=tls))
        return opened[-1]

    make.server = server
    workers = server.process.workers()
    yield make
    for each in opened:
        each.close()
    assert server.process.workers() == workers, "a worker has died"


REFUSED = {  # status, credentials and more, target
    "nobody": (401, [JSON], "/bad/do"),
    "a wrong password": (401, [JSON, basic("fred", "wrong")], "/bad/do"),
    "without the role": (403, [JSON, basic("olaf")], "/bad/do"),
    "without the level": (403, [JSON, MARY], "/bad/do"),
    "nothing there": (404, [JSON, FRED], "/nothing"),
    "another method": (405, [JSON, FRED], "/bad/api-docs"),
    "no JSON": (415, [("Content-Type", "text/plain"), FRED], "/bad/do"),
    "no archive": (415, [JSON, ADAM], "/zosConnect/apis"),
    "an archive of a reader": (403, [ZIP, RITA], "/zosConnect/apis"),
    "an archive of nobody": (401, [ZIP], "/zosConnect/apis"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_comes_when_only_the_header_was_sent(connect, name):
    status, headers, target = REFUSED[name]
    # Without a length the body may be empty, and then it need not say that it is JSON: it is read.
    for length in (LONG, 100, None) if name != "no JSON" else (LONG, 100):
        connection = connect()
        connection.send(head(headers, length, target))
        response = connection.receive()
        assert response.status == status, response
        assert (response.header("Connection") == "close") == (length != 100)
        # Who expects to be told to go on is told at once not to.
        connection = connect()
        connection.send(head([*headers, ("Expect", "100-continue")], length, target))
        response = connection.receive()
        assert response.status == status and response.header("Connection") == "close", response


def test_a_body_that_is_too_long_is_refused_by_its_length(connect):
    for headers in ([JSON, FRED], [JSON], [JSON, FRED, ("Expect", "100-continue")]):
        connection = connect()
        connection.send(head(headers, 17 << 20))
        assert connection.receive().status == 413


def test_who_may_call_is_told_to_go_on(connect):
    connection = connect()
    for length in (len(BODY), None):
        for _ in range(3):
            connection.send(head([JSON, FRED, ("Expect", "100-continue")], length))
            assert connection.receive().status == 100
            connection.send(BODY if length else b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))
            assert connection.receive().status == 200


def test_a_body_may_come_in_any_pieces(connect):
    connection = connect()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (BODY[:7], BODY[7:])) + b"0\r\n\r\n"
    for headers, body, step in ((head([JSON, FRED]), BODY, 1), (head([JSON, FRED]), BODY, 30), (head([JSON, FRED], None), chunks, 1),
                                (head([JSON, FRED], None), chunks, 40)):
        for first in (0, 5):
            connection.send(headers + body[:first])
            for at in range(first, len(body), step):
                connection.send(body[at:at + step])
            response = connection.receive()
            assert response.status == 200 and response.json["Area"]["More"] == "DONE"


def test_the_next_request_may_come_with_the_rest_of_the_body(connect):
    connection = connect()
    connection.send(head([JSON, FRED]) + BODY[:10])
    connection.send(BODY[10:] + head([JSON], 100) + b"x" * 40)
    assert connection.receive().status == 200
    assert connection.receive().status == 401
    connection.send(b"x" * 60 + head([JSON, FRED]) + BODY)  # what was not read is skipped
    assert connection.receive().status == 200


def test_a_client_that_sends_it_all_sees_the_refusal(connect):
    for length in (LONG, None):
        connection = connect()
        whole = head([JSON], length)
        piece = b"x" * 65536 if length else b"10000\r\n" + b"x" * 65536 + b"\r\n"
        connection.send(whole)
        sent = 0
        try:
            while sent < LONG:
                connection.send(piece)
                sent += 65536
        except OSError:
            pass  # it may be cut off when it goes on long after the answer
        assert connection.receive().status == 401


def test_a_client_that_dies_in_its_body_leaves_nothing(connect):
    for first in (b"", BODY[:10]):
        for end in ("close", "abort"):
            for _ in range(10):
                connection = connect()
                connection.send(head([JSON, FRED]) + first)
                getattr(connection, end)()
    connection = connect()
    connection.send(head([JSON, FRED]) + BODY)
    assert connection.receive().status == 200


def test_bodies_that_are_malformed_are_refused_after_the_header(connect):
    for rest, status in ((b"zz\r\n", 400), (b"5\nabcde\r\n0\r\n\r\n", 400), (b"2000000\r\n" + b"x" * 200_000, 413)):
        connection = connect()
        connection.send(head([JSON, FRED, ("Expect", "100-continue")], None))
        assert connection.receive().status == 100
        try:
            connection.send(rest)
        except OSError:
            pass
        response = connection.receive()
        assert response is None or response.status == status, response


def test_an_archive_is_read_for_who_may_deploy_it(connect):
    archive = aar("more", "/more")
    connection = connect()
    expects = ("Expect", "100-continue")
    connection.send(head([ADAM, ZIP, expects], len(archive), "/zosConnect/apis"))
    assert connection.receive().status == 100
    connection.send(archive)
    assert connection.receive().status == 200
    # What can be told without the archive is told without it.
    for target, headers, status in (("/zosConnect/apis/none", [ADAM, ZIP], 404), ("/zosConnect/apis/more?status=odd", [ADAM, ZIP], 400),
                                    ("/zosConnect/apis/more", [ADAM, ("Content-Type", "text/plain")], 415)):
        connection = connect()
        connection.send(head([*headers, expects], LONG, target, "PUT"))
        assert connection.receive().status == status
    # Starting and stopping need none, whatever comes along.
    connection = connect()
    connection.send(head([ADAM, JSON], 2, "/zosConnect/apis/more?status=stopped", "PUT"))
    assert connection.receive().json["status"] == "Stopped"
    connection.send(b"{}" + head([ADAM, ZIP], len(archive), "/zosConnect/apis/more", "PUT") + archive[:50])
    connection.send(archive[50:])
    assert connection.receive().json["status"] == "Started"
    # One that is announced and then empty is none.
    connection.send(head([ADAM, ZIP], None, "/zosConnect/apis"))
    connection.send(b"0\r\n\r\n")
    response = connection.receive()
    assert response.status == 400 and "no archive" in response.json["errorMessage"]


def test_slow_bodies_do_not_keep_others_out(connect):
    """More than the handlers of two workers wait for."""
    server = connect.server
    held = []
    for _ in range(700):
        held.append(Connection(server.http))
        held[-1].send(head([JSON, FRED]) + BODY[:5])
    for _ in range(20):
        connection = connect()
        connection.send(head([JSON, FRED]))
        connection.send(BODY)
        assert connection.receive().status == 200
    for each in held[::7]:
        each.send(BODY[5:])
        assert each.receive().status == 200
    for each in held:
        each.close()


def test_a_server_that_ends_tells_who_is_sending(make_gateway):
    server = make_gateway(manager=PLAIN)
    connections = [Connection(server.http) for _ in range(4)]
    for each in connections:
        each.send(head([JSON, FRED, ("Expect", "100-continue")]))
        assert each.receive().status == 100
    assert server.stop(signal.SIGTERM) == 0
    for each in connections:
        response = each.receive()
        assert response is None or response.status == 503
        each.close()


def test_a_body_that_is_cut_off_is_logged_as_any_client_that_goes(make_gateway):
    server = make_gateway(manager=PLAIN, more='<httpOptions id="defaultHttpOptions" readTimeout="1s"/>')
    with Connection(server.http) as connection:
        connection.send(head([JSON, FRED]) + BODY[:5])
        assert connection.receive() is None  # nothing came for a second
    with Connection(server.http) as connection:
        connection.send(head([JSON, FRED]) + BODY)
        assert connection.receive().status == 200


def test_a_token_in_a_form_is_read_before_it_is_asked_for(make_server, authority, tmp_path):
    issuer = tokens.Issuer(tmp_path, authority).start()
    try:
        server = test_token.make(make_server, authority, test_token.by_discovery(issuer, "RS256"))
        token = issuer.token("RS256").encode()
        headers = [("Content-Type", "application/x-www-form-urlencoded")]

        def ask(body):
            with Connection(server.https, tls=authority.client()) as connection:
                connection.send(head(headers, len(body), "/zosConnect/apis"))
                connection.send(body[:20])
                connection.send(body[20:])
                return connection.receive().status

        wait_until(lambda: ask(b"access_token=" + token) == 415, "the issuer's keys")  # let in; but no archive
        assert ask(b"access_token=" + token + b"x") == 401
        assert ask(b"access_token=") == 401
    finally:
        issuer.stop()


def resources(server):
    """Descriptors and kilobytes of all workers."""
    def kilobytes(worker):
        status = pathlib.Path(f"/proc/{worker}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

    workers = server.process.workers()
    return sum(len(os.listdir(f"/proc/{worker}/fd")) for worker in workers), sum(kilobytes(worker) for worker in workers)


def test_refusals_of_every_shape_leave_nothing_behind(make_gateway):
    server = make_gateway(manager=PLAIN, more='<sallyport_authentication maxLoginFailures="0"/>')

    def round_of():
        for number in range(600):
            with Connection(server.http) as connection:
                kind = number % 6
                expects = [("Expect", "100-continue")] if kind == 1 else []
                who = [FRED] if kind == 5 else []
                connection.send(head([JSON, *expects, *who], None if kind == 2 else 300 << 10))
                try:
                    if kind == 2:
                        connection.send(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
                    elif kind != 1:
                        connection.send(b" " * (100 << 10))
                    if kind in (3, 5):
                        connection.abort()
                    elif kind == 4:
                        connection.socket.shutdown(socket.SHUT_WR)
                    else:
                        assert connection.receive().status == 401
                except OSError:
                    assert kind != 1

    round_of()
    wait_until(lambda: server.call("POST", "/bad/do", [JSON, FRED], BODY, tls=False).status == 200, "an answer")
    descriptors, kilobytes = wait_until(lambda: resources(server), "the workers")
    for _ in range(4):
        round_of()
    # Connections that linger are closed within lingering_timeout.
    wait_until(lambda: resources(server)[0] <= descriptors + 2, "descriptors as before", 60)
    assert resources(server)[1] < kilobytes + 8192
