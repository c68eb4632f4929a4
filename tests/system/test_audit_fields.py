"""Every field of the audit's records holds what the test itself did, sent and measured.

The records are read by smf_reader.py and the tables of test_smf_layout.py, which are made from the published descriptions.
"""
import datetime
import json
import re
import subprocess
import time

import pytest

import archives
import smf_reader
import test_smf_layout as layout
from conftest import BUILD, SALLYPORT, need
from test_api import FRED, JSON, basic, make_gateway, make_region  # noqa: F401 (fixtures)
from test_audit import smf_file

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BODY = json.dumps({"Area": {"What": "NOTHING", "Seconds": 0}}).encode()
PLACES = '<sallyport_smf sid="SYS1" systemName="mvsa" sysplexName="plex1" writeDelay="5ms" {more}/>'


def audited(version, attributes="", more=""):
    return (f'<zosconnect_auditInterceptor id="audit" sequence="1" apiProviderSmfVersion="{version}" '
            f'apiProviderMaxDelay="20ms" {attributes}/>' + PLACES.format(more=more))


def fields(part, table):
    """name -> raw bytes, by the order and the lengths of the table; reserved bytes are 0."""
    at, found = 0, {}
    for name, length, _ in table:
        raw = part[at:at + length]
        at += length
        if name:
            found[name] = raw
        else:
            assert raw == bytes(length), (at, raw)
    assert at == len(part)
    return found


def number(raw):
    return int.from_bytes(raw, "big")


def text(raw):
    """Blanks up to the end and nowhere else: EBCDIC."""
    shown = smf_reader.text(raw)
    assert raw == raw[:len(shown)] + b"\x40" * (len(raw) - len(shown))
    return shown


def stop_and_read(server):
    """The records; before there is nobody left to ask, who the server is."""
    server.master = server.process.pid
    server.stop()
    return list(smf_reader.records(smf_file(server).read_bytes()))


class Measured:
    """One call with what the client knows of it."""

    def __init__(self, server, method, target, headers=(FRED, JSON), body=None):
        self.before = time.time() * 1e6
        self.response = server.call(method, target, headers, body)
        self.after = time.time() * 1e6


@pytest.fixture
def make_server_with_map(make_gateway):
    def make(more, **options):
        server = make_gateway(more=more, **options)
        server.stop()
        archives.api(server.directory / "resources" / "zosconnect" / "apis" / "bad.aar", "bad", "/bad", "/do", "POST", "bad",
                     version="2.1.7", response_headers={"X-More": "More", "X-What": "What"})
        return server.start()

    return make


def check_header(record, before, after, subtype, version):
    """The 24 bytes of every record: local time between the two moments."""
    length, zero, flag, kind = number(record[0:2]), number(record[2:4]), record[4], record[5]
    assert (length, zero, flag, kind) == (len(record), 0, 0x5E, 123)
    digits = record[10:14].hex()
    assert re.fullmatch(r"01\d{5}f", digits)
    day = datetime.datetime(2000 + int(digits[2:4]), 1, 1) + datetime.timedelta(int(digits[4:7]) - 1)
    local = day + datetime.timedelta(seconds=number(record[6:10]) / 100)
    assert before / 1e6 - 0.02 <= local.timestamp() <= after / 1e6 + 0.02
    assert (text(record[14:18]), text(record[18:22]), number(record[22:24]), number(record[24:28])) == ("SYS1", "ZCON", subtype,
                                                                                                    version)


def check_server(section, server, before):
    assert (text(section[4:12]), text(section[12:20])) == ("MVSA", "PLEX1")
    assert text(section[20:28]) == f"P{server.master % 10000000:07d}" and text(section[28:36]) == "TESTSERV"
    started, process = number(section[36:40]), number(section[40:44])
    assert process == server.master and before / 1e6 - 60 < started <= before / 1e6 + 1


