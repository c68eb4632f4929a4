"""What attributes of samlWebSso20 change in logins with a browser: several providers beside each other, their metadata and ours,
audiences, where a login leads, and what is asked of a provider."""
import re
from xml.etree import ElementTree

import pytest
from lxml import etree

import saml
from conftest import free_ports, wait_until
from saml import DSIG, ISSUER, PROTOCOL, HttpProvider, Signer, page_form, sign
from saml_site import (FRED, METADATA, Site, answer_with, begin, encoded, logs_in, make_gateway, make_region, own,  # noqa: F401
                       refused, request_of, signer, site)
from test_saml_bindings import POST, Told, logout_request, posted

FORMATS = {"unspecified": "1.1:nameid-format:unspecified", "email": "1.1:nameid-format:emailAddress",
           "x509SubjectName": "1.1:nameid-format:X509SubjectName",
           "windowsDomainQualifiedName": "1.1:nameid-format:WindowsDomainQualifiedName", "kerberos": "2.0:nameid-format:kerberos",
           "entity": "2.0:nameid-format:entity", "persistent": "2.0:nameid-format:persistent",
           "transient": "2.0:nameid-format:transient", "encrypted": "2.0:nameid-format:encrypted"}


def valid(document):
    """By the schemas of OASIS, which pysaml2 has with it; raises when it is not."""
    from saml2.xml.schema import schema_saml_metadata, schema_saml_protocol  # pylint: disable=import-outside-toplevel
    root = ElementTree.fromstring(document)
    schema = schema_saml_metadata if ":metadata}" in root.tag else schema_saml_protocol
    schema.validate(root)
    return True


def change(site, **attributes):
    """Other values of attributes of the element, taken over."""
    path = site.server.directory / "server.xml"
    text = path.read_text()
    for name, value in attributes.items():
        text = re.sub(rf' {name}="[^"]*"', "", text.replace("<samlWebSso20 ", f'<samlWebSso20 {name}=@"{value}" ')).replace('=@"', '="')
    path.write_text(text)
    done = site.server.command("refresh")
    assert done.returncode == 0, done.stdout + done.stderr
    return site


# ---- requests and metadata


def test_each_form_of_name_is_asked_for_by_its_uri(site):
    site = site()
    for name, uri in FORMATS.items():
        request, _ = request_of(change(site, nameIDFormat=name).browser().get(site.page).location)
        assert request.find(f"{{{PROTOCOL}}}NameIDPolicy").get("Format") == "urn:oasis:names:tc:SAML:" + uri
        assert valid(etree.tostring(request)), name


def test_each_comparison_of_contexts_is_asked_for(site):
    site = site(FRED + ' authnContextClassRef="urn:oasis:names:tc:SAML:2.0:ac:classes:X509"')
    for comparison in ("exact", "minimum", "maximum", "better"):
        request, _ = request_of(change(site, authnContextComparisonType=comparison).browser().get(site.page).location)
        context = request.find(f"{{{PROTOCOL}}}RequestedAuthnContext")
        assert context.get("Comparison") == comparison and context[0].text.endswith(":X509") and valid(etree.tostring(request))


def test_what_a_provider_may_do_is_said_or_left_to_it(site):
    site = site()
    for name, attribute in (("forceAuthn", "ForceAuthn"), ("isPassive", "IsPassive")):
        for value, expected in (("true", "true"), ("false", None)):
            request, _ = request_of(change(site, **{name: value}).browser().get(site.page).location)
            assert request.get(attribute) == expected and valid(etree.tostring(request))
    for value in ("true", "false"):
        request, _ = request_of(change(site, allowCreate=value).browser().get(site.page).location)
        assert request.find(f"{{{PROTOCOL}}}NameIDPolicy").get("AllowCreate") == value and valid(etree.tostring(request))


def test_our_metadata_and_messages_are_valid_by_the_schema(site, own):
    first = site(FRED + ' spLogout="true"', bindings=POST)
    metadata = first.browser().get(first.base + "/samlmetadata")
    assert metadata.headers["Content-Type"] == "application/samlmetadata+xml" and valid(metadata.body)
    with pytest.raises(Exception):
        valid(metadata.body.replace(b"AssertionConsumerService", b"AssertionConsumer"))
    for more in ({"includeX509InSPMetadata": "false"}, {"nameIDFormat": "customize", "customizeNameIDFormat": "urn:x:&lt;&amp;"},
                 {"wantAssertionsSigned": "false", "authnRequestsSigned": "false"}):
        assert valid(change(first, **more).browser().get(first.base + "/samlmetadata").body), more
    change(first, authnRequestsSigned="true")
    browser = first.browser()
    to, fields, document = posted(browser.get(first.page))
    assert valid(document) and b"SignatureValue" in document
    to, fields = page_form(browser.get(to, fields))
    browser.get(*page_form(browser.get(to, {**fields, "login": "fred"})))
    _, _, document = posted(browser.get(first.base + "/logout"))
    assert valid(document) and b"LogoutRequest" in document
    _, _, document = posted(Told(first, browser, "post").bring(), "SAMLResponse")
    assert valid(document) and b"LogoutResponse" in document


