"""Health and metrics: on a listener of their own, and as probes on the other endpoints."""
import os
import re
import shutil
import signal
import subprocess

import pytest

import test_token
import tokens
from conftest import call, free_ports, wait_until
from test_api import FRED, JSON, bad, basic, make_gateway, make_region  # noqa: F401 (fixtures)


@pytest.fixture
def monitored(make_gateway):
    port = free_ports(1)[0]

    def make(**options):
        more = options.pop("more", "")
        server = make_gateway(more=more + f'<sallyport_monitoring port="{port}"/>', **options)
        server.monitoring = port
        return server

    return make


def metrics(server):
    response = call(server.monitoring, "GET", "/metrics")
    assert response.status == 200
    assert response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    return response.body.decode()


def value(text, sample, /, **labels):
    """The sum of the samples of that name that have the labels."""
    total, found = 0.0, False
    for line in text.splitlines():
        match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if match and match.group(1) == sample:
            has = dict(re.findall(r'(\w+)="([^"]*)"', match.group(2) or ""))
            if all(has.get(key) == want for key, want in labels.items()):
                total, found = total + float(match.group(3)), True
    return total if found else None


def test_health_and_metrics_have_a_listener_of_their_own(monitored):
    server = monitored()
    live = call(server.monitoring, "GET", "/health/live")
    assert live.status == 200 and live.json == {"status": "UP", "checks": []}
    ready = call(server.monitoring, "GET", "/health/ready")
    assert ready.status == 200 and ready.header("Cache-Control") == "no-store"
    assert ready.json == {"status": "UP", "checks": [
        {"name": "configuration", "status": "UP", "data": {"generation": "0"}}]}
    assert call(server.monitoring, "GET", "/bad/do").status == 404
    assert call(server.monitoring, "POST", "/metrics", [], b"").status == 405
    # Not where callers are.
    assert server.call("GET", "/metrics").status == 401


def test_probes_are_answered_without_credentials_and_reasons(monitored):
    server = monitored()
    for path in ("/health/live", "/health/ready"):
        for tls in (True, False):
            response = server.call("GET", path, tls=tls)
            assert response.status == 200 and response.json == {"status": "UP", "checks": []}
    assert server.call("POST", "/health/live", [], b"").status in (302, 401)
    assert value(metrics(server), "sallyport_requests_total", status="200") is None


def test_requests_are_counted_by_all_workers_together(monitored):
    server = monitored()
    for _ in range(20):
        assert bad(server, "NOTHING").status == 200
    for _ in range(3):
        assert bad(server, "NOTHING", headers=[JSON, basic("fred", "wrong")]).status == 401
    assert server.call("GET", "/bad/do", [FRED]).status == 405
    assert server.call("BREW", "/nothing", [FRED]).status == 404
    text = metrics(server)
    name = "sallyport_requests_total"
    assert value(text, name, type="api", name="bad", method="POST", status="200") == 20
    assert value(text, name, type="api", name="bad", status="401") == 3
    assert value(text, name, type="api", method="GET", status="405") == 1
    assert value(text, name, type="none", name="", method="other", status="404") == 1
    assert value(text, "sallyport_request_duration_seconds_count", name="bad", status="200") == 20
    assert value(text, "sallyport_request_duration_seconds_bucket", name="bad", status="200", le="+Inf") == 20
    assert 0 < value(text, "sallyport_request_duration_seconds_sum", name="bad", status="200") < 20
    assert value(text, "sallyport_authentications_total", scheme="basic", result="accepted") == 22
    assert value(text, "sallyport_authentications_total", scheme="basic", result="refused") == 3
    assert value(text, "sallyport_metrics_dropped_total") == 0


def test_gauges_follow_what_they_measure(monitored):
    server = monitored()
    for _ in range(4):
        assert bad(server, "NOTHING").status == 200
    wait_until(lambda: (value(metrics(server), "sallyport_pool_connections", connection="cicsConn") or 0) >= 1
               and value(metrics(server), "sallyport_cache_hits_total", cache="logins") == 3, "the workers' next look")
    text = metrics(server)
    assert value(text, "sallyport_pool_waiting_requests", connection="cicsConn") == 0
    assert value(text, "sallyport_requests_in_work") == 0
    assert [value(text, f"sallyport_cache_{what}", cache="logins") for what in
            ("misses_total", "hits_total", "entries", "evictions_total")] == [1, 3, 1, 0], text
    wait_until(lambda: value(metrics(server), "sallyport_smf_records_written_total") == 4, "SMF records")
    assert value(metrics(server), "sallyport_smf_records_lost_total") in (None, 0)


def test_a_change_is_seen_in_the_generation_of_every_worker(monitored):
    server = monitored(more='<config updateTrigger="mbean"/>')
    path = server.directory / "server.xml"
    path.write_text(path.read_text().replace('<user name="fred"', '<user name="anna" password="x y z"/><user name="fred"'))
    assert server.command("refresh").returncode == 0
    wait_until(lambda: value(metrics(server), "sallyport_generation") == 2, "generation 1 in two workers")


def test_counters_survive_a_worker_and_a_reload(monitored):
    server = monitored()
    server.may_alert = True
    assert bad(server, "NOTHING").status == 200
    before = server.process.workers()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: before[0] not in server.process.workers() and len(server.process.workers()) == 2, "another worker")
    server.reload()
    wait_until(lambda: not set(before) & set(server.process.workers()), "new workers", 30)
    assert bad(server, "NOTHING").status == 200
    assert value(metrics(server), "sallyport_requests_total", name="bad", status="200") == 2


def test_promtool_finds_no_fault(monitored):
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool (package prometheus) is not installed")
    server = monitored()
    bad(server, "NOTHING")
    bad(server, "NOTHING", headers=[JSON])
    wait_until(lambda: value(metrics(server), "sallyport_pool_connections", connection="cicsConn"), "the workers' next look")
    result = subprocess.run([promtool, "check", "metrics"], input=metrics(server), capture_output=True, text=True,
                            timeout=60, check=False)
    assert result.returncode == 0 and not result.stdout + result.stderr, result


def test_tokens_that_were_seen_before_are_counted(make_server, authority, tmp_path):
    issuer, port = tokens.Issuer(tmp_path, authority).start(), free_ports(1)[0]
    try:
        server = test_token.make(make_server, authority, test_token.by_discovery(issuer, "RS256"),
                                 more=f'<sallyport_monitoring port="{port}"/>')
        server.monitoring = port
        token = issuer.token("RS256")
        for _ in range(5):
            assert test_token.ask(server, token).status == 200
        wait_until(lambda: value(metrics(server), "sallyport_cache_hits_total", cache="tokens") == 4, "the workers' next look")
        text = metrics(server)
    finally:
        issuer.stop()
    assert value(text, "sallyport_cache_hits_total", cache="tokens") == 4, text
    assert value(text, "sallyport_cache_misses_total", cache="tokens") >= 1
    assert value(text, "sallyport_cache_entries", cache="tokens") >= 1
    assert value(text, "sallyport_authentications_total", scheme="jwt", result="accepted") == 5
