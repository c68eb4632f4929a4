"""What interceptors see of requests, in which order, and what happens when one ends a request: with a real server, a
real region, and a plug-in that logs what it is told."""
import os
import re

import pytest

import archives
from conftest import Connection, wait_until
from plugin_server import (ONE_WORKER, Asking, administer, ask, built_probe, credentials, held_service,  # noqa: F401
                           make_system, mark, plugin_directory, probe, probe_directory, refusal, said,
                           steps, wait_for)
from test_update import edit, refresh

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="plug-ins must belong to root")

AROUND = ["pre_invoke", "pre_sor", "post_sor", "post_invoke"]


def around(*order):
    """The steps of a whole call through interceptors in this order."""
    return [f"{name}.{AROUND[0]}" for name in order] + [f"{name}.{AROUND[1]}" for name in order] + \
           [f"{name}.{AROUND[2]}" for name in reversed(order)] + [f"{name}.{AROUND[3]}" for name in reversed(order)]


def whole(server, begin, count, uri="/echo/it"):
    """The steps from a place in the log, when as many as that are there."""
    wait_until(lambda: len(steps(server, begin, uri)) >= count, f"{count} steps in {steps(server, begin, uri)}")
    return steps(server, begin, uri)


def test_pre_is_called_in_ascending_sequence_and_post_in_descending(make_system, probe_directory):
    server = make_system(probe("last", probe_directory), probe("second", probe_directory, 'sequence="20"'),
                         probe("first", probe_directory, 'sequence="3"'), references="last,second,first",
                         arguments=ONE_WORKER).start()
    assert ask(server).status == 200
    assert whole(server, 0, 12) == around("first", "second", "last")


def test_the_same_interceptor_in_both_lists_runs_twice_with_two_states(make_system, probe_directory):
    server = make_system(
        probe("one", probe_directory),
        '<zosconnect_zosConnectInterceptors id="own" interceptorRef="one"/>'
        '<zosconnect_zosConnectAPIs><zosConnectAPI name="echo" interceptorsRef="own"/>'
        '<zosConnectAPI name="other" interceptorsRef="own" runGlobalInterceptors="false"/></zosconnect_zosConnectAPIs>',
        references="one", arguments=ONE_WORKER).start()
    assert ask(server).status == 200
    assert whole(server, 0, 8) == around("one", "one")
    post = [re.search(r"state=(\w+)", line).group(1) for line in said(server) if " post_invoke " in line]
    assert post == ["2", "1"]  # the last one first, each with what its own pre kept
    begin = mark(server)
    assert ask(server, target="/other/it").status == 200
    assert whole(server, begin, 4, "/other/it") == around("one")


def test_one_that_stops_ends_the_request_before_the_system_of_record(make_system, probe_directory):
    server = make_system(*(probe(name, probe_directory, f'sequence="{n}"') for n, name in enumerate(("a", "b", "c"))),
                         references="a,b,c", arguments=ONE_WORKER).start()
    response = ask(server, do="b:pre_invoke:stop:451")
    assert response.status == 451
    assert response.json["errorDetails"] == "the probe says no"
    assert response.json["errorMessage"].startswith("BAQR0406W: The b interceptor")
    # post of those whose pre was called, that of the one that stopped among them; nothing of the one behind it
    assert whole(server, 0, 4) == ["a.pre_invoke", "b.pre_invoke", "b.post_invoke", "a.post_invoke"]
    assert len(re.findall(r"post_invoke POST /echo/it type=1 status=451", server.log())) == 2
    begin = mark(server)
    assert ask(server, do="a:pre_invoke:return:7").status == 500
    assert whole(server, begin, 2) == ["a.pre_invoke", "a.post_invoke"]
    begin = mark(server)
    assert ask(server).status == 200
    assert whole(server, begin, 12) == around("a", "b", "c")


def test_each_status_that_one_may_stop_with_reaches_the_client(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), references="one", arguments=ONE_WORKER).start()
    wrong = {}
    for status in [0, -1, 1, 100, 200, 204, 302, 399, 600, 999, 70000, *range(400, 600)]:
        response = ask(server, do=f"one:pre_invoke:stop:{status}")
        expected = status if 400 <= status <= 599 else 500
        if (response and response.status, response and response.json["errorDetails"]) != (expected, "the probe says no"):
            wrong[status] = response
    assert not wrong


