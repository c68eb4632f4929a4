"""sallyport api, service and requester against a real server: results, tables, exit statuses, who one is and whom one trusts."""
import json
import os
import pty
import select
import socket
import ssl
import subprocess
import threading

import pytest

from conftest import SALLYPORT, Authority, need
from test_admin import aar, ask, do, sar, server  # noqa: F401 (fixtures)
from test_api import make_gateway, make_region  # noqa: F401 (fixtures)


@pytest.fixture
def run(server, tmp_path):
    """Runs sallyport as adam unless told otherwise."""
    home = tmp_path / "home"
    home.mkdir()

    def go(*arguments, **variables):
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "SALLYPORT_URL": f"https://localhost:{server.https}",
                       "SALLYPORT_CA": str(server.authority.certificate), "SALLYPORT_USER": "adam",
                       "SALLYPORT_PASSWORD": "adam secret"}
        for name, value in variables.items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = str(value)
        return subprocess.run([need(SALLYPORT), *map(str, arguments)], env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)

    go.home = home
    return go


@pytest.fixture
def more(tmp_path):
    path = tmp_path / "more.aar"
    path.write_bytes(aar("more", "/more"))
    return path


def good(result):
    assert result.returncode == 0, result
    assert result.stderr == ""
    return result.stdout


def test_lists_are_tables(run):
    assert good(run("api", "list")) == ("NAME    VERSION  DESCRIPTION\n"
                                        "absent  1.0.0    made by a test\n"
                                        "bad     1.0.0    made by a test\n"
                                        "echo    1.0.0    made by a test\n")
    assert good(run("service", "list")).splitlines()[:2] == ["NAME    PROVIDER  DESCRIPTION", "absent  CICS-1.0  made by a test"]
    assert good(run("requester", "list")) == "NAME  VERSION  STATUS  CONNECTION  DESCRIPTION\n"
    assert [each["name"] for each in json.loads(good(run("api", "list", "--json")))["apis"]] == ["absent", "bad", "echo"]
    assert good(run("api", "list", "--status=stopped")) == "NAME  VERSION  DESCRIPTION\n"


def test_an_api_lives(run, server, more):
    assert good(run("api", "deploy", more)) == f"API {more} was deployed\n"
    assert do(server, "/more/do").status == 200
    assert "status: Started\n" in good(run("api", "info", "more"))
    assert json.loads(good(run("api", "info", "more", "--json")))["services"][0]["name"] == "bad"
    assert good(run("api", "stop", "more", "bad")) == "API more was stopped\nAPI bad was stopped\n"
    assert do(server, "/more/do").status == 503
    assert good(run("api", "start", "more")) == "API more was started\n"
    more.write_bytes(aar("more", "/moved"))
    assert good(run("api", "update", "more", more)) == "API more was updated\n"
    assert do(server, "/moved/do").status == 200
    result = run("api", "delete", "more")
    assert result.returncode == 1 and "409: " in result.stderr and "stop it first" in result.stderr
    assert good(run("api", "delete", "more", "--force")) == "API more was deleted\n"
    assert do(server, "/moved/do").status == 404


def test_a_refused_update_leaves_what_was_started_started(run, server, more):
    good(run("api", "deploy", more))
    more.write_bytes(aar("more", "/bad"))
    result = run("api", "update", "more", more)
    assert result.returncode == 1 and "base path /bad belongs to API bad" in result.stderr
    assert do(server, "/more/do").status == 200


def test_what_fails_is_said_and_does_not_keep_the_rest(run, tmp_path):
    result = run("service", "info", "none", "bad")
    assert result.returncode == 1 and "serviceStatus: Started" in result.stdout
    assert result.stderr == "sallyport: none: 404: BAQR0431W: Service none is not available.\n"
    bad = tmp_path / "bad.sar"
    bad.write_bytes(sar("more", connection="none"))
    result = run("service", "deploy", bad)
    assert result.returncode == 1 and 'id="none"' in result.stderr and "&" not in result.stderr
    assert run("service", "deploy", tmp_path / "absent.sar").returncode == 1
    for arguments in ([], ["what"], ["list", "x"], ["info"], ["update", "x"], ["list", "--status=running"], ["list", "--what"]):
        assert run("api", *arguments).returncode == 2, arguments
    assert "sallyport api deploy" in run("help", "api").stdout


def test_who_one_is(run, tmp_path):
    assert "401" in run("api", "list", SALLYPORT_PASSWORD="wrong").stderr
    assert "403: " in run("api", "list", SALLYPORT_USER="ivo", SALLYPORT_PASSWORD="ivo secret").stderr
    assert run("api", "list", SALLYPORT_USER=None, SALLYPORT_PASSWORD=None).returncode == 1
    result = run("api", "list", SALLYPORT_PASSWORD=None)
    assert result.returncode == 1 and "--password-file" in result.stderr
    secret = tmp_path / "secret"
    secret.write_text("rita secret\n")
    good(run("api", "list", "--user=rita", f"--password-file={secret}", SALLYPORT_USER=None, SALLYPORT_PASSWORD=None))
    result = run("api", "list", "--url=http://example.com:80")
    assert result.returncode == 1 and "not sent over http" in result.stderr


