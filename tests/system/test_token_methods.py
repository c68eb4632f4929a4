"""Tokens of a real issuer (npm oidc-provider) that are bound to their holder, and every way in which we prove who we are to it;
algorithms, shared keys, certificates and encrypted tokens, made by python3-jwcrypto."""
import base64
import hashlib
import json
import re
import time
import urllib.parse
import urllib.request

import pytest
from jwcrypto import jwe, jwk, jws

import tokens
from conftest import PATIENCE, free_ports, wait_until
from openid import Browser, Provider
from test_token import ask, bearer, by_discovery, claims, make

INBOUND = """<sslDefault sslRef="inbound"/>
<ssl id="inbound" keyStoreRef="defaultKeyStore" trustStoreRef="trust" clientAuthenticationSupported="true"/>"""
TARGET = "/zosConnect/apis"


@pytest.fixture
def make_issuer(tmp_path, authority):
    issuers = []

    def build(*clients):
        issuers.append(tokens.Issuer(tmp_path, authority, clients=clients).start())
        return issuers[-1]

    yield build
    for each in issuers:
        each.stop()


# ---- DPoP (RFC 9449)


class Holder:
    """Somebody with a key, who proves that he has it."""

    def __init__(self, alg="ES256"):
        self.alg, self.key = alg, tokens.make_key(alg, "holder")

    def proof(self, method, url, token=None, header=None, key=None, **changes):
        body = {"jti": base64.urlsafe_b64encode(hashlib.sha256(str(time.time_ns()).encode()).digest()).decode(),
                "htm": method, "htu": url, "iat": int(time.time())}
        if token:
            body["ath"] = tokens.encode(hashlib.sha256(token.encode()).digest())
        body = {name: value for name, value in {**body, **changes}.items() if value is not None}
        public = {name: value for name, value in json.loads(self.key.export_public()).items()
                  if name not in ("kid", "use", "alg")}
        return tokens.sign(key or self.key, body, self.alg, {"typ": "dpop+jwt", "jwk": public, **(header or {})})


def show(server, token, proof, scheme="DPoP"):
    headers = [("Host", f"localhost:{server.https}"), ("Authorization", f"{scheme} {token}")]
    headers += [("DPoP", each) for each in (proof if isinstance(proof, list) else [proof]) if each]
    return server.call("GET", TARGET, headers)


@pytest.mark.parametrize("kind", ["ES256", None])
def test_a_token_bound_to_a_key_needs_a_fresh_proof_of_it(make_server, authority, make_issuer, kind):
    issuer, holder, thief = make_issuer(), Holder(), Holder()
    more = "" if kind else (f'validationEndpointUrl="{issuer.url}/token/introspection" clientId="gateway" '
                            'clientSecret="gateway secret 0123456789" tokenEndpointAuthMethod="basic" userIdentifier="client_id"')
    server = make(make_server, authority, by_discovery(issuer, "ES256", more))
    token = issuer.token(kind, headers={"DPoP": holder.proof("POST", f"{issuer.url}/token")})
    url = f"https://localhost:{server.https}{TARGET}"
    first = holder.proof("GET", url, token)
    assert show(server, token, first).status == 200, server.log() + server.output()
    for _ in range(4):  # whichever worker gets it
        again = show(server, token, first)
        assert again.status == 401 and 'error="invalid_dpop_proof"' in again.header("WWW-Authenticate")
    assert show(server, token, holder.proof("GET", url + "?a=1#b", token)).status == 200  # the query is no part of htu
    assert show(server, token, holder.proof("GET", url.replace("https", "HTTPS"), token)).status == 200
    refused = {
        "another method": holder.proof("POST", url, token),
        "another path": holder.proof("GET", url + "/x", token),
        "another host": holder.proof("GET", url.replace("localhost", "example.com"), token),
        "another scheme": holder.proof("GET", url.replace("https", "http"), token),
        "another token": holder.proof("GET", url, "x"),
        "no token": holder.proof("GET", url),
        "old": holder.proof("GET", url, token, iat=int(time.time()) - 400),
        "of the future": holder.proof("GET", url, token, iat=int(time.time()) + 400),
        "no iat": holder.proof("GET", url, token, iat=None),
        "no jti": holder.proof("GET", url, token, jti=None),
        "another key": thief.proof("GET", url, token),
        "another key, with the holder's in its header": holder.proof("GET", url, token, key=thief.key),
        "another typ": holder.proof("GET", url, token, header={"typ": "JWT"}),
        "with its private key": holder.proof("GET", url, token, header={"jwk": holder.key.export(as_dict=True)}),
        "no jwk": tokens.sign(holder.key, {"htm": "GET", "htu": url}, "ES256", {"typ": "dpop+jwt"}),
        "no JWT": "x",
        "none": None,
        "two": [holder.proof("GET", url, token), holder.proof("GET", url, token)],
    }
    for name, proof in refused.items():
        response = show(server, token, proof)
        assert response.status == 401 and response.header("WWW-Authenticate").startswith("DPoP "), name
    assert show(server, token, None, "Bearer").status == 401
    assert show(server, token, holder.proof("GET", url, token), "Bearer").status == 401
    plain = issuer.token(kind)
    assert ask(server, plain).status == 200
    assert show(server, plain, holder.proof("GET", url, plain)).status == 401  # it is bound to nothing


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES512"])
def test_proofs_may_be_signed_with_any_public_key(make_server, authority, make_issuer, alg):
    issuer, holder = make_issuer(), Holder(alg)
    server = make(make_server, authority, by_discovery(issuer, "RS256"))
    key = tokens.make_key("RS256", "RS256-1")
    issuer.stop()
    issuer.keys = [key, *issuer.keys[1:]]
    issuer.start()
    thumbprint = holder.key.thumbprint()
    now = int(time.time())
    token = tokens.sign(key, {"iss": issuer.url, "aud": "sallyport", "sub": "x", "iat": now, "exp": now + 60,
                              "cnf": {"jkt": thumbprint}}, header={"kid": "RS256-1"})
    url = f"https://localhost:{server.https}{TARGET}"

    def good():
        return show(server, token, holder.proof("GET", url, token)).status == 200
    server.reload()
    wait_until(good, "the new key", 30)


