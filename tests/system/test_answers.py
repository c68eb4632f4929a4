"""What callers are answered, over all schemes in one table: 401 for a bad credential with a challenge that names a realm, 403 for whoever may
not, 503 for an authority that cannot be asked; and one line of the log a refusal, with a stable id and never the credential."""
import base64
import http.server
import json
import re
import threading
import time

import pytest
from jwcrypto import jwk

import saml
import tokens
from conftest import wait_until
from directory import BASE, SEARCHER, SEARCHER_PASSWORD, Directory, group, person
from test_ldap_certificate import TLS, client  # pylint: disable=unused-import

PEOPLE = f"ou=people,{BASE}"
SECRET = "a secret of thirty-two bytes....."
KEY = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode())
STRANGE_KEY = jwk.JWK.generate(kty="oct", size=264)
TARGET = "/zosConnect/apis"

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>ldapRegistry-3.0</feature><feature>openidConnectClient-1.0</feature>
  <feature>samlWeb-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="{fails_over}" displayAuthenticationRealm="true"/>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess"><group name="callers"/></security-role>
</authorization-roles>
<authentication cacheEnabled="false"/>
<sallyport_authentication maxLoginFailures="0"/>
<ldapRegistry id="ldap" realm="TestRealm" host="127.0.0.1" port="{ldap}" baseDN="{base}" ldapType="Custom" bindDN="{searcher}"
  bindPassword="{searcher_password}" connectTimeout="2s" readTimeout="2s" certificateMapMode="CERTIFICATE_FILTER"
  certificateFilter="(&amp;(uid=${{{{SubjectCN}}}})(objectclass=inetOrgPerson))">
  <customFilters userFilter="(&amp;(uid=%v)(objectclass=inetOrgPerson))" groupMemberIdMap="groupOfNames:member"/>
  <ldapCache><searchResultsCache enabled="false"/></ldapCache>
</ldapRegistry>
<authFilter id="isToken"><requestHeader name="X-Scheme" value="jwt" matchType="equals"/></authFilter>
<authFilter id="isOpaque"><requestHeader name="X-Scheme" value="opaque" matchType="equals"/></authFilter>
<authFilter id="isSaml"><requestHeader name="X-Scheme" value="saml" matchType="equals"/></authFilter>
<openidConnectClient id="tokens" authFilterRef="isToken" inboundPropagation="required" issuerIdentifier="https://as.test" audiences="gw"
  signatureAlgorithm="HS256" sharedKey="{secret}" mapIdentityToRegistryUser="true" tokenReuse="true" accessTokenCacheEnabled="false"/>
<openidConnectClient id="opaque" authFilterRef="isOpaque" inboundPropagation="required" validationMethod="introspect"
  validationEndpointUrl="http://127.0.0.1:{introspection}/" httpsRequired="false" clientId="gw" clientSecret="gateway secret"
  mapIdentityToRegistryUser="true" issuerIdentifier="https://as.test" accessTokenCacheEnabled="false"/>
<samlWebSso20 id="saml" authFilterRef="isSaml" inboundPropagation="required" audiences="{audience}" mapToUserRegistry="User">
  <pkixTrustEngine trustAnchorRef="samlTrust" trustedIssuers="{saml_issuer}"/></samlWebSso20>