def test_our_metadata_need_https_as_all_of_it(site):
    strict = site(manager='requireSecure="false"')
    plain = f"http://localhost:{strict.server.http}/ibm/saml20/sp"
    assert strict.browser().get(plain + "/samlmetadata").status == 403
    assert strict.browser().get(plain + "/slo?SAMLRequest=x").status == 401 and "httpsRequired" in strict.server.log()
    change(strict, httpsRequired="false")
    assert strict.browser().get(plain + "/samlmetadata").status == 200


# ---- metadata of the provider


def key_changed(site, *signers):
    metadata = site.provider.directory / "idp.xml"
    tree = etree.fromstring(metadata.read_bytes())
    role = tree.find("{*}IDPSSODescriptor")
    keys = role.findall("{*}KeyDescriptor")
    pattern = etree.tostring(keys[0])
    for each in keys:
        role.remove(each)
    for pair in reversed(signers):
        key = etree.fromstring(pattern)
        key.find(f".//{{{DSIG}}}X509Certificate").text = pair.text()
        role.insert(0, key)
    metadata.write_bytes(etree.tostring(tree))
    return metadata


def test_a_provider_changes_its_key_while_the_server_runs(site, signer, tmp_path):
    site = site()
    after = Signer(tmp_path, "after")
    browser, _ = site.log_in()
    for trusted, expected in (((signer,), (True, False)), ((signer, after), (True, True)), ((after,), (False, True))):
        key_changed(site, *trusted)
        assert site.server.command("refresh").returncode == 0
        for pair, good in zip((signer, after), expected):
            other, fields = answer_with(site, pair)
            assert other.get(site.acs, fields).status == (302 if good else 401), (len(trusted), pair.certificate.subject)
    assert browser.get(site.page).status == 200  # who was logged in stays so


def test_changed_metadata_are_noticed_and_broken_ones_refused(site, signer, tmp_path):
    """Without refresh: `polled` is the default of config updateTrigger."""
    site = site()
    after = Signer(tmp_path, "after")
    metadata = key_changed(site, after)

    def taken():
        browser, fields = answer_with(site, after)
        return browser.get(site.acs, fields).status == 302

    wait_until(taken, "the changed metadata to be noticed", 60)
    good = metadata.read_bytes()
    metadata.write_bytes(good.replace(b"IDPSSODescriptor", b"SPSSODescriptor"))
    done = site.server.command("refresh")
    assert done.returncode != 0 and "IDPSSODescriptor" in done.stdout + done.stderr
    assert taken()
    metadata.write_bytes(good)
    assert site.server.command("refresh").returncode == 0 and taken()


# ---- several providers


def test_several_providers_stand_beside_each_other(site, signer, own, tmp_path):
    """Two elements with filters: each asks its own provider, and takes nothing of the other's."""
    (port,) = free_ports(1)
    directory = tmp_path / "second"
    directory.mkdir()
    other_key = Signer(directory, "second")
    other_issuer = "https://second.example.org/saml"
    provider = HttpProvider(directory, other_key, port, entity=other_issuer)
    try:
        (directory / "idp.xml").write_bytes(provider.metadata())
        beside = f'''<authFilter id="one"><requestUrl id="u1" urlPattern="a=1" matchType="contains"/></authFilter>
          <authFilter id="two"><requestUrl id="u2" urlPattern="a=2" matchType="contains"/></authFilter>
          <samlWebSso20 id="other" keyStoreRef="spKeys" idpMetadata="{directory / "idp.xml"}" {FRED} authFilterRef="two"
            spHostAndPort="https://host.invalid"/>'''
        first = site(FRED + ' authFilterRef="one"', beside=beside)
        path = first.server.directory / "server.xml"
        path.write_text(path.read_text().replace("https://host.invalid", first.home))
        assert first.server.command("refresh").returncode == 0
        second = Site(first.server, provider, first.authority)
        second.page, second.base = f"{first.home}/look/at?a=2", f"{first.home}/ibm/saml20/other"
        second.acs = second.base + "/acs"
        provider.know(second.browser().get(second.base + "/samlmetadata").body)
        for each in (first, second):
            browser, back = each.log_in()
            assert back.location == each.page and browser.get(each.page).json["Area"]["More"] == "DONE"
            assert [cookie.name for cookie in browser.cookies("SallyportSaml_")] == ["SallyportSaml_" + each.base.rsplit("/", 1)[1]]
        # What one provider says counts for the other element nowhere: neither its key nor its name nor an answer to the other.
        for key, issuer, reason in ((signer, ISSUER, "not trusted"), (signer, other_issuer, "not trusted"), (other_key, ISSUER, "trustedIssuers")):
            browser = second.browser()
            request_id, state = begin(second, browser)
            root = saml.login_response(second, request_id, key, issuer=issuer)
            assert refused(second, browser, {"SAMLResponse": encoded(root), "RelayState": state}, reason), (issuer, reason)
        browser = second.browser()
        request_id, state = begin(second, browser)
        root = saml.login_response(second, request_id, other_key, issuer=other_issuer)
        root.find(f"{{{saml.SAML}}}Issuer").text = other_issuer
        answer = browser.get(first.acs, {"SAMLResponse": encoded(root), "RelayState": state})
        assert answer.status == 401 and not browser.cookies("SallyportSaml_")
        # A logout by one provider is none of the other's users.
        browser, _ = second.log_in()
        assert second.browser().get(second.base + "/slo", {"SAMLRequest": encoded(sign(logout_request(second), signer))}).status == 401
        assert Told(first, first.browser(), "redirect").bring().status == 302
        assert browser.get(second.page).json["Area"]["More"] == "DONE"
    finally:
        provider.stop()


