"""sallyport api, service and requester against a real server: results, tables, exit statuses, who one is and whom one trusts."""
import json
import os
import pty
import select
import subprocess

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
