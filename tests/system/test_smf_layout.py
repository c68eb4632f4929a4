"""Layouts of SMF records, field by field: an encoder made from the descriptions of the records, and not from the product's
tables, writes what `sallyport smf` reads. And what `sallyport smf` says of files that are torn, or changed, or no records."""
import json
import os
import pty
import subprocess

import pytest

from conftest import SALLYPORT, need, wait_until

STCKE = "STCKE"
TIME = "TIME"
NUMBER = "NUMBER"
TEXT = "TEXT"
BYTES = "BYTES"

# (name, length, kind), one behind the other; None: reserved bytes.
PROVIDER_1 = [("USER_DATA_VERSION", 4, NUMBER), ("USER_DATA_TYPE", 4, NUMBER), ("USER_DATA_LENGTH", 4, NUMBER),
              ("DATA_VERSION", 4, NUMBER), ("TIME_ZC_ENTRY", 8, TIME), ("TIME_ZC_EXIT", 8, TIME), ("REQ_TARGET_URI", 64, TEXT),
              ("REQ_PAYLOAD_LEN", 4, NUMBER), ("SERVICE_NAME", 64, TEXT), ("REQ_METHOD", 8, TEXT),
              ("RESP_PAYLOAD_LEN", 4, NUMBER), ("USER_NAME", 64, TEXT), ("REQ_ID", 8, NUMBER), (None, 16, None),
              ("SERVICE_GROUP_NAME", 64, TEXT), ("USER_NAME_MAPPED", 8, TEXT)]
HEADERS = [(f"{way}_HDR{n}", 64, TEXT) for way in ("REQ", "RESP") for n in (1, 2, 3, 4)]
PROVIDER_2 = [("REQ_DATA_VERSION", 1, NUMBER), ("REQ_TYPE", 1, NUMBER), ("HTTP_RESP_CODE", 2, NUMBER),
              ("RESP_FLAGS", 1, NUMBER), (None, 3, None), ("USER_NAME", 64, TEXT), ("USER_NAME_MAPPED", 8, TEXT),
              ("CLIENT_IP_ADDR", 48, TEXT), ("API_NAME", 64, TEXT), ("API_VERSION", 8, TEXT), ("SERVICE_NAME", 64, TEXT),
              ("SERVICE_VERSION", 8, TEXT), ("REQ_METHOD", 8, TEXT), ("REQ_QUERY_STR", 128, TEXT),
              ("REQ_TARGET_URI", 256, TEXT), ("REQ_PAYLOAD_LEN", 4, NUMBER), ("RESP_PAYLOAD_LEN", 4, NUMBER),
              ("TIME_ZC_ENTRY", 16, STCKE), ("TIME_ZC_EXIT", 16, STCKE), ("TIME_SOR_SENT", 16, STCKE),
              ("TIME_SOR_RECV", 16, STCKE), ("SP_NAME", 16, TEXT), ("SOR_REFERENCE", 32, TEXT), ("SOR_IDENTIFIER", 64, TEXT),
              ("SOR_RESOURCE", 128, TEXT), ("REQ_ID", 8, NUMBER), ("TRACKING_TOKEN", 64, BYTES), *HEADERS]
