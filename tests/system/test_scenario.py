"""The whole way of an identity, with every part real: a directory, an issuer, the security database, a region, the audit.

1 a user stands in LDAP; 2 an issuer gives a token in his name; 3 the gateway verifies it; 4 looks its user up in LDAP; 5 maps the
distinguished name to a user id by RACMAP; 6 authorizes that by EJBROLE and a group; 7 the region runs the program under that user
id, which its own profiles let do it; 8 the SMF record holds both identities.
"""
import json
import subprocess

import pytest

import archives
import tokens
from conftest import SALLYPORT, need
from directory import BASE, SEARCHER, SEARCHER_PASSWORD, Directory, group, person
from test_api import JSON, make_region, smf  # pylint: disable=unused-import
from test_saf import ROLE, database, secured, soon  # pylint: disable=unused-import

CALLER_DN = f"uid=caller,ou=people,{BASE}"

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>zosSecurity-1.0</feature><feature>ldapRegistry-3.0</feature>
  <feature>openidConnectClient-1.0</feature></featureManager>
<openidConnectClient id="tokens" inboundPropagation="required" sslRef="outbound" audiences="sallyport" signatureAlgorithm="ES256"
  discoveryEndpointUrl="{issuer}/.well-known/openid-configuration" tokenReuse="true" mapIdentityToRegistryUser="true"/>
<ssl id="outbound" keyStoreRef="trust" trustStoreRef="trust"/>
<keyStore id="trust" location="{trust}" type="PEM"/>
<keyStore id="defaultKeyStore" password="key store password"/>
<ldapRegistry id="ldap" realm="TestRealm" host="127.0.0.1" port="{ldap}" baseDN="{base}" ldapType="Custom" bindDN="{bind}"
  bindPassword="{bind_password}" connectTimeout="2s" readTimeout="2s">
  <customFilters userFilter="(&amp;(uid=%v)(objectclass=inetOrgPerson))" groupMemberIdMap="groupOfNames:member"/>
