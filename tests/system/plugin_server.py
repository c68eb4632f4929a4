"""Servers with interceptors of one's own before a region, and the probe that logs what it is told."""
import base64
import http.server
import json
import re
import shutil
import ssl
import subprocess
import threading

import pytest

import archives
from conftest import PATIENCE, ROOT, wait_until
from region import Region

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<basicRegistry id="basic" realm="zosConnect">
  <user name="fred" password="fred secret"/><user name="mary" password="mary secret"/>
</basicRegistry>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">
  <special-subject type="ALL_AUTHENTICATED_USERS"/></security-role></authorization-roles>
<zosconnect_zosConnectManager requireSecure="false" {manager}/>
<zosconnect_cicsIpicConnection id="cics" host="127.0.0.1" port="{port}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET" transid="ACCT"/>
{elements}
"""
ALL = '<zosconnect_zosConnectInterceptors id="all" interceptorRef="{references}"/>'
PLUGIN = """<sallyport_pluginInterceptor id="{id}" library="{library}" directory="{directory}" {attributes}>
{properties}</sallyport_pluginInterceptor>"""
JSON = ("Content-Type", "application/json")
ONE_WORKER = ("--workers", "1")


def credentials(user):
    return ("Authorization", "Basic " + base64.b64encode(f"{user}:{user} secret".encode()).decode())


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


@pytest.fixture(scope="session")
def built_probe(tmp_path_factory):
    """The library of plugins/probe.c."""
    path = tmp_path_factory.mktemp("probe") / "probe.so"
    subprocess.run(["gcc", "-O1", "-g", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "include", "-o", path,
                    ROOT / "tests" / "system" / "plugins" / "probe.c"], check=True)
    return path


@pytest.fixture
def probe_directory(plugin_directory, built_probe):
    """A directory of plug-ins with the probe in it."""
    shutil.copy(built_probe, plugin_directory / "probe.so")
    (plugin_directory / "probe.so").chmod(0o755)
    return plugin_directory


def element(name, directory, attributes="", library=None, **properties):
    text = "".join(f'<property name="{key}" value="{value}"/>' for key, value in properties.items())
    return PLUGIN.format(id=name, directory=directory, attributes=attributes, library=library or f"{name}.so",
                         properties=text)


def probe(name, directory, attributes="", **properties):
    return element(name, directory, attributes, library="probe.so", **properties)


@pytest.fixture
def make_system(make_server, tmp_path):
    """A server before a region, with the APIs /echo and /other that call ECHOPGM, and the elements given.
    `references` is the global list; "" for none."""
    regions = []

    def make(*elements, references, manager="", **options):
        (tmp_path / "region").mkdir()
        regions.append(Region(tmp_path / "region").start())
        if references:
            manager += ' globalInterceptorsRef="all"'
            elements += (ALL.format(references=references),)
        xml = XML.format(port=regions[0].port, manager=manager, elements="\n".join(elements))
        server = make_server(xml, start=False, **options)
        connect = server.directory / "resources" / "zosconnect"
        for directory in ("services", "apis", "apiRequesters"):
            (connect / directory).mkdir(parents=True)
        fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
        archives.service(connect / "services" / "echo.sar", "echo", "ECHOPGM", 89, fields, connection="cics")
        for name in ("echo", "other"):
            archives.api(connect / "apis" / f"{name}.aar", name, f"/{name}", "/it", "POST", "echo")
        server.region = regions[0]
        return server

    yield make
    for region in regions:
        region.stop()


def ask(server, user="fred", do="", target="/echo/it", method="POST", text="ABC"):
    """One call; `do` is what probes are asked to do."""
    headers = [JSON] + ([credentials(user)] if user else []) + ([("X-Do", do)] if do else [])
    body = json.dumps({"Area": {"Text": text}}).encode()
    return server.call(method, target, headers, body if method in ("POST", "PUT") else None, tls=False)


def administer(server, method, target, do="", body=None):
    """One request to the administration interface."""
    headers = [credentials("fred"), JSON] + ([("X-Do", do)] if do else [])
    return server.call(method, "/zosConnect" + target, headers, body, tls=False)


def refusal(server):
    """What a server says that does not start."""
    server.may_alert = True
    with pytest.raises(pytest.fail.Exception) as failure:
        server.start()
    server.stop()
    return str(failure.value) + server.log()


def said(server, since=0):
    """What probes logged from a place in the log: ["one: pre_invoke POST /echo/it ...", ...]."""
    return re.findall(r"SALI0018I:? (.*)", server.log()[since:])


def steps(server, since=0, uri="/echo/it"):
    """["one.pre_invoke", ...] of the requests with a path, in their order."""
    return [f"{each[0]}.{each[1]}" for line in said(server, since)
            for each in re.findall(rf"^(\w+): (\w+) \w+ {re.escape(uri)} type", line)]


def wait_for(server, text, since=0):
    """Until the log has the text; returns it."""
    wait_until(lambda: text in server.log()[since:], f"{text!r} in the log")
    return server.log()[since:]


def mark(server):
    """A place in the log, from which a test looks on."""
    return len(server.log())


class Asking(threading.Thread):
    """A call that is under way."""

    def __init__(self, server, **options):
        super().__init__(daemon=True)
        self.server, self.options, self.answer = server, options, None
        self.start()

    def run(self):
        self.answer = ask(self.server, **self.options)

    def is_waiting(self):
        return self.answer is None and self.is_alive()

    def response(self):
        self.join(PATIENCE)
        assert not self.is_alive(), "no answer"
        return self.answer


class HeldService:
    """An HTTP service that keeps who asks waiting until it is released. `tls` is (certificate, key)."""

    def __init__(self, tls=None):
        service = self
        self.asked, self.go = threading.Semaphore(0), threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                service.asked.release()
                service.go.wait(4 * PATIENCE)
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", "8")
                    self.end_headers()
                    self.wfile.write(b"released")
                except OSError:
                    pass  # who asked has gone

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a client that does not trust us

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, tls))
            # The handshake is the handler's thread's, so that one who does not finish it holds up nobody.
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.url = f"https://127.0.0.1:{self.port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_until_asked(self):
        assert self.asked.acquire(timeout=PATIENCE), "nobody asked"

    def release(self):
        self.go.set()

    def hold(self):
        self.go.clear()

    def stop(self):
        self.release()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def held_service():
    service = HeldService()
    yield service
    service.stop()
