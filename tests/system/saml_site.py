"""A server that logs browsers in with a SAML identity provider of its own, and what tests of such logins need."""
import base64
import urllib.parse
import zlib

import pytest
from lxml import etree

import archives
import saml
from conftest import free_ports
from openid import Browser
from saml import ISSUER, SAML, HttpProvider, Signer, page_form  # noqa: F401 pylint: disable=unused-import
from test_api import make_gateway, make_region  # noqa: F401 (fixtures)

ELEMENT = """
<keyStore id="spKeys" location="{keys}" type="PEM" password="none"/>
<samlWebSso20 id="sp" keyStoreRef="spKeys" idpMetadata="{metadata}" groupIdentifier="groups" {where} {more}>{inside}</samlWebSso20>
{beside}
"""
FRED = 'mapToUserRegistry="User"'
METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"


@pytest.fixture(scope="session")
def signer(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("idp"), "idp")


@pytest.fixture(scope="session")
def own(tmp_path_factory):
    """The key of the service provider."""
    return Signer(tmp_path_factory.mktemp("sp"), "sp")


class Site:
    def __init__(self, server, provider, authority):
        self.server, self.provider, self.authority = server, provider, authority
        self.home = f"https://localhost:{server.https}"
        self.page, self.base = f"{self.home}/look/at?a=1", f"{self.home}/ibm/saml20/sp"
        self.acs = self.base + "/acs"

    def browser(self, **headers):
        return Browser(self.authority, headers or None)

    def response(self, browser, user="fred", page=None):
        """From the page to the provider and through its login form: the form fields that go to the ACS."""
        asked = browser.get(page or self.page)
        assert asked.status == 302, (asked.status, asked.body)
        to, fields = page_form(browser.get(asked.location))
        to, fields = page_form(browser.get(to, {**fields, "login": user}))
        assert to == self.acs
        return fields

    def log_in(self, user="fred", browser=None):
        browser = browser or self.browser()
        return browser, browser.get(self.acs, self.response(browser, user))

    def start(self, browser, state="", user="fred"):
        """The provider begins."""
        query = urllib.parse.urlencode({"user": user, "to": self.acs, "state": state})
        to, fields = page_form(browser.get(f"{self.provider.home}/start?{query}"))
        return browser.get(to, fields)

    def logged(self, before):
        return self.server.log()[before:]


@pytest.fixture
def site(make_gateway, authority, signer, own, tmp_path):
    providers = []

    def make(more=FRED, where=None, inside="", beside="", manager="", prepare=(), bindings=("redirect",), keys=None, store=None):
        (port,) = free_ports(1)
        directory = tmp_path / f"provider{port}"
        directory.mkdir()
        provider = HttpProvider(directory, signer, port, bindings=bindings)
        providers.append(provider)
        metadata = directory / "idp.xml"
        metadata.write_bytes(provider.metadata())
        server = make_gateway(manager=manager)
        archives.api(server.directory / "resources/zosconnect/apis/look.aar", "look", "/look", "/at", "GET", "bad")
        path = server.directory / "server.xml"
        where = f'spHostAndPort="https://localhost:{server.https}"' if where is None else where
        element = ELEMENT.format(keys=keys or own.store(), metadata=metadata, where=where, more=more, inside=inside, beside=beside)
        if store:
            element = store + element[element.index("<samlWebSso20"):]
        path.write_text(path.read_text().replace("</server>", element + "</server>"))
        if prepare:
            assert server.command(*prepare).returncode == 0
        done = server.command("refresh")
        assert done.returncode == 0, done.stdout + done.stderr
        site = Site(server, provider, authority)
        known = site.browser().get(site.base + "/samlmetadata")
        assert known.status == 200, known.body
        provider.know(known.body)
        return site

    yield make
    for provider in providers:
        provider.stop()


def request_of(location):
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
    return etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15)), query


def refused(site, browser, fields, reason, status=401):
    before = len(site.server.log())
    answer = browser.get(site.acs, fields)
    assert reason in site.logged(before), site.logged(before)
    assert not browser.cookies("SallyportSaml_"), reason
    assert answer.status == status and b"<h1>Not logged in</h1>" in answer.body, (reason, answer.status, answer.body)
    return True


def encoded(document):
    return base64.b64encode(document if isinstance(document, bytes) else etree.tostring(document)).decode()


def begin(site, browser):
    """(id of the request, relay state)"""
    request, query = request_of(browser.get(site.page).location)
    return request.get("ID"), query["RelayState"]


def answer_with(site, signer, browser=None, fields=None, **options):
    """A login whose response is made here: (browser, fields)."""
    browser = browser or site.browser()
    request_id, state = begin(site, browser)
    response = saml.login_response(site, request_id, signer, **options)
    return browser, {"SAMLResponse": encoded(response), "RelayState": state, **(fields or {})}


def logs_in(site, signer, **options):
    browser, fields = answer_with(site, signer, **options)
    answer = browser.get(site.acs, fields)
    return answer.status == 302 and answer.location == site.page and browser.get(site.page).status == 200
