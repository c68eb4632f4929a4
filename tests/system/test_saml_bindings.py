"""How messages of SAML travel: requests by HTTP-Redirect and HTTP-POST, and logouts both ways, with a real identity provider."""
import base64
import hashlib
import re
import subprocess
import urllib.parse

import pytest
from lxml import etree

import saml
from saml import DSIG, PROTOCOL, SAML, page_form, sign
from saml_site import FRED, answer_with, begin, encoded, make_gateway, make_region, own, request_of, signer, site  # noqa: F401

POST = ("post",)


def verified(document, certificate):
    """By the xmlsec1 of the distribution, which is no part of the server."""
    path = certificate.parent / "verified.xml"
    path.write_bytes(document)
    name = etree.fromstring(document).tag.split("}")[1]
    return subprocess.run(["xmlsec1", "--verify", "--pubkey-cert-pem", str(certificate), "--id-attr:ID", f"{PROTOCOL}:{name}", str(path)],
                          capture_output=True, check=False).returncode == 0


def posted(page, field="SAMLRequest"):
    to, fields = page_form(page)
    return to, fields, base64.b64decode(fields[field])


# ---- requests by HTTP-POST


def test_a_provider_that_takes_posted_requests_only_gets_them(site, own):
    site = site(bindings=POST)
    browser = site.browser()
    asked = browser.get(site.page)
    assert asked.status == 200 and asked.headers["Cache-Control"] == "no-store"
    to, fields, document = posted(asked)
    assert to == site.provider.home + "/sso" and verified(document, own.certificate_file)
    request = etree.fromstring(document)
    assert request.get("Destination") == to and request.get("AssertionConsumerServiceURL") == site.acs
    assert request[1].tag == f"{{{DSIG}}}Signature" and request.find(f".//{{{DSIG}}}X509Certificate").text == own.text()
    to, fields = page_form(browser.get(to, fields))
    back = browser.get(*page_form(browser.get(to, {**fields, "login": "fred"})))
    assert back.status == 302 and back.location == site.page and browser.get(site.page).status == 200
    # A request that was changed on its way is none to the provider.
    changed = document.replace(b'ID="_', b'ID="_x')
    assert site.browser().get(site.provider.home + "/sso", {"SAMLRequest": base64.b64encode(changed).decode()}).status == 403


