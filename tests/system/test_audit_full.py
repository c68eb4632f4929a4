"""When the audit's memory is full because nothing can be written: calls wait, or are counted, or are refused.

The memory has 64 places. Every call here makes one event, and is answered by a COBOL program of a region, which shows
whether it was called.
"""
import contextlib
import os
import pathlib
import resource
import select
import signal
import subprocess

import pytest

from conftest import Connection, wait_until
from test_api import FRED, JSON, bad, make_gateway, make_region  # noqa: F401 (fixtures)
from test_audit import one_writer, read, smf_file
from test_audit_sinks import records

PLACES = 64
MANAGER = 'requireSecure="false"'
BODY = b'{"Area":{"What":"NOTHING"}}'


def audited(policy):
    return ('<zosconnect_auditInterceptor id="audit" sequence="1" apiProviderSmfVersion="2" apiProviderMaxDelay="20ms"/>'
            f'<sallyport_smf bufferRecords="{PLACES}" whenFull="{policy}"/>')


def call(server):
    return bad(server, "NOTHING", tls=False)


def losses(events):
    """How many records are told to be lost, in events of which each says who lost them and since when."""
    told = [each for each in events if each["event"] == 255]
    assert all(each["origin"] == 3 and each["lost"] > 0 and each["lost_since"] <= each["time"] for each in told)
    return sum(each["lost"] for each in told)


def first_call(server):
    """The writer is there, has a file, and nothing to do."""
    assert call(server).status == 200
    wait_until(lambda: smf_file(server).exists() and smf_file(server).stat().st_size, "the first record")
    return one_writer(server)


def state_of(process):
    return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


@contextlib.contextmanager
def stopped(process):
    """It does nothing meanwhile; it lives, and so no other takes its place."""
    os.kill(process, signal.SIGSTOP)
    try:
        wait_until(lambda: state_of(process) == "T", "the writer to stand still")
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def programs_called(server):
    return server.region.log().count("BADPGM")


def test_calls_are_counted_that_have_no_place(make_gateway):
    server = make_gateway(manager=MANAGER, more=audited("count"))
    with stopped(first_call(server)):
        assert [call(server).status for _ in range(PLACES + 20)] == [200] * (PLACES + 20)
    wait_until(lambda: "SALG0030E" in server.log(), "the message")
    assert call(server).status == 200
    server.stop()
    requests, events = read(server)
    # The place of the first call may not have been free again when the writer was stopped.
    assert losses(events) in (20, 21)
    assert len(requests) + losses(events) == PLACES + 22
    assert len({each["id"] for each in requests}) == len(requests)


class Held:
    """A call of which the answer is not read yet."""

    def __init__(self, server):
        self.connection = Connection(server.http)
        head = f"POST /bad/do HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n"
        self.connection.send(head + "".join(f"{name}: {value}\r\n" for name, value in (FRED, JSON)) + "\r\n")
        self.connection.send(BODY)

    def answered(self):
        return bool(select.select([self.connection.socket], [], [], 0)[0])


def test_calls_wait_until_there_is_a_place(make_gateway):
    """All are made by their programs, none is answered before its record has a place; one whose client leaves is lost."""
    server = make_gateway("--dump-commarea", manager=MANAGER, more=audited("block"))
    writer = first_call(server)
    each_call = programs_called(server)
    assert each_call
    with stopped(writer):
        answered = 0
        held = []
        while len(held) < 6:
            one = Held(server)
            made = (1 + answered + len(held) + 1) * each_call
            wait_until(lambda: programs_called(server) >= made, "the program")
            if answered < PLACES - 1 or (not held and select.select([one.connection.socket], [], [], 1)[0]):
                assert one.connection.receive().status == 200
                answered += 1
            else:
                held.append(one)
        assert answered in (PLACES - 1, PLACES)
        assert not any(each.answered() for each in held)
        held.pop().connection.abort()
        wait_until(lambda: "SALG0030E" in server.log(), "the message of the one that left")
        assert not any(each.answered() for each in held)
    assert [each.connection.receive().status for each in held] == [200] * 5
    assert call(server).status == 200
    server.stop()
    requests, events = read(server)
    assert losses(events) == 1
    assert len(requests) == 1 + answered + 5 + 1


