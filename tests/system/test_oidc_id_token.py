"""Answers of a provider that no login should be made of: bad ID tokens, bad answers of the token endpoint and of userinfo;
and the good ones beside them. Every refusal sets no session cookie, leaves one line with the reason in the log, and no credential."""
import json
import time

import pytest
from jwcrypto import jwk

import tokens
from code_flow import CLIENT, SECRET, CodeProvider, Login, Reply, good_tokens, half_hash
from conftest import Server, wait_until
from openid import Browser

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature>
  <feature>openidConnectClient-1.0</feature></featureManager>
<authorization-roles id="zos.connect.access.roles">
  <security-role name="zosConnectAccess"><special-subject type="ALL_AUTHENTICATED_USERS"/></security-role>
</authorization-roles>
<zosconnect_zosConnectManager/>
<ssl id="outbound" keyStoreRef="trust" trustStoreRef="trust"/>
<keyStore id="trust" location="{{authority}}" type="PEM"/>
<keyStore id="defaultKeyStore" password="{password}"/>
"""
ELEMENT = """
<authFilter id="for-{id}"><userAgent id="agent-{id}" agent="agent-{id}." matchType="contains"/></authFilter>
<openidConnectClient id="{id}" clientId="{client}" clientSecret="{secret}" sslRef="outbound" signatureAlgorithm="{alg}"
  authFilterRef="for-{id}" {more}/>
"""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS512")
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
ASKS = 'userInfoEndpointEnabled="true" userInfoEndpointUrl="{issuer}/userinfo" tokenOrderToFetchCallerClaims="IDToken Userinfo"'
READS = 'tokenOrderToFetchCallerClaims="IDToken AccessToken"'


def make_key(alg):
    if alg[:2] == "HS":
        return jwk.JWK(kty="oct", k=tokens.encode(SECRET), kid=f"key-{alg}", alg=alg)
    kind = {"kty": "EC", "crv": CURVES[alg]} if alg in CURVES else {"kty": "RSA", "size": 2048}
    return jwk.JWK.generate(kid=f"key-{alg}", use="sig", alg=alg, **kind)


class House:
    """One server with an element for each algorithm, chosen by the browser's name, and the provider of them all."""

    def __init__(self, server, provider, keys):
        self.server, self.provider, self.keys, self.secrets, self.refusals, self.said = server, provider, keys, [SECRET], 0, 0

    def begin(self, element="ES256"):
        login = Login(self.server, browser=Browser(self.server.authority, {"User-Agent": f"agent-{element}.", "Accept": "text/html"}))
        assert login.asked["redirect_uri"].endswith(f"/redirect/{element}")
        self.secrets += [login.state, login.nonce, login.code, *(each.value for each in login.browser.cookies())]
        return login

    def answer(self, login, reply, user_info=None):
        """The page that the browser gets when the provider answers so."""
        self.provider.tokens = lambda _: reply
        self.provider.user_info = lambda _: user_info
        self.said = len(self.server.log())
        page = login.come_back()
        for text in (reply.body, user_info.body if user_info else b""):
            try:
                found = json.loads(text)
            except ValueError:
                continue
            self.secrets += [found[name] for name in ("id_token", "access_token", "refresh_token")
                             if isinstance(found, dict) and isinstance(found.get(name), str) and len(found[name]) > 11]
        return page

    def refused(self, login, page, status, reason):
        assert page.status == status, (page.status, page.body, self.server.log()[self.said:])
        assert not login.browser.cookies("SallyportSession_") and "SallyportSession_" not in str(page.headers)
        assert "no-store" in page.headers["Cache-Control"]
        assert reason not in page.body.decode()  # what was wrong is for who reads the log
        wait_until(lambda: reason in self.server.log()[self.said:], f"'{reason}' in the log")
        lines = self.server.log()[self.said:].splitlines()
        assert len(lines) == 1, lines
        # That was this login's one answer, and nobody is logged in.
        self.refusals += 1
        assert not login.browser.cookies("SallyportLogin_")
        assert login.browser.get(login.page).status == 302

    def taken(self, login, page):
        assert page.status == 302 and page.location == login.page, (page.status, page.body, self.server.log()[self.said:])
        (session,) = login.browser.cookies("SallyportSession_")
        assert session.secure and session.has_nonstandard_attr("HttpOnly")
        self.secrets.append(session.value)
        assert login.browser.get(login.page).status == 200


