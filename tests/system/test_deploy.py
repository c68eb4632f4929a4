"""Deploying while the server works, while it is killed, and on disks that take nothing."""
import concurrent.futures
import os
import random
import signal
import subprocess
import threading
import time

import pytest

import archives
import test_update
from conftest import PATIENCE, Connection, wait_until
from test_admin import ADAM, LEVELS, ZIP, aar, ask, deploy, do, error, server  # noqa: F401 (fixtures)
from test_api import make_gateway, make_region  # noqa: F401 (fixtures)
from test_update import BAD, CODES, ECHO, Load, refresh, version

CRASHES = int(os.environ.get("SALLYPORT_CRASHES", "100"))


def service_of(program):
    return "both" if program == ECHO else "other"


@pytest.fixture
def twofold(make_gateway):
    server = make_gateway(more=LEVELS + test_update.MANUAL + '<zosconnect_services><service name="other">'
                                        '<property name="program" value="BADPGM"/></service></zosconnect_services>')
    fields = (archives.field("What", 1, 8, "char") + archives.field("Seconds", 9, 4, "zoned")
              + archives.field("More", 13, 4, "char") + archives.field("Rest", 17, 14, "char")
              + archives.field("Out", 31, 20, "char") + archives.field("End", 51, 39, "char"))
    connect = server.directory / "resources" / "zosconnect"
    for name in ("both", "other"):
        archives.service(connect / "services" / f"{name}.sar", name, "ECHOPGM", 89, fields)
    put(server, ECHO)
    refresh(server)
    return server


def put(server, program):
    """The archive of a program takes the place of the other, as a careful copy does."""
    archive = server.directory / "resources" / "zosconnect" / "apis" / "both.aar"
    archives.api(archive.with_suffix(".new"), "both", "/both", "/do", "POST", service_of(program), CODES[program])
    archive.with_suffix(".new").rename(archive)


def test_two_hundred_archives_are_replaced_under_load(twofold):
    """Every answer is wholly of one version, none fails; beside it APIs come and go through the interface."""
    with Load(twofold, clients=3) as load:
        began = time.monotonic()
        for turn in range(200):
            program = BAD if turn % 2 == 0 else ECHO
            put(twofold, program)
            refresh(twofold)
            with Connection(twofold.https, tls=twofold.authority.client()) as connection:
                assert version(test_update.ask(connection)) == program
            if turn % 20 == 0:
                assert deploy(twofold, "apis", aar("more", "/more"), query="?status=stopped").status == 200
                assert ask(twofold, "DELETE", "/apis/more").status == 200
        took = time.monotonic() - began
    assert not load.wrong, load.wrong[:3]
    assert min(load.seen.values()) > 50
    print(f"200 replacements in {took:.1f} s, {sum(load.seen.values())} requests")


def test_all_workers_show_a_change_before_it_is_answered(server):
    connections = [Connection(server.https, tls=server.authority.client()) for _ in range(12)]
    for turn in range(10):
        assert deploy(server, "apis", aar("more", f"/more{turn}")).status == 200
        answers = [each.request("GET", "/zosConnect/apis/more", [ADAM]) for each in connections]
        assert {each.json["apiUrl"] for each in answers} == {f"https://localhost/more{turn}"}
        assert ask(server, "PUT", "/apis/more?status=stopped").status == 200
        assert {each.request("POST", f"/more{turn}/do", [ADAM]).status for each in connections} == {503}
        assert ask(server, "DELETE", "/apis/more").status == 200
        assert {each.request("GET", "/zosConnect/apis/more", [ADAM]).status for each in connections} == {404}
    for each in connections:
        each.close()


