"""Levels by lists of groups as they are written, refusals word by word, and configurations that change under a request."""
import pytest

import authority as world
from conftest import wait_until
from plugin_server import (ONE_WORKER, Asking, ask, built_probe, held_service, make_system, plugin_directory,  # noqa: F401
                           probe, probe_directory)
from test_api import JSON, basic
from test_authorization import make_world  # noqa: F401 (a fixture)
from test_update import edit, refresh

CALLERS = {"f": ("fred", ["STAFF"]), "c": ("cora", ["CLERKS"]), "n": ("nora", ["Night shift"]), "l": ("lena", ["L" * 256]),
           "u": ("uma", ["СLERKS"]), "e": ("emil", ["STAFF."]), "a": ("alone", [])}
SERVER = """<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/><zosconnect_zosConnectInterceptors id="all" interceptorRef="auth"/>
<zosconnect_authorizationInterceptor id="auth"/>
"""


def entities(text):
    return "".join(letter if ord(letter) < 128 else f"&#{ord(letter)};" for letter in text)


def test_lists_of_groups_as_they_are_written(make_server):
    users = world.users(dict(CALLERS.values())) + world.role("ALL_AUTHENTICATED_USERS")
    wrong, tried = [], set()
    for line in world.lines("groups.txt"):
        may, text = line.split()
        value = "" if text == "-" else text.replace("_", " ").replace("LONG", "L" * 256).replace("`", "&#10;")
        # In the manager's list, and in that of an item which then is its own.
        server = make_server(entities(SERVER + users) + f'<zosconnect_zosConnectManager requireSecure="false" globalInterceptorsRef="all" '
                             f'globalReaderGroup="{entities(value)}"/>')
        with world.Client(server) as client:
            for letter, (name, _) in CALLERS.items():
                status = client.ask("GET", "/zosConnect/apis", [basic(name)]).status
                if status != (200 if letter in may else 403):
                    wrong.append((line, name, status))
                tried |= {letter} if status == 200 else set()
        server.stop()
    assert not wrong and tried == set(CALLERS) - {"a"}


# ---------------------------------------------------------------- what refusals say

INTERCEPTOR = "BAQR0406W: The zosConnectAuthorization interceptor encountered an error while processing a request{} under request URL {}."
LEVEL = "BAQR0409W: User {} is not authorized to perform the request."
NO_TLS_PORT = "This resource is available over TLS only, and the server has no TLS port."


def test_refusals_word_by_word(make_world):  # noqa: F811
    server = make_world(world.users({"fred": ["STAFF"], "stranger": []}) + world.role("group:STAFF")
                        + world.elements(plain="", secure='requireSecure="true"'), ["plain", "secure"],
                        'requireSecure="false" globalInterceptorsRef="all" globalInvokeGroup="NONE"')
    base = f"http://localhost:{server.http}"
    host = ("Host", f"localhost:{server.http}")
    for method, target, user, status, message, details in (
            ("POST", "/plain/it", "fred", 403, INTERCEPTOR.format(" for API plain", base + "/plain/it"), LEVEL.format("fred")),
            ("POST", "/zosConnect/services/plain?action=invoke", "fred", 403,
             INTERCEPTOR.format(" for service plain", base + "/zosConnect/services/plain"), LEVEL.format("fred")),
            ("POST", "/direct/plain", "fred", 403, INTERCEPTOR.format(" for service plain", base + "/direct/plain"), LEVEL.format("fred")),
            ("GET", "/zosConnect/apiRequesters/plain", "fred", 403,
             INTERCEPTOR.format(" for API requester plain", base + "/zosConnect/apiRequesters/plain"), LEVEL.format("fred")),
            ("GET", "/zosConnect/apis", "fred", 403, INTERCEPTOR.format("", base + "/zosConnect/apis"), LEVEL.format("fred")),
            ("POST", "/plain/it", "stranger", 403, "Error 403: AuthorizationFailed", None),
            ("POST", "/plain/it", None, 401, "Error 401: Unauthorized", None),
            ("POST", "/secure/it", "fred", 302, "This resource is available over TLS only.", None)):
        headers = [host, JSON] + ([basic(user)] if user else [])
        response = server.call(method, target, headers, world.BODY if method == "POST" else None, tls=False)
        expected = {"errorMessage": message, **({"errorDetails": details} if details else {})}
        assert (response.status, response.json) == (status, expected), target
    # The log has the ids with who, from where and what.
    assert "POST /plain/it from 127.0.0.1: interceptors: BAQR0409W: User fred is not authorized to perform the request." in server.log()