def test_every_token_may_have_to_be_bound(make_server, authority, make_issuer):
    issuer, holder = make_issuer(), Holder()
    server = make(make_server, authority, by_discovery(issuer, "ES256", 'sallyport_dpop="required"'))
    response = ask(server, issuer.token("ES256"))
    assert response.status == 401 and response.header("WWW-Authenticate").startswith('DPoP realm="oauth", algs="')
    token = issuer.token("ES256", headers={"DPoP": holder.proof("POST", f"{issuer.url}/token")})
    assert show(server, token, holder.proof("GET", f"https://localhost:{server.https}{TARGET}", token)).status == 200


# ---- mTLS (RFC 8705)


def bound_client(name):
    return {"client_id": name, "redirect_uris": [], "response_types": [], "grant_types": ["client_credentials"],
            "scope": "read write", "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": f"CN={name}",
            "tls_client_certificate_bound_access_tokens": True}


def test_a_token_bound_to_a_certificate_needs_that_certificate(make_server, authority, make_issuer):
    issuer = make_issuer(bound_client("machine"))
    mine, other = (authority.client(*authority.issue(name)) for name in ("machine", "other machine"))
    server = make(make_server, authority, by_discovery(
        issuer, "ES256", f'validationEndpointUrl="{issuer.url}/token/introspection" clientId="gateway" '
        'clientSecret="gateway secret 0123456789" tokenEndpointAuthMethod="basic" userIdentifier="client_id"'), INBOUND)
    for kind in ("ES256", None):  # verified here, and asked about
        token = issuer.token(kind, client="machine", context=mine)
        for _ in range(2):
            assert server.call("GET", TARGET, bearer(token), tls=mine).status == 200, server.log() + server.output()
        for context in (other, True):
            response = server.call("GET", TARGET, bearer(token), tls=context)
            assert response.status == 401
            assert 'error="invalid_token"' in response.header("WWW-Authenticate")
        assert server.call("GET", TARGET, [("Authorization", f"DPoP {token}")], tls=mine).status == 401


# ---- how we prove who we are


def introspecting(issuer, client, method, more=""):
    return (f'issuerIdentifier="{issuer.url}" validationEndpointUrl="{issuer.url}/token/introspection" clientId="{client}" '
            f'tokenEndpointAuthMethod="{method}" userIdentifier="client_id" accessTokenCacheEnabled="false" {more}')


def resource_server(name, method, **more):
    return {"client_id": name, "redirect_uris": [], "response_types": [], "grant_types": [],
            "token_endpoint_auth_method": method, **more}


