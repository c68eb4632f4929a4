"""Bodies of requests that are refused by their header: never read as requests, and nothing of them stays."""
import os

import pytest

from conftest import Connection, wait_until
from test_api import FRED, JSON, make_gateway, make_region  # noqa: F401 (fixtures)
from test_headers_first import BODY, LONG, connect, head  # noqa: F401 (fixture)

CANARY = b"GET /zosConnect/apis HTTP/1.1\r\nHost: localhost\r\n\r\n"
EXPECTS = ("Expect", "100-continue")
SKIPPED = 64 << 10


def answers(connection):
    """The status of each response until the server closes."""
    found = []
    try:
        while (response := connection.receive()) is not None:
            found.append(response.status)
    except OSError:
        pass  # closed while bytes were on their way
    return found


def calls(connection):
    connection.send(head([JSON, FRED]) + BODY)
    return connection.receive().status


def test_what_a_refused_body_says_is_no_request(connect):
    inside = CANARY * 20
    for pieces in (1, 7, len(inside)):
        connection = connect()
        connection.send(head([JSON], len(inside)))
        assert connection.receive().status == 401
        for at in range(0, len(inside), pieces):
            connection.send(inside[at:at + pieces])
        assert calls(connection) == 200  # and so nothing was answered in between


def test_requests_behind_refused_ones_are_each_answered_once(connect):
    connection = connect()
    refused = head([JSON], len(CANARY)) + CANARY
    connection.send((refused + head([JSON, FRED]) + BODY) * 5)
    assert [connection.receive().status for _ in range(10)] == [401, 200] * 5


@pytest.mark.parametrize("length", (SKIPPED, SKIPPED + 1))
def test_only_so_much_of_a_refused_body_is_skipped(connect, length):
    connection = connect()
    connection.send(head([JSON], length))
    response = connection.receive()
    assert response.status == 401
    if length > SKIPPED:
        assert response.header("Connection") == "close"
        return
    connection.send(b"x" * length)
    assert calls(connection) == 200


def test_nothing_is_answered_behind_a_refusal_that_closes(connect):
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(CANARY), CANARY)
    for first in (head([JSON], None) + chunk[:9], head([JSON, EXPECTS], None), head([JSON, EXPECTS], len(CANARY)),
                  head([JSON], LONG)):
        connection = connect()
        connection.send(first)
        response = connection.receive()
        assert response.status == 401 and response.header("Connection") == "close"
        try:
            connection.send((chunk[9:] if b"chunked" in first else CANARY) + CANARY * 10)
        except OSError:
            pass
        assert answers(connection) == []


@pytest.mark.parametrize("who", ([JSON], [JSON, FRED]), ids=("nobody", "fred"))
@pytest.mark.parametrize("framing", (
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked",
    "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5, 5", "Content-Length: +5"))
def test_a_body_of_two_lengths_is_malformed_whoever_sends_it(connect, who, framing):
    lines = "".join(f"{name}: {value}\r\n" for name, value in who)
    connection = connect()
    connection.send(f"POST /bad/do HTTP/1.1\r\nHost: localhost\r\n{lines}{framing}\r\n\r\n".encode())
    first = connection.receive()
    assert first.status in (400, 501), first
    try:
        connection.send(b"0\r\n\r\n" + CANARY)
    except OSError:
        pass
    assert answers(connection) == []


def test_chunks_that_two_servers_could_read_in_two_ways_end_the_connection(connect):
    for chunks in (b"5;a\nhello\r\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n", b"0_5\r\nhello\r\n0\r\n\r\n", b"5;a\rb\r\nhello\r\n0\r\n\r\n",
                   b"5\r\nhello\r\n0\n\r\n"):
        for who, status in (([JSON], 401), ([JSON, FRED], 400)):
            connection = connect()
            connection.send(head(who, None))
            if who == [JSON]:
                assert connection.receive().status == status
            try:
                connection.send(chunks + CANARY)
            except OSError:
                pass
            assert answers(connection) == ([] if who == [JSON] else [status]), chunks


def test_a_refused_client_that_sends_no_more_is_let_go(connect):
    connections = [connect() for _ in range(4)]
    for connection, length in zip(connections, (100, LONG, None, 100)):
        connection.send(head([JSON], length))
        assert connection.receive().status == 401
    connections[3].send(b"x")
    for connection in connections:
        assert connection.closed()


def descriptors(process):
    return sum(len(os.listdir(f"/proc/{worker}/fd")) for worker in process.workers())


def refuse(server, count):
    for number in range(count):
        connection = Connection(server.http)
        length = (100, LONG, None, SKIPPED)[number % 4]
        connection.send(head([JSON, EXPECTS] if number % 3 == 0 else [JSON], length))
        if number % 5:
            assert connection.receive().status == 401
        connection.abort() if number % 2 else connection.close()


def test_refused_uploads_leave_no_connection(make_gateway):
    """A client that dies while the rest of its body is skipped is forgotten as an idle one is, after persistTimeout."""
    server = make_gateway(manager='requireSecure="false"', more='<sallyport_authentication maxLoginFailures="0"/>'
                          '<httpOptions id="defaultHttpOptions" persistTimeout="2s"/>')
    before = descriptors(server.process)
    refuse(server, 600)
    wait_until(lambda: descriptors(server.process) <= before, "connections to be closed")
    with Connection(server.http) as connection:
        assert calls(connection) == 200
