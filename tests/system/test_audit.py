"""The audit: every completed call has exactly one record, whoever is killed, and what cannot be written is told.

SALLYPORT_STRESS_CALLS sets how many calls the stress test makes (20,000; `make stress` makes a million).
"""
import base64
import datetime
import http.server
import json
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

import smf_reader
from conftest import BUILD, Connection, need, wait_until
from test_api import FRED, JSON, bad, basic, make_gateway, make_region  # noqa: F401 (fixtures)

CALLS = int(os.environ.get("SALLYPORT_STRESS_CALLS", "20000"))
PIPELINED = 40
VERSION_2 = ('<zosconnect_auditInterceptor id="audit" sequence="1" apiProviderSmfVersion="2" apiProviderMaxDelay="200ms" '
             'apiProviderEarlyFailure="true"/>')


def smf_file(server):
    return server.directory / "logs" / "smf" / "smf123"


def read(server, keep=None):
    """(requests, events) of all files that there are."""
    requests, events = [], []
    for path in sorted(smf_file(server).parent.glob("smf123*")):
        more = smf_reader.read(path.read_bytes(), keep=keep)
        requests += more[0]
        events += more[1]
    return requests, events


def writers(server):
    """Process ids of the writer of this server."""
    found = []
    for process in pathlib.Path("/proc").iterdir():
        try:
            if (process / "cmdline").read_bytes().startswith(b"sallyport-smf-writer\0") and any(
                    str(smf_file(server)) in os.readlink(each) for each in (process / "fd").iterdir()):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def one_writer(server):
    return wait_until(lambda: writers(server), "the writer of audit records")[0]


def test_a_second_reader_finds_what_was_called(make_gateway):
    server = make_gateway(more=VERSION_2)
    before = time.time() * 1e6
    assert bad(server, "NOTHING", headers=[FRED, JSON, ("X-Long", "x" * 100)]).status == 200
    assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    assert bad(server, "NOTHING", headers=[JSON, basic("fred", "guessed-0815")]).status == 401
    server.stop()
    requests, events = read(server)
    good, refused, unknown = sorted(requests, key=lambda each: each["id"])
    assert [good["status"], refused["status"], unknown["status"]] == [200, 403, 401]
    assert (good["kind"], good["api"], good["service"], good["method"], good["uri"]) == (1, "bad", "bad", "POST", "/bad/do")
    assert (good["user"], good["mapped"], good["address"]) == ("fred", "FRED", "127.0.0.1")
    assert before <= good["entry"] <= good["sor_sent"] <= good["sor_received"] <= good["exit"] <= time.time() * 1e6
    assert good["request_bytes"] > 0 and good["response_bytes"] > 0 and good["sor_reference"] == "cicsConn"
    assert refused["sor_sent"] is None and refused["user"] == "mary"
    assert len({each["token"] for each in requests}) == 3 and all(each["token"] for each in requests)
    denied, failed = sorted(events, key=lambda each: each["id"])
    assert (denied["event"], denied["status"], denied["user"], denied["address"]) == (2, 403, "mary", "127.0.0.1")
    assert denied["message"] == "BAQR0409W" and denied["api"] == "bad"
    assert (failed["event"], failed["status"], failed["user"]) == (1, 401, "fred") and failed["reason"]
    assert "guessed-0815" not in json.dumps(events)


