"""Every kind of failure of authentication and authorization leaves one event that says who, from where, what and why: as a record
of type 208 and as a line of JSON, both the same, and none with a credential in it. What is expected stands in
tests/data/audit/failures.txt: nothing here computes it.
"""
import base64
import collections
import datetime
import json
import re
import time

import pytest
from jwcrypto import jwk

import authority as objects
import saml
import smf_reader
import tokens
from code_flow import CLIENT, CodeProvider, Login, Reply, good_tokens
from code_flow import SECRET as CLIENT_SECRET
from conftest import ROOT, free_ports, wait_until
from openid import Browser
from test_answers import Introspection
from test_ldap_certificate import TLS, client  # noqa: F401 (fixture)

TABLE = ROOT / "tests" / "data" / "audit" / "failures.txt"
SECRET = "a secret of thirty-two bytes....."
KEY = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode())
STRANGE_KEY = jwk.JWK.generate(kty="oct", size=264)

XML = objects.XML % 1 + objects.users({
    "fred": ["callers", "invokers"], "mary": ["callers"], "olaf": [], "paula": ["callers", "owners"], "rita": ["callers", "readers"]
}) + objects.role("group:callers") + """
<featureManager><feature>openidConnectClient-1.0</feature><feature>samlWeb-2.0</feature></featureManager>
<zosconnect_zosConnectManager globalInterceptorsRef="all" globalAdminGroup="admins" globalOperationsGroup="operators"
  globalInvokeGroup="invokers" globalReaderGroup="readers"/>
<sallyport_smf writeDelay="5ms" securityFile="${{{{server.output.dir}}}}/security.json"/>
<sallyport_authentication maxLoginFailures="3"/>
""" + objects.elements(open="", owned='invokeGroup="owners"') + """
<zosconnect_zosConnectAPIs><zosConnectAPI name="scoped" sallyport_requiredScopes="write"/></zosconnect_zosConnectAPIs>
<authFilter id="isToken"><requestHeader name="X-Scheme" value="jwt" matchType="equals"/></authFilter>
<authFilter id="isOpaque"><requestHeader name="X-Scheme" value="opaque" matchType="equals"/></authFilter>
<authFilter id="isAway"><requestHeader name="X-Scheme" value="away" matchType="equals"/></authFilter>
<authFilter id="isSaml"><requestHeader name="X-Scheme" value="saml" matchType="equals"/></authFilter>
<authFilter id="isBrowser"><userAgent agent="a browser" matchType="contains"/></authFilter>
<openidConnectClient id="tokens" authFilterRef="isToken" inboundPropagation="required" issuerIdentifier="https://as.test" audiences="gw"
  signatureAlgorithm="HS256" sharedKey="{secret}" mapIdentityToRegistryUser="true" tokenReuse="false"/>
<openidConnectClient id="opaque" authFilterRef="isOpaque" inboundPropagation="required" validationMethod="introspect"
  validationEndpointUrl="http://127.0.0.1:{introspection}/" httpsRequired="false" clientId="gw" clientSecret="gateway secret"
  mapIdentityToRegistryUser="true" issuerIdentifier="https://as.test"/>
<openidConnectClient id="away" authFilterRef="isAway" inboundPropagation="required" validationMethod="introspect"
  validationEndpointUrl="http://127.0.0.1:{nobody}/" httpsRequired="false" clientId="gw" clientSecret="gateway secret"
  issuerIdentifier="https://as.test"/>
<samlWebSso20 id="saml" authFilterRef="isSaml" inboundPropagation="required" audiences="{audience}" mapToUserRegistry="User">
  <pkixTrustEngine trustAnchorRef="samlTrust" trustedIssuers="{saml_issuer}"/></samlWebSso20>
<keyStore id="samlTrust" location="{saml_trust}" type="PEM" password="none"/>
<openidConnectClient id="op" clientId="{client}" clientSecret="{client_secret}" sslRef="outbound" signatureAlgorithm="ES256"
  authFilterRef="isBrowser" mapIdentityToRegistryUser="true" {endpoints}/>
<ssl id="outbound" keyStoreRef="trust" trustStoreRef="trust"/>
<keyStore id="trust" location="{ca}" type="PEM"/>
<ltpa keysPassword="shared secret"/>
{tls}
"""

CONDITIONS = ('<saml:Conditions NotBefore="{}" NotOnOrAfter="{}"><saml:AudienceRestriction><saml:Audience>' + saml.AUDIENCE +
              "</saml:Audience></saml:AudienceRestriction>{}</saml:Conditions>")


