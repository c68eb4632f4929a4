"""A REST call over HTTPS, authenticated and authorized, answered by a COBOL program, and recorded: every outcome of it."""
import base64
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import archives
from conftest import ROOT, SALLYPORT, Connection, wait_until
from region import Region

SHARED = pathlib.Path(os.environ.get("SALLYPORT_SHARED", ROOT.parent / "shared"))
BANK = SHARED / "samples" / "bank"

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<basicRegistry id="basic" realm="zosConnect">
  <user name="fred" password="fred secret"/><user name="mary" password="mary secret"/>
  <user name="olaf" password="olaf secret"/>
  <group name="GMINVOKE"><member name="fred"/></group>
  <group name="STAFF"><member name="fred"/><member name="mary"/></group>
</basicRegistry>
<authorization-roles id="zos.connect.access.roles">
  <security-role name="zosConnectAccess"><group name="STAFF"/></security-role>
</authorization-roles>
<zosconnect_zosConnectManager globalInterceptorsRef="all" globalInvokeGroup="GMINVOKE" {manager}/>
<zosconnect_zosConnectInterceptors id="all" interceptorRef="auth,audit"/>
<zosconnect_auditInterceptor id="audit" sequence="1"/>
<zosconnect_authorizationInterceptor id="auth" sequence="2"/>
<zosconnect_cicsIpicConnection id="cicsConn" host="127.0.0.1" port="{region}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET" sendSessions="{sessions}"/>
"""


def basic(user, password=None):
    token = base64.b64encode(f"{user}:{password or user + ' secret'}".encode()).decode()
    return ("Authorization", f"Basic {token}")


FRED = basic("fred")
JSON = ("Content-Type", "application/json")


@pytest.fixture
def make_region(tmp_path):
    regions = []

    def make(*options):
        directory = tmp_path / f"region{len(regions)}"
        directory.mkdir()
        regions.append(Region(directory, *options))
        return regions[-1].start()

    yield make
    for region in regions:
        region.stop()


@pytest.fixture
def make_gateway(make_server, make_region):
    """A server with the tests' services in front of a region."""

    def make(*region_options, manager="", sessions=20, more="", region=None, samples=(), files=(), start=True):
        region = region or make_region(*region_options)
        xml = XML.format(region=region.port, manager=manager, sessions=sessions) + more
        server = make_server(xml.replace("{", "{{").replace("}", "}}"), start=False)
        connect = server.directory / "resources" / "zosconnect"
        services, apis = connect / "services", connect / "apis"
        services.mkdir(parents=True)
        apis.mkdir()
        bad = (archives.field("What", 1, 8, "char") + archives.field("Seconds", 9, 4, "zoned")
               + archives.field("More", 13, 4, "char") + archives.field("Beyond", 17, 16, "char"))
        archives.service(services / "bad.sar", "bad", "BADPGM", 32, bad)
        archives.api(apis / "bad.aar", "bad", "/bad", "/do", "POST", "bad")
        echo = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
        archives.service(services / "echo.sar", "echo", "ECHOPGM", 89, echo)
        archives.api(apis / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
        archives.service(services / "absent.sar", "absent", "ABSENT", 8, archives.field("What", 1, 8, "char"))
        archives.api(apis / "absent.aar", "absent", "/absent", "/do", "POST", "absent")
        for sample in samples:
            (services if sample.suffix == ".sar" else apis).joinpath(sample.name).write_bytes(sample.read_bytes())
        for name, text in dict(files).items():
            (server.directory / name).write_text(text)
        server.region = region
        return server.start() if start else server

    return make


def bad(server, what, seconds=0, headers=(FRED, JSON), **options):
    body = json.dumps({"Area": {"What": what, "Seconds": seconds}}).encode()
    return server.call("POST", "/bad/do", headers, body, **options)


def test_the_right_user_gets_the_programs_answer(make_gateway):
    server = make_gateway()
    response = bad(server, "NOTHING")
    assert response.status == 200
    assert response.json["Area"]["More"] == "DONE"
    assert response.header("Content-Type").startswith("application/json")


def test_who_may_not_is_told_so_and_nothing_is_called(make_gateway):
    server = make_gateway("--dump-commarea")
    for headers in ([JSON], [JSON, basic("fred", "wrong")], [JSON, basic("nobody", "x")],
                    [JSON, ("Authorization", "Basic ???")]):
        response = bad(server, "NOTHING", headers=headers)
        assert response.status == 401
        assert response.header("WWW-Authenticate") == 'Basic realm="defaultRealm", charset="UTF-8"'
    response = bad(server, "NOTHING", headers=[JSON, basic("olaf")])
    assert response.status == 403 and b"AuthorizationFailed" in response.body
    response = bad(server, "NOTHING", headers=[JSON, basic("mary")])
    assert response.status == 403
    assert response.json["errorMessage"].startswith(
        "BAQR0406W: The zosConnectAuthorization interceptor encountered an error while processing a request for ")
    assert "under request URL https://localhost/bad/do" in response.json["errorMessage"]
    assert response.json["errorDetails"] == "BAQR0409W: User mary is not authorized to perform the request."
    assert "BADPGM" not in server.region.log()


def test_plain_http_is_sent_to_https(make_gateway):
    server = make_gateway()
    response = bad(server, "NOTHING", tls=False)
    assert response.status == 302
    assert response.header("Location") == f"https://localhost:{server.https}/bad/do"
    server = make_gateway(manager='requireSecure="false"')
    assert bad(server, "NOTHING", tls=False).status == 200


def test_bad_requests_are_refused_with_the_reason(make_gateway):
    server = make_gateway()
    headers = [FRED, JSON]
    response = server.call("POST", "/bad/do", headers, b"notjson")
    assert response.status == 400 and response.json["errorMessage"].startswith("BAQR0417W: ")
    response = server.call("POST", "/bad/do", headers, b'{"Area":{"What":"123456789"}}')
    assert response.status == 400 and "Area.What" in response.body.decode()
    response = server.call("POST", "/bad/do", headers, b'{"Area":{"Seconds":12345}}')
    assert response.status == 400 and "Area.Seconds" in response.body.decode()
    assert server.call("GET", "/nothing/here", headers).status == 404
    assert server.call("GET", "/bad/other", headers).status == 404
    response = server.call("DELETE", "/bad/do", headers)
    assert response.status == 405 and response.header("Allow") == "POST, OPTIONS"


def test_a_program_that_fails_fails_for_its_caller_alone(make_gateway):
    server = make_gateway()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        failing = [pool.submit(bad, server, what) for what in
                   ("SUBSCR", "NULL", "STOP", "ABEND", "ABORT", "LOST", "NOSUCH", "LOOP", "SLEEP")]
        good = [pool.submit(bad, server, "NOTHING") for _ in range(20)]
        assert [each.result().status for each in good] == [200] * 20
        # SLEEP with 0 seconds is no failure.
        statuses = [each.result().status for each in failing]
        assert all(500 <= status <= 599 for status in statuses[:-1]), statuses
        assert statuses[-1] == 200
    assert server.call("POST", "/absent/do", [FRED, JSON], b'{"Area":{"What":"X"}}').status == 500
    assert bad(server, "NOTHING").status == 200


def test_a_call_that_takes_too_long_ends_with_503(make_gateway):
    server = make_gateway(manager='asyncRequestTimeout="1s"')
    started = time.monotonic()
    response = bad(server, "SLEEP", 5)
    assert response.status == 503 and "BAQR0433W" in response.body.decode()
    assert time.monotonic() - started < 3
    assert bad(server, "NOTHING").status == 200


def test_a_region_that_is_down_is_503_until_it_returns(make_gateway):
    server = make_gateway()
    assert bad(server, "NOTHING").status == 200
    server.region.stop()
    assert bad(server, "NOTHING").status == 503
    server.region.start()
    assert wait_until(lambda: bad(server, "NOTHING").status == 200, "the region's return", 10)
    server.region.stop(signal.SIGKILL)
    assert bad(server, "NOTHING").status == 503
    server.region.start()
    assert wait_until(lambda: bad(server, "NOTHING").status == 200, "the region's second return", 10)


def test_a_client_that_leaves_disturbs_nobody(make_gateway):
    server = make_gateway(sessions=2)
    for _ in range(4):
        connection = Connection(server.https, tls=server.authority.client())
        body = json.dumps({"Area": {"What": "SLEEP", "Seconds": 2}}).encode()
        connection.send(b"POST /bad/do HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + f"{FRED[0]}: {FRED[1]}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(0.1)
        connection.abort()
    started = time.monotonic()
    responses = [bad(server, "NOTHING").status for _ in range(5)]
    assert responses == [200] * 5
    # The four calls that were left would take eight seconds on three workers, had they not been given up.
    assert time.monotonic() - started < 8


def test_two_hundred_clients_each_get_their_own_answer(make_gateway):
    server = make_gateway()
    context = server.authority.client()

    def client(number):
        with Connection(server.https, tls=context, timeout=60) as connection:
            for turn in range(3):
                text = f"C{number}T{turn}"
                response = connection.request("POST", "/echo/it", [FRED, JSON],
                                              json.dumps({"Area": {"Text": text}}).encode())
                area = response.json["Area"]
                # Behind the text come two numbers of 10 bytes, then the text reversed in 20.
                if response.status != 200 or area["Text"] != text or text[::-1] not in area["Rest"]:
                    return f"{text}: {response}"
        return None

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        wrong = [each for each in pool.map(client, range(200)) if each]
    assert not wrong, wrong[:3]


def test_a_worker_that_crashes_costs_its_own_calls_only(make_gateway):
    server = make_gateway()
    before = server.process.workers()
    server.may_alert = True
    os.kill(before[0], signal.SIGSEGV)
    wait_until(lambda: len(server.process.workers()) == len(before) and server.process.workers() != before,
               "a new worker")
    assert [bad(server, "NOTHING").status for _ in range(10)] == [200] * 10


def smf(server):
    """The records that `sallyport smf dump` finds in the server's file."""
    files = sorted(path for path in server.directory.rglob("*") if path.is_file() and "smf" in path.name.lower())
    assert files, "no SMF file was written"
    records = []
    for path in files:
        out = subprocess.run([SALLYPORT, "smf", "dump", "--json", path], capture_output=True, text=True, check=True).stdout
        records += [json.loads(line) for line in out.splitlines() if line.strip()]
    return records


def test_every_call_is_recorded_with_who_and_what(make_gateway):
    server = make_gateway()
    assert bad(server, "NOTHING").status == 200
    assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    server.stop()
    text = json.dumps(smf(server))
    assert text.count('"REQ_TARGET_URI": "/bad/do"') == 3  # the refusal is an event, too
    assert text.count('"REC_TYPE": 208') == 1
    assert re.search(r'"fred"', text) and re.search(r'"mary"', text)
    assert re.search(r"server\.xml:\d+:\d+: audit interceptor audit writes SMF type 123", server.log())


needs_samples = pytest.mark.skipif(not BANK.is_dir(), reason=f"there are no sample archives in {BANK}")

# The COMMAREA of account 12345678 as a z/OS program leaves it, CCSID 037.
INQACC = bytes.fromhex(
    "c1c3c3e3f0f0f0f0f0f0f0f0f0f1f9f8f7f6f5f4f1f2f3f4f5f6f7f8c9e2c14040404040f0f0f0f2f1f0f0f1f0f1f2f0f2f4"
    "f0f0f0f0f0f0f0f0f0f1f0f7f2f0f2f3f0f1f0f8f2f0f2f3f0f0f0f0f0f0f0f1f2f3f4d5f0f0f0f0f0f2f5f0f0f0f5c0e840404040")


@needs_samples
def test_the_banks_account_enquiry_runs_unchanged(make_gateway):
    server = make_gateway("--dump-commarea", samples=[BANK / "CSaccenq.sar", BANK / "inqaccz.aar"])
    response = server.call("GET", "/inqaccz/enquiry/12345678", [FRED])
    assert response.status == 200
    assert response.json == {"InqAcc": {
        "InqAccEye": "ACCT", "InqAccCustno": 1, "InqAccScode": 987654, "InqAccAccno": 12345678, "InqAccAccType": "ISA",
        "InqAccIntRate": 2.10, "InqAccOpened": 1012024, "InqAccOverdraft": 0, "InqAccLastStmtDt": 1072023,
        "InqAccNextStmtDt": 1082023, "InqAccAvailBal": -123.45, "InqAccActualBal": 25000.50, "InqAccSuccess": "Y",
        "InqAccPcb1Pointer": ""}}
    # Digits as the field has them: two behind the point.
    assert b'"InqAccIntRate":2.10' in response.body and b'"InqAccActualBal":25000.50' in response.body
    dump = dict(re.findall(r"(arrives|leaves) 000000 ([0-9a-f]+)", server.region.log()))
    assert dump["arrives"] == "00" * 20 + "f1f2f3f4f5f6f7f8" + "00" * 4
    assert "".join(re.findall(r"leaves [0-9a-f]{6} ([0-9a-f]+)", server.region.log())) == INQACC.hex()
    assert server.call("GET", "/inqaccz/enquiry/123456789", [FRED]).status == 400
    assert server.call("GET", "/inqaccz/enquiry/abc", [FRED]).status == 400


@needs_samples
def test_the_banks_list_of_accounts_runs_unchanged(make_gateway):
    server = make_gateway(samples=[BANK / "CScustacc.sar", BANK / "inqacccz.aar"])
    for count in (1, 3, 20):
        response = server.call("GET", f"/inqacccz/list/{count}", [FRED])
        assert response.status == 200, response
        area = response.json["InqAccZ"]
        assert area["CustomerNumber"] == count and area["CommSuccess"] == "Y"
        assert len(area["AccountDetails"]) == count
        numbers = [next(value for key, value in each.items() if key.lower().endswith("accno") or "number" in key.lower())
                   for each in area["AccountDetails"]]
        assert len(set(numbers)) == count
    response = server.call("GET", "/inqacccz/list/21", [FRED])
    assert response.status == 200 and response.json["InqAccZ"]["CommSuccess"] == "N"
