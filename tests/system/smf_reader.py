"""A second reader of SMF records, made from the published descriptions of the records and not from the product's tables.

    python3 smf_reader.py FILE    prints each request as JSON
"""
import json
import struct
import sys

TOD_UNITS_A_SECOND = 4096 * 1_000_000
SECONDS_1900_TO_1970 = 2208988800


def records(data, blocked=True):
    """The records of a file of variable blocks, or of records one behind the other."""
    at = 0
    while at < len(data):
        if not blocked:
            end, first = at + struct.unpack_from(">H", data, at)[0], at
        else:
            length, zero = struct.unpack_from(">HH", data, at)
            assert 8 <= length <= 32760 and zero == 0 and at + length <= len(data), f"no block at {at}: {length}"
            end, first = at + length, at + 4
        while first < end:
            length, segment = struct.unpack_from(">HH", data, first)
            assert 24 <= length <= 32756 and segment == 0 and first + length <= end, f"no record at {first}: {length}"
            yield data[first:first + length]
            first += length
        at = end


def text(raw, page="cp1047"):
    # Python knows 037 and not 1047; they differ in a few characters only.
    table = str.maketrans("¬[]^Ý¨", "^Ý¨¬[]") if page == "cp1047" else {}
    return raw.decode("cp037").translate(table).rstrip(" ")


def stcke(raw):
    """Microseconds since 1970, or None."""
    if raw == bytes(16):
        return None
    epoch, tod = raw[0], int.from_bytes(raw[1:9], "big")
    return (epoch << 52) + (tod >> 12) - SECONDS_1900_TO_1970 * 1_000_000


def stck(raw):
    value = int.from_bytes(raw, "big")
    return (value >> 12) - SECONDS_1900_TO_1970 * 1_000_000 if value else None


def date(raw):
    digits = raw.hex()
    assert digits[0] == "0" and digits[7] == "f", digits
    return 1900 + 100 * int(digits[1]) + int(digits[2:4]), int(digits[4:7])


def header(record):
    length, segment, flag, kind = struct.unpack_from(">HHBB", record, 0)
    hundredths, = struct.unpack_from(">I", record, 6)
    subtype, version = struct.unpack_from(">HI", record, 22)
    return {"length": length, "flag": flag, "type": kind, "time": hundredths, "date": date(record[10:14]),
            "sid": text(record[14:18]), "ssi": text(record[18:22]), "subtype": subtype, "version": version}


def version_1(record):
    triplets, index, total = struct.unpack_from(">III", record, 28)
    server, server_length, servers, user, user_length, users = struct.unpack_from(">IIIIII", record, 48)
    assert (triplets, index, total, servers, users) == (2, 1, 1, 1, 1)
    assert (server, server_length, user, user_length, len(record)) == (72, 80, 152, 336, 488)
    part = record[user:user + user_length]
    assert struct.unpack_from(">IIII", part, 0) == (1, 102, 324, 3)
    yield {"version": 1, "system": text(record[server + 4:server + 12]),
           "entry": stck(part[16:24]), "exit": stck(part[24:32]), "uri": text(part[32:96]),
           "request_bytes": struct.unpack_from(">I", part, 96)[0], "service": text(part[100:164]),
           "method": text(part[164:172]), "response_bytes": struct.unpack_from(">I", part, 172)[0],
           "user": text(part[176:240]), "id": struct.unpack_from(">Q", part, 240)[0], "group": text(part[264:328]),
           "mapped": text(part[328:336])}


def version_2_sections(record):
    """(server section, list of the other ones)"""
    count, triplets, zero = struct.unpack_from(">BBH", record, 28)
    assert (count, triplets, zero) == (2, 40, 0)
    server, server_length, servers, first, length, items = struct.unpack_from(">IHHIHH", record, 40)
    assert (server, server_length, servers, first) == (56, 188, 1, 244)
    assert len(record) == first + length * items and 1 <= items <= 20
    return record[server:server + server_length], [record[first + n * length:first + (n + 1) * length] for n in
                                                   range(items)]


def version_2(record):
    server, sections = version_2_sections(record)
    assert server[0] == 1
    for part in sections:
        assert len(part) == 1560
        version, kind, status, flags = struct.unpack_from(">BBHB", part, 0)
        assert version == 1 and part[5:8] == bytes(3)
        yield {"version": 2, "system": text(server[4:12]), "sysplex": text(server[12:20]), "job_id": text(server[20:28]),
               "job_name": text(server[28:36]), "config_dir": text(server[44:172]), "product": text(server[172:188]),
               "kind": kind, "status": status, "timed_out": bool(flags & 0x80), "user": text(part[8:72]),
               "mapped": text(part[72:80]), "address": text(part[80:128]), "api": text(part[128:192]),
               "api_version": text(part[192:200]), "service": text(part[200:264]), "service_version": text(part[264:272]),
               "method": text(part[272:280]), "query": text(part[280:408]), "uri": text(part[408:664]),
               "request_bytes": struct.unpack_from(">I", part, 664)[0],
               "response_bytes": struct.unpack_from(">I", part, 668)[0], "entry": stcke(part[672:688]),
               "exit": stcke(part[688:704]), "sor_sent": stcke(part[704:720]), "sor_received": stcke(part[720:736]),
               "provider": text(part[736:752]), "sor_reference": text(part[752:784]), "sor_identifier": text(part[784:848]),
               "sor_resource": text(part[848:976]), "id": struct.unpack_from(">Q", part, 976)[0],
               "token": part[984:1048].rstrip(b"\0").decode("latin-1"),
               "request_headers": [text(part[at:at + 64]) for at in range(1048, 1304, 64)],
               "response_headers": [text(part[at:at + 64]) for at in range(1304, 1560, 64)]}


def security(record):
    """Type 208, as docs/audit.md describes it."""
    server, (part,) = version_2_sections(record)
    assert server[0] == 1 and len(part) == 1088 and part[0] == 1
    yield {"event": part[1], "qualifier": part[2], "origin": part[3], "status": struct.unpack_from(">H", part, 4)[0],
           "user": text(part[8:72]), "mapped": text(part[72:80]), "realm": text(part[80:112]),
           "address": text(part[112:160]), "method": text(part[160:168]), "uri": text(part[168:424]),
           "api": text(part[424:488]), "service": text(part[488:552]), "class": text(part[552:560]),
           "resource": text(part[560:808]), "access": text(part[808:816]), "allowed": text(part[816:824]),
           "step": text(part[824:840]), "message": text(part[840:856]), "reason": text(part[856:984]),
           "id": struct.unpack_from(">Q", part, 984)[0],
           "token": part[992:1056].rstrip(b"\0").decode("latin-1"), "time": stcke(part[1056:1072]),
           "lost": struct.unpack_from(">Q", part, 1072)[0], "lost_since": stck(part[1080:1088])}


def read(data, blocked=True, keep=None):
    """(requests, events of security); of the requests only the fields in `keep`, where there are a great many."""
    requests, events = [], []
    for record in records(data, blocked):
        head = header(record)
        assert head["flag"] == 0x5E and head["ssi"] == "ZCON"
        if head["type"] == 208:
            events.extend(security(record))
        else:
            assert head["type"] == 123 and head["subtype"] == 1
            found = version_1(record) if head["version"] == 1 else version_2(record)
            requests.extend({name: each[name] for name in keep} for each in found) if keep else requests.extend(found)
    return requests, events


if __name__ == "__main__":
    for each in read(open(sys.argv[1], "rb").read())[0]:
        print(json.dumps(each))