def test_calls_are_refused_that_would_have_no_place(make_gateway):
    server = make_gateway("--dump-commarea", manager=MANAGER, more=audited("refuse"))
    writer = first_call(server)
    with stopped(writer):
        answers = [call(server) for _ in range(PLACES + 10)]
        taken = [each for each in answers if each.status == 200]
        refused = answers[len(taken):]
        called = programs_called(server)
        assert len(taken) in (PLACES - 1, PLACES) and [each.status for each in refused] == [503] * len(refused)
        for each in refused:
            assert each.json["errorMessage"].startswith("BAQR0406W: The zosConnectAudit interceptor encountered an error")
            assert "could not be recorded" in each.json["errorDetails"]
        assert call(server).status == 503 and programs_called(server) == called  # nothing is done for who is refused
    refusals = len(refused) + 1

    def comes_in():
        nonlocal refusals
        status = call(server).status
        refusals += status == 503
        return status == 200
    wait_until(comes_in, "room again")
    server.stop()
    requests, events = read(server)
    assert [each["status"] for each in requests] == [200] * (1 + len(taken) + 1)
    assert losses(events) == refusals


# ---- a disk that is full

class Limit:
    """The greatest size that a file of the writer may have; raised when there is room again."""

    def __init__(self, server):
        self.server = server

    def fill(self):
        self.writer = one_writer(self.server)
        least = smf_file(self.server).stat().st_size + 20000
        resource.prlimit(self.writer, resource.RLIMIT_FSIZE, (least, resource.RLIM_INFINITY))

    def make_room(self):
        resource.prlimit(self.writer, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def finish(self):
        pass


class Disk:
    """A file system of 256 KB at the place of the records, most of which another file takes; that goes later."""

    def __init__(self, server):
        self.place = smf_file(server).parent
        self.ballast = self.place / "ballast"
        self.mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0777", "tmpfs", self.place],
                                      capture_output=True, check=False).returncode == 0
        if not self.mounted:
            pytest.skip("who runs the tests may not mount a file system")

    def fill(self):
        with open(self.ballast, "wb") as ballast:
            state = os.statvfs(self.place)
            ballast.write(bytes(max(state.f_bavail * state.f_frsize - 20480, 0)))

    def make_room(self):
        self.ballast.unlink()

    def finish(self):
        subprocess.run(["umount", "--lazy", self.place], check=True)  # the writer may be at its end yet


@pytest.fixture(params=[Limit, Disk])
def disk(request, make_gateway):
    """make(policy): a server, and its disk, which is full in a moment."""
    made = []

    def make(policy):
        server = make_gateway(manager=MANAGER, more=audited(policy) + '<sallyport_smf maxFileSize="0"/>')
        first_call(server)
        if request.param is Disk:  # the writer finds its file gone, and begins another
            disk = request.param(server)
            made.append((server, disk))
            assert call(server).status == 200
            wait_until(lambda: smf_file(server).exists() and smf_file(server).stat().st_size, "the file on the small disk")
        else:
            disk = request.param(server)
            made.append((server, disk))
        return server, disk

    yield make
    for server, disk in made:
        server.stop()
        disk.finish()


@pytest.mark.parametrize("policy", ["count", "block", "refuse"])
def test_a_full_disk_is_survived_as_the_policy_says(disk, policy):
    server, disk = disk(policy)
    before = wait_until(lambda: records(server), "the records until now")
    disk.fill()
    statuses = []
    if policy == "block":
        held = []
        while not (held and held[-1].answered() is False and "SALG0031E" in server.log()):
            held.append(Held(server))
            if not select.select([held[-1].connection.socket], [], [], 1)[0]:
                continue
            statuses.append(held.pop().connection.receive().status)
            assert len(statuses) < 2000, "the disk never got full"
        assert set(statuses) == {200}
    else:
        statuses = [call(server).status for _ in range(3 * PLACES)]
        wait_until(lambda: "SALG0031E" in server.log() and "SALG0030E" in server.log(), "both messages", 60)
        assert set(statuses) == ({200} if policy == "count" else {200, 503})
        held = []
    wait_until(lambda: records(server) is not None, "whole blocks only")
    disk.make_room()
    for each in held:
        statuses.append(each.connection.receive().status)
    def is_written():
        statuses.append(call(server).status)
        return statuses[-1] == 200 and (records(server) or 0) > before + PLACES
    wait_until(is_written, "what was kept", 60)
    server.stop()
    requests, events = read(server)
    assert len({each["id"] for each in requests}) == len(requests)
    assert len(requests) - before + losses(events) == len(statuses)
    if policy == "block":
        assert losses(events) == 0 and statuses == [200] * len(statuses)
    if policy == "refuse":
        assert losses(events) == statuses.count(503) > 0
    if policy == "count":
        assert losses(events) > 0


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-v"]))