def test_refusals_of_a_server_that_cannot_do_better(make_server, tmp_path):
    """No TLS port to send anybody to; no security database to ask about the role."""
    endpoint = '<httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="{http}" httpsPort="-1"/>'
    server = make_server(SERVER + world.users({"fred": []}) + world.role("user:fred") + endpoint + '<zosconnect_zosConnectManager/>')
    response = server.call("GET", "/zosConnect/apis", [basic("fred")], tls=False)
    assert (response.status, response.header("Location"), response.json) == (403, None, {"errorMessage": NO_TLS_PORT})
    other = make_server(SERVER + world.users({"fred": []}) + world.role("EVERYONE") + '<zosconnect_zosConnectManager requireSecure="false"/>'
                        f'<safAuthorization/><sallyport_saf database="{tmp_path}/absent/saf.db"/>')
    response = other.call("GET", "/zosConnect/apis", [basic("fred")], tls=False)
    assert (response.status, response.json) == (503, {"errorMessage": "The security database is not available."})


# ---------------------------------------------------------------- a configuration that changes under a request

GROUPS = '<basicRegistry id="basic"><group name="STAFF"><member name="fred"/></group><group name="OTHERS"><member name="mary"/></group></basicRegistry>'


@pytest.mark.parametrize("sequence", ["before", "behind"])
def test_a_request_is_decided_by_the_configuration_it_began_with(make_system, probe_directory, held_service, sequence):  # noqa: F811
    auth, other = ("1", "2") if sequence == "behind" else ("2", "1")
    server = make_system(probe("one", probe_directory, f'sequence="{other}"', url=held_service.url), GROUPS,
                         f'<zosconnect_authorizationInterceptor id="auth" sequence="{auth}"/><config updateTrigger="mbean"/>',
                         references="one,auth", manager='globalInvokeGroup="STAFF"', arguments=ONE_WORKER).start()
    held = Asking(server, do="one:pre_invoke:fetch:0")
    held_service.wait_until_asked()
    edit(server, 'globalInvokeGroup="STAFF"', 'globalInvokeGroup="OTHERS"')
    refresh(server)
    wait_until(lambda: ask(server, "mary").status == 200, "the new configuration")
    assert ask(server, "fred").status == 403
    assert held.is_waiting()
    held_service.release()
    assert held.response().status == 200
    assert ask(server, "fred").status == 403


def test_a_role_and_groups_that_are_taken_away_are_gone_with_the_next_request(make_system, probe_directory):  # noqa: F811
    server = make_system('<zosconnect_authorizationInterceptor id="auth"/><config updateTrigger="mbean"/>', GROUPS,
                         references="auth", manager='globalInvokeGroup="STAFF"', arguments=ONE_WORKER).start()
    assert ask(server, "fred").status == 200
    for old, new, status in (('<member name="fred"/>', '<member name="mary"/>', 403), ('<member name="mary"/>', '<member name="fred"/>', 200),
                             ('<special-subject type="ALL_AUTHENTICATED_USERS"/>', '<user name="mary"/>', 403)):
        edit(server, old, new)
        refresh(server)
        wait_until(lambda: ask(server, "fred").status == status, f"{status} after {new}")  # noqa: B023
