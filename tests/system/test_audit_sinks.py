"""Sinks of the audit that do not answer: the file of records goes on as if there were none."""
import http.server
import json
import re
import os
import socket
import struct
import threading

import pytest

import smf_reader
from conftest import wait_until
from test_api import JSON, bad, basic, make_gateway, make_region  # noqa: F401 (fixtures)
from test_audit import VERSION_2, one_writer, read, smf_file, writers

# Much longer than any test may take: who waits for such a sink is seen by the patience of the test.
KINDS = {
    "syslog": 'kind="syslog" endpoint="127.0.0.1:{port}" caFile="{authority}" timeout="600s"',
    "syslog without TLS": 'kind="syslog" endpoint="127.0.0.1:{port}" tls="false" timeout="600s"',
    "otlp": 'kind="otlp" endpoint="http://127.0.0.1:{port}/v1/logs" timeout="600s"',
    "kafka": 'kind="kafka" endpoint="127.0.0.1:{port}" topic="audit" tls="false" timeout="600s"',
}


@pytest.fixture
def hole():
    """The port of a receiver that takes connections and never says nor reads anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


def records(server):
    """Requests in the file now; None while the writer is in the middle of one."""
    try:
        return len(read(server)[0])
    except (AssertionError, struct.error):
        return None


def change(server, old, new):
    path = server.directory / "server.xml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    done = server.command("refresh")
    assert done.returncode == 0, done.stdout + done.stderr


def sid_of_last(server):
    return smf_reader.header(list(smf_reader.records(smf_file(server).read_bytes()))[-1])["sid"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_grows_while_a_sink_hangs(make_gateway, hole, authority, kind):
    sink = '<sallyport_auditSink id="hung" ' + KINDS[kind].format(port=hole, authority=authority.certificate) + "/>"
    server = make_gateway(more=VERSION_2 + sink + '<sallyport_smf sid="ONE1"/>')
    # At the start.
    assert bad(server, "NOTHING").status == 200
    wait_until(lambda: records(server) == 1, "a record while the sink hangs")
    writer = one_writer(server)
    # At a refresh that leaves the sink as it is, at one that changes it, at one that takes it away and at one that
    # brings it back: the records made after each are the new settings', so the writer has followed them.
    changes = [('sid="ONE1"', 'sid="TWO2"'), ('timeout="600s"', 'timeout="601s"'), (sink.replace("600s", "601s"), "<!--gone-->"),
               ("<!--gone-->", sink)]
    for count, (old, new) in enumerate(changes, 2):
        change(server, old, new)
        assert bad(server, "NOTHING").status == 200
        wait_until(lambda: records(server) == count, "a record after a refresh while the sink hangs")
        assert sid_of_last(server) == "TWO2"
        assert writers(server) == [writer]
    # At the end.
    assert bad(server, "NOTHING").status == 200
    server.stop()
    assert records(server) == len(changes) + 2
    wait_until(lambda: not writers(server), "the writer's end, which a sink may hold up for seconds, not for its time-out", 120)
    # Those of the last two calls: what came while it was away is not its.
    # Plain syslog has no answer of any kind: what the receiver's kernel took counts as delivered.
    told = re.findall(r"sallyport-smf-writer: sink hung: (\d+) events were not delivered", server.output())
    assert told == ([] if kind == "syslog without TLS" else ["2"])


class Slow(http.server.BaseHTTPRequestHandler):
    """A collector that answers nothing until it is told to."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.set()
        self.server.may_answer.wait(120)
        for record in body["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
            self.server.taken.append(json.loads(record["body"]["stringValue"]))
        try:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        except OSError:
            pass

    def log_message(self, *_):
        pass


def collector(patient):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    server.asked, server.may_answer, server.taken = threading.Event(), threading.Event(), []
    if not patient:
        server.may_answer.set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_a_sink_that_is_changed_while_it_sends_delivers_each_event_once(make_gateway):
    """The one that follows begins where the one before it ended, and so nothing comes twice, nor gets lost."""
    slow, prompt = collector(True), collector(False)
    sink = '<sallyport_auditSink id="otel" kind="otlp" endpoint="http://127.0.0.1:{}/v1/logs" timeout="100s"/>'
    first, second = sink.format(slow.server_port), sink.format(prompt.server_port)
    server = make_gateway(more=VERSION_2 + first)
    assert bad(server, "NOTHING").status == 200
    wait_until(slow.asked.is_set, "the collector to be asked")
    change(server, first, second)
    for _ in range(3):
        assert bad(server, "NOTHING").status == 200
    wait_until(lambda: records(server) == 4, "four records")
    slow.may_answer.set()
    wait_until(lambda: len(slow.taken) + len(prompt.taken) >= 4, "four events")
    server.stop()
    ids = [each["requestId"] for each in slow.taken + prompt.taken if each["event"] == "request"]
    assert len(ids) == len(set(ids)) == 4 and slow.taken and prompt.taken


def test_what_a_sink_loses_is_counted_as_far_as_it_would_have_taken_it(make_gateway, hole):
    """The ring has 64 places, a sink may keep 48 of them: of 160 events, half are failures of security."""
    server = make_gateway(more='<sallyport_smf bufferRecords="64" whenFull="block"/>'
                               f'<sallyport_auditSink id="all" kind="otlp" endpoint="http://127.0.0.1:{hole}/" timeout="600s"/>'
                               f'<sallyport_auditSink id="some" kind="otlp" endpoint="http://127.0.0.1:{hole}/" timeout="600s" '
                               'events="security"/>')
    for _ in range(80):
        assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    server.stop()
    requests, events = read(server)
    assert len(requests) == len([each for each in events if each["event"] == 2]) == 80
    wait_until(lambda: not writers(server), "the writer's end", 120)
    pending = {}
    for line in server.output().splitlines():
        if line.startswith("sallyport-smf-writer: sink "):
            pending[line.split()[2].rstrip(":")] = int(line.split()[3])
    # What was lost before is not pending any more.
    assert 2 <= pending["all"] <= 48 and abs(2 * pending["some"] - pending["all"]) <= 1, pending


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-v"]))
