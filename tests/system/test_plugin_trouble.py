"""Plug-ins that crash, hang, or may have been written by others than root; and servers that they ask in vain."""
import os
import shutil
import socket
import ssl
import threading

import pytest

from conftest import Authority, free_ports, wait_until
from plugin_server import (ONE_WORKER, HeldService, ask, built_probe, held_service, make_system, mark,  # noqa: F401
                           plugin_directory, probe, probe_directory, refusal, wait_for)
from test_update import edit, refresh

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="plug-ins must belong to root")

OTHER_OPTS_OUT = ('<zosconnect_zosConnectAPIs><zosConnectAPI name="other" runGlobalInterceptors="false"/>'
                  "</zosconnect_zosConnectAPIs>")


def ask_in_vain(server, **options):
    """A call whose worker dies."""
    try:
        response = ask(server, **options)
    except (AssertionError, OSError):
        return
    assert response is None, response


def count(server, text):
    return server.log().count(text)


# ---------------------------------------------------------------- crashes


@pytest.mark.parametrize("method", ["pre_invoke", "pre_sor", "post_sor", "post_invoke"])
def test_a_crash_costs_its_worker_and_names_method_and_plugin(make_system, probe_directory, method):
    server = make_system(probe("one", probe_directory), references="one", arguments=ONE_WORKER).start()
    server.may_alert = True
    assert ask(server).status == 200
    ask_in_vain(server, do=f"one:{method}:crash")
    assert ask(server).status == 200  # of the one that takes its place
    wait_for(server, f"died inside method {method} of interceptor plug-in one")
    # The dying one can only write to standard error.
    assert f"SALI0012E: this worker dies inside method {method} of interceptor plug-in one" in server.output()


def test_a_crash_of_early_failure_is_contained_too(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), references="one", arguments=ONE_WORKER).start()
    server.may_alert = True
    ask_in_vain(server, user=None, do="one:early_failure:crash")
    assert ask(server).status == 200
    wait_for(server, "died inside method early_failure of interceptor plug-in one")


def test_after_three_crashes_it_is_not_called_until_its_element_changes(make_system, probe_directory):
    server = make_system(probe("one", probe_directory, create="log"), OTHER_OPTS_OUT, '<config updateTrigger="mbean"/>',
                         references="one", arguments=ONE_WORKER).start()
    server.may_alert = True
    for number in range(1, 4):
        ask_in_vain(server, do="one:pre_invoke:crash")
        # The successor counts when it starts.
        wait_until(lambda: count(server, "died inside method pre_invoke") == number, f"crash {number} in the log")
    wait_for(server, "SALI0014E interceptor plug-in one is not called any more")
    response = ask(server)
    assert response.status == 503
    assert response.json["errorDetails"] == "SALI0014E: the interceptor is not available: workers died in it"
    assert ask(server, target="/other/it").status == 200  # never sees it
    edit(server, 'value="log"', 'value="mended"')
    refresh(server)
    assert ask(server).status == 200


def test_all_workers_know_that_it_is_not_to_be_called(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), OTHER_OPTS_OUT, references="one", arguments=("--workers", "3")).start()
    server.may_alert = True
    for number in range(1, 4):
        ask_in_vain(server, do="one:pre_invoke:crash")
        wait_until(lambda: count(server, "died inside method pre_invoke") == number, f"crash {number} in the log")
    wait_for(server, "SALI0014E interceptor plug-in one is not called any more")
    assert [ask(server).status for _ in range(12)] == [503] * 12
    assert [ask(server, target="/other/it").status for _ in range(3)] == [200] * 3


def test_one_that_crashes_when_it_is_made_does_not_kill_workers_for_ever(make_system, probe_directory):
    """The third successor goes without it: what it would see is refused, the rest is served."""
    server = make_system(probe("one", probe_directory, create="crash"), OTHER_OPTS_OUT, references="one", arguments=ONE_WORKER)
    server.may_alert = True
    server.start()
    assert ask(server, target="/other/it").status == 200
    assert ask(server).status == 503
    assert count(server, "died inside method create of interceptor plug-in one") == 3


