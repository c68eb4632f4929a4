"""Changes of a running server: server.xml, what it includes and archives, taken over without losing a request."""
import concurrent.futures
import json
import os
import re
import signal
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
    for each in before:
        os.kill(each, signal.SIGKILL)
    wait_until(lambda: len(server.process.workers()) == 2 and not set(server.process.workers()) & set(before), "new workers")
    mary = (basic("mary"), JSON)
    assert wait_until(lambda: bad(server, "NOTHING", headers=mary).status == 200, "an answer", 5)
    assert [bad(server, "NOTHING", headers=mary).status for _ in range(8)] == [200] * 8
    refresh(server)
    assert [bad(server, "NOTHING", headers=mary).status for _ in range(8)] == [403] * 8


# ---------------------------------------------------------------- under load

ECHO, BAD = "ECHOPGM", "BADPGM"
CODES = {ECHO: 200, BAD: 201}


def make_twofold(make_gateway, more=""):
    """A server with an API whose program is said by server.xml and whose status by its archive."""
    server = make_gateway(more=MANUAL + more + '<zosconnect_services><service name="both"><property name="program" '
                                               'value="ECHOPGM"/></service></zosconnect_services>')
    connect = server.directory / "resources" / "zosconnect"
    fields = (archives.field("What", 1, 8, "char") + archives.field("Seconds", 9, 4, "zoned")
              + archives.field("More", 13, 4, "char") + archives.field("Rest", 17, 14, "char")
              + archives.field("Out", 31, 20, "char") + archives.field("End", 51, 39, "char"))
    archives.service(connect / "services" / "both.sar", "both", "ECHOPGM", 89, fields)
    archives.api(connect / "apis" / "both.aar", "both", "/both", "/do", "POST", "both", CODES[ECHO])
    refresh(server)
    return server


def switch(server, program):
    """Both files are others; nothing has been taken over yet."""
    archive = server.directory / "resources" / "zosconnect" / "apis" / "both.aar"
    archives.api(archive.with_suffix(".new"), "both", "/both", "/do", "POST", "both", CODES[program])
    archive.with_suffix(".new").rename(archive)
    edit(server, f'value="{BAD if program == ECHO else ECHO}"', f'value="{program}"')


def version(response):
    """Whose answer it is; None when it is of no one version."""
    if response is None or response.status not in (200, 201):
        return None
    area = response.json["Area"]
    program = BAD if area.get("More") == "DONE" else ECHO if area.get("Out", "").endswith("GNIHTON") else None
    return program if program and CODES[program] == response.status else None


def ask(connection):
    return connection.request("POST", "/both/do", [FRED, JSON], BODY)


class Load:
    """Clients that call until they are told to stop, and what they found wrong."""

    def __init__(self, server, clients=4, reconnect=False):
        self.server, self.reconnect = server, reconnect
        self.stop, self.wrong, self.seen = threading.Event(), [], {ECHO: 0, BAD: 0}
        self.pool = concurrent.futures.ThreadPoolExecutor(clients)
        self.clients = [self.pool.submit(self.client) for _ in range(clients)]

    def client(self):
        context = self.server.authority.client()
        while not self.stop.is_set():
            with Connection(self.server.https, tls=context, timeout=30) as connection:
                while not self.stop.is_set():
                    try:
                        response = ask(connection)
                    except (AssertionError, OSError):
                        response = None
                    if response is None and self.reconnect:
                        break  # its worker was killed
                    found = version(response)
                    if found is None:
                        self.wrong.append(response)
                        return
                    self.seen[found] += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.set()
        for each in self.clients:
            each.result()
        self.pool.shutdown()


def all_workers_say(server, program):
    context = server.authority.client()
    for _ in range(12):
        with Connection(server.https, tls=context) as connection:
            assert version(ask(connection)) == program