class Caller(threading.Thread):
    """Sends numbered requests, many at once on a connection, and notes which were answered."""

    def __init__(self, server, numbers):
        super().__init__()
        self.server, self.numbers, self.done, self.breaks = server, numbers, set(), 0
        self.failure = None

    def run(self):
        try:
            at = 0
            while at < len(self.numbers):
                batch = self.numbers[at:at + PIPELINED]
                at += self.send(batch)
        except Exception as failure:  # noqa: BLE001 (told by the test)
            self.failure = failure

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.server.http), timeout=30)
        self.pending = b""

    def answer(self):
        while b"\r\n\r\n" not in self.pending:
            more = self.socket.recv(262144)
            if not more:
                raise ConnectionError("closed")
            self.pending += more
        head, rest = self.pending.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        while len(rest) < length:
            more = self.socket.recv(262144)
            if not more:
                raise ConnectionError("closed")
            rest += more
        self.pending = rest[length:]
        return int(head[9:12])

    def send(self, batch):
        """How many of them need not be sent again: those that were answered, and the one that may have been in work."""
        answered = 0
        token = base64.b64encode(b"fred:fred secret").decode()
        text = "".join(f"GET /bad/api-docs?id={number} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {token}\r\n\r\n"
                       for number in batch)
        try:
            if not hasattr(self, "socket"):
                self.connect()
            self.socket.sendall(text.encode())
            for number in batch:
                status = self.answer()
                assert status == 200, status
                self.done.add(number)
                answered += 1
            return answered
        except OSError:
            self.breaks += 1
            time.sleep(0.05)
            if hasattr(self, "socket"):
                self.socket.close()
                del self.socket
            # nginx may have begun the next one, and others behind it: their numbers are not used again.
            return len(batch)


def kill_in_turns(server, stop, killed):
    """5 workers and 2 writers, spread over the run."""
    plan = ["worker", "writer", "worker", "worker", "writer", "worker", "worker"]
    while plan and not stop.wait(max(CALLS / 200000, 0.4)):
        victims = server.process.workers() if plan[0] == "worker" else writers(server)
        if victims:
            os.kill(victims[len(plan) % len(victims)], signal.SIGKILL)
            killed.append(plan.pop(0))


def test_every_completed_call_has_exactly_one_record(make_gateway):
    server = make_gateway(manager='requireSecure="false" globalReaderGroup="GMINVOKE"',
                          more=VERSION_2 + '<sallyport_smf whenFull="block" maxFileSize="200"/>')
    server.may_alert = True
    callers = [Caller(server, range(first, CALLS, 4)) for first in range(4)]
    stop, killed = threading.Event(), []
    killer = threading.Thread(target=kill_in_turns, args=(server, stop, killed))
    for each in callers:
        each.start()
    killer.start()
    for each in callers:
        each.join()
    # A short run ends before all are killed: the rest of the calls are made meanwhile.
    extra, number = [], CALLS
    while killer.is_alive():
        more = Caller(server, range(number, number + 200))
        number += 200
        more.run()
        extra.append(more)
    stop.set()
    killer.join()
    callers += extra
    assert killed.count("worker") == 5 and killed.count("writer") == 2
    assert not [each.failure for each in callers if each.failure]
    server.stop()
    seen = {}
    requests, events = read(server, keep=("query", "id"))
    for each in requests:
        seen[each["query"]] = seen.get(each["query"], 0) + 1
    done = set().union(*(each.done for each in callers))
    missing = [each for each in done if f"id={each}" not in seen]
    doubled = [query for query, times in seen.items() if times > 1]
    assert not missing, (len(missing), missing[:5])
    assert not doubled, (len(doubled), doubled[:5])
    assert not [each for each in events if each["event"] == 255]
    assert len({each["id"] for each in requests}) == len(requests)
    # Those that were on their way when a worker died may have been recorded, no more.
    assert len(seen) - len(done) <= 5 * 4 * PIPELINED * 2
    print(f"{len(done)} calls completed, {len(requests)} records, killed: {', '.join(killed)}")


