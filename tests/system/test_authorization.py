"""Who may do what: every request that needs authority, by role, level, scope and rule, as tests/data/authz has it."""
import itertools

import pytest

import authority as world
from region import Region
from test_api import basic

EXAMPLE = {"S": ["SYSPGRP"], "G": ["GBLOPERS"], "C": ["CSCOPERS"], "D": ["DB2OPERS"], "I": ["GBLINVKE"], "R": ["GBLRDR"],
           "c": ["CSCINV"], "d": ["DB2INVKE"], "n": []}
# Names of users have no case of their own to be told apart by in a URL or log: one word for each letter.
WORDS = {letter: {"c": "cscinv", "d": "dbinv"}.get(letter, letter) for letter in EXAMPLE}


@pytest.fixture
def make_world(make_server, tmp_path):
    """A server with an API, a service and an API requester of each name, in front of a region."""
    regions = []

    def make(xml, names, manager=""):
        directory = tmp_path / f"region{len(regions)}"
        directory.mkdir()
        regions.append(Region(directory).start())
        text = world.XML % regions[-1].port + f'<zosconnect_zosConnectManager {manager}/>' + xml
        server = make_server(text, start=False, environment={"SALLYPORT_EXPLORER": str(tmp_path / "absent")})
        world.deploy(server, names)
        return server.start()

    yield make
    for region in regions:
        region.stop()


def items_of(row, names):
    return names if "{n}" in row.target else [""]


# ---------------------------------------------------------------- the worked example

@pytest.mark.parametrize("override, admin", world.worked_example())
def test_every_cell_of_the_worked_example(make_world, override, admin):
    table = world.worked_example()[override, admin]
    staff = {WORDS[letter]: groups + ["STAFF"] for letter, groups in EXAMPLE.items()}
    server = make_world(
        world.users(staff) + world.role("group:STAFF")
        + world.elements(cscvinc='operationsGroup="CSCOPERS" invokeGroup="CSCINV"',
                         db2employee='operationsGroup="DB2OPERS" invokeGroup="DB2INVKE"', plain=""),
        ["cscvinc", "db2employee", "plain"],
        'requireSecure="false" globalInterceptorsRef="all" globalAdminGroup="SYSPGRP" globalInvokeGroup="GBLINVKE" '
        f'globalOperationsGroup="GBLOPERS,CSCOPERS,DB2OPERS" globalReaderGroup="GBLRDR" sallyport_groupOverride="{override}" '
        f'sallyport_adminInvokes="{"true" if admin == "yes" else "false"}"')
    seen = set()
    with world.Client(server) as client:
        for row in world.requests():
            for name in items_of(row, ["cscvinc", "db2employee", "plain"]):
                # What is of no item has the same cell in each column.
                expected = table[row.action, name or ("" if row.kind == "server" else "plain")]
                for letter, user in WORDS.items():
                    response = client.do(row, name, [basic(user)])
                    assert world.was_let_in(row, response) == (letter in expected), (row, name, letter, response)
                    if letter not in expected:
                        world.check_refusal(row, name, user, response)
                seen.add((row.action, name))
    assert seen >= set(table) - {(action, name) for action in ("list", "deploy") for name in ("cscvinc", "db2employee", "plain")}


# ---------------------------------------------------------------- levels and scopes

GLOBAL = 'globalAdminGroup="GA" globalOperationsGroup="GO" globalInvokeGroup="GI" globalReaderGroup="GR"'
OWN = 'adminGroup="IA" operationsGroup="IO" invokeGroup="II" readerGroup="IR"'
# g and a level: holds it globally; i and a level: by the groups of the item "own".
HOLDERS = {name: [name.upper(), "STAFF"] for name in ("ga", "go", "gi", "gr", "ia", "io", "ii", "ir")}


def expected_of(row, item, user):
    """From the columns of requests.txt: of an item with groups at each level only those count, otherwise the global ones."""
    scope, level = user
    own = row.scope == "item" and item == "own"
    return level.upper() in row.levels and scope == ("i" if own else "g")


