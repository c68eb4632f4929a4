"""LTPA cookies of real servers: a login at one is good at another that has the same keys."""
import shutil

import pytest

from conftest import wait_until
from test_api import FRED, basic

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true" {sso}/>
<ltpa keysPassword="shared secret" {ltpa}/>
<basicRegistry id="basic" realm="{realm}"><user name="fred" password="fred secret"/></basicRegistry>
<authorization-roles id="zos.connect.access.roles">
  <security-role name="zosConnectAccess"><user name="fred"/></security-role>
</authorization-roles>
"""

TARGET = "/zosConnect/apis"


@pytest.fixture
def make(make_server):
    def make_one(keys=None, realm="zosConnect", sso="", ltpa="", start=True):
        xml = XML.format(realm=realm, sso=sso, ltpa=ltpa)
        server = make_server(xml, start=False)
        server.keys = server.directory / "resources" / "security" / "ltpa.keys"
        if keys:
            shutil.copy(keys, server.keys)
        else:
            made = server.command("key", "--ltpa")
            assert made.returncode == 0, made.stdout + made.stderr
            assert (server.keys.stat().st_mode & 0o777) == 0o600
        return server.start() if start else server

    return make_one


def cookie_of(response):
    cookies = [value for name, value in response.headers if name.lower() == "set-cookie"]
    assert len(cookies) <= 1
    return ("Cookie", cookies[0].split(";")[0]) if cookies else None


def get(server, *headers):
    return server.call("GET", TARGET, headers)


def test_a_login_at_one_server_is_good_at_another_with_its_keys(make):
    first = make()
    second = make(first.keys)
    stranger, other_realm = make(), make(first.keys, realm="other")
    assert get(first).status == 401
    response = get(first, FRED)
    assert response.status == 200
    cookie = cookie_of(response)
    assert cookie[1].startswith("LtpaToken2=")
    for server in (first, second):
        for _ in range(3):
            again = get(server, cookie)
            assert again.status == 200 and cookie_of(again) is None
    assert get(stranger, cookie).status == 401
    assert "was not made with the keys of this server" in stranger.log()
    assert get(other_realm, cookie).status == 401
    assert "who is no user of realm other" in other_realm.log()
    # A cookie that is of no use does not stop the password.
    assert get(stranger, cookie, FRED).status == 200
    assert get(first, ("Cookie", "LtpaToken2=AAAA"), basic("fred", "wrong")).status == 401
    for server in (first, second, stranger):
        assert cookie[1][20:60] not in server.log()


def test_without_its_keys_a_server_does_not_start_and_tells_why(make, make_server):
    server = make_server(XML.format(realm="r", sso="", ltpa=""), start=False)
    with pytest.raises(BaseException) as failed:
        server.start()
    server.process, server.may_alert = None, True
    assert "sallyport server key --ltpa" in str(failed.value) + server.log() + server.output()
    made = make()
    assert made.command("key", "--ltpa").returncode == 1
    assert get(made, cookie_of(get(made, FRED))).status == 200


def test_keys_change_while_requests_are_served(make):
    server = make(ltpa='monitorInterval="200ms"')
    old = cookie_of(get(server, FRED))
    other = make()
    new = cookie_of(get(other, FRED))
    assert get(server, new).status == 401
    shutil.copy(other.keys, server.keys.with_suffix(".new"))
    server.keys.with_suffix(".new").rename(server.keys)
    wait_until(lambda: all(get(server, new).status == 200 for _ in range(8)), "new keys to be used")
    assert get(server, old).status == 401
    assert "SALA0030I" in server.log()


def put(source, target):
    """At once, as nobody shall see half of it."""
    shutil.copy(source, target.with_suffix(".new"))
    target.with_suffix(".new").rename(target)


def told_by_all(server, words, times=1):
    """Each worker looks at the files by itself, and says so once for each change."""
    wait_until(lambda: server.log().count(words) >= times * len(server.process.workers()), f"each worker to say {words!r}")


def test_a_rotation_of_keys_logs_nobody_out(make):
    """New keys are dropped in, in a directory that is watched; what is broken there changes nothing."""
    server = make(ltpa='monitorInterval="200ms" monitorValidationKeysDir="true"')
    other = make()
    old, new = cookie_of(get(server, FRED)), cookie_of(get(other, FRED))
    assert (get(server, old).status, get(server, new).status) == (200, 401)

    before = server.keys.with_name("before.keys")
    put(server.keys, before)
    told_by_all(server, "SALA0030I")
    put(other.keys, server.keys)
    told_by_all(server, "SALA0030I", times=2)
    for _ in range(4):
        assert get(server, new).status == 200
        assert get(server, old).status == 200, "the old keys go on validating"
        assert get(other, cookie_of(get(server, FRED))).status == 200, "what is made now is made by the new keys"

    # Neither a broken file of the keys that make cookies nor one beside it takes anything away.
    server.keys.write_text("nonsense")
    told_by_all(server, "the old ones stay")
    assert "SALA0031E" in server.log() and str(server.keys) in server.log()
    before.with_suffix(".new").write_text("nonsense")
    before.with_suffix(".new").rename(before)
    put(other.keys, server.keys)
    told_by_all(server, "those that were read before stay")
    for _ in range(4):
        assert (get(server, old).status, get(server, new).status) == (200, 200)

    # Keys end when their file is taken away.
    before.unlink()
    told_by_all(server, "used now; sets of keys: 1")
    for _ in range(4):
        assert (get(server, old).status, get(server, new).status) == (401, 200)
    assert "shared secret" not in server.log()


def test_a_login_again_takes_nothing_from_a_cookie_that_is_good(make):
    server = make()
    first = cookie_of(get(server, FRED))
    for headers in ((first,), (first, FRED)):  # nothing that is good is replaced
        again = get(server, *headers)
        assert again.status == 200 and cookie_of(again) is None
    broken = (first[0], first[1][:-8] + "AAAAAAA=")
    login = get(server, broken, FRED)
    second = cookie_of(login)
    assert login.status == 200 and second and second != broken  # the first one again, where the same worker made it
    for _ in range(3):  # neither login ended the other
        assert (get(server, first).status, get(server, second).status) == (200, 200)
    assert get(server, broken).status == 401


def test_the_cookie_is_as_configured(make):
    server = make(sso='ssoCookieName="Mine" ssoRequiresSSL="true" sameSiteCookie="Lax" httpOnlyCookies="true"')
    response = get(server, FRED)
    cookie = [value for name, value in response.headers if name.lower() == "set-cookie"][0]
    assert cookie.startswith("Mine=") and "; Secure" in cookie and "; HttpOnly" in cookie and "; SameSite=Lax" in cookie
    off = make(sso='singleSignonEnabled="false"')
    assert cookie_of(get(off, FRED)) is None


def rotated(server, other, validation):
    """The keys of `other` make cookies from now on; those that were used are beside them, as `validation` says."""
    shutil.copy(server.keys, server.keys.with_name("old.keys"))
    shutil.copy(other.keys, server.keys)
    server.write(XML.format(realm="zosConnect", sso="", ltpa="").replace('shared secret" />', f'shared secret">{validation}</ltpa>'))
    assert "validationKeys" in (server.directory / "server.xml").read_text()
    server.reload()


@pytest.mark.parametrize("until, answer", [("", 200), ('validUntilDate="2099-01-31T12:00:00Z"', 200),
                                           ('validUntilDate="2020-01-31T12:00:00+01:00"', 401)])
def test_old_keys_are_accepted_besides_until_they_end(make, until, answer):
    server, other = make(), make()
    old, new = cookie_of(get(server, FRED)), cookie_of(get(other, FRED))
    rotated(server, other, f'<validationKeys fileName="old.keys" password="shared secret" {until}/>')
    wait_until(lambda: get(server, new).status == 200, "the new keys to be used")
    assert {get(server, old).status for _ in range(6)} == {answer}
    # What is made now is made with the new keys only.
    made = cookie_of(get(server, FRED))
    assert get(other, made).status == 200


def test_a_cookie_is_for_the_domain_that_the_host_belongs_to(make):
    server = make(sso='ssoDomainNames="example.org|other.example"')
    for host, domain in (("api.example.org", "example.org"), ("x.other.example", "other.example"), ("api.example.com", None),
                         ("example.org.evil.example", None)):
        response = get(server, FRED, ("Host", host))
        assert response.status == 200
        cookie = [value for name, value in response.headers if name.lower() == "set-cookie"][0]
        assert (f"domain={domain}" in cookie.lower()) if domain else ("domain=" not in cookie.lower()), (host, cookie)


def test_check_reads_the_keys(make):
    server = make(start=False)
    good = server.keys.read_text()

    def says(expected, *words, warning=False):
        checked = server.command("check")
        told = checked.stdout + checked.stderr
        assert checked.returncode == expected, told
        assert all(word in told for word in words), told
        assert "shared secret" not in told

    says(0)
    server.keys.rename(server.keys.with_suffix(".away"))
    says(1, "SALA0031E", "there is no LTPA keys file", "sallyport server key --ltpa")
    server.keys.touch(mode=0o600)
    server.keys.write_text(good.replace("version=1.0", "version=2.0"))
    assert server.keys.read_text() != good
    says(1, "SALA0031E", "version")
    server.keys.write_text("nonsense")
    says(1, "SALA0031E", str(server.keys))
    server.keys.write_text(good)
    server.write(XML.format(realm="zosConnect", sso="", ltpa="").replace("shared secret", "another"))
    says(1, "SALA0031E", "password")
    server.write(XML.format(realm="zosConnect", sso="", ltpa="").replace(
        'shared secret" />', 'shared secret"><validationKeys fileName="gone.keys" password="shared secret"/></ltpa>'))
    says(0, "warning SALA0031E", "gone.keys")
    server.write(XML.format(realm="zosConnect", sso='singleSignonEnabled="false"', ltpa="").replace("shared secret", "another"))
    says(0)


def test_keys_that_are_written_in_place_are_taken_when_they_are_whole(make):
    """As an editor or scp writes them: half of a file is there for a while."""
    server = make(ltpa='monitorInterval="100ms" monitorValidationKeysDir="true"')
    other = make()
    old, new = cookie_of(get(server, FRED)), cookie_of(get(other, FRED))
    put(server.keys, server.keys.with_name("before.keys"))
    told_by_all(server, "used now; sets of keys: 2")
    whole = other.keys.read_bytes()
    with open(server.keys, "wb", buffering=0) as file:
        for at in range(0, len(whole), 64):
            file.write(whole[at:at + 64])
            assert get(server, old).status == 200
            assert get(other, cookie_of(get(server, FRED))).status == 401 or at + 64 >= len(whole), "half of the new keys is none"
    wait_until(lambda: {get(server, new).status for _ in range(8)} == {200}, "the new keys to be used by all")
    assert {get(server, old).status for _ in range(8)} == {200}
    wait_until(lambda: get(other, cookie_of(get(server, FRED))).status == 200, "the new keys to make cookies")


def test_keys_that_others_may_touch_are_refused(make):
    server = make(ltpa='monitorInterval="200ms" monitorValidationKeysDir="true"')
    other = make()
    old, new = cookie_of(get(server, FRED)), cookie_of(get(other, FRED))
    planted = server.keys.with_name("planted.keys")
    shutil.copy(other.keys, planted.with_suffix(".new"))
    planted.with_suffix(".new").chmod(0o666)
    planted.with_suffix(".new").rename(planted)
    told_by_all(server, f"{planted} can be written by others than its owner: chmod 600 or 640 it")
    assert {get(server, new).status for _ in range(8)} == {401} and get(server, old).status == 200
    planted.chmod(0o640)
    wait_until(lambda: {get(server, new).status for _ in range(8)} == {200}, "what only its group may read to be taken")
    server.keys.chmod(0o644)
    told_by_all(server, f"the old ones stay: the LTPA keys file {server.keys} can be read by others than its owner")
    assert {get(server, old).status for _ in range(8)} == {200}
    checked = server.command("check")
    assert checked.returncode == 1 and "SALA0031E" in checked.stdout + checked.stderr and "chmod 600 or 640 it" in checked.stdout + checked.stderr
    server.keys.chmod(0o600)
    server.keys.parent.chmod(0o777)
    checked = server.command("check")
    assert checked.returncode == 0 and "everybody may write into" in checked.stdout + checked.stderr


@pytest.mark.parametrize("trigger", ["mbean", "disabled"])
def test_with_another_trigger_keys_change_by_a_reload(make, trigger):
    server = make(ltpa=f'monitorInterval="100ms" updateTrigger="{trigger}"')
    other = make()
    old, new = cookie_of(get(server, FRED)), cookie_of(get(other, FRED))
    put(other.keys, server.keys)
    for _ in range(40):
        assert (get(server, old).status, get(server, new).status) == (200, 401)
    server.reload()
    wait_until(lambda: {get(server, new).status for _ in range(8)} == {200}, "the workers of the new configuration")
    wait_until(lambda: {get(server, old).status for _ in range(8)} == {401}, "the workers of the old one to be gone")
    assert "SALA0030I" not in server.log()