def test_a_hundred_updates_under_load_fail_no_request(make_gateway):
    """Each update changes server.xml and an archive together: every answer is wholly of one version."""
    server = make_twofold(make_gateway)
    with Load(server) as load:
        began = time.monotonic()
        for turn in range(100):
            program = BAD if turn % 2 == 0 else ECHO
            switch(server, program)
            refresh(server)
            with Connection(server.https, tls=server.authority.client()) as connection:
                assert version(ask(connection)) == program
        took = time.monotonic() - began
    assert not load.wrong, load.wrong[:3]
    assert min(load.seen.values()) > 50
    assert generation(server) == 101
    print(f"100 updates in {took:.1f} s, {sum(load.seen.values())} requests")


def test_what_is_refused_is_told_as_check_tells_it(make_gateway):
    server = make_twofold(make_gateway)
    good = (server.directory / "server.xml").read_text()
    with Load(server) as load:
        broken = good.replace('requireAuth', 'requireauth').replace(
            "</server>", '<ssl id="one" keyStoreRef="nowhere"/>\n<zosconnect_authorizationServer id="x"/>\n'
                         '<sslDefault sslRef="none"/><httpEndpoint id="e" host="localhost" httpPort="99999"/></server>')
        (server.directory / "server.xml").write_text(broken)
        checked = server.command("check", "--json")
        assert checked.returncode != 0
        errors = [each for each in json.loads(checked.stdout)["problems"] if each["severity"] == "error"]
        assert errors
        # By the server itself, without the command's own check before it.
        (server.directory / "server.xml").write_text(good.replace(MANUAL, '<config monitorInterval="100ms"/>'))
        refresh(server)
        (server.directory / "server.xml").write_text(broken.replace(MANUAL, '<config monitorInterval="100ms"/>'))
        wait_until(lambda: "SALG0051E" in server.log(), "the refusal", 5)
        time.sleep(0.5)
    for each in errors:
        place = f"{each['file']}:{each['line']}:" if each.get("line") else ""
        assert re.search(re.escape(each["id"]) + " .*" + re.escape(place) + ".*" + re.escape(each["text"][:40]),
                         server.log()), each
    assert not load.wrong and not load.seen[BAD]
    all_workers_say(server, ECHO)


def test_updates_that_are_asked_for_at_once_come_one_after_the_other(make_gateway):
    server = make_twofold(make_gateway)
    with Load(server) as load, concurrent.futures.ThreadPoolExecutor(8) as pool:
        for turn in range(10):
            program = BAD if turn % 2 == 0 else ECHO
            commands = [pool.submit(server.command, "refresh") for _ in range(2)]
            switch(server, program)
            commands += [pool.submit(server.command, "refresh") for _ in range(2)]
            results = [each.result() for each in commands]
            assert all(each.returncode == 0 for each in results[2:]), results
            with Connection(server.https, tls=server.authority.client()) as connection:
                assert version(ask(connection)) == program
    # A refresh between the two halves of a switch takes the half: such answers are told apart, not wrong.
    assert all(each is not None and each.status in (200, 201) for each in load.wrong), load.wrong


def test_a_worker_that_is_killed_during_an_update_leaves_one_version(make_gateway):
    server = make_twofold(make_gateway)
    server.may_alert = True
    with Load(server, reconnect=True) as load, concurrent.futures.ThreadPoolExecutor(1) as pool:
        program = ECHO
        for turn in range(20):
            program = BAD if program == ECHO else ECHO
            workers = server.process.workers()
            switch(server, program)
            command = pool.submit(server.command, "refresh")
            time.sleep(0.005 + 0.003 * turn)
            os.kill(workers[turn % len(workers)], signal.SIGKILL)
            command.result()
            wait_until(lambda: len(server.process.workers()) == 2, "another worker")
            # Taken over or not: nobody may be left behind. Asked again, everybody has it.
            wait_until(lambda: server.command("refresh").returncode == 0, "the update", 20)
            all_workers_say(server, program)
    assert not load.wrong, load.wrong[:3]
    assert min(load.seen.values()) > 0
