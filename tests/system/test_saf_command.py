"""`sallyport saf`: the command line around RACF commands."""
import os
import pty
import re
import select
import stat
import subprocess
import time

import pytest

from conftest import BUILD, ROOT

SALLYPORT = BUILD / "src" / "cli" / "sallyport"


class Saf:
    """A security database and the command that works on it."""

    def __init__(self, directory):
        self.directory = directory
        self.path = directory / "resources" / "saf.db"
        self.environment = {"PATH": os.environ["PATH"], "SALLYPORT_SAF_DB": str(self.path),
                            "SALLYPORT_SAF_HISTORY": str(directory / "history"), "TERM": "xterm"}

    def run(self, *arguments, text=None, expect=0):
        result = subprocess.run([SALLYPORT, "saf", *arguments], env=self.environment, cwd=self.directory, timeout=60,
                                input=text, capture_output=True, text=True, check=False,
                                stdin=None if text is not None else subprocess.DEVNULL)
        assert result.returncode == expect, f"{arguments}: {result.returncode}\n{result.stdout}{result.stderr}"
        return result.stdout + result.stderr

    def deck(self, text, *options, expect=0):
        (self.directory / "deck").write_text(text)
        return self.run(*options, "-f", "deck", expect=expect)


@pytest.fixture
def saf(tmp_path):
    it = Saf(tmp_path)
    it.run("create")
    return it


