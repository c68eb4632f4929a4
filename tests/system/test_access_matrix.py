"""`sallyport explain access --matrix` says of everything that is deployed what the server then answers, cell by cell."""
import csv
import io
import json
import random
import subprocess

import pytest

import authority as world
from conftest import SALLYPORT, need
from test_api import basic
from test_authorization import GLOBAL, HOLDERS, OWN, items_of, make_world  # noqa: F401 (a fixture)

LEVELS = ("admin", "operations", "invoke", "reader")
GROUPS = ("G1", "G2", "G3", "G4")


def explain(server, *words):
    return subprocess.run([need(SALLYPORT), "explain", "access", *words, "--server", str(server.directory)],
                          env=server.environment, capture_output=True, text=True, timeout=60, check=False)


def matrix(server, users):
    """{(kind, name, action): row}, of the JSON; the other forms must say the same."""
    chosen = [word for user in users for word in ("--user", user)]
    rows = json.loads(explain(server, "--matrix", "--json", *chosen).stdout)
    table = csv.DictReader(io.StringIO(explain(server, "--matrix", "--csv", *chosen).stdout))
    text = explain(server, "--matrix", *chosen).stdout.splitlines()
    assert text[0].split() == ["kind", "name", "action", "access", "groups", "users"] and len(text) == len(rows) + 1
    for row, line, in_text in zip(rows, table, text[1:], strict=True):
        assert [line[name].lstrip("'") for name in ("kind", "name", "action", "access")] == [
            row[name] for name in ("kind", "name", "action", "access")]
        groups = [each["group"] for each in row["groups"]]
        assert line["groups"].split() == groups and line["users"].lstrip("'").split() == row["users"]
        assert line["levels"].split() == [f"{each['of']}:{each['level']}" for each in row["groups"]]
        words = in_text.split()
        assert words[0] == row["kind"] and in_text.split(row["action"], 1)[1].split() == [*row["access"].split(), *groups, *row["users"]]
    return {(row["kind"], row["name"], row["action"]): row for row in rows}


def agree(server, names, users):
    """Every request of every user, with every object: let in exactly when the matrix has him."""
    said = matrix(server, users)
    expected = {("server", "", action) for action in ("list", "document", "deploy", "statistics")}
    for kind in ("api", "service", "requester"):
        for action in ("invoke", "list", "details", "deploy", "update", "start", "stop", "delete"):
            expected |= {(kind, name, action) for name in names}
    expected |= {("api", name, "document") for name in names}
    expected |= {("service", name, action) for name in names for action in ("document", "statistics")}
    assert set(said) == expected
    cells = 0
    with world.Client(server) as client:
        for row in world.requests():
            for name in items_of(row, names):
                cell = said[row.kind, name or ("" if row.kind == "server" else names[0]), row.action]
                for user in users:
                    response = client.do(row, name, [] if user == "-" else [basic(user)])
                    assert world.was_let_in(row, response) == (user in cell["users"]), (row, name, user, cell, response)
                    cells += 1
    return cells


def test_the_matrix_is_what_the_server_answers_by_level_and_scope(make_world):  # noqa: F811
    staff = dict(HOLDERS, none=["STAFF"], stranger=[])
    server = make_world(world.users(staff) + world.role("group:STAFF") + world.elements(
        own=OWN, plain="", known='requireAuth="false"', free='runGlobalInterceptors="false"',
        anybody='requireAuth="false" runGlobalInterceptors="false"', apart='runGlobalInterceptors="false" interceptorsRef="all"'),
        ["own", "plain", "known", "free", "anybody", "apart"], f'requireSecure="false" globalInterceptorsRef="all" {GLOBAL}')
    agree(server, ["own", "plain", "known", "free", "anybody", "apart"], [*staff, "-"])
    said = matrix(server, [*staff, "-"])
    everybody = sorted([*staff, "-"])
    assert sorted(said["api", "anybody", "invoke"]["users"]) == everybody and said["api", "anybody", "invoke"]["access"] == "everybody"
    # Who may call it need not be known; who changes it must, but has no group to be in.
    assert sorted(said["api", "anybody", "stop"]["users"]) == sorted(set(everybody) - {"-", "stranger"})
    assert said["api", "free", "deploy"]["users"] == ["ga", "go"]
    assert said["api", "known", "invoke"]["users"] == ["gi"] and said["api", "known", "invoke"]["access"] == "groups"


def pick(chance, attribute):
    """attribute="groups", or nothing."""
    groups = [group for group in GROUPS if chance.random() < 0.4]
    return f'{attribute}="{",".join(groups)}" ' if groups and chance.random() < 0.6 else ""


def an_element(chance):
    text = "".join(pick(chance, f"{level}Group") for level in LEVELS)
    text += chance.choice(["", "", 'requireAuth="true" ', 'requireAuth="false" '])
    text += chance.choice(["", "", 'runGlobalInterceptors="false" '])
    return text + chance.choice(["", 'interceptorsRef="all" '])


@pytest.mark.parametrize("seed", range(8))
def test_the_matrix_is_what_the_server_answers_whatever_is_configured(make_world, seed):  # noqa: F811
    chance = random.Random(seed)
    names = ["one", "two", "three"]
    users = {f"user{n}": [group for group in (*GROUPS, "STAFF", "STAFF2") if chance.random() < 0.5] for n in range(6)}
    manager = 'requireSecure="false" ' + "".join(pick(chance, f"global{level.capitalize()}Group") for level in LEVELS)
    manager += chance.choice(['globalInterceptorsRef="all" ', 'globalInterceptorsRef="all" ', ""])
    manager += chance.choice(["", "", 'requireAuth="false" ']) + chance.choice(["", 'sallyport_groupOverride="LEVEL" '])
    manager += chance.choice(["", 'sallyport_adminInvokes="true" ']) + chance.choice(["", 'sallyport_filterLists="ALL" '])
    roles = world.role(*chance.sample(["group:STAFF", "group:STAFF2", "user:user1", "EVERYONE", "ALL_AUTHENTICATED_USERS"], 2))
    server = make_world(world.users(users) + roles + world.elements(**{name: an_element(chance) for name in names}), names, manager)
    assert agree(server, names, [*users, "-"]) > 600
