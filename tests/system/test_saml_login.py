"""Logins in a browser with a real SAML identity provider: request, response, session, logout, and what is refused."""
import base64
import copy
import datetime
import urllib.parse

import pytest
from lxml import etree

import saml
from saml import DSIG, ISSUER, PROTOCOL, SAML, Signer, page_form, sign
from saml_site import (ELEMENT, FRED, METADATA, answer_with, begin, encoded, logs_in, make_gateway, make_region,  # noqa: F401
                       own, refused, request_of, signer, site)  # (fixtures among them)

# ---- the way in


def test_a_browser_logs_in_and_stays_logged_in(site):
    site = site()
    browser = site.browser()
    asked = browser.get(site.page)
    assert asked.status == 302 and asked.location.startswith(site.provider.home + "/sso?")
    request, query = request_of(asked.location)
    assert request.get("AssertionConsumerServiceURL") == site.acs
    assert request.findtext(f"{{{SAML}}}Issuer") == site.base
    assert query["SigAlg"].endswith("#rsa-sha256") and len(query["RelayState"]) <= 80
    (state,) = browser.cookies("SallyportSamlLogin_")
    assert state.secure and state.path == "/ibm/saml20/sp/acs" and state.get_nonstandard_attr("SameSite") == "None"
    assert query["RelayState"] not in state.value and request.get("ID") not in state.value
    to, fields = page_form(browser.get(asked.location))
    to, fields = page_form(browser.get(to, {**fields, "login": "fred"}))
    logged_in = browser.get(to, fields)
    assert logged_in.status == 302 and logged_in.location == site.page
    assert not browser.cookies("SallyportSamlLogin_")
    (session,) = browser.cookies("SallyportSaml_sp")
    assert session.secure and session.has_nonstandard_attr("HttpOnly") and session.get_nonstandard_attr("SameSite") == "Lax"
    page = browser.get(site.page)
    assert page.status == 200 and page.json["Area"]["More"] == "DONE"
    # The response is of no use a second time, nor in another browser.
    for each in (browser, site.browser()):
        answer = each.get(to, fields)
        assert answer.status == 401
    assert browser.get(site.page).status == 200


def test_chromium_logs_in(site, tmp_path):
    from chromium import Chromium  # pylint: disable=import-outside-toplevel
    from conftest import wait_until  # pylint: disable=import-outside-toplevel
    site = site()
    (tmp_path / "browser").mkdir()
    browser = Chromium(tmp_path / "browser")
    try:
        browser.go(site.page)
        assert browser.url.startswith(site.provider.home + "/sso?")
        browser.type("input[name=login]", "fred")
        browser.press("button")
        wait_until(lambda: browser.url == site.page, "the way back")
        assert "DONE" in browser.text
        cookies = browser.cookies()
        assert cookies["SallyportSaml_sp"]["httpOnly"] and cookies["SallyportSaml_sp"]["sameSite"] == "Lax"
        browser.go(f"{site.base}/logout")
        browser.go(site.page)
        assert browser.url.startswith(site.provider.home + "/sso?")
    finally:
        browser.close()


def test_api_callers_are_told_rather_than_sent_away(site):
    site = site()
    assert site.browser().get(site.page, **{"Sec-Fetch-Mode": "cors"}).status == 401
    assert site.browser().get(site.page, **{"X-Requested-With": "XMLHttpRequest"}).status == 401
    assert site.server.call("POST", "/bad/do", [("Content-Type", "application/json")], b"{}").status == 401
    basic = "Basic " + base64.b64encode(b"fred:fred secret").decode()
    assert site.browser().get(site.page, Authorization=basic).status == 200


def test_a_filter_says_who_is_sent_to_the_provider(site):
    site = site(FRED + ' authFilterRef="pages"',
                beside='<authFilter id="pages"><requestUrl id="u" urlPattern="/look" matchType="contains"/></authFilter>')
    assert site.browser().get(site.page).status == 302
    assert site.browser().get(f"{site.home}/zosConnect/apis").status == 401
    browser, back = site.log_in()
    assert back.location == site.page and browser.get(site.page).status == 200


# ---- the request


