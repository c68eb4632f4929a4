"""`sallyport smf`, word by word: each of its commands and options over one day's records, in every form that a file may have, against
the texts in tests/data/smf. The records are made here, from their descriptions, and not by the product."""
import json
import os
import subprocess

import pytest

from conftest import ROOT, SALLYPORT, need, wait_until
from test_smf_layout import NUMBER, PROVIDER_1, PROVIDER_2, REQUESTER_2, STCKE, TEXT, TIME, tod

DATA = ROOT / "tests" / "data" / "smf"
DAY = 1785715200  # 2026-08-03T00:00:00Z, day 215
SECURITY = [("EVENT_SECT_VERSION", 1, NUMBER), ("EVENT", 1, NUMBER), ("QUALIFIER", 1, NUMBER), ("ORIGIN", 1, NUMBER),
            ("HTTP_RESP_CODE", 2, NUMBER), (None, 2, None), ("USER_NAME", 64, TEXT), ("USER_NAME_MAPPED", 8, TEXT), ("REALM", 32, TEXT),
            ("CLIENT_IP_ADDR", 48, TEXT), ("REQ_METHOD", 8, TEXT), ("REQ_TARGET_URI", 256, TEXT), ("API_NAME", 64, TEXT),
            ("SERVICE_NAME", 64, TEXT), ("CLASS", 8, TEXT), ("RESOURCE", 248, TEXT), ("ACCESS", 8, TEXT), ("ALLOWED", 8, TEXT),
            ("STEP", 16, TEXT), ("MESSAGE_ID", 16, TEXT), ("REASON", 128, TEXT), ("REQ_ID", 8, NUMBER), ("TRACKING_TOKEN", 64, "BYTES"),
            ("TIME", 16, STCKE), ("LOST", 8, NUMBER), ("LOST_SINCE", 8, TIME)]
# Where code page 1047 has what 037 has elsewhere.
IN_1047 = {"[": 0xAD, "]": 0xBD, "^": 0x5F}


def at(hours, minutes=0, seconds=0, us=0):
    """Microseconds since 1970 of a time of that day."""
    return (DAY + hours * 3600 + minutes * 60 + seconds) * 1_000_000 + us


def text_of(text, length, page):
    raw = bytes(IN_1047[each] if page == 1047 and each in IN_1047 else each.encode("cp037")[0] for each in text)
    return raw.ljust(length, b"\x40")


def section(fields, values, page):
    data = b""
    for name, length, kind in fields:
        what = values.get(name, "" if kind == TEXT else 0)
        if kind == TEXT:
            data += text_of(what, length, page)
        elif kind == TIME:
            data += (tod(what) if what else 0).to_bytes(8, "big")
        elif kind == STCKE:
            data += b"\0" + (tod(what) if what else 0).to_bytes(8, "big") + bytes(7)
        elif kind == "BYTES":
            data += (what or "").encode("ascii").ljust(length, b"\0")
        else:
            data += (what or 0).to_bytes(length, "big")
    assert not set(values) - {name for name, _, _ in fields}
    return data


