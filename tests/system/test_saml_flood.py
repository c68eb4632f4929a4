"""Floods of visitors who begin a login with a SAML provider, or come back with something that is none."""
import conftest
import saml
from flood import Flood, memory
from saml import Signer
from saml_site import answer_with, encoded, make_gateway, make_region, own, signer, site  # noqa: F401


def ends(login):
    """Who had begun before the flood logs in after it."""
    site, browser, fields = login
    answer = browser.get(site.acs, fields)
    assert answer.status == 302 and answer.location == site.page and browser.get(site.page).status == 200


def bounded(used, most):
    """Kilobytes after the first two rounds, which warm up."""
    if not conftest._sanitized():
        assert used[-1] - used[1] < most, used


def test_thousands_who_begin_a_login_take_nothing_from_who_ends_one(site, signer):
    site = site()
    waiting = (site, *answer_with(site, signer))
    flood, used, visits, rounds = Flood(site.server), [], 400, 5
    for turn in range(rounds):
        for number in range(visits):
            flood.get(f"/look/at?turn={turn}&number={number}&" + "x" * 1000)
        used.append(memory(site.server))
    flood.close()
    assert flood.statuses == {302: visits * rounds}
    # Each of them brought along 1 KB, and was given as much to keep: had anything stayed here, it would show.
    bounded(used, visits * (rounds - 2) / 2)
    ends(waiting)


def test_thousands_who_come_back_with_nothing_good_take_nothing_either(site, signer, tmp_path):
    site = site()
    waiting = (site, *answer_with(site, signer))
    mine, fields = answer_with(site, signer)
    (kept,) = mine.cookies("SallyportSamlLogin_")
    stranger = Signer(tmp_path, "stranger")
    forged = encoded(saml.login_response(site, "_" + "a" * 32, stranger))
    responses = [forged, fields["SAMLResponse"], encoded(b"<a/>"), encoded(b"x" * 1000), "%%%"]
    flood, used, each, rounds = Flood(site.server), [], 150, 5
    for turn in range(rounds):
        for number in range(each):
            flood.post("/ibm/saml20/sp/acs", {"SAMLResponse": responses[number % len(responses)], "RelayState": f"{turn}-{number}-" + "x" * 60})
        for number in range(each // 10):  # with the cookie of a login, and an answer that is not to it
            flood.post("/ibm/saml20/sp/acs", {"SAMLResponse": forged, "RelayState": fields["RelayState"]}, f"{kept.name}={kept.value}")
        used.append(memory(site.server))
    flood.close()
    assert set(flood.statuses) <= {400, 401} and sum(flood.statuses.values()) == rounds * (each + each // 10), flood.statuses
    bounded(used, each * (rounds - 2) * 4)
    ends(waiting)
    ends((site, mine, fields))  # none of these used it up
