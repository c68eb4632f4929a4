"""The examples of interceptors that a user writes, built as their user builds them; and the header by itself."""
import http.server
import json
import os
import subprocess
import threading

import pytest

from conftest import ROOT, wait_until
from plugin_server import ask, element, install_example, make_system, plugin_directory  # noqa: F401

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="plug-ins must belong to root")

class PolicyService:
    """Lets fred in."""

    def __init__(self):
        service = self
        self.asked, self.gone = [], False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.asked.append(question)
                if service.gone:
                    self.close_connection = True
                    return
                allowed = question["user"] == "fred"
                body = b"{}" if allowed else b"not this user"
                self.send_response(200 if allowed else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            request_queue_size = 64

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/decide"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def policy_service():
    service = PolicyService()
    yield service
    service.stop()


def test_a_header_is_added_to_every_response(make_system, plugin_directory, tmp_path):
    install_example("response-header", "response_header.so", plugin_directory, tmp_path)
    server = make_system(element("response_header", plugin_directory, header="X-Served-By", value="sallyport"),
                         references="response_header").start()
    response = ask(server)
    assert (response.status, response.header("X-Served-By")) == (200, "sallyport")
    assert response.json["Area"]["Text"] == "ABC"


def test_a_policy_service_decides(make_system, plugin_directory, policy_service, tmp_path):
    install_example("policy-service", "policy_service.so", plugin_directory, tmp_path)
    server = make_system(element("policy_service", plugin_directory, url=policy_service.url),
                         references="policy_service").start()
    assert ask(server).status == 200
    assert {key: policy_service.asked[0][key] for key in ("user", "method", "uri", "api")} == {
        "user": "fred", "method": "POST", "uri": "/echo/it", "api": "echo"}
    refused = ask(server, "mary")
    assert refused.status == 403
    assert refused.json["errorDetails"] == "The policy service refuses the request: not this user"
    assert "policy_service" in refused.json["errorMessage"]
    policy_service.gone = True
    assert ask(server).status == 503
    wait_until(lambda: "the policy service gave no decision" in server.log(), "the plug-in's message")
    assert "SALI0016E" in server.log()


@pytest.mark.parametrize("compiler", [
    [name, f"-std={standard}"] for names, standards in (
        (("gcc", "clang"), ("c99", "c11", "c17")), (("g++", "clang++"), ("c++11", "c++17", "c++20")))
    for name in names for standard in standards], ids=" ".join)
def test_the_header_compiles_alone(compiler, tmp_path):
    cpp = "++" in compiler[0]
    source = ROOT / "tests" / "unit" / "intercept" / "plugins" / "compiles.cc"
    if not cpp:
        source = tmp_path / "alone.c"
        source.write_text("#include <sallyport/interceptor.h>\nint x;\n")
    subprocess.run([*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", ROOT / "include",
                    source], check=True)
