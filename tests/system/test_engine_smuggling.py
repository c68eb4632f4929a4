"""Requests that two servers could read in two ways: refused, or read in the one way the RFC leaves."""
import base64
import time

import pytest

from conftest import Connection
from test_engine_adapter import echo  # noqa: F401, the fixture
from test_engine_server import make_echo  # noqa: F401, the fixture

HOST = b"Host: localhost\r\n"
CANARY = b"GET /canary HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(headers, body=b"", line=b"POST /facts HTTP/1.1\r\n"):
    return line + HOST + headers + b"\r\n" + body


def chunked(body, headers=b""):
    return post(b"Transfer-Encoding: chunked\r\n" + headers, body)


REFUSED = {
    # chunk sizes
    "chunk size with underscore": chunked(b"0_2e\r\n" + b"x" * 46 + b"\r\n0\r\n\r\n"),
    "chunk size with plus": chunked(b"+5\r\nhello\r\n0\r\n\r\n"),
    "chunk size with minus": chunked(b"-0x0\r\n\r\n"),
    "chunk size with 0x": chunked(b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk size empty": chunked(b"\r\nhello\r\n0\r\n\r\n"),
    "chunk size behind blanks": chunked(b"  5\r\nhello\r\n0\r\n\r\n"),
    "chunk size followed by words": chunked(b"1these-bytes\r\nx\r\n0\r\n\r\n"),
    "chunk size of 17 digits": chunked(b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk size over 63 bits": chunked(b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "chunk size ended by a bare LF": chunked(b"5\nhello\r\n0\r\n\r\n"),
    "chunk extension ended by a bare LF": chunked(b"5;a\nhello\r\n0\r\n\r\n"),
    "chunk extension with a bare LF inside": chunked(b"2;\nxx\r\n41\r\n" + b"x" * 65 + b"\r\n0\r\n\r\n"),
    "chunk extension with a lone CR": chunked(b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    "chunk extension with NUL": chunked(b"5;a\0\r\nhello\r\n0\r\n\r\n"),
    "chunk extension of 300 bytes": chunked(b"5;" + b"a" * 300 + b"\r\nhello\r\n0\r\n\r\n"),
    "chunk data ended by a bare LF": chunked(b"5\r\nhello\n0\r\n\r\n"),
    "chunk data without an end": chunked(b"5\r\nhello0\r\n\r\n"),
    "last chunk ended by a bare LF": chunked(b"2\r\nab\r\n0\n\r\n"),
    "chunk size followed by blanks only": chunked(b"5 \r\nhello\r\n0\r\n\r\n"),
    "chunk size followed by CR CR": chunked(b"5\r\r;ABCD\r\nhello\r\n0\r\n\r\n"),
    "chunk size of 16 digits": chunked(b"0000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk data too long": chunked(b"5\r\nhelloX\r\n0\r\n\r\n"),
    "chunk size followed by CR and something else": chunked(b"5\rXhello\r\n0\r\n\r\n"),
    "chunk size followed by two CR": chunked(b"5\r\r\n;ABCD\r\n0\r\n\r\n"),
    # lengths
    "length empty": post(b"Content-Length: \r\n"),
    "length with plus and underscore": post(b"Content-Length: +1_0\r\n", b"x" * 10),
    "length with 0x": post(b"Content-Length: 0x10\r\n", b"x" * 16),
    "length negative": post(b"Content-Length: -48\r\n"),
    "length followed by a letter": post(b"Content-Length: 1Z\r\n", b"x"),
    "length twice and different": post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"helloX"),
    "length twice and the same": post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    "length empty, then a number": post(b"Content-Length:\r\nContent-Length: 5\r\n", b"hello"),
    "length as a list": post(b"Content-Length: 5, 5\r\n", b"hello"),
    "length over 63 bits": post(b"Content-Length: 9223372036854775808\r\n"),
    # transfer codings
    "coding twice": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "coding as a list": post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"),
    "coding behind a comma": post(b"Transfer-Encoding: ,chunked\r\n", b"0\r\n\r\n"),
    "coding behind 8-bit blank": post(b"Transfer-Encoding: \xa0chunked\r\n", b"0\r\n\r\n"),
    "coding between 8-bit bytes": post(b"Transfer-Encoding: \xffchunked\xff\r\n", b"0\r\n\r\n"),
    "coding unknown": post(b"Transfer-Encoding: gzip\r\n", b"0\r\n\r\n"),
    "coding identity": post(b"Transfer-Encoding: identity\r\n", b"hello"),
    "coding and length": post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    "length and coding": post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "coding in HTTP/1.0": post(b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"POST /facts HTTP/1.0\r\n"),
    # header names
    "name empty": post(b": v\r\n"),
    "name followed by a blank": post(b"Content-Length : 5\r\n", b"hello"),
    "name behind a blank": b"GET /facts HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "name behind a tab": b"GET /facts HTTP/1.1\r\n\tHost: localhost\r\n\r\n",
    "name with a control byte": post(b"X-\x01: v\r\n"),
    "name with an 8-bit byte": post(b"X-\xe9: v\r\n"),
    "name that ends in 8-bit white space": post(b"Content-Length\xa0: 5\r\n", b"hello"),
    "name that ends in NEL": post(b"Transfer-Encoding\x85: chunked\r\n", b"0\r\n\r\n"),
    "name with a separator": post(b"X(y): v\r\n"),
    "name without a colon": post(b"X-No-Colon\r\n"),
    "name continued on the next line": post(b"Transfer-\r\nEncoding: chunked\r\n", b"0\r\n\r\n"),
    # header values
    "value with NUL": post(b"X: a\0b\r\n"),
    "value with a lone CR": post(b"X: a\rb\r\n"),
    "value with a control byte": post(b"X: a\x02b\r\n"),
    "value folded": post(b"X: a\r\n b\r\n"),
    # hosts
    "host missing": b"GET /facts HTTP/1.1\r\n\r\n",
    "host twice": b"GET /facts HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "host with a slash": b"GET /facts HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host with a blank": b"GET /facts HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host that is not the target's": b"GET http://a/facts HTTP/1.1\r\nHost: b\r\n\r\n",
    # request lines
    "version 2.5": b"GET /facts HTTP/2.5\r\nHost: localhost\r\n\r\n",
    "version 1.32": b"GET /facts HTTP/1.32\r\nHost: localhost\r\n\r\n",
    "version 1.01": b"GET /facts HTTP/1.01\r\nHost: localhost\r\n\r\n",
    "version followed by blanks": b"GET /facts HTTP/1.1  \r\nHost: localhost\r\n\r\n",
    "version of HTTP/2 with prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version too long": b"GET /facts HTTP/4294967295.255\r\nHost: localhost\r\n\r\n",
    "version of another protocol": b"GET /facts HTTQ/1.1\r\nHost: localhost\r\n\r\n",
    "method with a separator": b"GE(T /facts HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "method in lower case": b"get /facts HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "target with a blank": b"GET /facts a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "target with a control byte": b"GET /facts\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "target with a fragment": b"GET /facts#a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "target with an encoded NUL": b"GET /facts%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "target cut inside an escape": b"GET /facts%2 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "target that climbs out": b"GET /../facts HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "target relative": b"GET facts HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "target an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "method CONNECT": b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "method TRACE": b"TRACE /facts HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "empty name that ends the block": post(b":\r\nContent-Length: 5\r\n", b"hello"),
    "block end with a byte inside": b"GET /facts HTTP/1.1\r\nHost: localhost\r\n\rX",
    "trailer without a colon": chunked(b"0\r\nX\rY\r\n\r\n"),
}


# The same when the frame does not come with the header, and then byte for byte.
FRAMES = [name for name in REFUSED if name.startswith(("chunk", "last chunk"))]


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("step", (1000, 1))
def test_frames_that_come_later_are_refused_too(echo, name, step):  # noqa: F811
    header, body = REFUSED[name].split(b"\r\n\r\n", 1)
    body += CANARY
    with Connection(echo.http, timeout=3) as client:
        client.send(header + b"\r\n\r\n")
        time.sleep(0.05)
        try:
            for at in range(0, len(body), step):
                client.send(body[at:at + step])
                if step == 1:
                    time.sleep(0.0005)
        except OSError:
            pass  # it closed already
        first = client.receive()
        assert first is None or first.status == 400
        assert client.receive() is None
    assert echo.counters()["started"] == 1, "the handler saw it"


def answers(echo, data):
    """Status codes until the server closes (None at the end) or is silent for a while."""
    with Connection(echo.http, timeout=0.4) as client:
        client.send(data)
        statuses = []
        try:
            while True:
                response = client.receive()
                statuses.append(response.status if response else None)
                if response is None:
                    return statuses
        except TimeoutError:
            return statuses


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_nothing_behind_it_is_read(echo, name):  # noqa: F811
    statuses = answers(echo, REFUSED[name] + CANARY)
    assert statuses[0] in (400, 405, 501, 505), statuses
    assert statuses[1:] == [None], f"the connection went on: {statuses}"
    assert echo.counters()["started"] == 1, "the handler saw it"


CLOSED = {
    "HTTP/0.9": b"GET /facts\r\n",
    "line end inside the request line": b"GET /facts\nHTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_without_an_answer(echo, name):  # noqa: F811
    assert answers(echo, CLOSED[name]) == [None]
    assert echo.counters()["started"] == 1


# name: (bytes, body the handler must see, statuses of what follows)
READ = {
    "length with leading zeros is decimal": (post(b"Content-Length: 010\r\n", b"0123456789") + CANARY,
                                             b"0123456789", [404]),
    "lines that end in a bare LF": (b"POST /facts HTTP/1.1\nHost: localhost\nContent-Length: 2\n\nab" + CANARY,
                                    b"ab", [404]),
    "chunk extensions": (chunked(b"5;abc=123\r\nhello\r\n0;last\r\n\r\n") + CANARY, b"hello", [404]),
    "blanks before a chunk extension": (chunked(b"5 ;a\r\nhello\r\n0\r\n\r\n") + CANARY, b"hello", [404]),
    "chunk size in capitals with zeros": (chunked(b"000A\r\n0123456789\r\n0\r\n\r\n") + CANARY, b"0123456789", [404]),
    "trailers are dropped": (chunked(b"2\r\nab\r\n0\r\nX-Trailer: 1\r\n\r\n") + CANARY, b"ab", [404]),
    "a request behind an empty body": (post(b"Content-Length: 0\r\n") + CANARY, b"", [404]),
    "a GET with a body": (b"GET /facts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab" + CANARY, b"ab", [404]),
    "rubbish behind the last chunk": (chunked(b"2\r\nab\r\n0\r\n\r\nrubbish\r\n\r\n") + CANARY, b"ab", [400, None]),
    "rubbish behind a body": (post(b"Content-Length: 2\r\n", b"abcdef\r\n\r\n") + CANARY, b"ab", [400, None]),
    "anything behind a close": (post(b"Connection: close\r\nContent-Length: 2\r\n", b"ab") + CANARY, b"ab", [None]),
}


@pytest.mark.parametrize("name", READ)
def test_read_in_the_one_way_that_is_left(echo, name):  # noqa: F811
    data, body, following = READ[name]
    with Connection(echo.http, timeout=0.4) as client:
        client.send(data)
        first = client.receive()
        assert first.status == 200
        assert base64.b64decode(first.json["body"]) == body
        statuses = []
        try:
            while not statuses or statuses[-1] is not None:
                response = client.receive()
                statuses.append(response.status if response else None)
        except TimeoutError:
            pass
    assert statuses == following


def test_http_2_is_not_spoken_so_that_nothing_is_translated(make_echo):  # noqa: F811
    """Names, lengths and blanks of HTTP/2 never become a header of HTTP/1: it is neither offered nor taken."""
    server = make_echo()
    context = server.authority.client()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with Connection(server.https, tls=context) as client:
        assert client.socket.selected_alpn_protocol() == "http/1.1"
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
        response = client.receive()
        assert response.status in (400, 405, 505) and client.receive() is None
    upgrade = server.call("GET", "/facts", [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")],
                          tls=False)
    assert upgrade.status == 200 and upgrade.header("Upgrade") is None