def test_the_page_of_a_posted_request_runs_one_script_and_no_other(site):
    site = site(bindings=POST)
    page = site.browser().get(site.page)
    (script,) = re.findall(rb"<script>(.*?)</script>", page.body)
    policy = page.headers["Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy and "unsafe" not in policy
    assert b"<button>" in page.body  # for browsers that run no scripts


def test_who_cannot_show_a_page_is_told_rather_than_sent_one(site):
    """200 with a page would be the answer itself to a program."""
    site = site(bindings=POST)
    for accept, expected in (("text/html,application/xhtml+xml", 200), ("application/json", 401), ("*/*", 401), ("", 401)):
        assert site.browser(Accept=accept).get(site.page).status == expected, accept
    assert site.browser(Accept="*/*").get(site.page, **{"Sec-Fetch-Mode": "navigate"}).status == 200
    assert site.browser(Accept="text/html").get(site.page, **{"Sec-Fetch-Mode": "cors"}).status == 401


def test_chromium_posts_the_request(site, tmp_path):
    from chromium import Chromium  # pylint: disable=import-outside-toplevel
    from conftest import wait_until  # pylint: disable=import-outside-toplevel
    site = site(FRED + ' spLogout="true" postLogoutRedirectUrl="/look/at"', bindings=POST)
    (tmp_path / "browser").mkdir()
    browser = Chromium(tmp_path / "browser")
    try:
        browser.go(site.page)
        wait_until(lambda: browser.url == site.provider.home + "/sso", "the provider's page")
        browser.type("input[name=login]", "fred")
        browser.press("button")
        wait_until(lambda: browser.url == site.page, "the way back")
        assert "DONE" in browser.text
        browser.go(f"{site.base}/logout")
        wait_until((site.provider.directory / "logged_out").exists, "the provider to be told")
        # Back here, where the page asks him to log in again.
        wait_until(lambda: browser.url == site.provider.home + "/sso", "the way back from the logout")
        browser.go(site.base + "/nothing")
        assert "SallyportSaml_sp" not in browser.cookies()
    finally:
        browser.close()


def test_a_posted_request_need_not_be_signed(site):
    site = site(FRED + ' authnRequestsSigned="false"', bindings=POST)
    browser = site.browser()
    to, fields, document = posted(browser.get(site.page))
    assert b"Signature" not in document
    assert browser.get(to, fields).status == 403
    site.provider.behave(unsigned=True)
    assert b"login" in browser.get(to, fields).body


def test_redirects_are_preferred_where_both_are_offered(site):
    site = site(bindings=("post", "redirect"))
    assert site.browser().get(site.page).location.startswith(site.provider.home + "/sso?SAMLRequest=")
    assert site.log_in()[1].location == site.page


# ---- logouts that begin here


def test_a_logout_is_told_to_the_provider(site):
    site = site(FRED + ' spLogout="true"')
    browser, _ = site.log_in()
    asked = browser.get(site.base + "/logout")
    assert asked.location.startswith(site.provider.home + "/slo?") and "Signature=" in asked.location
    answered = browser.get(asked.location)
    assert answered.status == 302 and answered.location.startswith(site.base + "/slo?SAMLResponse=")
    request = (site.provider.directory / "logged_out").read_text()
    assert ">fred<" in request and "SessionIndex" in request
    assert browser.get(answered.location).location == site.home + "/"
    assert browser.get(site.page).status == 302
    # Who is not logged in has nobody to tell of.
    assert site.browser().get(site.base + "/logout").location == site.home + "/"


def test_a_logout_is_posted_to_a_provider_that_wants_it_so(site, own):
    site = site(FRED + ' spLogout="true" postLogoutRedirectUrl="/bye"', bindings=POST)
    browser = site.browser()
    asked = browser.get(site.page)
    to, fields = page_form(browser.get(*page_form(asked)))
    browser.get(*page_form(browser.get(to, {**fields, "login": "fred"})))
    assert browser.get(site.page).json["Area"]["More"] == "DONE"
    to, fields, document = posted(browser.get(site.base + "/logout"))
    assert to == site.provider.home + "/slo" and verified(document, own.certificate_file)
    assert not browser.cookies("SallyportSaml_")
    answered = page_form(browser.get(to, fields))
    assert answered[0] == site.base + "/slo" and ">fred<" in (site.provider.directory / "logged_out").read_text()
    assert browser.get(*answered).location == site.home + "/bye"


def test_a_logout_without_splogout_stays_here(site):
    site = site()
    browser, _ = site.log_in()
    assert browser.get(site.base + "/logout").location == site.home + "/"
    assert not (site.provider.directory / "logged_out").exists() and browser.get(site.page).status == 302


# ---- logouts that begin at the provider


@pytest.fixture(params=["redirect", "post"])
def binding(request):
    return request.param


class Told:
    """The provider's request, which a browser brings."""

    def __init__(self, site, browser, binding):
        self.site, self.browser, self.binding = site, browser, binding

    def request(self, **query):
        query = {"to": self.site.base + "/slo", "user": "fred", **({"post": "1"} if self.binding == "post" else {}), **query}
        page = self.browser.get(f"{self.site.provider.home}/end?" + urllib.parse.urlencode(query))
        return page_form(page) if self.binding == "post" else (page.location, None)

    def bring(self, **query):
        return self.browser.get(*self.request(**query))

    def answer(self, page):
        """What the provider says to the answer."""
        return self.browser.get(*page_form(page)) if page.status == 200 else self.browser.get(page.location)


def test_the_provider_may_log_a_user_out(site, binding):
    site = site(bindings=(binding,))
    browser = site.browser()
    if binding == "post":
        to, fields = page_form(browser.get(*page_form(browser.get(site.page))))
        browser.get(*page_form(browser.get(to, {**fields, "login": "fred"})))
    else:
        site.log_in(browser=browser)
    other = site.browser()  # knows nothing of the session, as a page in a frame
    told = Told(site, browser, binding)

    assert told.bring(unsigned="1").status == 401 and "not signed" in site.server.log()
    to, fields = told.request(user="mary")
    if fields:
        changed = base64.b64decode(fields["SAMLRequest"]).replace(b">mary<", b">fred<")
        assert browser.get(to, {"SAMLRequest": base64.b64encode(changed).decode()}).status == 401
    else:
        assert browser.get(to.replace("SAMLRequest=", "SAMLRequest=A")).status == 401
    assert browser.get(site.page).json["Area"]["More"] == "DONE"
    # Another user, another session: this one goes on.
    for query in ({"user": "mary"}, {"index": "_none"}):
        assert b"status:Success" in told.answer(told.bring(**query)).body
        assert browser.cookies("SallyportSaml_") and browser.get(site.page).json["Area"]["More"] == "DONE", query
    (session,) = browser.cookies("SallyportSaml_sp")
    once = told.request()
    told.browser = other
    done = other.get(*once)
    answer = told.answer(done)
    assert b"status:Success" in answer.body and b"rs-1" in (answer.body if fields else done.location.encode())
    if not fields:
        assert answer.body.startswith(b"signed: True")
    # Its cookie is of no use any more, in whichever browser and worker.
    for _ in range(6):
        again = site.browser().get(site.page, Cookie=f"{session.name}={session.value}")
        assert b"DONE" not in again.body and again.status == (200 if fields else 302)
    # The same request again ends nothing.
    assert b"Requester" in told.answer(other.get(*once)).body and "used before" in site.server.log()


def test_a_logout_takes_the_cookies_of_the_browser_that_brings_it(site):
    site = site()
    browser, _ = site.log_in()
    assert Told(site, browser, "redirect").bring().status == 302
    assert not browser.cookies("SallyportSaml_") and browser.get(site.page).status == 302


def test_a_later_login_is_not_touched_by_an_earlier_logout(site):
    site = site()
    browser, _ = site.log_in()
    Told(site, browser, "redirect").bring()
    assert site.log_in(browser=browser)[1].location == site.page
    assert browser.get(site.page).json["Area"]["More"] == "DONE"


def logout_request(site, name="<saml:NameID>fred</saml:NameID>", issuer=saml.ISSUER, destination=None, more="", issued=0, ends=300):
    ends = f'NotOnOrAfter="{saml.stamp(ends)}"' if ends is not None else ""
    return etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{SAML}" ID="_l{base64.b16encode(saml.os.urandom(8)).decode()}" '
        f'Version="2.0" IssueInstant="{saml.stamp(issued)}" {ends} Destination="{destination or site.base + "/slo"}">'
        f'<saml:Issuer>{issuer}</saml:Issuer>{name}{more}</samlp:LogoutRequest>')


