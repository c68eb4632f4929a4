"""docs/plugins.md, followed as it stands: its commands, its server.xml, its service; and what it quotes of the examples."""
import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

from conftest import ROOT, Process, free_ports, listening, wait_until
from plugin_server import ask, make_system, plugin_directory, wait_for  # noqa: F401

DOCUMENT = (ROOT / "docs" / "plugins.md").read_text()
FIRST = DOCUMENT.split("## A first one")[1].split("\n## ")[0]
SECOND = DOCUMENT.split("## One that asks a service")[1].split("\n## ")[0]


def blocks(section, language=""):
    """The fenced blocks of a section, without their indentation."""
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", section, re.S | re.M)
    return [textwrap.dedent(text) for name, text in found if name == language]


@pytest.fixture
def checkout(tmp_path):
    """What a stranger has: the examples, the header, and nothing that was built."""
    place = tmp_path / "checkout"
    for part in ("examples/plugins", "include"):
        shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("*.so"))
    return place


def follow(commands, checkout, directory):
    """Runs them in a shell, as root already, and with another directory to install to."""
    script = "set -e\n" + commands.replace("sudo make install", f"make install DIRECTORY={directory}")
    result = subprocess.run(["bash", "-c", script], cwd=checkout, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "warning" not in result.stderr, result


def with_directory(xml, directory):
    assert "<sallyport_pluginInterceptor " in xml
    return xml.replace("<sallyport_pluginInterceptor ", f'<sallyport_pluginInterceptor directory="{directory}" ')


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="plug-ins must belong to root")


def test_the_first_one_is_built_installed_and_served_by(make_system, checkout, plugin_directory):
    follow("".join(blocks(FIRST)), checkout, plugin_directory)
    [xml] = blocks(FIRST, "xml")
    server = make_system(with_directory(xml, plugin_directory), references="").start()
    response = ask(server)
    assert (response.status, response.header("X-Served-By")) == (200, "sallyport")


def test_the_second_one_asks_the_service_of_the_tutorial(make_system, checkout, plugin_directory, tmp_path):
    follow("".join(blocks(FIRST)).replace("response-header", "policy-service"), checkout, plugin_directory)
    [xml], [service] = blocks(SECOND, "xml"), blocks(SECOND, "python")
    port = free_ports(1)[0]
    assert "8181" in xml and "8181" in service
    (tmp_path / "service").mkdir()
    process = Process([sys.executable, "-c", service.replace("8181", str(port))], tmp_path / "service")
    try:
        wait_until(lambda: listening(port), "the service of the tutorial")
        server = make_system(with_directory(xml, plugin_directory).replace("8181", str(port)), references="").start()
        assert ask(server).status == 200
        asked = (tmp_path / "service" / "output.log").read_text()
        assert '{"user":"fred","method":"POST","uri":"/echo/it","api":"echo",' in asked
    finally:
        process.stop()
    response = ask(server)
    assert response.status == 503 and response.json["errorDetails"] == "The policy service gave no decision."
    wait_for(server, "SALI0016E policy: the policy service gave no decision")


@pytest.mark.parametrize("section, source", [(FIRST, "response-header/response_header.c"), (SECOND, "policy-service/policy_service.c")],
                         ids=["the first", "the second"])
def test_what_it_quotes_is_in_the_example(section, source):
    def plain(text):
        return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.S))

    code = plain((ROOT / "examples" / "plugins" / source).read_text())
    [quoted] = blocks(section, "c")
    for line in quoted.splitlines():
        assert line.strip() == "..." or plain(line).strip() in code, line


@pytest.mark.parametrize("flags", ["", "-O3", "-O0 -g"])
def test_flags_of_a_users_own_leave_it_a_library(checkout, flags):
    for name in ("response-header", "policy-service"):
        where = checkout / "examples" / "plugins" / name
        subprocess.run(["make", "-s", "-B", "-C", where, "SALLYPORT_INCLUDE=../../../include", *([f"CFLAGS={flags}"] if flags else [])],
                       check=True)
        library = next(where.glob("*.so"))
        symbols = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout.split("\n")
        assert [line.split()[-1] for line in symbols if line] == ["sallyport_interceptor_entry"]