def test_one_that_does_not_come_back_costs_its_worker(make_system, probe_directory):
    server = make_system(probe("one", probe_directory, 'timeout="100ms" hangTimeout="1s"'), references="one",
                         arguments=ONE_WORKER).start()
    server.may_alert = True
    ask_in_vain(server, do="one:pre_sor:spin")
    assert ask(server).status == 200
    wait_for(server, "was ended, for method pre_sor of interceptor plug-in one did not come back within 1000 ms")
    assert "SALI0013E: this worker is ended, for method pre_sor does not come back" in server.output()


# ---------------------------------------------------------------- who may have written it


def others_may_write_the_file(directory):
    (directory / "probe.so").chmod(0o757)


def its_group_may_write_the_directory(directory):
    directory.chmod(0o775)


def all_may_write_the_directory(directory):
    directory.chmod(0o777)


def all_may_add_to_the_directory(directory):
    directory.chmod(0o1777)


def it_belongs_to_another(directory):
    os.chown(directory / "probe.so", 65534, 0)


def a_directory_above_belongs_to_another(directory):
    os.chown(directory.parent, 65534, 0)


def it_leads_out_of_the_directory(directory):
    outside = directory.parent / "elsewhere.so"
    (directory / "probe.so").rename(outside)
    (directory / "probe.so").symlink_to(outside)


