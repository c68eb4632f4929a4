"""What a running server notices by itself: files that come, go, are replaced or linked otherwise, wherever the
configuration looks; and what it then does by itself."""
import os
import shutil
import socket
import time

import archives
from conftest import Connection, free_ports, listening, wait_until
from test_api import FRED, JSON, bad, basic, make_gateway, make_region  # noqa: F401 (fixtures)
from test_update import edit, generation

# Anna tries until she is known: nothing shall make her wait.
PATIENT = '<sallyport_authentication maxLoginFailures="0"/>'
FAST = PATIENT + '<config updateTrigger="polled" monitorInterval="100ms"/>'
ANNA = (basic("anna"), JSON)
WITH_ANNA = ('<server><basicRegistry id="basic"><user name="anna" password="anna secret"/>'
             '<group name="GMINVOKE"><member name="anna"/></group>'
             '<group name="STAFF"><member name="anna"/></group></basicRegistry></server>')


def knows_anna(server, yes=True):
    wait_until(lambda: (bad(server, "NOTHING", headers=ANNA).status == 200) == yes, f"anna: {yes}", 10)


def test_a_dropin_comes_and_goes(make_gateway):
    server = make_gateway(more=FAST)
    knows_anna(server, False)
    overrides = server.directory / "configDropins" / "overrides"
    overrides.mkdir(parents=True)
    (overrides / "anna.xml").write_text(WITH_ANNA)
    knows_anna(server)
    (overrides / "anna.xml").unlink()
    knows_anna(server, False)


def test_a_file_in_an_included_directory_comes_and_goes(make_gateway):
    more = FAST + '<include location="parts/" optional="true"/>'
    server = make_gateway(more=more)
    parts = server.directory / "parts"
    parts.mkdir()
    (parts / "anna.xml").write_text(WITH_ANNA)
    knows_anna(server)
    (parts / "anna.xml").rename(parts / "anna.bak")
    knows_anna(server, False)


def test_a_new_include_is_watched_from_then_on(make_gateway):
    server = make_gateway(more=FAST)
    include = server.directory / "later.xml"
    include.write_text("<server/>")
    edit(server, "</server>", '<include location="later.xml"/></server>')
    wait_until(lambda: generation(server) == 1, "the include", 5)
    include.write_text(WITH_ANNA)
    knows_anna(server)


def test_an_editor_may_write_in_place_or_replace_the_file(make_gateway):
    server = make_gateway(more=FAST + '<include location="more.xml" optional="true"/>')
    path = server.directory / "more.xml"
    path.write_text(WITH_ANNA)
    knows_anna(server)
    # vi: the old file is renamed to a backup, another takes its name, the backup goes
    path.rename(path.with_suffix(".xml~"))
    path.write_text("<server/>")
    path.with_suffix(".xml~").unlink()
    knows_anna(server, False)
    # others: a new file is renamed over the old one
    other = path.with_suffix(".tmp")
    other.write_text(WITH_ANNA)
    other.rename(path)
    knows_anna(server)


def test_a_linked_directory_is_switched_as_a_whole(make_gateway):
    """As volumes of configuration maps are: more.xml -> ..data/more.xml, ..data -> ..version."""
    server = make_gateway(more=FAST + '<include location="volume/more.xml" optional="true"/>')
    volume = server.directory / "volume"
    for name, text in (("..1", "<server/>"), ("..2", WITH_ANNA)):
        (volume / name).mkdir(parents=True)
        (volume / name / "more.xml").write_text(text)

    def switch(version):
        (volume / "..new").symlink_to(version)
        (volume / "..new").rename(volume / "..data")

    switch("..1")
    (volume / "more.xml").symlink_to("..data/more.xml")
    wait_until(lambda: generation(server) == 1, "the volume", 5)
    switch("..2")
    shutil.rmtree(volume / "..1")
    knows_anna(server)
    (volume / "..1").mkdir()
    (volume / "..1" / "more.xml").write_text("<server/>")
    switch("..1")
    knows_anna(server, False)