def test_version_1_byte_by_byte(make_server_with_map):
    server = make_server_with_map(audited(1))
    call = Measured(server, "POST", "/bad/do?a=b%20c", [FRED, JSON, ("traceparent", PARENT)], BODY)
    record, = stop_and_read(server)
    assert call.response.status == 200
    check_header(record, call.before, time.time() * 1e6, 1, 1)
    assert len(record) == 488
    # triplets: 2; piece 1 of 1, without a token; server section at 72, user data at 152
    assert record[28:72] == bytes.fromhex("00000002" "00000001" "00000001" "0000000000000000"
                                          "00000048" "00000050" "00000001" "00000098" "00000150" "00000001")
    assert number(record[72:76]) == 1 and record[116:152] == bytes(36)
    check_server(record[72:152], server, call.before)
    part = fields(record[152:488], layout.PROVIDER_1)
    assert [number(part[name]) for name in ("USER_DATA_VERSION", "USER_DATA_TYPE", "USER_DATA_LENGTH", "DATA_VERSION")] == [
        1, 102, 324, 3]
    entry, leave = smf_reader.stck(part["TIME_ZC_ENTRY"]), smf_reader.stck(part["TIME_ZC_EXIT"])
    assert call.before - 1000 <= entry <= leave <= call.after + 1000
    assert text(part["REQ_TARGET_URI"]) == "/bad/do" and text(part["REQ_METHOD"]) == "POST"
    assert number(part["REQ_PAYLOAD_LEN"]) == len(BODY) and number(part["RESP_PAYLOAD_LEN"]) == len(call.response.body)
    assert text(part["SERVICE_NAME"]) == "bad" and text(part["SERVICE_GROUP_NAME"]) == ""
    assert text(part["USER_NAME"]) == "fred" and text(part["USER_NAME_MAPPED"]) == "FRED"
    assert number(part["REQ_ID"]) == 1


def test_version_2_byte_by_byte(make_server_with_map):
    server = make_server_with_map(audited(2, 'apiProviderRequestHeaders="X-Long,user-agent,X-None" '
                                             'apiProviderResponseHeaders="x-what,Content-Type,X-More,X-None"'))
    headers = [FRED, JSON, ("User-Agent", "test/1 [2]"), ("X-Long", "y" * 200), ("traceparent", PARENT)]
    call = Measured(server, "POST", "/bad/do?a=b%20c&d=", headers, BODY)
    record, = stop_and_read(server)
    assert call.response.status == 200 and call.response.header("X-More") == "DONE"
    check_header(record, call.before, time.time() * 1e6, 1, 2)
    assert len(record) == 1804 and record[28:32] == bytes.fromhex("02280000")
    assert record[40:56] == bytes.fromhex("0000003800BC0001" "000000F406180001")
    # CVTLDTO: local time less UTC, in units of a TOD clock
    offset = int.from_bytes(record[32:40], "big", signed=True)
    assert offset == int(datetime.datetime.now().astimezone().utcoffset().total_seconds()) * 1_000_000 * 4096
    section = record[56:244]
    assert section[:4] == bytes([1, 0, 0, 0])
    check_server(section, server, call.before)
    assert text(section[44:172]).rstrip("/") == str(server.directory)[:128]
    version = subprocess.run([need(SALLYPORT), "version"], capture_output=True, text=True, check=True).stdout.split()
    assert text(section[172:188]) in version
    part = fields(record[244:], layout.PROVIDER_2)
    assert [number(part[name]) for name in ("REQ_DATA_VERSION", "REQ_TYPE", "HTTP_RESP_CODE", "RESP_FLAGS", "REQ_ID")] == [
        1, 1, 200, 0, 1]
    expected = {"USER_NAME": "fred", "USER_NAME_MAPPED": "FRED", "CLIENT_IP_ADDR": "127.0.0.1", "API_NAME": "bad",
                "API_VERSION": "2.1.7", "SERVICE_NAME": "bad", "SERVICE_VERSION": "1.0.0", "REQ_METHOD": "POST",
                "REQ_QUERY_STR": "a=b%20c&d=", "REQ_TARGET_URI": "/bad/do", "SP_NAME": "CICS-1.0",
                "SOR_REFERENCE": "cicsConn",
                "REQ_HDR1": ("X-Long:" + "y" * 200)[:64], "REQ_HDR2": "user-agent:test/1 [2]", "REQ_HDR3": "", "REQ_HDR4": "",
                # Of the response those that the API maps, in the order of their names: Content-Type is the server's.
                "RESP_HDR1": "x-what:NOTHING", "RESP_HDR2": "", "RESP_HDR3": "X-More:DONE", "RESP_HDR4": ""}
    assert {name: text(part[name]) for name in expected} == expected
    assert text(part["SOR_RESOURCE"]).split(",")[1] == "BADPGM" and text(part["SOR_IDENTIFIER"])
    assert number(part["REQ_PAYLOAD_LEN"]) == len(BODY) and number(part["RESP_PAYLOAD_LEN"]) == len(call.response.body)
    assert part["TRACKING_TOKEN"].rstrip(b"\0").decode() == PARENT
    times = [smf_reader.stcke(part[f"TIME_{name}"]) for name in ("ZC_ENTRY", "SOR_SENT", "SOR_RECV", "ZC_EXIT")]
    assert [call.before - 1000, *times, call.after + 1000] == sorted([call.before - 1000, *times, call.after + 1000])
    assert all(part[f"TIME_{name}"][9:] == bytes(7) for name in ("ZC_ENTRY", "ZC_EXIT"))