def it_was_cut(directory):
    data = (directory / "probe.so").read_bytes()
    (directory / "probe.so").write_bytes(data[:len(data) // 4])


def it_is_no_library(directory):
    (directory / "probe.so").write_text("#!/bin/sh\n")


def it_is_gone(directory):
    (directory / "probe.so").unlink()


@pytest.mark.parametrize("change, reason", [
    (others_may_write_the_file, "probe.so can be written by others than root"),
    (its_group_may_write_the_directory, "interceptors can be written by others than root"),
    (all_may_write_the_directory, "interceptors can be written by others than root"),
    (all_may_add_to_the_directory, "interceptors can be written by others than root"),
    (it_belongs_to_another, "probe.so belongs to user number 65534"),
    (a_directory_above_belongs_to_another, "belongs to user number 65534"),
    (it_leads_out_of_the_directory, "elsewhere.so, which is not in the directory of plug-ins"),
    (it_was_cut, "is not all there"),
    (it_is_no_library, "is not a shared library"),
    (it_is_gone, "No such file or directory"),
])
def test_a_library_that_cannot_be_trusted_stops_the_start(make_system, probe_directory, change, reason):
    change(probe_directory)
    said = refusal(make_system(probe("one", probe_directory), references="one", arguments=ONE_WORKER))
    if change is a_directory_above_belongs_to_another:
        os.chown(probe_directory.parent, 0, 0)
    assert 'SALI0010E: sallyport_pluginInterceptor id="one" library="probe.so": ' in said
    assert reason in said


def test_an_update_that_brings_such_a_library_is_refused(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), '<config updateTrigger="mbean"/>', references="one",
                         arguments=ONE_WORKER).start()
    shutil.copy(probe_directory / "probe.so", probe_directory / "new.so")
    (probe_directory / "new.so").chmod(0o777)
    edit(server, 'library="probe.so"', 'library="new.so"')
    assert server.command("refresh").returncode != 0
    wait_for(server, "new.so can be written by others than root")
    assert ask(server).status == 200
    (probe_directory / "new.so").chmod(0o755)
    refresh(server)
    assert ask(server).status == 200


# ---------------------------------------------------------------- asking a server over TLS

TRUST = """<keyStore id="trusted" location="{authority}" type="PEM"/><keyStore id="defaultKeyStore" password="key store password"/>
<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore"/><ssl id="outbound" keyStoreRef="defaultKeyStore" trustStoreRef="trusted"/>
<sslDefault outboundSSLRef="outbound"/>"""


@pytest.fixture
def serve_tls():
    """Makes TLS services that answer at once."""
    services = []

    def make(pair):
        services.append(HeldService(tls=pair))
        services[-1].release()
        return services[-1]

    yield make
    for service in services:
        service.stop()


def fetched(make_system, directory, url, number=0):
    """What the probe was told when it asked for a URL, and what the log said."""
    server = make_system(probe("one", directory, url=url), TRUST, references="one", arguments=ONE_WORKER).start()
    assert ask(server, do=f"one:pre_invoke:fetch:{number}").status == 200
    log = wait_for(server, "pre_invoke fetched ")
    return log.split("pre_invoke fetched ")[1].split("\n")[0], log


def test_a_server_that_is_trusted_is_asked(make_system, probe_directory, authority, serve_tls):
    service = serve_tls(authority.issue("policy", alt="IP:127.0.0.1"))
    told, log = fetched(make_system, probe_directory, service.url)
    assert told == "result=0 status=200 body=released"
    assert "SALI0015W" not in log


def test_a_server_of_an_authority_that_is_not_trusted_is_not(make_system, probe_directory, tmp_path, serve_tls):
    (tmp_path / "other").mkdir()
    service = serve_tls(Authority(tmp_path / "other", "Other CA").issue("policy", alt="IP:127.0.0.1"))
    told, log = fetched(make_system, probe_directory, service.url)
    assert told == "result=6 status=0 body="
    assert "SALI0015W one: " in log and "certificate" in log


def test_a_certificate_of_another_host_is_not_trusted(make_system, probe_directory, authority, serve_tls):
    service = serve_tls(authority.issue("elsewhere", alt="DNS:elsewhere.example"))
    told, log = fetched(make_system, probe_directory, service.url)
    assert told == "result=6 status=0 body="
    assert "SALI0015W one: " in log


def test_a_server_that_is_silent_is_waited_for_as_long_as_was_said(make_system, probe_directory):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told, log = fetched(make_system, probe_directory, f"https://127.0.0.1:{silent.getsockname()[1]}/", 300)
    assert told == "result=4 status=0 body="
    assert "SALI0015W one: " in log


def test_a_server_that_is_down_is_told(make_system, probe_directory):
    told, log = fetched(make_system, probe_directory, f"https://127.0.0.1:{free_ports(1)[0]}/", 0)
    assert told == "result=6 status=0 body="
    assert "SALI0015W one: " in log


def test_one_that_speaks_no_tls_is_told(make_system, probe_directory):
    """It answers the handshake with something else."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=answer, daemon=True).start()
    told, _ = fetched(make_system, probe_directory, f"https://127.0.0.1:{listener.getsockname()[1]}/")
    assert told == "result=6 status=0 body="
    listener.close()


@pytest.mark.parametrize("stores, reason", [
    ("", "the trust store holds no trusted certificate"),
    ('<httpEndpoint id="defaultHttpEndpoint" httpPort="{http}" httpsPort="-1"/><!-- no <keyStore -->',
     "no ssl element says whom to trust")], ids=["a key and its chain only", "no store at all"])
def test_where_nobody_is_trusted_https_is_refused_with_the_reason(make_system, probe_directory, authority, serve_tls, stores, reason):
    service = serve_tls(authority.issue("policy", alt="IP:127.0.0.1"))
    server = make_system(probe("one", probe_directory, url=service.url), stores, references="one", arguments=ONE_WORKER).start()
    assert ask(server, do="one:pre_invoke:fetch:0").status == 200
    log = wait_for(server, "pre_invoke fetched result=1 status=0")  # SALLYPORT_EINVAL
    assert f"SALI0015W one: https needs an ssl element that says whom to trust: {reason}" in log
