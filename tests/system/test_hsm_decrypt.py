"""Keys that decrypt, and sign requests for logins, inside of a PKCS#11 token: of SoftHSM, one a test."""
import json
import re
import time

import pytest
from jwcrypto import jwe, jwk

import hsm
import saml
import tokens
from conftest import wait_until
from saml import AUDIENCE, ISSUER, Signer, assertion, sign
from saml import token as header_of
from test_token import XML as TOKEN_XML

TARGET = "/zosConnect/apis"


@pytest.fixture
def token(tmp_path):
    return hsm.Token(tmp_path / "token")


def quiet(server):
    assert hsm.PIN not in server.log() + server.output()


# ---- encrypted access tokens

def encrypted(to, text, alg, enc, **header):
    made = jwe.JWE(text.encode(), json.dumps({"alg": alg, "enc": enc, "cty": "JWT", **header}), algs=[alg, enc])
    made.add_recipient(to)
    return made.serialize(compact=True)


def claims(**more):
    now = int(time.time())
    return {"iss": "https://issuer.test", "sub": "fred", "aud": "us", "iat": now, "exp": now + 600, **more}


@pytest.fixture
def make_reader(make_server, authority, token):
    def make(kind="rsa:2048", spy=None, starts=True):
        """`spy`: a file to which OpenSC's spy, between us and the token, writes the calls of the one worker."""
        pem = token.pair(authority, "reader", kind)
        key = tokens.make_key("RS256", "one")
        public = key.export_public().replace('"', "&quot;")
        client = (f'issuerIdentifier="https://issuer.test" audiences="us" signatureAlgorithm="RS256" jsonWebKey="{public}" tokenReuse="true" '
                  'keyManagementKeyAlias="reader"')
        xml = TOKEN_XML.format(client=client, trust=authority.certificate).replace('keyStoreRef="trust"', 'keyStoreRef="hsm"')
        store, environment = token.store("hsm"), token.environment
        if spy:
            store = store.replace(hsm.LIBRARY, hsm.SPY)
            environment = dict(environment, PKCS11SPY=hsm.LIBRARY, PKCS11SPY_OUTPUT=str(spy))
        xml = (xml + store).replace("{", "{{").replace("}", "}}")
        server = make_server(xml, environment=environment, arguments=[f"--workers={1 if spy else 2}"], start=starts)
        return server, jwk.JWK.from_pem(pem.read_bytes()), key

    return make


def ask(server, value):
    return server.call("GET", TARGET, [("Authorization", f"Bearer {value}")])


def test_an_access_token_is_decrypted_in_the_token(make_reader, token):
    server, to, key = make_reader()
    for number, enc in enumerate(("A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512")):
        for attempt in range(3):
            inside = tokens.sign(key, claims(jti=f"{number} {attempt}"))
            answer = ask(server, encrypted(to, inside, "RSA-OAEP", enc))
            assert answer.status == 200, f"{enc} {server.log()} {server.output()}"
    # What is not encrypted to this key, or was changed, is refused as with any other key.
    good = encrypted(to, tokens.sign(key, claims()), "RSA-OAEP", "A128GCM")
    head, wrapped, *rest = good.split(".")
    changed = ".".join([head, ("A" if wrapped[0] != "A" else "B") + wrapped[1:], *rest])
    other = jwk.JWK.generate(kty="RSA", size=2048)
    for bad in (changed, encrypted(other, tokens.sign(key, claims()), "RSA-OAEP", "A128GCM")):
        assert ask(server, bad).status == 401
    assert ask(server, good).status == 200
    quiet(server)


