"""Attacks on readers of SAML: keys that are not keys, documents that deceive, answers that were meant for somebody else. Each is made
by libraries that are no part of the server, and beside each stands what is good, so that the test can fail."""
import base64
import copy
import hashlib
import hmac
import urllib.parse

from cryptography.hazmat.primitives import serialization
from lxml import etree

import saml
from saml import DSIG, EXCLUSIVE, PROTOCOL, SAML, Signer, assertion, canonical, sign
from saml_site import FRED, answer_with, begin, encoded, logs_in, make_gateway, make_region, own, refused, signer, site  # noqa: F401

MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def ours(site, request_id, **options):
    """An assertion for this site and request."""
    return assertion(audience=site.base, data=f'Recipient="{site.acs}" NotOnOrAfter="{saml.stamp(300)}" InResponseTo="{request_id}"',
                     **options)


def response_around(site, request_id, inner):
    """As text: lxml would give the assertion the prefixes of the response, which breaks its signature."""
    root = saml.login_response(site, request_id, None, signed="")
    root.remove(root.find(f"{{{SAML}}}Assertion"))
    return etree.tostring(root).replace(b"</samlp:Response>", etree.tostring(inner) + b"</samlp:Response>")


def brought(site, make, change=lambda text: text):
    """(browser, form) of a login whose response holds what make(request id) gives."""
    browser = site.browser()
    request_id, state = begin(site, browser)
    document = change(response_around(site, request_id, make(request_id)))
    return browser, {"SAMLResponse": encoded(document), "RelayState": state}


def with_key_info(element, info):
    """The same signature with another KeyInfo, which no signature covers."""
    key_info = element.find(f"{{{DSIG}}}Signature/{{{DSIG}}}KeyInfo")
    for each in list(key_info):
        key_info.remove(each)
    key_info.extend(etree.fromstring(f'<x xmlns:ds="{DSIG}">{info}</x>'))
    return element


# ---- keys


def test_a_public_key_is_no_secret_of_hmac(site, signer):
    """Key confusion: what everybody knows, used as the key of an HMAC."""
    site = site()
    public = signer.key.public_key()
    secrets = {
        "certificate in DER": signer.certificate.public_bytes(serialization.Encoding.DER),
        "certificate in PEM": signer.certificate_file.read_bytes(),
        "its base64": signer.text().encode(),
        "public key in DER": public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        "public key in PEM": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "nothing": b"",
    }
    for name, secret in secrets.items():
        for method in ("sha256", "sha512"):
            def forge(request_id, secret=secret, method=method):
                element = sign(ours(site, request_id), signer)
                signature = element.find(f"{{{DSIG}}}Signature")
                signature[0].find(f"{{{DSIG}}}SignatureMethod").set("Algorithm", MORE + "hmac-" + method)
                value = hmac.new(secret, canonical(signature[0]), getattr(hashlib, method)).digest()
                signature.find(f"{{{DSIG}}}SignatureValue").text = base64.b64encode(value).decode()
                return element
            browser, fields = brought(site, forge)
            assert refused(site, browser, fields, "signatureMethodAlgorithm"), (name, method)
    browser, fields = brought(site, lambda request_id: sign(ours(site, request_id), signer))
    assert browser.get(site.acs, fields).status == 302


