"""Whatever logins, failures and logouts write down, their secrets are not in it: logs, audit records, traces, answers of explain."""
import base64
import os
import re
import subprocess
import time
import urllib.parse

import pytest

import archives
import tokens
from code_flow import CLIENT, SECRET, CodeProvider, Login, Reply, good_tokens, half_hash
from conftest import SALLYPORT, Connection, need, wait_until
from saml import page_form
from test_api import make_gateway, make_region  # noqa: F401 (fixtures)
from test_saml_login import own, signer, site  # noqa: F401 (fixtures)

# Everything that can be made to write does, as much as it can.
TALKATIVE = """
<zosconnect_auditInterceptor id="audit" sequence="1" apiProviderSmfVersion="2" apiProviderMaxDelay="200ms" apiProviderEarlyFailure="true"/>
<sallyport_smf securityFile="${server.output.dir}/logs/security.json"/>
<logging traceSpecification="*=all" consoleLogLevel="INFO"/>
<httpAccessLogging id="access" logFormat="%h %u %t %r %s %{i}W %{Cookie}i"/>
<httpEndpoint id="defaultHttpEndpoint" host="localhost" httpPort="@HTTP@" httpsPort="@HTTPS@" accessLoggingRef="access"/>
"""
ELEMENT = """
<keyStore id="defaultKeyStore" password="key store password"/>
<ssl id="outbound" keyStoreRef="trust" trustStoreRef="trust"/>
<keyStore id="trust" location="{trust}" type="PEM"/>
<openidConnectClient id="op" clientId="{client}" clientSecret="{secret}" sslRef="outbound" signatureAlgorithm="ES256"
  mapIdentityToRegistryUser="true" userInfoEndpointEnabled="true" userInfoEndpointUrl="{issuer}/userinfo" {endpoints}
  tokenOrderToFetchCallerClaims="IDToken Userinfo AccessToken"/>
"""


def forms(secret):
    """How a text could be found again."""
    raw = secret.encode()
    yield from {raw, urllib.parse.quote(secret, safe="").encode(), secret.encode("cp037"), raw.hex().encode(),
                base64.b64encode(raw).rstrip(b"=")}
    for shift in range(3):  # within a longer text in base64
        inner = base64.b64encode(b"x" * shift + raw)
        yield inner[4:len(inner) - 4]


def written(server):
    """Every file that the server wrote, and those of its region."""
    for base in (server.base, server.region.directory):
        for path in sorted(base.rglob("*")):
            if path.is_file() and path.name != "server.xml" and path.parent.name != "security":
                yield path, path.read_bytes()


def assert_silent(server, secrets):
    files = list(written(server))
    assert any(path.name == "messages.log" and data for path, data in files)
    assert any(path.name.startswith("smf123") and data for path, data in files), [path for path, _ in files]
    for name, secret in secrets:
        assert len(secret) > 11, name
        for form in forms(secret):
            for path, data in files:
                found = data.find(form)
                assert found < 0, (name, path.name, data[max(0, found - 200):found + 40])


class Secrets(list):
    def cookies(self, browser):
        for cookie in browser.cookies("Sallyport"):
            if (cookie.name, cookie.value) not in self:
                self.append((cookie.name, cookie.value))

    def login(self, login):
        self += [("code", login.code), ("state", login.state), ("nonce", login.nonce)]
        self.cookies(login.browser)

    def tokens(self, reply):
        self += [(name, value) for name, value in reply.items() if name in ("id_token", "access_token", "refresh_token")]
        self += [("signature", reply["id_token"].split(".")[2])]


def raw(server, data, abort=False):
    """Sends bytes and takes what comes, if anything does."""
    with Connection(server.https, server.authority.client()) as connection:
        try:
            connection.send(data)
            if abort:
                return connection.abort()
            return connection.receive()
        except OSError:
            return None


@pytest.fixture
def talking(make_gateway, authority):  # noqa: F811
    key = tokens.make_key("ES256", "a")
    provider = CodeProvider(authority)
    provider.keys = [key]
    provider.start()
    server = make_gateway(start=False, manager='requireSecure="false"')
    archives.api(server.directory / "resources/zosconnect/apis/look.aar", "look", "/look", "/at", "GET", "bad")
    path = server.directory / "server.xml"
    more = TALKATIVE.replace("@HTTPS@", str(server.https)).replace("@HTTP@", str(server.http)) + ELEMENT.format(
        trust=authority.certificate, client=CLIENT, secret=SECRET, issuer=provider.issuer, endpoints=provider.endpoints())
    text = re.sub(r"<(httpEndpoint|keyStore) [^>]*/>", "", path.read_text())
    path.write_text(text.replace("</server>", more + "</server>"))
    server.start()
    server.provider, server.key = provider, key
    yield server
    provider.stop()