@pytest.fixture(scope="module")
def house(tmp_path_factory, authority):
    keys = {alg: make_key(alg) for alg in ALGORITHMS}
    provider = CodeProvider(authority)
    provider.keys = [key for alg, key in keys.items() if alg[:2] != "HS"]
    provider.start()
    xml = XML.format(password=Server.password)
    asks = ASKS.format(issuer=provider.issuer)
    for name, alg, more in (*((alg, alg, "") for alg in ALGORITHMS), ("asks", "ES256", asks), ("reads", "ES256", READS)):
        xml += ELEMENT.format(id=name, alg=alg, client=CLIENT, secret=SECRET, more=f"{provider.endpoints()} {more}")
    xml += ELEMENT.format(id="elsewhere", alg="ES256", client=CLIENT, secret=SECRET, more=provider.endpoints().replace(
        f"{provider.issuer}/token", f"https://127.0.0.1:{provider.port}/token"))
    server = Server(tmp_path_factory.mktemp("house"), authority, xml)
    one = House(server.start(), provider, keys)
    yield one
    assert server.stop() == 0
    provider.stop()
    text = server.log() + server.output()
    assert "[alert]" not in text and "defect" not in text, text
    # One line for each refusal, none for what went well.
    assert sum("/oidcclient/redirect/" in line for line in server.log().splitlines()) == one.refusals
    for secret in one.secrets:
        assert secret not in text
    verifiers = [form["code_verifier"] for form in provider.forms]
    assert verifiers and not any(each in text for each in verifiers)


NOW = int(time.time())
FAR = 10 * 366 * 24 * 3600

