"""The provider ends sessions here: back-channel logout, by a real provider, and by tokens that nobody should take."""
import html
import json
import re
import time
import urllib.parse

import pytest
from jwcrypto import jwk

import tokens
from conftest import wait_until
from test_api import make_gateway, make_region  # noqa: F401 (fixtures)
from test_oidc_login import site  # noqa: F401 (fixture)

EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}
FORM = ("Content-Type", "application/x-www-form-urlencoded")


@pytest.fixture(scope="module")
def key():
    return jwk.JWK.generate(kty="RSA", size=2048, kid="op-1", use="sig", alg="RS256")


@pytest.fixture
def provider(site, key):  # noqa: F811
    def make(**client):
        return site(client={"backchannel_logout_uri": "HOME/oidcclient/backchannel_logout/op",
                            "backchannel_logout_session_required": True, **client},
                    features={"backchannelLogout": {"enabled": True}, "devInteractions": {"enabled": True}},
                    jwks={"keys": [key.export(as_dict=True)]})
    return make


def log_out_at_the_provider(browser, issuer):
    page = browser.get(f"{issuer}/session/end?client_id=sallyport")
    assert page.status == 200, page.body
    text = page.body.decode()
    action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', text).group(1))
    form = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', text))
    return browser.get(urllib.parse.urljoin(page.url, action), {**form, "logout": "yes"})


def test_a_logout_at_the_provider_ends_the_session_here_and_no_other(provider):
    one = provider()
    here, _ = one.log_in()
    elsewhere, _ = one.log_in()
    assert here.get(one.page).status == 200 and elsewhere.get(one.page).status == 200
    log_out_at_the_provider(here, one.provider.issuer)
    for _ in range(8):  # whichever worker gets it
        assert here.get(one.page).status == 302, one.server.log() + one.provider.log()
        assert elsewhere.get(one.page).status == 200


def claims(one, **changes):
    now = int(time.time())
    every = {"iss": one.provider.issuer, "aud": "sallyport", "iat": now, "exp": now + 120, "jti": str(time.time_ns()),
             "events": EVENT, "sub": "fred", **changes}
    return {name: value for name, value in every.items() if value is not None}


def post(one, token, fields=(), headers=(FORM,), method="POST"):
    body = urllib.parse.urlencode([("logout_token", token), *fields]).encode()
    return one.server.call(method, "/oidcclient/backchannel_logout/op", headers, body)


def test_a_logout_of_a_person_ends_all_that_he_has_begun_and_nothing_later(provider, key):
    one = provider()
    first, _ = one.log_in()
    second, _ = one.log_in()
    response = post(one, tokens.sign(key, claims(one), header={"kid": "op-1", "typ": "logout+jwt"}))
    assert response.status == 200 and response.body == b"", response.body
    assert "no-store" in response.header("Cache-Control")
    assert first.get(one.page).status == 302 and second.get(one.page).status == 302
    time.sleep(0.01)
    again, _ = one.log_in()
    assert again.get(one.page).status == 200


def test_an_element_may_take_tokens_and_log_browsers_in(provider, key):
    one = provider()
    xml = (one.server.directory / "server.xml").read_text()
    (one.server.directory / "server.xml").write_text(xml.replace(
        'mapIdentityToRegistryUser="true"', 'mapIdentityToRegistryUser="true" inboundPropagation="supported" audiences="sallyport"'))
    one.server.reload()
    browser = one.browser()
    wait_until(lambda: one.server.call("GET", "/health/ready").status == 200, "the keys")
    wait_until(lambda: browser.get(one.page).status == 302, "the login")  # no bearer token: a person is sent to log in
    browser, _ = one.log_in()
    assert browser.get(one.page).status == 200
    now = int(time.time())
    token = tokens.sign(key, {"iss": one.provider.issuer, "aud": "sallyport", "sub": "fred", "iat": now, "exp": now + 60},
                        header={"kid": "op-1"})
    assert one.browser().get(one.page, Authorization=f"Bearer {token}").status == 200
    assert one.browser().get(one.page, Authorization=f"Bearer {token}x").status == 401  # not sent away
    assert browser.get(one.page, Authorization=f"Bearer {token}").status == 200
    broken = "A" + token
    assert browser.get(one.page, Authorization=f"Bearer {broken}").status == 200  # only supported: his session counts


BAD = {
    "no iat": {"iat": None},
    "no jti": {"jti": None},
    "no exp": {"exp": None},
    "no events": {"events": None},
    "another event": {"events": {"http://example.com/event": {}}},
    "an event that is text": {"events": {next(iter(EVENT)): "yes"}},
    "a nonce": {"nonce": "x"},
    "nobody": {"sub": None},
    "another audience": {"aud": "them"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://other.example.com"},
    "expired": {"iat": int(time.time()) - 1000, "exp": int(time.time()) - 900},
    "old": {"iat": int(time.time()) - 1200},
}


def test_tokens_that_are_none_end_nothing(provider, key):
    one = provider()
    browser, _ = one.log_in()
    head = {"kid": "op-1", "typ": "logout+jwt"}
    for name, changes in BAD.items():
        response = post(one, tokens.sign(key, claims(one, **changes), header=head))
        assert response.status == 400, name
        assert response.json == {"error": "invalid_request"}, name
    other = tokens.make_key("RS256", "op-1")
    for name, token in (("another key", tokens.sign(other, claims(one), header=head)),
                        ("an access token", tokens.sign(key, claims(one), header={**head, "typ": "at+jwt"})),
                        ("none", tokens.encode('{"alg":"none"}') + "." + tokens.encode(json.dumps(claims(one))) + "."),
                        ("no JWT", "x")):
        assert post(one, token).status == 400, name
    good = tokens.sign(key, claims(one, sub="somebody else"), header=head)
    assert post(one, good, [("logout_token", good)]).status == 400  # twice
    assert post(one, good, headers=(("Content-Type", "application/json"),)).status == 400
    assert post(one, good, method="PUT").status == 405
    assert post(one, good).status == 200
    for _ in range(4):
        assert post(one, good).status == 400  # used before
    assert browser.get(one.page).status == 200
    wait_until(lambda: "the logout token was used before" in one.server.log(), "the reason")
    assert good.split(".")[2] not in one.server.log()
