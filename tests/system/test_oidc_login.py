"""Logins in a browser with a real OpenID provider: code flow, session, logout, and what is refused."""
import subprocess
import time
import urllib.parse

import pytest

import archives
from chromium import Chromium
from conftest import ROOT, free_ports, wait_until
from openid import Browser, Provider
from test_api import make_gateway, make_region  # noqa: F401 (fixtures)

SECRET = "a secret of the client, long enough"
CLIENT = """
<keyStore id="defaultKeyStore" password="key store password"/>
<keyStore id="opTrust" location="{trust}" type="PEM"/>
<keyStore id="opKeys" {keys}/>
<ssl id="opTls" keyStoreRef="opKeys" trustStoreRef="opTrust"/>
<openidConnectClient id="op" clientId="sallyport" clientSecret="{secret}" sslRef="opTls" signatureAlgorithm="RS256"
  {where} {more}/>
"""
DISCOVERED = 'discoveryEndpointUrl="https://localhost:{port}/.well-known/openid-configuration"'
ACCOUNTS = {"fred": {}, "alice": {"groupIds": ["STAFF", "GMINVOKE"]}, "eve": {"groupIds": []}}
# A user of the registry, so that there is a user id for the region.
FRED = 'mapIdentityToRegistryUser="true"'


class Site:
    def __init__(self, server, provider, authority):
        self.server, self.provider, self.authority = server, provider, authority
        self.page = f"https://localhost:{server.https}/look/at?a=1"

    def browser(self, **headers):
        return Browser(self.authority, headers or None)

    def log_in(self, account="fred", browser=None):
        browser = browser or self.browser()
        return browser, browser.get(browser.log_in(browser.get(self.page), account).location)


@pytest.fixture
def site(make_gateway, authority, tmp_path):
    providers = []

    def make(more=FRED, where=DISCOVERED, alt="DNS:localhost", manager="", client=None, path="", keys=None, **settings):
        (port,) = free_ports(1)
        # The provider is there first: who cannot fetch its keys pauses before he asks again, and has no login meanwhile.
        server = make_gateway(start=False, manager=manager, more=CLIENT.format(trust=authority.certificate, secret=SECRET, more=more,
                                                                  keys=keys or f'location="{authority.certificate}" type="PEM"',
                                                                  where=where.format(port=port)))
        archives.api(server.directory / "resources/zosconnect/apis/look.aar", "look", "/look", "/at", "GET", "bad")
        home = f"https://localhost:{server.https}"
        directory = tmp_path / f"provider{port}"
        directory.mkdir()
        provider = Provider(
            directory, authority, port, ACCOUNTS, alt,
            clients=[{"client_id": "sallyport", "client_secret": SECRET,
                      "redirect_uris": [f"{home}{path}/oidcclient/redirect/op"],
                      "post_logout_redirect_uris": [f"{home}/"], "token_endpoint_auth_method": "client_secret_post",
                      **{name: value.replace("HOME", home) if isinstance(value, str) else value
                         for name, value in (client or {}).items()}}],
            **{"claims": {"openid": ["sub", "groupIds"], "profile": []}, "conformIdTokenClaims": False, **settings})
        providers.append(provider)
        provider.start()
        server.start()
        return Site(server, provider, authority)

    yield make
    for provider in providers:
        provider.stop()


def test_a_browser_logs_in_and_stays_logged_in(site):
    site = site()
    browser = site.browser()
    first = browser.get(site.page)
    assert first.status == 302
    asked = urllib.parse.urlsplit(first.location)
    query = dict(urllib.parse.parse_qsl(asked.query))
    assert asked.netloc == f"localhost:{site.provider.port}"
    assert query["response_type"] == "code" and query["code_challenge_method"] == "S256" and query["nonce"]
    (cookie,) = browser.cookies("SallyportLogin_")
    assert cookie.secure and cookie.path == "/oidcclient/redirect/op" and cookie.has_nonstandard_attr("HttpOnly")
    assert query["state"] not in cookie.value
    back = browser.log_in(first, "fred")
    logged_in = browser.get(back.location)
    assert logged_in.status == 302 and logged_in.location == site.page
    assert not browser.cookies("SallyportLogin_")
    (session,) = browser.cookies("SallyportSession_op")
    assert session.secure and session.has_nonstandard_attr("HttpOnly")
    page = browser.get(site.page)
    assert page.status == 200 and page.json["Area"]["More"] == "DONE"
    # The code is of no use a second time, nor in another browser.
    assert browser.get(back.location).status == 401
    assert site.browser().get(back.location).status == 401
    assert browser.get(site.page).status == 200


def test_groups_of_the_provider_decide(site):
    site = site(more="", manager='sallyport_claimedNames="true"')
    browser, _ = site.log_in("eve")
    assert b"AuthorizationFailed" in browser.get(site.page).body
    browser, _ = site.log_in("alice")
    page = browser.get(site.page)
    assert page.status == 403 and b"AuthorizationFailed" not in page.body
    assert "the identity was not accepted" in site.server.log()  # no user id in the region: that comes of RACMAP


