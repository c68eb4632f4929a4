"""What is known of a person after a login: ID token, userinfo endpoint, access token; encrypted ID tokens; proxies."""
import http.cookiejar
import json
import re
import urllib.parse

import pytest
from jwcrypto import jwk

from conftest import wait_until
from test_api import make_gateway, make_region  # noqa: F401 (fixtures)
from test_oidc_login import site  # noqa: F401 (fixture)

# The ID token has sub alone; everything else is at the userinfo endpoint.
SLIM = {"manager": 'sallyport_claimedNames="true"', "conformIdTokenClaims": True, "claims": {"openid": ["sub"], "profile": ["groupIds"]}}


def sees(site, account):  # noqa: F811
    browser, back = site.log_in(account)
    return browser.get(site.page), back


def test_groups_of_the_userinfo_endpoint_count_where_they_are_asked_for(site):  # noqa: F811
    asked = site(more='userInfoEndpointEnabled="true" tokenOrderToFetchCallerClaims="IDToken Userinfo"', **SLIM)
    page, _ = sees(asked, "alice")
    assert page.status == 403 and b"AuthorizationFailed" not in page.body  # in STAFF; the region wants a user id
    page, _ = sees(asked, "eve")
    assert b"AuthorizationFailed" in page.body


def test_without_it_nobody_is_asked_and_the_order_decides(site):  # noqa: F811
    never = site(more="", **SLIM)
    page, _ = sees(never, "alice")
    assert b"AuthorizationFailed" in page.body
    known = site(more='userInfoEndpointEnabled="true"', **SLIM)  # known, but the caller's groups are of the ID token
    page, _ = sees(known, "alice")
    assert b"AuthorizationFailed" in page.body


def test_a_userinfo_endpoint_that_does_not_answer_is_503(site):  # noqa: F811
    where = ('authorizationEndpointUrl="https://localhost:{port}/auth" tokenEndpointUrl="https://localhost:{port}/token" '
             'issuerIdentifier="https://localhost:{port}" jwkEndpointUrl="https://localhost:{port}/jwks" '
             'userInfoEndpointEnabled="true" userInfoEndpointUrl="https://localhost:{port}/nowhere"')
    one = site(where=where)
    _, back = sees(one, "fred")
    assert back.status == 503
    wait_until(lambda: "the userinfo endpoint answered with status 404" in one.server.log(), "the reason")


def test_a_userinfo_answer_may_be_signed(site):  # noqa: F811
    one = site(more='userInfoEndpointEnabled="true" tokenOrderToFetchCallerClaims="Userinfo IDToken"',
               client={"userinfo_signed_response_alg": "RS256"},
               features={"jwtUserinfo": {"enabled": True}, "devInteractions": {"enabled": True}}, **SLIM)
    page, _ = sees(one, "alice")
    assert page.status == 403 and b"AuthorizationFailed" not in page.body


def test_an_encrypted_id_token_is_decrypted(site, authority):  # noqa: F811
    """To the key of the ssl element's key store, which keyManagementKeyAlias names."""
    store = authority.key_store("decrypts", "a password")
    public = jwk.JWK.from_pem(store.with_suffix(".pem").read_bytes())
    one = site(more='mapIdentityToRegistryUser="true" keyManagementKeyAlias="decrypts"',
               keys=f'location="{store}" password="a password"',
               client={"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128CBC-HS256",
                       "jwks": {"keys": [{**json.loads(public.export_public()), "use": "enc"}]}},
               features={"encryption": {"enabled": True}, "devInteractions": {"enabled": True}})
    page, back = sees(one, "fred")
    assert back.status == 302, back.body
    assert page.status == 200


def test_a_request_for_tokens_may_have_an_origin(site):  # noqa: F811
    one = site(more='mapIdentityToRegistryUser="true" tokenRequestOriginHeader="https://front.example.com"')
    _, back = one.log_in()
    assert back.status == 503  # this provider was not told to take requests from there; without the attribute it takes them
    wait_until(lambda: "the token endpoint answered with status 400, error 'invalid_request'" in one.server.log(), "the reason")


def test_a_proxy_has_a_path_of_its_own(site):  # noqa: F811
    one = site(more='mapIdentityToRegistryUser="true" redirectJunctionPath="/front/door/"', path="/front/door")
    browser = one.browser()
    first = browser.get(one.page)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(first.location).query))
    assert query["redirect_uri"] == f"https://localhost:{one.server.https}/front/door/oidcclient/redirect/op"
    (cookie,) = browser.cookies("SallyportLogin_")
    assert cookie.path == "/front/door/oidcclient/redirect/op"
    back = browser.log_in(first, "fred")
    assert urllib.parse.urlsplit(back.location).path == "/front/door/oidcclient/redirect/op"
    # The proxy takes its path away; the browser would have sent the cookie to the longer one.
    inner = back.location.replace("/front/door", "")
    browser.jar.set_cookie(http.cookiejar.Cookie(
        0, cookie.name, cookie.value, None, False, cookie.domain, False, False, "/", True, True, None, False, None, None, {}))
    assert browser.get(inner).status == 302
    assert browser.get(one.page).status == 200


@pytest.mark.parametrize("wrong, words", [
    ('userInfoEndpointEnabled="false" tokenOrderToFetchCallerClaims="Userinfo"', "needs userInfoEndpointEnabled"),
    ('tokenOrderToFetchCallerClaims="IDToken Cookie"', "made of AccessToken, IDToken and Userinfo"),
    ('redirectJunctionPath="/a b"', "redirectJunctionPath"),
])
def test_what_cannot_be_meant_is_told(site, wrong, words):  # noqa: F811
    one = site()
    xml = (one.server.directory / "server.xml").read_text()
    (one.server.directory / "server.xml").write_text(re.sub(r'mapIdentityToRegistryUser="true"', wrong, xml))
    checked = one.server.command("check")
    assert checked.returncode != 0 and words in checked.stdout, checked.stdout