# ---- how long


def test_a_session_may_end_before_that_of_the_provider_does(site):
    """reAuthnCushion counts from SessionNotOnOrAfter too, when that comes before the end of the conditions."""
    at = saml.datetime.datetime.now(saml.datetime.timezone.utc) + saml.datetime.timedelta(seconds=300)
    ends = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    for more, seen in (('reAuthnOnAssertionExpire="true" reAuthnCushion="10m"', False), ('reAuthnOnAssertionExpire="true" reAuthnCushion="1m"', True),
                       ('reAuthnOnAssertionExpire="false" reAuthnCushion="10m"', True)):
        each = site(FRED + " " + more)
        each.provider.behave(lifetime=3600, session_end=ends)
        browser, back = each.log_in()
        assert back.status == (302 if seen else 401) and bool(browser.cookies("SallyportSaml_")) is seen, more
        assert ("reAuthnCushion" in each.server.log()) is not seen


# ---- for whom, and where to


def test_any_audience_is_our_own_name_in_a_browser(site, signer):
    """With spHostAndPort; an assertion that was made for somebody else must not count here."""
    site = site(FRED + ' audiences="ANY"')
    assert logs_in(site, signer)
    for audience in ("https://other.example", site.base + "/", site.home):
        browser, fields = answer_with(site, signer, audience=audience)
        assert refused(site, browser, fields, "audience"), audience
    change(site, audiences="https://one.example,https://two.example")
    for audience, expected in (("https://one.example", 302), ("https://two.example", 302), (site.base, 401)):
        browser, fields = answer_with(site, signer, audience=audience)
        assert browser.get(site.acs, fields).status == expected, audience


@pytest.mark.parametrize("forgets", ["true", "false"])
def test_where_a_login_leads_that_the_provider_began(site, forgets):
    site = site(FRED + f' disableInitialRequestCookie="{forgets}" targetPageUrl="/look/at?a=7" loginPageURL="http://127.0.0.1:9/login"')
    # Nobody asked for a page: the usual one, or that of the relay state.
    assert site.start(site.browser()).location == f"{site.home}/look/at?a=7"
    assert site.start(site.browser(), "/look/at?a=8").location == f"{site.home}/look/at?a=8"
    # A page was asked for before: it is kept in a cookie, or it is not.
    browser = site.browser()
    assert browser.get(site.page).location == "http://127.0.0.1:9/login"
    assert bool(browser.cookies("SallyportSamlTarget_")) is (forgets == "false")
    back = site.start(browser)
    assert back.location == (f"{site.home}/look/at?a=7" if forgets == "true" else site.page)
    assert browser.get(site.page).json["Area"]["More"] == "DONE"


def test_an_encrypted_and_posted_way_works_whole(site, own):
    """All that a provider of the original's users may want at once."""
    site = site(FRED + ' spLogout="true" wantAssertionsSigned="true" forceAuthn="true"', bindings=POST)
    site.provider.behave(encrypt="aes256-gcm", alone=True, sign_response=True)
    browser = site.browser()
    to, fields = page_form(browser.get(*page_form(browser.get(site.page))))
    back = browser.get(*page_form(browser.get(to, {**fields, "login": "fred"})))
    assert back.location == site.page and browser.get(site.page).json["Area"]["More"] == "DONE"
    answered = page_form(browser.get(*page_form(browser.get(site.base + "/logout"))))
    assert browser.get(*answered).status == 302 and b"DONE" not in browser.get(site.page).body