def test_a_request_says_what_the_configuration_says(site):
    site = site(FRED + ' forceAuthn="true" isPassive="true" allowCreate="false" nameIDFormat="persistent" '
                'authnContextClassRef="urn:one,urn:two" authnContextComparisonType="minimum" signatureMethodAlgorithm="SHA512"')
    request, query = request_of(site.browser().get(site.page).location)
    assert (request.get("ForceAuthn"), request.get("IsPassive")) == ("true", "true")
    policy = request.find(f"{{{PROTOCOL}}}NameIDPolicy")
    assert (policy.get("AllowCreate"), policy.get("Format")) == ("false", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
    context = request.find(f"{{{PROTOCOL}}}RequestedAuthnContext")
    assert context.get("Comparison") == "minimum" and [each.text for each in context] == ["urn:one", "urn:two"]
    assert query["SigAlg"].endswith("#rsa-sha512")
    metadata = etree.fromstring(site.browser().get(site.base + "/samlmetadata").body)
    assert metadata.findtext(f".//{METADATA}NameIDFormat") == policy.get("Format")


def test_a_request_need_not_be_signed_and_its_defaults_are_few(site):
    site = site(FRED + ' authnRequestsSigned="false" nameIDFormat="customize" customizeNameIDFormat="urn:x"')
    request, query = request_of(site.browser().get(site.page).location)
    assert sorted(query) == ["RelayState", "SAMLRequest"]
    assert [request.get(name) for name in ("ForceAuthn", "IsPassive")] == [None, None]
    policy = request.find(f"{{{PROTOCOL}}}NameIDPolicy")
    assert policy.get("Format") == "urn:x" and policy.get("AllowCreate") is None
    assert request.find(f"{{{PROTOCOL}}}RequestedAuthnContext") is None
    site.provider.behave(unsigned=True)
    assert site.log_in()[1].location == site.page


def test_our_metadata_describe_us(site, own):
    first = site()
    metadata = etree.fromstring(first.browser().get(first.base + "/samlmetadata").body)
    assert metadata.get("entityID") == first.base
    service = metadata.find(f"{METADATA}SPSSODescriptor")
    assert (service.get("AuthnRequestsSigned"), service.get("WantAssertionsSigned")) == ("true", "true")
    assert [each.get("use") for each in service.findall(f"{METADATA}KeyDescriptor")] == ["signing", "encryption"]
    assert {each.text for each in service.iter(f"{{{DSIG}}}X509Certificate")} == {own.text()}
    methods = [[method.get("Algorithm").rsplit("#", 1)[1] for method in each.iter(f"{METADATA}EncryptionMethod")]
               for each in service.findall(f"{METADATA}KeyDescriptor")]
    assert methods == [[], ["aes256-gcm", "aes128-gcm", "aes256-cbc", "aes128-cbc", "rsa-oaep-mgf1p"]]
    assert service.find(f"{METADATA}AssertionConsumerService").get("Location") == first.acs
    assert [(each.get("Binding").rsplit(":", 1)[1], each.get("Location")) for each in service.iter(f"{METADATA}SingleLogoutService")] == [
        ("HTTP-Redirect", first.base + "/slo"), ("HTTP-POST", first.base + "/slo")]
    second = site(FRED + ' includeX509InSPMetadata="false" wantAssertionsSigned="false"')
    metadata = etree.fromstring(second.browser().get(second.base + "/samlmetadata").body)
    assert metadata.find(f".//{METADATA}KeyDescriptor") is None
    assert metadata.find(f".//{METADATA}SPSSODescriptor").get("WantAssertionsSigned") == "false"


def test_own_urls_know_their_methods(site):
    site = site()
    for method, path, allowed in [("GET", "/acs", "POST"), ("PUT", "/acs", "POST"), ("POST", "/samlmetadata", "GET"),
                                  ("DELETE", "/logout", "GET, POST")]:
        answer = site.server.call(method, "/ibm/saml20/sp" + path, [], b"" if method != "GET" else None)
        assert answer.status == 405 and answer.header("Allow") == allowed, (method, path)


# ---- the response


def test_assertion_or_response_is_signed(site, signer):
    strict, mild = site(), site(FRED + ' wantAssertionsSigned="false"')
    for signed in ("assertion", "both"):
        assert logs_in(strict, signer, signed=signed), signed
    for signed in ("assertion", "both", "response"):
        assert logs_in(mild, signer, signed=signed), signed
    for each, signed, reason in [(strict, "response", "Assertion is not signed"), (strict, "", "Assertion is not signed"),
                                 (mild, "", "neither it nor the assertion")]:
        browser, fields = answer_with(each, signer, signed=signed)
        refused(each, browser, fields, reason)


def test_what_a_response_says_is_checked(site, signer, tmp_path):
    site = site()
    window = '<saml:Conditions {}>' + f'<saml:AudienceRestriction><saml:Audience>{site.base}</saml:Audience></saml:AudienceRestriction>' \
             '</saml:Conditions>'
    recipient = f'Recipient="{site.acs}" '
    cases = {
        "another destination": ({"destination": "https://other.example/acs"}, "Destination"),
        "signed without destination": ({"destination": "", "signed": "both"}, "Destination"),
        "the answer to another request": ({"answers": "_other"}, "InResponseTo"),
        "the answer to nothing": ({"answers": ""}, "InResponseTo"),
        "another recipient": ({"data": f'NotOnOrAfter="{saml.stamp(300)}" Recipient="https://other.example/acs"'}, "recipient"),
        "no recipient": ({"data": f'NotOnOrAfter="{saml.stamp(300)}"'}, "recipient"),
        "no InResponseTo inside": ({"data": recipient + f'NotOnOrAfter="{saml.stamp(300)}"'}, "does not answer"),
        "another InResponseTo inside": ({"data": recipient + f'InResponseTo="_x" NotOnOrAfter="{saml.stamp(300)}"'}, "does not answer"),
        "no end": ({"data": recipient + 'InResponseTo="@ID@"'}, "NotOnOrAfter"),
        "not before": ({"data": recipient + f'InResponseTo="@ID@" NotBefore="{saml.stamp(0)}" NotOnOrAfter="{saml.stamp(300)}"'},
                       "has NotBefore"),
        "late delivery": ({"data": recipient + f'InResponseTo="@ID@" '
                                   f'NotOnOrAfter="{saml.stamp(-400)}"'}, "has ended"),
        "expired": ({"conditions": window.format(f'NotOnOrAfter="{saml.stamp(-400)}"')}, "has ended"),
        "early": ({"conditions": window.format(f'NotBefore="{saml.stamp(400)}"')}, "not valid yet"),
        "another audience": ({"audience": "https://other.example"}, "audience"),
        "no audience": ({"conditions": "<saml:Conditions/>"}, "audience"),
        "another issuer": ({"issuer": "https://other.example"}, "trustedIssuers"),
        "no success": ({"status": "Responder"}, "did not log the user in: Responder"),
        "two assertions": ({"more": [sign(saml.assertion(), signer)]}, "twice"),
        "an assertion and an encrypted one": ({"more": [etree.Element(f"{{{SAML}}}EncryptedAssertion")]}, "exactly one assertion"),
        "extensions": ({"more": [etree.Element(f"{{{PROTOCOL}}}Extensions")]}, "something else"),
        "a stranger": (None, "not trusted"),
    }
    stranger = Signer(tmp_path, "stranger")
    for name, (options, reason) in cases.items():
        browser, fields = answer_with(site, signer if options is not None else stranger, **(options or {}))
        assert refused(site, browser, fields, reason), name
    assert logs_in(site, signer)
    assert "fred" not in site.browser().get(site.acs, {"SAMLResponse": "x"}).body.decode()


def test_signature_wrapping_is_refused(site, signer):
    site = site(FRED + ' wantAssertionsSigned="false"')

    def evil(good):
        bad = copy.deepcopy(good)
        bad.set("ID", "_evil")
        bad.find(f".//{{{SAML}}}NameID").text = "mary"
        for each in bad.findall(f"{{{DSIG}}}Signature"):
            bad.remove(each)
        return bad

    def wrap(number, root):
        """Variants 1 to 8 of "On Breaking SAML": 1 and 2 wrap a response that is signed, the others an assertion."""
        good = root.find(f"{{{SAML}}}Assertion")
        signature = (root if number < 3 else good).find(f"{{{DSIG}}}Signature")
        if number < 3:
            original, outer = copy.deepcopy(root), root
            original.remove(original.find(f"{{{DSIG}}}Signature"))
            outer.set("ID", "_evil_response")
            outer.replace(good, evil(good))
            if number == 1:
                signature.append(original)
            else:
                outer.insert(1, original)
            return outer
        bad = evil(good)
        if number == 3:
            root.insert(list(root).index(good), bad)
        elif number == 4:
            root.replace(good, bad)
            bad.append(good)
        elif number == 5:
            root.replace(good, bad)
            good.remove(signature)
            bad.insert(1, signature)
            root.append(good)
        elif number == 6:
            root.replace(good, bad)
            good.remove(signature)
            bad.insert(1, signature)
            signature.append(good)
        elif number == 7:
            extensions = etree.Element(f"{{{PROTOCOL}}}Extensions")
            root.insert(1, extensions)
            root.replace(good, bad)
            extensions.append(good)
        else:
            root.replace(good, bad)
            good.remove(signature)
            bad.insert(1, signature)
            etree.SubElement(signature, f"{{{DSIG}}}Object").append(good)
        return root

    for number in range(1, 9):
        browser = site.browser()
        request_id, state = begin(site, browser)
        root = saml.login_response(site, request_id, signer, signed="response" if number < 3 else "assertion")
        fields = {"SAMLResponse": encoded(wrap(number, root)), "RelayState": state}
        assert refused(site, browser, fields, "SAML"), f"XSW{number}"


def test_documents_that_deceive_readers_are_refused(site, signer):
    site = site()

    def changed(browser, change, **options):
        request_id, state = begin(site, browser)
        text = change(etree.tostring(saml.login_response(site, request_id, signer, **options)))
        return {"SAMLResponse": encoded(text), "RelayState": state}

    entity = b'<!DOCTYPE x [<!ENTITY who "mary">]>'
    for name, change, reason, options in [
            ("DTD", lambda text: entity + text, "document type", {}),
            ("processing instruction", lambda text: text.replace(b"<saml:Subject>", b"<?x y?><saml:Subject>"), "instructions", {}),
            ("two signatures", lambda text: text.replace(b"</saml:Assertion>", b'<x:Signature xmlns:x="' + DSIG.encode() +
                                                         b'"/></saml:Assertion>'), "another signature", {}),
            ("tampered", lambda text: text.replace(b">fred<", b">mary<"), "does not fit", {}),
            ("tampered response", lambda text: text.replace(b">fred<", b">mary<"), "does not fit", {"signed": "both"}),
            ("not UTF-8", lambda text: text.replace(b">fred<", b">fr\xffed<"), "", {})]:
        browser = site.browser()
        before = len(site.server.log())
        answer = browser.get(site.acs, changed(browser, change, **options))
        assert answer.status == 401 and reason in site.logged(before), (name, site.logged(before))
    # A comment does not cut a name: it is fredadm still, whom the registry does not know.
    browser = site.browser()
    fields = changed(browser, lambda text: text.replace(b">fredadm</saml:NameID>", b">fred<!---->adm</saml:NameID>"), name_id="fredadm")
    assert browser.get(site.acs, fields).status == 403 and "fredadm is not in the basic registry" in site.server.log()


def test_weak_signatures_are_a_matter_of_policy(site, signer):
    for policy, expected in (("SHA256", False), ("SHA1", True)):
        each = site(FRED + f' signatureMethodAlgorithm="{policy}"')
        browser = each.browser()
        request_id, state = begin(each, browser)
        root = saml.login_response(each, request_id, signer, signed="")
        sign(root.find(f"{{{SAML}}}Assertion"), signer, method="rsa-sha1", digest=DSIG + "sha1")
        fields = {"SAMLResponse": encoded(root), "RelayState": state}
        if expected:
            assert browser.get(each.acs, fields).status == 302
        else:
            assert refused(each, browser, fields, "signatureMethodAlgorithm")


def test_forms_that_are_none_are_told(site, signer):
    site = site()
    browser, fields = answer_with(site, signer)
    body = urllib.parse.urlencode(fields)
    form = ("Content-Type", "application/x-www-form-urlencoded")
    cookies = ("Cookie", "; ".join(f"{each.name}={each.value}" for each in browser.cookies("SallyportSamlLogin_")))

    def post(text, *headers):
        return site.server.call("POST", "/ibm/saml20/sp/acs", [cookies, *headers], text.encode()).status

    assert post(body, ("Content-Type", "text/plain")) == 400
    assert post(body + "&SAMLResponse=x", form) == 400
    assert post("RelayState=x", form) == 400
    assert post("SAMLResponse=%zz", form) == 400
    assert post("SAMLResponse=" + "A" * 420_000, form) in (400, 401, 413)
    # Lines of 76 characters, as some providers write base64.
    lines = base64.encodebytes(base64.b64decode(fields["SAMLResponse"])).decode()
    assert post(urllib.parse.urlencode({**fields, "SAMLResponse": lines}), form) == 302


def test_a_login_is_this_browsers_and_takes_no_longer_than_it_may(site, signer):
    site = site(FRED + ' authnRequestTime="2s"')
    mine, fields = answer_with(site, signer)
    other, _ = answer_with(site, signer)
    refused(site, other, fields, "did not make")  # another browser has the response, but not the cookie
    other, theirs = answer_with(site, signer)
    refused(site, other, {**fields, "RelayState": theirs["RelayState"]}, "InResponseTo")
    (cookie,) = mine.cookies("SallyportSamlLogin_")
    import time  # pylint: disable=import-outside-toplevel
    time.sleep(2.1)
    late = site.browser().get(site.acs, fields, Cookie=f"{cookie.name}={cookie.value}")
    assert late.status == 401 and b"took too long" in late.body and "authnRequestTime" in site.server.log()


def test_an_assertion_is_used_once(site, signer):
    site = site(FRED + ' tokenReplayTimeout="1h"')
    browser = site.browser()
    inner = sign(saml.assertion(audience=site.base, data=f'Recipient="{site.acs}" NotOnOrAfter="{saml.stamp(300)}"'), signer)
    root = saml.response(inner)
    root.insert(0, etree.fromstring(f'<p:Status xmlns:p="{PROTOCOL}"><p:StatusCode '
                                    'Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>'))
    fields = {"SAMLResponse": encoded(root)}
    assert browser.get(site.acs, fields).status == 302
    for _ in range(6):  # whichever worker is asked
        refused(site, site.browser(), fields, "used before")


# ---- encrypted


@pytest.mark.parametrize("content", ["aes128-cbc", "aes256-cbc", "aes128-gcm", "aes256-gcm"])
def test_the_provider_may_encrypt(site, content):
    site = site()
    for alone in (True, False):
        for signed in (True, False):
            site.provider.behave(encrypt=content, alone=alone, sign_response=signed)
            browser, back = site.log_in()
            if alone or not signed:
                assert back.status == 302 and browser.get(site.page).status == 200, (content, alone, signed)
            else:  # prefixes of what was encrypted are declared where no signature says it
                assert back.status == 401 and "cannot be decrypted" in site.server.log()


def test_weak_encryption_is_refused(site):
    site = site()
    for behaviour, reason in [({"encrypt": "default"}, "AES"),
                              ({"encrypt": "aes256-cbc", "transport": "http://www.w3.org/2001/04/xmlenc#rsa-1_5"}, "RSA-OAEP")]:
        site.provider.behave(**behaviour)
        browser = site.browser()
        assert refused(site, browser, site.response(browser), reason)


def test_what_was_encrypted_is_checked_as_any_assertion(site, signer, own):
    site = site()

    def sealed(**options):
        return lambda inner: saml.encrypt(inner, own.certificate, **options)

    assert logs_in(site, signer, encrypt=sealed())
    assert logs_in(site, signer, encrypt=sealed(beside=True, wrap="oaep-sha256", content="aes192-cbc"))
    for options, reason in [({"encrypt": sealed(), "signed": ""}, "not signed"),
                            ({"encrypt": sealed(), "audience": "https://other.example"}, "audience"),
                            ({"encrypt": sealed(change=lambda text: text[:-1] + bytes([text[-1] ^ 1]))}, "cannot be decrypted"),
                            ({"encrypt": sealed(clear=b"<x/>")}, "cannot be decrypted"),
                            ({"encrypt": sealed(clear=b"</context><context>")}, "cannot be decrypted"),
                            ({"encrypt": sealed(keys=5, change=lambda text: text[:40])}, "cannot be decrypted"),
                            ({"encrypt": lambda inner: saml.encrypt(inner, signer.certificate)}, "cannot be decrypted")]:
        browser, fields = answer_with(site, signer, **options)
        assert refused(site, browser, fields, reason), reason


# ---- the provider begins


def test_the_provider_may_begin(site):
    site = site(FRED + ' targetPageUrl="/look/at"')
    for state, target in [("", f"{site.home}/look/at"), (site.page, site.page), ("/look/at?a=2", f"{site.home}/look/at?a=2"),
                          ("https://evil.example/", f"{site.home}/look/at"), ("//evil.example/", f"{site.home}/look/at"),
                          (site.home + ".evil.example/", f"{site.home}/look/at"), (site.home + "//evil.example/", f"{site.home}/look/at"),
                          ("/\\evil.example/", f"{site.home}/look/at"), (site.home + "@evil.example/", f"{site.home}/look/at")]:
        browser = site.browser()
        back = site.start(browser, state)
        assert back.status == 302 and back.location == target, state
        assert browser.get(site.page).status == 200


def test_the_relay_state_need_not_count_and_the_provider_need_not_begin(site):
    plain = site(FRED + ' useRelayStateForTarget="false"')
    assert plain.start(plain.browser(), plain.page).location == plain.home + "/"
    closed = site(FRED + ' sallyport_unsolicitedResponses="false"')
    browser = closed.browser()
    assert closed.start(browser).status == 401 and "sallyport_unsolicitedResponses" in closed.server.log()
    assert closed.log_in()[1].location == closed.page


def test_a_page_of_the_provider_may_be_where_it_begins(site):
    site = site(FRED + ' loginPageURL="http://127.0.0.1:9/login?x=1"')
    browser = site.browser()
    assert browser.get(site.page).location == "http://127.0.0.1:9/login?x=1"
    back = site.start(browser)
    assert back.status == 302 and back.location == site.page
    assert not browser.cookies("SallyportSamlTarget_")
    assert site.start(site.browser()).location == site.home + "/"


def test_the_page_that_was_asked_for_need_not_be_kept(site):
    site = site(FRED + ' disableInitialRequestCookie="true" targetPageUrl="/look/at"')
    assert site.log_in()[1].location == site.home + "/look/at"


def test_a_failure_may_have_a_page_of_its_own(site):
    site = site(FRED + ' errorPageURL="https://help.example/login"')
    browser = site.browser()
    site.provider.behave(status="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed")
    answer = browser.get(site.acs, site.response(browser))
    assert answer.status == 302 and answer.location == "https://help.example/login"
    assert "did not log the user in: AuthnFailed" in site.server.log()


# ---- the session


def soon(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ends(site, browser, seconds):
    from conftest import wait_until  # pylint: disable=import-outside-toplevel
    assert browser.get(site.page).status == 200
    wait_until(lambda: browser.get(site.page).status == 302, "the session to end", seconds)
    return True


def test_a_session_ends_when_the_provider_or_the_configuration_says(site):
    by_provider = site(FRED + ' clockSkew="0s"')
    by_provider.provider.behave(session_end=soon(4))
    assert ends(by_provider, by_provider.log_in()[0], 8)
    by_configuration = site(FRED + ' sessionNotOnOrAfter="3s"')
    assert ends(by_configuration, by_configuration.log_in()[0], 8)


def test_a_session_may_end_with_its_assertion(site):
    mine = site(FRED + ' reAuthnOnAssertionExpire="true" reAuthnCushion="297s"')
    assert ends(mine, mine.log_in()[0], 8)  # of 300 s
    over = site(FRED + ' reAuthnOnAssertionExpire="true" reAuthnCushion="10m"')
    assert over.log_in()[1].status == 401 and "reAuthnCushion" in over.server.log()
    kept = site(FRED + ' reAuthnCushion="10m"')
    assert kept.log_in()[0].get(kept.page).status == 200


def test_each_login_is_another_session_with_a_name_of_choice(site):
    site = site(FRED + ' spCookieName="portal"')
    browser, _ = site.log_in()
    (first,) = browser.cookies("portal")
    browser.jar.clear(first.domain, first.path, first.name)
    site.log_in(browser=browser)
    (second,) = browser.cookies("portal")
    assert first.value != second.value


def test_another_site_cannot_use_the_session_to_change_something(site):
    site = site()
    browser, _ = site.log_in()
    (session,) = browser.cookies("SallyportSaml_sp")
    headers = [("Cookie", f"{session.name}={session.value}"), ("Content-Type", "application/json")]
    body = b'{"Area":{"What":"NOTHING","Seconds":0}}'
    assert site.server.call("POST", "/bad/do", headers, body).status == 200
    assert site.server.call("POST", "/bad/do", [*headers, ("Sec-Fetch-Site", "cross-site")], body).status == 401


def test_a_logout_ends_the_session_for_whoever_has_its_cookie(site):
    site = site(FRED + ' postLogoutRedirectUrl="https://www.example/bye"')
    browser, _ = site.log_in()
    (session,) = browser.cookies("SallyportSaml_sp")
    assert browser.get(site.base + "/logout", **{"Sec-Fetch-Site": "cross-site"}).status == 403
    assert browser.get(site.page).status == 200
    away = browser.get(site.base + "/logout")
    assert away.status == 302 and away.location == "https://www.example/bye" and not browser.cookies("SallyportSaml_")
    assert site.browser().get(site.page, Cookie=f"{session.name}={session.value}").status == 302


# ---- who it is


def test_groups_of_the_assertion_decide(site):
    site = site("", manager='requireAuth="true" sallyport_claimedNames="true"')
    site.provider.behave(groups=["STAFF", "GMINVOKE"])
    browser, _ = site.log_in("alice@example.org")
    page = browser.get(site.page)
    assert page.status == 403 and b"AuthorizationFailed" not in page.body  # no user id in the region: that comes of RACMAP
    site.provider.behave(groups=["OTHERS"])
    assert b"AuthorizationFailed" in site.log_in("alice@example.org")[0].get(site.page).body


def test_groups_may_have_to_be_of_the_registry(site):
    beside = ('<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess"><group name="STAFF"/>'
              '<group name="outside"/></security-role></authorization-roles>')
    taken = site("", beside=beside, manager='sallyport_claimedNames="true"')
    mapped = site('mapToUserRegistry="Group"', beside=beside)
    for each, expected in ((taken, False), (mapped, True)):
        each.provider.behave(groups=["outside", "GMINVOKE"])
        body = each.log_in("alice@example.org")[0].get(each.page).body
        assert (b"AuthorizationFailed" in body) is expected, each.base  # "outside" is no group of the registry
        each.provider.behave(groups=["STAFF", "GMINVOKE"])
        assert b"AuthorizationFailed" not in each.log_in("alice@example.org")[0].get(each.page).body


def test_a_user_whom_the_registry_does_not_know_has_no_session(site):
    site = site()
    browser, back = site.log_in("stranger")
    assert back.status == 403 and not browser.cookies("SallyportSaml_")


def test_the_session_may_be_an_ltpa_cookie(site):
    ltpa = '<ltpa keysPassword="ltpa password" expiration="30m"/>'
    site = site(FRED + ' disableLtpaCookie="false"', beside=ltpa, prepare=("key", "--ltpa"))
    browser, back = site.log_in()
    assert back.location == site.page and browser.cookies("LtpaToken2") and not browser.cookies("SallyportSaml_")
    assert browser.get(site.page).status == 200
    browser.get(site.base + "/logout")
    assert not browser.cookies("LtpaToken2") and browser.get(site.page).status == 302


# ---- trust, addresses, mistakes


def test_pkix_may_say_whom_to_trust(site, signer, tmp_path):
    stranger = Signer(tmp_path, "pkix")
    inside = f'<pkixTrustEngine trustedIssuers="{ISSUER}"><x509Certificate path="{stranger.certificate_file}"/></pkixTrustEngine>'
    site = site(inside=inside)
    assert logs_in(site, stranger)
    browser, fields = answer_with(site, signer)
    assert refused(site, browser, fields, "not trusted")


def test_plain_http_is_refused_unless_it_is_wanted(site):
    strict = site(manager='requireSecure="false"')
    page = f"http://localhost:{strict.server.http}/look/at"
    assert strict.browser().get(page).status == 403 and "httpsRequired" in strict.server.log()
    assert strict.browser().get(f"http://localhost:{strict.server.http}/ibm/saml20/sp/acs", {"SAMLResponse": "x"}).status == 401


def test_plain_http_can_be_wanted(site):
    site = site(FRED + ' httpsRequired="false" audiences="https://me.example"', where="", manager='requireSecure="false"')
    request, _ = request_of(site.browser().get(f"http://localhost:{site.server.http}/look/at").location)
    assert request.get("AssertionConsumerServiceURL") == f"http://localhost:{site.server.http}/ibm/saml20/sp/acs"


def test_audiences_may_name_us_otherwise(site, signer):
    site = site(FRED + ' audiences="https://me.example"', where="")
    assert logs_in(site, signer, audience="https://me.example")
    browser, fields = answer_with(site, signer)
    assert refused(site, browser, fields, "audience")


@pytest.mark.parametrize("where, more, told", [
    ("", "", "spHostAndPort"), ('spHostAndPort="https://a b"', "", "spHostAndPort"),
    ('spHostAndPort="http://localhost"', "", "spHostAndPort"),
    ('spHostAndPort="a"', 'nameIDFormat="customize"', "customizeNameIDFormat"),
    ('spHostAndPort="a"', 'errorPageURL="javascript:x"', "errorPageURL"), ('spHostAndPort="a"', 'spCookieName="a;b"', "spCookieName"),
    ('spHostAndPort="a"', 'keyAlias="nobody"', "nobody"), ('spHostAndPort="a"', 'idpMetadata="missing.xml"', "missing.xml"),
    ('spHostAndPort="a"', 'idpMetadata="server.xml"', "IDPSSODescriptor")])
def test_mistakes_are_found_by_the_check(make_server, own, tmp_path, signer, where, more, told):
    metadata = tmp_path / "idp.xml"
    metadata.write_text(idp_metadata(signer))
    xml = ELEMENT.format(keys=own.store(), metadata=metadata, where=where, more=more, inside="", beside="")
    if "idpMetadata" in more:
        xml = xml.replace(f'idpMetadata="{metadata}"', "")
    xml = xml.replace("idpMetadata=\"server.xml\"", 'idpMetadata="${{server.config.dir}}/server.xml"')
    xml += '<keyStore id="defaultKeyStore" password="key store password"/>'
    server = make_server(xml, start=False)
    done = server.command("check")
    assert done.returncode != 0 and "SALA0045E" in done.stdout + done.stderr and told in done.stdout + done.stderr
    with pytest.raises(pytest.fail.Exception, match="SALA0045E"):
        server.start()
    server.process, server.may_alert = None, True


def idp_metadata(signer):
    return (f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}"><IDPSSODescriptor '
            'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><ds:KeyInfo '
            f'xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>{signer.text()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>'
            '</KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            'Location="https://idp.example.org/sso"/></IDPSSODescriptor></EntityDescriptor>')


@pytest.mark.parametrize("more, change, told", [
    ("", {}, None), ('signatureMethodAlgorithm="SHA1"', {}, "SHA-1"), ('signatureMethodAlgorithm="SHA128"', {}, "SHA-1"),
    ('authnRequestsSigned="false"', {}, None),
    ('authnRequestsSigned="false"', {"<IDPSSODescriptor ": '<IDPSSODescriptor WantAuthnRequestsSigned="true" '}, "WantAuthnRequestsSigned"),
    ("", {'"https://idp.example.org/sso"': '"http://idp.example.org/sso"'}, "plain HTTP"),
    ('inboundPropagation="required" wantAssertionsSigned="false"', {}, "every name"),
    ('wantAssertionsSigned="false"', {}, None)])
def test_what_is_unsafe_is_told(make_server, own, signer, tmp_path, more, change, told):
    metadata = tmp_path / "idp.xml"
    text = idp_metadata(signer)
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    metadata.write_text(text)
    xml = ELEMENT.format(keys=own.store(), metadata=metadata, where='spHostAndPort="a"', inside="", beside="", more=more)
    server = make_server(xml + '<keyStore id="defaultKeyStore" password="key store password"/>', start=False)
    done = server.command("check")
    output = done.stdout + done.stderr
    assert done.returncode == 0 and output.count("SALA0047W") == (1 if told else 0) and (told or "") in output


def test_what_has_no_effect_is_told(make_server, own, signer, tmp_path):
    metadata = tmp_path / "idp.xml"
    metadata.write_text(idp_metadata(signer))
    xml = ELEMENT.format(keys=own.store(), metadata=metadata, where='spHostAndPort="a"', inside="", beside="",
                         more='disableLtpaCookie="false" spLogout="true"')
    server = make_server(xml + '<keyStore id="defaultKeyStore" password="key store password"/>', start=False)
    done = server.command("check")
    assert done.returncode == 0 and (done.stdout + done.stderr).count("SALA0046W") == 2