def test_of_two_deployments_of_one_name_one_wins(server):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for turn in range(5):
            archives_of = [aar("more", f"/more{turn}{each}") for each in range(8)]
            responses = list(pool.map(lambda archive: deploy(server, "apis", archive), archives_of))
            assert sorted(each.status for each in responses) == [200] + [409] * 7
            winner = [index for index, each in enumerate(responses) if each.status == 200][0]
            assert ask(server, "GET", "/apis/more").json["apiUrl"] == f"https://localhost/more{turn}{winner}"
            path = server.directory / "resources/zosconnect/apis/more.aar"
            assert path.read_bytes() == archives_of[winner]
            ask(server, "PUT", "/apis/more?status=stopped")
            responses = list(pool.map(lambda _: ask(server, "DELETE", "/apis/more"), range(4)))
            assert sorted(each.status for each in responses) == [200] + [404] * 3
    assert not list((server.directory / "resources/zosconnect").rglob(".sallyport*"))


# ---------------------------------------------------------------- crashes

ONE, TWO = aar("more", "/one"), aar("more", "/two")
# What is asked for, one after the other, and what is there afterwards: archive and state.
CYCLE = [
    (("POST", "/apis", ONE), (ONE, "Started")),
    (("PUT", "/apis/more?status=stopped", None), (ONE, "Stopped")),
    (("PUT", "/apis/more?status=stopped", TWO), (TWO, "Stopped")),
    (("PUT", "/apis/more?status=started", ONE), (ONE, "Started")),
    (("PUT", "/apis/more?status=stopped", None), (ONE, "Stopped")),
    (("PUT", "/apis/more?status=started", TWO), (TWO, "Started")),
    (("PUT", "/apis/more?status=stopped", None), (TWO, "Stopped")),
    (("DELETE", "/apis/more", None), (None, None)),
]


def kill(server):
    """All of it at once, as when the power goes for the process."""
    master = server.process.process
    os.kill(master.pid, signal.SIGSTOP)  # so that it replaces nobody
    pids = [*server.process.workers(), master.pid]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    master.wait(PATIENCE)
    server.process.output.close()
    server.process = None
    for pid in pids[:-1]:  # adopted: gone when the process table says so
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and os.path.exists(f"/proc/{pid}") and "Z" not in status_of(pid):
            time.sleep(0.002)


def status_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


class Deployer(threading.Thread):
    """Goes round the cycle from `at`, until the server is gone; `done` requests were answered."""

    def __init__(self, server, at):
        super().__init__()
        self.server, self.at, self.done, self.wrong = server, at, 0, []

    def run(self):
        try:
            with Connection(self.server.https, tls=self.server.authority.client()) as connection:
                while True:
                    (method, target, body), _ = CYCLE[(self.at + self.done) % len(CYCLE)]
                    response = connection.request(method, "/zosConnect" + target, [ADAM, *([ZIP] if body else [])], body)
                    if response is None:
                        return
                    if response.status == 503 and b"whether the change was made" in response.body:
                        return  # the worker that leads was killed a moment before this one
                    if response.status != 200:
                        self.wrong.append(response)
                        return
                    self.done += 1
        except (OSError, AssertionError):
            return


def present(server):
    response = ask(server, "GET", "/apis/more")
    path = server.directory / "resources/zosconnect/apis/more.aar"
    if response.status == 404:
        assert not path.exists()
        return None, None
    archive = path.read_bytes()
    assert archive in (ONE, TWO), "half an archive"
    assert response.json["apiUrl"].endswith("/one" if archive == ONE else "/two")
    return archive, response.json["status"]


def test_a_server_killed_while_deploying_has_the_old_or_the_new(server):
    chance = random.Random(7)
    at, finished, undone = 0, 0, 0
    for _ in range(CRASHES):
        deployer = Deployer(server, at)
        deployer.start()
        time.sleep(chance.uniform(0, 0.12))
        kill(server)
        deployer.join()
        assert not deployer.wrong, deployer.wrong
        server.start()
        old, new = (CYCLE[(at + deployer.done + step) % len(CYCLE)][1] for step in (-1, 0))
        found = present(server)
        assert found in (old, new), f"neither {old[1]} nor {new[1]}: {found[1]}"
        wait_until(lambda: not list((server.directory / "resources/zosconnect").rglob(".sallyport*")), "the sweep")
        at = (at + deployer.done + (found == new)) % len(CYCLE)
        finished += deployer.done
        undone += found == old
    print(f"{CRASHES} crashes, {finished} changes answered, {undone} that were not made")


