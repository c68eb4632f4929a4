"""Which interceptors a request calls, and in which order, as tests/data/authz/chain.txt has it."""
import os
import re

import pytest

import archives
import authority as world
from conftest import wait_until
from plugin_server import (ONE_WORKER, ask, built_probe, make_system, plugin_directory, probe, probe_directory,  # noqa: F401
                           said)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="plug-ins must belong to root")

FORM = {"pre_invoke": "+{}", "post_invoke": "-{}", "pre_sor": "({}", "post_sor": "{})", "early_failure": "!{}"}
GROUPS = 'globalAdminGroup="STAFF" globalInvokeGroup="STAFF"'
ITEMS = {"api": ("zosconnect_zosConnectAPIs", '<zosConnectAPI name="{}" {}/>'),
         "service": (None, '<zosconnect_zosConnectService serviceName="{0}" serviceRef="{0}" invokeURI="/direct/{0}" {1}/>'),
         "requester": ("zosconnect_apiRequesters", '<apiRequester name="{}" {}/>')}


def blocks():
    found = {}
    for line in world.lines("chain.txt"):
        if line.startswith("["):
            lines = found[line.strip("[]")] = []
        else:
            lines.append(line)
    return found


def attributes(words):
    text = ""
    for word in words:
        text += 'runGlobalInterceptors="false" ' if word == "alone" else f'interceptorsRef="{word.partition("=")[2]}" '
    return text


def elements_of(lines, directory):
    """(the elements, the attributes of the manager)"""
    text, manager, items = [], "", {"service": {"echo": ""}}
    for line in lines:
        word, rest = line.split(maxsplit=1)
        name, _, more = rest.partition(" ")
        if word == "define":
            text.append(f'<zosconnect_authorizationInterceptor id="auth" {more}/>' if name == "auth" else probe(name, directory, more))
        elif word == "list":
            text.append(f'<zosconnect_zosConnectInterceptors id="{name}" interceptorRef="{"" if more == "none" else more}"/>')
        elif word == "global":
            manager = f'globalInterceptorsRef="{name}"'
        elif word in ITEMS:
            items.setdefault(word, {})[name] = attributes(more.split())
    for kind, named in items.items():
        around, form = ITEMS[kind]
        inside = "".join(form.format(name, more) for name, more in named.items())
        text.append(f"<{around}>{inside}</{around}>" if around else inside)
    return text, manager


def asked(line):
    """(user, method, target, deed, status, trace)"""
    request, _, answer = line.partition(" -> ")
    user, method, target, *deed = request.split()[1:]
    status, _, trace = answer.partition(": ")
    return None if user == "-" else user, method, target, "".join(deed), int(status), [] if trace == "nobody" else trace.split()


def trace_of(server):
    """Everything that was logged, as the data file writes it."""
    steps = [re.match(r"(\w+): (\w+) \w+ /\S* type=", line) for line in said(server)]
    return [FORM[step.group(2)].format(step.group(1)) for step in steps if step]


@pytest.mark.parametrize("title", blocks())
def test_who_is_called_in_which_order(make_system, probe_directory, title):  # noqa: F811
    lines = blocks()[title]
    elements, manager = elements_of(lines, probe_directory)
    staff = '<basicRegistry id="basic"><group name="STAFF"><member name="fred"/></group></basicRegistry>'
    inert = ('<sallyport allowInert="zosconnect_endpointConnection,apiRequester"/>'
             '<zosconnect_endpointConnection id="endpoint" host="http://127.0.0.1" port="9"/>')
    server = make_system(*elements, staff, inert, references="", manager=f"{manager} {GROUPS}", arguments=ONE_WORKER)
    archives.requester(server.directory / "resources" / "zosconnect" / "apiRequesters" / "claims.ara", "claims")
    server.start()
    expected = []
    requests = [asked(line) for line in lines if line.startswith("ask ")]
    for user, method, target, deed, status, trace in requests:
        response = ask(server, user, deed, target, method)
        assert response.status == status, (title, target, deed, response)
        expected += trace
        # The end of a request may be behind its answer.
        wait_until(lambda: len(trace_of(server)) >= len(expected), f"{expected} in {trace_of(server)}")
    server.stop()
    assert trace_of(server) == expected
    assert requests
