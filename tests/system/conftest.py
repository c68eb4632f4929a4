"""The harness: real servers on free ports, real connections, certificates of a generated CA.

Everything runs in temporary directories and is stopped by its process id. SALLYPORT_BUILD names another build directory
than build/gcc. With one that was built with sanitizers (build/asan) nginx is run with their runtime, and a test during which
they report something fails.
"""
import atexit
import fcntl
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("SALLYPORT_BUILD", ROOT / "build" / "gcc"))
PATIENCE = 15.0


def _sanitized():
    options = BUILD / "meson-info" / "intro-buildoptions.json"
    if not options.exists():
        return False
    return any(each["name"] == "b_sanitize" and each["value"] != "none" for each in json.loads(options.read_text()))


def _nginx():
    """(the program, the directory of the sanitizers' reports or None)"""
    # Where tests run in several processes, they inherit what the first of them has set.
    program = os.environ.setdefault("SALLYPORT_TEST_NGINX", os.environ.get("SALLYPORT_NGINX", "/usr/sbin/nginx"))
    if not _sanitized():
        return program, None
    directory = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-sanitizers-"))
    directory.chmod(0o777)
    runtime = subprocess.run(["clang", "-print-file-name=libclang_rt.asan-x86_64.so"], check=True, capture_output=True,
                             text=True).stdout.strip()
    # Crashes are made on purpose; nginx and its packaged libraries are not ours to look for leaks in.
    options = f"handle_segv=0:detect_leaks=0:log_path={directory}/report"
    wrapper = directory / "nginx"
    wrapper.write_text(f"#!/bin/sh\nLD_PRELOAD={runtime} ASAN_OPTIONS={options} UBSAN_OPTIONS=print_stacktrace=1:"
                       f"halt_on_error=1:log_path={directory}/report exec {program} \"$@\"\n")
    wrapper.chmod(0o755)
    os.environ["SALLYPORT_NGINX"] = str(wrapper)
    # The program has the runtime in itself, and nginx hands its environment on to it.
    command = directory / "sallyport"
    command.write_text(f"#!/bin/sh\nunset LD_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS\nexec {BUILD.resolve()}/src/cli/sallyport \"$@\"\n")
    command.chmod(0o755)
    os.environ["SALLYPORT_COMMAND"] = str(command)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return str(wrapper), directory


NGINX, REPORTS = _nginx()


@pytest.fixture(autouse=True)
def no_sanitizer_report():
    yield
    if REPORTS:
        texts = []
        for path in REPORTS.glob("report*"):
            texts.append(path.read_text(errors="replace"))
            path.unlink()
        assert not texts, "\n".join(texts)


class Ports:
    """Ports for servers. They are below those that the system gives to outgoing connections, and each is claimed by a lock on
    its own byte of one file, for as long as the process of the tests lives: several may run at once, and a server may be
    stopped and started again on its ports."""

    FIRST = 10000

    def __init__(self):
        end = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        self.end = end if end > self.FIRST + 1000 else 32768
        self.file = open(pathlib.Path(tempfile.gettempdir()) / "sallyport-test-ports", "ab")
        self.next = random.randrange(self.FIRST, self.end)

    def take(self):
        for _ in range(self.FIRST, self.end):
            port = self.next
            self.next = port + 1 if port + 1 < self.end else self.FIRST
            try:
                fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
                with socket.socket() as each:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    each.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
        return pytest.fail("no port is free")


PORTS = Ports()


def free_ports(count):
    """Ports that nobody listens on, all different."""
    return [PORTS.take() for _ in range(count)]


def wait_until(condition, what, seconds=4 * PATIENCE):
    """Returns the first true value of condition(); fails with what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)


class Response:
    """One HTTP response as it came over the wire."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"Response({self.status}, {self.headers}, {self.body[:200]!r})"


