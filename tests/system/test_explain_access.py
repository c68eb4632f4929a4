"""`sallyport explain access`: who may do what on what is deployed, and why; compared with what a server answers."""
import base64
import csv
import io
import json
import subprocess

import pytest

import archives
from conftest import SALLYPORT, need
from region import Region

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<basicRegistry id="basic" realm="shop">
  <user name="sys" password="sys secret"/><user name="clerk" password="clerk secret"/>
  <user name="oper" password="oper secret"/><user name="nobody" password="nobody secret"/>
  <group name="SYSPGRP"><member name="sys"/></group>
  <group name="CLERKS"><member name="clerk"/></group>
  <group name="OPERS"><member name="oper"/></group>
</basicRegistry>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">
  <user name="sys"/><group name="CLERKS"/><group name="OPERS"/></security-role></authorization-roles>
<zosconnect_zosConnectManager requireSecure="false" globalInterceptorsRef="all" globalAdminGroup="SYSPGRP"
  globalInvokeGroup="CLERKS"/>
<zosconnect_authorizationInterceptor id="auth"/>
<zosconnect_zosConnectInterceptors id="all" interceptorRef="auth"/>
<zosconnect_zosConnectAPIs>
  <zosConnectAPI name="guarded" operationsGroup="OPERS" invokeGroup="OPERS"/>
  <zosConnectAPI name="open" runGlobalInterceptors="false"/>
  <zosConnectAPI name="scoped" requireAuth="false" sallyport_requiredScopes="orders,stock"/>
  <zosConnectAPI name="public" runGlobalInterceptors="false" requireAuth="false"/>
