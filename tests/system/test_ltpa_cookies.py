"""LTPA cookies as browsers, proxies and other clients may send them: what is taken, and what is not."""
import base64
import shutil
import urllib.parse

import pytest

from conftest import Server, wait_until
from test_api import basic

# Names of several lengths: the texts of their tokens end with no, one and two signs of equality.
USERS = tuple("fred" + "x" * (5 * number) for number in range(12))
XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true" {sso}/>
<ltpa keysPassword="shared secret"/>
<basicRegistry id="basic" realm="zosConnect">{users}</basicRegistry>
<authorization-roles id="zos.connect.access.roles">
  <security-role name="zosConnectAccess"><special-subject type="ALL_AUTHENTICATED_USERS"/></security-role>
</authorization-roles>
"""


class House:
    def __init__(self, server):
        self.server, self.tokens = server, {}

    def get(self, *headers):
        return self.server.call("GET", "/zosConnect/apis", headers)

    def token(self, user):
        """That of the user, from a login by password."""
        if user not in self.tokens:
            response = self.get(basic(user))
            assert response.status == 200, response
            self.tokens[user] = response.header("Set-Cookie").split(";")[0].split("=", 1)[1]
        return self.tokens[user]

    def padded(self, count):
        return next(token for token in map(self.token, USERS) if len(token) - len(token.rstrip("=")) == count)

    def status(self, value, name="LtpaToken2"):
        return self.get(("Cookie", f"{name}={value}")).status


@pytest.fixture(scope="module")
def make(tmp_path_factory, authority):
    servers = []

    def make_one(sso="", keys=None):
        users = "".join(f'<user name="{user}" password="{user} secret"/>' for user in USERS)
        server = Server(tmp_path_factory.mktemp("ltpa"), authority, XML.format(sso=sso, users=users))
        servers.append(server)
        server.keys = server.security / "ltpa.keys"
        if keys:
            shutil.copy(keys, server.keys)
        else:
            made = server.command("key", "--ltpa")
            assert made.returncode == 0, made.stdout + made.stderr
        return House(server.start())

    yield make_one
    for server in servers:
        assert server.stop() == 0
        assert "[alert]" not in server.log() and "defect" not in server.log()


@pytest.fixture(scope="module")
def house(make):
    return make()


def percent(text, what="/+="):
    return "".join(f"%{ord(c):02X}" if c in what else c for c in text)


def mixed(text):
    """Every other sign, in small letters."""
    turn = [False]

    def one(c):
        turn[0] = not turn[0]
        return f"%{ord(c):02x}" if turn[0] else c
    return "".join(map(one, text))


TAKEN = {
    "as it was given": lambda v: v,
    "with /, + and = as percent": percent,
    "in small letters": lambda v: percent(v).replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d"),
    "with = alone as percent": lambda v: percent(v, "="),
    "with every character as percent": lambda v: "".join(f"%{ord(c):02X}" for c in v),
    "partly as percent": mixed,
    "in quotes": lambda v: f'"{v}"',
    "in quotes, as percent": lambda v: f'"{percent(v)}"',
    "with blanks around": lambda v: f"  {v}  ",
}


@pytest.mark.parametrize("padding", (0, 1, 2))
@pytest.mark.parametrize("name", TAKEN)
def test_a_good_cookie_is_taken_however_it_is_written(house, name, padding):
    assert house.status(TAKEN[name](house.padded(padding))) == 200


def another(value, at):
    return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1:]


def signs(token):
    return token.rstrip("=")


REFUSED = {
    "without its padding": lambda v: signs(v),
    "with one sign of padding too few": lambda v: v[:-1],
    "with one sign of padding too many": lambda v: v + "=",
    "with padding in the middle": lambda v: v[:40] + "==" + v[40:],
    "in the other alphabet of base64": lambda v: base64.urlsafe_b64encode(base64.b64decode(v)).decode() + "-_",
    "with a line end": lambda v: v[:76] + "%0D%0A" + v[76:],
    "with a blank": lambda v: v[:76] + "%20" + v[76:],
    "with a NUL": lambda v: v + "%00",
    "with a broken percent": lambda v: v[:-2] + "%3",
    "with a percent of nothing": lambda v: v + "%zz",
    "as percent twice": lambda v: percent(percent(v), "%"),
    "with one quote": lambda v: '"' + v,
    "in single quotes": lambda v: f"'{v}'",
    "in quotes twice": lambda v: f'""{v}""',
    "with something behind": lambda v: v + "AAAA",
    "with something before": lambda v: "AAAA" + v,
    "with another first character": lambda v: another(v, 0),
    "with another character in the middle": lambda v: another(v, len(v) // 2),
    "with another last character": lambda v: another(v, len(signs(v)) - 1),
    "cut to half": lambda v: v[:len(v) // 8 * 4],
    "cut by a block": lambda v: base64.b64encode(base64.b64decode(v)[:-16]).decode(),
    "one block": lambda v: base64.b64encode(base64.b64decode(v)[:16]).decode(),
    "nothing": lambda v: "",
    "a percent": lambda v: "%",
    "far too much": lambda v: "A" * 12000,
    "far too much behind it": lambda v: v + "A" * 12000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_changed_cookie_is_of_no_use(house, name):
    value = REFUSED[name](house.padded(2))
    before = len(house.server.log())
    assert house.status(value) == 401
    # Nor does it stop who has a password.
    assert house.get(("Cookie", f"LtpaToken2={value}"), basic("fred")).status == 200
    wait_until(lambda: "LTPA token" in house.server.log()[before:] or not value, "the reason")
    assert house.padded(2)[20:60] not in house.server.log()


def test_the_padding_that_is_there_is_that_of_its_length(house):
    for count in (0, 1):
        value = house.padded(count)
        assert house.status(value + "=") == 401 and house.status(value + "==") == 401
        if count:
            assert house.status(signs(value)) == 401


def test_bits_that_mean_nothing_must_be_none(house):
    """The last character before the padding has bits that no byte is made of: another one there would be a second name of a token."""
    for count in (1, 2):
        value = house.padded(count)
        at = len(signs(value)) - 1
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        other = value[:at] + alphabet[alphabet.index(value[at]) + 1] + value[at + 1:]
        assert base64.b64decode(other) == base64.b64decode(value)
        assert house.status(other) == 401


def test_of_two_cookies_none_is_chosen(house):
    mine, other = house.token(USERS[0]), house.token(USERS[1])
    for first, second in ((mine, other), (mine, mine), (mine, "x"), ("", mine), ("x", "y"), (mine, percent(mine))):
        before = len(house.server.log())
        together = [("Cookie", f"LtpaToken2={first}; a=b; LtpaToken2={second}")]
        apart = [("Cookie", f"LtpaToken2={first}"), ("Cookie", f"LtpaToken2={second}")]
        for headers in (together, apart):
            assert house.get(*headers).status == 401, (first, second)
            assert house.get(*headers, basic("fred")).status == 401  # nor the password beside them
        wait_until(lambda: "the request has cookie LtpaToken2 more than once" in house.server.log()[before:],  # pylint: disable=cell-var-from-loop
                   "the reason")


def test_cookies_of_other_names_are_none(house):
    mine = house.token("fred")
    # LtpaToken is the cookie of version 1, whose tokens are not taken; names are spelt exactly.
    for name in ("LtpaToken", "LTPATOKEN2", "ltpaToken2", "LtpaToken2 x", "xLtpaToken2", "LtpaToken22", "LtpaToken%32"):
        assert house.status(mine, name) == 401, name
    assert house.get(("Cookie", f"LtpaToken={mine}; LtpaToken2={mine}")).status == 200
    assert house.get(("Cookie", f"LtpaToken=x; a=LtpaToken2={mine}; LtpaToken2={mine}")).status == 200
    assert house.get(("Cookie", f'a="; LtpaToken2={mine}; b="')).status == 200  # quotes hold nothing together (RFC 6265)
    assert house.get(("Cookie", f"LtpaToken2; LtpaToken2={mine}")).status == 200  # without a value it has no name
    assert house.get(("Authorization", f"LtpaToken2 {mine}")).status == 401
    assert house.server.call("GET", f"/zosConnect/apis?LtpaToken2={urllib.parse.quote(mine)}").status == 401


def test_the_name_of_the_configuration_counts_before_the_usual_one(make, house):
    named = make('ssoCookieName="Mine"', house.server.keys)
    only = make('ssoCookieName="Mine" useOnlyCustomCookieName="true"', house.server.keys)
    good, other = house.token(USERS[0]), house.token(USERS[1])
    for server, cookie, status in ((named, f"Mine={good}", 200), (only, f"Mine={good}", 200),
                                   (named, f"LtpaToken2={good}", 200), (only, f"LtpaToken2={good}", 401),
                                   (named, f"Mine={good}; LtpaToken2=x", 200), (named, f"LtpaToken2=x; Mine={good}", 200),
                                   (named, f"Mine=x; LtpaToken2={good}", 401), (named, f"LtpaToken2={good}; Mine=x", 401),
                                   (named, f"Mine={good}; LtpaToken2={other}", 200),
                                   (named, f"Mine={good}; Mine={other}", 401), (only, f"Mine={good}; Mine={good}", 401),
                                   (only, f"Mine={good}; LtpaToken2=x; LtpaToken2=y", 200)):
        assert server.get(("Cookie", cookie)).status == status, (cookie.replace(good, "GOOD"), server.server.log()[-300:])