def test_what_a_posted_logout_says_is_checked(site, signer, own, tmp_path):
    site = site()
    stranger = saml.Signer(tmp_path, "stranger")
    browser, _ = site.log_in()

    def bring(element, by=signer, **options):
        field = encoded(sign(element, by, **options) if by else element)
        before = len(site.server.log())
        page = site.browser().get(site.base + "/slo", {"SAMLRequest": field})
        return page, site.logged(before)

    index = f'<samlp:SessionIndex>{"x" * 8}</samlp:SessionIndex>'
    cases = {
        "unsigned": (logout_request(site), None, "not signed"),
        "stranger": (logout_request(site), stranger, "not trusted"),
        "another issuer": (logout_request(site, issuer="https://other.example"), signer, "not of the provider"),
        "another destination": (logout_request(site, destination="https://other.example/slo"), signer, "Destination"),
        "the acs": (logout_request(site, destination=site.acs), signer, "Destination"),
        "ended": (logout_request(site, ends=-400), signer, "has ended"),
        "old": (logout_request(site, issued=-1000, ends=None), signer, "has ended"),
        "of the future": (logout_request(site, issued=400), signer, "of the future"),
        "no name": (logout_request(site, name=""), signer, "no NameID"),
        "too many sessions": (logout_request(site, more=index * 33), signer, "more than 32"),
        "an assertion": (saml.assertion(), signer, "not a LogoutRequest"),
        "SHA-1": (logout_request(site), signer, "signatureMethodAlgorithm"),
    }
    for name, (element, by, reason) in cases.items():
        options = {"method": "rsa-sha1", "digest": DSIG + "sha1"} if name == "SHA-1" else {}
        page, logged = bring(element, by, **options)
        assert page.status in (400, 401) and reason in logged, (name, page.status, logged)
    assert site.browser().get(site.base + "/slo", {"RelayState": "x"}).status == 400
    assert site.browser().get(site.base + "/slo", {"SAMLRequest": "x", "SAMLResponse": "x"}).status == 400
    assert browser.get(site.page).status == 200
    # An index that is none of his leaves the session; without one all of his end. The name may be encrypted.
    assert bring(logout_request(site, more=index))[0].status == 302 and browser.get(site.page).status == 200
    secret = saml.encrypt_part("EncryptedID", "<saml:NameID>fred</saml:NameID>", own.certificate)
    assert bring(logout_request(site, name=secret))[0].status == 302
    assert browser.get(site.page).status == 302


def test_an_answer_to_a_logout_leads_back_and_nowhere_else(site):
    site = site(FRED + ' postLogoutRedirectUrl="/bye"')
    browser = site.browser()
    assert browser.get(site.base + "/slo?SAMLResponse=x&RelayState=https://evil.example/").location == site.home + "/bye"
    assert browser.get(site.base + "/slo", {"SAMLResponse": "eA==", "RelayState": "https://evil.example/"}).location == site.home + "/bye"
    assert browser.get(site.base + "/slo").location == site.home + "/bye"


def test_a_provider_without_a_place_for_answers_is_still_obeyed(site, signer):
    site = site(FRED + ' postLogoutRedirectUrl="/bye"', bindings=("redirect",))
    metadata = site.provider.directory / "idp.xml"
    tree = etree.fromstring(metadata.read_bytes())
    for each in tree.findall(".//{*}SingleLogoutService"):
        each.getparent().remove(each)
    metadata.write_bytes(etree.tostring(tree))
    assert site.server.command("refresh").returncode == 0
    browser, _ = site.log_in()
    page = site.browser().get(site.base + "/slo", {"SAMLRequest": encoded(sign(logout_request(site), signer))})
    assert page.status == 302 and page.location == site.home + "/bye"
    assert browser.get(site.page).status == 302