class Connection:
    """A client that sends exactly the bytes it is told to."""

    def __init__(self, port, tls=None, host="localhost", address="127.0.0.1", timeout=PATIENCE, source=None):
        self.socket = socket.create_connection((address, port), timeout=timeout, source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def abort(self):
        """Close with a reset, as a client that crashed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def _more(self):
        data = self.socket.recv(65536)
        self.pending += data
        return bool(data)

    def closed(self):
        """True when the server closes without sending anything more."""
        try:
            return not self.pending and not self._more()
        except (ConnectionResetError, ssl.SSLError):
            return True

    def receive(self, head=False):
        """The next response, or None when the server closed instead."""
        try:
            while b"\r\n\r\n" not in self.pending:
                if not self._more():
                    assert not self.pending, f"cut in the middle: {self.pending!r}"
                    return None
        except ConnectionResetError:
            return None
        block, self.pending = self.pending.split(b"\r\n\r\n", 1)
        lines = block.decode("latin-1").split("\r\n")
        status = int(re.fullmatch(r"HTTP/1\.[01] (\d{3}).*", lines[0]).group(1))
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        response = Response(status, headers, b"")
        if head or status in (204, 304) or status < 200:
            return response
        length = response.header("Content-Length")
        if length is not None:
            while len(self.pending) < int(length):
                assert self._more(), "the body was cut"
            response.body, self.pending = self.pending[:int(length)], self.pending[int(length):]
        elif (response.header("Transfer-Encoding") or "").lower() == "chunked":
            response.body = self._chunks()
        else:
            while self._more():
                pass
            response.body, self.pending = self.pending, b""
        return response

    def _line(self):
        while b"\r\n" not in self.pending:
            assert self._more(), "a chunk was cut"
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line

    def _chunks(self):
        body = b""
        while True:
            size = int(self._line().split(b";")[0], 16)
            while len(self.pending) < size + 2:
                assert self._more(), "a chunk was cut"
            body, self.pending = body + self.pending[:size], self.pending[size + 2:]
            if size == 0:
                return body

    def request(self, method, target, headers=(), body=None, version="1.1"):
        names = {name.lower() for name, _ in headers}
        lines = [f"{method} {target} HTTP/{version}"]
        if "host" not in names:
            lines.append("Host: localhost")
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))
        return self.receive(head=method == "HEAD")


def call(port, method, target, headers=(), body=None, tls=None, **options):
    """One request on a connection of its own."""
    with Connection(port, tls=tls, **options) as connection:
        return connection.request(method, target, headers, body)


def raw(port, data, **options):
    """Everything a server says to these bytes, as a list of responses, until it closes or is silent."""
    with Connection(port, **options) as connection:
        connection.send(data)
        responses = []
        try:
            while True:
                response = connection.receive()
                if response is None:
                    return responses
                responses.append(response)
        except TimeoutError:
            return responses


class Authority:
    """A certificate authority for the tests: EC P-256 keys, made by the openssl command."""

    def __init__(self, directory, name="Test CA"):
        self.directory = directory
        self.name = name
        self.certificate = directory / "ca.pem"
        self.key = directory / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
                      "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    @staticmethod
    def _openssl(*arguments, text=None):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, input=text, text=True)

    def issue(self, name, alt="DNS:localhost,IP:127.0.0.1", days=90):
        """(certificate, key) of a new pair signed by this authority."""
        stem = re.sub(r"\W+", "-", name)
        certificate, key, request = (self.directory / f"{stem}.{end}" for end in ("pem", "key", "csr"))
        extensions = self.directory / f"{stem}.ext"
        extensions.write_text(f"subjectAltName={alt}\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                      "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key

    def key_store(self, name, password, **options):
        """A PKCS#12 file with a new pair and this authority's certificate."""
        certificate, key = self.issue(name, **options)
        store = self.directory / (re.sub(r"\W+", "-", name) + ".p12")
        self._openssl("pkcs12", "-export", "-in", certificate, "-inkey", key, "-certfile", self.certificate,
                      "-name", name, "-passout", f"pass:{password}", "-out", store)
        return store

    def client(self, certificate=None, key=None, minimum=None, maximum=None):
        """A TLS context that trusts this authority and presents a certificate when there is one."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if certificate:
            context.load_cert_chain(str(certificate), str(key))
        if minimum:
            context.minimum_version = minimum
        if maximum:
            context.maximum_version = maximum
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


class Process:
    """A server process that is told to stop, and made to when it does not."""

    def __init__(self, command, directory, environment=None, pass_fds=()):
        self.output = open(pathlib.Path(directory) / "output.log", "ab")
        self.process = subprocess.Popen([str(part) for part in command], cwd=directory, stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self.output, env=environment,
                                        pass_fds=pass_fds)
        self.pid = self.process.pid

    def running(self):
        return self.process.poll() is None

    def workers(self):
        """Process ids of the children."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(each) for each in children.read_text().split()] if children.exists() else []

    def send_signal(self, number):
        os.kill(self.pid, number)

    def stop(self, number=signal.SIGTERM):
        """Returns the exit status."""
        if self.running():
            self.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            for worker in self.workers():
                os.kill(worker, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.output.close()


def listening(port, address="127.0.0.1"):
    try:
        socket.create_connection((address, port), timeout=1).close()
        return True
    except OSError:
        return False


def need(path):
    """A part that the build has not made is a failure, not a reason to skip."""
    assert pathlib.Path(path).exists(), f"{path} is missing: build first (ninja -C {BUILD})"
    return path


SALLYPORT = BUILD / "src" / "cli" / "sallyport"


class Server:
    """A server of a generated directory, run in the foreground by `sallyport server run`.

    `xml` is what stands inside <server> of server.xml; {http}, {https} and {authority} in it are replaced, doubled
    braces are braces. Without an httpEndpoint or a keyStore of its own it gets one of each.
    """

    password = "key store password"

    def __init__(self, base, authority, xml="", name="testServer", arguments=(), module=None, environment=None):
        self.base, self.authority, self.name, self.arguments = pathlib.Path(base), authority, name, list(arguments)
        self.directory = self.base / "servers" / name
        self.security = self.directory / "resources" / "security"
        self.security.mkdir(parents=True)
        self.http, self.https = free_ports(2)
        self.process = None
        self.environment = dict(os.environ, SALLYPORT_USER_DIR=str(self.base), SALLYPORT_RUN_DIR=str(self.base / "run"))
        self.environment.pop("NOTIFY_SOCKET", None)
        self.environment.pop("SALLYPORT_OUTPUT_DIR", None)
        if module:
            self.environment["SALLYPORT_MODULE"] = str(need(module))
        self.environment.update(environment or {})
        shutil.copy(authority.key_store("localhost", self.password), self.security / "key.p12")
        self.write(xml)

    def write(self, xml):
        if "<httpEndpoint" not in xml:
            xml += '\n<httpEndpoint id="defaultHttpEndpoint" host="localhost" httpPort="{http}" httpsPort="{https}"/>'
        if "<keyStore" not in xml:
            xml += f'\n<keyStore id="defaultKeyStore" password="{self.password}"/>'
        text = xml.format(http=self.http, https=self.https, authority=self.authority.certificate)
        (self.directory / "server.xml").write_text(f'<server description="{self.name}">\n{text}\n</server>\n')

    def command(self, action, *arguments):
        """Runs `sallyport server <action>` to its end."""
        return subprocess.run([need(SALLYPORT), "server", action, self.name, *arguments], env=self.environment,
                              capture_output=True, text=True, timeout=60, check=False)

    def reload(self):
        result = self.command("reload")
        assert result.returncode == 0, result.stdout + result.stderr

    def start(self):
        """Returns when the server says it is ready; fails with what it said when it ends instead."""
        reader, writer = os.pipe()
        self.environment["SALLYPORT_READY_FD"] = str(writer)
        self.process = Process([need(SALLYPORT), "server", "run", self.name, *self.arguments], self.base,
                               self.environment, pass_fds=[writer])
        del self.environment["SALLYPORT_READY_FD"]
        os.close(writer)
        with os.fdopen(reader) as pipe:
            line = pipe.readline()
        if line != "ready\n":
            status = self.process.stop()
            pytest.fail(f"the server did not start, status {status}: {line}{self.output()}")
        return self

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return None
        process, self.process = self.process, None
        return process.stop(number)

    def output(self):
        """What it wrote to standard output and standard error."""
        path = self.base / "output.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def log(self):
        path = self.directory / "logs" / "messages.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def call(self, method, target, headers=(), body=None, tls=True, **options):
        """A call over HTTPS; over HTTP with tls=False; tls may be a context of Authority.client."""
        context = self.authority.client() if tls is True else tls or None
        return call(self.https if context else self.http, method, target, headers, body, tls=context, **options)


@pytest.fixture
def make_server(tmp_path, authority):
    """Makes servers that are stopped after the test, and whose logs must not know a secret nor a defect."""
    servers = []

    def make(xml="", start=True, **options):
        server = Server(tmp_path / str(len(servers)), authority, xml, **options)
        servers.append(server)
        return server.start() if start else server

    yield make
    for server in servers:
        status = server.stop()
        text = server.log() + server.output()
        assert status in (None, 0), text
        assert server.password not in text
        # nginx alerts when a worker dies: only a test that kills one may see that.
        assert getattr(server, "may_alert", False) or "[alert]" not in text, text
        assert "defect" not in text, text
