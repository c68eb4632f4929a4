"""Changes of a running server: server.xml, what it includes and archives, taken over without losing a request."""
import concurrent.futures
import json
import re
import threading
import time

import archives
from conftest import Connection, free_ports, listening, wait_until
from test_api import FRED, JSON, XML, bad, basic, make_gateway, make_region  # noqa: F401 (fixtures)

BODY = json.dumps({"Area": {"What": "NOTHING", "Seconds": 0}}).encode()


def edit(server, old, new):
    """Changes server.xml as a careful editor does: a new file takes the old one's place."""
    path = server.directory / "server.xml"
    text = path.read_text()
    assert old in text
    other = path.with_suffix(".new")
    other.write_text(text.replace(old, new))
    other.rename(path)


def refresh(server):
    result = server.command("refresh")
    assert result.returncode == 0, result
    return result.stdout


def generation(server):
    """The number of the generation that the log told of last."""
    numbers = re.findall(r"SALG0050I generation (\d+)", server.log())
    return int(numbers[-1]) if numbers else 0


MANUAL = '<config updateTrigger="mbean"/>'


def test_refresh_takes_a_new_user_over_and_keeps_connections(make_gateway):
    server = make_gateway(more=MANUAL)
    workers = server.process.workers()
    with Connection(server.https, tls=server.authority.client()) as kept:
        assert kept.request("POST", "/bad/do", [JSON, basic("anna")], BODY).status == 401
        edit(server, '<user name="fred"', '<user name="anna" password="anna secret"/><user name="fred"')
        edit(server, '<member name="fred"/>', '<member name="fred"/><member name="anna"/>')
        time.sleep(0.8)
        assert kept.request("POST", "/bad/do", [JSON, basic("anna")], BODY).status == 401  # nobody asked for it yet
        assert "changed basicRegistry[basic]" in refresh(server)
        assert kept.request("POST", "/bad/do", [JSON, basic("anna")], BODY).status == 200
    assert server.process.workers() == workers
    assert "anna secret" not in server.log()
    assert "nothing has changed" in refresh(server)
    assert generation(server) == 1


def test_a_changed_include_is_noticed(make_gateway):
    server = make_gateway(more='<include location="more.xml" optional="true"/><config monitorInterval="200ms"/>')
    include = server.directory / "more.xml"
    assert bad(server, "NOTHING", headers=(basic("anna"), JSON)).status == 401
    include.write_text('<server><basicRegistry id="basic"><user name="anna" password="anna secret"/>'
                       '<group name="GMINVOKE"><member name="anna"/></group>'
                       '<group name="STAFF"><member name="anna"/></group></basicRegistry></server>')
    wait_until(lambda: generation(server) == 1, "the include", 5)
    include.write_text(include.read_text().replace("anna secret", "other secret"))
    wait_until(lambda: generation(server) == 2, "the changed include", 5)
    assert bad(server, "NOTHING", headers=(basic("anna"), JSON)).status == 401
    include.unlink()
    wait_until(lambda: generation(server) == 3, "the include's end", 5)


def test_a_broken_change_is_refused_whole(make_gateway):
    server = make_gateway(more=MANUAL)
    good = (server.directory / "server.xml").read_text()
    edit(server, '<user name="fred"', '<user name="anna" password="anna secret"/><user name="fred"')
    edit(server, "</server>", '<zosconnect_services location="x"><service')
    result = server.command("refresh")
    assert result.returncode == 1 and "SALC" in result.stderr
    assert "goes on with its old configuration" in result.stderr
    assert bad(server, "NOTHING").status == 200
    # The server itself does not rely on having been asked by a command that checked.
    (server.directory / "server.xml").write_text(good.replace(MANUAL, '<config monitorInterval="100ms"/>'))
    refresh(server)
    edit(server, "</server>", "</serv")
    wait_until(lambda: "SALG0051E" in server.log(), "the refusal", 5)
    assert re.search(r"SALC\d+E .*server.xml:\d+:\d+: ", server.log())
    assert bad(server, "NOTHING").status == 200
    (server.directory / "server.xml").write_text(good)
    wait_until(lambda: generation(server) == 2, "the mended file", 5)