def test_we_prove_who_asks_in_every_way(make_server, authority, make_issuer):
    store = authority.key_store("rs-jwt", "store password")
    public = json.loads(jwk.JWK.from_pem(store.with_suffix(".pem").read_bytes()).export_public())
    tls_store = authority.key_store("rs-tls", "store password")
    secret = 'a "secret" of 100 % & +/:='
    issuer = make_issuer(
        resource_server("rs-basic", "client_secret_basic", client_secret=secret),
        resource_server("rs-post", "client_secret_post", client_secret=secret),
        resource_server("rs-jwt", "private_key_jwt", jwks={"keys": [{**public, "use": "sig"}]},
                        token_endpoint_auth_signing_alg="ES256"),
        resource_server("rs-tls", "tls_client_auth", tls_client_auth_subject_dn="CN=rs-tls"))
    quoted = secret.replace("&", "&amp;").replace('"', "&quot;")
    ways = {
        "basic": f'clientSecret="{quoted}"', "post": f'clientSecret="{quoted}"',
        "private_key_jwt": 'tokenEndpointAuthSigningAlgorithm="ES256" keyAliasName="rs-jwt"', "tls_client_auth": "",
    }
    names = {"basic": "rs-basic", "post": "rs-post", "private_key_jwt": "rs-jwt", "tls_client_auth": "rs-tls"}
    stores = {"private_key_jwt": store, "tls_client_auth": tls_store}
    good = issuer.token()
    for method, more in ways.items():
        ssl = ""
        if method in stores:
            ssl = (f'<keyStore id="own" location="{stores[method]}" password="store password"/>'
                   '<ssl id="withKey" keyStoreRef="own" trustStoreRef="trust"/>')
        client = introspecting(issuer, names[method], method, more)
        server = make(make_server, authority, client, ssl, start=False)
        if ssl:
            xml = (server.directory / "server.xml").read_text()
            (server.directory / "server.xml").write_text(xml.replace('sslRef="outbound"', 'sslRef="withKey"'))
        server.start()
        assert ask(server, good).status == 200, f"{method}: {server.log()}{server.output()}"
        assert ask(server, "made-up").status == 401, method
        server.stop()
    # Another key, no certificate, another secret: the issuer does not know us, which is not the caller's fault.
    other = authority.key_store("impostor", "store password")
    for method, key_store in (("private_key_jwt", other), ("tls_client_auth", other), ("basic", None)):
        ssl = (f'<keyStore id="own" location="{key_store}" password="store password"/>'
               '<ssl id="withKey" keyStoreRef="own" trustStoreRef="trust"/>') if key_store else ""
        more = ways[method].replace("rs-jwt", "impostor").replace("secret", "Secret")
        server = make(make_server, authority, introspecting(issuer, names[method], method, more), ssl, start=False)
        xml = (server.directory / "server.xml").read_text()
        if ssl:
            (server.directory / "server.xml").write_text(xml.replace('sslRef="outbound"', 'sslRef="withKey"'))
        server.start()
        assert ask(server, good).status == 503, method
        wait_until(lambda: "CWWKS1723E" in server.log(), f"{method}: the reason")  # pylint: disable=cell-var-from-loop
        assert "Secret\" of" not in server.log()
        server.stop()


# ---- userinfo


def test_userinfo_may_be_asked_about_tokens(make_server, authority, tmp_path):
    (port,) = free_ports(1)
    back = "https://localhost:1/cb"
    provider = Provider(tmp_path, authority, port, {"fred": {"groupIds": ["STAFF"]}, "mary": {}}, claims={"openid": ["sub", "groupIds"]},
                        clients=[{"client_id": "app", "client_secret": "a secret of the app", "redirect_uris": [back],
                                  "token_endpoint_auth_method": "client_secret_post"}],
                        features={"devInteractions": {"enabled": True}, "revocation": {"enabled": True}}).start()

    def post(path, **fields):
        body = urllib.parse.urlencode({"client_id": "app", "client_secret": "a secret of the app", **fields}).encode()
        with urllib.request.urlopen(provider.issuer + path, body, PATIENCE, context=authority.client()) as response:
            text = response.read()
            return json.loads(text) if text else None
    try:
        verifier = "v" * 50
        challenge = tokens.encode(hashlib.sha256(verifier.encode()).digest())
        browser = Browser(authority)
        query = urllib.parse.urlencode({"client_id": "app", "response_type": "code", "scope": "openid", "redirect_uri": back,
                                        "code_challenge": challenge, "code_challenge_method": "S256", "state": "s"})
        page = browser.log_in(browser.get(f"{provider.issuer}/auth?{query}"), "fred", until="/cb")
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.location).query))["code"]
        token = post("/token", grant_type="authorization_code", code=code, redirect_uri=back, code_verifier=verifier)["access_token"]
        server = make(make_server, authority, f'issuerIdentifier="{provider.issuer}" validationMethod="userinfo" '
                      f'validationEndpointUrl="{provider.issuer}/me" accessTokenCacheTimeout="1s"')
        for _ in range(2):
            assert ask(server, token).status == 200, server.log() + server.output()
        assert ask(server, "made-up").status == 401
        post("/token/revocation", token=token)
        time.sleep(1.1)
        assert ask(server, token).status == 401
        provider.stop()
        assert ask(server, "another").status == 503
    finally:
        provider.stop()


