"""`sallyport server`: from server.xml to a running server and back. The echo of the adapter's tests answers."""
import concurrent.futures
import os
import pathlib
import pwd
import signal
import socket
import ssl
import stat
import subprocess
import time

import pytest

from conftest import BUILD, SALLYPORT, Authority, Connection, call, free_ports, listening, wait_until

ECHO = BUILD / "tests" / "system" / "ngx_http_sallyport_echo_module.so"


@pytest.fixture
def make_echo(make_server):
    return lambda xml="", **options: make_server(xml, module=ECHO, **options)


def test_run_serves_http_and_https_with_the_key_store(make_echo):
    server = make_echo()
    facts = server.call("GET", "/facts").json
    assert facts["tls"] and facts["tls_protocol"] == "TLSv1.3" and facts["https_port"] == server.https
    facts = server.call("GET", "/facts", tls=False).json
    assert not facts["tls"] and facts["https_port"] == server.https and facts["local_port"] == server.http
    assert f"https://localhost:{server.https}" in server.output()


def test_no_private_key_is_written_to_a_file(make_echo):
    server = make_echo()
    for path in server.base.rglob("*"):
        if path.is_file() and path.suffix != ".p12":
            assert b"PRIVATE KEY" not in path.read_bytes(), path
    run_dir = next((server.base / "run").iterdir())
    assert run_dir.stat().st_mode & 0o077 in (0, 0o011)
    assert (run_dir / "nginx.conf").stat().st_mode & 0o077 == 0


def test_logs_are_for_owner_and_group(make_echo):
    logs = make_echo().directory / "logs"
    assert logs.is_dir() and stat.S_IMODE(logs.stat().st_mode) & 0o027 == 0


def test_warnings_of_server_xml_are_logged_once(make_echo):
    server = make_echo('<httpEndpoit id="x"/>')
    assert server.log().count("httpEndpoit") == 1
    assert "SALC0030W" in server.log()


def test_an_index_counts_all_endpoints_of_server_xml(make_echo):
    first, second = free_ports(2)
    server = make_echo(f'<httpEndpoint id="a" host="127.0.0.1" httpPort="{first}" enabled="false"/>'
                       f'<httpEndpoint id="b" host="127.0.0.1" httpPort="{second}"/>'
                       '<httpEndpoint id="defaultHttpEndpoint" httpPort="{http}" httpsPort="{https}"/>')
    assert not listening(first)
    indexes = {call(port, "GET", "/facts").json["endpoint"] for port in (second, server.http)}
    assert len(indexes) == 2


def test_every_address_is_listened_on_for_a_star(make_echo):
    server = make_echo('<httpEndpoint id="defaultHttpEndpoint" host="*" httpPort="{http}" httpsPort="-1"/>')
    assert call(server.http, "GET", "/facts").json["local_address"] == "127.0.0.1"
    if socket.has_ipv6 and pathlib.Path("/proc/net/if_inet6").exists():
        assert call(server.http, "GET", "/facts", address="::1").json["peer_address"] == "::1"


def test_keep_alive_is_that_of_the_options(make_echo):
    server = make_echo('<httpOptions id="defaultHttpOptions" maxKeepAliveRequests="2" persistTimeout="1s"/>')
    with Connection(server.http) as client:
        assert client.request("GET", "/bytes/1").header("Connection") == "keep-alive"
        assert client.request("GET", "/bytes/1").header("Connection") == "close"
        assert client.closed()
    with Connection(server.http) as client:
        client.request("GET", "/bytes/1")
        started = time.monotonic()
        assert client.closed() and 0.5 < time.monotonic() - started < 3
    server = make_echo('<httpOptions id="defaultHttpOptions" keepAliveEnabled="false" removeServerHeader="true"/>')
    with Connection(server.http) as client:
        response = client.request("GET", "/bytes/1")
        assert response.header("Connection") == "close" and response.header("Server") is None
        assert client.closed()