def test_while_the_token_is_away_nobody_can_read_and_nobody_is_called_wrong(make_reader, token):
    server, to, key = make_reader()
    assert ask(server, encrypted(to, tokens.sign(key, claims(jti="1")), "RSA-OAEP", "A128GCM")).status == 200
    token.remove()
    for number in range(4):
        assert ask(server, encrypted(to, tokens.sign(key, claims(jti=f"2 {number}")), "RSA-OAEP", "A128GCM")).status == 503, server.log()
    assert "token 'gateway'" in server.log()
    token.insert()
    wait_until(lambda: ask(server, encrypted(to, tokens.sign(key, claims(jti=str(time.time()))), "RSA-OAEP", "A128GCM")).status == 200,
               "the token to be used again")
    quiet(server)


def test_what_cannot_be_decrypted_does_not_make_us_log_in_to_the_token_again(make_reader, token, tmp_path):
    calls = tmp_path / "calls"
    server, to, key = make_reader(spy=calls)
    other = jwk.JWK.generate(kty="RSA", size=2048)
    assert ask(server, encrypted(to, tokens.sign(key, claims()), "RSA-OAEP", "A128GCM")).status == 200
    logins = calls.read_text().count("C_Login")
    assert logins
    for number in range(20):
        assert ask(server, encrypted(other, tokens.sign(key, claims(jti=str(number))), "RSA-OAEP", "A128GCM")).status == 401
    assert ask(server, encrypted(to, tokens.sign(key, claims(jti="last")), "RSA-OAEP", "A128GCM")).status == 200
    text = calls.read_text()
    assert len(re.findall(r"\bC_Decrypt\b", text)) == 22 and text.count("C_Login") == logins


def test_what_the_token_cannot_do_is_no_fault_of_the_caller(make_reader):
    server, to, key = make_reader()
    answer = ask(server, encrypted(to, tokens.sign(key, claims()), "RSA-OAEP-256", "A128GCM"))
    # SoftHSM 2.6 does OAEP with SHA-1 only.
    assert answer.status == 200 or (answer.status == 503 and "cannot decrypt: CKR_" in server.log()), server.log()


def test_a_key_in_a_token_that_cannot_decrypt_is_refused_at_the_start(make_reader):
    server, _, _ = make_reader(kind="EC:prime256v1", starts=False)
    check = server.command("check")
    assert check.returncode == 1
    assert re.search(r'server\.xml:\d+:\d+: error SALA0040E: .* keyManagementKeyAlias="reader": the key is an EC key in a token',
                     check.stdout + check.stderr)


# ---- encrypted assertions

SAML_XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>samlWeb-2.0</feature></featureManager>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess"><group name="callers"/></security-role>
</authorization-roles>
<keyStore id="defaultKeyStore" password="key store password"/>
<keyStore id="samlTrust" location="{trust}" type="PEM" password="none"/>
<samlWebSso20 id="saml" inboundPropagation="required" audiences="{audience}" groupIdentifier="groups" keyStoreRef="hsm" keyAlias="reader">
  <pkixTrustEngine trustAnchorRef="samlTrust" trustedIssuers="{issuer}"/>
</samlWebSso20>
"""


def test_an_assertion_is_decrypted_in_the_token(make_server, authority, token, tmp_path):
    signer = Signer(tmp_path, "idp")
    pem = token.pair(authority, "reader", "rsa:2048")
    own = saml.x509.load_pem_x509_certificate(pem.read_bytes())
    xml = SAML_XML.format(trust=signer.certificate_file, audience=AUDIENCE, issuer=ISSUER)
    server = make_server(xml + token.store("hsm"), environment=token.environment, arguments=["--workers=2"])

    def status(**options):
        sealed = saml.encrypt(sign(assertion(), signer), own, **options)
        return server.call("GET", TARGET, [("Saml", header_of(sealed))]).status

    for content in ("aes128-gcm", "aes256-gcm", "aes256-cbc"):
        for _ in range(3):
            assert status(content=content) == 200, content + server.log() + server.output()
    assert status(wrap="rsa1_5") == 401
    token.remove()
    assert status() == 503 and "token 'gateway'" in server.log()
    token.insert()
    wait_until(lambda: status() == 200, "the token to be used again")
    quiet(server)