# ---- algorithms and keys


ALGS = {"RS256": ("RSA", {"size": 2048}), "RS384": ("RSA", {"size": 2048}), "RS512": ("RSA", {"size": 2048}),
        "PS256": ("RSA", {"size": 2048}), "PS384": ("RSA", {"size": 2048}), "PS512": ("RSA", {"size": 2048}),
        "ES256": ("EC", {"crv": "P-256"}), "ES384": ("EC", {"crv": "P-384"}), "ES512": ("EC", {"crv": "P-521"}),
        "HS256": ("oct", {"size": 256}), "HS384": ("oct", {"size": 384}), "HS512": ("oct", {"size": 512})}
KNOWN = 'issuerIdentifier="https://issuer.example.com" audiences="us"'


def text_key(length):
    text = "".join(chr(33 + (7 * i) % 90) for i in range(length))
    for letter in "&<>\"'{}$":
        text = text.replace(letter, "x")
    return text


@pytest.mark.parametrize("alg", ALGS)
def test_every_algorithm_is_taken_and_no_other(make_server, authority, alg):
    kind, options = ALGS[alg]
    if kind == "oct":
        text = text_key(options["size"] // 8)
        key = jwk.JWK(kty="oct", k=tokens.encode(text))
        client = f'{KNOWN} signatureAlgorithm="{alg}" sharedKey="{text}"'
    else:
        key = jwk.JWK.generate(kty=kind, **options)
        public = key.export_public().replace('"', "&quot;")
        client = f'{KNOWN} signatureAlgorithm="{alg}" jsonWebKey="{public}"'
    server = make(make_server, authority, client)
    token = tokens.sign(key, claims(), alg)
    for _ in range(2):
        assert ask(server, token).status == 200, server.log() + server.output()
    header, body, signature = token.split(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    assert ask(server, f"{header}.{body}.{signature[:middle]}{other}{signature[middle + 1:]}").status == 401
    for another, (of, _) in ALGS.items():
        if another != alg and of == kind and (kind != "EC"):
            if kind == "oct" and ALGS[another][1]["size"] > options["size"]:
                continue
            assert ask(server, tokens.sign(key, claims(), another)).status == 401, another


@pytest.mark.parametrize("alg, size", [("HS256", 31), ("HS384", 47), ("HS512", 63)])
def test_a_shared_key_is_as_long_as_the_hash(make_server, authority, alg, size):
    server = make(make_server, authority, f'{KNOWN} signatureAlgorithm="{alg}" sharedKey="{text_key(size)}"', start=False)
    checked = server.command("check")
    assert checked.returncode != 0 and "shorter than the hash" in checked.stdout


def test_the_certificate_of_a_trust_store_signs(make_server, authority):
    certificate, key = authority.issue("token signer")
    stranger = authority.issue("another signer")[1]
    store = f'<keyStore id="signers" location="{certificate}" type="PEM"/>'
    server = make(make_server, authority,
                  f'{KNOWN} signatureAlgorithm="ES256" trustStoreRef="signers" trustAliasName="token signer"', store)
    sign = [jwk.JWK.from_pem(path.read_bytes()) for path in (key, stranger)]
    thumbprint = tokens.encode(bytes.fromhex(re.sub(r"[^0-9A-F]", "", fingerprint(certificate))))
    assert ask(server, tokens.sign(sign[0], claims(), "ES256")).status == 200, server.log() + server.output()
    assert ask(server, tokens.sign(sign[0], claims(x=1), "ES256", {"kid": "whatever"})).status == 200
    assert ask(server, tokens.sign(sign[0], claims(x=2), "ES256", {"x5t#S256": thumbprint})).status == 200
    assert ask(server, tokens.sign(sign[1], claims(), "ES256")).status == 401


def fingerprint(certificate):
    import subprocess
    return subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], check=True,
                          capture_output=True, text=True).stdout.split("=")[1]


# ---- encrypted tokens


