"""Who holds the role, over HTTP on a real server: by name, access id, group and special subject, as tests/data/authz has it; by
profiles of the security database; and what the unauthenticated user may."""
import re
import subprocess
import time

import pytest
from jwcrypto import jwk

import authority as world
import tokens
from conftest import SALLYPORT, need
from test_api import basic

SECRET = "a secret of thirty-two bytes....."
LONG = "L" * 256  # bytes, the most of a name that a token may give
ISSUERS = {"one": "https://issuer.test", "two": "https://issuer.test/other"}
CLAIMS = {"t": ("one", "fred", ["STAFF"]), "s": ("one", "4711", ["clerks", "CLERKSS", "CLERKS ", LONG]), "g": ("two", "fred", ["STAFF"]),
          "n": ("one", "fred", ["STAFF"])}
CYRILLIC = {"м": "&#1084;", "С": "&#1057;"}
USERS = {"f": "fred", "F": "FRED", "m": "mary", "a": "alone", "u": "мary"}
GROUPS = {"fred": ["STAFF"], "FRED": [], "mary": ["CLERKS", "Night shift"], "alone": [], "мary": ["СLERKS"]}


def blocks():
    """{name: [(callers, members)]}"""
    rows = {}
    for line in world.lines("roles.txt"):
        if line.startswith("["):
            block = rows.setdefault(line.strip("[]"), [])
        else:
            callers, *members = line.split()
            block.append((callers.strip("-"), [] if members == ["-"] else members))
    return rows


def written(text):
    return "".join(CYRILLIC.get(letter, letter) for letter in text.replace("_", " ").replace("LONG", LONG))


def registered(text):
    return "".join(CYRILLIC.get(letter, letter) for letter in text)


def binding(members):
    text = ""
    for member in members:
        kind, colon, name = member.partition(":")
        name, equals, access_id = name.partition("=")
        identity = f' access-id="{written(access_id)}"' if equals else ""
        text += f'<{kind} name="{written(name)}"{identity}/>' if colon else f'<special-subject type="{kind}"/>'
    return ('<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">' + text
            + "</security-role></authorization-roles>\n") if members else ""


def clients():
    return "".join(f'<openidConnectClient id="{name}" inboundPropagation="supported" issuerIdentifier="{issuer}" audiences="gateway" '
                   f'signatureAlgorithm="HS256" sharedKey="{SECRET}" groupIdentifier="groups"/>' for name, issuer in ISSUERS.items())


def token(letter):
    issuer, subject, groups = CLAIMS[letter]
    key = jwk.JWK(kty="oct", k=tokens.encode(SECRET))
    claims = {"iss": ISSUERS[issuer], "sub": subject, "aud": "gateway", "exp": int(time.time()) + 600, "groups": groups}
    if letter == "n":
        claims["realmName"] = "shop"
    return ("Authorization", "Bearer " + tokens.sign(key, claims, "HS256"))


def credentials():
    return {**{letter: basic(name) for letter, name in USERS.items()}, **{letter: token(letter) for letter in CLAIMS}}


SETTINGS = {"names": "", "claimed": 'sallyport_claimedNames="true"', "alone": ""}


SERVER = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature><feature>openidConnectClient-1.0</feature>
</featureManager><webAppSecurity allowFailOverToBasicAuth="true"/>
"""


@pytest.mark.parametrize("block", SETTINGS)
def test_who_holds_the_role_by_authorization_roles(make_server, block):
    registry = "" if block == "alone" else world.users(GROUPS).replace(f'realm="{world.REALM}"', 'realm="shop"')
    callers = {letter: each for letter, each in credentials().items() if registry or letter in CLAIMS}
    wrong, tried = [], set()
    for allowed, members in blocks()[block]:
        server = make_server(SERVER + registered(registry) + clients() + binding(members)
                             + f'<zosconnect_zosConnectManager requireSecure="false" {SETTINGS[block]}/>')
        with world.Client(server) as client:
            for letter, credential in callers.items():
                response = client.ask("GET", "/zosConnect/apis", [credential])
                if response.status != (200 if letter in allowed else 403):
                    wrong.append((members, letter, response))
                elif response.status == 403:
                    assert response.json == {"errorMessage": "Error 403: AuthorizationFailed"}, (members, letter)
                else:
                    tried.add(letter)
            response = client.ask("GET", "/zosConnect/apis")
            if response.status != 401:
                wrong.append((members, "without credentials", response))
        server.stop()
    assert not wrong
    assert tried == set(callers)  # each got in somewhere: none is refused for another reason


# ---------------------------------------------------------------- by the security database

SAF_USERS = {"F": "FRED", "M": "MARY", "R": "ROBERT", "O": "OLAF"}
ROLE = "BBGZDFLT.zos.connect.access.roles.zosConnectAccess"
SAF_DECK = """SETROPTS CLASSACT(APPL EJBROLE) GENERIC(EJBROLE)
ADDGROUP ZCEEUSRS
ADDGROUP TELLERS
ADDGROUP WSGUESTG
ADDUSER WSGUEST DFLTGRP(WSGUESTG) RESTRICTED NOPASSWORD
ADDUSER FRED DFLTGRP(ZCEEUSRS)
ADDUSER MARY DFLTGRP(ZCEEUSRS)
ADDUSER ROBERT DFLTGRP(ZCEEUSRS) RESTRICTED
ADDUSER OLAF DFLTGRP(SYS1)
CONNECT MARY GROUP(TELLERS)
""" + "".join(f"ALTUSER {name} PASSWORD({name}PW) NOEXPIRED\n" for name in SAF_USERS.values())
SAF_SERVER = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>zosSecurity-1.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<zosconnect_zosConnectManager requireSecure="false"/>
<safRegistry id="saf" realm="vault"/><sallyport_saf database="{database}"/>
<safCredentials profilePrefix="{prefix}" unauthenticatedUser="WSGUEST"/>
"""