def answer(server, login, secrets, **changes):
    """What the provider will say; tokens that are long enough to be found again."""
    access = tokens.sign(server.key, server.provider.claims(None, aud="api", jti=os.urandom(9).hex()), "ES256", {"kid": "a"})
    reply = good_tokens(server.provider, server.key, "ES256", login.nonce, access, at_hash=half_hash("ES256", access))
    reply.update({"refresh_token": "refresh-" + os.urandom(12).hex(), **changes})
    secrets.tokens(reply)
    server.provider.tokens = lambda _: Reply(reply)
    server.provider.user_info = lambda _: Reply({"sub": "fred", "name": "Fred"})
    return reply


def test_nothing_of_a_login_with_an_openid_provider_is_written_down(talking):
    server, secrets = talking, Secrets([("client secret", SECRET)])

    def begin():
        login = Login(server, "/look/at?a=1")
        secrets.login(login)
        answer(server, login, secrets)
        return login

    # One that goes well, and what is done with it.
    good = begin()
    assert good.come_back().status == 302, server.log()
    secrets.cookies(good.browser)
    assert good.browser.get(good.page).status == 200
    (session,) = good.browser.cookies("SallyportSession_op")
    held = [("Cookie", f"{session.name}={session.value}")]
    assert server.call("POST", "/bad/do", [*held, ("Content-Type", "application/json")], b"{").status == 400
    assert server.call("POST", "/bad/do", [*held, ("Sec-Fetch-Site", "cross-site")], b"{}").status == 401
    assert server.call("GET", "/look/at", [*held, *held]).status == 401

    # Those that end badly.
    login = begin()
    for changes in ({"state": "A" * 43}, {"code": None}, {"code": login.code + "\n"}, {"state": login.state + "\0"}):
        login.come_back(**changes)
    login.browser.get(login.url() + f"&code={login.code}")
    for change in ({"id_token": "x." * 40}, {"token_type": "mac"}, {"id_token": None}):
        login = begin()
        reply = {**answer(server, login, secrets), **change}
        server.provider.tokens = lambda _, reply=reply: Reply(reply)
        assert login.come_back().status in (401, 503)
    for claims in ({"nonce": "N" * 43}, {"aud": "them"}, {"exp": 1}, {"iss": "https://other.example.com"}):
        login = begin()
        reply = good_tokens(server.provider, server.key, "ES256", **{"nonce": login.nonce, **claims})
        secrets.append(("id_token", reply["id_token"]))
        server.provider.tokens = lambda _, reply=reply: Reply(reply)
        assert login.come_back().status == 401
    for reply in (Reply({"error": "invalid_grant"}, 400), Reply("<h1>oops</h1>", 500, "text/html"), Reply("", 0), Reply("{", 200)):
        login = begin()
        server.provider.tokens = lambda form, reply=reply: reply
        assert login.come_back().status in (401, 503)
    for user_info in (Reply({"sub": "mary"}), Reply("", 0), Reply({}, 500)):
        login = begin()
        server.provider.user_info = lambda _, user_info=user_info: user_info
        assert login.come_back().status in (401, 503)
    login = begin()
    assert login.come_back(code=None, error="access_denied", error_description="no").status == 401

    # What the engine refuses before anybody looks at it, with the same URL and cookies.
    for one in (begin() for _ in range(2)):
        target = urllib.parse.urlsplit(one.url())
        target, host = f"{target.path}?{target.query}", f"Host: localhost:{server.https}\r\n"
        cookie = f"Referer: {one.url()}\r\nCookie: " + "; ".join(f"{each.name}={each.value}" for each in one.browser.cookies()) + "\r\n"
        for data in (f"GET {target} HTTP/1.1\r\n\r\n", f"GET {target} HTTP/9.9\r\n{host}\r\n", f"GET {target}\r\n",
                     f"GET {target} HTTP/1.1\r\n{host}{cookie}Content-Length: 99999999999\r\n\r\n",
                     f"POST {target} HTTP/1.1\r\n{host}{cookie}Content-Length: 99999999999\r\n\r\n",
                     f"POST {target} HTTP/1.1\r\n{host}{cookie}Content-Length: x\r\n\r\n",
                     f"POST {target} HTTP/1.1\r\n{host}{cookie}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                     f"POST {target} HTTP/1.1\r\n{host}{cookie}Transfer-Encoding: other\r\n\r\n",
                     f"POST {target} HTTP/1.1\r\n{host}{cookie}Content-Type: application/x-www-form-urlencoded\r\n"
                     f"Content-Length: {len(target)}\r\n\r\n{target}",
                     f"GET {target}&x={'x' * 90000} HTTP/1.1\r\n{host}{cookie}\r\n",
                     f"GET {target} HTTP/1.1\r\n{host}{cookie}X: {'x' * 90000}\r\n\r\n",
                     f"GET {target} HTTP/1.1\r\n{host}{cookie}{'x: y' * 3}\r\n bad\r\n\r\n",
                     f"GET {target} HTTP/1.1\r\n{host}{cookie}" + "".join(f"X-{n}: y\r\n" for n in range(900)) + "\r\n",
                     f"BREW {target} HTTP/1.1\r\n{host}{cookie}\r\n", f"CONNECT {target} HTTP/1.1\r\n{host}{cookie}\r\n"):
            response = raw(server, data)
            assert response is None or response.status >= 400, (data[:40], response)
    # And a browser that goes away while the provider is thinking.
    asked = len(server.provider.forms)
    server.provider.tokens = lambda _: time.sleep(0.5) or Reply({}, 500)
    raw(server, f"GET {target} HTTP/1.1\r\n{host}{cookie}\r\n", abort=True)
    wait_until(lambda: len(server.provider.forms) > asked or len(server.log()) > 0, "the end of it")

    # Logouts: of the browser, and by the provider with tokens that are none.
    bad = good_tokens(server.provider, server.key, "ES256", "n")["id_token"]
    secrets.append(("logout token", bad))
    form = urllib.parse.urlencode({"logout_token": bad}).encode()
    assert server.call("POST", "/oidcclient/backchannel_logout/op", [("Content-Type", "application/x-www-form-urlencoded")],
                       form).status == 400
    assert good.browser.get(f"https://localhost:{server.https}/oidcclient/logout/op").status == 302
    assert server.call("GET", "/look/at", held).status == 302

    # A dry run of such requests.
    for headers in ([], ["-H", f"Cookie: {session.name}={session.value}"], ["-H", f"Authorization: Bearer {bad}"]):
        for url in (good.url(), good.page):
            done = subprocess.run([need(SALLYPORT), "explain", "auth", "GET", url, *headers, "--server", f"{server.directory}/"],
                                  capture_output=True, text=True, timeout=60, check=False, env=server.environment)
            for name, secret in secrets:
                assert secret not in done.stdout + done.stderr, (name, done.stdout)

    server.stop()
    # nginx has something of its own to say about such requests: it names the path alone.
    said = server.log() + server.output()
    assert 'request: "POST /oidcclient/redirect/op?..."' in said and "referrer" not in said, said
    secrets += [("verifier", form["code_verifier"]) for form in server.provider.forms]
    secrets += [("client secret", form["client_secret"]) for form in server.provider.forms if "client_secret" in form]
    assert len(server.provider.forms) > 8
    assert_silent(server, secrets)