def test_a_disk_that_is_full_loses_no_more_than_it_says(make_gateway):
    """The limit of a file's size stands for the disk's: it is inherited by the writer alone, which is started by hand."""
    server = make_gateway(manager='requireSecure="false" globalReaderGroup="GMINVOKE"', more=VERSION_2 + '<sallyport_smf bufferRecords="64"/>')
    server.may_alert = True
    assert bad(server, "NOTHING").status == 200
    wait_until(lambda: smf_file(server).exists() and smf_file(server).stat().st_size, "the first record")
    full = smf_file(server).stat().st_size + 40000
    resource.prlimit(one_writer(server), resource.RLIMIT_FSIZE, (full, full))
    caller = Caller(server, range(400))
    caller.run()
    assert caller.failure is None and len(caller.done) == 400
    wait_until(lambda: "SALG0031E" in server.log() and "SALG0030E" in server.log(), "the message", 30)
    assert smf_file(server).stat().st_size <= full
    smf_reader.read(smf_file(server).read_bytes())  # whole blocks only
    os.kill(one_writer(server), signal.SIGKILL)  # the next one has no limit: the disk has room again
    wait_until(lambda: smf_file(server).stat().st_size > full, "what was kept", 30)
    server.stop()
    requests, events = read(server)
    lost = sum(each["lost"] for each in events if each["event"] == 255)
    assert lost > 0
    assert len(requests) + lost == 401
    assert len({each["query"] for each in requests}) == len(requests)


def test_reload_and_update_lose_nothing(make_gateway):
    server = make_gateway(manager='requireSecure="false" globalReaderGroup="GMINVOKE"', more=VERSION_2)
    caller = Caller(server, range(4000))
    caller.start()
    time.sleep(0.3)
    assert server.command("reload").returncode == 0
    path = server.directory / "server.xml"
    path.write_text(path.read_text().replace("</server>", '<sallyport_smf sid="NEW1"/></server>'))
    wait_until(lambda: server.command("refresh").returncode == 0, "the update, which the reload may hold up")
    caller.join()
    assert caller.failure is None
    server.stop()
    requests, _ = read(server)
    queries = [each["query"] for each in requests]
    assert len(set(queries)) == len(queries) and {f"id={each}" for each in caller.done} <= set(queries)
    assert not writers(server)


def test_failures_are_lines_of_json_too(make_gateway):
    server = make_gateway(more='<sallyport_smf securityFile="${{server.output.dir}}/logs/security.json"/>'.replace(
        "{{", "{").replace("}}", "}"))
    assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    server.stop()
    line, = (server.directory / "logs" / "security.json").read_text().splitlines()
    event = json.loads(line)
    assert (event["event"], event["user"], event["status"], event["clientAddress"]) == ("accessDenied", "mary", 403,
                                                                                       "127.0.0.1")


def test_the_log_is_begun_anew_when_it_is_large(make_gateway):
    server = make_gateway(more='<logging maxFileSize="1" maxFiles="2"/>')
    logs = server.directory / "logs"
    for turn in range(3):
        with open(logs / "messages.log", "a") as log:
            log.write((f"turn {turn} " + "x" * 990 + "\n") * 1100)
        wait_until(lambda: (logs / "messages.log").exists() and (logs / "messages.log").stat().st_size < 500000,
                   "a new messages.log")
        assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
        wait_until(lambda: "SALG0021W" in server.log(), "a message in the new file")
    assert len(list(logs.glob("messages_*.log"))) == 1
    held = os.readlink(next(each for each in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir()
                            if "messages" in os.readlink(each)))
    assert held.endswith("/messages.log")  # the master has the new one, too


# ---- sinks

class Syslog(threading.Thread):
    """A receiver of RFC 5425: counted messages over TLS. The first connection is broken on purpose."""

    def __init__(self, authority, break_first=False):
        super().__init__(daemon=True)
        certificate, key = authority.issue("localhost")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.messages, self.break_first = [], break_first

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
                if self.break_first:
                    self.break_first = False
                    plain.close()
                    continue
                self.receive(self.context.wrap_socket(plain, server_side=True))
            except OSError:
                continue

    def receive(self, connection):
        data = b""
        while True:
            more = connection.recv(65536)
            if not more:
                return
            data += more
            while True:
                match = re.match(rb"(\d+) ", data)
                if not match or len(data) < match.end() + int(match.group(1)):
                    break
                end = match.end() + int(match.group(1))
                self.messages.append(data[match.end():end].decode())
                data = data[end:]