def test_client_certificates_are_asked_for_as_configured(make_echo, authority, tmp_path_factory):
    xml = ('<keyStore id="defaultKeyStore" password="' + "key store password" + '"/>'
           '<keyStore id="trusted" location="{authority}" type="PEM"/>'
           '<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" trustStoreRef="trusted" %s="true"/>')
    known = authority.client(*authority.issue("a caller"))
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "Stranger")
    unknown = authority.client(*stranger.issue("an intruder"))

    must = make_echo(xml % "clientAuthentication")
    assert len(must.call("GET", "/facts", tls=known).json["client_certificate"]) > 100
    none = must.call("GET", "/facts")
    assert (none.status, none.json["refused"], none.json["refused_certificate"]) == (400, "SALE0018W", "")
    refused = must.call("GET", "/facts", tls=unknown)
    assert (refused.status, refused.json["refused"], refused.json["client_certificate"]) == (400, "SALE0017W", "")

    may = make_echo(xml % "clientAuthenticationSupported")
    assert len(may.call("GET", "/facts", tls=known).json["client_certificate"]) > 100
    assert may.call("GET", "/facts").json["client_certificate"] == ""
    assert may.call("GET", "/facts", tls=unknown).status == 400


def test_protocols_and_ciphers_are_those_of_the_configuration(make_echo, authority):
    server = make_echo('<keyStore id="defaultKeyStore" password="key store password"/>'
                       '<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" sslProtocol="TLSv1.2" '
                       'enabledCiphers="TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"/>')
    facts = server.call("GET", "/facts").json
    assert (facts["tls_protocol"], facts["tls_cipher"]) == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
    with pytest.raises(ssl.SSLError):
        server.call("GET", "/facts", tls=authority.client(minimum=ssl.TLSVersion.TLSv1_3))


