"""Two credentials in one request: which counts, and which requests are refused. docs/authentication.md, "Two credentials"."""
import re
import shutil
import subprocess
import time

import pytest

import tokens
from conftest import wait_until
from test_api import basic
from test_token import claims

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature>
  <feature>openidConnectClient-1.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">{role}</security-role></authorization-roles>
<zosconnect_zosConnectManager/>
<basicRegistry id="basic" realm="zosConnect"><user name="fred" password="fred secret"/><user name="mary" password="mary secret"/>
  <user name="cert" password="x"/></basicRegistry>
<ltpa keysPassword="shared secret"/>
<keyStore id="trust" location="{trust}" type="PEM"/>
<keyStore id="defaultKeyStore" password="key store password"/>
<sslDefault sslRef="inbound"/>
<ssl id="inbound" keyStoreRef="defaultKeyStore" trustStoreRef="trust" clientAuthenticationSupported="true"/>
{elements}
"""
CLIENT = """<openidConnectClient id="{id}" inboundPropagation="{mode}" issuerIdentifier="https://issuer.example.com" audiences="us"
  signatureAlgorithm="HS256" sharedKey="{secret}" tokenReuse="true" {more}/>"""
SECRET = "0123456789abcdef0123456789abcdef"
EVERYONE = '<special-subject type="ALL_AUTHENTICATED_USERS"/>'
NOBODY = '<user name="nobody"/>'
TARGET = "/zosConnect/apis"


def client(mode, more="", name="tokens"):
    return CLIENT.format(id=name, mode=mode, secret=SECRET, more=more)


def bearer(**changes):
    from jwcrypto import jwk
    key = jwk.JWK(kty="oct", k=tokens.encode(SECRET))
    return ("Authorization", "Bearer " + tokens.sign(key, claims(**changes), "HS256"))


GOOD, BAD = bearer(sub="anna"), ("Authorization", bearer()[1][:-4] + "AAAA")


@pytest.fixture
def make(make_server, authority):
    keys = []

    def build(elements, role=NOBODY):
        """Nobody holds the role, so that the log says of each request whose it is."""
        xml = XML.format(role=role, trust=authority.certificate, elements=elements)
        server = make_server(xml.replace("{", "{{").replace("}", "}}"), start=False, arguments=("--workers", "1"))
        place = server.directory / "resources" / "security" / "ltpa.keys"
        if keys:
            shutil.copy(keys[0], place)
        else:
            assert server.command("key", "--ltpa").returncode == 0
            keys.append(place)
        return server.start()

    return build


@pytest.fixture
def cookie(make):
    """The LTPA cookie of fred, good at every server of the test."""
    response = make("", EVERYONE).call("GET", TARGET, [basic("fred")])
    assert response.status == 200
    return ("Cookie", next(value for name, value in response.headers if name.lower() == "set-cookie").split(";")[0])


def who(server, *headers, **options):
    """The user whom the request is by; or the status of its refusal, and the id of the reason where there is one."""
    before = len(server.log())
    response = server.call("GET", TARGET, list(headers), **options)
    said = wait_until(lambda: re.search(r"SALG0021W .*\n", server.log()[before:]), "the log").group(0)
    user = re.search(r"user (\S+) does not hold role", said)
    if user:
        assert response.status == 403
        return user.group(1)
    reason = re.search(r"SALA\d{4}W", said)
    return f"{response.status} {reason.group(0)}" if reason else str(response.status)


SEVERAL = "401 SALA0004W"


def test_two_authorization_headers_are_refused(make):
    server = make(client("supported"))
    for pair in ((GOOD, basic("fred")), (basic("fred"), GOOD), (GOOD, GOOD), (basic("fred"), basic("fred")),
                 (BAD, basic("fred")), (basic("fred"), ("Authorization", "Negotiate x"))):
        assert server.call("GET", TARGET, list(pair)).status == 400  # before anything looks at them
    joined = ("Authorization", f"{GOOD[1]}, {basic('fred')[1]}")
    assert who(server, joined).startswith("401")
    assert who(server, ("Authorization", f"{basic('fred')[1]}, {GOOD[1]}")).startswith("401")


def test_a_header_for_tokens_and_authorization_are_refused(make):
    server = make(client("supported", 'headerName="X-Token"'))
    token = ("X-Token", GOOD[1])
    assert who(server, token) == "anna"
    assert who(server, basic("fred")) == "fred"
    assert who(server, token, basic("fred")) == SEVERAL
    assert who(server, token, token).startswith("401")
    assert who(server, token, GOOD) == "anna"  # nobody here takes a Bearer header, so it is no second credential
    assert who(server, token, ("X-Token-segments", "1"), ("X-Token-1", BAD[1])).startswith("401")
    two = make(client("supported", 'headerName="X-Token"') + client("supported", name="other"))
    assert who(two, token, GOOD) == SEVERAL


def test_a_form_and_authorization_are_refused(make):
    server = make(client("required"))
    token = GOOD[1].split()[1]
    form = ("Content-Type", "application/x-www-form-urlencoded")

    def post(*headers, body):
        return server.call("POST", TARGET, [form, *headers], body.encode()).status
    assert post(body=f"access_token={token}") not in (200, 401)
    assert post(GOOD, body=f"access_token={token}") == 401
    assert post(body=f"access_token={token}&access_token={token}") == 401
    assert server.call("GET", f"{TARGET}?access_token={token}").status == 401  # a URL is no place for a token


def test_a_token_comes_before_everything_where_it_is_required(make, cookie, authority):
    server = make(client("required"))
    certificate = authority.client(*authority.issue("cert"))
    assert who(server, GOOD) == "anna"
    assert who(server, GOOD, cookie) == "anna"
    assert who(server, GOOD, tls=certificate) == "anna"
    assert who(server, GOOD, cookie, tls=certificate) == "anna"
    assert who(server, BAD, cookie).startswith("401")
    assert who(server, BAD, tls=certificate).startswith("401")
    assert who(server, cookie).startswith("401")
    assert who(server, tls=certificate).startswith("401")
    assert who(server, basic("fred")).startswith("401")


def test_a_cookie_comes_before_a_token_that_is_only_supported(make, cookie, authority):
    server = make(client("supported"))
    certificate = authority.client(*authority.issue("cert"))
    assert who(server, cookie) == "fred"
    assert who(server, cookie, GOOD) == "fred"
    assert who(server, cookie, BAD) == "fred"
    assert who(server, cookie, basic("mary")) == "fred"
    assert who(server, cookie, tls=certificate) == "fred"
    broken = ("Cookie", cookie[1][:-8] + "AAAAAAA=")
    assert who(server, broken, GOOD) == "anna"
    assert who(server, broken, basic("mary")) == "mary"
    assert who(server, broken, BAD).startswith("401")


def test_a_token_comes_before_a_certificate_and_that_before_a_password(make, authority):
    server = make(client("supported"))
    certificate = authority.client(*authority.issue("cert"))
    unknown = authority.client(*authority.issue("nobody knows"))
    assert who(server, tls=certificate) == "cert"
    assert who(server, GOOD, tls=certificate) == "anna"
    assert who(server, BAD, tls=certificate) == "cert"  # supported: others may be tried
    assert who(server, basic("fred"), tls=certificate) == "cert"
    assert who(server, basic("fred"), tls=unknown) == "fred"
    assert who(server, GOOD, tls=unknown) == "anna"


def test_what_was_tried_in_vain_leaves_nothing_in_the_answer(make, authority):
    server = make(client("supported"), EVERYONE)
    certificate = authority.client(*authority.issue("cert"))
    for headers, context in (([basic("fred")], True), ([BAD], certificate), ([GOOD], True)):
        response = server.call("GET", TARGET, headers, tls=context)
        assert response.status == 200
        assert response.header("WWW-Authenticate") is None


def test_headers_that_look_like_an_identity_are_none(make):
    """Names under which gateways tell what is behind them who has logged in."""
    server = make(client("supported"))
    names = ("OIDC_CLAIM_sub", "OIDC-CLAIM-sub", "OIDC_access_token", "X-Userinfo", "X-Remote-User", "Remote-User", "REMOTE_USER",
             "X-Forwarded-User", "X-Access-Token", "X-ID-Token", "X-Consumer-Username", "iv-user", "SM_USER", "$WSRU")
    claimed = [(name, "root") for name in names]
    assert who(server, GOOD, *claimed) == "anna"
    assert who(server, basic("fred"), *claimed) == "fred"
    assert who(server, *claimed).startswith("401")
    for method, target in (("OPTIONS", TARGET), ("GET", "/oidcclient/redirect/tokens"), ("POST", "/ibm/saml20/sp/acs"),
                           ("GET", "/no/such/path")):
        assert server.call(method, target, claimed).status >= 400, (method, target)


def test_a_cookie_that_comes_twice_is_refused(make, cookie):
    server = make(client("supported"))
    name = cookie[1].split("=")[0]
    assert who(server, ("Cookie", f"{cookie[1]}; {name}=x")) == SEVERAL
    assert who(server, ("Cookie", f"{name}=x; {cookie[1]}")) == SEVERAL
    assert who(server, cookie, ("Cookie", f"{name}=x")) == SEVERAL
    assert who(server, ("Cookie", f"other=1; {cookie[1]}; other=2")) == "fred"


def test_explain_tells_the_same(make):
    server = make(client("supported"))
    done = subprocess.run([shutil.which("env"), str(server_command()), "explain", "auth", "GET", f"https://localhost{TARGET}",
                           "-H", f"Authorization: {GOOD[1]}", "-H", f"Authorization: {basic('fred')[1]}", "--server",
                           f"{server.directory}/"], env=server.environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "SALA0004W" in done.stdout, done.stdout + done.stderr


def server_command():
    from conftest import SALLYPORT
    return SALLYPORT