def test_whom_one_trusts(run, server, tmp_path):
    result = run("api", "list", SALLYPORT_CA=None)
    assert result.returncode == 1 and "certificate" in result.stderr
    other = Authority(tmp_path, "Another CA")
    assert run("api", "list", f"--ca={other.certificate}").returncode == 1
    assert run("api", "list", "--ca=/nowhere.pem").returncode == 1
    # The name counts, too.
    server.authority.issue("elsewhere")
    result = run("api", "list", f"--url=https://ip6-localhost:{server.https}")
    assert result.returncode == 1


def test_profiles(run, server):
    directory = run.home / ".config" / "sallyport"
    directory.mkdir(parents=True)
    profiles = directory / "profiles.json"
    profile = {"url": f"https://localhost:{server.https}", "user": "adam", "password": "adam secret",
               "ca": str(server.authority.certificate)}
    profiles.write_text(json.dumps({"default": profile, "reader": dict(profile, user="rita", password="rita secret")}))
    plain = dict.fromkeys(["SALLYPORT_URL", "SALLYPORT_CA", "SALLYPORT_USER", "SALLYPORT_PASSWORD"])
    profiles.chmod(0o644)
    result = run("api", "list", **plain)
    assert result.returncode == 1 and "chmod 600" in result.stderr
    profiles.chmod(0o600)
    good(run("api", "list", **plain))
    good(run("api", "list", "--profile=reader", **plain))
    assert run("api", "stop", "bad", "--profile=reader", **plain).returncode == 1
    assert "no profile" in run("api", "list", "--profile=none", **plain).stderr
    profiles.write_text(json.dumps({"default": {"pasword": "x"}}))
    assert "no member" in run("api", "list", **plain).stderr


class Listener(threading.Thread):
    """Takes one request, and keeps what came."""

    def __init__(self, context):
        super().__init__()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.context, self.request, self.certificate = self.socket.getsockname()[1], context, b"", None

    def run(self):
        with self.context.wrap_socket(self.socket.accept()[0], server_side=True) as connection:
            self.certificate = connection.getpeercert()
            while b"\r\n\r\n" not in self.request:
                self.request += connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{"apis":[]}')


def test_a_token_and_a_certificate_are_presented(authority, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, authority.issue("localhost")))
    context.load_verify_locations(str(authority.certificate))
    context.verify_mode = ssl.CERT_REQUIRED
    certificate, key = authority.issue("operator")
    (tmp_path / "token").write_text("a.b.c\n")
    listener = Listener(context)
    listener.start()
    result = subprocess.run([need(SALLYPORT), "api", "list", f"--url=https://localhost:{listener.port}",
                             f"--ca={authority.certificate}", f"--certificate={certificate}", f"--key={key}",
                             f"--token-file={tmp_path / 'token'}"], env={"HOME": str(tmp_path)}, capture_output=True, text=True,
                            timeout=60, check=False)
    listener.join(10)
    assert result.returncode == 0, result.stderr
    assert b"\r\nAuthorization: Bearer a.b.c\r\n" in listener.request and b"Basic" not in listener.request
    assert (("commonName", "operator"),) in listener.certificate["subject"]
    other = subprocess.run([need(SALLYPORT), "api", "list", f"--certificate={certificate}", "--key=/nowhere"],
                           env={"HOME": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False)
    assert other.returncode == 1 and "the key in /nowhere cannot be used" in other.stderr


def test_an_upload_tells_how_far_it_is(server, run, tmp_path):
    archive = tmp_path / "more.aar"
    archive.write_bytes(aar("more", "/more"))
    master, slave = pty.openpty()
    environment = {"HOME": "/nonexistent", "SALLYPORT_URL": f"https://localhost:{server.https}", "SALLYPORT_USER": "adam",
                   "SALLYPORT_CA": str(server.authority.certificate), "SALLYPORT_PASSWORD": "adam secret"}
    result = subprocess.run([need(SALLYPORT), "api", "deploy", archive], env=environment, stdout=subprocess.PIPE, stderr=slave,
                            timeout=60, check=False)
    os.close(slave)
    said = os.read(master, 65536)
    os.close(master)
    assert result.returncode == 0 and b"(100 %)" in said and b"more.aar: " in said


def test_the_password_is_asked_for_without_echo(server):
    master, slave = pty.openpty()
    environment = {"HOME": "/nonexistent", "SALLYPORT_URL": f"https://localhost:{server.https}",
                   "SALLYPORT_CA": str(server.authority.certificate)}
    process = subprocess.Popen([need(SALLYPORT), "api", "list", "--user=adam"], env=environment, stdin=slave,
                               stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    said = b""
    while b"Password of adam" not in said:
        assert select.select([master], [], [], 10)[0], said
        said += os.read(master, 1024)
    os.write(master, b"adam secret\n")
    assert process.wait(15) == 0
    while select.select([master], [], [], 1)[0]:
        try:
            said += os.read(master, 4096)
        except OSError:
            break
    os.close(master)
    assert b"made by a test" in said and b"adam secret" not in said
