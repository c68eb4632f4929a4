"""The security database behind a server and a region: who may come in, who may call, and what the log says of it."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import pytest

import archives
import smf_reader
from conftest import BUILD, SALLYPORT, call, free_ports, need, wait_until
from test_api import FRED as FRED_IN_BASIC
from test_api import JSON, basic, make_region  # pylint: disable=unused-import
from test_audit import one_writer

SAF = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>zosSecurity-1.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
{registry}
<safAuthorization id="saf" racRouteLog="ASIS"/>
<sallyport_saf database="{database}"/>
<zosconnect_zosConnectManager {manager}/>
<zosconnect_zosConnectInterceptors id="all" interceptorRef="auth"/>
<zosconnect_authorizationInterceptor id="auth" sequence="2"/>
<zosconnect_cicsIpicConnection id="cicsConn" host="127.0.0.1" port="{region}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET" {connection}/>
{more}
"""

INTERCEPTORS = 'globalInterceptorsRef="all" globalInvokeGroup="GMINVOKE"'

ROLE = "BBGZDFLT.zos.connect.access.roles.zosConnectAccess"

DECK = f"""
SETROPTS CLASSACT(APPL EJBROLE PTKTDATA IDIDMAP TCICSTRN MCICSPPT) GENERIC(APPL EJBROLE)
ADDGROUP ZCEEUSRS
ADDGROUP GMINVOKE
ADDGROUP WSGUESTG
ADDUSER WSGUEST DFLTGRP(WSGUESTG) RESTRICTED NOPASSWORD
ADDUSER FRED DFLTGRP(ZCEEUSRS) NAME('FRED')
ALTUSER FRED PASSWORD(FREDPWD) NOEXPIRED
ADDUSER MARY DFLTGRP(ZCEEUSRS) NAME('MARY')
ALTUSER MARY PASSWORD(MARYPWD) NOEXPIRED
ADDUSER NINA DFLTGRP(ZCEEUSRS) NAME('NINA')
ALTUSER NINA PASSWORD(NINAPWD) NOEXPIRED
ADDUSER OLAF DFLTGRP(SYS1) NAME('OLAF')
ALTUSER OLAF PASSWORD(OLAFPWD) NOEXPIRED
CONNECT (FRED NINA) GROUP(GMINVOKE)
RDEFINE APPL BBGZDFLT UACC(NONE)
PERMIT BBGZDFLT CLASS(APPL) ID(ZCEEUSRS WSGUEST) ACCESS(READ)
RDEFINE EJBROLE {ROLE} UACC(NONE)
PERMIT {ROLE} CLASS(EJBROLE) ID(FRED MARY) ACCESS(READ)
RDEFINE PTKTDATA BBGZDFLT SSIGNON(KEYMASKED(0123456789ABCDEF))
RACMAP ID(NINA) MAP USERDIDFILTER(NAME('fred')) REGISTRY(NAME('zosConnect')) WITHLABEL('fred')
"""