def test_sessions_are_resumed_and_end_with_the_trust_they_prove(make_echo, authority, tmp_path_factory):
    xml = ('<keyStore id="defaultKeyStore" password="key store password"/>'
           '<keyStore id="trusted" location="%s" type="PEM"/>'
           '<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" trustStoreRef="trusted" '
           'sslProtocol="TLSv1.2" clientAuthentication="true"/>')
    server = make_echo(xml % "{authority}")
    context = authority.client(*authority.issue("a caller"))
    context.options |= ssl.OP_NO_TICKET

    def facts(session=None):
        with socket.create_connection(("127.0.0.1", server.https)) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as tls:
                tls.sendall(b"GET /facts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                data = b""
                while chunk := tls.recv(65536):
                    data += chunk
                return tls.session, tls.session_reused, data

    session, reused, data = facts()
    assert not reused and b" 200 " in data
    _, reused, data = facts(session)
    assert reused and b" 200 " in data
    other = Authority(tmp_path_factory.mktemp("other"), "Other CA")
    server.write(xml % str(other.certificate))
    assert server.command("reload").returncode == 0

    def refused():
        _, reused_now, answer = facts(session)
        return b" 400 " in answer and not reused_now

    wait_until(refused, "the session to be worth nothing")


def test_the_default_key_store_is_made_when_there_is_none(make_echo):
    server = make_echo(start=False)
    path = server.security / "key.p12"
    path.unlink()
    result = server.command("check")
    assert result.returncode == 0 and "SALC0087W" in result.stdout + result.stderr, result
    assert not path.exists()
    server.start()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "SALC0087W" in server.output() + server.log()
    made = path.read_bytes()

    def certificate():
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with Connection(server.https, tls=context) as connection:
            return connection.socket.getpeercert(binary_form=True)

    first = certificate()
    # A file that was lost does not become another certificate under a running server.
    path.unlink()
    assert server.command("reload").returncode == 1
    assert not path.exists() and certificate() == first
    path.write_bytes(made)
    server.stop()
    server.start()
    assert path.read_bytes() == made and certificate() == first


@pytest.mark.parametrize("case", [
    ("key file missing", lambda server: server.write('<keyStore id="defaultKeyStore" location="gone.pem" type="PEM"/>'),
     "SALC0083E"),
    ("wrong password", lambda server: server.write('<keyStore id="defaultKeyStore" password="other"/>'),
     "keyStore[defaultKeyStore]: the password is wrong"),
    ("not XML", lambda server: (server.directory / "server.xml").write_text("<server>"), "SALC0002E"),
    ("bad option", lambda server: server.write('<httpOptions id="defaultHttpOptions" readTimeout="0"/>'), "SALE0002E"),
], ids=lambda case: case[0])
def test_a_server_that_cannot_be_served_does_not_start(make_echo, case):
    _, spoil, message = case
    server = make_echo(start=False)
    spoil(server)
    for action in ("check", "start", "run"):
        result = server.command(action)
        assert result.returncode == 1, result
        assert message in result.stdout + result.stderr, result
    assert server.command("status").returncode == 1


def test_check_tells_problems_with_their_place(make_echo):
    server = make_echo('<httpEndpoit id="x"/>', start=False)
    result = server.command("check")
    assert result.returncode == 0
    assert f"{server.directory}/server.xml:2:" in result.stdout
    assert result.stdout.rstrip().endswith("2 warnings")  # the clear text password is the other
    assert not (server.base / "run").exists()


def test_start_status_stop(make_echo):
    server = make_echo(start=False)
    assert server.command("status").returncode == 1
    assert server.command("stop").returncode == 1
    started = server.command("start", "--workers=3")
    try:
        assert started.returncode == 0, started
        assert f"https://localhost:{server.https}" in started.stdout
        assert server.call("GET", "/counters").json["workers"] == 3
        status = server.command("status")
        assert status.returncode == 0 and "3 workers" in status.stdout
        again = server.command("start")
        assert again.returncode == 1 and "is running already" in again.stderr
    finally:
        stopped = server.command("stop")
    assert stopped.returncode == 0 and "is stopped" in stopped.stdout
    assert not listening(server.http)
    assert server.command("status").returncode == 1


def test_start_waits_for_readiness_and_tells_why_there_is_none(make_echo):
    server = make_echo(start=False)
    with socket.create_server(("127.0.0.1", server.http)):
        result = server.command("start")
    assert result.returncode == 1
    assert "Address already in use" in result.stderr
    assert server.command("status").returncode == 1


def test_stop_lets_requests_end(make_echo):
    server = make_echo(start=False)
    assert server.command("start").returncode == 0
    with Connection(server.http) as waiting:
        waiting.send(b"GET /wait/1200 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: server.call("GET", "/counters").json["started"] >= 2, "the request")
        stopper = subprocess.Popen([SALLYPORT, "server", "stop", server.name], env=server.environment,
                                   stdout=subprocess.PIPE, text=True)
        assert waiting.receive().status == 200
    assert stopper.wait(20) == 0
    stopper.stdout.close()


def test_stop_now_and_stop_with_a_limit_cut_requests_off(make_echo):
    server = make_echo(start=False)
    for arguments in (["--now"], ["--timeout=1"]):
        assert server.command("start").returncode == 0
        with Connection(server.http) as waiting:
            waiting.send(b"GET /forever HTTP/1.1\r\nHost: localhost\r\n\r\n")
            wait_until(lambda: server.call("GET", "/counters").json["started"] >= 2, "the request")
            started = time.monotonic()
            result = server.command("stop", *arguments)
            assert result.returncode == 0 and time.monotonic() - started < 8, result
            assert waiting.receive() is None


def test_a_stale_process_id_is_not_taken_for_the_server(make_echo):
    server = make_echo(start=False)
    assert server.command("start").returncode == 0
    run_dir = next((server.base / "run").iterdir())
    server.command("stop", "--now")
    (run_dir / "nginx.pid").write_text(f"{os.getpid()}\n")
    assert server.command("status").returncode == 1
    assert server.command("stop").returncode == 1
    assert server.command("start").returncode == 0
    assert server.command("stop").returncode == 0


def test_reload_takes_over_ports_and_keeps_what_it_was_started_with(make_echo):
    server = make_echo('<httpEndpoint id="defaultHttpEndpoint" host="${{where}}" httpPort="{http}" httpsPort="{https}"/>',
                       arguments=["--workers=1", "--", "--where=127.0.0.1"])
    old_port, (server.http,) = server.http, free_ports(1)
    server.write('<httpEndpoint id="defaultHttpEndpoint" host="${{where}}" httpPort="{http}" httpsPort="{https}"/>')
    result = server.command("reload")
    assert result.returncode == 0, result
    assert listening(server.http) and not listening(old_port)
    counters = server.call("GET", "/counters").json
    assert counters["workers"] == 1


def test_who_comes_after_a_reload_meets_the_new_configuration(make_echo):
    server = make_echo(arguments=["--workers=2"])
    for _ in range(20):
        old = set(server.process.workers())
        before = [server.call("GET", "/counters").json["pid"] for _ in range(4)]
        assert set(before) <= old
        result = server.command("reload")
        assert result.returncode == 0 and "has taken over its new configuration" in result.stdout, result
        after = [server.call("GET", "/counters", tls=False).json["pid"] for _ in range(8)]
        assert not set(after) & old


def test_commands_that_change_a_server_wait_for_each_other(make_echo):
    server = make_echo()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(server.command, ["reload"] * 5))
    assert [each.returncode for each in results] == [0] * 5, [each.stdout + each.stderr for each in results]
    assert server.call("GET", "/facts").status == 200


def test_a_reload_waits_for_workers_that_accept(make_echo):
    server = make_echo(arguments=["--workers=2"])
    old = server.process.workers()
    os.kill(old[0], signal.SIGSTOP)  # it does not hear that it is to quit
    try:
        with subprocess.Popen([SALLYPORT, "server", "reload", server.name], env=server.environment, stdout=subprocess.PIPE,
                              text=True) as reload:
            wait_until(lambda: len(set(server.process.workers()) - set(old)) == 2, "the new workers")
            wait_until(lambda: old[1] not in server.process.workers(), "the end of the other old one")
            assert reload.poll() is None
            os.kill(old[0], signal.SIGCONT)
            assert "has taken over" in reload.stdout.read()
        assert reload.returncode == 0
    finally:
        if old[0] in server.process.workers():
            os.kill(old[0], signal.SIGCONT)
    assert server.call("GET", "/counters").json["pid"] not in old


def test_a_worker_that_does_not_stop_accepting_is_told_of(make_echo):
    server = make_echo(arguments=["--workers=2"])
    old = server.process.workers()
    os.kill(old[0], signal.SIGSTOP)
    try:
        server.write('<httpOptions id="defaultHttpOptions" readTimeout="7s"/>')
        result = server.command("reload", "--timeout=8")
        assert result.returncode == 1 and "SALE0016E" in result.stderr, result
        assert "old configuration" in result.stderr and "goes on" not in result.stderr
        assert "7000ms" in conf_of(server).read_text()  # it is taken over all the same
    finally:
        os.kill(old[0], signal.SIGCONT)
    assert server.command("reload").returncode == 0
    wait_until(lambda: not set(old) & set(server.process.workers()), "the end of the old workers")


def test_reload_refuses_what_is_broken(make_echo):
    server = make_echo(arguments=["--workers=1"])
    pid = server.call("GET", "/counters").json["pid"]
    server.write('<httpOptions id="defaultHttpOptions" readTimeout="0"/>')
    result = server.command("reload")
    assert result.returncode == 1
    assert "SALE0002E" in result.stderr and "goes on with its old configuration" in result.stderr
    server.write('<keyStore id="defaultKeyStore" password="other"/>')
    result = server.command("reload")
    assert result.returncode == 1 and "the password is wrong" in result.stderr
    assert server.call("GET", "/counters").json["pid"] == pid


def conf_of(server):
    return next((server.base / "run").glob("*/nginx.conf"))


def test_a_port_that_is_taken_leaves_the_old_configuration_whole(make_echo):
    server = make_echo(arguments=["--workers=1"])
    pid = server.call("GET", "/counters").json["pid"]
    before, old_port = conf_of(server).read_text(), server.http
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        server.http = other.getsockname()[1]
        server.write('<httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="{http}" httpsPort="{https}"/>')
        result = server.command("reload")
        assert result.returncode == 1
        assert f"somebody listens on 127.0.0.1:{server.http} already" in result.stderr and "SALE0014E" in result.stderr, result.stderr
        assert "goes on with its old configuration" in result.stderr
        assert conf_of(server).read_text() == before and [path.name for path in conf_of(server).parent.glob("nginx.conf*")] == ["nginx.conf"]
        assert server.call("GET", "/counters").json["pid"] == pid and listening(old_port)
        assert "bind()" not in server.log()
    assert server.command("reload").returncode == 0
    wait_until(lambda: listening(server.http) and not listening(old_port), "the new port")


def test_what_the_server_does_not_take_over_puts_the_old_text_back(make_echo):
    """A name that nginx looks up cannot be tried before: the server itself fails, and is noticed."""
    try:
        name = socket.gethostname()
        address = socket.gethostbyname(name)
    except OSError:
        pytest.skip("this machine's name has no address")
    server = make_echo(arguments=["--workers=1"])
    server.may_alert = True
    before = conf_of(server).read_text()
    with socket.socket() as other:
        other.bind((address, 0))
        other.listen()
        server.http = other.getsockname()[1]
        server.write(f'<httpEndpoint id="defaultHttpEndpoint" host="{name}" httpPort="{{http}}" httpsPort="-1"/>')
        result = server.command("reload", "--timeout=8")
    assert result.returncode == 1 and "has not taken the configuration over" in result.stderr, result
    assert "goes on with its old configuration" in result.stderr and "could not bind" in server.log()
    assert conf_of(server).read_text() == before
    assert server.call("GET", "/counters").status == 200


def test_a_signal_alone_does_not_take_over_listeners(make_echo):
    server = make_echo(arguments=["--workers=1"])
    pid = server.call("GET", "/counters").json["pid"]
    server.write('<httpOptions id="defaultHttpOptions" readTimeout="7s"/>')
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "SALE0006E" in server.log(), "the refusal")
    assert server.call("GET", "/counters").json["pid"] == pid
    server.write('<httpEndpoit id="x"/>')
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: server.call("GET", "/counters").json["pid"] not in (pid,), "a new worker")


