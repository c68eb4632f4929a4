"""The file system logger of a running server: what each of its attributes does."""
import collections
import datetime
import json
import os
import re
import subprocess
import threading
import time

import pytest

from conftest import wait_until
from plugin_server import (ONE_WORKER, administer, ask, built_probe, make_system, plugin_directory, probe,  # noqa: F401
                           probe_directory, refusal)

LOGGER = '<zosconnect_fileSystemLoggerInterceptor id="messages" {0}/>'
JSON_FORM = 'sallyport_format="JSON"'


@pytest.fixture
def make_logging(make_system):
    """Makes a server with a logger that has these attributes."""
    return lambda attributes="", *elements, **options: make_system(
        LOGGER.format(attributes), *elements, references="messages", **{"arguments": ONE_WORKER, **options})


def log_of(server, name="zosconnect-messages.log", directory=None):
    path = (directory or server.directory / "logs") / name
    return path.read_text() if path.exists() else ""


def text_of(server, parts, **where):
    """The log, when it has all of these."""
    wait_until(lambda: all(part in log_of(server, **where) for part in parts), f"{parts} in {log_of(server, **where)}")
    return log_of(server, **where)


def entries_of(paths):
    """The objects in JSON files; none is torn."""
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def test_text_has_an_entry_for_the_request_and_one_for_the_reply(make_logging):
    server = make_logging().start()
    assert ask(server).status == 200
    text = text_of(server, ["MessageType:RESPONSE", '"Text":"ABC"'])
    assert text.startswith("*" * 80 + "\nServerName: testServer\n" + "*" * 80 + "\n")
    assert text.index("MessageType:REQUEST") < text.index('{"Area": {"Text": "ABC"}}') < text.index("MessageType:RESPONSE")
    assert text.count("UserName:fred") == 2
    assert "RequestURL:" not in text and "Headers:" not in text


def test_json_has_one_object_for_each_request(make_logging):
    server = make_logging(JSON_FORM).start()
    assert ask(server).status == 200
    text = text_of(server, ["\n"])
    entry = json.loads(text)
    assert (entry["user"], entry["api"], entry["request"]["method"], entry["request"]["uri"]) == ("fred", "echo", "POST", "/echo/it")
    assert entry["response"]["statusCode"] == 200 and json.loads(entry["response"]["body"])["Area"]["Text"] == "ABC"
    assert "url" not in entry["request"]


def test_the_name_and_the_directory_are_those_that_are_set(make_logging, tmp_path):
    place = tmp_path / "made" / "by the logger"
    server = make_logging(f'logName="all-%SERVERNAME%-of/it" logPath="{place}"').start()
    assert ask(server).status == 200
    text_of(server, ["MessageType:RESPONSE"], name="all-testServer-of_it.log", directory=place)
    assert not (server.directory / "logs" / "zosconnect-messages.log").exists()


def test_a_directory_that_cannot_be_made_stops_the_start(make_logging):
    assert "/dev/null/logs" in refusal(make_logging('logPath="/dev/null/logs"'))


def test_the_headers_that_are_named_are_written_and_no_others(make_logging):
    server = make_logging(f'{JSON_FORM} apiProviderRequestHeaders="Content-Type,Authorization,X-Absent" '
                          'apiProviderResponseHeaders="content-type"').start()
    assert ask(server, do="nothing").status == 200
    entry = json.loads(text_of(server, ["\n"]))
    assert {name.lower(): value for name, value in entry["request"]["headers"].items()} == {
        "content-type": "application/json", "authorization": "***"}
    assert list(entry["response"]["headers"].values()) == ["application/json"]


def test_the_url_is_written_when_it_is_wanted(make_logging):
    server = make_logging('requestUrl="true"').start()
    assert ask(server, target="/echo/it?a=b").status in (200, 400)
    text = text_of(server, ["MessageType:RESPONSE"])
    assert len(re.findall(r"^RequestURL:http://localhost\S*/echo/it\?a=b$", text, re.M)) == 2


def test_payloads_are_cut_to_what_is_wanted(make_logging):
    server = make_logging(f'{JSON_FORM} maxPayloadSize="10"').start()
    assert ask(server).status == 200
    entry = json.loads(text_of(server, ["\n"]))
    assert entry["request"]["body"] == '{"Area": {' and len(entry["response"]["body"]) == 10
    assert entry["request"]["size"] == len('{"Area": {"Text": "ABC"}}')


def seconds_until_written(server, number):
    """From a request to its entry in the file, which is the `number`th."""
    begin = time.monotonic()
    assert ask(server).status == 200
    wait_until(lambda: log_of(server).count("\n") >= number, "the entry")
    return time.monotonic() - begin


def test_entries_gather_for_a_second_when_that_is_wanted(make_logging):
    server = make_logging(f'{JSON_FORM} bufferedLogging="true"').start()
    assert all(seconds_until_written(server, number) > 0.9 for number in (1, 2))


def test_entries_are_written_at_once_otherwise(make_logging):
    server = make_logging(f'{JSON_FORM} bufferedLogging="false"').start()
    # One of many: the machine may be busy, but not for each of them.
    assert any(seconds_until_written(server, number) < 0.9 for number in range(1, 21))


def test_entries_that_gathered_are_written_when_the_server_stops(make_logging):
    server = make_logging(f'{JSON_FORM} bufferedLogging="true"').start()
    for _ in range(5):
        assert ask(server).status == 200
    assert server.stop() == 0
    assert log_of(server).count("\n") == 5


