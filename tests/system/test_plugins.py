"""Interceptors that a user writes: the examples, built as their user builds them, and one that crashes."""
import base64
import http.server
import json
import os
import shutil
import subprocess
import threading
import time

import pytest

import archives
from conftest import ROOT, wait_until
from region import Region

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="plug-ins must belong to root")

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<basicRegistry id="basic" realm="zosConnect">
  <user name="fred" password="fred secret"/><user name="mary" password="mary secret"/>
</basicRegistry>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">
  <special-subject type="ALL_AUTHENTICATED_USERS"/></security-role></authorization-roles>
<zosconnect_zosConnectManager requireSecure="false" globalInterceptorsRef="all"/>
<zosconnect_cicsIpicConnection id="cics" host="127.0.0.1" port="{port}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET" transid="ACCT"/>
<zosconnect_zosConnectInterceptors id="all" interceptorRef="{references}"/>
{elements}
"""

PLUGIN = """<sallyport_pluginInterceptor id="{id}" library="{id}.so" directory="{directory}" {attributes}>
{properties}</sallyport_pluginInterceptor>"""


def credentials(user):
    return ("Authorization", "Basic " + base64.b64encode(f"{user}:{user} secret".encode()).decode())


class PolicyService:
    """Lets fred in; takes its time for slow ones."""

    def __init__(self):
        service = self
        self.asked, self.delay, self.gone = [], 0.0, False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.asked.append(question)
                time.sleep(service.delay)
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


@pytest.fixture
def plugin_directory(tmp_path):
    """Where root installs plug-ins."""
    directory = tmp_path / "interceptors"
    directory.mkdir(mode=0o755)
    return directory


def install_example(name, library, directory, tmp_path):
    """As the tutorial says: make, make install."""
    copy = tmp_path / "source" / name
    shutil.copytree(ROOT / "examples" / "plugins" / name, copy)
    include = f"SALLYPORT_INCLUDE={ROOT / 'include'}"
    subprocess.run(["make", "-s", "-C", copy, include, "CFLAGS=-Werror"], check=True)
    subprocess.run(["make", "-s", "-C", copy, include, f"DIRECTORY={directory}", "install"], check=True)
    assert (directory / library).exists()


def build(source, library, directory, tmp_path):
    path = tmp_path / "plugin.c"
    path.write_text(source)
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wall", "-Werror", "-I", ROOT / "include", "-o", directory / library, path],
                   check=True)


def element(name, directory, attributes="", **properties):
    text = "".join(f'<property name="{key}" value="{value}"/>' for key, value in properties.items())
    return PLUGIN.format(id=name, directory=directory, attributes=attributes, properties=text)


@pytest.fixture
def make_system(make_server, tmp_path):
    """A server before a region, with the API /echo that calls ECHOPGM, and the plug-ins given."""
    regions = []

    def make(*elements, references, **options):
        (tmp_path / "region").mkdir()
        regions.append(Region(tmp_path / "region").start())
        xml = XML.format(port=regions[0].port, references=references, elements="\n".join(elements))
        server = make_server(xml, start=False, **options)
        connect = server.directory / "resources" / "zosconnect"
        for directory in ("services", "apis"):
            (connect / directory).mkdir(parents=True)
        fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
        archives.service(connect / "services" / "echo.sar", "echo", "ECHOPGM", 89, fields, connection="cics")
        archives.api(connect / "apis" / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
        return server

    yield make
    for region in regions:
        region.stop()


def ask(server, user="fred"):
    body = json.dumps({"Area": {"Text": "ABC"}}).encode()
    return server.call("POST", "/echo/it", [credentials(user), ("Content-Type", "application/json")], body, tls=False)


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


def test_a_worker_serves_others_while_a_plugin_waits(make_system, plugin_directory, policy_service, tmp_path):
    install_example("policy-service", "policy_service.so", plugin_directory, tmp_path)
    server = make_system(element("policy_service", plugin_directory, url=policy_service.url),
                         references="policy_service", arguments=("--workers", "1")).start()
    assert ask(server).status == 200
    policy_service.delay = 0.25
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(ask(server).status)) for _ in range(8)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
    assert time.monotonic() - begin < 1.8  # one after the other: 2 s


CRASHING = """
#include <sallyport/interceptor.h>
#include <string.h>
static const struct sallyport_host *host;
static int create(const struct sallyport_setup *setup, void **self, char *message, size_t size)
{
    host = setup->host;
    return SALLYPORT_OK;
}
static int pre(void *self, struct sallyport_call *call)
{
    struct sallyport_text user = host->text(call, SALLYPORT_USER_NAME);
    if (user.length == 4 && memcmp(user.bytes, "mary", 4) == 0)
        *(volatile int *)8 = 1;
    return SALLYPORT_CONTINUE;
}
static const struct sallyport_interceptor plugin = {SALLYPORT_INTERCEPTOR_ABI, sizeof plugin, "crash", "1", create, 0, pre};
const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t abi) { return &plugin; }
"""


def test_a_crash_costs_its_worker_and_names_the_plugin(make_system, plugin_directory, tmp_path):
    build(CRASHING, "crash.so", plugin_directory, tmp_path)
    server = make_system(element("crash", plugin_directory), references="crash", arguments=("--workers", "1")).start()
    assert ask(server).status == 200
    server.may_alert = True
    lost = None
    try:
        lost = ask(server, "mary")
    except (AssertionError, OSError):
        pass
    assert lost is None or lost.status is None, lost
    def named():
        return "died inside method pre_invoke of interceptor plug-in crash" in server.log()
    wait_until(named, "the successor's message")
    assert ask(server).status == 200


def test_a_library_that_others_can_write_stops_the_start(make_system, plugin_directory, tmp_path):
    install_example("response-header", "response_header.so", plugin_directory, tmp_path)
    (plugin_directory / "response_header.so").chmod(0o777)
    server = make_system(element("response_header", plugin_directory, header="X", value="y"),
                         references="response_header")
    server.may_alert = True
    with pytest.raises(BaseException):
        server.start()
    server.stop()
    assert "can be written by others than root" in server.output() + server.log()


@pytest.mark.parametrize("compiler", [["gcc", "-std=c99"], ["gcc", "-std=c17"], ["clang", "-std=c99"],
                                      ["g++", "-std=c++11"], ["g++", "-std=c++20"], ["clang++", "-std=c++17"]])
def test_the_header_compiles_alone(compiler, tmp_path):
    if not shutil.which(compiler[0]):
        pytest.skip(f"{compiler[0]} is not installed")
    cpp = "++" in compiler[0]
    source = ROOT / "tests" / "unit" / "intercept" / "plugins" / "compiles.cc"
    if not cpp:
        source = tmp_path / "alone.c"
        source.write_text("#include <sallyport/interceptor.h>\nint x;\n")
    subprocess.run([*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", ROOT / "include",
                    source], check=True)