def test_each_login_is_another_session(site):
    site = site()
    browser, _ = site.log_in()
    (first,) = browser.cookies("SallyportSession_op")
    browser.jar.clear(first.domain, first.path, first.name)
    site.log_in(browser=browser)
    (second,) = browser.cookies("SallyportSession_op")
    assert first.value != second.value


def test_a_logout_ends_the_session_for_whoever_has_its_cookie(site):
    site = site()
    browser, _ = site.log_in()
    (session,) = browser.cookies("SallyportSession_op")
    url = f"https://localhost:{site.server.https}/oidcclient/logout/op"
    forged = browser.get(url, **{"Sec-Fetch-Site": "cross-site"})
    assert forged.status == 403 and browser.get(site.page).status == 200
    away = browser.get(url)
    assert away.status == 302 and away.location.startswith(f"{site.provider.issuer}/session/end?client_id=sallyport&")
    assert not browser.cookies("SallyportSession_op")
    thief = site.browser()
    assert thief.get(site.page, Cookie=f"{session.name}={session.value}").status == 302


def test_another_site_cannot_use_the_session_to_change_something(site):
    site = site()
    browser, _ = site.log_in()
    url = f"https://localhost:{site.server.https}/bad/do"
    body = b'{"Area":{"What":"NOTHING","Seconds":0}}'
    (session,) = browser.cookies("SallyportSession_op")
    own = [("Cookie", f"{session.name}={session.value}"), ("Content-Type", "application/json")]
    assert site.server.call("POST", "/bad/do", own, body).status == 200
    assert site.server.call("POST", "/bad/do", [*own, ("Sec-Fetch-Site", "cross-site")], body).status == 401
    assert browser.get(url, **{"X-Requested-With": "XMLHttpRequest"}).status != 302


def test_scripts_and_writes_are_told_rather_than_sent_away(site):
    site = site()
    assert site.browser().get(site.page, **{"Sec-Fetch-Mode": "cors"}).status == 401
    assert site.server.call("POST", "/bad/do", [("Content-Type", "application/json")], b"{}").status == 401


def test_changed_answers_of_the_provider_are_refused(site):
    site = site()
    browser = site.browser()
    back = browser.log_in(browser.get(site.page), "fred").location
    parts = urllib.parse.urlsplit(back)
    query = dict(urllib.parse.parse_qsl(parts.query))

    def answer(**changed):
        pairs = {**query, **changed}
        text = urllib.parse.urlencode({name: value for name, value in pairs.items() if value is not None})
        return browser.get(urllib.parse.urlunsplit(parts._replace(query=text))).status

    assert answer(state="A" * 43) == 401
    assert answer(state=None) == 401
    assert browser.get(back + "&code=other").status == 400
    assert browser.get(back + "&state=" + "A" * 43).status == 400
    assert not browser.cookies("SallyportSession_op")
    assert answer(iss="https://evil.example") == 401
    # That was this login's one answer.
    assert answer() == 401
    assert not browser.cookies("SallyportSession_op")
    assert "evil.example" not in browser.pages[-1].body.decode()


def test_a_refused_login_is_told_with_the_providers_reason(site):
    site = site()
    browser = site.browser()
    asked = browser.get(site.page).location
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(asked).query))["state"]
    url = f"https://localhost:{site.server.https}/oidcclient/redirect/op?"
    answer = {"error": "access_denied", "error_description": "not today", "state": state, "iss": site.provider.issuer}
    assert browser.get(url + urllib.parse.urlencode(answer)).status == 401
    wait_until(lambda: "the provider refused the login: access_denied: not today" in site.server.log(), "the reason")


def test_a_provider_that_names_itself_must_do_so_always(site):
    """Its discovery document says that it does (RFC 9207)."""
    site = site()
    browser = site.browser()
    back = browser.log_in(browser.get(site.page), "fred").location
    parts = urllib.parse.urlsplit(back)
    query = dict(urllib.parse.parse_qsl(parts.query))
    assert query.pop("iss") == site.provider.issuer
    assert browser.get(urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))).status == 401
    assert not browser.cookies("SallyportSession_op")
    wait_until(lambda: "the answer does not name the provider (iss)" in site.server.log(), "the reason")


def test_the_provider_can_be_away(site):
    site = site()
    for _ in range(20):  # each worker discovers for itself
        assert site.browser().get(site.page).status == 302
    site.provider.stop()
    assert site.browser().get(site.page).status == 302  # where to is known still
    site.server.stop()
    site.server.start()
    assert site.browser().get(site.page).status == 503


def test_nothing_need_be_discovered(site):
    base = "https://localhost:{port}"
    site = site(where=f'authorizationEndpointUrl="{base}/auth" tokenEndpointUrl="{base}/token" '
                      f'jwkEndpointUrl="{base}/jwks" issuerIdentifier="{base}"')
    browser, _ = site.log_in()
    assert browser.get(site.page).status == 200
    path = site.server.directory / "server.xml"
    path.write_text(path.read_text().replace("<openidConnectClient ",
                                             '<openidConnectClient redirectToRPHostAndPort="https://front.example:8443" '))
    assert site.server.command("refresh").returncode == 0
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(site.browser().get(site.page).location).query))
    assert asked["redirect_uri"] == "https://front.example:8443/oidcclient/redirect/op"