def test_every_request_by_level_and_scope(make_world):
    staff = dict(HOLDERS, none=["STAFF"], stranger=[])
    server = make_world(world.users(staff) + world.role("group:STAFF") + world.elements(own=OWN, plain=""), ["own", "plain"],
                        f'requireSecure="false" globalInterceptorsRef="all" {GLOBAL}')
    with world.Client(server) as client:
        for row in world.requests():
            for name in items_of(row, ["own", "plain"]):
                for user in HOLDERS:
                    response = client.do(row, name, [basic(user)])
                    assert world.was_let_in(row, response) == expected_of(row, name, user), (row, name, user, response)
                    if response.status == 403:
                        world.check_refusal(row, name, user, response)
                response = client.do(row, name, [basic("none")])
                assert response.status == 403, (row, name, response)
                world.check_refusal(row, name, "none", response)
                # The role is asked before any level, and who is not known before both.
                response = client.do(row, name, [basic("stranger")])
                assert (response.status, response.json) == (403, {"errorMessage": "Error 403: AuthorizationFailed"}), (row, response)
                response = client.do(row, name)
                assert response.status == 401 and response.header("WWW-Authenticate").startswith("Basic realm="), (row, response)


def test_what_is_not_there_is_told_to_those_who_may_ask(make_world):
    staff = dict(HOLDERS, none=["STAFF"], stranger=[])
    server = make_world(world.users(staff) + world.role("group:STAFF"), ["plain"],
                        f'requireSecure="false" globalInterceptorsRef="all" {GLOBAL}')
    with world.Client(server) as client:
        # Nothing of that name: the global groups decide, and a name that is free is refused as one that is taken.
        for row in world.requests():
            if "{n}" not in row.target or row.target.startswith(("/{n}", "/direct")) or row.action == "invoke":
                continue
            for user in [*HOLDERS, "none"]:
                response = client.do(row, "absent", [basic(user)])
                may = user[0] == "g" and user[1].upper() in row.levels
                assert response.status == (404 if may else 403), (row, user, response)
                if not may:
                    world.check_refusal(row, "absent", user, response)
        # No such path, no such method: for those who may list.
        for method, target, status in (("GET", "/zosConnect/nothing", 404), ("GET", "/zosConnect/apis/plain/more", 404),
                                       ("GET", "/zosConnect", 404), ("PATCH", "/zosConnect/apis", 405),
                                       ("POST", "/zosConnect/apis/plain", 405), ("POST", "/zosConnect/api-docs", 405),
                                       ("PUT", "/zosConnect/services/plain?action=fly", 404),
                                       ("DELETE", "/zosConnect/operations/getStatistics", 405)):
            for user in HOLDERS:
                told = client.ask(method, target, [basic(user)], b"" if method == "POST" else None).status
                reads = user == "gr" or (user in ("ga", "go"))
                if "getStatistics" in target:
                    reads = user in ("ga", "go")
                assert told == (status if reads else 403), (method, target, user)
            assert client.ask(method, target, [basic("stranger")]).status == 403
            assert client.ask(method, target).status == 401


# ---------------------------------------------------------------- lists

# What an element says, and whether lists then show the item to the holders of its groups alone.
LISTED = {
    "open": ("", False), "groups": (OWN, False), "check": ('interceptorsRef="all"', False),
    "called": ('interceptorsRef="all" invokeGroup="II"', False), "other": (f'interceptorsRef="none" {OWN}', False),
    "closed": (f'interceptorsRef="all" {OWN}', True), "read": ('interceptorsRef="all" readerGroup="IR"', True),
    "run": ('interceptorsRef="all" runGlobalInterceptors="false" operationsGroup="IO"', True),
}
# user: his groups, and which of those that are left out of others' lists he sees; None: he may not list.
READERS = {
    "ga": (["GA"], ""), "go": (["GO"], ""), "gr": (["GR"], ""), "gi": (["GI"], None), "ir": (["IR"], None),
    "gria": (["GR", "IA"], "closed"), "grio": (["GR", "IO"], "closed run"), "grir": (["GR", "IR"], "closed read"),
    "grii": (["GR", "II"], ""), "gaio": (["GA", "IO"], "closed run"), "all": (["GA", "IA", "IO", "II", "IR"], "closed read run"),
    "none": ([], None),
}