def test_a_failure_before_the_chain_is_told_to_global_ones_only(make_system, probe_directory):
    server = make_system(
        probe("common", probe_directory), probe("own", probe_directory),
        '<zosconnect_zosConnectInterceptors id="ownList" interceptorRef="own"/>'
        '<zosconnect_zosConnectAPIs><zosConnectAPI name="echo" interceptorsRef="ownList"/></zosconnect_zosConnectAPIs>',
        references="common", arguments=ONE_WORKER).start()
    cases = [  # user, method, target, status, type, user that is told
        (None, "POST", "/echo/it", 401, 1, ""),
        ("nobody", "POST", "/echo/it", 401, 1, ""),
        ("fred", "POST", "/echo/absent", 404, 1, "fred"),
        ("fred", "GET", "/echo/it", 405, 1, "fred"),
        ("fred", "POST", "/nothing/here", 404, 0, "fred"),
        ("fred", "POST", "/zosConnect/services/absent?action=invoke", 404, 0, "fred"),
    ]
    for user, method, target, status, kind, told in cases:
        begin = mark(server)
        assert ask(server, user, method=method, target=target).status == status, target
        line = f"early_failure {method} {target.split('?')[0]} type={kind} status={status} user={told} state=none"
        wait_for(server, line, begin)
        assert said(server, begin) == [f"common: {line}"]


def test_early_failure_may_wait_and_ask_as_the_others_do(make_system, probe_directory, held_service):
    server = make_system(probe("one", probe_directory, url=held_service.url), references="one", arguments=ONE_WORKER).start()
    held_service.release()
    assert ask(server, None, do="one:early_failure:fetch:0").status == 401
    wait_for(server, "early_failure fetched result=0 status=200 body=released")


def test_what_is_stopped_calls_no_system_of_record(make_system, probe_directory):
    """Of a stopped API the global ones are told as of an early failure. A stopped service is found behind them."""
    server = make_system(probe("one", probe_directory), probe("own", probe_directory),
                         '<zosconnect_zosConnectInterceptors id="ownList" interceptorRef="own"/>'
                         '<zosconnect_zosConnectAPIs><zosConnectAPI name="other" interceptorsRef="ownList"/></zosconnect_zosConnectAPIs>',
                         references="one", arguments=ONE_WORKER).start()
    assert administer(server, "PUT", "/apis/other?status=stopped").status == 200
    begin = mark(server)
    assert ask(server, target="/other/it").status == 503
    assert whole(server, begin, 1, "/other/it") == ["one.early_failure"]
    assert administer(server, "PUT", "/services/echo?status=stopped").status == 200
    for target in ("/echo/it", "/zosConnect/services/echo?action=invoke"):
        begin = mark(server)
        response = ask(server, target=target, method="POST")
        assert response.status == 503 and "Service echo is stopped." in response.json["errorMessage"]
        assert whole(server, begin, 2, target.split("?")[0]) == ["one.pre_invoke", "one.post_invoke"]


def test_a_request_that_cannot_be_mapped_has_pre_and_post_only(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), references="one", arguments=ONE_WORKER).start()
    assert ask(server, text="too long for a field of twenty characters").status == 400
    assert whole(server, 0, 2) == ["one.pre_invoke", "one.post_invoke"]
    assert "post_invoke POST /echo/it type=1 status=400" in server.log()


def test_a_system_of_record_that_is_down_is_seen_from_both_sides(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), references="one", arguments=ONE_WORKER).start()
    server.region.stop()
    assert ask(server).status == 503
    assert whole(server, 0, 4) == around("one")
    assert "post_invoke POST /echo/it type=1 status=503" in server.log()


def test_administration_has_pre_and_post_and_the_requesters_description(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), '<sallyport allowInert="zosconnect_endpointConnection"/>'
                         '<zosconnect_endpointConnection id="endpoint" host="http://127.0.0.1" port="9"/>',
                         references="one", arguments=ONE_WORKER)
    archives.requester(server.directory / "resources" / "zosconnect" / "apiRequesters" / "claims.ara", "claims",
                       description="Claims of customers")
    server.start()
    begin = mark(server)
    assert administer(server, "GET", "/apiRequesters/claims", do="one:post_invoke:facts").status == 200
    assert whole(server, begin, 2, "/zosConnect/apiRequesters/claims") == ["one.pre_invoke", "one.post_invoke"]
    assert "type=3" in server.log()[begin:]
    wait_for(server, "facts requester=claims/1.0.0/Claims of customers ", begin)


def test_the_reply_its_mapped_headers_and_the_resource_are_told(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), references="one", arguments=ONE_WORKER)
    connect = server.directory / "resources" / "zosconnect"
    archives.api(connect / "apis" / "echo.aar", "echo", "/echo", "/it", "POST", "echo",
                 response_headers={"X-Told": "Text"})
    server.start()
    response = ask(server, do="one:post_invoke:facts")
    assert (response.status, response.header("X-Told")) == (200, "ABC")
    line = wait_for(server, "post_invoke facts")
    assert 'in={"Area": {"Text": "ABC"}} ' in line
    assert 'out={"Area":{"Rest":"' in line
    assert "mapped=1,X-Told=ABC" in line
    assert "sor=CSMI,ECHOPGM " in line