class Database:
    """A security database made and changed by `sallyport saf`."""

    def __init__(self, directory):
        self.path = directory / "saf.db"
        self.run("create")
        deck = directory / "deck.racf"
        deck.write_text(DECK)
        self.run("--stop-on-error", "-f", str(deck))

    def run(self, *words):
        done = subprocess.run([need(SALLYPORT), "saf", "--database", self.path, *words], capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def database(tmp_path):
    directory = tmp_path / "saf"
    directory.mkdir()
    return Database(directory)


@pytest.fixture
def make_gateway(make_server, make_region, database):  # pylint: disable=redefined-outer-name
    def make(registry='<safRegistry id="saf"/><safCredentials profilePrefix="BBGZDFLT" unauthenticatedUser="WSGUEST"/>',
             manager="", path=None, start=True, region=None, connection="", more="", interceptors=INTERCEPTORS):
        region = region or make_region()
        xml = SAF.format(registry=registry, database=path or database.path, manager=f"{interceptors} {manager}", region=region.port,
                         connection=connection, more=more)
        server = make_server(xml, start=False)
        connect = server.directory / "resources" / "zosconnect"
        services, apis = connect / "services", connect / "apis"
        services.mkdir(parents=True)
        apis.mkdir()
        echo = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
        archives.service(services / "echo.sar", "echo", "ECHOPGM", 89, echo)
        archives.api(apis / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
        server.region = region
        return server.start() if start else server

    return make


def echo(server, *headers):
    return server.call("POST", "/echo/it", [*headers, JSON], json.dumps({"Area": {"Text": "hello"}}).encode())


def soon(condition, seconds=1.0):
    """What is committed is seen within a second."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not within a second"
        time.sleep(0.02)


def refusals(server, text):
    return [line for line in server.log().splitlines() if text in line]


def test_a_user_of_the_right_groups_calls_the_program(make_gateway):
    server = make_gateway()
    assert echo(server, basic("fred", "FREDPWD")).status == 200
    assert "user FRED" in server.region.log()
    assert echo(server, basic("FRED", "wrong")).status == 401
    assert refusals(server, "CWWKS1100A") and refusals(server, "INVALID PASSWORD")
    assert echo(server, basic("NOBODY", "FREDPWD")).status == 401
    assert echo(server).status == 401
    assert "FREDPWD" not in server.log()


def test_the_role_is_a_profile_of_class_ejbrole(make_gateway, database):
    server = make_gateway()
    nina = basic("NINA", "NINAPWD")
    response = echo(server, nina)
    assert response.status == 403 and b"AuthorizationFailed" in response.body
    assert refusals(server, f"ICH408I USER(NINA    ) GROUP(ZCEEUSRS) NAME(NINA                ) {ROLE} CL(EJBROLE )")
    database.run(f"PERMIT {ROLE} CLASS(EJBROLE) ID(NINA) ACCESS(READ)")
    soon(lambda: echo(server, nina).status == 200)
    database.run(f"PERMIT {ROLE} CLASS(EJBROLE) ID(NINA) DELETE")
    soon(lambda: echo(server, nina).status == 403)


def test_groups_of_the_interceptor_are_those_of_the_database(make_gateway, database):
    server = make_gateway()
    mary = basic("MARY", "MARYPWD")
    response = echo(server, mary)
    assert response.status == 403 and response.json["errorDetails"].startswith("BAQR0409W: User MARY ")
    database.run("CONNECT MARY GROUP(GMINVOKE)")
    soon(lambda: echo(server, mary).status == 200)


def test_without_the_application_a_user_is_the_guest(make_gateway):
    server = make_gateway()
    assert echo(server, basic("OLAF", "OLAFPWD")).status == 403
    assert refusals(server, "CWWKS2907E") and refusals(server, "ICH408I USER(WSGUEST )")
    assert "ECHOPGM" not in server.region.log()


def test_requests_without_credentials_are_the_guest_where_none_are_needed(make_gateway, database):
    server = make_gateway(manager='requireAuth="false"')
    response = echo(server)
    assert response.status == 403 and "User WSGUEST " in response.json["errorDetails"]
    database.run("CONNECT WSGUEST GROUP(GMINVOKE)")
    soon(lambda: echo(server).status == 200)
    assert "user WSGUEST" in server.region.log()


def test_a_revoked_user_is_out(make_gateway, database):
    server = make_gateway()
    fred = basic("FRED", "FREDPWD")
    assert echo(server, fred).status == 200
    database.run("ALTUSER FRED REVOKE")
    soon(lambda: echo(server, fred).status == 401)
    assert refusals(server, "USER ACCESS IS REVOKED")
    database.run("ALTUSER FRED RESUME")
    soon(lambda: echo(server, fred).status == 200)


def test_a_passticket_logs_in_once(make_gateway):
    server = make_gateway()
    ticket = subprocess.run([need(BUILD / "tests" / "system" / "passticket"), "FRED", "BBGZDFLT"], check=True,
                            capture_output=True, text=True).stdout.strip()
    assert echo(server, basic("FRED", ticket)).status == 200
    assert echo(server, basic("FRED", ticket)).status == 401
    assert refusals(server, "PASSTICKET WAS USED BEFORE")
    assert ticket not in server.log()


def test_names_of_another_registry_are_mapped(make_gateway, database):
    registry = """<basicRegistry id="basic" realm="zosConnect"><user name="fred" password="fred secret"/>
                  <user name="mary" password="mary secret"/></basicRegistry>
                  <safCredentials mapDistributedIdentities="true"/>"""
    server = make_gateway(registry)
    assert echo(server, FRED_IN_BASIC).status == 403
    assert refusals(server, "ICH408I USER(NINA    )")
    database.run(f"PERMIT {ROLE} CLASS(EJBROLE) ID(NINA) ACCESS(READ)")
    soon(lambda: echo(server, FRED_IN_BASIC).status == 200)
    assert "user NINA" in server.region.log()
    # Nothing maps mary: that there is a user MARY who holds the role does not count.
    assert echo(server, basic("mary")).status == 403
    database.run("ALTUSER NINA REVOKE")
    soon(lambda: echo(server, FRED_IN_BASIC).status == 401)


def test_without_the_database_nobody_comes_in_until_it_is_there(make_gateway, tmp_path):
    server = make_gateway(path=tmp_path / "later" / "saf.db")
    assert echo(server, basic("FRED", "FREDPWD")).status == 503
    assert refusals(server, "SALG0040E")
    (tmp_path / "later").mkdir()
    Database(tmp_path / "later")
    soon(lambda: echo(server, basic("FRED", "FREDPWD")).status == 200, seconds=3)


def secured(make_region, database, *more, connection="securityName: CICSTEST"):  # pylint: disable=redefined-outer-name
    """A region that asks the database; the link user of its gateway is its own."""
    region = make_region()
    region.stop()
    lines = "".join(f"\n  {line}" for line in (f"saf: {database.path}", "regionUser: CICSTEST", *more))
    text = region.definition.read_text().replace("region:", f"region:{lines}", 1)
    text = text.replace("    applid: SALLYPRT", f"    applid: SALLYPRT\n    {connection}")
    if "userAuth" in connection:
        text = text.replace("    userAuth: IDENTIFY\n", "", 1)
    region.definition.write_text(text)
    return region.start()


def test_the_region_checks_transaction_and_program(make_gateway, make_region, database):
    region = secured(make_region, database, "resourceSecurity: true")
    server = make_gateway(region=region)
    fred = basic("FRED", "FREDPWD")
    assert echo(server, fred).status == 403
    assert "DFHXS1111 CICSTEST CSMI Security violation by user FRED at netname SALLYPRT for resource CSMI" in region.log()
    database.run("RDEFINE TCICSTRN CSMI UACC(NONE)")
    database.run("PERMIT CSMI CLASS(TCICSTRN) ID(FRED) ACCESS(READ)")
    soon(lambda: "for resource ECHOPGM in class MCICSPPT" in (echo(server, fred), region.log())[1])
    database.run("RDEFINE MCICSPPT ECHOPGM UACC(READ)")
    soon(lambda: echo(server, fred).status == 200)
    database.run("PERMIT CSMI CLASS(TCICSTRN) ID(FRED) ACCESS(NONE)")
    soon(lambda: echo(server, fred).status == 403)


def test_what_the_database_refuses_stands_in_the_audit(make_gateway, make_region, database):
    """What the gateway asks it, with the client's address; what the region asks it, brought by the region; each under the
    request's correlator."""
    with tempfile.TemporaryDirectory() as short:  # the path of a local socket has at most 107 bytes
        socket = f"{short}/events"
        region = secured(make_region, database, f"auditSocket: {socket}")
        server = make_gateway(region=region, more=f'<sallyport_smf eventSocket="{socket}"/>')
        server.may_alert = True

        def asked(number, password="FREDPWD"):
            correlator = f"00-{number:032x}-{number:016x}-01"
            return echo(server, basic("FRED", password), ("traceparent", correlator)).status, correlator

        def found():
            events = smf_reader.read((server.directory / "logs" / "smf" / "smf123").read_bytes())[1]
            return {(each["origin"], each["token"]): each for each in events}

        wait_until(lambda: pathlib.Path(socket).exists(), "the socket")
        (refused, one), (unknown, two) = asked(1), asked(2, "GUESSED")
        assert (refused, unknown) == (403, 401)
        wait_until(lambda: {(2, one), (4, two)} <= set(found()), "both events")
        event = found()[2, one]
        assert (event["event"], event["qualifier"], event["user"], event["class"], event["resource"]) == (
            2, 2, "FRED", "TCICSTRN", "CSMI")
        assert (event["access"], event["step"], event["message"]) == ("READ", "region CICSTEST", "ICH408I")
        assert event["reason"].startswith("ICH408I USER(FRED")
        event = found()[4, two]
        assert (event["event"], event["qualifier"], event["user"], event["address"]) == (1, 1, "FRED", "127.0.0.1")
        assert (event["class"], event["resource"]) == ("APPL", "BBGZDFLT")
        # While nobody is there the region keeps them.
        os.kill(one_writer(server), signal.SIGKILL)
        refused, three = asked(3)
        assert refused == 403
        wait_until(lambda: (2, three) in found(), "the event that waited")


def test_the_default_user_needs_it_too_where_no_link_user_is_specified(make_gateway, make_region, database):
    region = secured(make_region, database, connection="trustNetwork: false")
    database.run("RDEFINE TCICSTRN CSMI UACC(NONE)")
    database.run("PERMIT CSMI CLASS(TCICSTRN) ID(FRED) ACCESS(READ)")
    server = make_gateway(region=region)
    fred = basic("FRED", "FREDPWD")
    assert echo(server, fred).status == 403
    assert "Security violation by user CICSUSER" in region.log()
    assert "ICH408I USER(CICSUSER) GROUP(        ) NAME(???                 ) CSMI CL(TCICSTRN)" in region.log()
    database.run("ADDUSER CICSUSER")
    database.run("PERMIT CSMI CLASS(TCICSTRN) ID(CICSUSER) ACCESS(READ)")
    soon(lambda: echo(server, fred).status == 200)


def test_the_region_verifies_passwords(make_gateway, make_region, database):
    region = secured(make_region, database, connection="userAuth: VERIFY\n    securityName: CICSTEST")
    database.run("RDEFINE TCICSTRN CSMI UACC(READ)")
    # Without a user id for whoever has no credentials, the connection's own is sent.
    database.run("PERMIT BBGZDFLT CLASS(APPL) ID(WSGUEST) DELETE")

    def gateway(password):
        return make_gateway(region=region, connection='authDataRef="link"', interceptors="", manager='requireAuth="false"',
                            more=f'<zosconnect_authData id="link" user="MARY" password="{password}"/>')

    assert echo(gateway("MARYPWD")).status == 200
    assert "user MARY" in region.log() and "MARYPWD" not in region.log()
    assert echo(gateway("WRONG")).status == 403
    assert "ICH408I USER(MARY    ) GROUP(ZCEEUSRS) NAME(MARY                ) LOGON/JOB INITIATION - INVALID PASSWORD" \
        in region.log()
    assert "user MARY is not accepted: the password, phrase or PassTicket is wrong (SAF 8, RACF 8" in region.log()
    # A user id without its password is not enough.
    assert echo(make_gateway(region=region), basic("FRED", "FREDPWD")).status == 403
    database.run("ALTUSER MARY REVOKE")
    good = gateway("MARYPWD")
    soon(lambda: echo(good).status == 403)
    assert "user MARY is not accepted: the user is revoked" in region.log()


def test_the_region_knows_its_users(make_gateway, make_region, database):
    region = secured(make_region, database)
    database.run("RDEFINE TCICSTRN CSMI UACC(READ)")
    registry = """<basicRegistry id="basic" realm="zosConnect"><user name="ghost" password="ghost secret"/>
                  <group name="GMINVOKE"><member name="ghost"/></group></basicRegistry>"""
    server = make_gateway(registry, manager='requireAuth="false"', region=region)
    assert echo(server, basic("ghost")).status == 403
    assert "user GHOST at netname SALLYPRT is not accepted: the user is not defined" in region.log()
    database.run("ADDUSER GHOST DFLTGRP(ZCEEUSRS)")
    soon(lambda: echo(server, basic("ghost")).status == 200)


def test_decisions_that_were_made_before_are_counted(make_gateway):
    port = free_ports(1)[0]
    server = make_gateway(more=f'<sallyport_monitoring port="{port}"/>')
    for _ in range(6):
        assert echo(server, basic("fred", "FREDPWD")).status == 200
    time.sleep(1.2)
    lines = call(port, "GET", "/metrics").body.decode().splitlines()
    of = {line.split()[0]: int(line.split()[1]) for line in lines if 'cache="decisions"' in line}
    hits, misses = (of.get(f'sallyport_cache_{what}_total{{cache="decisions"}}', 0) for what in ("hits", "misses"))
    assert hits >= 4 and 0 < misses < hits, lines