def test_a_database_is_made_once_and_for_its_owner_alone(saf):
    assert stat.S_IMODE(saf.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(saf.path.with_name("saf.db.key").stat().st_mode) == 0o600
    assert "already" in saf.run("create", expect=1)


def test_without_a_database_it_says_how_to_make_one(tmp_path):
    assert "'sallyport saf create' makes one" in Saf(tmp_path).run("LISTUSER", expect=1)


def test_the_database_of_a_server_is_found(tmp_path):
    server = tmp_path / "servers" / "one"
    server.mkdir(parents=True)
    (server / "server.xml").write_text("<server/>")
    it = Saf(tmp_path)
    it.environment["SALLYPORT_USER_DIR"] = str(tmp_path)
    it.run("--server", "one", "create")
    assert (server / "resources" / "security" / "saf.db").exists()
    assert "USER=IBMUSER" in it.run("--server", "one", "LISTUSER")
    del it.environment["SALLYPORT_SAF_DB"]
    assert "no server" in it.run("LISTUSER", expect=1)


def test_one_command_answers_with_its_messages_and_status(saf):
    assert saf.run("ADDUSER FRED NAME('F. RED')") == ""
    assert saf.run("LISTUSER", "FRED").startswith("USER=FRED  NAME=F. RED")
    assert saf.run("ADDUSER FRED", expect=1) == "ICH01010I USER FRED is already defined\n"
    assert "IKJ56500I" in saf.run("ADDUSR FRED", expect=1)


def test_a_deck_reports_each_command_and_goes_on(saf):
    out = saf.deck("/* users */\nADDGROUP G1\n\nADDUSER (A,B) +\n   DFLTGRP(G1) -\n  PASSWORD(SECRET)\nADDUSER A\nCONNECT B\n",
                   expect=1)
    assert out == ("2: ADDGROUP G1  -> rc 0\n"
                   "4: ADDUSER (A,B) DFLTGRP(G1) PASSWORD(********)  -> rc 0\n"
                   "7: ADDUSER A\n    ICH01010I USER A is already defined\n    -> rc 8\n"
                   "8: CONNECT B  -> rc 0\n"
                   "4 commands: 3 done, 1 refused; highest return code 8\n")


def test_a_deck_can_stop_at_the_first_refusal(saf):
    out = saf.deck("ADDUSER A\nADDUSER A\nADDUSER B\n", "--stop-on-error", expect=1)
    assert "stopped at line 2" in out and "ADDUSER B" not in out
    saf.run("LISTUSER B", expect=1)


def test_a_job_gives_the_commands_of_its_systsin(saf):
    out = saf.deck("//ZCEE JOB (0),'RACF'\n//S1 EXEC PGM=IKJEFT01\n//SYSTSPRT DD SYSOUT=*\n//SYSTSIN DD *\n"
                   + "ADDUSER FRED DFLTGRP(SYS1) -".ljust(72) + "00010000\n" + " NAME('F')\n/*\nADDUSER NOT\n//\n")
    assert "5: ADDUSER FRED DFLTGRP(SYS1) NAME('F')  -> rc 0" in out
    assert "1 command: 1 done" in out


def test_standard_input_is_a_deck(saf):
    assert "1: ADDUSER FRED  -> rc 0" in saf.run(text="ADDUSER FRED\n")
    assert "USER=FRED" in saf.run("-f", "-", text="LISTUSER FRED\n")


def test_secrets_are_shown_nowhere(saf):
    deck = ("ADDUSER FRED PASSWORD(HUSHHUSH) PHRASE('hush hush 12')\nALTUSER FRED PASSWORD HUSHHUSH\n"
            "ALTUSER FRED PHRASE('hush') NOEXPIRED\nPASSWORD HUSHHUSH HUSHHUSX\nALTUSER FRED PASSWORD(HUSH HUSH)\n"
            "RDEFINE PTKTDATA A SSIGNON(KEYMASKED(0123456789HUSH00))\nRDEFINE PTKTDATA A SSIGNON(BADBADBADBADBAD0)\n"
            "ALTUSER FRED NAME('O'Hara') PASSWORD('HUSHHUSH')\n")
    out = saf.deck(deck, expect=1).lower()
    assert "hush" not in out and "badbad" not in out
    contents = saf.path.read_bytes() + b"".join(p.read_bytes() for p in saf.path.parent.glob("saf.db-*"))
    assert b"hush" not in contents.lower()


def test_the_issuer_decides_what_is_allowed(saf):
    saf.run("ADDUSER FRED")
    assert "ICH01011I" in saf.run("--issuer", "fred", "ADDUSER MARY", expect=1)
    assert "ICH408I USER(NOBODY)" in saf.run("--issuer", "nobody", "LISTUSER", expect=1)
    assert "USER=FRED" in saf.run("--issuer", "FRED", "LISTUSER")


def test_keys_are_kept_under_labels(saf):
    (saf.directory / "key").write_text("00010203 04050607\n08090a0b0c0d0e0f\n" + "11" * 16)
    saf.run("key", "add", "my.key", "key")
    assert saf.run("key", "list").startswith("MY.KEY ")
    saf.run("RDEFINE PTKTDATA APPL1 SSIGNON(EPTKEYLABEL(MY.KEY))")
    (saf.directory / "key").write_text("00" * 20)
    assert "16 for a DES key" in saf.run("key", "add", "OTHER", "key", expect=1)
    assert "a label is" in saf.run("key", "add", "9", "key", expect=2)
    saf.run("key", "delete", "MY.KEY")
    assert "there is no key" in saf.run("key", "delete", "MY.KEY", expect=1)


def test_an_unload_goes_out_and_comes_in(saf, tmp_path):
    saf.run("ADDUSER FRED NAME('F. RED')")
    saf.run("export", "unload")
    (tmp_path / "other").mkdir()
    other = Saf(tmp_path / "other")
    other.run("create")
    assert "nothing was changed" in other.run("import", "--check", str(saf.directory / "unload"))
    other.run("LISTUSER FRED", expect=1)
    other.run("import", str(saf.directory / "unload"))
    assert "F. RED" in other.run("LISTUSER FRED")


def test_a_wrong_command_line_is_refused(saf):
    saf.run("--nonsense", expect=2)
    saf.run("--issuer", "much-too-long", "LISTUSER", expect=2)
    saf.run("-f", "deck", "LISTUSER", expect=2)
    saf.run("key", "add", expect=2)
    saf.run("import", expect=2)
    assert "cannot read" in saf.run("-f", "missing", expect=1)


def test_the_example_runs(saf):
    out = saf.run("-f", str(ROOT / "examples" / "saf" / "zconnect.racf"))
    assert re.search(r"\d+ commands: \d+ done; highest return code 0", out)
    assert "FREDPWD" not in out and "123456789ABCDEF0" not in out


class Dialogue:
    """`sallyport saf` on a terminal of its own."""

    def __init__(self, saf):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(SALLYPORT, ["sallyport", "saf"], saf.environment)
        self.text = ""

    def wait_for(self, what):
        end = time.monotonic() + 15
        while what not in self.text:
            assert time.monotonic() < end, f"waited for {what!r}: {self.text!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 65536).decode()
        seen, self.text = self.text.split(what, 1)
        return seen

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_a_dialogue_has_help_continuation_and_a_history_without_secrets(saf):
    dialogue = Dialogue(saf)
    dialogue.wait_for("saf> ")
    dialogue.type("help\n")
    assert "ADDUSER (AU)" in dialogue.wait_for("saf> ")
    dialogue.type("help au\n")
    assert "DFLTGRP(group)" in dialogue.wait_for("saf> ")
    dialogue.type("ADDUSER FRED -\n")
    dialogue.wait_for("...> ")
    dialogue.type("PASSWORD(HUSHHUSH)\n")
    dialogue.wait_for("saf> ")
    dialogue.type("ADDUSER FRED\n")
    assert "rc 8" in dialogue.wait_for("saf> ")
    dialogue.type("quit\n")
    assert dialogue.end() == 0
    assert "USER=FRED" in saf.run("LISTUSER FRED")
    history = (saf.directory / "history").read_text()
    assert "ADDUSER" in history and "HUSH" not in history
    assert stat.S_IMODE((saf.directory / "history").stat().st_mode) == 0o600
    again = Dialogue(saf)
    again.wait_for("saf> ")
    again.type("\x1b[A\n")  # the line before
    assert "ICH01010I" in again.wait_for("saf> ")
    again.type("\x04")
    assert again.end() == 0