def test_systemd_is_told(make_echo, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        path = tmp_path / "notify"
        notify.bind(str(path))
        notify.settimeout(10)
        make_echo(environment={"NOTIFY_SOCKET": str(path)})
        assert notify.recv(100) == b"READY=1"


def test_workers_of_another_user_read_and_write_what_they_must(make_echo, tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root can run workers as another user")
    for path in (tmp_path, *tmp_path.parents):
        path.chmod(path.stat().st_mode | 0o011)
        if path.name.startswith("pytest-of-"):
            break
    server = make_echo(arguments=["--user=nobody"])
    worker = server.call("GET", "/counters").json["pid"]
    nobody = pwd.getpwnam("nobody").pw_uid
    assert f"Uid:\t{nobody}\t" in pathlib.Path(f"/proc/{worker}/status").read_text()
    assert (server.directory / "logs").stat().st_uid == nobody
    # A chunked body whose framing outgrows the buffer goes through a temporary file of the worker.
    server_body = b"1\r\nz\r\n" * 4_000_000 + b"0\r\n\r\n"
    with Connection(server.http) as client:
        client.send(b"POST /facts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + server_body)
        assert client.receive().status == 200


def test_errors_of_nginx_are_json(make_echo):
    server = make_echo('<httpOptions id="defaultHttpOptions" MessageSizeLimit="10" limitFieldSize="100"/>')

    def error(*arguments, **options):
        response = server.call(*arguments, **options)
        assert response.header("Content-Type") == "application/json"
        assert list(response.json) == ["errorMessage"]
        return response.status

    assert error("POST", "/facts", body=b"x" * 11) == 413
    assert server.call("POST", "/facts", body=b"x" * 10).status == 200
    assert error("GET", "/" + "x" * 100) == 414
    assert error("GET", "/facts", [("X-Long", "x" * 101)]) == 431
    assert error("GET", "/facts", [("X-Long", "x" * 9000)]) == 431
    assert error("GET", "/facts", [("X(", "x")]) == 400
    assert error("TRACE", "/facts") == 405
    assert error("GET", "/.sallyport/413") == 404
    with Connection(server.https) as client:
        assert client.request("GET", "/facts").json == {
            "errorMessage": "A plain HTTP request was sent to an HTTPS port."}


def test_the_command_line_is_checked():
    def server(*arguments):
        result = subprocess.run([SALLYPORT, "server", *arguments], capture_output=True, text=True, timeout=20,
                                check=False)
        return result.returncode, result.stderr

    assert server() == (2, "sallyport server: say what to do: run, start, stop, status, refresh, reload, check, create, key or dump\n"
                           "Try 'sallyport help server'.\n")
    assert server("begin")[0] == 2
    assert server("run", "a", "b")[0] == 2
    assert server("run", "--workers=0")[0] == 2
    assert server("run", "--workers=257")[0] == 2
    assert server("run", "--workers")[0] == 2
    assert server("stop", "--timeout=3601")[0] == 2
    assert server("run", "--user=nobody-of-that-name")[0] == 2
    assert server("run", "x", "--", "novalue")[0] == 2
    code, message = server("run", "../no/such")
    assert code == 1 and "there is no server.xml in ../no/such" in message
    code, message = server("run", "no-such-server")
    assert code == 1 and "/var/lib/sallyport/servers" in message
    assert server("run", "a b")[0] == 1