def test_what_kinds_of_requests_there_are(make_gateway):
    """An API, a service, administration, one that takes too long, and those that end early, each with its fields."""
    server = make_gateway(manager='asyncRequestTimeout="6s" globalAdminGroup="GMINVOKE"',
                          more=audited(2, 'apiProviderEarlyFailure="true"'))
    slow = json.dumps({"Area": {"What": "SLEEP", "Seconds": 60}}).encode()
    done = {
        "api": Measured(server, "POST", "/bad/do", body=BODY),
        "service": Measured(server, "POST", "/zosConnect/services/bad?action=invoke", body=BODY),
        "admin": Measured(server, "GET", "/zosConnect/apis/bad", headers=[FRED]),
        "slow": Measured(server, "POST", "/bad/do", body=slow),
        "denied": Measured(server, "POST", "/bad/do", [JSON, basic("mary")], BODY),
        "absent": Measured(server, "GET", "/nothing/here", [FRED]),
        "unknown": Measured(server, "POST", "/bad/do", [JSON, basic("fred", "guessed")], BODY),
        "nobody": Measured(server, "POST", "/bad/do", [JSON], BODY),
    }
    parts = []
    for record in stop_and_read(server):
        if record[5] == 123:
            parts += [fields(record[at:at + 1560], layout.PROVIDER_2) for at in range(244, len(record), 1560)]
    parts.sort(key=lambda part: number(part["REQ_ID"]))
    assert [number(part["REQ_ID"]) for part in parts] == list(range(1, len(done) + 1))
    found = dict(zip(done, parts))
    names = ("REQ_TYPE", "HTTP_RESP_CODE", "RESP_FLAGS", "USER_NAME", "USER_NAME_MAPPED", "API_NAME", "SERVICE_NAME", "REQ_METHOD",
             "REQ_TARGET_URI", "REQ_QUERY_STR")
    shown = {kind: tuple(number(part[name]) if len(part[name]) < 4 else text(part[name]) for name in names)
             for kind, part in found.items()}
    fred = ("fred", "FRED")
    assert shown == {
        "api": (1, 200, 0, *fred, "bad", "bad", "POST", "/bad/do", ""),
        "service": (2, 200, 0, *fred, "", "bad", "POST", "/zosConnect/services/bad", "action=invoke"),
        "admin": (3, 200, 0, *fred, "bad", "", "GET", "/zosConnect/apis/bad", ""),
        "slow": (1, 503, 0x80, *fred, "bad", "bad", "POST", "/bad/do", ""),
        "denied": (1, 403, 0, "mary", "MARY", "bad", "bad", "POST", "/bad/do", ""),
        "absent": (0, 404, 0, *fred, "", "", "GET", "/nothing/here", ""),
        "unknown": (1, 401, 0, "", "", "bad", "bad", "POST", "/bad/do", ""),
        "nobody": (1, 401, 0, "", "", "bad", "bad", "POST", "/bad/do", ""),
    }
    for kind, call in done.items():
        part = found[kind]
        assert number(part["RESP_PAYLOAD_LEN"]) == len(call.response.body), kind
        assert call.response.status == number(part["HTTP_RESP_CODE"])
        assert call.before - 1000 <= smf_reader.stcke(part["TIME_ZC_ENTRY"]) <= smf_reader.stcke(part["TIME_ZC_EXIT"])
        assert smf_reader.stcke(part["TIME_ZC_EXIT"]) <= call.after + 1000
        assert (part["TIME_SOR_SENT"] != bytes(16)) == (kind in ("api", "service", "slow")), kind
    assert number(found["api"]["REQ_PAYLOAD_LEN"]) == len(BODY) and number(found["admin"]["REQ_PAYLOAD_LEN"]) == 0
    assert smf_reader.stcke(found["slow"]["TIME_ZC_EXIT"]) - smf_reader.stcke(found["slow"]["TIME_ZC_ENTRY"]) >= 5_900_000