# Changes of the claims of an ID token that is good otherwise, and what the log says.
CLAIMS = {
    "another nonce": ({"nonce": "A" * 43}, "its nonce is not that of the login"),
    "no nonce": ({"nonce": None}, "its nonce is not that of the login"),
    "an empty nonce": ({"nonce": ""}, "its nonce is not that of the login"),
    "a nonce that is a number": ({"nonce": 1}, "its nonce is not that of the login"),
    "a nonce in a list": ({"nonce": ["NONCE"]}, "its nonce is not that of the login"),
    "the nonce and more": ({"nonce": "NONCE "}, "its nonce is not that of the login"),
    "no subject": ({"sub": None}, "it has no subject"),
    "an empty subject": ({"sub": ""}, "it has no subject"),
    "a subject that is a number": ({"sub": 17}, "it has no subject"),
    "several audiences and no party": ({"aud": [CLIENT, "them"]}, "does not say who got it (azp)"),
    "several audiences and a foreign party": ({"aud": [CLIENT, "them"], "azp": "them"}, "given to another client (azp)"),
    "a foreign party": ({"azp": "them"}, "given to another client (azp)"),
    "a party that is no text": ({"azp": [CLIENT]}, "given to another client (azp)"),
    "another audience": ({"aud": "them"}, "the token is for another audience"),
    "other audiences": ({"aud": ["them", "those"], "azp": CLIENT}, "the token is for another audience"),
    "an audience that begins like ours": ({"aud": CLIENT + "2"}, "the token is for another audience"),
    "an empty list of audiences": ({"aud": []}, "the token is for another audience"),
    "an audience that is an object": ({"aud": {CLIENT: 1}}, "the token is for another audience"),
    "no audience": ({"aud": None}, "the token is for no audience"),
    "another access token": ({"at_hash": half_hash("ES256", "another")}, "the access token beside it is another (at_hash)"),
    "the whole hash of the access token": ({"at_hash": tokens.encode(b"\0" * 32)}, "the access token beside it is another (at_hash)"),
    "an empty hash of the access token": ({"at_hash": ""}, "the access token beside it is another (at_hash)"),
    "a hash of the access token that is a number": ({"at_hash": 1}, "the access token beside it is another (at_hash)"),
    "another issuer": ({"iss": "https://other.example.com"}, "the token is of issuer 'https://other.example.com'"),
    "an issuer that ends like ours": ({"iss": "ISSUER/"}, "none of issuerIdentifier"),
    "no issuer": ({"iss": None}, "the token names no issuer"),
    "an issuer that is a list": ({"iss": ["ISSUER"]}, "the token names no issuer"),
    "expired": ({"iat": NOW - 7200, "exp": NOW - 3600}, "the token has expired"),
    "no end": ({"exp": None}, "the token does not say when it expires"),
    "an end that is text": ({"exp": str(NOW + 3600)}, "exp, iat or nbf of the token is not a number"),
    "an end that is no time": ({"exp": 1e300}, "exp, iat or nbf of the token is not a number"),
    "an end before 1970": ({"exp": -1}, "exp, iat or nbf of the token is not a number"),
    "not valid yet": ({"nbf": NOW + FAR}, "the token is not valid yet"),
    "issued in the far future": ({"iat": NOW + FAR, "exp": NOW + FAR + 60}, "the token was issued in the future"),
    "no time of issue": ({"iat": None}, "it does not say when it was issued (iat)"),
    "a time of issue that is text": ({"iat": "now"}, "exp, iat or nbf of the token is not a number"),
    "expired before it was issued": ({"iat": NOW + 30, "exp": NOW + 20}, "the token expired before it was issued"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_an_id_token_that_says_something_else_is_refused(house, name):
    changes, reason = CLAIMS[name]
    login = house.begin()

    def filled(value):
        if isinstance(value, list):
            return [filled(each) for each in value]
        return value.replace("NONCE", login.nonce).replace("ISSUER", house.provider.issuer) if isinstance(value, str) else value

    claims = {"nonce": login.nonce, **{key: filled(value) for key, value in changes.items()}}
    reply = good_tokens(house.provider, house.keys["ES256"], "ES256", **claims)
    house.refused(login, house.answer(login, Reply(reply)), 401, reason)


def unsigned(claims):
    return tokens.encode('{"alg":"none"}') + "." + tokens.encode(json.dumps(claims)) + "."


def signed(house, claims, key="ES256", alg=None, **header):
    key = house.keys[key] if isinstance(key, str) else key
    alg = alg or key.get("alg")
    return tokens.sign(key, claims, alg, {"kid": key.get("kid"), **header})


def with_public_key(house, claims, alg):
    """HMAC with the text of the public key, which everybody knows."""
    secret = jwk.JWK(kty="oct", k=tokens.encode(house.keys[alg].export_to_pem()))
    return tokens.sign(secret, claims, "HS256", {"kid": f"key-{alg}"})


def changed(token):
    """The same signature under other claims."""
    head, _, tail = token.split(".")
    return f"{head}.{tokens.encode('{}')}.{tail}"


def flipped(token):
    """A bit of the signature is another."""
    head, body, tail = token.split(".")
    return f"{head}.{body}.{('B' if tail[0] == 'A' else 'A') + tail[1:]}"


def shortened(token):
    """The claims end too early, between two characters of base64."""
    head, body, tail = token.split(".")
    return f"{head}.{body[:len(body) // 4 * 4 - 8]}.{tail}"


def with_header(token, header):
    return ".".join([tokens.encode(json.dumps(header)), *token.split(".")[1:]])


SIGNATURE = "signature"
NO_KEY = "key"
FORMS = {
    "another key of the same name": ("ES256", lambda h, c: signed(h, c, jwk.JWK.generate(kty="EC", crv="P-256", kid="key-ES256"), "ES256"), SIGNATURE),
    "another key that it brings along": (
        "ES256", lambda h, c: (lambda key: signed(h, c, key, "ES256", kid="key-ES256", jwk=key.export_public(as_dict=True)))(
            jwk.JWK.generate(kty="EC", crv="P-256")), SIGNATURE),
    "a key that nobody knows": ("ES256", lambda h, c: signed(h, c, kid="other"), NO_KEY),
    "a key of another algorithm": ("ES256", lambda h, c: signed(h, c, kid="key-RS256"), NO_KEY),
    "no signature (none)": ("ES256", lambda h, c: unsigned(c), "the token is no JWS"),
    "the algorithm none over a signature": (
        "ES256", lambda h, c: with_header(signed(h, c), {"alg": "none", "kid": "key-ES256"}), "not signed with ES256"),
    "HS256 with the public RSA key": ("RS256", lambda h, c: with_public_key(h, c, "RS256"), "not signed with RS256"),
    "HS256 with the public EC key": ("ES256", lambda h, c: with_public_key(h, c, "ES256"), "not signed with ES256"),
    "HS256 with the client's secret, where ES256 is configured": (
        "ES256", lambda h, c: signed(h, c, "HS256", "HS256", kid="key-ES256"), "not signed with ES256"),
    "PS256 where RS256 is configured": (
        "RS256", lambda h, c: tokens.sign(jwk.JWK(**{k: v for k, v in h.keys["RS256"].export(as_dict=True).items() if k not in ("alg",)}),
                                          c, "PS256", {"kid": "key-RS256"}), "not signed with RS256"),
    "RS256 where ES256 is configured": ("ES256", lambda h, c: signed(h, c, "RS256"), NO_KEY),
    "other claims under the signature": ("ES256", lambda h, c: changed(signed(h, c)), SIGNATURE),
    "a signature with another bit": ("ES256", lambda h, c: flipped(signed(h, c)), SIGNATURE),
    "cut in the signature": ("ES256", lambda h, c: signed(h, c)[:-8], SIGNATURE),
    "cut before the signature": ("ES256", lambda h, c: signed(h, c).rsplit(".", 1)[0], "the token is no JWS"),
    "cut in the claims": ("ES256", lambda h, c: shortened(signed(h, c)), SIGNATURE),
    "with something behind": ("ES256", lambda h, c: signed(h, c) + ".x", "the token is no JWS"),
    "with a blank": ("ES256", lambda h, c: signed(h, c) + " ", "the token is no JWS"),
    "no JWT": ("ES256", lambda h, c: "an opaque text that is no token", "the token is no JWS"),
    "longer than a token may be": ("ES256", lambda h, c: signed(h, {**c, "more": "x" * 20000}), "the token is longer than 16384 bytes"),
    "with an extension that must be known": ("ES256", lambda h, c: with_header(signed(h, c), {"alg": "ES256", "kid": "key-ES256", "crit": ["x"], "x": 1}),
                                              "asks for extensions"),
    "claims that are a list": ("ES256", lambda h, c: signed(h, "[1]"), "not a JSON object"),
    "claims that are no JSON": ("ES256", lambda h, c: signed(h, "sub=fred"), "not a JSON object"),
    "a claim twice": ("ES256", lambda h, c: signed(h, json.dumps(c)[:-1] + ',"sub":"mary"}'), "not a JSON object"),
    "an access token": ("ES256", lambda h, c: signed(h, c, typ="at+jwt"), "of another type (typ)"),
    "a logout token": ("ES256", lambda h, c: signed(h, c, typ="logout+jwt"), "of another type (typ)"),
}


@pytest.mark.parametrize("name", FORMS)
def test_an_id_token_that_the_provider_did_not_sign_so_is_refused(house, name):
    element, make, reason = FORMS[name]
    login = house.begin(element)
    token = make(house, house.provider.claims(login.nonce))
    reply = {"access_token": "an-access-token", "token_type": "Bearer", "id_token": token}
    house.refused(login, house.answer(login, Reply(reply)), 401, reason)


# What the token endpoint may answer instead: the provider is at fault, not who logs in, unless it says that the code is none.
ANSWERS = {
    "no id_token": (lambda good: Reply({**good, "id_token": None}), 503, "gave no id_token"),
    "an id_token that is an object": (lambda good: Reply({**good, "id_token": {"a": 1}}), 503, "gave no id_token"),
    "an empty object": (lambda good: Reply({}), 503, "token_type"),
    "a type of token that is not known": (lambda good: Reply({**good, "token_type": "mac"}), 503, "token_type"),
    "no type of token": (lambda good: Reply({k: v for k, v in good.items() if k != "token_type"}), 503, "token_type"),
    "a type of token that is a number": (lambda good: Reply({**good, "token_type": 1}), 503, "token_type"),
    "status 400, invalid_grant": (lambda good: Reply({"error": "invalid_grant"}, 400), 401, "status 400, error 'invalid_grant'"),
    "status 400, invalid_request": (lambda good: Reply({"error": "invalid_request"}, 400), 503, "status 400, error 'invalid_request'"),
    "status 401, invalid_client": (lambda good: Reply({"error": "invalid_client"}, 401), 503, "status 401, error 'invalid_client'"),
    "good tokens with status 400": (lambda good: Reply(good, 400), 503, "status 400"),
    "good tokens with status 203": (lambda good: Reply(good, 203), 503, "status 203"),
    "status 500": (lambda good: Reply("<h1>oops</h1>", 500, "text/html"), 503, "status 500 and no JSON object"),
    "a page": (lambda good: Reply("<h1>log in</h1>", 200, "text/html"), 503, "status 200 and no JSON object"),
    "nothing": (lambda good: Reply(""), 503, "status 200 and no JSON object"),
    "a list": (lambda good: Reply([good]), 503, "status 200 and no JSON object"),
    "a member twice": (lambda good: Reply(json.dumps(good)[:-1] + ',"id_token":"x"}'), 503, "no JSON object"),
    "bytes that are no text": (lambda good: Reply(b"\xff\xfe\0" * 99), 503, "no JSON object"),
    "more than it may": (lambda good: Reply({**good, "more": "x" * (300 << 10)}), 503, "longer than"),
    "not a word": (lambda good: Reply("", 0), 503, "/token: "),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_the_token_endpoint_that_is_none_is_refused(house, name):
    change, status, reason = ANSWERS[name]
    login = house.begin()
    good = good_tokens(house.provider, house.keys["ES256"], "ES256", login.nonce)
    house.refused(login, house.answer(login, change(good)), status, reason)


def test_a_token_endpoint_whose_certificate_is_of_another_host_gets_no_code(house):
    login = house.begin("elsewhere")
    good = good_tokens(house.provider, house.keys["ES256"], "ES256", login.nonce)
    asked = len(house.provider.forms)
    house.refused(login, house.answer(login, Reply(good)), 503, "https://127.0.0.1:")
    assert len(house.provider.forms) == asked


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_good_id_token_of_each_algorithm_logs_in(house, alg):
    login = house.begin(alg)
    good = good_tokens(house.provider, house.keys[alg], alg, login.nonce, at_hash=half_hash(alg, "an-access-token"))
    house.taken(login, house.answer(login, Reply(good)))


@pytest.mark.parametrize("alg", ("RS384", "ES384", "ES512", "HS512"))
def test_the_hash_of_the_access_token_is_as_long_as_that_of_the_algorithm(house, alg):
    login = house.begin(alg)
    good = good_tokens(house.provider, house.keys[alg], alg, login.nonce, at_hash=half_hash("ES256", "an-access-token"))
    house.refused(login, house.answer(login, Reply(good)), 401, "the access token beside it is another (at_hash)")


GOOD = {
    "a list with us alone": {"aud": [CLIENT]},
    "us as the party": {"azp": CLIENT},
    "several audiences, and the party is us": {"aud": ["them", CLIENT], "azp": CLIENT},
    "no at_hash, which is optional with a code": {},
    "times with fractions": {"iat": NOW - 0.5, "exp": NOW + 3600.25},
    "what nobody knows": {"https://example.com/x": {"y": [1, 2, None]}, "amr": ["pwd"]},
    "not valid before now": {"nbf": NOW - 1},
}


@pytest.mark.parametrize("name", GOOD)
def test_an_id_token_that_says_no_more_than_it_may_logs_in(house, name):
    login = house.begin()
    good = good_tokens(house.provider, house.keys["ES256"], "ES256", login.nonce, **GOOD[name])
    house.taken(login, house.answer(login, Reply(good)))


@pytest.mark.parametrize("change", ({"token_type": "bearer"}, {"token_type": "BEARER"}, {"expires_in": "soon"}, {"refresh_token": "a refresh token that nobody needs"},
                                    {"scope": "openid", "more": {"a": 1}}), ids=lambda change: next(iter(change.items()))[1])
def test_what_else_the_token_endpoint_says_changes_nothing(house, change):
    login = house.begin()
    good = good_tokens(house.provider, house.keys["ES256"], "ES256", login.nonce)
    house.taken(login, house.answer(login, Reply({**good, **change})))


# ---- userinfo

def foreign(house, claims):
    return tokens.sign(jwk.JWK.generate(kty="EC", crv="P-256"), claims, "ES256", {"kid": "key-ES256"})


def jwt(text):
    return Reply(text, kind="application/jwt")


PEOPLE = {
    "the same person": (lambda h: Reply({"sub": "fred", "more": 1}), None, None),
    "the same person, signed": (lambda h: jwt(signed(h, {"sub": "fred", "iss": h.provider.issuer, "aud": CLIENT})), None, None),
    "the same person, signed for several": (
        lambda h: jwt(signed(h, {"sub": "fred", "iss": h.provider.issuer, "aud": ["them", CLIENT]})), None, None),
    "another person": (lambda h: Reply({"sub": "mary"}), 401, "is about another person than the ID token (sub)"),
    "another person, signed": (lambda h: jwt(signed(h, {"sub": "mary"})), 401, "is about another person than the ID token (sub)"),
    "nobody": (lambda h: Reply({"name": "Fred"}), 401, "is about another person than the ID token (sub)"),
    "an empty name": (lambda h: Reply({"sub": ""}), 401, "is about another person than the ID token (sub)"),
    "a number": (lambda h: Reply({"sub": 1}), 401, "is about another person than the ID token (sub)"),
    "signed by another key": (lambda h: jwt(foreign(h, {"sub": "fred"})), 401, SIGNATURE),
    "unsigned": (lambda h: jwt(unsigned({"sub": "fred"})), 401, "the token is no JWS"),
    "signed with the algorithm none": (
        lambda h: jwt(with_header(signed(h, {"sub": "fred"}), {"alg": "none"})), 401, "not signed with ES256"),
    "signed for another client": (
        lambda h: jwt(signed(h, {"sub": "fred", "iss": h.provider.issuer, "aud": "them"})), 401, "is for another client (aud)"),
    "signed by another issuer": (
        lambda h: jwt(signed(h, {"sub": "fred", "iss": "https://other.example.com", "aud": CLIENT})), 401, "none of issuerIdentifier"),
    "a list": (lambda h: Reply([{"sub": "fred"}]), 503, "no JSON object"),
    "a page": (lambda h: Reply("<h1>Fred</h1>", kind="text/html"), 503, "no JSON object"),
    "a person twice": (lambda h: Reply('{"sub":"fred","sub":"mary"}'), 503, "no JSON object"),
    "status 401": (lambda h: Reply({"error": "invalid_token"}, 401), 503, "the userinfo endpoint answered with status 401"),
    "status 500": (lambda h: Reply({"sub": "fred"}, 500), 503, "the userinfo endpoint answered with status 500"),
    "more than it may": (lambda h: Reply({"sub": "fred", "more": "x" * (300 << 10)}), 503, "longer than"),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_userinfo_counts_when_it_is_about_the_person_of_the_id_token(house, name):
    make, status, reason = PEOPLE[name]
    login = house.begin("asks")
    good = good_tokens(house.provider, house.keys["ES256"], "ES256", login.nonce)
    page = house.answer(login, Reply(good), make(house))
    if status:
        house.refused(login, page, status, reason)
    else:
        house.taken(login, page)


def test_userinfo_cannot_be_asked_without_an_access_token(house):
    login = house.begin("asks")
    good = good_tokens(house.provider, house.keys["ES256"], "ES256", login.nonce)
    page = house.answer(login, Reply({**good, "access_token": None}), Reply({"sub": "fred"}))
    house.refused(login, page, 503, "there is no access token")


# ---- access tokens, where their claims are asked for

ACCESS = {
    "opaque": (lambda h: "an opaque access token", None),
    "a JWT of the issuer": (lambda h: signed(h, h.provider.claims(None, aud="api"), typ="at+jwt"), None),
    "a JWT of another key": (lambda h: foreign(h, h.provider.claims(None)), SIGNATURE),
    "a JWT of another issuer": (lambda h: signed(h, h.provider.claims(None, iss="https://other.example.com")), "none of issuerIdentifier"),
    "a JWT that has expired": (lambda h: signed(h, h.provider.claims(None, iat=NOW - 7200, exp=NOW - 3600)), "the token has expired"),
}


@pytest.mark.parametrize("name", ACCESS)
def test_claims_of_an_access_token_count_when_it_is_good(house, name):
    make, reason = ACCESS[name]
    login, token = house.begin("reads"), make(house)
    good = good_tokens(house.provider, house.keys["ES256"], "ES256", login.nonce, token, at_hash=half_hash("ES256", token))
    page = house.answer(login, Reply(good))
    if reason:
        house.refused(login, page, 401, reason)
    else:
        house.taken(login, page)
