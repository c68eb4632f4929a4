"""The examples of docs/administration.md and docs/deploying.md are run as they stand there."""
import json
import os
import subprocess

import pytest

import archives
from conftest import ROOT, SALLYPORT, need
from test_admin import FIELDS, LEVELS
from test_api import make_gateway, make_region  # noqa: F401 (fixtures)


def blocks(page):
    """The lines of each indented block."""
    found, block = [], []
    for line in [*(ROOT / "docs" / page).read_text().splitlines(), ""]:
        if line.startswith("    "):
            block.append(line[4:])
        elif block:
            found.append(block)
            block = []
    return found


@pytest.mark.parametrize("page", ["administration.md", "deploying.md"])
def test_the_examples_do_what_they_say(page, make_gateway, tmp_path):
    server = make_gateway(more=LEVELS)
    for name in ("catalog", "orders"):
        archives.api(tmp_path / f"{name}.aar", name, f"/{name}", "/do", "POST", "bad")
    archives.service(server.directory / "resources/zosconnect/services/inventory.sar", "inventory", "BADPGM", 32, FIELDS)
    assert server.command("refresh").returncode == 0
    (tmp_path / "authority.pem").write_bytes(server.authority.certificate.read_bytes())
    (tmp_path / "sallyport").symlink_to(need(SALLYPORT))
    url = f"https://localhost:{server.https}"
    environment = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}", SALLYPORT_PASSWORD="adam secret", SALLYPORT_USER="adam",
                       SALLYPORT_URL=url, SALLYPORT_CA=str(tmp_path / "authority.pem"), HOME=str(tmp_path))
    ran = 0
    for line in (line for block in blocks(page) for line in block):
        if not line.startswith(("curl ", "sallyport ")):
            continue
        for example in ("https://localhost:9443", "https://gateway.example.com:9443"):
            line = line.replace(example, url)
        line = line.replace("-u adam", "-sS -w '\\n%{http_code}' --cacert authority.pem -u 'adam:adam secret'")
        result = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60,
                                check=False)
        assert result.returncode == 0, (line, result)
        if line.startswith("curl"):
            assert result.stdout.endswith("\n200"), (line, result)
        ran += 1
    assert ran >= 6


def test_the_profiles_of_the_guide_can_be_read():
    profiles = [json.loads("\n".join(block)) for block in blocks("deploying.md") if block[0].startswith("{")]
    assert len(profiles) == 1 and set(profiles[0]) == {"default", "test"}