def test_mbean_waits_for_the_command_whatever_the_interval(make_gateway):
    server = make_gateway(more='<config updateTrigger="mbean" monitorInterval="100ms"/>')
    (server.directory / "configDropins" / "overrides").mkdir(parents=True)
    (server.directory / "configDropins" / "overrides" / "anna.xml").write_text(WITH_ANNA)
    time.sleep(1)
    assert generation(server) == 0
    assert bad(server, "NOTHING", headers=ANNA).status == 401
    assert server.command("refresh").returncode == 0
    assert bad(server, "NOTHING", headers=ANNA).status == 200


def test_the_interval_finds_what_the_kernel_does_not_tell(make_gateway, tmp_path):
    """The target of a link lies in a directory that nobody watches."""
    far = tmp_path / "far.xml"
    far.write_text("<server/>")
    server = make_gateway(more=PATIENT + '<config monitorInterval="1500ms"/><include location="near.xml" optional="true"/>')
    (server.directory / "near.xml").symlink_to(far)
    wait_until(lambda: generation(server) == 1, "the link", 5)
    far.write_text(WITH_ANNA)
    began = time.monotonic()
    knows_anna(server)
    assert time.monotonic() - began < 6


def test_a_rule_set_of_a_policy_is_watched(make_gateway):
    more = ('<zosconnect_zosConnectAPIs policyRef="p"/><zosconnect_policy id="p" location="${server.config.dir}" '
            'updateTrigger="polled" pollingRate="100ms"><ruleset file="rules.xml"/></zosconnect_policy>'
            '<config updateTrigger="mbean"/>')
    rules = ('<ruleset name="r"><rule name="a"><conditions><header name="X-To" value="away"/></conditions><actions>'
             '<set property="cicsProgram" value="{program}"/></actions></rule></ruleset>')

    server = make_gateway(more=more, files={"rules.xml": rules.format(program="NOWHERE")})
    away = (FRED, JSON, ("X-To", "away"))
    assert bad(server, "NOTHING").status == 200
    assert bad(server, "NOTHING", headers=away).status != 200
    (server.directory / "rules.xml").write_text(rules.format(program="BADPGM"))
    wait_until(lambda: bad(server, "NOTHING", headers=away).status == 200, "the changed rule", 5)
    (server.directory / "rules.xml").write_text(rules.format(program="BADPGM")[:-5])
    wait_until(lambda: "SALG0051E" in server.log(), "the refusal", 5)
    assert "SALC0090E" in server.log()
    assert bad(server, "NOTHING", headers=away).status == 200


def test_a_new_port_is_taken_over_by_itself(make_gateway):
    server = make_gateway(more=FAST)
    workers = server.process.workers()
    old, (server.https,) = server.https, free_ports(1)
    edit(server, f'httpsPort="{old}"', f'httpsPort="{server.https}"')
    wait_until(lambda: listening(server.https) and not listening(old), "the new port", 10)
    assert "SALG0056I" in server.log()
    assert bad(server, "NOTHING").status == 200
    wait_until(lambda: not set(server.process.workers()) & set(workers), "the end of the old workers")
    # The server is as changeable as before.
    edit(server, '<user name="fred"', '<user name="anna" password="anna secret"/><user name="fred"')
    wait_until(lambda: bad(server, "NOTHING", headers=ANNA).status == 403, "another user", 5)


def test_a_port_that_is_taken_leaves_the_server_as_it_was(make_gateway):
    server = make_gateway(more=FAST)
    old = server.https
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        edit(server, f'httpsPort="{old}"', f'httpsPort="{other.getsockname()[1]}"')
        taken = other.getsockname()[1]
        wait_until(lambda: "SALE0014E the server goes on with its old configuration: somebody listens on 127.0.0.1" in server.log(),
                   "the end of the attempt", 10)
        assert bad(server, "NOTHING").status == 200
    edit(server, f'httpsPort="{taken}"', f'httpsPort="{free_ports(1)[0]}"')
    wait_until(lambda: not listening(old), "another port", 10)


KEYS = '<keyStore id="defaultKeyStore" password="key store password" {more}/>'


