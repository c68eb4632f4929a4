"""Tokens of real issuers, and tokens that nobody should take: from the header of a request to its answer."""
import json
import time

import pytest

import archives
import tokens
from conftest import ROOT, Authority, wait_until

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature>
  <feature>openidConnectClient-1.0</feature></featureManager>
<authorization-roles id="zos.connect.access.roles">
  <security-role name="zosConnectAccess"><special-subject type="ALL_AUTHENTICATED_USERS"/></security-role>
</authorization-roles>
<zosconnect_zosConnectManager/>
<openidConnectClient id="tokens" inboundPropagation="required" sslRef="outbound" {client}/>
<ssl id="outbound" keyStoreRef="trust" trustStoreRef="trust"/>
<keyStore id="trust" location="{trust}" type="PEM"/>
<keyStore id="defaultKeyStore" password="key store password"/>
"""


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def ask(server, token, scheme="Bearer", headers=()):
    return server.call("GET", "/zosConnect/apis", [("Authorization", f"{scheme} {token}"), *headers])


def make(make_server, authority, client, more="", start=True):
    xml = XML.format(client=client, trust=authority.certificate) + more
    return make_server(xml.replace("{", "{{").replace("}", "}}"), start=start)


@pytest.fixture
def issuer(tmp_path, authority):
    one = tokens.Issuer(tmp_path, authority).start()
    yield one
    one.stop()


def by_discovery(issuer, alg, more=""):
    return (f'discoveryEndpointUrl="{issuer.url}/.well-known/openid-configuration" audiences="sallyport" '
            f'signatureAlgorithm="{alg}" tokenReuse="true" {more}')


# ---- npm oidc-provider


@pytest.mark.parametrize("alg", tokens.KINDS)
def test_a_token_of_an_issuer_that_is_discovered_is_taken(make_server, authority, issuer, alg):
    server = make(make_server, authority, by_discovery(issuer, alg))
    token = issuer.token(alg)
    for _ in range(3):
        assert ask(server, token).status == 200, server.log() + server.output()
    others = [other for other in tokens.KINDS if other != alg]
    response = ask(server, issuer.token(others[0]))
    assert response.status == 401
    assert response.header("WWW-Authenticate").startswith('Bearer realm="jwt", error="invalid_token"')
    assert response.json["error"] == 401


def test_keys_that_rotate_are_followed(make_server, authority, issuer):
    client = by_discovery(issuer, "ES256", 'sallyport_jwkRefetchInterval="1s"')
    server = make(make_server, authority, client)
    old = issuer.token("ES256")
    assert ask(server, old).status == 200
    issuer.stop()
    issuer.keys = [tokens.make_key(alg, f"{alg}-2") for alg in tokens.KINDS]
    issuer.start()
    time.sleep(1.1)
    assert ask(server, issuer.token("ES256")).status == 200, server.output()


def test_an_outage_of_the_issuer_is_survived_by_known_keys(make_server, authority, issuer):
    server = make(make_server, authority, by_discovery(issuer, "RS256", 'sallyport_jwkRefetchInterval="1s"'))
    token, fresh = issuer.token("RS256"), issuer.token("RS256")
    unknown = tokens.make_key("RS256", "nobody")
    assert ask(server, token).status == 200
    issuer.stop()
    assert ask(server, token).status == 200
    assert ask(server, fresh).status == 200
    time.sleep(1.1)
    claims = {"iss": issuer.url, "aud": "sallyport", "sub": "x", "exp": int(time.time()) + 60}
    response = ask(server, tokens.sign(unknown, claims, header={"kid": "nobody"}))
    assert response.status == 503


def test_an_issuer_that_cannot_be_reached_is_503_until_it_can(make_server, authority, issuer):
    token = issuer.token("PS256")
    issuer.stop()
    server = make(make_server, authority, by_discovery(issuer, "PS256"))
    assert ask(server, token).status == 503
    issuer.start()
    token = issuer.token("PS256")
    wait_until(lambda: ask(server, token).status == 200, "the issuer to be found", 30)


def by_introspection(issuer, more=""):
    return (f'issuerIdentifier="{issuer.url}" validationEndpointUrl="{issuer.url}/token/introspection" '
            f'clientId="gateway" clientSecret="gateway secret 0123456789" tokenEndpointAuthMethod="basic" '
            f'userIdentifier="client_id" {more}')


def test_opaque_tokens_are_introspected_and_end_when_they_are_revoked(make_server, authority, issuer):
    server = make(make_server, authority, by_introspection(issuer, 'accessTokenCacheTimeout="1s"'))
    token = issuer.token()
    for _ in range(3):
        assert ask(server, token).status == 200, server.output()
    issuer.revoke(token)
    assert ask(server, token).status in (200, 401)  # remembered for a second
    time.sleep(1.1)
    response = ask(server, token)
    assert response.status == 401
    assert response.header("WWW-Authenticate").startswith('Bearer realm="oauth", error="invalid_token"')
    assert ask(server, "made-up").status == 401
    issuer.stop()
    assert ask(server, "never-seen").status == 503


def test_a_wrong_secret_is_told_in_the_log_and_is_not_the_callers_fault(make_server, authority, issuer):
    client = by_introspection(issuer).replace("gateway secret", "wrong secret")
    server = make(make_server, authority, client)
    assert ask(server, issuer.token()).status == 503
    wait_until(lambda: "CWWKS1723E" in server.log() + server.output() or "invalid_client" in server.log() + server.output(),
               "the reason")


def test_the_name_of_the_issuer_is_verified(make_server, authority, tmp_path):
    impostor = tokens.Issuer(tmp_path, authority, name="other.example.com").start()
    try:
        for verified in ("true", "false"):
            client = by_discovery(impostor, "ES256", f'hostNameVerificationEnabled="{verified}"')
            server = make(make_server, authority, client)
            assert ask(server, impostor.token("ES256")).status == (503 if verified == "true" else 200), server.output()
            server.stop()
    finally:
        impostor.stop()


def test_an_issuer_of_another_authority_is_not_trusted(make_server, authority, tmp_path):
    directory = tmp_path / "other"
    directory.mkdir()
    other = Authority(directory, "Another CA")
    stranger = tokens.Issuer(directory, other).start()
    try:
        server = make(make_server, authority, by_discovery(stranger, "ES256"))
        assert ask(server, stranger.token("ES256")).status == 503
    finally:
        stranger.stop()


# ---- glewlwyd


@pytest.fixture(scope="module")
def glewlwyd(tmp_path_factory):
    one = tokens.Glewlwyd(tmp_path_factory.mktemp("glewlwyd")).start()
    yield one
    one.stop()


@pytest.mark.parametrize("alg", tokens.KINDS)
def test_tokens_of_glewlwyd_are_taken(make_server, authority, glewlwyd, alg):
    client = (f'discoveryEndpointUrl="{glewlwyd.url(alg)}/.well-known/openid-configuration" audiences="read" '
              f'signatureAlgorithm="{alg}" httpsRequired="false" tokenReuse="true"')
    server = make(make_server, authority, client)
    token = glewlwyd.token(alg)
    for _ in range(3):
        assert ask(server, token).status == 200, server.output()
    header, payload, signature = token.split(".")
    assert ask(server, f"{header}.{payload}.{signature[:-8]}AAAAAAAA").status == 401
    other = next(each for each in tokens.KINDS if each != alg)
    assert ask(server, glewlwyd.token(other)).status == 401


def test_glewlwyd_is_asked_about_its_tokens(make_server, authority, glewlwyd):
    name, secret = glewlwyd.CALLER
    client = (f'validationEndpointUrl="{glewlwyd.url("ES256")}/introspect" clientId="{name}" clientSecret="{secret}" '
              'tokenEndpointAuthMethod="basic" jwtAccessTokenRemoteValidation="require" disableIssChecking="true" '
              'userIdentifier="client_id" httpsRequired="false" accessTokenCacheEnabled="false"')
    server = make(make_server, authority, client)
    token = glewlwyd.token("ES256")
    assert ask(server, token).status == 200, server.output()
    glewlwyd.revoke("ES256", token)
    assert ask(server, token).status == 401


# ---- scopes


def test_an_api_may_need_scopes(make_server, authority, issuer):
    more = ('<zosconnect_zosConnectAPIs><zosConnectAPI name="echo" sallyport_requiredScopes="read write"/>'
            '</zosconnect_zosConnectAPIs>'
            '<zosconnect_cicsIpicConnection id="cicsConn" host="127.0.0.1" port="1" zosConnectApplid="SALLYPRT" '
            'zosConnectNetworkid="TESTNET" sendSessions="1"/>')
    server = make(make_server, authority, by_discovery(issuer, "ES256"), more, start=False)
    services, apis = (server.directory / "resources" / "zosconnect" / name for name in ("services", "apis"))
    services.mkdir(parents=True)
    apis.mkdir()
    fields = archives.field("Text", 1, 20, "char")
    archives.service(services / "echo.sar", "echo", "ECHOPGM", 20, fields)
    archives.api(apis / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
    server.start()

    def call(token):
        return server.call("POST", "/echo/it", [*bearer(token), ("Content-Type", "application/json")],
                           json.dumps({"Area": {"Text": "x"}}).encode())

    response = call(issuer.token("ES256", "read"))
    assert response.status == 403
    assert response.header("WWW-Authenticate") == 'Bearer error="insufficient_scope", scope="read write"'
    assert call(issuer.token("ES256", "read write")).status not in (401, 403)  # there is no region behind it
    assert ask(server, issuer.token("ES256", "read")).status == 200  # another URI


# ---- tokens that nobody should take, made by python3-jwcrypto


@pytest.fixture(scope="module")
def strict(tmp_path_factory, authority):
    """A server that knows one RSA key, and a maker of tokens for it."""
    from conftest import Server
    key = tokens.make_key("RS256", "one")
    public = json.dumps(json.loads(key.export_public())).replace('"', "&quot;")
    client = (f'issuerIdentifier="https://issuer.example.com" audiences="us" signatureAlgorithm="RS256" '
              f'jsonWebKey="{public}" groupIdentifier="groups"')
    xml = XML.format(client=client, trust=authority.certificate).replace("{", "{{").replace("}", "}}")
    server = Server(tmp_path_factory.mktemp("strict"), authority, xml).start()
    yield server, key
    server.stop()


def claims(**changes):
    now = int(time.time())
    all_claims = {"iss": "https://issuer.example.com", "aud": "us", "sub": "anna", "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in all_claims.items() if value is not None}


GOOD = {
    "as it should be": lambda: claims(),
    "several audiences": lambda: claims(aud=["them", "us"]),
    "a time with a fraction": lambda: claims(exp=time.time() + 60.5),
    "beyond 2038": lambda: claims(exp=4102444800),
    "expired within the clock skew": lambda: claims(exp=int(time.time()) - 200, iat=int(time.time()) - 600),
    "groups": lambda: claims(groups=["A", "B"]),
    "typ at+jwt": lambda: (claims(), {"typ": "at+jwt"}),
    "kid": lambda: (claims(), {"kid": "one"}),
}

BAD = {
    "no exp": lambda: claims(exp=None),
    "expired": lambda: claims(exp=int(time.time()) - 301, iat=int(time.time()) - 900),
    "exp as text": lambda: claims(exp=str(int(time.time()) + 60)),
    "exp 1e300": lambda: json.dumps(claims()).replace(str(claims()["exp"]), "1e300"),
    "exp negative": lambda: claims(exp=-1),
    "exp true": lambda: claims(exp=True),
    "nbf in the future": lambda: claims(nbf=int(time.time()) + 400),
    "iat in the future": lambda: claims(iat=int(time.time()) + 400, exp=int(time.time()) + 900),
    "iss another": lambda: claims(iss="https://issuer.example.com/"),
    "iss a list": lambda: claims(iss=["https://issuer.example.com"]),
    "no iss": lambda: claims(iss=None),
    "aud another": lambda: claims(aud="them"),
    "aud in another case": lambda: claims(aud="US"),
    "aud another, as a list": lambda: claims(aud=["them", "others"]),
    "aud empty": lambda: claims(aud=[]),
    "no aud": lambda: claims(aud=None),
    "no sub": lambda: claims(sub=None),
    "sub a number": lambda: claims(sub=7),
    "sub with a line end": lambda: claims(sub="anna\nroot"),
    "sub of 300 bytes": lambda: claims(sub="x" * 300),
    "groups of numbers": lambda: claims(groups=[1]),
    "claims are a list": lambda: "[1]",
    "claims are text": lambda: "hello",
    "a claim twice": lambda: json.dumps(claims())[:-1] + ',"sub":"root"}',
    "claims too deep": lambda: claims(deep=json.loads("[" * 20 + "]" * 20)),
    "a lone surrogate": lambda: json.dumps(claims())[:-1] + ',"x":"\\ud800"}',
    "not UTF-8": lambda: json.dumps(claims())[:-1].encode() + b',"x":"\xff"}',
    "typ logout+jwt": lambda: (claims(), {"typ": "logout+jwt"}),
    "kid another": lambda: (claims(), {"kid": "two"}),
    "kid of 300 bytes": lambda: (claims(), {"kid": "k" * 300}),
    "bound to a certificate": lambda: claims(cnf={"x5t#S256": "A" * 43}),
    "bound to a key": lambda: claims(cnf={"jkt": "A" * 43}),
    "bound to something else": lambda: claims(cnf={"kid": "x"}),
}


def made(maker, key):
    value = maker()
    body, header = value if isinstance(value, tuple) else (value, {})
    return tokens.sign(key, body, header=header)


@pytest.mark.parametrize("name", GOOD)
def test_good_tokens_of_others_are_taken(strict, name):
    server, key = strict
    assert ask(server, made(GOOD[name], key)).status == 200, server.output()


@pytest.mark.parametrize("name", BAD)
def test_bad_claims_are_401(strict, name):
    server, key = strict
    response = ask(server, made(BAD[name], key))
    assert response.status == 401
    realm = 'DPoP realm="oauth"' if name == "bound to a key" else \
        'Bearer realm="jwt", error="invalid_token", error_description="Check JWT token"'
    assert response.header("WWW-Authenticate").startswith(realm)
    assert response.json == {"error": 401,
                             "error_description": "OpenID Connect client returned with status: SEND_401"}


def forged(key):
    """Tokens whose signature does not count, by name."""
    good = tokens.sign(key, claims())
    header, payload, signature = good.split(".")
    other = tokens.make_key("RS256", "one")
    elliptic = tokens.make_key("ES256", "one")
    pem = key.export_to_pem()
    from jwcrypto import jwk
    secret = jwk.JWK(kty="oct", k=tokens.encode(pem))
    embedded = {"jwk": json.loads(other.export_public())}
    yield "none", tokens.encode('{"alg":"none"}') + f".{payload}."
    yield "none with a signature", tokens.encode('{"alg":"none"}') + f".{payload}.{signature}"
    yield "nOnE", tokens.encode('{"alg":"nOnE"}') + f".{payload}.{signature}"
    yield "without a signature", f"{header}.{payload}."
    yield "two parts", f"{header}.{payload}"
    yield "four parts", f"{good}.{signature}"
    yield "other claims", f"{header}.{tokens.encode(json.dumps(claims(sub='root')))}.{signature}"
    yield "padding", f"{good}="
    yield "unused bits", good[:-1] + chr(ord(good[-1]) + 1)
    yield "another key of the same kid", tokens.sign(other, claims(), header={"kid": "one"})
    yield "the key in its header", tokens.sign(other, claims(), header=embedded)
    yield "jku", tokens.sign(other, claims(), header={"jku": "https://localhost/keys"})
    yield "x5u", tokens.sign(other, claims(), header={"x5u": "https://localhost/chain"})
    yield "ES256", tokens.sign(elliptic, claims(), "ES256")
    yield "PS256 by the right key", tokens.sign(jwk.JWK(**{**key.export(as_dict=True), "alg": "PS256"}), claims(), "PS256")
    yield "HS256 with the public key as secret", tokens.sign(secret, claims(), "HS256")
    yield "crit", _with_header(key, {"crit": ["exp"], "exp": 1})
    yield "crit b64", _with_header(key, {"crit": ["b64"], "b64": False})
    yield "alg twice", _raw(key, '{"alg":"RS256","alg":"none"}')
    yield "no alg", _raw(key, '{"typ":"JWT"}')
    yield "header a list", _raw(key, '[{"alg":"RS256"}]')
    yield "too long", tokens.sign(key, claims(x="y" * 16000))


def _with_header(key, more):
    return _raw(key, json.dumps({"alg": "RS256", **more}))


def _raw(key, header):
    """A right signature over any header."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    part = f"{tokens.encode(header)}.{tokens.encode(json.dumps(claims()))}"
    private = key.get_op_key("sign")
    return f"{part}.{tokens.encode(private.sign(part.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def test_forged_tokens_are_401(strict):
    server, key = strict
    taken = []
    for name, token in forged(key):
        for _ in range(2):  # also when its refusal is remembered
            response = ask(server, token)
            if response.status != 401 or "Bearer realm=" not in response.header("WWW-Authenticate"):
                taken.append(f"{name}: {response.status}")
    assert not taken
    assert ask(server, tokens.sign(key, claims())).status == 200


def test_a_token_with_an_id_counts_once(strict):
    server, key = strict
    token = tokens.sign(key, claims(jti="the only one"))
    assert ask(server, token).status == 200
    for _ in range(8):  # whichever worker gets it
        assert ask(server, token).status == 401
    assert ask(server, tokens.sign(key, claims(jti="the only one", x=1))).status == 401


def test_nothing_of_a_token_is_in_a_log(strict):
    server, key = strict
    token = tokens.sign(key, claims(exp=1))
    assert ask(server, token).status == 401
    text = wait_until(lambda: (server.log() + server.output()) if "CWWKS1773E" in server.log() + server.output() or
                      "expired" in server.log() + server.output() else None, "the reason")
    for part in token.split("."):
        assert part not in text