def test_a_login_takes_no_longer_than_it_may(site):
    site = site(more=FRED + ' authenticationTimeLimit="2s"')
    browser = site.browser()
    back = browser.log_in(browser.get(site.page), "fred")
    (cookie,) = browser.cookies("SallyportLogin_")
    late = f"{cookie.name}={cookie.value}"
    time.sleep(2.1)
    assert site.browser().get(back.location, Cookie=late).status == 401
    assert "authenticationTimeLimit" in site.server.log()


def test_a_session_ends_with_its_access_token(site):
    ttl = {"AccessToken": 3, "IdToken": 60, "AuthorizationCode": 60, "Session": 60, "Interaction": 60, "Grant": 60}
    short, long = site(ttl=ttl), site(ttl=ttl, more=FRED + ' reAuthnOnAccessTokenExpire="false"')
    first, _ = short.log_in()
    second, _ = long.log_in()
    assert first.get(short.page).status == 200
    time.sleep(3.1)
    assert first.get(short.page).status == 302
    assert second.get(long.page).status == 200


def test_a_session_may_end_before_its_access_token(site):
    ttl = {"AccessToken": 60, "IdToken": 60, "AuthorizationCode": 60, "Session": 60, "Interaction": 60, "Grant": 60}
    one = site(ttl=ttl, more=FRED + ' reAuthnCushion="57s"')
    browser, _ = one.log_in()
    assert browser.get(one.page).status == 200
    time.sleep(3.1)
    assert browser.get(one.page).status == 302


def test_the_provider_must_be_who_its_certificate_says(site):
    site_of_another = site(alt="DNS:other.example")
    assert site_of_another.browser().get(site_of_another.page).status == 503
    trusting = site(alt="DNS:other.example", more='hostNameVerificationEnabled="false"')
    assert trusting.browser().get(trusting.page).status == 302


def test_tokens_in_urls_are_not_provided(make_server):
    for setting in ('grantType="implicit"', 'responseType="id_token token"'):
        server = make_server('<openidConnectClient id="op" clientId="x" clientSecret="y" authorizationEndpointUrl='
                             f'"https://localhost/a" jwkEndpointUrl="https://localhost/k" signatureAlgorithm="RS256" '
                             f'tokenEndpointUrl="https://localhost/t" {setting}/>', start=False)
        server.may_alert = True
        result = server.command("run")
        assert result.returncode == 1 and 'only grantType="authorization_code"' in result.stderr


@pytest.fixture
def chromium(tmp_path):
    directory = tmp_path / "chromium"
    directory.mkdir()
    browser = Chromium(directory)
    yield browser
    browser.close()


def log_in(chromium, page):
    chromium.go(page)
    wait_until(lambda: chromium.find("input[name=login]"), "the provider's page")
    chromium.type("input[name=login]", "fred")
    chromium.type("input[name=password]", "any")
    chromium.press("button[type=submit]")
    wait_until(lambda: not chromium.find("input[name=login]"), "the next page")
    if "/interaction/" in chromium.url:  # shall this client be given that?
        chromium.press("button[type=submit]")
    wait_until(lambda: chromium.url == page, "the way back")


def test_chromium_logs_in_and_out(site, chromium):
    site = site()
    log_in(chromium, site.page)
    assert '"More":"DONE"' in chromium.text
    session = chromium.cookies()["SallyportSession_op"]
    assert session["httpOnly"] and session["secure"] and session["sameSite"] == "Lax"
    assert "SallyportSession" not in chromium.run("return document.cookie")
    chromium.go(site.page)
    assert chromium.url == site.page
    chromium.go(f"https://localhost:{site.server.https}/oidcclient/logout/op")
    assert chromium.url.startswith(site.provider.issuer)
    assert "SallyportSession_op" not in chromium.cookies()
    # The provider goes on knowing who sits there until he confirms on its page, and lets him in again: as another session.
    chromium.go(site.page)
    assert chromium.cookies()["SallyportSession_op"]["value"] != session["value"]


def test_chromium_shows_the_operations_of_an_api_in_the_explorer(site, chromium, monkeypatch, tmp_path):
    fetched = subprocess.run([ROOT / "scripts" / "fetch-console", tmp_path / "explorer"], capture_output=True, text=True,
                             timeout=300, check=False)
    assert fetched.returncode == 0, fetched.stderr
    monkeypatch.setenv("SALLYPORT_EXPLORER", str(tmp_path / "explorer"))
    site = site(manager='globalReaderGroup="STAFF"')
    log_in(chromium, f"https://localhost:{site.server.https}/api/explorer")
    wait_until(lambda: "look" in chromium.text, "the list of APIs")
    wait_until(lambda: chromium.find(".opblock-summary"), "an operation")