def serial(server):
    with Connection(server.https, tls=server.authority.client()) as connection:
        return connection.socket.getpeercert()["serialNumber"]


def renew(server):
    new = server.security / "key.p12.new"
    shutil.copy(server.authority.key_store("renewed", server.password), new)
    os.rename(new, server.security / "key.p12")


def test_a_renewed_certificate_is_taken_over_by_itself(make_gateway):
    server = make_gateway(more=KEYS.format(more='updateTrigger="polled" pollingRate="200ms"'))
    before = serial(server)
    renew(server)
    wait_until(lambda: serial(server) != before, "the renewed certificate", 10)
    assert bad(server, "NOTHING").status == 200


def test_a_renewed_certificate_waits_for_the_command(make_gateway):
    server = make_gateway(more=FAST)  # a key store's own default is mbean
    before = serial(server)
    renew(server)
    time.sleep(1)
    assert serial(server) == before
    assert server.command("refresh").returncode == 0
    wait_until(lambda: serial(server) != before, "the renewed certificate", 10)


def test_a_renewed_certificate_is_left_for_a_reload(make_gateway):
    server = make_gateway(more=FAST + KEYS.format(more='updateTrigger="disabled"'))
    before = serial(server)
    renew(server)
    assert "nothing has changed" in server.command("refresh").stdout
    assert serial(server) == before
    server.reload()
    wait_until(lambda: serial(server) != before, "the renewed certificate", 10)


def test_a_broken_key_store_leaves_the_old_certificate(make_gateway):
    server = make_gateway(more=KEYS.format(more='updateTrigger="polled"'))
    (server.security / "key.p12").write_bytes(b"no key store")
    wait_until(lambda: "SALE0007E" in server.log(), "the refusal", 10)
    assert bad(server, "NOTHING").status == 200


def test_rules_of_a_disabled_policy_stay_until_a_reload(make_gateway):
    more = (FAST + '<zosconnect_zosConnectAPIs policyRef="p"/><zosconnect_policy id="p" location="${server.config.dir}">'
            '<ruleset file="rules.xml"/></zosconnect_policy>')
    rules = ('<ruleset name="r"><rule name="a"><conditions><header name="X-To" value="away"/></conditions><actions>'
             '<set property="cicsProgram" value="{program}"/></actions></rule></ruleset>')
    server = make_gateway(more=more, files={"rules.xml": rules.format(program="NOWHERE")})
    (server.directory / "rules.xml").write_text(rules.format(program="BADPGM"))
    assert "nothing has changed" in server.command("refresh").stdout
    edit(server, '<user name="fred"', '<user name="anna" password="anna secret"/><user name="fred"')
    wait_until(lambda: generation(server) == 1, "another user", 5)
    away = (FRED, JSON, ("X-To", "away"))
    assert bad(server, "NOTHING", headers=away).status != 200
    server.reload()
    wait_until(lambda: bad(server, "NOTHING", headers=away).status == 200, "the changed rule", 10)


def test_archives_are_polled_when_asked_for(make_gateway):
    more = ('<config updateTrigger="mbean"/><zosconnect_zosConnectAPIs updateTrigger="polled" pollingRate="200ms"/>'
            '<zosconnect_services updateTrigger="polled" pollingRate="300ms"/>')
    server = make_gateway(more=more)
    connect = server.directory / "resources" / "zosconnect"
    archives.service(connect / "services" / "more.sar", "more", "BADPGM", 32,
                     archives.field("What", 1, 8, "char") + archives.field("Seconds", 9, 4, "zoned"))
    wait_until(lambda: generation(server) == 1, "the service", 5)
    archives.api(connect / "apis" / "more.aar", "more", "/more", "/do", "POST", "more")
    body = b'{"Area":{"What":"NOTHING","Seconds":0}}'
    wait_until(lambda: server.call("POST", "/more/do", [FRED, JSON], body).status == 200, "the API", 5)
    (connect / "apis" / "more.aar").unlink()
    wait_until(lambda: server.call("POST", "/more/do", [FRED, JSON], body).status == 404, "its end", 5)
