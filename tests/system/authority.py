"""Servers with an API, a service and an API requester of each name, and every request that needs authority.

What is expected stands in tests/data/authz: nothing here computes who may.
"""
import collections
import io
import json
import zipfile

import archives
from conftest import ROOT, Connection
from test_admin import CONNECTION, ara

DATA = ROOT / "tests" / "data" / "authz"
REALM = "zosConnect"
COLLECTIONS = {"api": "apis", "service": "services", "requester": "apiRequesters"}

XML = CONNECTION.replace("zosconnect_endpointConnection", "zosconnect_endpointConnection,apiRequester", 1) + """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<zosconnect_cicsIpicConnection id="cics" host="127.0.0.1" port="%d" zosConnectApplid="OTHERGW"
  zosConnectNetworkid="TESTNET" transid="ACCT"/>
<zosconnect_zosConnectInterceptors id="all" interceptorRef="auth"/>
<zosconnect_authorizationInterceptor id="auth"/>
"""
BODY = json.dumps({"Area": {"Text": "ABC"}}).encode()

Row = collections.namedtuple("Row", "kind action levels scope method body target")


def lines(name):
    for line in (DATA / name).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def requests():
    """Every row of requests.txt."""
    return [Row(*line.split()) for line in lines("requests.txt")]


def worked_example():
    """{(override, admin): {(action, item): letters}} of worked_example.txt; the item "" is the server."""
    tables = {}
    for line in lines("worked_example.txt"):
        if line.startswith("["):
            table = tables.setdefault(tuple(part.strip() for part in line.strip("[]").split(",")), {})
            continue
        action, *cells = line.split()
        for item, letters in zip(("cscvinc", "db2employee", "plain", ""), cells, strict=True):
            if letters != ".":
                table[action, item] = letters.strip("-")
    return tables


def demands():
    """{(manager, item): (auth, secure)} of demands.txt."""
    (_, *items), *rows = (line.split() for line in lines("demands.txt"))
    return {(manager, item): (cell[0] == "A", cell[1] == "S") for manager, *cells in rows for item, cell in zip(items, cells, strict=True)}


def users(groups):
    """A basic registry with one user for each entry {name: [groups]}; his password is his name and " secret"."""
    members = collections.defaultdict(list)
    for name, of in groups.items():
        for group in of:
            members[group].append(name)
    text = f'<basicRegistry id="basic" realm="{REALM}">'
    text += "".join(f'<user name="{name}" password="{name} secret"/>' for name in groups)
    for group, names in members.items():
        text += f'<group name="{group}">' + "".join(f'<member name="{name}"/>' for name in names) + "</group>"
    return text + "</basicRegistry>\n"


def role(*members):
    """The binding of the role: "group:G", "user:U" or the type of a special subject."""
    text = '<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">'
    for member in members:
        kind, _, name = member.partition(":")
        text += f'<{kind} name="{name}"/>' if name else f'<special-subject type="{kind}"/>'
    return text + "</security-role></authorization-roles>\n"


def elements(**attributes):
    """The elements of one API, one service with a path of its own, and one API requester for each name=attributes."""
    apis = "".join(f'<zosConnectAPI name="{name}" {text}/>' for name, text in attributes.items())
    requesters = "".join(f'<apiRequester name="{name}" {text}/>' for name, text in attributes.items())
    services = "".join(f'<zosconnect_zosConnectService serviceName="{name}" serviceRef="{name}" invokeURI="/direct/{name}" {text}/>'
                       for name, text in attributes.items())
    return (f"<zosconnect_zosConnectAPIs>{apis}</zosconnect_zosConnectAPIs>{services}"
            f"<zosconnect_apiRequesters>{requesters}</zosconnect_apiRequesters>\n")


def deploy(server, names):
    """The archives of all kinds, before the server starts. APIs have the base path of their name."""
    place = server.directory / "resources" / "zosconnect"
    for directory in COLLECTIONS.values():
        (place / directory).mkdir(parents=True)
    fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
    for name in names:
        archives.service(place / "services" / f"{name}.sar", name, "ECHOPGM", 89, fields, connection="cics")
        archives.api(place / "apis" / f"{name}.aar", name, f"/{name}", "/it", "POST", name)
        (place / "apiRequesters" / f"{name}.ara").write_bytes(ara(name))


def no_archive():
    """A zip that is no archive of any kind: who may deploy is told so, and nothing changes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("nothing", "nothing")
    return out.getvalue()


BODIES = {"-": (None, []), "json": (BODY, [("Content-Type", "application/json")]),
          "zip": (no_archive(), [("Content-Type", "application/zip")])}


class Client:
    """One connection over HTTP, for many requests."""

    def __init__(self, server):
        self.server, self.connection = server, None

    def __enter__(self):
        self.connection = Connection(self.server.http)
        return self

    def __exit__(self, *_):
        self.connection.close()

    def ask(self, method, target, headers=(), body=None):
        response = self.connection.request(method, target, headers, body)
        if response is None or (response.header("Connection") or "").lower() == "close":
            self.connection.close()
            self.connection = Connection(self.server.http)
        if response is None:
            response = self.connection.request(method, target, headers, body)
        return response

    def do(self, row, name, headers=()):
        """The request of a row with one object."""
        body, more = BODIES[row.body]
        return self.ask(row.method, row.target.replace("{n}", name), [*headers, *more], body)


def was_let_in(row, response):
    """Whether authority was given; any other answer than those that such a request can have is a failure."""
    if response.status in (401, 403):
        return False
    good = {"invoke": (200,), "deploy": (400,), "update": (400, 409), "delete": (409,), "start": (200, 409), "stop": (200, 409),
            "list": (200, 404 if row.target == "/api/explorer" else 200)}.get(row.action, (200,))
    assert response.status in good, (row, response)
    return True


def check_refusal(row, name, user, response):
    """The level is missing, and the answer says so as it should."""
    said = response.json
    assert response.header("Content-Type") == "application/json", (row, response)
    start = "BAQR0406W: The zosConnectAuthorization interceptor encountered an error while processing a request"
    about = {"api": " for API ", "service": " for service ", "requester": " for API requester "}
    named = about[row.kind] + name if "{n}" in row.target else ""
    path = row.target.replace("{n}", name).partition("?")[0]
    assert said == {"errorMessage": f"{start}{named} under request URL http://localhost{path}.",
                    "errorDetails": f"BAQR0409W: User {user} is not authorized to perform the request."}, (row, response)