# Names, order and kinds are published; lengths are those of the same data elsewhere, and the gaps are decided.
REQUESTER_2 = [("REQ_DATA_VERSION", 1, NUMBER), ("REQ_APP_TYPE", 1, NUMBER), ("HTTP_RESP_CODE", 2, NUMBER),
               ("REQ_STATUS_CODE", 2, NUMBER), ("RESP_FLAGS", 1, NUMBER), (None, 1, None), ("REQ_PAYLOAD_LEN", 4, NUMBER),
               ("RESP_PAYLOAD_LEN", 4, NUMBER), ("USER_NAME", 64, TEXT), ("USER_NAME_MAPPED", 8, TEXT),
               ("USER_NAME_ASSERTED", 8, TEXT), ("API_REQ_NAME", 64, TEXT), ("API_REQ_VERSION", 8, TEXT),
               ("ENDPOINT_REFERENCE", 32, TEXT), ("ENDPOINT_HOST", 64, TEXT), ("ENDPOINT_PORT", 4, NUMBER), (None, 4, None),
               ("ENDPOINT_FULL_PATH", 256, TEXT), ("ENDPOINT_METHOD", 8, TEXT), ("ENDPOINT_QUERY_STR", 128, TEXT),
               ("TIME_STUB_SENT", 16, STCKE), ("TIME_ZC_ENTRY", 16, STCKE), ("TIME_ZC_EXIT", 16, STCKE),
               ("TIME_TOKEN_GET_START", 16, STCKE), ("TIME_TOKEN_GET_FINISH", 16, STCKE), ("TIME_ENDPOINT_SENT", 16, STCKE),
               ("TIME_ENDPOINT_RECEIVED", 16, STCKE), ("MVS_JOBNAME", 8, TEXT), ("MVS_JOBID", 8, TEXT),
               ("MVS_SYSNAME", 8, TEXT), ("MVS_ASID", 4, NUMBER), ("MVS_SID", 4, TEXT), ("CICS_APPLID", 8, TEXT),
               ("CICS_TASK_NUMBER", 4, NUMBER), ("CICS_TRANSID", 4, TEXT), ("CICS_RMUOWID", 8, BYTES),
               ("CICS_NETUOW_PX", 20, BYTES), ("CICS_NETUOW_SX", 8, BYTES), (None, 4, None), ("IMS_IDENTIFIER", 8, TEXT),
               ("IMS_REGION_ID", 4, NUMBER), (None, 4, None), ("IMS_TRANSNAME", 8, TEXT), ("IMS_APPNAME", 8, TEXT),
               ("IMS_PSBNAME", 8, TEXT), ("IMS_RECOVERY_TOKEN", 16, BYTES), ("REQ_ID", 8, NUMBER),
               ("TRACKING_TOKEN", 64, BYTES), *HEADERS, (None, 56, None)]
CONSTANTS = {"USER_DATA_VERSION": 1, "USER_DATA_TYPE": 102, "USER_DATA_LENGTH": 324, "DATA_VERSION": 3, "REQ_DATA_VERSION": 1}
SECOND = 1687944334  # 2023-06-28T09:25:34Z, day 179


def tod(microseconds):
    return (microseconds + 2208988800 * 1_000_000) << 12


def value(index, name, length, kind):
    """(bytes, as JSON), different for each field and section."""
    if name in CONSTANTS:
        return CONSTANTS[name].to_bytes(length, "big"), CONSTANTS[name]
    if kind == NUMBER:
        number = (index * 2654435761 + 1) % min(1 << 8 * length, 1 << 53)
        return number.to_bytes(length, "big"), number
    if kind == TEXT:
        text = f"{name[:length - 2]}{index % 90 + 10}"[-length:]
        return text.encode("cp037").ljust(length, b"\x40"), text
    if kind == BYTES:
        text = f"{index:0{length}d}"[-length:]
        return text.encode("ascii"), text.encode("ascii").hex()
    stamp = tod(SECOND * 1_000_000 + 100 * index + 7)
    shown = f"2023-06-28T09:25:34.{100 * index + 7:06d}Z"
    return (stamp.to_bytes(8, "big") if kind == TIME else b"\0" + stamp.to_bytes(8, "big") + bytes(7)), shown


def section(fields, first):
    data, shown = b"", {}
    for index, (name, length, kind) in enumerate(fields, first):
        raw, as_json = (bytes(length), None) if name is None else value(index, name, length, kind)
        assert len(raw) == length
        data += raw
        if name:
            shown[name] = as_json
    return data, shown


def standard(length, subtype):
    return (length.to_bytes(2, "big") + bytes(2) + b"\x5e\x7b" + (4113484).to_bytes(4, "big") + bytes.fromhex("0123179f")
            + "SYS1ZCON".encode("cp037") + subtype.to_bytes(2, "big"))


def ebcdic(text, length):
    return text.encode("cp037").ljust(length, b"\x40")


def version_1():
    part, shown = section(PROVIDER_1, 1)
    server = (1).to_bytes(4, "big") + ebcdic("SYSA", 8) + ebcdic("PLEX", 8) + ebcdic("P0000042", 8) + ebcdic("JOB", 8) + bytes(44)
    words = (1, 2, 1, 1)
    head = standard(488, 1) + b"".join(n.to_bytes(4, "big") for n in words) + bytes(8)
    head += b"".join(n.to_bytes(4, "big") for n in (72, 80, 1, 152, 336, 1))
    record = head + server + part
    assert len(record) == 488
    return record, [shown]