@pytest.fixture
def make_listed(make_world):
    def make(filtered):
        staff = {name: [*groups, "STAFF"] for name, (groups, _) in READERS.items()}
        return make_world(
            world.users(staff) + world.role("group:STAFF") + '<zosconnect_zosConnectInterceptors id="none" interceptorRef=""/>'
            + world.elements(**{name: text for name, (text, _) in LISTED.items()}), list(LISTED),
            f'requireSecure="false" globalInterceptorsRef="all" sallyport_filterLists="{filtered}" {GLOBAL}')

    return make


@pytest.mark.parametrize("filtered", ["SERVICES", "ALL"])
def test_each_user_sees_in_lists_what_is_his(make_listed, filtered):
    server = make_listed(filtered)
    with world.Client(server) as client:
        for user, (groups, sees) in READERS.items():
            shown = sorted(name for name, (_, kept) in LISTED.items() if not kept or name in (sees or "").split())
            everything = sorted(LISTED)
            for target, field, name, of in (
                    ("/zosConnect/services", "zosConnectServices", "ServiceName", shown),
                    ("/zosConnect/services?status=started", "zosConnectServices", "ServiceName", shown),
                    ("/zosConnect/services?status=stopped", "zosConnectServices", "ServiceName", []),
                    ("/zosConnect/apis", "apis", "name", shown if filtered == "ALL" else everything),
                    ("/zosConnect/apiRequesters", "apiRequesters", "name", shown if filtered == "ALL" else everything),
                    ("/api/docs", "apis", "name", shown if filtered == "ALL" else everything)):
                response = client.ask("GET", target, [basic(user)])
                if sees is None:
                    assert response.status == 403, (user, target)
                else:
                    assert [each[name] for each in response.json[field]] == of, (user, target)
            response = client.ask("GET", "/zosConnect/operations/getStatistics", [basic(user)])
            if sees is None or not {"GA", "GO"} & set(groups):
                assert response.status == 403, user
            else:
                assert sorted(response.json) == shown, user


def alike(response, name):
    """What a caller can tell an answer by."""
    headers = sorted(key for key, _ in response.headers)
    return response.status, headers, response.body.decode().replace(name, "?")


@pytest.mark.parametrize("filtered", ["SERVICES", "ALL"])
def test_a_refusal_does_not_tell_of_what_a_list_leaves_out(make_listed, filtered):
    server = make_listed(filtered)
    hidden = {"closed": {"IA", "IO", "IR"}, "read": {"IR"}, "run": {"IO"}}
    rows = [row for row in world.requests() if "{n}" in row.target and row.target.startswith("/zosConnect/") and row.action != "invoke"]
    told = 0
    with world.Client(server) as client:
        for row, (name, readers), (user, (groups, _)) in itertools.product(rows, hidden.items(), READERS.items()):
            if readers & set(groups):
                continue
            response, absent = client.do(row, name, [basic(user)]), client.do(row, "absent", [basic(user)])
            # The element "read" protects what readers do; who manages all, manages it.
            if name == "read" and row.levels == "AO" and {"GA", "GO"} & set(groups):
                assert world.was_let_in(row, response), (row, user, response)
            elif filtered == "ALL":
                assert alike(response, name) == alike(absent, "absent"), (row, name, user)
                told += response.status == 404
            else:
                assert response.status == 403, (row, name, user, response)
        # The name of what is deployed is taken, though.
        if filtered == "ALL":
            archive = (server.directory / "resources/zosconnect/apis/closed.aar").read_bytes()
            response = client.ask("POST", "/zosConnect/apis", [basic("ga"), ("Content-Type", "application/zip")], archive)
            assert (response.status, response.json["errorMessage"]) == (409, "The API closed is deployed already: stop it, and update it.")
    assert (told > 100) == (filtered == "ALL")
    assert all(f"interceptors: BAQR0409W: User {user} is not authorized" in server.log() for user in ("gr", "ga"))