def test_texts_are_cut_and_translated(make_gateway):
    """Characters that the code pages 037 and 1047 have in different places."""
    server = make_gateway(more=audited(2, 'apiProviderRequestHeaders="X-Signs"', more='ccsid="37"'))
    query = "q=" + "z" * 300 + "&last=1"
    Measured(server, "POST", "/bad/do?" + query, [FRED, JSON, ("X-Signs", "a[1]^=2!|")], BODY)
    record, = stop_and_read(server)
    part = fields(record[244:], layout.PROVIDER_2)
    assert part["REQ_QUERY_STR"] == query[:128].encode("cp037")
    assert part["REQ_HDR1"] == "X-Signs:a[1]^=2!|".encode("cp037").ljust(64, b"\x40")


def test_calls_of_api_requesters_as_the_table_describes_them(tmp_path):
    """21 calls are two records; names and order of their fields are published, lengths and gaps are ours."""
    path = tmp_path / "records"
    subprocess.run([need(BUILD / "tests" / "system" / "requester_records"), path], check=True)
    records = list(smf_reader.records(path.read_bytes()))
    assert [len(each) for each in records] == [31444, 1804]
    parts = []
    for record in records:
        head = smf_reader.header(record)
        assert (head["type"], head["subtype"], head["version"], head["sid"]) == (123, 2, 2, "SYS1")
        parts += smf_reader.version_2_sections(record)[1]
    at = 1687944334000000
    expected = {
        "USER_NAME": "link user", "USER_NAME_MAPPED": "MAPPED", "USER_NAME_ASSERTED": "ASSERTED", "API_REQ_NAME": "claims_1.0.0",
        "API_REQ_VERSION": "1.0.0", "ENDPOINT_REFERENCE": "claimsConn", "ENDPOINT_HOST": "api.example.com",
        "ENDPOINT_FULL_PATH": "/claims/\u00e4", "ENDPOINT_METHOD": "DELETE", "ENDPOINT_QUERY_STR": "a=1&b=[2]",
        "MVS_JOBNAME": "JOBNAME1", "MVS_JOBID": "JOB00042", "MVS_SYSNAME": "SYSA", "MVS_SID": "SY1", "CICS_APPLID": "CICSAPPL",
        "CICS_TRANSID": "CLAI", "IMS_IDENTIFIER": "IMSA", "IMS_TRANSNAME": "IMSTRAN", "IMS_APPNAME": "IMSAPPL",
        "IMS_PSBNAME": "IMSPSB", "REQ_HDR1": "x-a:1", "REQ_HDR2": "x-b:2", "REQ_HDR3": "x-c:3", "REQ_HDR4": "x-d:4",
        "RESP_HDR1": "y-a:5", "RESP_HDR2": "y-b:6", "RESP_HDR3": "y-c:7", "RESP_HDR4": "y-d:8"}
    times = {"TIME_STUB_SENT": 1, "TIME_ZC_ENTRY": 2, "TIME_TOKEN_GET_START": 3, "TIME_TOKEN_GET_FINISH": 4,
             "TIME_ENDPOINT_SENT": 5, "TIME_ENDPOINT_RECEIVED": 6, "TIME_ZC_EXIT": 9}
    raw = {"CICS_RMUOWID": b"12345678", "CICS_NETUOW_PX": b"ABCDEFGHIJKLMNOPQRST", "CICS_NETUOW_SX": b"87654321",
           "IMS_RECOVERY_TOKEN": b"0123456789abcdef", "TRACKING_TOKEN": PARENT.encode().ljust(64, b"\0")}
    for n, part in enumerate(parts):
        found = fields(part, layout.REQUESTER_2)
        numbers = {"REQ_DATA_VERSION": 1, "REQ_APP_TYPE": 1 + n % 3, "HTTP_RESP_CODE": 200 + n, "REQ_STATUS_CODE": 500 + n,
                   "RESP_FLAGS": 0x80, "REQ_PAYLOAD_LEN": 1000 + n, "RESP_PAYLOAD_LEN": 2000 + n, "ENDPOINT_PORT": 9443,
                   "MVS_ASID": 77, "CICS_TASK_NUMBER": 12345, "IMS_REGION_ID": 66, "REQ_ID": 4711 + n}
        assert {name: number(found[name]) for name in numbers} == numbers
        assert {name: smf_reader.text(found[name]) for name in expected} == expected
        assert {name: smf_reader.stcke(found[name]) - at for name in times} == times
        assert {name: found[name] for name in raw} == raw
        assert set(found) == set(expected) | set(times) | set(raw) | set(numbers)
    assert len(parts) == 21


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-v"]))
