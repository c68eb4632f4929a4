"""The examples of docs/saf.md, one after another in an empty directory, as a reader would type them."""
import os
import re
import subprocess

from conftest import ROOT, SALLYPORT, need

GUIDE = ROOT / "docs" / "saf.md"


def blocks():
    """Kind and text of each block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def test_every_example_of_the_guide_works(tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sallyport").symlink_to(need(SALLYPORT).resolve())
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}", HOME=str(tmp_path),
                       SALLYPORT_SAF_DB=str(tmp_path / "saf.db"))
    environment.pop("SALLYPORT_USER_DIR", None)
    seen = set()

    def run(command, text=""):
        done = subprocess.run(["bash", "-ec", command], cwd=tmp_path, env=environment, input=text, capture_output=True,
                              text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{command}\n{text}\n{done.stdout}{done.stderr}"
        return done.stdout

    for kind, text in blocks():
        seen.add(kind)
        if kind == "sh":
            for line in text.splitlines():
                run(line)
        elif kind == "racf":
            output = run("sallyport saf -f -", text)
            assert "-> rc 4" not in output, output
        elif kind == "xml":
            server = tmp_path / "server"
            server.mkdir(exist_ok=True)
            place = f'<sallyport_saf database="{tmp_path}/saf.db" serverUser="LIBSERV"/>'
            text = re.sub("<sallyport_saf .*/>", "", text) + place
            (server / "server.xml").write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<server>\n{text}</server>\n')
            checked = run(f"sallyport server check {server}")
            assert "SALC" not in checked.replace("SALC0070W", ""), checked
    assert seen == {"sh", "racf", "xml", "text"}


def test_each_heading_of_the_guide_is_there_once():
    headings = re.findall(r"^#+ (.*)$", GUIDE.read_text(), re.MULTILINE)
    assert len(headings) == len(set(headings))
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]*)\)", GUIDE.read_text())
    assert links and set(links) <= anchors, set(links) - anchors
