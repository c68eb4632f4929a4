"""What is configured about interceptors and cannot have been meant: told by a server that starts, and by `server check`."""
import json
import re

import pytest

from conftest import wait_until
from plugin_server import refusal

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<basicRegistry id="basic" realm="zosConnect"><user name="fred" password="fred secret"/></basicRegistry>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">
  <special-subject type="ALL_AUTHENTICATED_USERS"/></security-role></authorization-roles>
"""
MANAGER = "<zosconnect_zosConnectManager {0}/>"
AUTH = '<zosconnect_authorizationInterceptor id="auth"/>'
LIST = '<zosconnect_zosConnectInterceptors id="all" interceptorRef="{0}"/>'
GLOBAL = 'globalInterceptorsRef="all"'
GROUPS = 'globalAdminGroup="GA" globalOperationsGroup="GO" globalInvokeGroup="GI" globalReaderGroup="GR"'
ITEM = '<zosconnect_zosConnectAPIs><zosConnectAPI name="booking" {0}/></zosconnect_zosConnectAPIs>'
# With this nothing is to be told.
SOUND = [MANAGER.format(f"{GLOBAL} {GROUPS}"), AUTH, LIST.format("auth")]

CASES = {
    "an interceptor in no list": (
        [*SOUND, '<zosconnect_auditInterceptor id="audit"/>'],
        ['SALI0001W zosconnect_auditInterceptor id="audit" never runs']),
    "a list that nobody names": (
        [*SOUND, '<zosconnect_zosConnectInterceptors id="spare" interceptorRef="auth"/>'],
        ['SALI0002W zosconnect_zosConnectInterceptors id="spare" never runs']),
    "global groups that nobody checks": (
        [MANAGER.format(GROUPS)],
        ["SALI0003W the groups of zosconnect_zosConnectManager protect nothing"]),
    "groups of an item that nobody checks": (
        [MANAGER.format(""), ITEM.format('invokeGroup="CLERKS"')],
        ['SALI0003W the groups of zosConnectAPI name="booking" protect nothing']),
    "an item that opts out of authorization": (
        [*SOUND, ITEM.format('runGlobalInterceptors="false"')],
        ['SALI0004W zosConnectAPI name="booking" is open to every holder of the role']),
    "an item that opts out and has groups": (
        [*SOUND, ITEM.format('runGlobalInterceptors="false" invokeGroup="CLERKS"')],
        ['SALI0003W the groups of zosConnectAPI name="booking" protect nothing']),
    "authorization without groups": (
        [MANAGER.format(GLOBAL), AUTH, LIST.format("auth")],
        ["SALI0005W an authorization interceptor runs for everything, and zosconnect_zosConnectManager names no groups"]),
    "a misspelt interceptor": (
        [MANAGER.format(""), '<zosconnect_authorisationInterceptor id="auth"/>'],
        ["SALC0030W <zosconnect_authorisationInterceptor> is not known in <server>; did you mean <zosconnect_authorizationInterceptor>?"]),
    "a misspelt list": (
        [MANAGER.format(""), AUTH, '<zosconnect_zosConnectInterceptor id="all" interceptorRef="auth"/>'],
        ["SALC0030W <zosconnect_zosConnectInterceptor> is not known in <server>; did you mean <zosconnect_zosConnectInterceptors>?",
         'SALI0001W zosconnect_authorizationInterceptor id="auth" never runs']),
    "a misspelt reference to the global list": (
        [MANAGER.format('globalInterceptorRef="all"'), AUTH, LIST.format("auth")],
        ["SALC0031W", 'SALI0002W zosconnect_zosConnectInterceptors id="all" never runs']),
    "the opt-out as some papers spell it": (
        [*SOUND, ITEM.format('runGlobalInterceptorsRef="false"')],
        ["SALC0034W zosconnect_zosConnectAPIs/zosConnectAPI[booking]: runGlobalInterceptorsRef is understood, but write runGlobalInterceptors",
         'SALI0004W zosConnectAPI name="booking" is open to every holder of the role']),
    "a file logger in no list": (
        [*SOUND, '<zosconnect_fileSystemLoggerInterceptor id="messages"/>'],
        ['SALI0001W zosconnect_fileSystemLoggerInterceptor id="messages" never runs: no zosconnect_zosConnectInterceptors names it as its '
         "interceptorRef"]),
    "all at once": (
        [MANAGER.format(GLOBAL), AUTH, '<zosconnect_auditInterceptor id="audit"/>', LIST.format("auth"),
         '<zosconnect_zosConnectInterceptors id="spare" interceptorRef="auth"/>',
         ITEM.format('runGlobalInterceptors="false" adminGroup="CHIEFS"')],
        ["SALI0001W", "SALI0002W", "SALI0003W", "SALI0005W"]),
    "nothing": (SOUND, []),
}


def told(text):
    """Lines about interceptors, without the place, each once."""
    return sorted({" ".join(line) for line in re.findall(r"(SALI000\dW|SALC003\dW)(?: \S*server\.xml(?::\d+)*)?: (.*)", text)})


@pytest.mark.parametrize("elements, expected", CASES.values(), ids=CASES.keys())
def test_the_log_of_a_start_and_the_check_tell_it(make_server, elements, expected):
    server = make_server(XML + "\n".join(elements))
    check = server.command("check")
    for text in (server.log(), check.stdout + check.stderr):
        lines = told(text)
        assert [line.startswith(start) for line, start in zip(lines, sorted(expected))] == [True] * len(expected), lines
        assert len(lines) == len(expected), lines


def test_each_warning_names_the_line_it_is_about(make_server):
    """Also in a file that is included."""
    elements = [MANAGER.format(GLOBAL), AUTH, LIST.format("auth"), '<zosconnect_auditInterceptor id="audit"/>',
                '<zosconnect_zosConnectInterceptors id="spare" interceptorRef="auth"/>', '<include location="more.xml"/>']
    server = make_server(XML + "\n".join(elements), start=False)
    more = server.directory / "more.xml"
    more.write_text("<server>\n  <zosconnect_zosConnectAPIs>\n" + '    <zosConnectAPI name="booking" runGlobalInterceptors="false" adminGroup="CHIEFS"/>\n'
                    + "  </zosconnect_zosConnectAPIs>\n</server>\n")
    lines = (server.directory / "server.xml").read_text().splitlines()
    main = server.directory / "server.xml"

    def line_of(text):
        return next(number for number, line in enumerate(lines, 1) if text in line)

    check = server.command("check")
    expected = [(main, line_of('id="audit"'), "SALI0001W"), (main, line_of('id="spare"'), "SALI0002W"), (more, 3, "SALI0003W"),
                (main, line_of("<zosconnect_zosConnectManager"), "SALI0005W")]
    found = re.findall(r"(?m)^(\S+?\.xml):(\d+):\d+: warning (SALI000\dW): ", check.stdout + check.stderr)
    assert sorted(found, key=lambda each: each[2]) == [(str(path), str(line), message) for path, line, message in expected]
    problems = json.loads(server.command("check", "--json").stdout)["problems"]
    assert {(each["file"], each["line"], each["id"]) for each in problems if each["id"].startswith("SALI")} == set(
        (str(path), line, message) for path, line, message in expected)


def test_a_reference_to_no_interceptor_stops_the_start(make_server):
    for elements, place, name in (([MANAGER.format(GLOBAL), AUTH, LIST.format("auth,audti")], "interceptorRef", "audti"),
                                  ([MANAGER.format('globalInterceptorsRef="al"'), AUTH], "globalInterceptorsRef", "al"),
                                  ([*SOUND, ITEM.format('interceptorsRef="auth"')], "interceptorsRef", "auth")):
        server = make_server(XML + "\n".join(elements), start=False)
        assert [line for line in refusal(server).splitlines() if "SALC0051E" in line and place in line and name in line], name


def test_an_update_tells_it_too(make_server):
    server = make_server(XML + "\n".join(SOUND) + '<config updateTrigger="mbean"/>')
    assert told(server.log()) == []
    path = server.directory / "server.xml"
    path.write_text(path.read_text().replace("</server>", '<zosconnect_auditInterceptor id="audit"/></server>'))
    assert server.command("refresh").returncode == 0
    wait_until(lambda: "SALI0001W" in server.log(), "the warning in the log")