def head(length, kind, subtype, us, page):
    hundredths = (us // 10_000) % 8_640_000
    return (length.to_bytes(2, "big") + bytes(2) + bytes([0x5E, kind]) + hundredths.to_bytes(4, "big") + bytes.fromhex("0126215f")
            + text_of("SYS1ZCON", 8, page) + subtype.to_bytes(2, "big"))


def version_1(us, page, **values):
    constants = {"USER_DATA_VERSION": 1, "USER_DATA_TYPE": 102, "USER_DATA_LENGTH": 324, "DATA_VERSION": 3}
    server = (1).to_bytes(4, "big") + b"".join(text_of(each, 8, page) for each in ("SYSA", "PLEX1", "P0000042", "BANK")) + bytes(44)
    words = b"".join(n.to_bytes(4, "big") for n in (1, 2, 1, 1)) + bytes(8)
    words += b"".join(n.to_bytes(4, "big") for n in (72, 80, 1, 152, 336, 1))
    return head(488, 123, 1, us, page) + words + server + section(PROVIDER_1, {**constants, **values}, page)


def version_2(us, page, kind, subtype, fields, items):
    parts = [section(fields, each, page) for each in items]
    length = 244 + sum(map(len, parts))
    version = 1 if kind == 208 else 2
    words = version.to_bytes(4, "big") + b"\x02\x28\0\0" + bytes(8)
    for offset, size, count in ((56, 188, 1), (244, len(parts[0]), len(parts))):
        words += offset.to_bytes(4, "big") + size.to_bytes(2, "big") + count.to_bytes(2, "big")
    server = b"\x01\0\0\0" + b"".join(text_of(each, 8, page) for each in ("SYSA", "PLEX1", "P0000042", "BANK"))
    server += (8 << 32 | 1).to_bytes(8, "big") + text_of("/srv/bank/", 128, page) + text_of("0.1.0", 16, page)
    return head(length, kind, subtype, us, page) + words + server + b"".join(parts)


TOKEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def day(page=1047):
    """Requests of both versions, a call, and events."""
    request = {"REQ_DATA_VERSION": 1, "REQ_TYPE": 1, "CLIENT_IP_ADDR": "192.0.2.7", "SERVICE_NAME": "acctsvc", "SERVICE_VERSION": "1.0.0"}
    return [
        version_1(at(10), page, TIME_ZC_ENTRY=at(10), TIME_ZC_EXIT=at(10, us=12_500), REQ_TARGET_URI="/accounts/1", REQ_PAYLOAD_LEN=0,
                  SERVICE_NAME="acctsvc", REQ_METHOD="GET", RESP_PAYLOAD_LEN=100, USER_NAME="fred", REQ_ID=1, USER_NAME_MAPPED="FRED"),
        version_2(at(11), page, 123, 1, PROVIDER_2, [
            {**request, "HTTP_RESP_CODE": 200, "USER_NAME": "fred", "USER_NAME_MAPPED": "FRED", "API_NAME": "accounts", "API_VERSION": "2.1",
             "REQ_METHOD": "GET", "REQ_TARGET_URI": "/accounts/[2]^x", "RESP_PAYLOAD_LEN": 321, "TIME_ZC_ENTRY": at(10, 0, 1),
             "TIME_ZC_EXIT": at(10, 0, 1, 20_000), "TIME_SOR_SENT": at(10, 0, 1, 2_000), "TIME_SOR_RECV": at(10, 0, 1, 17_000),
             "SP_NAME": "CICS-1.0", "SOR_REFERENCE": "cicsConn", "SOR_IDENTIFIER": "CICSA", "SOR_RESOURCE": "ACCT,ACCTPGM", "REQ_ID": 2,
             "TRACKING_TOKEN": TOKEN, "REQ_HDR1": "X-Branch:17", "RESP_HDR2": "X-Balance:12.30"},
            {**request, "HTTP_RESP_CODE": 404, "USER_NAME": "mary", "USER_NAME_MAPPED": "MARY", "API_NAME": "accounts", "API_VERSION": "2.1",
             "REQ_METHOD": "POST", "REQ_QUERY_STR": "a=1&b=2", "REQ_TARGET_URI": '/accounts/a,b"c', "REQ_PAYLOAD_LEN": 17,
             "TIME_ZC_ENTRY": at(10, 5), "TIME_ZC_EXIT": at(10, 5, 0, 3_000), "REQ_ID": 3},
            {**request, "HTTP_RESP_CODE": 503, "RESP_FLAGS": 0x80, "USER_NAME": "=olaf", "USER_NAME_MAPPED": "OLAF", "API_NAME": "loans",
             "API_VERSION": "1.0", "REQ_METHOD": "GET", "REQ_TARGET_URI": "/loans", "TIME_ZC_ENTRY": at(11),
             "TIME_ZC_EXIT": at(11, 0, 2), "TIME_SOR_SENT": at(11, 0, 0, 1_000), "REQ_ID": 4}]),
        version_2(at(12), page, 208, 1, SECURITY, [
            {"EVENT_SECT_VERSION": 1, "EVENT": 1, "ORIGIN": 1, "HTTP_RESP_CODE": 401, "USER_NAME": "mallory", "CLIENT_IP_ADDR": "203.0.113.9",
             "REQ_METHOD": "GET", "REQ_TARGET_URI": "/accounts/1", "API_NAME": "accounts", "SERVICE_NAME": "acctsvc", "STEP": "authenticate",
             "MESSAGE_ID": "SALA0006W", "REASON": "user mallory is unknown or the password is wrong", "REQ_ID": 5, "TRACKING_TOKEN": TOKEN,
             "TIME": at(12)}]),
        version_2(at(12, 30), page, 208, 1, SECURITY, [
            {"EVENT_SECT_VERSION": 1, "EVENT": 255, "ORIGIN": 3, "REASON": "Records were lost.", "TIME": at(12, 30), "LOST": 7,
             "LOST_SINCE": at(12, 29)}]),
        version_2(at(13), page, 123, 2, REQUESTER_2, [
            {"REQ_DATA_VERSION": 1, "REQ_APP_TYPE": 1, "HTTP_RESP_CODE": 200, "USER_NAME": "CICSUSER", "USER_NAME_MAPPED": "CICSUSER",
             "API_REQ_NAME": "claims_1.0", "API_REQ_VERSION": "1.0", "ENDPOINT_REFERENCE": "claimsConn", "ENDPOINT_HOST": "api.example.com",
             "ENDPOINT_PORT": 443, "ENDPOINT_FULL_PATH": "/claims/9", "ENDPOINT_METHOD": "GET", "TIME_ZC_ENTRY": at(13),
             "TIME_ZC_EXIT": at(13, 0, 0, 50_000), "TIME_ENDPOINT_SENT": at(13, 0, 0, 5_000),
             "TIME_ENDPOINT_RECEIVED": at(13, 0, 0, 45_000), "CICS_TRANSID": "CLAI", "REQ_ID": 6}]),
    ]


def in_blocks(records):
    """Two records a block, so that both the blocks and what is in them count."""
    pairs = [b"".join(records[n:n + 2]) for n in range(0, len(records), 2)]
    return b"".join((len(each) + 4).to_bytes(2, "big") + bytes(2) + each for each in pairs)


FORMS = {"blocks-1047": (1047, True), "blocks-037": (37, True), "plain-1047": (1047, False), "plain-037": (37, False)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    place = tmp_path_factory.mktemp("smf")
    for name, (page, blocked) in FORMS.items():
        records = day(page)
        (place / name).write_bytes(in_blocks(records) if blocked else b"".join(records))
    return place


def run(action, path, *options):
    done = subprocess.run([need(SALLYPORT), "smf", action, path, *options], capture_output=True, timeout=120, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def cases():
    for line in (DATA / "commands.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, action, *options = line.split()
            yield pytest.param(name, action, options, id=name)


@pytest.mark.parametrize(("name", "action", "options"), cases())
@pytest.mark.parametrize("form", FORMS)
def test_each_command_says_what_it_should(files, form, name, action, options):
    page = ["--ccsid", "37"] if FORMS[form][0] == 37 else []
    status, output, errors = run(action, files / form, *options, *page)
    assert (status, errors) == (0, "")
    assert output == (DATA / f"{name}.out").read_bytes().decode()


def test_no_text_is_without_its_command():
    names = {case.values[0] for case in cases()}
    assert {path.stem for path in DATA.glob("*.out")} == names


@pytest.mark.parametrize("form", FORMS)
def test_verify_finds_nothing_wrong(files, form):
    blocked = "in blocks" if FORMS[form][1] else "without blocks"
    assert run("verify", files / form) == (0, f"5 records with 7 sections, {blocked}; 0 problems\n", "")


def test_the_code_page_counts(files):
    """What is written in the one is read otherwise in the other."""
    assert "/accounts/[2]^x" in run("filter", files / "blocks-037", "--ccsid=37")[1]
    assert "/accounts/[2]^x" not in run("filter", files / "blocks-037")[1]
    assert "/accounts/[2]^x" not in run("filter", files / "blocks-1047", "--ccsid=37")[1]


# ---- files that are not as they should be


def word(number, length=2):
    return number.to_bytes(length, "big")


# What is changed in the second record (version 2, 4924 bytes): where, and what stands there then.
CHANGES = {
    "good": (0, b""), "flags": (4, b"\x40"), "time": (6, word(8640000, 4)), "date": (10, bytes.fromhex("0126367f")),
    "date-digits": (10, bytes.fromhex("01262a5f")), "spanned": (2, b"\x01"), "type": (5, b"\x50"), "subtype": (22, word(9)),
    "version": (24, word(3, 4)), "triplets": (28, b"\x03"), "reserved-head": (30, b"\x01"), "server-offset-low": (40, word(40, 4)),
    "server-offset-high": (40, word(5000, 4)), "server-length-short": (44, word(100)), "server-count": (46, word(2)),
    "items-offset-low": (48, word(200, 4)), "items-offset-high": (48, word(4000, 4)), "items-length-short": (52, word(1500)),
    "items-length-long": (52, word(1600)), "items-none": (54, word(0)), "items-fewer": (54, word(2)), "items-more": (54, word(4)),
    "items-many": (54, word(21)), "reserved-item": (244 + 5, b"\x01"), "no-arrival": (244 + 1560 + 672, bytes(16)),
    "record-shorter": (0, word(4923)), "record-longer": (0, word(4925)), "record-of-nothing": (0, word(3)), "record-huge": (0, word(65535)),
}


def changed(change):
    records = [bytearray(each) for each in day()]
    at_byte, new = CHANGES[change]
    records[1][at_byte:at_byte + len(new)] = new
    return [bytes(each) for each in records]


def torn(what):
    whole = in_blocks(day())
    return {"end-torn": whole[:-1], "block-torn": whole[:5000], "word-torn": whole + b"\0", "block-of-nothing": whole + word(3) + bytes(9),
            "empty": b"", "text": b"This is no file of records.\n" * 10, "zeros": bytes(5000)}[what]


def verdicts():
    """name -> (status, what is printed) for the file with blocks and the one without."""
    found, lines = {}, (DATA / "verify.txt").read_text().splitlines()
    for line in lines:
        if line.startswith("== "):
            found[line[3:]] = []
        elif line and not line.startswith("#"):
            found[list(found)[-1]].append(line)
    return found


@pytest.mark.parametrize("name", [f"{change} {form}" for change in CHANGES for form in ("blocks", "plain")] + [
    f"{what} file" for what in ("end-torn", "block-torn", "word-torn", "block-of-nothing", "empty", "text", "zeros")])
def test_verify_tells_what_is_wrong_and_where(tmp_path, name):
    what, form = name.split()
    path = tmp_path / "records"
    records = changed(what) if what in CHANGES else []
    path.write_bytes(torn(what) if form == "file" else in_blocks(records) if form == "blocks" else b"".join(records))
    status, output, errors = run("verify", path)
    said = [f"status {status}", *output.splitlines(), *(each.replace(str(path), "FILE") for each in errors.splitlines())]
    assert said == verdicts()[name]


# ---- percentiles


def test_percentiles_are_those_of_the_requests(tmp_path):
    """1000 requests that took 1 to 1000 ms, in no order: a percentile is at most 1.6 % too great, and never too small."""
    items = [{"REQ_DATA_VERSION": 1, "REQ_TYPE": 1, "HTTP_RESP_CODE": 200 if n % 10 else 500, "API_NAME": "slow", "TIME_ZC_ENTRY": at(9),
              "TIME_ZC_EXIT": at(9, us=1000 * (n * 7 % 1000 + 1))} for n in range(1000)]
    path = tmp_path / "records"
    path.write_bytes(b"".join(version_2(at(9), 1047, 123, 1, PROVIDER_2, items[n:n + 20]) for n in range(0, 1000, 20)))
    found = json.loads(run("summarise", path, "--json")[1])
    assert {name: found[name] for name in ("api", "requests", "clientErrors", "serverErrors", "refusals", "meanUs", "maxUs", "sorMeanUs")} == {
        "api": "slow", "requests": 1000, "clientErrors": 0, "serverErrors": 100, "refusals": 0, "meanUs": 500500, "maxUs": 1000000,
        "sorMeanUs": 0}
    for name, exact in (("p50Us", 500_000), ("p90Us", 900_000), ("p99Us", 990_000)):
        assert exact <= found[name] <= exact * 1.016, (name, found[name])


# ---- a file that grows, and the one that follows it


@pytest.mark.parametrize(("options", "golden"), [([], "filter"), (["--json"], "filter-json"), (["--api", "accounts"], "filter-api")])
@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_followed_across_its_rotations(tmp_path, form, options, golden):
    page, blocked = FORMS[form]
    records, path, out = day(page), tmp_path / "smf", tmp_path / "out"
    parts = [in_blocks(records[n:n + 1]) if blocked else records[n] for n in range(len(records))]
    expected = (DATA / f"{golden}.out").read_bytes()

    def written(count):
        """What is printed of so many records, which is what the whole command prints of a file of them."""
        (tmp_path / "part").write_bytes(b"".join(parts[:count]))
        return run("filter", tmp_path / "part", *options, "--ccsid", str(page))[1].encode()

    path.write_bytes(parts[0])
    with open(out, "wb") as file, subprocess.Popen(
            [need(SALLYPORT), "smf", "follow", path, "--all", *options, "--ccsid", str(page)], stdout=file) as process:
        try:
            for count in range(1, len(parts) + 1):
                if count in (3, 5):  # the file is renamed, and another has its name
                    path.rename(tmp_path / f"smf.{count}")
                    path.write_bytes(parts[count - 1])
                elif count > 1:  # half a record is none yet
                    with open(path, "ab", buffering=0) as more:
                        more.write(parts[count - 1][:100])
                        more.write(parts[count - 1][100:])
                wait_until(lambda: out.read_bytes() == written(count), f"{count} records in {out.read_bytes()}")
        finally:
            process.terminate()
    assert out.read_bytes() == expected


# ---- memory


def peak(*words):
    """Kilobytes that the command had in memory at most, and its status."""
    words = [str(each) for each in words]
    null, sanitized = os.open(os.devnull, os.O_WRONLY), {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
    process = os.posix_spawn(need(SALLYPORT), ["sallyport", "smf", *words], {**os.environ, **sanitized},
                             file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    os.close(null)
    _, status, usage = os.wait4(process, 0)
    return usage.ru_maxrss, os.waitstatus_to_exitcode(status)


def test_memory_does_not_grow_with_the_file(tmp_path):
    """1 GB in no more memory than 3 MB take, and a few MB."""
    items = [{"REQ_DATA_VERSION": 1, "REQ_TYPE": 1, "HTTP_RESP_CODE": 200, "API_NAME": f"api{n}", "USER_NAME": "fred", "TIME_ZC_ENTRY": at(9),
              "TIME_ZC_EXIT": at(9, us=1000 * n + 1)} for n in range(20)]
    chunk = in_blocks([version_2(at(9), 1047, 123, 1, PROVIDER_2, items)])
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(chunk * 100)
    with open(large, "wb") as file:
        for _ in range(340):
            file.write(chunk * 96)
    assert large.stat().st_size > 1_000_000_000
    try:
        for words in (["verify"], ["summarise", "--json"], ["filter"], ["convert", "--to=csv"], ["dump", "--user", "nobody"]):
            little, status = peak(words[0], small, *words[1:])
            assert status == 0
            much, status = peak(words[0], large, *words[1:])
            assert status == 0 and much <= little + 8192, (words, little, much)
    finally:
        large.unlink()


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-v"]))