class World:
    """A server, what stands behind it, and credentials by name: (headers, TLS context)."""

    def __init__(self, make_server, tmp_path, authority, client):
        self.client, self.secrets = client, []
        self.introspection, self.signer, self.stranger = Introspection(), saml.Signer(tmp_path, "idp"), saml.Signer(tmp_path, "other")
        self.provider, self.key = CodeProvider(authority), tokens.make_key("ES256", "a")
        self.provider.keys = [self.key]
        self.provider.start()
        self.server = make_server(XML.format(
            secret=SECRET, introspection=self.introspection.port, nobody=free_ports(1)[0], audience=saml.AUDIENCE,
            saml_issuer=saml.ISSUER, saml_trust=self.signer.certificate_file, client=CLIENT, client_secret=CLIENT_SECRET,
            endpoints=self.provider.endpoints(), ca=authority.certificate, tls=TLS.format(ca=authority.certificate)), start=False)
        objects.deploy(self.server, ["open", "owned", "scoped"])
        assert self.server.command("key", "--ltpa").returncode == 0
        self.server.start()

    def stop(self):
        self.provider.stop()
        self.introspection.stop()

    # ---- credentials

    def none(self):
        return [], True

    def basic(self, user, password=None):
        pair = f"{user}:{password.replace('_', ' ') if password else user + ' secret'}"
        return [("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())], True

    def header(self, text):
        return [("Authorization", text.replace("_", " "))], True

    def certificate(self, name):
        return [], self.client(f"/O=any/CN={name}")

    def jwt(self, sub, *changes):
        now, key = int(time.time()), KEY
        claims = {"iss": "https://as.test", "sub": sub, "aud": "gw", "iat": now, "exp": now + 300, "jti": f"id-{len(self.secrets)}"}
        for change in changes:
            name, _, value = change.partition("=")
            if name == "key":
                key = STRANGE_KEY
            else:
                claims[name] = now + int(value) if name in ("exp", "nbf", "iat") else value.replace("+", " ")
        return [("X-Scheme", "jwt"), ("Authorization", "Bearer " + tokens.sign(key, claims, "HS256"))], True

    def opaque(self, user, where="opaque"):
        return [("X-Scheme", where), ("Authorization", f"Bearer opaque-{user}-0123456789abcdef")], True

    def away(self, user):
        return self.opaque(user, "away")

    def saml(self, user, what=""):
        options = {"audience": {"audience": "https://other.example.org"}, "issuer": {"issuer": "https://idp.example.com/saml"}, "expired": {
            "conditions": CONDITIONS.format(saml.stamp(-900), saml.stamp(-600), "")}, "once": {
            "conditions": CONDITIONS.format(saml.stamp(-60), saml.stamp(300), "<saml:OneTimeUse/>")}}.get(what, {})
        signer = self.stranger if what == "key" else self.signer
        return [("X-Scheme", "saml"), ("Saml", saml.token(saml.sign(saml.assertion(user, **options), signer)))], True

    def ltpa(self, user, what=""):
        answer = self.server.call("GET", "/zosConnect/apis", self.basic(user)[0])
        cookie = answer.header("Set-Cookie").split(";")[0]
        return [("Cookie", cookie[:-20] + "A" * 16 + cookie[-4:] if what == "key" else cookie)], True

    # ---- requests

    def keep(self, *secrets):
        """None of these may be in any record, whole or in part."""
        for secret in secrets:
            if len(secret) > 11:
                self.secrets += [secret, secret[:40], secret[-40:]]

    def ask(self, method, target, credential, plain=False):
        headers, context = credential
        for _, value in headers:
            self.keep(value.split(" ")[-1], value.split(" ")[-1].partition("=")[2])
        body = objects.BODY if method == "POST" else None
        return self.server.call(method, target, [("Content-Type", "application/json"), *headers], body,
                                tls=False if plain else context).status

    def request(self, method, target, words):
        """The status of the answer, and how many events there are of it: some need requests before."""
        special = {"plain": self.plain, "twice": self.twice, "brake": self.brake, "login": self.login, "session": self.session}
        if words[0] in special:
            return special[words[0]](method, target, *words[1:])
        return self.ask(method, target, getattr(self, words[0])(*words[1:])), 1

    def plain(self, method, target, kind, *words):
        return self.ask(method, target, getattr(self, kind)(*words), plain=True), 1

    def twice(self, method, target, kind, *words):
        credential = getattr(self, kind)(*words)
        assert self.ask(method, target, credential) not in (401, 403)
        return self.ask(method, target, credential), 1

    def brake(self, method, target, user):
        for _ in range(3):
            assert self.ask(method, target, self.basic(user, "guessed-0815")) == 401
        return self.ask(method, target, self.basic(user)), 4

    def begin(self, nonce=None, **claims):
        login = Login(self.server, browser=Browser(self.server.authority, {"User-Agent": "a browser", "Accept": "text/html"}))
        reply = good_tokens(self.provider, self.key, "ES256", nonce or login.nonce, "an access token of the provider", **claims)
        self.provider.tokens = lambda _: Reply(reply)
        self.keep(login.state, login.nonce, login.code, reply["id_token"], reply["access_token"],
                  *(each.value for each in login.browser.cookies()))
        return login

    def login(self, _method, _target, what):
        login = self.begin(**({"nonce": "N" * 43} if what == "nonce" else {}))
        changes = {"state": {"state": "S" * 43}, "refused": {"code": None, "error": "access_denied"}}.get(what, {})
        if what == "away":
            self.provider.stop()
        page = login.come_back(**changes)
        if what == "away":
            self.provider.start()
        return page.status, 1

    def session(self, method, target, site, user):
        login = self.begin(sub=user)
        assert login.come_back().status == 302
        (session,) = login.browser.cookies("SallyportSession_")
        self.keep(session.value)
        return self.ask(method, target, ([("User-Agent", "a browser"), ("Cookie", f"{session.name}={session.value}"),
                                          ("Sec-Fetch-Site", site)], True)), 1

    # ---- what was recorded

    def lines(self):
        path = self.server.directory / "security.json"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def world(make_server, tmp_path, authority, client):  # noqa: F811
    one = World(make_server, tmp_path, authority, client)
    yield one
    one.stop()


Row = collections.namedtuple("Row", "method target credential status event user mapped realm api service access step message reason")


def rows():
    return [Row(*(cell.strip() for cell in line.split(" | "))) for line in TABLE.read_text().splitlines()
            if line and not line.startswith("#")]


# Member of a line of JSON: field of a record and of the table.
NAMES = {"user": "user", "mappedUser": "mapped", "realm": "realm", "api": "api", "service": "service", "access": "access", "step": "step",
         "messageId": "message"}


def seen(line):
    """What is in a line, as the table has it; what is not there is "-"."""
    return {field: str(line.get(member, "-")) for member, field in NAMES.items()}


def check(row, line, before, after):
    expected = {field: getattr(row, field) for field in NAMES.values()}
    assert seen(line) == expected, (row, line)
    assert (line["event"], line["status"]) == (row.event, int(row.status)), (row, line)
    assert re.fullmatch(row.reason, line["reason"]), (row.reason, line["reason"])
    assert (line["origin"], line["clientAddress"], line["method"], line["uri"]) == ("gateway", "127.0.0.1", row.method,
                                                                                  row.target.partition("?")[0]), row
    assert before <= line["time"] <= after, row
    assert line["requestId"] > 0 and re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", line["correlator"])


def now(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + seconds))


def check_records(server, lines):
    """The record of each, field by field as docs/audit.md lays them out."""
    _, records = smf_reader.read((server.directory / "logs" / "smf" / "smf123").read_bytes())
    assert len(records) == len(lines)
    codes = {"authenticationFailed": 1, "accessDenied": 2}
    for record, line in zip(records, lines):
        assert {field: record[field] for field in NAMES.values()} == {
            field: line.get(member, "") for member, field in NAMES.items()}
        assert (record["event"], record["origin"], record["status"]) == (codes[line["event"]], 1, line["status"])
        assert (record["address"], record["method"], record["uri"]) == (line["clientAddress"], line["method"], line["uri"])
        assert record["reason"] == line["reason"][:128].rstrip() and record["id"] == line["requestId"]
        assert record["token"] == line["correlator"] and record["lost"] == 0 and record["lost_since"] is None
        at = datetime.datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
        assert record["time"] == (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def test_every_failure_is_told_with_who_from_where_what_and_why(world):
    for row in rows():
        before, first = len(world.lines()), now(-1)
        status, events = world.request(row.method, row.target, row.credential.split(" "))
        wait_until(lambda: len(world.lines()) >= before + events, f"the event of {row}")
        assert status == int(row.status), row
        row = row._replace(realm=row.realm.replace("PROVIDER", world.provider.issuer))
        check(row, json.loads(world.lines()[before + events - 1]), first, now(1))
    assert world.server.stop() == 0
    lines = world.lines()
    assert len(lines) == len(rows()) + 3  # the three that were needed for the brake
    check_records(world.server, [json.loads(line) for line in lines])
    assert len(world.secrets) > 50
    written = "\n".join(lines)
    for page in ("cp037", "latin-1"):
        written += (world.server.directory / "logs" / "smf" / "smf123").read_bytes().decode(page)
    for secret in world.secrets:
        assert secret not in written


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-v"]))