class Collector(http.server.BaseHTTPRequestHandler):
    """An OpenTelemetry collector as far as it takes logs; the first request is answered 503."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers["Content-Type"], self.headers["Authorization"], body))
        self.send_response(503 if len(self.server.requests) == 1 else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def test_events_go_to_syslog_over_tls(make_gateway, authority):
    receiver = Syslog(authority, break_first=True)
    receiver.start()
    server = make_gateway(more=f'<sallyport_auditSink id="log" kind="syslog" endpoint="localhost:{receiver.port}" '
                               f'caFile="{authority.certificate}" topic="audit"/>')
    assert bad(server, "NOTHING").status == 200
    assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    wait_until(lambda: len(receiver.messages) >= 3, "three messages")
    head = r"<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ audit - (\S+) - \ufeff(.*)"
    priority, name, text = re.fullmatch(head, receiver.messages[0]).groups()
    assert (priority, name) == ("109", "request")
    event = json.loads(text)
    assert (event["event"], event["status"], event["user"], event["api"]) == ("request", 200, "fred", "bad")
    priorities = {re.fullmatch(head, each).group(2): re.fullmatch(head, each).group(1) for each in receiver.messages}
    assert priorities["accessDenied"] == "108"


def test_a_sink_may_take_failures_only(make_gateway, authority):
    receiver = Syslog(authority)
    receiver.start()
    server = make_gateway(more=f'<sallyport_auditSink id="log" kind="syslog" endpoint="localhost:{receiver.port}" '
                               f'caFile="{authority.certificate}" events="security" timeout="2s"/>')
    assert bad(server, "NOTHING").status == 200
    assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    wait_until(lambda: receiver.messages, "a message")
    time.sleep(0.5)
    assert len(receiver.messages) == 1 and "accessDenied" in receiver.messages[0]


def test_a_receiver_may_want_our_certificate(make_gateway, authority):
    receiver = Syslog(authority)
    receiver.context.verify_mode = ssl.CERT_REQUIRED
    receiver.context.load_verify_locations(authority.certificate)
    receiver.start()
    certificate, key = authority.issue("sallyport audit")
    server = make_gateway(more=f'<sallyport_auditSink id="log" kind="syslog" endpoint="127.0.0.1:{receiver.port}" '
                               f'caFile="{authority.certificate}" certificateFile="{certificate}" keyFile="{key}"/>')
    assert bad(server, "NOTHING").status == 200
    wait_until(lambda: receiver.messages, "a message")


def test_a_syslog_receiver_that_cannot_be_trusted_gets_nothing(make_gateway, authority, tmp_path):
    from conftest import Authority
    (tmp_path / "other").mkdir()
    receiver = Syslog(Authority(tmp_path / "other", "Other CA"))
    receiver.start()
    server = make_gateway(more=f'<sallyport_auditSink id="log" kind="syslog" endpoint="localhost:{receiver.port}" '
                               f'caFile="{authority.certificate}"/>')
    assert bad(server, "NOTHING").status == 200
    wait_until(lambda: "SALG0032W audit sink log" in server.log(), "the message", 30)
    assert not receiver.messages


def test_events_go_to_a_collector_of_opentelemetry(make_gateway):
    collector = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    collector.requests = []
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    server = make_gateway(more='<sallyport_auditSink id="otel" kind="otlp" user="me" password="{xor}Lz4sLChvLTs=" '
                               f'endpoint="http://127.0.0.1:{collector.server_port}/v1/logs"/>')
    assert bad(server, "NOTHING").status == 200
    wait_until(lambda: len(collector.requests) >= 2, "the second request")
    assert collector.requests[0][3] == collector.requests[1][3]  # the first was not taken
    path, kind, user, body = collector.requests[1]
    assert (path, kind, user) == ("/v1/logs", "application/json", "Basic " + base64.b64encode(b"me:passw0rd").decode())
    record = body["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
    assert record["severityText"] == "INFO" and int(record["timeUnixNano"]) > 1.7e18
    assert json.loads(record["body"]["stringValue"])["status"] == 200
    assert {"key": "service.name", "value": {"stringValue": "sallyport"}} in body["resourceLogs"][0]["resource"]["attributes"]


def test_events_go_to_kafka(make_gateway):
    """Against librdkafka's mock of a cluster, not against a Kafka."""
    mock = subprocess.Popen([need(BUILD / "tests" / "system" / "kafka_mock"), "audit-topic"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    try:
        brokers = mock.stdout.readline().strip()
        server = make_gateway(more=f'<sallyport_auditSink id="kafka" kind="kafka" endpoint="{brokers}" '
                                   'topic="audit-topic" tls="false" events="all"/>')
        assert bad(server, "NOTHING").status == 200
        event = json.loads(mock.stdout.readline())
        assert (event["event"], event["status"], event["user"]) == ("request", 200, "fred")
        os.kill(one_writer(server), signal.SIGKILL)
        server.may_alert = True
        assert bad(server, "NOTHING").status == 200
        ids = {event["requestId"]}
        while len(ids) < 2:  # at least once: the first may come again
            ids.add(json.loads(mock.stdout.readline())["requestId"])
    finally:
        mock.stdin.close()
        mock.wait(20)


def aged(data, minutes):
    """The same file, its first request or event some minutes older; what is behind it is not."""
    record = next(smf_reader.records(data))
    at = data.index(record)
    found = bytearray(data)
    # TIME of an event, or TIME_ZC_ENTRY and TIME_ZC_EXIT of version 2.
    for field in (at + 244 + 1056,) if record[5] == 208 else (at + 244 + 672, at + 244 + 688):
        clock = int.from_bytes(found[field + 1:field + 9], "big") - minutes * 60 * smf_reader.TOD_UNITS_A_SECOND
        found[field + 1:field + 9] = clock.to_bytes(8, "big")
    return bytes(found)


@pytest.mark.parametrize(("minutes", "files"), [(61, 2), (55, 1)])
def test_a_file_of_a_server_that_was_restarted_is_as_old_as_its_first_record(make_gateway, minutes, files):
    server = make_gateway(more=VERSION_2 + '<sallyport_smf rotateInterval="1h" securityFile="${server.output.dir}/security.json"/>')
    assert bad(server, "NOTHING").status == 200
    assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    server.stop()
    path, lines = smf_file(server), server.directory / "security.json"
    path.write_bytes(aged(path.read_bytes(), minutes))
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)
    lines.write_text(re.sub(r'"time":"[^"]*"', old.strftime('"time":"%Y-%m-%dT%H:%M:%S.%fZ"'), lines.read_text(), count=1))
    server.start()
    assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    server.stop()
    assert len(list(path.parent.glob("smf123*"))) == len(list(server.directory.glob("security.json*"))) == files
    assert len(lines.read_text().splitlines()) == 3 - files
    requests, events = read(server)
    assert len(requests) == 3 and len(events) == 2


def test_what_was_collected_is_written_when_the_server_stops(make_gateway):
    """No more than 20, and long before the delay is over: only the end can be why."""
    server = make_gateway(more=VERSION_2.replace("200ms", "60m"))
    for _ in range(3):
        assert bad(server, "NOTHING").status == 200
    time.sleep(1)  # a delay that did not count would be over
    assert read(server) == ([], [])
    assert server.stop() == 0
    record, = smf_reader.records(smf_file(server).read_bytes())
    assert [each["id"] for each in smf_reader.version_2(record)] == [1, 2, 3]


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__]))
