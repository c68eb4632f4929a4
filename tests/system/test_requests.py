"""What requests may look like, on the wire: HEAD, OPTIONS, Expect, pages of other origins, bodies and their limits."""
import json
import select
import time

from conftest import Connection, wait_until
from test_api import FRED, JSON, bad, make_gateway, make_region  # noqa: F401 (fixtures)

BODY = json.dumps({"Area": {"What": "NOTHING", "Seconds": 0}}).encode()
PAGE = ("Origin", "https://app.example")
CORS = ('<cors domain="/bad" allowedOrigins="https://app.example" allowedMethods="POST" '
        'allowedHeaders="Authorization, Content-Type" maxAge="600"/>')


def test_head_and_options_leave_the_connection_usable(make_gateway):
    server = make_gateway()
    with Connection(server.https, tls=server.authority.client()) as connection:
        response = connection.request("HEAD", "/bad/api-docs", [FRED])
        assert response.status in (200, 403) and int(response.header("Content-Length")) > 0
        response = connection.request("OPTIONS", "/bad/do", [FRED])
        assert response.status == 204 and response.header("Allow") == "POST, OPTIONS"
        assert response.header("Content-Length") is None
        response = connection.request("POST", "/bad/do", [FRED, JSON], BODY)
        assert response.status == 200


def test_a_page_asks_and_then_calls(make_gateway):
    server = make_gateway(more=CORS)
    with Connection(server.https, tls=server.authority.client()) as connection:
        response = connection.request("OPTIONS", "/bad/do", [
            PAGE, ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type")])
        assert response.status == 204
        assert response.header("Access-Control-Allow-Origin") == "https://app.example"
        assert response.header("Access-Control-Allow-Headers") == "Authorization, Content-Type"
        assert response.header("Access-Control-Max-Age") == "600"
        response = connection.request("POST", "/bad/do", [FRED, JSON, PAGE], BODY)
        assert response.status == 200 and response.header("Access-Control-Allow-Origin") == "https://app.example"
        response = connection.request("POST", "/bad/do", [JSON, PAGE], BODY)
        assert response.status == 401 and response.header("Access-Control-Allow-Origin") == "https://app.example"
        response = connection.request("OPTIONS", "/bad/do", [
            ("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")])
        assert response.status == 403 and response.header("Access-Control-Allow-Origin") is None


def test_a_body_of_another_kind_is_refused(make_gateway):
    server = make_gateway()
    response = server.call("POST", "/bad/do", [FRED, ("Content-Type", "application/x-www-form-urlencoded")], BODY)
    assert response.status == 415 and response.json["errorMessage"].startswith("BAQR0417W: ")
    response = server.call("POST", "/bad/do", [FRED], BODY)
    assert response.status == 200


def test_who_expects_to_be_told_to_go_on_is_told(make_gateway):
    server = make_gateway()
    with Connection(server.https, tls=server.authority.client()) as connection:
        head = (f"POST /bad/do HTTP/1.1\r\nHost: localhost\r\n{FRED[0]}: {FRED[1]}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n")
        connection.send(head)
        assert connection.receive().status == 100
        connection.send(BODY)
        assert connection.receive().status == 200
        # Who is told at once that the body is too long need not send it.
        connection.send(head.replace(f"Content-Length: {len(BODY)}", f"Content-Length: {17 << 20}"))
        assert connection.receive().status == 413


def test_one_client_cannot_fill_the_memory(make_gateway):
    """Bodies that are being read, and bodies in work, count; what has ended does not."""
    server = make_gateway(manager='requireSecure="false"', more='<sallyport_requests clientBodies="2097152"/>')
    server_workers = 2
    context = server.authority.client()

    def begin(connection, length, sent):
        connection.send(f"POST /bad/do HTTP/1.1\r\nHost: localhost\r\n{FRED[0]}: {FRED[1]}\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode() + b" " * sent)

    # More than may be there at once is refused by its length alone.
    with Connection(server.https, tls=context) as connection:
        begin(connection, 3 << 20, 0)
        response = connection.receive()
        assert response.status == 429 and "request bodies" in response.json["errorMessage"]
        assert connection.closed()
    # Bodies that never end fill the account; then there is no room for more, however much comes at once.
    for _ in range(5):
        held = [Connection(server.http) for _ in range(10 * server_workers)]
        for connection in held:
            try:
                begin(connection, 2 << 20, 600 << 10)
            except OSError:
                pass  # refused before it has sent it all
        # Each worker reads three of them to their end of what was sent, and no more; all others are told.
        wait_until(lambda: len(answered(held)) >= 10 * server_workers - 3 * server_workers, "the refusals", 20)
        assert len(answered(held)) < 10 * server_workers
        assert {status for status in answered(held).values()} <= {429, None}
        for connection in held:
            connection.close()
        wait_until(lambda: all(bad(server, "NOTHING").status == 200 for _ in range(8)), "room")


def answered(connections):
    """The statuses of those that something came to; None for one that was cut off before it was read."""
    ready = select.select([each.socket for each in connections if not hasattr(each, "status")], [], [], 0)[0]
    for each in connections:
        if each.socket in ready:
            try:
                response = each.receive()
            except OSError:
                response = None
            each.status = response.status if response else None
    return {each: each.status for each in connections if hasattr(each, "status")}


def test_bodies_in_pieces_are_counted_while_they_come(make_gateway):
    server = make_gateway(more='<sallyport_requests clientBodies="1048576"/>')
    with Connection(server.https, tls=server.authority.client()) as connection:
        connection.send(f"POST /bad/do HTTP/1.1\r\nHost: localhost\r\n{FRED[0]}: {FRED[1]}\r\n"
                        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        status = None
        try:
            for _ in range(64):
                connection.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
                time.sleep(0.01)
        except OSError:
            pass
        response = connection.receive()
        status = response.status if response else None
        assert status in (429, None)
    assert bad(server, "NOTHING").status == 200


def test_a_chunk_beyond_the_limit_harms_nobody_else(make_gateway):
    """The server answers and reads on for a while, so that the client gets the answer."""
    server = make_gateway(manager='requireSecure="false"')
    workers = server.process.workers()
    for tls in (None, server.authority.client()):
        for who in ("", f"{FRED[0]}: {FRED[1]}\r\n") * 4:
            with Connection(server.https if tls else server.http, tls=tls) as connection:
                connection.send(f"POST /bad/do HTTP/1.1\r\nHost: localhost\r\n{who}Transfer-Encoding: chunked\r\n\r\n")
                try:
                    connection.send(b"5\r\nabcde\r\n2000000\r\n")
                    for _ in range(10):
                        connection.send(b"x" * 100_000)
                except OSError:
                    pass  # refused before it has sent it all
                try:
                    response = connection.receive()
                    assert response is None or response.status == (413 if who else 401)
                except OSError:
                    pass
    assert bad(server, "NOTHING").status == 200
    assert server.process.workers() == workers
    assert "exited on signal" not in server.log()
