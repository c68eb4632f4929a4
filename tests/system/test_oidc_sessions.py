"""Whose login, whose session: cookies and states that somebody planted, kept, or took from another; where a login may lead to;
and thousands of visitors who begin a login and never end one."""
import http.cookiejar
import time
import urllib.parse

import pytest

import conftest
import tokens
from code_flow import CLIENT, SECRET, CodeProvider, Login, Reply, good_tokens
from conftest import Server, wait_until
from flood import Flood, memory
from openid import Browser

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature>
  <feature>openidConnectClient-1.0</feature></featureManager>
<basicRegistry id="basic" realm="zosConnect"><user name="fred" password="no password"/><user name="mary" password="no password"/>
</basicRegistry>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess"><user name="fred"/></security-role>
</authorization-roles>
<zosconnect_zosConnectManager/>
<ssl id="outbound" keyStoreRef="trust" trustStoreRef="trust"/>
<keyStore id="trust" location="{{authority}}" type="PEM"/>
<keyStore id="defaultKeyStore" password="{password}"/>
<authFilter id="for-other"><userAgent id="agent" agent="goes to the other" matchType="contains"/></authFilter>
<authFilter id="for-short"><userAgent id="agent2" agent="has no time" matchType="contains"/></authFilter>
"""
ELEMENT = """
<openidConnectClient id="{id}" clientId="{client}" clientSecret="{secret}" sslRef="outbound" signatureAlgorithm="ES256"
  mapIdentityToRegistryUser="true" {more}/>
