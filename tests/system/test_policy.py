"""Rules of a policy, from a header of the request to the region, transaction and program that it comes to."""
import base64
import json

import pytest

import archives
from conftest import wait_until
from region import Region

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<basicRegistry id="basic" realm="zosConnect"><user name="fred" password="fred secret"/></basicRegistry>
<zosconnect_zosConnectManager requireAuth="false" requireSecure="false"/>
<zosconnect_cicsIpicConnection id="cics-live" host="127.0.0.1" port="{live}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET" transid="ACCT"/>
<zosconnect_cicsIpicConnection id="cics-test" host="127.0.0.1" port="{test}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET" transid="ACCT"/>
<zosconnect_zosConnectAPIs policyRef="routing">{apis}</zosconnect_zosConnectAPIs>
<zosconnect_policy id="routing"><ruleset file="routing.xml"/></zosconnect_policy>
<zosconnect_policy id="other"><ruleset file="other.xml"/></zosconnect_policy>
"""

ROUTING = """<?xml version="1.0" encoding="UTF-8"?>
<ruleset name="routing">
  <rule name="region">
    <conditions><header name="X-Region" value="test, live"/></conditions>
    <actions><set property="cicsConnectionRef" value="cics-${X-Region}"/></actions>
  </rule>
  <rule name="transaction">
    <conditions><header name="X-Tran" match="ANY_VALUE"/></conditions>
    <actions><set property="cicsTransId" value="${X-Tran}"/></actions>
  </rule>
  <rule name="version">
    <conditions><header name="X-Version" value="2"/></conditions>
    <actions><set property="cicsProgram" value="BADPGM"/></actions>
  </rule>
</ruleset>
"""

OTHER = """<ruleset><rule name="always"><conditions><header name="X-Region" match="ANY_VALUE"/></conditions>
<actions><set property="cicsTransId" value="OTHR"/></actions></rule></ruleset>
"""


FRED = ("Authorization", "Basic " + base64.b64encode(b"fred:fred secret").decode())


@pytest.fixture
def make_system(make_server, tmp_path):
    """A server before two regions, with the API /echo that calls ECHOPGM of region live."""
    regions = {}

    def make(routing=ROUTING, apis=""):
        for name in ("live", "test"):
            (tmp_path / name).mkdir()
            regions[name] = Region(tmp_path / name).start()
        xml = XML.format(live=regions["live"].port, test=regions["test"].port, apis=apis)
        server = make_server(xml.replace("{", "{{").replace("}", "}}"), start=False)
        connect = server.directory / "resources" / "zosconnect"
        for directory in ("services", "apis", "rules"):
            (connect / directory).mkdir(parents=True)
        fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
        archives.service(connect / "services" / "echo.sar", "echo", "ECHOPGM", 89, fields, connection="cics-live")
        archives.api(connect / "apis" / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
        (connect / "rules" / "routing.xml").write_text(routing)
        (connect / "rules" / "other.xml").write_text(OTHER)
        server.regions = regions
        return server.start()

    yield make
    for region in regions.values():
        region.stop()


def ask(server, *headers):
    body = json.dumps({"Area": {"Text": "ABC"}}).encode()
    return server.call("POST", "/echo/it", [FRED, ("Content-Type", "application/json"), *headers], body, tls=False)


def tasks(server, name):
    """(transaction, program) of each task that ended in a region."""
    found = []
    for line in server.regions[name].log().splitlines():
        words = line.split()
        if "task" in words:
            at = words.index("task")
            found.append(tuple(words[at + 2:at + 4]))
    return found


def test_a_header_chooses_the_region(make_system):
    server = make_system()
    assert ask(server).status == 200
    wait_until(lambda: tasks(server, "live"), "a task in the region of the service")
    assert tasks(server, "live") == [("ACCT", "ECHOPGM")] and tasks(server, "test") == []
    assert ask(server, ("x-region", "test")).status == 200
    wait_until(lambda: tasks(server, "test"), "a task in the region of the header")
    assert tasks(server, "test") == [("ACCT", "ECHOPGM")] and len(tasks(server, "live")) == 1
    assert ask(server, ("X-Region", "production")).status == 200
    wait_until(lambda: len(tasks(server, "live")) == 2, "a value that is not listed to change nothing")


def test_a_header_names_the_transaction(make_system):
    server = make_system()
    assert ask(server, ("X-Tran", "OTHR"), ("X-Region", "test")).status == 200
    wait_until(lambda: tasks(server, "test") == [("OTHR", "ECHOPGM")], "the transaction of the header")
    assert tasks(server, "live") == []


def test_a_header_chooses_the_program(make_system):
    server = make_system()
    ask(server, ("X-Version", "2"))
    wait_until(lambda: tasks(server, "live") == [("ACCT", "BADPGM")], "the program of the rule")


@pytest.mark.parametrize("headers, header", [
    ([("X-Tran", "TOOLONG")], "X-Tran"),
    ([("X-Tran", "A B")], "X-Tran"),
    ([("X-Tran", "")], "X-Tran"),
    ([("X-Region", "test"), ("x-region", "live")], "X-Region"),
])
def test_a_header_that_cannot_be_used_is_refused(make_system, headers, header):
    server = make_system()
    response = ask(server, *headers)
    assert response.status == 400 and header in response.json["errorMessage"]
    assert tasks(server, "live") == [] and tasks(server, "test") == []


def test_an_api_has_a_policy_of_its_own(make_system):
    server = make_system(apis='<zosConnectAPI name="echo" policyRef="other"/>')
    assert ask(server, ("X-Region", "test")).status == 200
    wait_until(lambda: tasks(server, "live") == [("OTHR", "ECHOPGM")], "the API's own policy alone")
    assert tasks(server, "test") == []


def test_without_its_rules_an_api_is_not_deployed(make_system):
    server = make_system(routing=ROUTING.replace("cics-${X-Region}", "cics-nowhere"))
    assert ask(server).status == 404
    text = server.log() + server.output()
    assert "SALG0009E" in text and "routing.xml" in text and "must be the id of a connection to CICS" in text
    assert tasks(server, "live") == []