def test_its_sequence_decides_what_it_sees(make_system, probe_directory):
    if os.geteuid() != 0:
        pytest.skip("plug-ins must belong to root")
    server = make_system(LOGGER.format('sequence="5"'), LOGGER.format('sequence="15"').replace('"messages"', '"behind"'),
                         probe("one", probe_directory, 'sequence="10"'), references="one,behind,messages", arguments=ONE_WORKER).start()
    assert ask(server, do="one:pre_invoke:stop:403").status == 403
    text_of(server, ["MessageType:REQUEST", "MessageType:RESPONSE"])
    assert ask(server, text="SECOND").status == 200
    text = text_of(server, ["SECOND", "MessageType:RESPONSE"], name="zosconnect-behind.log")
    assert text.count("MessageType:REQUEST") == 1  # the request that was stopped before it is not there


def all_files(server):
    return sorted((server.directory / "logs").glob("zosconnect-messages*.log"))


def in_threads(server, threads, requests):
    """Each sends so many; every request has a text of its own."""
    wrong = []

    def send(thread):
        for number in range(requests):
            response = ask(server, text=f"T{thread}N{number}")
            if response.status != 200:
                wrong.append(response)

    running = [threading.Thread(target=send, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert not wrong


def test_workers_share_files_that_are_full_at_their_size(make_logging):
    """Every entry is there once, whole, though four workers write and rename the same file."""
    server = make_logging(f'{JSON_FORM} sallyport_maxFileSize="5000"', arguments=("--workers", "4")).start()
    in_threads(server, 6, 20)
    assert server.stop() == 0  # all is written
    files = all_files(server)
    texts = collections.Counter(json.loads(entry["request"]["body"])["Area"]["Text"] for entry in entries_of(files))
    assert texts == {f"T{thread}N{number}": 1 for thread in range(6) for number in range(20)}
    assert max(path.stat().st_size for path in files) <= 5000 and len(files) > 10
    renamed = [path.name for path in files if path.name != "zosconnect-messages.log"]
    assert all(re.fullmatch(r"zosconnect-messages-\d{8}-\d{6}(\.\d+)?\.log", name) for name in renamed)


def test_as_many_full_files_are_kept_as_is_wanted_and_the_newest(make_logging):
    server = make_logging(f'{JSON_FORM} sallyport_maxFileSize="2000" sallyport_maxFileCount="3"').start()
    for number in range(30):
        assert ask(server, text=f"N{number}").status == 200
    assert server.stop() == 0
    files = all_files(server)
    assert len(files) == 4
    numbers = sorted(int(json.loads(entry["request"]["body"])["Area"]["Text"][1:]) for entry in entries_of(files))
    assert numbers == list(range(30 - len(numbers), 30))  # the last ones, without a gap


def test_a_full_disk_costs_entries_which_is_told_and_no_request(make_logging, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", disk], check=False, capture_output=True)
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        (disk / "filler").write_bytes(b"x" * 20000)
        server = make_logging(f'{JSON_FORM} logPath="{disk}"').start()

        def lost():
            assert ask(server).status == 200
            return "SALI0020E" in server.log()

        wait_until(lost, "the loss to be told", 60)
        assert "cannot be written: No space left on device" in server.log()
        (disk / "filler").unlink()
        path = disk / "zosconnect-messages.log"

        def logged():
            assert ask(server, text="LATER").status == 200
            return '\\"LATER\\"' in path.read_text()

        wait_until(logged, "an entry when there is room again")
        assert server.stop() == 0
        texts = [json.loads(entry["request"]["body"])["Area"]["Text"] for entry in entries_of([path])]
        assert texts == sorted(texts) and set(texts) == {"ABC", "LATER"}  # whole entries only
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_what_is_lost_at_the_very_end_is_told_too(make_logging, tmp_path):
    """The disk is full when the server that stops writes what has gathered."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", disk], check=False, capture_output=True)
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        server = make_logging(f'{JSON_FORM} logPath="{disk}" bufferedLogging="true"').start()
        (disk / "filler").write_bytes(b"x" * (os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize))
        assert ask(server).status == 200
        assert server.stop() == 0
        assert "SALI0020E 1 entries of file system loggers were lost" in server.log()
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_administration_is_logged_and_early_failures_are_not(make_logging):
    server = make_logging(JSON_FORM).start()
    assert ask(server, None).status == 401
    assert administer(server, "GET", "/apis").status == 200
    text = text_of(server, ["/zosConnect/apis"])
    assert [json.loads(line)["request"]["uri"] for line in text.splitlines()] == ["/zosConnect/apis"]


@pytest.mark.parametrize(("form", "minutes", "files"), [("JSON", 61, 2), ("JSON", 55, 1), ("TEXT", 61, 2), ("TEXT", 55, 1)])
def test_a_file_of_a_server_that_was_restarted_is_as_old_as_its_first_entry(make_logging, form, minutes, files):
    server = make_logging(f'sallyport_format="{form}" sallyport_rotateInterval="1h"').start()
    assert ask(server).status == 200
    server.stop()
    path, = all_files(server)
    text, then = path.read_text(), datetime.datetime.now() - datetime.timedelta(minutes=minutes)
    if form == "JSON":
        aged = re.sub(r'"timestamp":"[^"]*"', then.astimezone(datetime.timezone.utc).strftime('"timestamp":"%Y-%m-%dT%H:%M:%S.%fZ"'),
                      text, count=1)
    else:
        aged = re.sub(r"^DateTime:[^ ]*", then.strftime("DateTime:%Y-%m-%d_%H-%M-%S.000"), text, count=1, flags=re.M)
    assert aged != text
    path.write_text(aged)  # and so its own times are those of now
    server.start()
    assert ask(server, text="LATER").status == 200
    server.stop()
    assert len(all_files(server)) == files
    assert ("LATER" in path.read_text()) and (path.read_text().count("ABC") > 0) == (files == 1)