"""
PAGE = "/zosConnect/apis"


class House:
    def __init__(self, server, provider, key):
        self.server, self.provider, self.key = server, provider, key
        self.home = f"https://localhost:{server.https}"

    def browser(self, agent="a browser"):
        return Browser(self.server.authority, {"User-Agent": agent, "Accept": "text/html"})

    def begin(self, browser=None, page=PAGE, agent="a browser"):
        return Login(self.server, page, browser or self.browser(agent))

    def will_say(self, login, user="fred"):
        """What the provider answers from now on, whatever code it is shown."""
        self.provider.tokens = lambda _: Reply(good_tokens(self.provider, self.key, "ES256", login.nonce, sub=user))
        return login

    def log_in(self, user="fred", browser=None, agent="a browser"):
        login = self.will_say(self.begin(browser, agent=agent), user)
        page = login.come_back()
        assert page.status == 302 and page.location == login.page, (page.body, self.server.log()[-500:])
        return login.browser

    def status(self, browser):
        return browser.get(self.home + PAGE).status

    def says(self, reason, before):
        wait_until(lambda: reason in self.server.log()[before:], f"'{reason}' in the log")


@pytest.fixture(scope="module")
def house(tmp_path_factory, authority):
    key = tokens.make_key("ES256", "a")
    provider = CodeProvider(authority)
    provider.keys = [key]
    provider.start()
    xml = XML.format(password=Server.password)
    for name, more in (("op", ""), ("other", 'authFilterRef="for-other"'),
                       ("short", 'authFilterRef="for-short" authenticationTimeLimit="1s"')):
        xml += ELEMENT.format(id=name, client=CLIENT, secret=SECRET, more=f"{provider.endpoints()} {more}")
    server = Server(tmp_path_factory.mktemp("house"), authority, xml)
    yield House(server.start(), provider, key)
    assert server.stop() == 0
    provider.stop()
    text = server.log() + server.output()
    assert "[alert]" not in text and "defect" not in text, text


def plant(browser, name, value, path="/"):
    browser.jar.set_cookie(http.cookiejar.Cookie(0, name, value, None, False, "localhost.local", False, False, path, True, True, None,
                                                 False, None, None, {}))


def one(browser, start):
    (cookie,) = browser.cookies(start)
    return cookie


# ---- sessions


def test_a_planted_session_is_not_the_one_that_a_login_makes(house):
    mary = one(house.log_in("mary"), "SallyportSession_op").value
    login = house.will_say(house.begin())
    plant(login.browser, "SallyportSession_op", mary)
    assert house.status(login.browser) == 403  # whose it is counts: mary may not
    assert login.come_back().status == 302
    assert one(login.browser, "SallyportSession_op").value != mary
    assert house.status(login.browser) == 200
    # What was planted has become nobody else's.
    thief = house.browser()
    plant(thief, "SallyportSession_op", mary)
    assert house.status(thief) == 403


def test_each_login_makes_a_session_of_its_own_and_ends_no_other(house):
    browser = house.log_in()
    first = one(browser, "SallyportSession_op").value
    again = house.will_say(house.begin())
    plant(again.browser, "SallyportSession_op", first)
    assert again.come_back().status == 302
    second = one(again.browser, "SallyportSession_op").value
    assert second != first
    assert again.browser.get(house.home + "/oidcclient/logout/op").status == 302
    for value, status in ((second, 302), (first, 200)):  # the one that was logged out, and the other browser's
        visitor = house.browser()
        plant(visitor, "SallyportSession_op", value)
        assert house.status(visitor) == status


def test_what_is_no_session_makes_a_new_login(house):
    browser = house.log_in()
    good = one(browser, "SallyportSession_op").value
    login = one(house.begin().browser, "SallyportLogin_").value
    middle = len(good) // 2
    for value in ("", "x", "A" * 400, good[:-1], good[1:], good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1:],
                  good + "A", good + "=", login, "%00", "=", "AAAA" * 2000):
        visitor = house.browser()
        plant(visitor, "SallyportSession_op", value)
        assert house.status(visitor) == 302, value
    # Nor is the session of one element that of another.
    visitor = house.browser("goes to the other")
    plant(visitor, "SallyportSession_other", good)
    assert house.status(visitor) == 302


def test_a_session_planted_beside_another_is_not_chosen_between(house):
    mine, planted = (one(house.log_in(user), "SallyportSession_op").value for user in ("fred", "mary"))
    before = len(house.server.log())
    for pair in ((mine, planted), (planted, mine), (mine, mine), (mine, "x")):
        cookie = "; ".join(f"SallyportSession_op={value}" for value in pair)
        response = house.server.call("GET", PAGE, [("Cookie", cookie)])
        assert response.status == 401, pair
        two = [("Cookie", f"SallyportSession_op={value}") for value in pair]
        assert house.server.call("GET", PAGE, two).status == 401, pair
    house.says("the request has cookie SallyportSession_op more than once", before)


# ---- logins under way


def refused(house, page, browser, reason, before, status=401):
    assert page.status == status, (page.status, page.body)
    assert not browser.cookies("SallyportSession_")
    house.says(reason, before)


def test_the_way_back_without_the_cookie_of_a_login_leads_nowhere(house):
    login, asked = house.will_say(house.begin()), len(house.provider.forms)
    stranger, before = house.browser(), len(house.server.log())
    refused(house, login.come_back(stranger), stranger, "this browser began no login", before)
    for changes in ({"state": None}, {"state": ""}, {"state": "A" * 43}, {"state": login.state[:-1]}, {"state": login.state + "A"},
                    {"state": login.state[:12] + "A" * 31}, {"code": None, "state": None}, {"state": "../" * 14 + "A"}):
        before = len(house.server.log())
        refused(house, login.come_back(stranger, **changes), stranger, "this browser began no login", before)
    # Nobody was asked for tokens, and the login goes on.
    assert len(house.provider.forms) == asked
    assert login.come_back().status == 302


@pytest.mark.parametrize("changes", ({"code": None}, {"code": ""}), ids=("no code", "an empty code"))
def test_an_answer_without_a_code_is_none(house, changes):
    login, before = house.begin(), len(house.server.log())
    refused(house, login.come_back(**changes), login.browser, "the provider's answer has no code", before, 400)


def test_the_state_of_another_browser_is_refused(house):
    """An attacker begins a login of his own, and has another person's browser end it."""
    attacker, victim = house.will_say(house.begin(), "mary"), house.begin()
    before = len(house.server.log())
    refused(house, victim.browser.get(attacker.url()), victim.browser, "this browser began no login", before)
    # Not with the sealed login of one under the name of the other, either.
    for cookie in (one(attacker.browser, "SallyportLogin_"), one(victim.browser, "SallyportLogin_")):
        for login in (attacker, victim):
            if cookie.name.endswith(login.state[:12]):
                continue
            browser, before = house.browser(), len(house.server.log())
            plant(browser, f"SallyportLogin_{login.state[:12]}", cookie.value, cookie.path)
            refused(house, browser.get(login.url()), browser, "the state of the provider's answer is of another login", before)
    assert house.will_say(victim).come_back().status == 302


def test_a_planted_login_is_none(house):
    session = one(house.log_in(), "SallyportSession_op").value
    login = house.will_say(house.begin())
    cookie = one(login.browser, "SallyportLogin_")
    good, middle = cookie.value, len(cookie.value) // 2
    for value in ("", "x", session, good[:-1], good[1:], good + "A", "A" * len(good),
                  good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1:]):
        browser, before = house.browser(), len(house.server.log())
        plant(browser, cookie.name, value, cookie.path)
        refused(house, login.come_back(browser), browser, "it was not sealed here, or was changed", before)
    assert login.come_back().status == 302


