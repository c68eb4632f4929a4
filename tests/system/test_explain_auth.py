"""`sallyport explain auth`: what authentication would do with a request, and why."""
import base64
import json
import subprocess

import pytest

from conftest import SALLYPORT, need

XML = """<server>
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>openidConnectClient-1.0</feature></featureManager>
<httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="9080" httpsPort="-1"/>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<basicRegistry id="basic" realm="zosConnect"><user name="fred" password="{hash}%s"/>
  <user name="eve" password="{hash}%s"/><group name="CLERKS"><member name="fred"/></group></basicRegistry>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess"><group name="CLERKS"/></security-role>
</authorization-roles>
<authFilter id="partners"><requestUrl urlPattern="/partners/" matchType="contains"/></authFilter>
<openidConnectClient id="partner" authFilterRef="partners" inboundPropagation="required" issuerIdentifier="https://partner.test"
  audiences="zosconnect" signatureAlgorithm="HS256" sharedKey="a secret of thirty-two bytes....."/>
</server>
""" % (("ATAAAAAEc2FsdEAAAAAgCvy54cIa4spWU/H9c8WIjTIK/peZ2xH6E7UWMWuz/Qc=",) * 2)


@pytest.fixture
def explain(tmp_path):
    directory = tmp_path / "server"
    directory.mkdir()
    (directory / "server.xml").write_text(XML)

    def run(*words, status=0):
        done = subprocess.run([need(SALLYPORT), "explain", "auth", *words, "--server", f"{directory}/"], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    return run


def basic(user, password="password"):
    return f"Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def test_a_good_login_shows_identity_role_and_groups(explain):
    text = explain("GET", "https://gw.test/accounts", "-H", basic("fred"))
    assert "filter openidConnectClient[partner]: authFilter[partners] does not accept the request: requestUrl contains /partners/" in text
    assert "chosen basic: is asked" in text
    assert "identity: fred of realm zosConnect, by basic" in text
    assert "groups: CLERKS" in text
    assert "role zosConnectAccess: held, by group CLERKS" in text
    assert text.endswith("\nlet in\n")
    assert "cGFzc3dvcmQ" not in text


def test_who_has_no_role_is_not_let_in(explain):
    text = explain("GET", "/accounts", "-H", basic("eve"), status=1)
    assert "role zosConnectAccess: not held" in text and text.endswith("\nnot let in\n")


def test_the_filter_that_accepts_chooses_and_a_demand_is_answered(explain):
    text = explain("GET", "https://gw.test/partners/7", status=1)
    assert "filter openidConnectClient[partner]: authFilter[partners] accepts the request" in text
    assert "provider openidConnectClient[partner]: finds no credential, and insists on one" in text
    assert "answer: 401" in text
    assert 'header: WWW-Authenticate: Bearer realm="oauth"' in text


def test_a_bad_password_says_why_and_never_what(explain):
    text = explain("GET", "/accounts", "-H", basic("fred", "not the one"), status=1)
    assert "SALA0006W" in text and "answer: 401" in text
    assert "not the one" not in text and "bm90IHRoZSBvbmU" not in text


def test_the_same_as_json(explain):
    told = json.loads(explain("GET", "https://gw.test/accounts?a=1", "-H", basic("fred"), "--peer", "10.7.1.4", "--json"))
    assert told["letIn"] and told["status"] == 0 and told["holdsRole"]
    assert told["identity"]["name"] == "fred" and told["identity"]["groups"] == ["CLERKS"]
    assert {"step": "chosen", "provider": "basic", "text": "is asked"} in told["steps"]


def test_what_is_no_request_is_refused(explain):
    for words in (["GET"], ["GET", "ftp:"], ["GET", "/", "-H", "nonsense"], ["GET", "/", "--unknown"]):
        explain(*words, status=2)