def test_nothing_of_a_login_with_a_saml_provider_is_written_down(site):  # noqa: F811
    site = site(beside=TALKATIVE[:TALKATIVE.index("<httpAccessLogging")])
    browser, secrets = site.browser(), Secrets()

    def note(fields):
        secrets.extend([("SAMLResponse", fields["SAMLResponse"]), ("RelayState", fields["RelayState"])])
        document = base64.b64decode(fields["SAMLResponse"]).decode()
        for signature in re.findall(r"SignatureValue>([^<]+)<", document):
            secrets.append(("signature", "".join(signature.split())[:76]))
        secrets.cookies(browser)
        return fields

    fields = note(site.response(browser))
    assert browser.get(site.acs, fields).status == 302
    secrets.cookies(browser)
    assert browser.get(site.page).status == 200
    for each in (browser, site.browser()):  # of no use a second time, nor in another browser
        assert each.get(site.acs, fields).status == 401
    for name, change in (("SAMLResponse", lambda text: "x" + text), ("SAMLResponse", lambda text: text[:-40]),
                         ("RelayState", lambda text: "R" * 40)):
        other = site.browser()
        more = note(site.response(other))
        secrets.cookies(other)
        assert other.get(site.acs, {**more, name: change(more[name])}).status in (400, 401)
        assert not other.cookies("SallyportSaml_")
    query = urllib.parse.urlencode(fields)
    assert browser.get(f"{site.acs}?{query}").status >= 400  # in a URL, where it does not belong
    assert raw(site.server, f"POST {urllib.parse.urlsplit(site.acs).path}?{query} HTTP/1.1\r\nHost: localhost\r\n"
                            "Content-Length: 99999999999\r\n\r\n").status == 413
    (session,) = browser.cookies("SallyportSaml_sp")
    assert browser.get(f"{site.base}/logout").status in (200, 302)
    assert site.server.call("GET", "/look/at?a=1", [("Cookie", f"{session.name}={session.value}")]).status == 302
    site.server.stop()
    assert_silent(site.server, secrets)