def test_a_login_at_one_element_does_not_end_at_another(house):
    """Nor does the answer of one provider at the redirect URI of another."""
    login = house.will_say(house.begin(agent="goes to the other"))
    assert login.asked["redirect_uri"].endswith("/redirect/other")
    cookie = one(login.browser, "SallyportLogin_")
    plant(login.browser, cookie.name, cookie.value)
    before = len(house.server.log())
    page = login.browser.get(login.url().replace("/redirect/other", "/redirect/op"))
    refused(house, page, login.browser, "the state of the provider's answer is of another login", before)


def test_a_state_counts_once(house):
    login = house.will_say(house.begin())
    kept = one(login.browser, "SallyportLogin_")
    assert login.come_back().status == 302
    before = len(house.server.log())
    assert login.come_back().status == 401  # the browser was told to forget it
    house.says("this browser began no login", before)
    for _ in range(6):  # whichever worker, and though this provider takes any code
        thief, before = house.browser(), len(house.server.log())
        plant(thief, kept.name, kept.value, kept.path)
        refused(house, login.come_back(thief), thief, "the login has succeeded before, and counts once (state)", before)


def test_a_state_ends_with_its_time(house):
    login = house.will_say(house.begin(agent="has no time"))
    cookie = one(login.browser, "SallyportLogin_")
    time.sleep(1.1)
    late, before = house.browser(), len(house.server.log())
    plant(late, cookie.name, cookie.value, cookie.path)
    refused(house, login.come_back(late), late, "authenticationTimeLimit", before)


def test_an_error_of_the_provider_cannot_write_lines_into_the_log(house):
    login, before = house.begin(), len(house.server.log())
    for control in ("\r\n", "\n", "\x1b[2J", "\0"):
        assert login.come_back(code=None, error="denied", error_description=f"no{control}forged").status == 400
    page = login.come_back(code=None, error="access_denied", error_description="no\u2028forged\u202e\u0085<b>")
    refused(house, page, login.browser, "the provider refused the login: access_denied: no", before)
    lines = house.server.log()[before:].splitlines()  # which ends lines at U+0085 and U+2028 too
    assert len([line for line in lines if "forged" in line]) == 1 and all(line[:2] == "20" for line in lines), lines
    assert b"forged" not in page.body


# ---- where to

# What a browser is made to ask for, and where it is afterwards. None: such a request is refused, and begins no login.
TARGETS = {
    PAGE + "?next=//evil.example/": PAGE + "?next=//evil.example/",
    PAGE + "?next=https://evil.example/": PAGE + "?next=https://evil.example/",
    PAGE + "?@evil.example": PAGE + "?@evil.example",
    PAGE + "?x=%E2%80%A8": PAGE + "?x=%E2%80%A8",
    "/%2f" + PAGE[1:]: "/%2f" + PAGE[1:],
    "//evil.example" + PAGE: "/",
    "/" + PAGE: "/",
    "//" + PAGE: "/",
    PAGE + "?" + "x" * 3000: "/",  # too long for a cookie
    PAGE + "?" + "%2f" * 700: "/",
    PAGE + "?x=%0d%0aLocation:%20https://evil.example/": None,
    PAGE + "?x=%0aSet-Cookie:%20a=b": None,
    PAGE + "?\\evil.example": None,
    "//evil.example/.." + PAGE: None,
    "//user@evil.example/.." + PAGE: None,
    "/%2f%2fevil.example/../.." + PAGE: None,
    "/\\evil.example/../.." + PAGE: None,
    "/\\evil.example" + PAGE: None,
    "\\\\evil.example" + PAGE: None,
    "/%5cevil.example/.." + PAGE: None,
    "/." + "/" + PAGE: None,
    "/x/../" + PAGE: None,
    "/x/..//evil.example/.." + PAGE: None,
    "/;//evil.example/.." + PAGE: None,
    "/%09/evil.example/../.." + PAGE: None,
    "/\t/evil.example" + PAGE: None,
    "/%0d%0aLocation:%20https:%2f%2fevil.example/.." + PAGE: None,
    "https://evil.example" + PAGE: None,
    "https://evil.example/" + PAGE: None,
    "https://localhost@evil.example" + PAGE: None,
    "https://user:word@localhost" + PAGE: None,
    "http://evil.example" + PAGE: None,
    "javascript:alert(1)//.." + PAGE: None,
}


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
def test_a_login_leads_back_to_this_server_whatever_was_asked_for(house, target):
    host = ("Host", f"localhost:{house.server.https}")
    sent = house.server.call("GET", target, [("Accept", "text/html"), host])
    if TARGETS[target] is None:
        assert sent.status == 400 and not sent.header("Location") and not sent.header("Set-Cookie"), sent
        return
    assert sent.status == 302, sent
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sent.header("Location")).query))
    assert sent.header("Location").startswith(house.provider.issuer + "/auth?"), sent
    assert asked["redirect_uri"] == house.home + "/oidcclient/redirect/op"
    cookie = sent.header("Set-Cookie").split(";")[0]
    reply = good_tokens(house.provider, house.key, "ES256", asked["nonce"])
    house.provider.tokens = lambda _: Reply(reply)
    back = house.server.call("GET", f"/oidcclient/redirect/op?code=c&state={asked['state']}", [("Cookie", cookie), host])
    assert back.status == 302, back
    assert back.header("Location") == TARGETS[target]
    assert urllib.parse.urljoin(house.home + "/oidcclient/redirect/op", TARGETS[target]).startswith(house.home + "/")
    assert [name for name, _ in back.headers].count("Location") == 1
    assert all(value.startswith("Sallyport") for name, value in back.headers if name.lower() == "set-cookie")


