"""`sallyport server check|create|dump` and `sallyport password`: what an administrator sees of a configuration."""
import json
import os
import re
import stat
import subprocess
import time
import zipfile

import pytest

from conftest import BUILD

SALLYPORT = BUILD / "src" / "cli" / "sallyport"
SECRET = "Geheim-4711"


def sallyport(*args, cwd=None, text=None, **environment):
    env = {**os.environ, "SALLYPORT_USER_DIR": str(cwd or "/nowhere"), **environment}
    done = subprocess.run([SALLYPORT, *map(str, args)], cwd=cwd, input=text, capture_output=True, text=True, env=env,
                          timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def server(tmp_path):
    def write(xml, **files):
        directory = tmp_path / "servers" / "one"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "server.xml").write_text(xml)
        for name, content in files.items():
            (directory / name.replace("__", ".")).write_text(content)
        return directory
    return write


BROKEN = """<server>
  <httpEndpoint id="defaultHttpEndpoint" httpPort="9080" httpsPort="-1"
                readTimeout="1"/>
  <zosconnect_zosConnectManager requireAuth="maybe"/>
  <zosconnect_authData id="x" user="u" password="%s"/>
  <variable name="p" value="%s"/>
</server>
""" % (SECRET, SECRET)


def test_problems_come_by_severity_with_their_lines_and_without_secrets(server, tmp_path):
    directory = server(BROKEN)
    code, out, err = sallyport("server", "check", "one", cwd=tmp_path)
    assert (code, err) == (1, "")
    assert SECRET not in out
    lines = out.splitlines()
    assert lines[0].startswith(f"{directory}/server.xml:4:33: error SALC0041E: ")
    assert lines[1] == '      <zosconnect_zosConnectManager requireAuth="maybe"/>'
    assert lines[2] == "    " + " " * 32 + "^"
    assert lines[3].startswith(f"{directory}/server.xml:3:17: warning SALC0031W: <httpEndpoint> has no readTimeout")
    assert '      <zosconnect_authData id="x" user="u" password="*****"/>' in lines
    assert lines[-1] == f"{directory}: 1 error, 2 warnings"


def test_the_exit_status_is_for_scripts(server, tmp_path):
    server("<server><httpOptions x='1'/></server>")
    assert sallyport("server", "check", "one", cwd=tmp_path)[0] == 0
    assert sallyport("server", "check", "one", "--strict", cwd=tmp_path)[0] == 1
    assert sallyport("server", "check", "one", "--nonsense", cwd=tmp_path)[0] == 2
    assert sallyport("server", "check", "one", "two", cwd=tmp_path)[0] == 2
    assert sallyport("server", "check", "gone", cwd=tmp_path)[0] == 1
    server("<server/>")
    assert sallyport("server", "check", "one", "--strict", cwd=tmp_path)[0] == 0


def test_programs_get_json(server, tmp_path):
    directory = server(BROKEN)
    code, out, _ = sallyport("server", "check", "one", "--json", cwd=tmp_path)
    told = json.loads(out)
    assert code == 1 and told["errors"] == 1 and told["warnings"] == 2 and told["startable"] is False
    assert {"severity", "id", "text", "file", "line", "column"} == set(told["problems"][0])
    assert told["problems"][0]["file"] == f"{directory}/server.xml"
    assert SECRET not in out


def test_the_effective_configuration_has_origins_and_no_secrets(server, tmp_path):
    server("""<server><include location="more.xml"/>
  <zosconnect_authData id="x" password="${p}"/></server>""",
           more__xml="<server>\n<httpOptions id='o' readTimeout='${t}s'/></server>",
           bootstrap__properties=f"t=7\np={SECRET}")
    code, out, err = sallyport("server", "check", "one", "--effective", cwd=tmp_path)
    assert code == 0 and "no problems" in out + err and SECRET not in out + err
    assert re.search(r"<!-- keepAliveEnabled .*: default; readTimeout: \S+/more\.xml:2 -->\n"
                     r'    <httpOptions id="o" keepAliveEnabled="true" .* readTimeout="7s"', out)
    assert '<zosconnect_authData id="x" password="*****"/>' in out
    code, out, _ = sallyport("server", "check", "one", "--written", cwd=tmp_path)
    assert code == 0 and '<httpOptions id="o" readTimeout="7s"/>' in out and "webAppSecurity" not in out


def test_the_command_line_wins_over_every_variable(server, tmp_path):
    server("<server><variable name='t' value='1s'/><httpOptions readTimeout='${t}'/></server>")
    _, out, _ = sallyport("server", "check", "one", "--written", "--", "--t=9s", cwd=tmp_path)
    assert 'readTimeout="9s"' in out


def test_names_are_explained():
    code, out, _ = sallyport("server", "check", "--explain", "zconnect_zosConnectManager@requireAuth")
    assert code == 0 and out.startswith("zosconnect_zosConnectManager@requireAuth: boolean\n")
    code, _, err = sallyport("server", "check", "--explain", "httpEndpont")
    assert code == 1 and "did you mean httpEndpoint?" in err


