"""The unauthenticated user: a subject like another, in authorization, at the system of record and in the audit's records."""
import pytest

import authority as world
from conftest import wait_until
from test_api import JSON, basic, make_region  # noqa: F401 (fixture)
from test_audit import VERSION_2, read
from test_saf import INTERCEPTORS, ROLE, Database, database, echo, make_gateway  # noqa: F401 (fixtures)
from test_authorization import make_world  # noqa: F401 (a fixture)

OPEN = 'requireAuth="false"'


def audited(server):
    """The first records and events."""
    wait_until(lambda: all(read(server)), "a record and an event")
    return read(server)


def told(response):
    """Who was refused; None: nobody was."""
    return response.json.get("errorDetails", "").removeprefix("BAQR0409W: User ").partition(" ")[0] if response.status == 403 else None


def test_he_has_the_groups_of_his_user_id_and_stands_in_the_records(make_gateway, database):  # noqa: F811
    server = make_gateway(manager=OPEN, interceptors=INTERCEPTORS.replace('"all"', '"both"'), more=VERSION_2 +
                          '<zosconnect_zosConnectInterceptors id="both" interceptorRef="audit,auth"/>')
    refused = echo(server)
    assert refused.status == 403 and refused.json["errorDetails"] == "BAQR0409W: User WSGUEST is not authorized to perform the request."
    (record,), (event,) = audited(server)
    assert (record["user"], record["mapped"], record["status"], record["sor_sent"]) == ("WSGUEST", "WSGUEST", 403, None)
    assert (event["event"], event["user"], event["status"], event["message"]) == (2, "WSGUEST", 403, "BAQR0409W")
    database.run("CONNECT WSGUEST GROUP(GMINVOKE)")
    wait_until(lambda: echo(server).status == 200, "the group")
    wait_until(lambda: [each for each in read(server)[0] if each["status"] == 200], "the record")
    record = next(each for each in read(server)[0] if each["status"] == 200)
    assert (record["user"], record["mapped"]) == ("WSGUEST", "WSGUEST") and record["sor_sent"] is not None
    assert "user WSGUEST" in server.region.log()
    # Good credentials are the caller's, wrong ones nobody's: he does not become the guest who could.
    assert echo(server, basic("MARY", "MARYPWD")).status == 403
    assert echo(server, basic("MARY", "wrong")).status == 401
    # Without the application he has no user id any more, and no group.
    database.run("PERMIT BBGZDFLT CLASS(APPL) ID(WSGUEST) DELETE")
    wait_until(lambda: told(echo(server)) == "UNAUTHENTICATED", "the permission to be gone")


def test_a_demand_for_an_identity_is_not_met_by_him(make_gateway, database):  # noqa: F811
    server = make_gateway()
    for command in ("CONNECT WSGUEST GROUP(GMINVOKE)", f"PERMIT {ROLE} CLASS(EJBROLE) ID(WSGUEST OLAF) ACCESS(READ)",
                    f"RALTER EJBROLE {ROLE} UACC(READ)", "ALTUSER WSGUEST NORESTRICTED", "CONNECT NINA GROUP(GMINVOKE)"):
        database.run(command)
    wait_until(lambda: echo(server, basic("NINA", "NINAPWD")).status == 200, "the changes to be seen")
    assert echo(server).status == 401
    # Each worker sees the changes within a moment; whoever is asked, nobody is let in meanwhile.
    wait_until(lambda: echo(server, basic("OLAF", "OLAFPWD")).status != 403 or "is not let in, though user WSGUEST holds role" in server.log(),
               "the reason")
    assert echo(server, basic("OLAF", "OLAFPWD")).status == 403
    assert "user WSGUEST" not in server.region.log()


def test_while_the_database_cannot_be_read_nobody_knows_what_he_may(make_gateway, tmp_path):  # noqa: F811
    server = make_gateway(manager=OPEN, path=tmp_path / "later" / "saf.db")
    response = echo(server)
    assert response.status == 503 and "nobody knows what unauthenticatedUser may do" in response.json["errorDetails"]
    assert "user" not in server.region.log().partition("listens")[2]
    (tmp_path / "later").mkdir()
    Database(tmp_path / "later")
    wait_until(lambda: told(echo(server)) == "WSGUEST", "the database to be seen")


@pytest.mark.parametrize("groups, status", [('globalInvokeGroup="STAFF"', 403), ("", 403)])
def test_without_a_database_he_is_in_no_group(make_world, groups, status):  # noqa: F811
    server = make_world(world.users({"fred": ["STAFF"]}) + world.role("EVERYONE") + VERSION_2 +
                        '<zosconnect_zosConnectInterceptors id="both" interceptorRef="audit,auth"/>', ["plain"],
                        f'requireSecure="false" requireAuth="false" globalInterceptorsRef="both" {groups}')
    response = server.call("POST", "/plain/it", [JSON], world.BODY, tls=False)
    assert response.status == status
    assert response.json["errorDetails"] == "BAQR0409W: User UNAUTHENTICATED is not authorized to perform the request."
    (record,), (event,) = audited(server)
    assert (record["user"], record["mapped"], record["status"]) == ("", "", 403)
    assert (event["event"], event["user"], event["message"]) == (2, "", "BAQR0409W")