def test_a_header_of_the_reply_may_come_from_every_method_but_early_failure(make_system, probe_directory):
    server = make_system(probe("one", probe_directory), references="one", arguments=ONE_WORKER).start()
    for method in AROUND:
        response = ask(server, do=f"one:{method}:header")
        assert (response.status, response.header("X-Probe")) == (200, "one"), method
    begin = mark(server)
    response = ask(server, None, do="one:early_failure:header")
    assert (response.status, response.header("X-Probe")) == (401, None)
    wait_for(server, "early_failure did header result=1", begin)


# ---------------------------------------------------------------- waiting


@pytest.mark.parametrize("method", AROUND)
def test_a_worker_serves_others_while_a_method_waits(make_system, probe_directory, held_service, method):
    server = make_system(probe("one", probe_directory, url=held_service.url), references="one", arguments=ONE_WORKER).start()
    held = Asking(server, do=f"one:{method}:fetch:0")
    held_service.wait_until_asked()
    for _ in range(3):  # there is one worker, and the first request is in it
        assert ask(server).status == 200
    assert held.is_waiting()
    held_service.release()
    assert held.response().status == 200
    wait_for(server, f"{method} fetched result=0 status=200 body=released")


def test_post_is_called_when_the_client_goes_while_a_method_waits(make_system, probe_directory, held_service):
    server = make_system(probe("one", probe_directory, url=held_service.url), references="one", arguments=ONE_WORKER).start()
    for method, seen in (("pre_invoke", ["pre_invoke", "post_invoke"]), ("pre_sor", AROUND), ("post_sor", AROUND)):
        begin = mark(server)
        with Connection(server.http) as client:
            client.send("POST /echo/it HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        f"{credentials('fred')[0]}: {credentials('fred')[1]}\r\nX-Do: one:{method}:fetch:0\r\n"
                        "Content-Length: 24\r\n\r\n" '{"Area":{"Text":"ABCD"}}')
            held_service.wait_until_asked()
            client.abort()
        wait_for(server, f"{method} fetched result=5", begin)  # SALLYPORT_ECANCELED
        assert whole(server, begin, len(seen)) == [f"one.{each}" for each in seen]
        held_service.release()
        held_service.hold()
    assert ask(server).status == 200


def test_one_that_never_answers_ends_its_request_after_the_timeout(make_system, probe_directory):
    server = make_system(probe("one", probe_directory, 'timeout="300ms"'), references="one", arguments=ONE_WORKER).start()
    response = ask(server, do="one:pre_invoke:mute:0")
    assert response.status == 503 and response.json["errorDetails"] == "SALI0011E: the interceptor did not decide in time"
    assert whole(server, 0, 2) == ["one.pre_invoke", "one.post_invoke"]
    log = wait_for(server, "SALI0011E")
    assert "interceptor plug-in one took" in log and "in method pre_invoke, of 300 ms" in log
    for method in AROUND[1:]:  # those cannot end it
        begin = mark(server)
        assert ask(server, do=f"one:{method}:mute:0").status == 200
        wait_for(server, f"in method {method}, of 300 ms", begin)


# ---------------------------------------------------------------- another configuration


def test_a_changed_element_has_another_instance_and_requests_end_with_theirs(make_system, probe_directory, held_service):
    server = make_system(probe("one", probe_directory, url=held_service.url, create="log"),
                         '<config updateTrigger="mbean"/>', references="one", arguments=ONE_WORKER).start()
    wait_for(server, "one: created")
    held = Asking(server, do="one:pre_invoke:fetch:0")
    held_service.wait_until_asked()
    begin = mark(server)
    edit(server, 'value="log"', 'value="say"')
    refresh(server)
    wait_for(server, "one: created", begin)
    assert ask(server).status == 200
    assert "destroyed" not in server.log()
    held_service.release()
    assert held.response().status == 200
    wait_for(server, "one: destroyed")
    assert len(re.findall("one: created", server.log())) == 2


def test_one_that_refuses_its_configuration_stops_the_start_and_refuses_the_update(make_system, probe_directory):
    server = make_system(probe("one", probe_directory, create="log"), '<config updateTrigger="mbean"/>',
                         references="one", arguments=ONE_WORKER).start()
    edit(server, 'value="log"', 'value="refuse"')
    result = server.command("refresh")
    assert result.returncode != 0
    assert "the probe does not want to be made" in result.stdout + result.stderr + server.log()
    assert ask(server).status == 200  # with what was there before
    assert server.stop() == 0
    assert ('SALI0010E: sallyport_pluginInterceptor id="one" library="probe.so": it refuses its configuration: '
            "the probe does not want to be made") in refusal(server)