def test_a_parameter_of_the_way_back_does_not_choose_where_to(house):
    for more in ({"target": "https://evil.example"}, {"redirect_uri": "https://evil.example"}, {"RelayState": "//evil.example"},
                 {"post_logout_redirect_uri": "https://evil.example"}):
        login = house.will_say(house.begin())
        page = login.come_back(**more)
        assert page.status == 302 and page.headers["Location"] == PAGE
        out = login.browser.get(house.home + "/oidcclient/logout/op?" + urllib.parse.urlencode(more))
        assert out.status == 302 and "evil" not in out.headers["Location"]


# ---- many


def test_thousands_who_begin_a_login_take_nothing_from_who_ends_one(house):
    first, flood, used = house.begin(), Flood(house.server), []
    visits, rounds = 1000, 5
    for turn in range(rounds):
        for number in range(visits):
            flood.get(f"{PAGE}?turn={turn}&number={number}&" + "x" * 1000)
        used.append(memory(house.server))
    flood.close()
    assert flood.statuses == {302: visits * rounds}
    # What each of them brought along is 1 KB: had anything been kept of them, it would show.
    if not conftest._sanitized():
        assert used[-1] - used[1] < visits * (rounds - 2) / 2, used
    house.will_say(first)
    assert first.come_back().status == 302 and house.status(first.browser) == 200
    assert house.status(house.log_in()) == 200


def test_thousands_who_come_back_with_nothing_or_a_code_that_is_none_take_nothing_either(house):
    waiting, session, flood, used = house.begin(), house.log_in(), Flood(house.server), []
    house.provider.tokens = lambda _: Reply({"error": "invalid_grant"}, 400)
    mine = house.begin()
    kept = one(mine.browser, "SallyportLogin_")
    turns, each = 5, 400
    for turn in range(turns):
        for number in range(each):
            flood.get(f"/oidcclient/redirect/op?code={turn}-{number}-{'x' * 1000}&state={'A' * 43}")
        for number in range(each // 10):
            flood.get(f"/oidcclient/redirect/op?code={turn}-{number}&state={mine.state}", f"{kept.name}={kept.value}")
        used.append(memory(house.server))
    flood.close()
    assert flood.statuses == {401: turns * (each + each // 10)}
    if not conftest._sanitized():
        assert used[-1] - used[1] < each * (turns - 2), used
    house.will_say(waiting)
    assert waiting.come_back().status == 302 and house.status(waiting.browser) == 200
    # None of these used up the login: who has the right code logs in with it.
    house.will_say(mine)
    assert mine.come_back().status == 302
    # And sessions can be ended as before.
    assert session.get(house.home + "/oidcclient/logout/op").status == 302 and house.status(session) == 302


def test_one_browser_may_begin_many_logins_and_end_any(house):
    """Tabs that are opened again all at once."""
    browser = house.browser()
    logins = [house.begin(browser, f"{PAGE}?tab={number}") for number in range(30)]
    assert len(browser.cookies("SallyportLogin_")) == 30
    for login in (logins[0], logins[29], logins[15]):
        house.will_say(login)
        page = login.come_back()
        assert page.status == 302 and page.location == login.page
