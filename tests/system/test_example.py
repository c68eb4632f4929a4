"""The example of examples/, as scripts/prepare-example makes it: from copybooks to calls."""
import base64
import json
import os
import re
import ssl
import subprocess

import pytest

from conftest import BUILD, ROOT, SALLYPORT, Connection, Process, free_ports, listening, need, wait_until
from region import REGION

PREPARE = ROOT / "scripts" / "prepare-example"


def basic(user):
    return ("Authorization", "Basic " + base64.b64encode(f"{user}:{user}pwd".encode()).decode())


def prepare(directory):
    need(SALLYPORT)
    return subprocess.run([PREPARE, directory, BUILD], check=True, capture_output=True, text=True).stdout


class Example:
    """Region and server of a prepared directory, on free ports."""

    def __init__(self, directory):
        self.directory = directory
        http, self.https, port = free_ports(3)
        definition = directory / "region" / "region.yaml"
        definition.write_text(re.sub(r"listen: .*", f"listen: 127.0.0.1:{port}", definition.read_text()))
        self.region = Process([need(REGION), "run", definition], directory / "region")
        wait_until(lambda: listening(port), "the region to listen")
        environment = dict(os.environ, SALLYPORT_RUN_DIR=str(directory / "run"),
                           SALLYPORT_MODULE=str(need(BUILD / "src" / "engine" / "ngx_http_sallyport_module.so")))
        self.server = Process([SALLYPORT, "server", "run", directory / "servers/example", "--", f"--httpPort={http}",
                               f"--httpsPort={self.https}", f"--regionPort={port}"], directory / "servers/example", environment)
        wait_until(lambda: listening(self.https), "the server to listen")
        self.tls = ssl.create_default_context(cafile=directory / "servers/example/resources/security/certificate.pem")

    def call(self, user, method, target, body=None):
        headers = [basic(user), ("Content-Type", "application/json")]
        with Connection(self.https, self.tls) as connection:
            return connection.request(method, target, headers, json.dumps(body).encode() if body else None)

    def stop(self):
        self.server.stop()
        self.region.stop()


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    directory = tmp_path_factory.mktemp("example")
    prepare(directory)
    running = Example(directory)
    yield running
    running.stop()


def test_a_part_is_shown(example):
    response = example.call("fred", "GET", "/inventory/parts/T0000001")
    assert response.status == 200
    assert response.body == (b'{"part":{"partNumber":"T0000001","found":"Y","partName":"TORQUE WRENCH","category":"TOOL",'
                             b'"shelf":"C10-01","stock":6,"price":129.50,"stockValue":777.00,"changed":20260520}}')
    assert example.call("fred", "GET", "/inventory/parts/NOSUCH").json["part"]["found"] == "N"
    assert example.call("fred", "GET", "/inventory/parts/NUMBERTOOLONG").status == 400


def test_a_list_is_as_long_as_its_counter(example):
    parts = example.call("mary", "GET", "/inventory/parts?category=NUTS").json["list"]
    assert [part["partNumber"] for part in parts["parts"]] == ["N0000001", "N0000002", "N0000003"]
    assert "partCount" not in parts
    assert example.call("mary", "GET", "/inventory/parts?category=NONE").json["list"]["parts"] == []
    assert len(example.call("mary", "GET", "/inventory/parts").json["list"]["parts"]) == 12


def test_only_a_storekeeper_books_and_the_program_knows_who(example):
    body = {"booking": {"movement": "I", "bookedOn": 20260702, "quantity": 10}}
    assert example.call("mary", "POST", "/bookings/parts/S0000002", body).status == 403
    assert example.call("mary", "POST", "/zosConnect/services/partBooking?action=invoke", body).status == 403
    booking = example.call("fred", "POST", "/bookings/parts/S0000002", body).json["booking"]
    assert (booking["code"], booking["message"], booking["bookedBy"]) == (0, "BOOKED", "FRED")
    assert (booking["stockAfter"], booking["valueChange"]) == (3290, -0.8)
    assert example.call("fred", "GET", "/inventory/parts/S0000002").json["part"]["stock"] == 3290
    body["booking"]["quantity"] = 4000
    booking = example.call("fred", "POST", "/bookings/parts/S0000002", body).json["booking"]
    assert (booking["code"], booking["stockAfter"]) == (8, 3290)


def test_preparing_again_keeps_what_running_has_made(tmp_path):
    assert "12 parts" in prepare(tmp_path)
    kept = [tmp_path / "region/data/parts.dat", tmp_path / "servers/example/resources/security/key.p12"]
    before = [path.stat().st_mtime_ns for path in kept]
    again = prepare(tmp_path)
    assert "parts\n" not in again and ".so" not in again
    assert [path.stat().st_mtime_ns for path in kept] == before


def test_the_example_runs_with_a_security_database(tmp_path):
    """scripts/run-example --saf, as docs/saf.md tells: users, role, groups and the region's checks are the database's."""
    environment = dict(os.environ, SALLYPORT_EXAMPLE_DIR=str(tmp_path))
    run = ROOT / "scripts" / "run-example"
    if BUILD.resolve() != (ROOT / "build" / "gcc").resolve():
        pytest.skip("the script runs build/gcc")
    try:
        done = subprocess.run([run, "--saf"], env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        text = done.stdout
        assert "highest return code 0" in text
        assert re.search(r"GET /inventory/parts/B0000002 as fred\n200\n", text)
        assert re.search(r"POST /bookings/parts/B0000002 as fred.*\n200\n.*\"bookedBy\":\"FRED\"", text)
        assert re.search(r"POST /bookings/parts/B0000002 as mary.*\n403\n", text)
        saf = [SALLYPORT, "saf", "--database", tmp_path / "servers/example/resources/security/saf.db"]
        port, certificate = re.search(r"https://localhost:(\d+)$", text, re.M)[1], "resources/security/certificate.pem"
        tls = ssl.create_default_context(cafile=tmp_path / "servers/example" / certificate)

        def status(method="GET", user="mary", target="/inventory/parts/T0000001", body=None):
            with Connection(int(port), tls) as connection:
                headers = [basic(user), ("Content-Type", "application/json")]
                return connection.request(method, target, headers, body).status

        assert status() == 200
        # The interceptor lets her pass, and the region refuses the program.
        assert subprocess.run([*saf, "CONNECT MARY GROUP(STOREKPR)"], check=False).returncode == 0
        assert subprocess.run([*saf, "PERMIT PARTUPD CLASS(MCICSPPT) ID(MARY) ACCESS(NONE)"], check=False).returncode == 0
        booking = b'{"booking":{"movement":"R","bookedOn":20260930,"quantity":1}}'
        wait_until(lambda: "for resource PARTUPD in class MCICSPPT" in (
            status("POST", "mary", "/bookings/parts/B0000002", booking), (tmp_path / "region.log").read_text())[1],
            "the region to refuse")
        assert subprocess.run([*saf, "ALTUSER MARY REVOKE"], check=False).returncode == 0
        wait_until(lambda: status() == 401, "the revoked user to be out")
    finally:
        subprocess.run([run, "stop"], env=environment, capture_output=True, timeout=60, check=False)