<keyStore id="samlTrust" location="{saml_trust}" type="PEM" password="none"/>
<ltpa keysPassword="shared secret"/>
{tls}
"""


class Introspection:
    """An issuer that says of each token what the token itself says."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                user = re.search(r"token=opaque-([a-z]+)-", body)
                now = int(time.time())
                answer = json.dumps({"active": bool(user), "sub": user and user.group(1), "iss": "https://as.test", "iat": now,
                                     "exp": now + 300}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class World:
    """The gateway, the authorities behind it, and a credential of each scheme."""

    def __init__(self, make_server, tmp_path, authority, client, fails_over="true"):
        entries = [person(f"uid={name},{PEOPLE}", name, f"{name} secret") for name in ("fred", "wilma")]
        self.directory = Directory(tmp_path / "slapd", [*entries, group("callers", f"uid=fred,{PEOPLE}")]).start()
        self.introspection, self.signer, self.stranger = Introspection(), saml.Signer(tmp_path, "idp"), saml.Signer(tmp_path, "other")
        self.server = make_server(XML.format(
            ldap=self.directory.port, base=BASE, searcher=SEARCHER, searcher_password=SEARCHER_PASSWORD, secret=SECRET, fails_over=fails_over,
            introspection=self.introspection.port, audience=saml.AUDIENCE, saml_issuer=saml.ISSUER, saml_trust=self.signer.certificate_file,
            tls=TLS.format(ca=authority.certificate)), start=False)
        made = self.server.command("key", "--ltpa")
        assert made.returncode == 0, made.stdout + made.stderr
        self.server.start()
        self.client, self.cookies = client, {}
        for name in ("fred", "wilma"):
            answer = self.ask("basic", self.credential("basic", name))
            cookie = answer.header("Set-Cookie")
            self.cookies[name] = cookie.split(";")[0] if cookie else None

    def stop(self):
        self.directory.stop()
        if self.introspection:
            self.introspection.stop()

    def credential(self, scheme, name, good=True):
        """Headers and a TLS context."""
        if scheme == "basic":
            pair = f"{name}:{name} secret" if good else f"{name}:the wrong one"
            return [("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())], True
        if scheme == "certificate":
            return [], self.client(f"/O=any/CN={name}")
        if scheme == "jwt":
            now = int(time.time())
            claims = {"iss": "https://as.test", "sub": name, "aud": "gw", "iat": now, "exp": now + 300}
            return [("Authorization", "Bearer " + tokens.sign(KEY if good else STRANGE_KEY, claims, "HS256"))], True
        if scheme == "opaque":
            return [("Authorization", f"Bearer {'opaque' if good else 'unheard'}-{name}-0123456789")], True
        if scheme == "saml":
            return [("Saml", saml.token(saml.sign(saml.assertion(name), self.signer if good else self.stranger)))], True
        cookie = self.cookies[name]
        return [("Cookie", cookie if good else cookie[:-20] + "A" * 16 + cookie[-4:])], True

    def ask(self, scheme, credential, *more):
        headers, context = credential
        return self.server.call("GET", TARGET, [("X-Scheme", scheme), *headers, *more], tls=context)

    def refusals(self):
        return [line for line in self.server.log().splitlines() if "SALG0021W" in line]


@pytest.fixture
def world(make_server, tmp_path, authority, client):
    one = World(make_server, tmp_path, authority, client)
    yield one
    one.stop()


SCHEMES = ["basic", "certificate", "jwt", "opaque", "saml", "ltpa"]


def refused(world, scheme, credential, expected):
    """The answer, and the one line of the log about it."""
    before = len(world.refusals())
    answer = world.ask(scheme, credential)
    assert answer.status == expected, f"{scheme}: {answer.status}, not {expected}: {world.refusals()[before:]}"
    wait_until(lambda: len(world.refusals()) > before, f"a line of the log about {scheme}")
    lines = world.refusals()[before:]
    assert len(lines) == 1, lines
    assert re.search(r"SALG0021W.*\b(SALA\d{4}[WE]|CWW[A-Z]{2}\d{4}[AEW])\b", lines[0]), lines[0]
    for _, value in credential[0]:
        secret = value.split(" ")[-1]
        assert secret not in world.server.log() and secret[-40:] not in world.server.log(), "the credential is in the log"
    assert "secret" not in lines[0] and "the wrong one" not in lines[0]
    if expected == 401:
        challenges = [value for name, value in answer.headers if name.lower() == "www-authenticate"]
        assert challenges and all(re.search(r'^(Basic|Bearer|SAML) realm="[^"]+"', value) for value in challenges), answer.headers
    else:
        assert answer.header("WWW-Authenticate") is None
    return answer, lines[0]


def test_the_answers_of_every_scheme(world):
    for scheme in SCHEMES:
        assert world.ask(scheme, world.credential(scheme, "fred")).status == 200, scheme
    for scheme in ("basic", "jwt", "opaque", "saml", "ltpa"):
        refused(world, scheme, world.credential(scheme, "fred", good=False), 401)
    refused(world, "certificate", world.credential("certificate", "stranger"), 401)  # name and password could stand in for it
    # Good, and nobody whom the registry knows: his own credential for passwords, a foreign one's user for the others.
    refused(world, "basic", world.credential("basic", "stranger"), 401)
    for scheme in ("jwt", "opaque", "saml"):
        refused(world, scheme, world.credential(scheme, "stranger"), 403)
    # Known, and without the role: the answer is 403 and no challenge.
    for scheme in SCHEMES:
        answer = world.ask(scheme, world.credential(scheme, "wilma"))
        assert answer.status == 403 and answer.header("WWW-Authenticate") is None, scheme


def test_an_authority_that_cannot_be_asked_is_503_for_every_scheme(world):
    good = {scheme: world.credential(scheme, "fred") for scheme in SCHEMES}
    for scheme in SCHEMES:
        assert world.ask(scheme, good[scheme]).status == 200, scheme
    # The issuer that is asked about tokens.
    world.introspection.stop()
    world.introspection = None
    refused(world, "opaque", good["opaque"], 503)
    # The registry: what is bad without asking it stays 401, everything else is no refusal.
    world.directory.stop(9)
    for scheme in SCHEMES:
        refused(world, scheme, good[scheme], 503)
    refused(world, "basic", world.credential("basic", "fred", good=False), 503)
    refused(world, "certificate", world.credential("certificate", "stranger"), 503)
    for scheme in ("jwt", "saml"):
        refused(world, scheme, world.credential(scheme, "fred", good=False), 401)
    world.directory.start()
    wait_until(lambda: world.ask("basic", good["basic"]).status == 200, "the directory to be asked again", 15)
    for scheme in ("certificate", "jwt", "saml", "ltpa"):  # each worker finds out for itself
        wait_until(lambda each=scheme: world.ask(each, good[each]).status == 200, f"{scheme} to count again", 15)


MALFORMED = ["Basic", "Basic ", "Basic !!!", "Basic ZnJlZA==", "Basic OnNlY3JldA==", "Basic ZnJlZDpzZWNyZXQ", "Basic ZnJlZDpzZWNyZXQ= x", "Basic " + "A" * 4000,
             "Basic /////////w==", "Bearer", "Bearer ", "Bearer a", "Bearer a.b", "Bearer a.b.c", "Bearer a.b.c.d.e", "Bearer ..", "Bearer " + "." * 2000,
             "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "Bearer \xff\xfe", "Digest username=\"fred\"", "Negotiate YII=",
             "nonsense", "=", ",", "Basic,Bearer"]


@pytest.mark.parametrize("scheme", ["basic", "jwt", "opaque", "saml"])
def test_what_is_malformed_is_401_and_never_500(world, scheme):
    for value in MALFORMED:
        answer = world.ask(scheme, ([("Authorization", value)], True))
        assert answer.status == 401, (scheme, value, answer.status)
        assert re.search(r'realm="[^"]+"', answer.header("WWW-Authenticate") or ""), (scheme, value)
        assert world.ask(scheme, ([("Authorization", value), ("Authorization", value)], True)).status == 400, (scheme, value)
    for cookie in ("LtpaToken2=", "LtpaToken2=x", "LtpaToken2=" + "A" * 3000, "LtpaToken2=\"", "LtpaToken2=a; LtpaToken2=b"):
        assert world.ask(scheme, ([("Cookie", cookie)], True)).status == 401, cookie
    for value in ("", "x", "PHg+", "\"", "A" * 4000):
        if scheme == "saml":
            assert world.ask(scheme, ([("Saml", value)], True)).status == 401, value
    assert "500" not in [line.split()[0] for line in world.refusals()]


def test_names_of_schemes_have_no_case(world):
    for scheme in ("basic", "jwt", "opaque"):
        (name, value), = world.credential(scheme, "fred")[0]
        word, secret = value.split(" ")
        for spelling in (word.lower(), word.upper(), word.swapcase()):
            assert world.ask(scheme, ([(name, f"{spelling} {secret}")], True)).status == 200, spelling


def test_without_name_and_password_a_certificate_of_nobody_is_403(make_server, tmp_path, authority, client):
    world = World(make_server, tmp_path, authority, client, fails_over="false")
    try:
        refused(world, "certificate", world.credential("certificate", "stranger"), 403)
        refused(world, "basic", world.credential("basic", "fred"), 403)
        assert world.ask("certificate", world.credential("certificate", "fred")).status == 200
    finally:
        world.stop()