def saf_blocks():
    """{title: {"may": ..., "prefix": ..., "roles": [...], "without": ..., "commands": [...]}}"""
    blocks_of = {}
    for line in world.lines("saf_roles.txt"):
        if line.startswith("["):
            block = blocks_of[line.strip("[]")] = {"prefix": "BBGZDFLT", "roles": [], "without": "", "commands": []}
            continue
        word, rest = line.split(maxsplit=1)
        if word in ("may", "prefix", "without"):
            block[word] = rest.strip("-")
        elif word == "roles":
            block["roles"] = rest.split()
        else:
            block["commands"].append(re.sub(r"\bROLE\b", ROLE, line))
    return blocks_of


def make_database(path, block):
    deck = path.with_suffix(".racf")
    appl = f"RDEFINE APPL {block['prefix']} UACC(NONE)\nPERMIT {block['prefix']} CLASS(APPL) ID(ZCEEUSRS WSGUEST) ACCESS(READ)\n"
    deck.write_text(SAF_DECK + appl + "".join(f"{line}\n" for line in block["commands"]))
    for words in (["create"], ["--stop-on-error", "-f", deck]):
        done = subprocess.run([need(SALLYPORT), "saf", "--database", path, *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("title", saf_blocks())
def test_who_holds_the_role_by_the_security_database(make_server, tmp_path, title):
    block = saf_blocks()[title]
    make_database(tmp_path / "saf.db", block)
    xml = SAF_SERVER.format(database=tmp_path / "saf.db", prefix=block["prefix"]) + binding(block["roles"])
    server = make_server(xml + ("" if block["without"] else "<safAuthorization/>"))
    with world.Client(server) as client:
        told = {letter: client.ask("GET", "/zosConnect/apis", [basic(name, f"{name}PW")]) for letter, name in SAF_USERS.items()}
        assert client.ask("GET", "/zosConnect/apis").status == 401
    assert {letter: each.status for letter, each in told.items()} == {
        letter: 200 if letter in block["may"] else 403 for letter in SAF_USERS}
    assert all(each.status == 200 or each.json == {"errorMessage": "Error 403: AuthorizationFailed"} for each in told.values())


@pytest.mark.parametrize("member, allowed", [("user:NINA", True), ("user:fred", False), ("group:TELLERS", True), ("group:STAFF", False),
                                             ("user:FRED", False), ("group:ZCEEUSRS", False), ("user:x=user:shop/fred", True),
                                             ("user:x=user:shop/NINA", False)])
def test_who_is_mapped_is_the_user_he_is_mapped_to(make_server, tmp_path, member, allowed):
    make_database(tmp_path / "saf.db", {"prefix": "BBGZDFLT", "commands": [
        "SETROPTS CLASSACT(IDIDMAP)", "ADDUSER NINA DFLTGRP(TELLERS) NOPASSWORD", "PERMIT BBGZDFLT CLASS(APPL) ID(NINA) ACCESS(READ)",
        "RACMAP ID(NINA) MAP USERDIDFILTER(NAME('fred')) REGISTRY(NAME('shop')) WITHLABEL('fred')"]})
    registry = world.users({"fred": ["STAFF"]}).replace(f'realm="{world.REALM}"', 'realm="shop"')
    mapped = SAF_SERVER.format(database=tmp_path / "saf.db", prefix="BBGZDFLT").replace('<safRegistry id="saf" realm="vault"/>', registry)
    server = make_server(mapped.replace("<safCredentials", '<safCredentials mapDistributedIdentities="true"') + binding([member]))
    assert server.call("GET", "/zosConnect/apis", [basic("fred")], tls=False).status == (200 if allowed else 403)