def test_what_keyinfo_says_makes_no_key_good(site, signer, tmp_path):
    site = site()
    stranger = Signer(tmp_path, "stranger")
    numbers = stranger.key.public_key().public_numbers()
    modulus, exponent = (base64.b64encode(each.to_bytes((each.bit_length() + 7) // 8, "big")).decode() for each in (numbers.n, numbers.e))
    value = f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>{exponent}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"

    def data(*signers):
        return "<ds:X509Data>" + "".join(f"<ds:X509Certificate>{each.text()}</ds:X509Certificate>" for each in signers) + "</ds:X509Data>"

    cases = {
        "its own key": (value, "does not fit"),
        "its own certificate": (data(stranger), "not trusted"),
        "the provider's certificate": (data(signer), "does not fit"),
        "the provider's first, then its own": (data(signer, stranger), "does not fit"),
        "its own first, then the provider's": (data(stranger, signer), "not trusted"),
        "its own key, and the provider's certificate": (value + data(signer), "does not fit"),
        "a name": (f"<ds:KeyName>{saml.ISSUER}</ds:KeyName>", "does not fit"),
        "a place on the disk": (f'<ds:RetrievalMethod URI="file://{stranger.certificate_file}" Type="{DSIG}rawX509Certificate"/>', "does not fit"),
        "a place in the network": (f'<ds:RetrievalMethod URI="{site.provider.home}/metadata" Type="{DSIG}X509Data"/>', "does not fit"),
        "no certificate": ("<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>", "cannot be read"),
    }
    for name, (info, reason) in cases.items():
        browser, fields = brought(site, lambda request_id, info=info: with_key_info(sign(ours(site, request_id), stranger), info))
        assert refused(site, browser, fields, reason), name
    # It is a hint, and a good signature stays good where it says nothing of use.
    for info in (value, "<ds:KeyName>idp</ds:KeyName>", value + data(signer), data(signer, stranger)):
        browser, fields = brought(site, lambda request_id, info=info: with_key_info(sign(ours(site, request_id), signer), info))
        assert browser.get(site.acs, fields).status == 302, info


def test_the_metadata_say_who_signs_and_for_what(site, signer, tmp_path):
    """A certificate for encryption only is none to sign with; what a certificate issued is not trusted for that."""
    from cryptography import x509  # pylint: disable=import-outside-toplevel
    from cryptography.hazmat.primitives import hashes  # pylint: disable=import-outside-toplevel
    site = site()
    below = Signer(tmp_path, "below")
    below.certificate = (x509.CertificateBuilder().subject_name(below.certificate.subject).issuer_name(signer.certificate.subject)
                         .public_key(below.key.public_key()).serial_number(7).not_valid_before(below.certificate.not_valid_before)
                         .not_valid_after(below.certificate.not_valid_after).sign(signer.key, hashes.SHA256()))
    browser, fields = brought(site, lambda request_id: sign(ours(site, request_id), below))
    assert refused(site, browser, fields, "not trusted")
    other = Signer(tmp_path, "other")
    metadata = site.provider.directory / "idp.xml"
    tree = etree.fromstring(metadata.read_bytes())
    role = tree.find("{*}IDPSSODescriptor")
    encryption = copy.deepcopy(role.find("{*}KeyDescriptor"))
    encryption.set("use", "encryption")
    encryption.find(f".//{{{DSIG}}}X509Certificate").text = other.text()
    for each in role.findall("{*}KeyDescriptor"):
        each.set("use", "signing")
    role.insert(0, encryption)
    metadata.write_bytes(etree.tostring(tree))
    assert site.server.command("refresh").returncode == 0
    browser, fields = brought(site, lambda request_id: sign(ours(site, request_id), other))
    assert refused(site, browser, fields, "not trusted")
    assert logs_in(site, signer)


def test_a_signature_that_is_there_must_be_good_wanted_or_not(site, signer, tmp_path):
    """A signed response around an assertion with a signature that is none: the assertion was somebody else's."""
    site = site(FRED + ' wantAssertionsSigned="false"')
    stranger = Signer(tmp_path, "stranger")

    def spoilt(element):
        element.find(f".//{{{SAML}}}NameID").text = "mary"
        return element

    for name, make, reason in (("a stranger's", lambda element: sign(element, stranger), "not trusted"),
                               ("changed", lambda element: spoilt(sign(element, signer)), "does not fit"),
                               ("none", lambda element: element, None), ("good", lambda element: sign(element, signer), None)):
        browser = site.browser()
        request_id, state = begin(site, browser)
        root = saml.login_response(site, request_id, None, signed="")
        make(root.find(f"{{{SAML}}}Assertion"))
        fields = {"SAMLResponse": encoded(sign(root, signer)), "RelayState": state}
        if reason:
            assert refused(site, browser, fields, reason), name
        else:
            assert browser.get(site.acs, fields).status == 302, name


# ---- documents


def nested(levels):
    return "<saml:Advice>" * levels + "</saml:Advice>" * levels


def test_documents_that_exhaust_a_reader_are_refused(site, signer):
    site = site()
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bombs = {
        "billion laughs": lambda text: f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>'.encode() + text.replace(b">fred<", b">&l9;<"),
        "external entity": lambda text: b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + text.replace(b">fred<", b">&x;<"),
        "parameter entity": lambda text: b'<!DOCTYPE x [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>' + text,
        "external subset": lambda text: b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + text,
        "undeclared entity": lambda text: text.replace(b">fred<", b">&fred;<"),
        "XInclude": lambda text: text.replace(b"<saml:Subject>", b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" '
                                              b'href="file:///etc/passwd" parse="text"/><saml:Subject>'),
        "style sheet": lambda text: b'<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/x.xsl"?>' + text,
        "deep": lambda text: text.replace(b"<saml:Subject>", b"<x>" * 20_000 + b"</x>" * 20_000 + b"<saml:Subject>"),
        "many elements": lambda text: text.replace(b"<saml:Subject>", b"<x/>" * 9_000 + b"<saml:Subject>"),
        "many attributes": lambda text: text.replace(b"<saml:Subject>", b"<saml:Subject " + b" ".join(b'a%d="1"' % n for n in range(40)) + b">"),
        "long": lambda text: text.replace(b">fred<", b">" + b"f" * 263_000 + b"<"),
    }
    for name, change in bombs.items():
        browser, fields = brought(site, lambda request_id: sign(ours(site, request_id), signer), change)
        answer = browser.get(site.acs, fields)
        assert answer.status in (400, 401, 413) and not browser.cookies("SallyportSaml_"), (name, answer.status)
        assert b"root:" not in answer.body and "root:" not in site.server.log(), name
    # Each declaration is looked for among all, at each element; around the assertion no signature covers them.
    for count, expected in ((50, 302), (65, 401), (9_000, 401)):
        names = b" ".join(b'xmlns:n%d="u:%d"' % (n, n) for n in range(count))
        browser, fields = brought(site, lambda request_id: sign(ours(site, request_id), signer),
                                  lambda text, names=names: text.replace(b"<samlp:Response ", b"<samlp:Response " + names + b" "))
        assert browser.get(site.acs, fields).status == expected, count
    # The list of prefixes that a signature may have is looked through at each element, too.
    for length, expected in ((1_024, 302), (1_025, 401), (100_000, 401)):
        prefixes = ("p" * 7 + " ") * (length // 8) + "p" * (length % 8)
        transforms = (f'<ds:Transform Algorithm="{DSIG}enveloped-signature"/><ds:Transform Algorithm="{EXCLUSIVE}">'
                      f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/></ds:Transform>')
        browser, fields = brought(site, lambda request_id, form=transforms: sign(ours(site, request_id), signer, transforms=form))
        assert browser.get(site.acs, fields).status == expected, length
    # What is signed may be nested, as far as there is a limit.
    for levels, expected in ((28, 302), (40, 401)):
        browser, fields = brought(site, lambda request_id, levels=levels: sign(ours(site, request_id, more=nested(levels)), signer))
        assert browser.get(site.acs, fields).status == expected, levels


def test_documents_in_another_encoding_are_refused(site, signer):
    """Two readers could see two documents in the same bytes."""
    site = site()

    def encoded_as(name, codec=None):
        def change(text):
            declared = f'<?xml version="1.0" encoding="{name}"?>' + text.decode()
            return declared.encode(codec or name)
        return change

    for name, change, expected in [
            ("UTF-8", encoded_as("UTF-8"), 302), ("utf-8 in small", encoded_as("utf-8"), 302),
            ("UTF-8 with a mark", lambda text: b"\xef\xbb\xbf" + text, 302), ("UTF-16", encoded_as("UTF-16"), 401),
            ("UTF-16 without a mark", encoded_as("UTF-16", "UTF-16-LE"), 401), ("UTF-32", encoded_as("UTF-32"), 401),
            ("UTF-7", encoded_as("UTF-7"), 401), ("ISO-8859-1", encoded_as("ISO-8859-1"), 401), ("EBCDIC", encoded_as("IBM037", "cp037"), 401),
            ("unknown", encoded_as("x-none", "UTF-8"), 401)]:
        browser, fields = brought(site, lambda request_id: sign(ours(site, request_id), signer), change)
        assert browser.get(site.acs, fields).status == expected, name


def test_names_of_another_namespace_are_other_names(site, signer):
    site = site()
    own = SAML.encode()

    def renamed(old, new):
        """Before it is signed: what the provider says, but in other names."""
        def make(request_id):
            text = etree.tostring(ours(site, request_id)).replace(b"<saml:" + old, b"<x:" + old).replace(b"</saml:" + old, b"</x:" + old)
            return sign(etree.fromstring(text.replace(b'xmlns:saml="' + own + b'"', b'xmlns:saml="' + own + b'" xmlns:x="' + new + b'"', 1)),
                        signer)
        return make

    for name in (b"Issuer", b"Subject", b"NameID", b"SubjectConfirmation", b"SubjectConfirmationData", b"Audience", b"AuthnStatement"):
        # The same namespace by another prefix is the same name; any other is none.
        browser, fields = brought(site, renamed(name, own))
        assert browser.get(site.acs, fields).status == 302, name
        browser, fields = brought(site, renamed(name, own + b"/"))
        assert browser.get(site.acs, fields).status == 401 and not browser.cookies("SallyportSaml_"), name
    for change in (lambda text: text.replace(PROTOCOL.encode(), PROTOCOL.encode() + b"x"),
                   lambda text: text.replace(b'xmlns:ds="' + DSIG.encode(), b'xmlns:ds="urn:x')):
        browser, fields = brought(site, lambda request_id: sign(ours(site, request_id), signer), change)
        assert browser.get(site.acs, fields).status == 401


def test_an_id_that_is_there_twice_is_refused_wherever_it_stands(site, signer):
    site = site(FRED + ' wantAssertionsSigned="false"')
    for attribute in ("ID", "Id", "id", "iD"):
        browser = site.browser()
        request_id, state = begin(site, browser)
        root = saml.login_response(site, request_id, signer, signed="response")
        root.find(f"{{{SAML}}}Assertion").set(attribute, root.get("ID"))
        assert refused(site, browser, {"SAMLResponse": encoded(root), "RelayState": state}, "twice" if attribute == "ID" else ""), attribute
    browser = site.browser()
    request_id, state = begin(site, browser)
    root = saml.login_response(site, request_id, None, signed="")
    root.find(f"{{{SAML}}}Assertion").set("ID", root.get("ID"))
    assert refused(site, browser, {"SAMLResponse": encoded(sign(root, signer)), "RelayState": state}, "twice")


def test_comments_in_texts_do_not_cut_them(site, signer):
    """The signer's own comments, and those that somebody put in: canonical XML has neither."""
    site = site(FRED + ' wantAssertionsSigned="false"')
    for change in (lambda text: text.replace(saml.ISSUER.encode() + b"</saml:Issuer>", saml.ISSUER.encode()[:-3] + b"<!-- x -->aml</saml:Issuer>"),
                   lambda text: text.replace(b">fred</saml:NameID>", b"><!--adam-->fr<!-- -->ed<!--x--></saml:NameID>"),
                   lambda text: text.replace(site.base.encode() + b"</saml:Audience>", b"<!---->" + site.base.encode() + b"</saml:Audience>"),
                   lambda text: text.replace(b">callers<", b">call<!-- -->ers<")):
        browser, fields = brought(site, lambda request_id: sign(ours(site, request_id), signer), change)
        assert browser.get(site.acs, fields).status == 302 and browser.get(site.page).json["Area"]["More"] == "DONE"
    browser, fields = brought(site, lambda request_id: sign(ours(site, request_id, user="fredadm"), signer),
                              lambda text: text.replace(b">fredadm</saml:NameID>", b">fred<!-- -->adm</saml:NameID>"))
    assert browser.get(site.acs, fields).status == 403 and "fredadm is not in" in site.server.log()


# ---- meant for somebody else


def test_an_address_is_ours_to_the_last_byte(site, signer):
    site = site()
    port = urllib.parse.urlsplit(site.home).port
    others = [site.acs.replace("https://", "http://"), site.acs + "/", site.acs + "?", site.acs + "#", site.acs.upper(),
              site.acs.replace("localhost", "LOCALHOST"), site.acs.replace("localhost", "127.0.0.1"), site.acs.replace(f":{port}", ""),
              site.acs.replace(f":{port}", f":{port + 1}"), site.acs.replace("localhost", "localhost.evil.example"),
              site.acs.replace("localhost", "evil.example@localhost"), site.acs.replace("/sp/", "/other/"), " " + site.acs, ""]
    for other in others:
        browser, fields = answer_with(site, signer, destination=other or " ")
        assert refused(site, browser, fields, "Destination"), other
        browser, fields = answer_with(site, signer, data=f'Recipient="{other}" InResponseTo="@ID@" NotOnOrAfter="{saml.stamp(300)}"')
        assert refused(site, browser, fields, "recipient"), other
    assert logs_in(site, signer)


def test_a_request_is_answered_once(site, signer):
    """Whoever kept the cookie of a login cannot use it with another assertion for the same request."""
    site = site()
    browser = site.browser()
    request_id, state = begin(site, browser)
    (login,) = browser.cookies("SallyportSamlLogin_")

    def answer(user="fred"):
        return {"SAMLResponse": encoded(saml.login_response(site, request_id, signer, user=user)), "RelayState": state}

    wrong = {**answer(), "SAMLResponse": encoded(saml.login_response(site, "_other", signer))}
    assert site.browser().get(site.acs, wrong, Cookie=f"{login.name}={login.value}").status == 401
    # What was refused has not used it up.
    assert browser.get(site.acs, answer()).status == 302
    for user in ("fred", "mary"):
        for _ in range(3):  # whichever worker is asked
            again = site.browser().get(site.acs, answer(user), Cookie=f"{login.name}={login.value}")
            assert again.status == 401 and "answered before" in site.server.log()


def test_a_status_other_than_success_is_none_whatever_stands_in_it(site, signer):
    site = site()
    good = "urn:oasis:names:tc:SAML:2.0:status:Success"

    def with_status(text):
        browser = site.browser()
        request_id, state = begin(site, browser)
        root = saml.login_response(site, request_id, signer)
        status = root.find(f"{{{PROTOCOL}}}Status")
        for each in list(status):
            status.remove(each)
        status.extend(etree.fromstring(f'<x xmlns:samlp="{PROTOCOL}">{text}</x>'))
        return browser, {"SAMLResponse": encoded(root), "RelayState": state}

    for text in (f'<samlp:StatusCode Value="{good.replace("Success", "Responder")}"><samlp:StatusCode Value="{good}"/></samlp:StatusCode>',
                 f'<samlp:StatusCode Value="{good.replace("Success", "Requester")}"/><samlp:StatusCode Value="{good}"/>',
                 f'<samlp:StatusCode Value="{good} "/>', f'<samlp:StatusCode Value="{good.lower()}"/>', '<samlp:StatusCode Value=""/>',
                 "<samlp:StatusCode/>", f"<samlp:StatusMessage>{good}</samlp:StatusMessage>", ""):
        browser, fields = with_status(text)
        answer = browser.get(site.acs, fields)
        assert answer.status == 401 and not browser.cookies("SallyportSaml_"), text
    browser, fields = with_status(f'<samlp:StatusCode Value="{good}"/><samlp:StatusMessage>welcome</samlp:StatusMessage>')
    assert browser.get(site.acs, fields).status == 302


def test_a_cookie_of_a_login_is_sealed(site, signer):
    site = site()
    browser = site.browser()
    request_id, state = begin(site, browser)
    (login,) = browser.cookies("SallyportSamlLogin_")
    fields = {"SAMLResponse": encoded(saml.login_response(site, request_id, signer)), "RelayState": state}
    half = len(login.value) // 2
    for value in (login.value[:-1], login.value[:half] + ("A" if login.value[half] != "A" else "B") + login.value[half + 1:], "x", ""):
        assert site.browser().get(site.acs, fields, Cookie=f"{login.name}={value}").status == 401
    # A relay state that begins alike has the same cookie's name, and is refused all the same.
    other = {**fields, "RelayState": state[:12] + "x" * (len(state) - 12)}
    assert site.browser().get(site.acs, other, Cookie=f"{login.name}={login.value}").status == 401
    assert browser.get(site.acs, fields).status == 302