class Stubborn(threading.Thread):
    """Asks for changes whatever comes back, until it is told to stop."""

    def __init__(self, server):
        super().__init__()
        self.server, self.stop, self.answers = server, threading.Event(), {}

    def run(self):
        at = 0
        while not self.stop.is_set():
            (method, target, body), _ = CYCLE[at % len(CYCLE)]
            at += 1
            try:
                status = ask(self.server, method, target, ADAM, body, [ZIP] if body else []).status
            except (AssertionError, AttributeError, OSError):
                status = None  # its worker was killed
            self.answers[status] = self.answers.get(status, 0) + 1


def agree(server):
    """Whether every worker shows what is on the disk."""
    try:
        return len({present(server) for _ in range(6)}) == 1
    except (AssertionError, AttributeError, OSError):
        return False


def test_workers_killed_while_deploying_agree_with_the_disk_again(server):
    chance = random.Random(3)
    server.may_alert = True
    stubborn = Stubborn(server)
    stubborn.start()
    for _ in range(20):
        time.sleep(chance.uniform(0.05, 0.25))
        workers = server.process.workers()
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
    stubborn.stop.set()
    stubborn.join()
    wait_until(lambda: agree(server), "agreement")
    assert stubborn.answers.get(200, 0) > 5 and set(stubborn.answers) <= {200, 404, 409, 503, None}, stubborn.answers
    print(stubborn.answers)
    # And they can be changed as ever.
    ask(server, "PUT", "/apis/more?status=stopped")
    ask(server, "DELETE", "/apis/more")
    assert deploy(server, "apis", ONE).status == 200 and present(server) == (ONE, "Started")


# ---------------------------------------------------------------- disks

@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 KiB, where that may be made."""
    path = tmp_path / "disk"
    path.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path], check=False, capture_output=True)
    if made.returncode != 0:
        pytest.skip("a file system can only be mounted by root")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def on_disk(make_gateway, disk):
    more = LEVELS + f'<zosconnect_zosConnectAPIs location="{disk}"/>'
    return make_gateway(more=more)


def test_a_full_disk_refuses_and_keeps_what_is_there(make_gateway, small_disk):
    server = on_disk(make_gateway, small_disk)
    assert deploy(server, "apis", aar("more", "/more")).status == 200
    (small_disk / "filler").write_bytes(b"x")
    with open(small_disk / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass
    assert "No space left" in error(deploy(server, "apis", aar("other", "/other")), 500)
    assert ask(server, "PUT", "/apis/more?status=stopped").status == 200  # the state is elsewhere
    assert "No space left" in error(ask(server, "PUT", "/apis/more", ADAM, aar("more", "/else"), [ZIP]), 500)
    assert ask(server, "GET", "/apis/more").json["status"] == "Stopped"
    assert sorted(path.name for path in small_disk.iterdir()) == ["filler", "more.aar"]
    (small_disk / "filler").unlink()
    assert ask(server, "PUT", "/apis/more", ADAM, aar("more", "/else"), [ZIP]).status == 200
    assert do(server, "/else/do").status == 200


def test_a_read_only_disk_refuses_and_keeps_what_is_there(make_gateway, small_disk):
    server = on_disk(make_gateway, small_disk)
    assert deploy(server, "apis", aar("more", "/more"), query="?status=stopped").status == 200
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert "Read-only" in error(deploy(server, "apis", aar("other", "/other")), 500)
    assert "Read-only" in error(ask(server, "PUT", "/apis/more", ADAM, aar("more", "/else"), [ZIP]), 500)
    assert "Read-only" in error(ask(server, "DELETE", "/apis/more"), 500)
    assert ask(server, "GET", "/apis/more").json["status"] == "Stopped"
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    assert ask(server, "DELETE", "/apis/more").status == 200
    server.stop()
    server.start()
    assert ask(server, "GET", "/apis/more").status == 404
