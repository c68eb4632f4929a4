"""The security database under `kill -9`: a deck is run and killed two hundred times while others read."""
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from conftest import BUILD

SALLYPORT = BUILD / "src" / "cli" / "sallyport"
KILLS = 200
COMPARE_EVERY = 25


def commands():
    """Commands without end, each of which changes several rows; a number in them makes each one new."""
    number = 0
    while True:
        n = number % 100000
        yield f"ADDGROUP G{n} SUPGROUP(SYS1) OMVS(AUTOGID)"
        yield f"ADDUSER (U{n}A U{n}B U{n}C) DFLTGRP(G{n}) OMVS(AUTOUID) NAME('NUMBER {n}')"
        yield f"RDEFINE FACILITY (P{n}.A P{n}.B) OWNER(G{n}) AUDIT(ALL)"
        yield f"PERMIT P{n}.A CLASS(FACILITY) ID(U{n}A U{n}B U{n}C) ACCESS(UPDATE)"
        yield f"PERMIT P{n}.B CLASS(FACILITY) FROM(P{n}.A) ID(G{n}) ACCESS(READ)"
        yield f"RDEFINE GCICSTRN P{n} ADDMEM(T{n}A T{n}B T{n}C)"
        yield f"RACMAP ID(U{n}A) MAP USERDIDFILTER(NAME('user{n}')) REGISTRY(NAME('*'))"
        yield f"CONNECT (U{n}A U{n}B U{n}C) GROUP(SYS1)"
        if n % 2:
            yield f"PERMIT P{n}.A CLASS(FACILITY) RESET"
            yield f"PERMIT P{n}.B CLASS(FACILITY) RESET"
            yield f"DELUSER (U{n}A U{n}B U{n}C)"
            yield f"RDELETE FACILITY (P{n}.A P{n}.B)"
        number += 1


def environment(path):
    return {"PATH": os.environ["PATH"], "SALLYPORT_SAF_DB": str(path)}


def saf(path, *arguments, text=None):
    result = subprocess.run([SALLYPORT, "saf", *arguments], env=environment(path), timeout=60, input=text, check=False,
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def done(path):
    """How many commands are in the database: each raises the version by one."""
    with sqlite3.connect(path, timeout=10) as database:
        return database.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()[0]


class Reader(threading.Thread):
    """Reads consistent states until told to stop, and notes one that no command can have left."""

    def __init__(self, path):
        super().__init__()
        self.path, self.ending, self.states, self.broken = path, threading.Event(), 0, []

    def check(self, database):
        database.execute("BEGIN")
        counts = {
            "users of a command": "SELECT substr(id, 1, length(id) - 1) k, count(*) n FROM users WHERE id LIKE 'U%' "
                                  "GROUP BY k HAVING n != 3",
            "users without their group": "SELECT id, default_group FROM users WHERE NOT EXISTS "
                                         "(SELECT 1 FROM connects WHERE user = id AND grp = default_group)",
            "profiles of a command": "SELECT substr(name, 1, length(name) - 1) k, count(*) n FROM profiles "
                                     "WHERE class = 'FACILITY' GROUP BY k HAVING n != 2",
            "access lists": "SELECT profile, count(*) n FROM access GROUP BY profile HAVING n NOT IN (3, 4)",
            "members": "SELECT profile, count(*) n FROM members GROUP BY profile HAVING n != 3",
            "filters of nobody": "SELECT name, user FROM identity_filters WHERE user NOT IN (SELECT id FROM users)",
        }
        for what, query in counts.items():
            found = database.execute(query).fetchone()
            if found:
                self.broken.append(f"{what}: {found}")
        database.execute("ROLLBACK")
        self.states += 1

    def run(self):
        database = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10, isolation_level=None)
        while not self.ending.is_set() and not self.broken:
            try:
                self.check(database)
            except sqlite3.Error as error:
                self.broken.append(repr(error))
            self.ending.wait(0.02)
        database.close()


class Exporter(Reader):
    """Reads with the product's own code."""

    def run(self):
        while not self.ending.is_set() and not self.broken:
            lines = saf(self.path, "export", "-").splitlines()
            ids = [line.split()[1] for line in lines if line.startswith("0200 U")]
            whole = {user[:-1] for user in ids}
            if len(ids) != 3 * len(whole):
                self.broken.append(f"{len(ids)} users of {len(whole)} commands")
            self.states += 1
            self.ending.wait(0.2)


def answers(line):
    """1 for the line that says that a command is done, 0 for one that says something else."""
    assert "-> rc 8" not in line and "-> rc 12" not in line, line
    return line.endswith("-> rc 0\n")


def run_and_kill(path, deck, dice):
    """Run a deck and kill it somewhere; returns how many commands it said were done."""
    with subprocess.Popen([SALLYPORT, "saf", "-f", "-"], env=environment(path), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as runner:
        runner.stdin.write("\n".join(deck) + "\n")
        runner.stdin.close()
        said, wanted = 0, dice.randint(0, 6)
        while said < wanted:
            said += answers(runner.stdout.readline())
        time.sleep(dice.random() * 0.006)
        runner.send_signal(signal.SIGKILL)
        return said + sum(answers(line) for line in runner.stdout)


@pytest.fixture
def databases(tmp_path):
    paths = tmp_path / "saf.db", tmp_path / "reference.db"
    for path in paths:
        saf(path, "create")
        saf(path, "SETROPTS CLASSACT(FACILITY IDIDMAP)")
    return paths


def test_a_killed_deck_leaves_what_a_serial_run_leaves(databases):
    path, reference = databases
    dice = random.Random(20261)
    source, queue, history = commands(), [], []
    first = done(path)
    compared = ahead = 0
    readers = [Reader(path), Reader(path), Exporter(path)]
    for reader in readers:
        reader.start()
    try:
        for kill in range(1, KILLS + 1):
            while len(queue) < 60:
                queue.append(next(source))
            said = run_and_kill(path, queue, dice)
            now = done(path) - first - len(history)
            # All that it said was done is there, and at most the one command that it had no time to speak of.
            assert said <= now <= said + 1, f"kill {kill}: {said} said, {now} done"
            ahead += now - said
            history, queue = history + queue[:now], queue[now:]
            if kill % COMPARE_EVERY == 0:
                saf(reference, "-f", "-", text="\n".join(history[compared:]) + "\n")
                compared = len(history)
                assert saf(path, "export", "-") == saf(reference, "export", "-"), f"kill {kill}"
    finally:
        for reader in readers:
            reader.ending.set()
        for reader in readers:
            reader.join()
    assert [reader.broken for reader in readers] == [[], [], []]
    assert all(reader.states > 10 for reader in readers)
    assert compared == len(history) and len(history) > KILLS
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    saf(path, "LISTUSER")
    print(f"{len(history)} commands, {ahead} of them killed between commit and answer")