def version_2(fields, subtype, count):
    length = 244 + 1560 * count
    head = standard(length, subtype) + (2).to_bytes(4, "big") + b"\x02\x28\0\0" + (7200 * 4096 * 1_000_000).to_bytes(8, "big")
    for offset, size, items in ((56, 188, 1), (244, 1560, count)):
        head += offset.to_bytes(4, "big") + size.to_bytes(2, "big") + items.to_bytes(2, "big")
    server = (b"\x01\0\0\0" + ebcdic("SYSA", 8) + ebcdic("PLEX", 8) + ebcdic("P0000042", 8) + ebcdic("JOB", 8)
              + (8 << 32 | 1).to_bytes(8, "big") + ebcdic("/srv/zcon/", 128) + ebcdic("3.0.58.0", 16))
    parts = [section(fields, 1 + 100 * n) for n in range(count)]
    record = head + server + b"".join(part for part, _ in parts)
    assert len(server) == 188 and len(record) == length
    return record, [shown for _, shown in parts]


def blocks(*records):
    return b"".join((len(each) + 4).to_bytes(2, "big") + bytes(2) + each for each in records)


def smf(*words, ok=True):
    done = subprocess.run([need(SALLYPORT), "smf", *map(str, words)], capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) == ok, (done.returncode, done.stdout[-500:], done.stderr)
    return done


CASES = {"provider-1": version_1(), "provider-2": version_2(PROVIDER_2, 1, 1), "provider-2-full": version_2(PROVIDER_2, 1, 20),
         "requester-2": version_2(REQUESTER_2, 2, 1), "requester-2-full": version_2(REQUESTER_2, 2, 20)}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("blocked", [True, False])
def test_each_field_is_where_it_is_described(tmp_path, case, blocked):
    record, expected = CASES[case]
    path = tmp_path / "records"
    path.write_bytes(blocks(record) if blocked else record)
    shown = json.loads(smf("dump", path, "--json").stdout)
    head = shown["header"]
    assert (head["LEN"], head["FLAG"], head["REC_TYPE"], head["SID"], head["SSI"]) == (len(record), 0x5E, 123, "SYS1", "ZCON")
    assert (head["TIME"], head["DATE"]) == ("11:25:34.84", "2023-179")
    items = shown.get("requests") or shown["calls"]
    assert len(items) == len(expected)
    for item, wanted in zip(items, expected):
        for name, as_json in wanted.items():
            assert item[name] == as_json, (name, item[name], as_json)
        assert set(item) == set(wanted)
    assert smf("verify", path).returncode == 0


def test_a_code_page_is_what_it_is_told_to_be(tmp_path):
    record, _ = version_2(PROVIDER_2, 1, 1)
    path = tmp_path / "records"
    uri = "/a[1]^x"
    for page, ccsid in (("cp037", 37), (None, 1047)):
        raw = uri.encode("cp037")
        if not page:  # what differs: [ is AD, ] is BD, ^ is 5F
            raw = uri.replace("[", "a").replace("]", "a").replace("^", "a").encode("cp037")
            raw = bytes({2: 0xAD, 4: 0xBD, 5: 0x5F}.get(at, byte) for at, byte in enumerate(raw))
        path.write_bytes(record[:244 + 408] + raw.ljust(256, b"\x40") + record[244 + 664:])
        shown = json.loads(smf("dump", path, "--json", "--ccsid", ccsid).stdout)
        assert shown["requests"][0]["REQ_TARGET_URI"] == uri
    smf("dump", path, "--ccsid", 4711, ok=False)


def test_a_file_that_is_torn_is_read_up_to_there_and_told_of(tmp_path):
    """At every place where a write may have been cut, and in each form."""
    record, _ = version_2(PROVIDER_2, 1, 1)
    path = tmp_path / "records"
    for whole in (blocks(record, record), record + record):
        first = len(whole) // 2
        for cut in (1, 2, 3, 4, 5, 24, 60, 244, 300, first - 1):
            path.write_bytes(whole[:first + cut])
            for action in (("dump", path), ("filter", path), ("convert", path, "--to", "csv"), ("summarise", path)):
                done = smf(*action, ok=False)
                assert str(first) in done.stderr or str(first + 4) in done.stderr, (cut, action, done.stderr)
            assert len(json.loads(smf("dump", path, "--json", ok=False).stdout)["requests"]) == 1
            smf("verify", path, ok=False)