def test_archives_come_change_and_go(make_gateway):
    server = make_gateway(more=MANUAL)
    connect = server.directory / "resources" / "zosconnect"
    archives.api(connect / "apis" / "more.aar", "more", "/more", "/do", "POST", "bad")
    assert server.call("POST", "/more/do", [FRED, JSON], BODY).status == 404
    refresh(server)
    assert server.call("POST", "/more/do", [FRED, JSON], BODY).status == 200
    (connect / "apis" / "more.aar").write_bytes(b"PK no archive")
    result = server.command("refresh")
    assert result.returncode == 1 and "SALG0003E" in result.stderr and "more.aar" in result.stderr
    assert server.call("POST", "/more/do", [FRED, JSON], BODY).status == 200
    (connect / "apis" / "more.aar").unlink()
    refresh(server)
    assert server.call("POST", "/more/do", [FRED, JSON], BODY).status == 404


def test_a_new_port_is_a_reload(make_gateway):
    server = make_gateway(more=MANUAL)
    workers = server.process.workers()
    old, (server.https,) = server.https, free_ports(1)
    edit(server, f'httpsPort="{old}"', f'httpsPort="{server.https}"')
    refresh(server)
    wait_until(lambda: listening(server.https) and not listening(old), "the new port")
    assert bad(server, "NOTHING").status == 200
    wait_until(lambda: not set(server.process.workers()) & set(workers), "the end of the old workers")
    edit(server, '<user name="fred"', '<user name="anna" password="anna secret"/><user name="fred"')
    refresh(server)
    assert bad(server, "NOTHING", headers=(basic("anna"), JSON)).status == 403


def test_disabled_means_never(make_gateway):
    server = make_gateway(more='<config updateTrigger="disabled"/>')
    edit(server, '<user name="fred"', '<user name="anna" password="anna secret"/><user name="fred"')
    assert "SALG0055I" in refresh(server) and generation(server) == 0
    assert bad(server, "NOTHING", headers=(basic("anna"), JSON)).status == 401


def test_a_worker_that_comes_later_has_the_present_generation(make_gateway):
    server = make_gateway(more=MANUAL)
    edit(server, '<member name="fred"/>', '<member name="fred"/><member name="mary"/>')
    refresh(server)
    # Not taken over yet: no worker may have it, whenever it begins.
    edit(server, '<member name="mary"/></group>\n  <group name="STAFF">', '</group>\n  <group name="STAFF">')
    before = server.process.workers()
    server.may_alert = True
    import os
    import signal
    for each in before:
        os.kill(each, signal.SIGKILL)
    wait_until(lambda: len(server.process.workers()) == 2 and not set(server.process.workers()) & set(before), "new workers")
    mary = (basic("mary"), JSON)
    assert wait_until(lambda: bad(server, "NOTHING", headers=mary).status == 200, "an answer", 5)
    assert [bad(server, "NOTHING", headers=mary).status for _ in range(8)] == [200] * 8
    refresh(server)
    assert [bad(server, "NOTHING", headers=mary).status for _ in range(8)] == [403] * 8


def test_a_hundred_updates_under_load_fail_no_request(make_gateway):
    """Each update moves the API between two paths' programs: every answer is wholly of one version."""
    server = make_gateway(more=MANUAL + '<zosconnect_services><service name="echo">'
                                        '<property name="program" value="ECHOPGM"/></service></zosconnect_services>')
    stop, wrong, counts = threading.Event(), [], []
    context = server.authority.client()

    def client(number):
        made = 0
        with Connection(server.https, tls=context, timeout=30) as connection:
            while not stop.is_set():
                text = f"C{number}N{made}"
                response = connection.request("POST", "/echo/it", [FRED, JSON], json.dumps({"Area": {"Text": text}}).encode())
                if response is None or response.status != 200 or response.json["Area"]["Text"] != text:
                    wrong.append(response)
                    return
                made += 1
        counts.append(made)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(client, number) for number in range(4)]
        began = time.monotonic()
        for turn in range(100):
            edit(server, 'globalInvokeGroup="' + ("GMINVOKE" if turn % 2 == 0 else "STAFF"),
                 'globalInvokeGroup="' + ("STAFF" if turn % 2 == 0 else "GMINVOKE"))
            refresh(server)
            # mary is in STAFF only.
            assert bad(server, "NOTHING", headers=(basic("mary"), JSON)).status == (200 if turn % 2 == 0 else 403)
        took = time.monotonic() - began
        stop.set()
        for each in clients:
            each.result()
    assert not wrong, wrong[:3]
    assert len(counts) == 4 and sum(counts) > 100
    assert generation(server) == 100
    print(f"100 updates in {took:.1f} s, {sum(counts)} requests")
