"""The key of the security database, wrapped by a key that never leaves its token."""
import os
import subprocess

import pytest

import hsm
from conftest import SALLYPORT, need

AES = ("--keygen", "--key-type", "AES:32", "--label", "saf", "--id", "0a", "--sensitive")
PROFILE = 'RDEFINE PTKTDATA MYAPP SSIGNON(KEYMASKED(0123456789ABCDEF))'


class Database:
    def __init__(self, directory, token):
        self.path, self.token = directory / "saf.db", token
        self.key, self.pin = directory / "saf.db.key", directory / "saf.db.key.pin"
        self.run("create", expected=0)

    def run(self, *words, expected=None):
        done = subprocess.run([need(SALLYPORT), "saf", "--database", self.path, *words], env=dict(os.environ, **self.token.environment),
                              capture_output=True, text=True, timeout=60, check=False)
        told = done.stdout + done.stderr
        assert hsm.PIN not in told
        assert expected is None or done.returncode == expected, told
        return told

    def write_pin(self, pin=hsm.PIN, mode=0o600):
        self.pin.unlink(missing_ok=True)
        self.pin.write_text(pin + "\n")
        self.pin.chmod(mode)

    def uri(self, name="saf"):
        return self.token.uri(f";object={name}")


@pytest.fixture
def database(tmp_path):
    token = hsm.Token(tmp_path / "token")
    token.tool(*AES)
    return Database(tmp_path, token)


def test_the_key_moves_into_a_token_and_opens_the_database_from_there(database):
    clear = database.key.read_text().strip()
    assert len(clear) == 64
    database.run("ADDUSER FRED PASSWORD(SECRET1)", expected=0)
    database.run(PROFILE, expected=0)
    database.write_pin()
    told = database.run("key-to-token", database.uri(), expected=0)
    text = database.key.read_text()
    assert clear not in text and text.startswith("token pkcs11:") and "encrypted by the token" in told
    assert database.key.stat().st_mode & 0o777 == 0o600
    assert "FRED" in database.run("LISTUSER FRED", expected=0)
    database.run('RDEFINE PTKTDATA OTHER SSIGNON(KEYMASKED(FEDCBA9876543210))', expected=0)
    # Once more is no harm: the key is the same, its wrapping another.
    database.run("key-to-token", database.uri(), expected=0)
    assert database.key.read_text() != text
    database.run("RLIST PTKTDATA MYAPP", expected=0)


def test_without_token_or_pin_the_database_stays_closed_and_says_why(database):
    clear = database.key.read_text()
    assert "PIN file" in database.run("key-to-token", database.uri(), expected=1)
    database.write_pin(mode=0o644)
    assert "chmod 600" in database.run("key-to-token", database.uri(), expected=1)
    database.write_pin()
    assert "there is no AES key nobody" in database.run("key-to-token", database.uri("nobody"), expected=1)
    assert "names no key" in database.run("key-to-token", database.token.uri(), expected=1)
    assert "does not begin with pkcs11:" in database.run("key-to-token", "file:/x", expected=1)
    assert database.key.read_text() == clear, "nothing is lost"
    database.run("key-to-token", database.uri(), expected=0)
    good = database.key.read_text()

    database.token.remove()
    assert "there is no token 'gateway'" in database.run("LISTUSER IBMUSER", expected=1)
    database.token.insert()
    database.write_pin("not the pin")
    assert "the PIN is wrong" in database.run("LISTUSER IBMUSER", expected=1)
    database.write_pin()
    for bad in (good[:-8], good.replace("key ", "kee "), good + "more\n"):
        database.key.write_text(bad)
        assert "saf.db.key" in database.run("LISTUSER IBMUSER", expected=1)
    flipped = good[:-6] + ("A" if good[-6] != "A" else "B") + good[-5:]
    database.key.write_text(flipped)
    assert "does not open it" in database.run("LISTUSER IBMUSER", expected=1)
    # Another key of the same name opens nothing.
    database.key.write_text(good)
    database.token.tool("--delete-object", "--type", "secrkey", "--id", "0a")
    database.token.tool(*AES)
    assert "does not open it" in database.run("LISTUSER IBMUSER", expected=1)