</zosconnect_zosConnectAPIs>
<zosconnect_cicsIpicConnection id="cics" host="127.0.0.1" port="{port}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET" transid="ACCT"/>
"""
APIS = ("plain", "guarded", "open", "public", "scoped")


@pytest.fixture
def server(make_server, tmp_path):
    (tmp_path / "region").mkdir()
    region = Region(tmp_path / "region").start()
    server = make_server(XML.format(port=region.port), start=False)
    connect = server.directory / "resources" / "zosconnect"
    for directory in ("services", "apis"):
        (connect / directory).mkdir(parents=True)
    fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
    archives.service(connect / "services" / "echo.sar", "echo", "ECHOPGM", 89, fields, connection="cics")
    for name in APIS:
        archives.api(connect / "apis" / f"{name}.aar", name, f"/{name}", "/it", "POST", "echo")
    yield server
    region.stop()


def explain(server, *words):
    return subprocess.run([need(SALLYPORT), "explain", "access", *words, "--server", str(server.directory)],
                          env=server.environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("user, action, thing, status, reason", [
    ("clerk", "invoke", "plain", 0, "level invoke through group CLERKS, a global one"),
    ("sys", "invoke", "plain", 1, "none of the groups that permit it"),
    ("sys", "stop", "api:plain", 0, "level admin through group SYSPGRP, a global one"),
    ("sys", "stop", "guarded", 1, "none of the groups that permit it"),
    ("oper", "stop", "guarded", 0, "level operations through group OPERS, the item's"),
    ("oper", "invoke", "guarded", 0, "level invoke through group OPERS, the item's"),
    ("nobody", "invoke", "plain", 1, "the role is missing (403)"),
    ("clerk", "invoke", "open", 0, "no authorization interceptor runs: every holder of the role may"),
    ("nobody", "invoke", "open", 1, "the role is missing"),
    ("-", "invoke", "open", 1, "an identity is demanded (401)"),
    ("-", "invoke", "public", 0, "everybody may"),
    ("sys", "deploy", "api:open", 0, "level admin through group SYSPGRP"),
    ("clerk", "list", "service:echo", 1, "none of the groups"),
    ("sys", "statistics", "server", 0, "level admin"),
    ("sys", "deploy", "server", 0, "level admin through group SYSPGRP"),
    ("oper", "list", "server", 1, "none of the groups"),
    ("-", "stop", "public", 1, "an identity is demanded (401)"),
    ("clerk", "stop", "public", 0, "no authorization interceptor runs"),
    ("-", "document", "public", 0, "everybody may"),
    ("clerk", "invoke", "scoped", 0, "a global one; a token is wanted that has scope orders, stock"),
    ("oper", "invoke", "scoped", 1, "none of the groups"),
    ("-", "invoke", "scoped", 1, "an identity is demanded (401)"),
    ("sys", "stop", "scoped", 0, "level admin through group SYSPGRP, a global one"),
    ("sys", "statistics", "service:echo", 0, "level admin"),
])
def test_one_answer_with_its_reason(server, user, action, thing, status, reason):
    said = explain(server, user, action, thing)
    assert (said.returncode, said.stderr) == (status, ""), said.stdout
    assert said.stdout.startswith("permitted: " if status == 0 else "refused: ")
    assert reason in said.stdout
    as_json = json.loads(explain(server, user, action, thing, "--json").stdout)
    assert as_json["permitted"] == (status == 0)
    assert reason in as_json["reason"]
    rows = list(csv.DictReader(io.StringIO(explain(server, user, action, thing, "--csv").stdout)))
    assert rows[0]["permitted"] == ("yes" if status == 0 else "no")


@pytest.mark.parametrize("words, text", [
    (("sys", "fly", "plain"), "'fly' is no action"),
    (("sys", "statistics", "api:plain"), "has no action 'statistics'"),
    (("sys", "document", "requester:plain"), "nothing called requester:plain is deployed"),
    (("sys", "invoke", "server"), "has no action 'invoke'"),
    (("sys", "invoke", "absent"), "nothing called absent is deployed"),
    (("ghost", "invoke", "plain"), "the registry knows no user ghost"),
    (("sys", "invoke"), "access wants USER ACTION OBJECT"),
    (("--matrix", "sys"), "--matrix wants no names"),
])
def test_what_cannot_be_asked_is_told(server, words, text):
    said = explain(server, *words)
    assert said.returncode != 0
    assert text in said.stderr


def test_the_matrix_agrees_with_what_the_server_answers(server):
    matrix = json.loads(explain(server, "--matrix", "--json").stdout)
    invoke = {row["name"]: row for row in matrix if row["kind"] == "api" and row["action"] == "invoke"}
    assert set(invoke) == set(APIS)
    server.start()
    body = json.dumps({"Area": {"Text": "ABC"}}).encode()
    for name in APIS:
        for user in ("sys", "clerk", "oper", "nobody"):
            credential = base64.b64encode(f"{user}:{user} secret".encode()).decode()
            headers = [("Authorization", "Basic " + credential), ("Content-Type", "application/json")]
            answered = server.call("POST", f"/{name}/it", headers, body, tls=False).status
            # No basic credential has a scope.
            assert answered == (200 if user in invoke[name]["users"] and not invoke[name]["scopes"] else 403), (name, user)
    rows = list(csv.DictReader(io.StringIO(explain(server, "--matrix", "--csv").stdout)))
    assert len(rows) == len(matrix)
    by_name = {row["name"]: row for row in rows if row["kind"] == "api" and row["action"] == "invoke"}
    assert by_name["guarded"]["groups"] == "OPERS" and by_name["guarded"]["users"] == "oper"
    assert by_name["public"]["access"] == "everybody"
    assert by_name["scoped"]["access"] == "role, groups, scopes" and by_name["scoped"]["scopes"] == "orders stock"
    text = explain(server, "--matrix", "--user", "oper").stdout.splitlines()
    assert len(text) == len(matrix) + 1
    assert next(line for line in text if "guarded" in line and " stop " in line).endswith(" oper")


# Of what a server cannot use.
RULES = """<zosconnect_zosConnectAPIs><zosConnectAPI name="ruled" policyRef="rules"/></zosconnect_zosConnectAPIs>
<zosconnect_policy id="rules"><ruleset file="rules.xml"/></zosconnect_policy>
<zosconnect_endpointConnection id="endpoint" host="http://127.0.0.1" port="9"/>
<sallyport allowInert="zosconnect_endpointConnection,apiRequester"/>
"""
RULE = """<ruleset><rule name="one"><conditions><header name="X-Region" match="ANY_VALUE"/></conditions>
<actions><set property="cicsConnectionRef" value="missing"/></actions></rule></ruleset>"""


def leave_out(server):
    """An archive of each kind of fault beside the good ones."""
    connect = server.directory / "resources" / "zosconnect"
    (connect / "apiRequesters").mkdir()
    fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
    for kind, suffix in (("apis", "aar"), ("services", "sar"), ("apiRequesters", "ara")):
        (connect / kind / f"aaa.{suffix}").write_bytes(b"PK no archive")
    for file, name, path, service in (("twice", "plain", "/twice", "echo"), ("path", "path", "/plain", "echo"),
                                      ("own", "own", "/zosConnect/own", "echo"), ("without", "without", "/without", "absent"),
                                      ("behind", "behind", "/behind", "alone"), ("ruled", "ruled", "/ruled", "echo")):
        archives.api(connect / "apis" / f"{file}.aar", name, path, "/it", "POST", service)
    # The files of a directory are taken in the order of their names.
    for file in ("twice", "path"):
        (connect / "apis" / f"{file}.aar").rename(connect / "apis" / f"zz{file}.aar")
    archives.service(connect / "services" / "alone.sar", "alone", "ECHOPGM", 89, fields, connection="missing")
    archives.service(connect / "services" / "echo2.sar", "echo", "ECHOPGM", 89, fields, connection="cics")
    archives.requester(connect / "apiRequesters" / "claims.ara", "claims")
    archives.requester(connect / "apiRequesters" / "nowhere.ara", "nowhere", connection="missing")
    archives.requester(connect / "apiRequesters" / "twice.ara", "claims")
    rules = server.directory / "resources" / "zosconnect" / "rules"
    rules.mkdir()
    (rules / "rules.xml").write_text(RULE)
    path = server.directory / "server.xml"
    path.write_text(path.read_text().replace("</server>", RULES + "</server>"))


def test_what_a_server_leaves_out_is_left_out_and_told(server):
    leave_out(server)
    said = explain(server, "--matrix", "--json")
    assert said.returncode == 0
    rows = json.loads(said.stdout)
    deployed = {(row["kind"], row["name"]) for row in rows}
    table = explain(server, "--matrix", "--csv")
    assert {(row["kind"], row["name"]) for row in csv.DictReader(io.StringIO(table.stdout))} == deployed
    text = explain(server, "--matrix")
    assert {(line.split()[0], "" if line.startswith("server") else line.split()[1]) for line in text.stdout.splitlines()[1:]} == deployed
    assert said.stderr == table.stderr == text.stderr
    # One that is left out is nothing to ask about, and the reason stands beside the answer.
    asked = explain(server, "clerk", "invoke", "api:without")
    assert asked.returncode != 0 and "nothing called api:without is deployed" in asked.stderr
    assert "without.aar: error " in asked.stderr and "service absent, which it calls, is not deployed" in asked.stderr
    # As the server that starts has it.
    server.start()
    listed = {("server", "")}
    user = base64.b64encode(b"sys:sys secret").decode()
    for kind, target, field, name in (("api", "apis", "apis", "name"), ("service", "services", "zosConnectServices", "ServiceName"),
                                      ("requester", "apiRequesters", "apiRequesters", "name")):
        response = server.call("GET", f"/zosConnect/{target}", [("Authorization", f"Basic {user}")], tls=False)
        listed |= {(kind, each[name]) for each in response.json[field]}
    assert deployed == listed
    reasons = {line.split("the archive is not deployed: ", 1)[1] for line in said.stderr.splitlines() if "is not deployed: " in line}
    log = server.log()
    missing = [reason for reason in reasons if reason not in log]
    assert not missing
    assert len(reasons) >= 11


def test_explain_auth_refuses_what_cannot_be_invoked(server):
    def auth(*words):
        done = subprocess.run([need(SALLYPORT), "explain", "auth", "GET", "https://localhost/plain/it", *words, "--server",
                               str(server.directory)], env=server.environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    user = ("-H", "Authorization: Basic " + base64.b64encode(b"clerk:clerk secret").decode())
    for form in ((), ("--json",)):
        for words in ((), user):
            status, out, err = auth("--object", "server", *words, *form)
            assert (status, out) == (1, "") and "server is nothing that can be invoked" in err, (words, form)
        status, out, err = auth("--object", "absent", *user, *form)
        assert (status, out) == (1, "") and "nothing called absent is deployed" in err
        status, out, _ = auth("--object", "api:plain", *user, *form)
        assert status == 0 and out