# ---------------------------------------------------------------- requireAuth and requireSecure

VALUES = {"-": "", "t": "true", "f": "false"}


def says(auth, secure):
    return " ".join(f'{name}="{VALUES[value]}"' for name, value in (("requireAuth", auth), ("requireSecure", secure)) if value != "-")


def test_the_table_of_demands_has_every_cell():
    said = [a + s for a in VALUES for s in VALUES]
    assert set(world.demands()) == set(itertools.product(said, said))


@pytest.mark.parametrize("manager", [(a, s) for a in VALUES for s in VALUES], ids="".join)
def test_the_most_specific_element_demands(make_world, manager):
    items = {f"item_{a}{s}".replace("-", "n"): (a, s) for a in VALUES for s in VALUES}
    elements = world.elements(**{name: says(*said) for name, said in items.items()})
    server = make_world(world.users({"fred": ["STAFF"], "stranger": []}) + world.role("group:STAFF") + elements, [*items, "plain"],
                        says(*manager))
    with world.Client(server) as client:
        for name, said in dict(items, plain=("-", "-")).items():
            auth, secure = world.demands()["".join(manager), "".join(said)]
            targets = [f"/{name}/it", f"/zosConnect/services/{name}?action=invoke"]
            if name != "plain":
                targets.append(f"/direct/{name}")
            for target in targets:
                headers = [("Content-Type", "application/json")]
                for user, status in ((None, 401 if auth else 200), ("stranger", 403 if auth else 200), ("fred", 200)):
                    credentials = headers + ([basic(user)] if user else [])
                    response = client.ask("POST", target, credentials, world.BODY)
                    assert response.status == (302 if secure else status), (target, said, user, response)
                    if secure:
                        assert response.header("Location") == f"https://localhost:{server.https}{target}"
                if secure:
                    assert server.call("POST", target, headers, world.BODY).status == (401 if auth else 200), (target, said)
        # What an item says counts for its calls: it is administered, and the server is, as the manager says.
        auth, secure = world.demands()["".join(manager), "--"]
        for target in ("/zosConnect/apis/item_ff", "/zosConnect/services/item_ff", "/zosConnect/apiRequesters/item_ff",
                       "/zosConnect/apis/item_tt", "/zosConnect/apis", "/zosConnect/api-docs", "/api/docs"):
            assert client.ask("GET", target).status == (302 if secure else 401 if auth else 200), target
            if secure:
                assert server.call("GET", target).status == (401 if auth else 200), target


def test_a_service_behind_an_api_demands_nothing_of_its_own(make_world):
    elements = ('<zosconnect_services><service name="closed" requireAuth="true" requireSecure="true"/>'
                '<service name="open" requireAuth="false" requireSecure="false"/></zosconnect_services>'
                '<zosconnect_zosConnectAPIs><zosConnectAPI name="closed" requireAuth="false" requireSecure="false"/>'
                '<zosConnectAPI name="open" requireAuth="true" requireSecure="true"/></zosconnect_zosConnectAPIs>')
    server = make_world(world.users({"fred": []}) + world.role("user:fred") + elements, ["closed", "open"])
    headers = [("Content-Type", "application/json")]
    for target, plain, tls in (("/closed/it", 200, 200), ("/zosConnect/services/closed?action=invoke", 302, 401),
                               ("/open/it", 302, 401), ("/zosConnect/services/open?action=invoke", 200, 200)):
        assert server.call("POST", target, headers, world.BODY, tls=False).status == plain, target
        assert server.call("POST", target, headers, world.BODY).status == tls, target