def encrypt(key, text, alg, enc, **header):
    token = jwe.JWE(text.encode(), json.dumps({"alg": alg, "enc": enc, **header}), algs=[alg, enc])
    token.add_recipient(key)
    return token.serialize(compact=True)


def test_encrypted_tokens_are_decrypted(make_server, authority):
    store = authority.key_store("reader", "store password")
    to = jwk.JWK.from_pem(store.with_suffix(".pem").read_bytes())
    other = jwk.JWK.from_pem(authority.issue("not the reader")[0].read_bytes())
    key = tokens.make_key("RS256", "one")
    public = key.export_public().replace('"', "&quot;")
    ssl = (f'<keyStore id="own" location="{store}" password="store password"/>'
           '<ssl id="withKey" keyStoreRef="own" trustStoreRef="trust"/>')
    server = make(make_server, authority, f'{KNOWN} signatureAlgorithm="RS256" jsonWebKey="{public}" tokenReuse="true" '
                  'keyManagementKeyAlias="reader"', ssl, start=False)
    xml = (server.directory / "server.xml").read_text()
    (server.directory / "server.xml").write_text(xml.replace('sslRef="outbound"', 'sslRef="withKey"'))
    server.start()
    inside = tokens.sign(key, claims())
    for alg, enc in (("ECDH-ES", "A128GCM"), ("ECDH-ES+A128KW", "A128CBC-HS256"), ("ECDH-ES+A256KW", "A256CBC-HS512")):
        token = encrypt(to, inside, alg, enc, cty="JWT")
        for _ in range(2):
            assert ask(server, token).status == 200, f"{alg} {enc} {server.log()}"
    assert ask(server, inside).status == 200  # signed is enough
    good = encrypt(to, inside, "ECDH-ES", "A128GCM", cty="JWT")
    bad = {
        "another reader": encrypt(other, inside, "ECDH-ES", "A128GCM", cty="JWT"),
        "not signed": encrypt(to, json.dumps(claims()), "ECDH-ES", "A128GCM"),
        "encrypted twice": encrypt(to, good, "ECDH-ES", "A128GCM", cty="JWT"),
        "signed by another": encrypt(to, tokens.sign(tokens.make_key("RS256", "one"), claims()), "ECDH-ES", "A128GCM", cty="JWT"),
        "expired": encrypt(to, tokens.sign(key, claims(exp=1, iat=0)), "ECDH-ES", "A128GCM", cty="JWT"),
        "another content": encrypt(to, inside, "ECDH-ES", "A128GCM", cty="text"),
        "compressed": encrypt(to, inside, "ECDH-ES", "A128GCM", cty="JWT", zip="DEF"),
        "changed": good[:-3] + ("AAA" if good[-3:] != "AAA" else "BBB"),
    }
    for name, token in bad.items():
        for _ in range(2):  # also when its refusal is remembered
            response = ask(server, token)
            assert response.status == 401, name
            assert response.header("WWW-Authenticate").startswith('Bearer realm="jwt", error="invalid_token"'), name


def test_an_encrypted_token_without_a_key_is_told(make_server, authority):
    key, to = tokens.make_key("RS256", "one"), jwk.JWK.generate(kty="RSA", size=2048)
    public = key.export_public().replace('"', "&quot;")
    server = make(make_server, authority, f'{KNOWN} signatureAlgorithm="RS256" jsonWebKey="{public}"')
    assert ask(server, encrypt(to, tokens.sign(key, claims()), "RSA-OAEP", "A128GCM")).status == 401
    wait_until(lambda: "keyManagementKeyAlias" in server.log(), "the reason")


# ---- a cookie after a token


def test_a_token_may_give_an_ltpa_cookie(make_server, authority):
    key = tokens.make_key("RS256", "one")
    public = key.export_public().replace('"', "&quot;")
    registry = '<basicRegistry id="basic" realm="r"><user name="anna" password="x"/></basicRegistry>'
    for disabled in ("true", "false"):
        server = make(make_server, authority, f'{KNOWN} signatureAlgorithm="RS256" jsonWebKey="{public}" tokenReuse="true" '
                      f'mapIdentityToRegistryUser="true" authnSessionDisabled="{disabled}"',
                      registry + '<ltpa keysPassword="shared secret"/>', start=False)
        assert server.command("key", "--ltpa").returncode == 0
        server.start()
        response = ask(server, tokens.sign(key, claims()))
        assert response.status == 200, server.log()
        cookies = [value for name, value in response.headers if name.lower() == "set-cookie"]
        assert [each.split("=")[0] for each in cookies] == ([] if disabled == "true" else ["LtpaToken2"])