@pytest.mark.parametrize("what, at, byte", [
    ("a segment", 3, 1), ("the count of requests", 55, 21), ("a length of requests", 53, 0x19), ("an offset", 51, 0xF5),
    ("the record's length", 1, 0x0B), ("a date", 11, 0xFF), ("the count of triplets", 28, 3)])
def test_a_record_that_was_changed_does_not_verify(tmp_path, what, at, byte):
    record, _ = version_2(PROVIDER_2, 1, 1)
    path = tmp_path / "records"
    path.write_bytes(blocks(record[:at] + bytes([byte]) + record[at + 1:]))
    done = smf("verify", path, ok=False)
    assert done.stdout + done.stderr, what


def test_what_is_no_file_of_records_is_said_to_be_none(tmp_path):
    path = tmp_path / "text"
    path.write_text("This is no file of records, but some text.\n" * 100)
    for action in ("dump", "filter", "verify", "summarise"):
        assert smf(action, path, ok=False).stderr
    path.write_bytes(b"")
    assert smf("dump", path).stdout == ""
    assert "No such file" in smf("dump", tmp_path / "absent", ok=False).stderr


def test_filters_take_what_they_say(tmp_path):
    record, shown = version_2(PROVIDER_2, 1, 20)
    path = tmp_path / "records"
    path.write_bytes(blocks(*(b"\x07\x0c" + record[2:54] + b"\0\1" + record[56:244] + record[start:start + 2] + status.to_bytes(2, "big")
                              + record[start + 4:start + 1560] for start, status in
                              zip(range(244, len(record), 1560), [200] * 10 + [404, 404, 499, 500, 503, 302, 400, 401, 403, 599]))))
    assert len(smf("filter", path).stdout.splitlines()) == 20
    for wanted, count in (("404", 2), ("4xx", 6), ("400-499", 6), ("500-503", 2), ("200", 10), ("204", 0)):
        assert len(smf("filter", path, "--status", wanted).stdout.splitlines()) == count, wanted
    assert len(smf("filter", path, "--user", shown[7]["USER_NAME"]).stdout.splitlines()) == sum(
        each["USER_NAME"] == shown[7]["USER_NAME"] for each in shown)
    assert smf("filter", path, "--from", "2023-06-28T09:26").stdout == ""
    assert len(smf("filter", path, "--until", "2023-06-28T09:26").stdout.splitlines()) == 20
    smf("filter", path, "--status", "abc", ok=False)
    smf("filter", path, "--from", "yesterday", ok=False)


def test_progress_is_shown_on_a_terminal_only(tmp_path):
    record, _ = version_2(PROVIDER_2, 1, 20)
    path = tmp_path / "records"
    path.write_bytes(blocks(record) * 2200)  # 69 MB; shorter files are read at once
    assert smf("summarise", path).stderr == ""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([need(SALLYPORT), "smf", "summarise", path], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:
            break
        if not more:
            break
        seen += more
    assert process.wait(60) == 0 and b"%" in seen
    os.close(ours)


def test_a_file_is_followed_into_the_one_that_takes_its_place(tmp_path):
    record, _ = version_2(PROVIDER_2, 1, 1)
    path = tmp_path / "records"
    path.write_bytes(blocks(record))
    out = open(tmp_path / "out", "wb")
    process = subprocess.Popen([need(SALLYPORT), "smf", "follow", path, "--all"], stdout=out)
    def lines(count):
        wait_until(lambda: len((tmp_path / "out").read_bytes().splitlines()) == count, f"{count} lines")
    try:
        lines(1)
        half = blocks(record)
        with open(path, "ab") as file:  # in two parts: what is half there is waited for
            file.write(half[:1000])
            file.flush()
            file.write(half[1000:])
        lines(2)
        path.rename(tmp_path / "records.old")
        path.write_bytes(blocks(record, record))
        lines(4)
    finally:
        process.terminate()
        process.wait(10)
        out.close()


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__]))