</ldapRegistry>
<safCredentials profilePrefix="BBGZDFLT" unauthenticatedUser="WSGUEST" mapDistributedIdentities="true"/>
<safAuthorization id="saf" racRouteLog="ASIS"/>
<sallyport_saf database="{database}"/>
<zosconnect_zosConnectManager globalInterceptorsRef="all" globalInvokeGroup="GMINVOKE"/>
<zosconnect_zosConnectInterceptors id="all" interceptorRef="auth, audit"/>
<zosconnect_authorizationInterceptor id="auth" sequence="2"/>
<zosconnect_auditInterceptor id="audit" sequence="1" apiProviderSmfVersion="2"/>
<zosconnect_cicsIpicConnection id="cicsConn" host="127.0.0.1" port="{region}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET"/>
"""


@pytest.fixture
def directory(tmp_path):
    one = Directory(tmp_path / "slapd", [person(CALLER_DN, "caller", "caller secret"), group("callers", CALLER_DN)]).start()
    yield one
    one.stop()


@pytest.fixture
def issuer(tmp_path, authority):
    one = tokens.Issuer(tmp_path, authority).start()
    yield one
    one.stop()


@pytest.fixture
def gateway(make_server, make_region, directory, issuer, authority, database):  # pylint: disable=redefined-outer-name
    database.run("SETROPTS CLASSACT(MCICSPPT)")
    region = secured(make_region, database, "resourceSecurity: true")
    xml = XML.format(issuer=issuer.url, trust=authority.certificate, ldap=directory.port, base=BASE, bind=SEARCHER,
                     bind_password=SEARCHER_PASSWORD, database=database.path, region=region.port)
    server = make_server(xml.replace("{", "{{").replace("}", "}}"), start=False)
    server.region = region
    connect = server.directory / "resources" / "zosconnect"
    services, apis = connect / "services", connect / "apis"
    services.mkdir(parents=True)
    apis.mkdir()
    fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
    archives.service(services / "echo.sar", "echo", "ECHOPGM", 89, fields)
    archives.api(apis / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
    return server.start()


def echo(server, token):
    return server.call("POST", "/echo/it", [("Authorization", f"Bearer {token}"), JSON],
                       json.dumps({"Area": {"Text": "hello"}}).encode())


def lines(server, text):
    return [line for line in server.log().splitlines() if text in line]


def test_an_identity_goes_from_the_directory_to_the_program_and_into_the_record(gateway, issuer, directory, database):
    token = issuer.token("ES256")
    # Verified and found in LDAP; nothing maps him yet, so the role is not his.
    response = echo(gateway, token)
    assert response.status == 403 and b"AuthorizationFailed" in response.body, gateway.log()
    database.run(f"RACMAP ID(MARY) MAP USERDIDFILTER(NAME('{CALLER_DN}')) REGISTRY(NAME('TestRealm')) WITHLABEL('caller')")
    # Mapped: MARY holds the role, but is in no group that may invoke.
    soon(lambda: b"BAQR0409W" in echo(gateway, token).body)
    database.run("CONNECT MARY GROUP(GMINVOKE)")
    # Authorized here, and not in the region.
    soon(lambda: "Security violation by user MARY at netname SALLYPRT for resource CSMI" in (
        echo(gateway, token), gateway.region.log())[1])
    database.run("RDEFINE TCICSTRN CSMI UACC(NONE)")
    database.run("PERMIT CSMI CLASS(TCICSTRN) ID(MARY) ACCESS(READ)")
    soon(lambda: "for resource ECHOPGM in class MCICSPPT" in (echo(gateway, token), gateway.region.log())[1])
    database.run("RDEFINE MCICSPPT ECHOPGM UACC(NONE)")
    database.run("PERMIT ECHOPGM CLASS(MCICSPPT) ID(MARY) ACCESS(READ)")
    soon(lambda: echo(gateway, token).status == 200)
    assert echo(gateway, token).json["Area"]["Text"] == "hello"
    assert "user MARY" in gateway.region.log()

    told = subprocess.run([need(SALLYPORT), "explain", "auth", "POST", "/echo/it", "-H", f"Authorization: Bearer {token}",
                           "--object", "api:echo", "--json", "--server", f"{gateway.directory}/"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    identity = json.loads(told.stdout)["identity"]
    assert (identity["name"], identity["realm"], identity["userId"]) == ("caller", "TestRealm", "MARY")
    assert identity["originalRealm"] == issuer.url and "GMINVOKE" in identity["groups"]

    # Whoever is revoked is out; an authority that cannot be asked is no refusal.
    database.run("ALTUSER MARY REVOKE")
    soon(lambda: echo(gateway, token).status == 403)
    database.run("ALTUSER MARY RESUME")
    soon(lambda: echo(gateway, token).status == 200)
    # What the directory said of him is remembered; of another user it cannot be asked now.
    directory.stop()
    assert echo(gateway, token).status == 200
    assert not [line for line in gateway.log().splitlines() if token in line]

    gateway.stop()
    # The records of calls; refusals of the security database are records of another subtype.
    records = [text for text in map(json.dumps, smf(gateway)) if '"REQ_TARGET_URI": "/echo/it"' in text and '"MARY' in text]
    assert records, "no record names the mapped user id"
    assert all('"caller' in text for text in records), records[0]


def test_a_token_of_nobody_in_the_directory_is_403(gateway, issuer, directory):
    directory.change(f"dn: {CALLER_DN}\nchangetype: delete\n")
    assert echo(gateway, issuer.token("ES256")).status == 403
    assert lines(gateway, "SALA0011W") or lines(gateway, "SALG0021W")
    assert ROLE not in gateway.region.log()


def test_a_directory_that_cannot_be_asked_is_503(gateway, issuer, directory):
    directory.stop()
    assert echo(gateway, issuer.token("ES256")).status == 503