def test_a_secure_server_passes_its_own_check(tmp_path):
    code, out, err = sallyport("server", "create", "new", "--host=gw.example.com", cwd=tmp_path)
    assert (code, err) == (0, "")
    directory = tmp_path / "servers" / "new"
    password = re.search(r"user admin has the password (\S+) ", out).group(1)
    for path in directory.rglob("*"):
        if path.is_file():
            assert password.encode() not in path.read_bytes()
    assert stat.S_IMODE((directory / "secret.properties").stat().st_mode) == 0o600
    assert stat.S_IMODE((directory / "resources/security/key.p12").stat().st_mode) == 0o600
    assert sallyport("server", "check", "new", "--strict", cwd=tmp_path)[0] == 0
    before = (directory / "server.xml").read_text()
    code, _, err = sallyport("server", "create", "new", cwd=tmp_path)
    assert code == 1 and "there is a server already" in err
    assert (directory / "server.xml").read_text() == before


def test_the_key_file_of_a_lab_can_be_made(server, tmp_path):
    directory = server('<server><keyStore id="defaultKeyStore" password="{xor}EzY9Oi0rJg=="/></server>')
    assert "SALC0087W" in "".join(map(str, sallyport("server", "check", "one", cwd=tmp_path)[1:]))
    code, out, err = sallyport("server", "key", "one", "--host=gw.example.com", cwd=tmp_path)
    assert (code, err) == (0, "") and str(directory / "resources/security/key.p12") in out
    assert sallyport("server", "check", "one", cwd=tmp_path)[0] == 0
    code, _, err = sallyport("server", "key", "one", cwd=tmp_path)
    assert code == 1 and "not written over" in err
    assert sallyport("server", "key", "one", "--id=other", cwd=tmp_path)[0] == 1


@pytest.mark.parametrize("template", ["stock", "empty"])
def test_other_templates_can_start(template, tmp_path):
    assert sallyport("server", "create", "t", f"--template={template}", cwd=tmp_path)[0] == 0
    assert sallyport("server", "check", "t", cwd=tmp_path)[0] == 0


def test_what_is_no_template_or_name_is_refused(tmp_path):
    assert sallyport("server", "create", "t", "--template=x", cwd=tmp_path)[0] == 2
    assert sallyport("server", "create", cwd=tmp_path)[0] == 2
    assert sallyport("server", "create", 'a"b', cwd=tmp_path)[0] == 1
    assert not (tmp_path / "servers").exists()


def test_a_dump_holds_no_secret(server, tmp_path):
    directory = server(BROKEN, secret__properties=SECRET)
    (directory / "logs").mkdir()
    (directory / "logs" / "messages.log").write_text("one line\n")
    code, out, _ = sallyport("server", "dump", "one", cwd=tmp_path, MY_PASSWORD=SECRET)
    assert code == 0
    archive = tmp_path / out.strip()
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with zipfile.ZipFile(archive) as opened:
        texts = {name: opened.read(name).decode() for name in opened.namelist()}
    assert set(texts) == {"effective.xml", "problems.txt", "files.txt", "system.txt", "messages.log"}
    assert SECRET not in "".join(texts.values())
    assert "MY_PASSWORD" in texts["system.txt"] and "SALC0041E" in texts["problems.txt"]


@pytest.mark.parametrize("encoding", ["aes", "aes-128", "xor", "hash"])
def test_an_encoded_password_is_accepted_by_the_server(encoding, server, tmp_path):
    code, out, err = sallyport("password", "encode", f"--encoding={encoding}", text=SECRET + "\n")
    assert (code, err) == (0, "") and SECRET not in out
    if encoding == "hash":
        server(f'<server><basicRegistry><user name="u" password="{out.strip()}"/></basicRegistry></server>')
    else:
        server(f'<server><zosconnect_authData id="a" password="{out.strip()}"/></server>')
    code, told, _ = sallyport("server", "check", "one", cwd=tmp_path)
    assert code == 0 and ("SALC0072W" in told) == (encoding == "xor")


def test_a_password_is_encoded_with_the_key_of_the_server(server, tmp_path):
    server("<server/>", bootstrap__properties="wlp.password.encryption.key=${base}-key\nbase=my")
    _, encoded, _ = sallyport("password", "encode", "--server=one", text=SECRET, cwd=tmp_path)
    element = f'<server><zosconnect_authData id="a" password="{encoded.strip()}"/></server>'
    server(element)
    assert sallyport("server", "check", "one", "--strict", cwd=tmp_path)[0] == 0
    server(element, bootstrap__properties="wlp.password.encryption.key=other")
    code, told, _ = sallyport("server", "check", "one", cwd=tmp_path)
    assert code == 1 and "SALC0071E" in told and SECRET not in told


def test_passwords_that_cannot_be_encoded_are_refused():
    assert sallyport("password", "encode", "{xor}CDo9Hgw=")[0] == 1
    assert sallyport("password", "encode", "--encoding=rot13", "x")[0] == 2
    assert sallyport("password", "encode", "a", "b")[0] == 2
    assert sallyport("password")[0] == 2
    assert sallyport("password", "encode", "--key-file=/nowhere", text="x")[0] == 1
    assert sallyport("password", "encode", text="x" * 5000)[0] == 1


def test_a_process_with_secrets_leaves_no_core_file():
    process = subprocess.Popen([SALLYPORT, "password", "encode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 10
        limits = ""
        while not re.search(r"Max core file size\s+0\s+0", limits) and time.monotonic() < deadline:
            with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
                limits = file.read()
            time.sleep(0.01)
        assert re.search(r"Max core file size\s+0\s+0", limits)
    finally:
        process.stdin.close()
        process.stdout.read()
        process.wait(10)
