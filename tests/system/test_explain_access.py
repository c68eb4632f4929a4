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


def test_the_second_archive_of_a_name_is_left_out_as_by_the_server(server):
    apis = server.directory / "resources" / "zosconnect" / "apis"
    archives.api(apis / "zzz.aar", "plain", "/other", "/it", "POST", "echo")
    said = explain(server, "clerk", "invoke", "plain")
    assert (said.returncode, said.stderr) == (0, "")
    names = [row["name"] for row in json.loads(explain(server, "--matrix", "--json").stdout) if row["action"] == "invoke"]
    assert sorted(names) == sorted([*APIS, "echo"])
