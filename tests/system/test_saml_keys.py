"""With which key and method messages to a SAML identity provider are signed, told by libraries that are no part of the server, and
how strong its own signatures must be."""
import base64
import urllib.parse

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

import hsm
import saml
from saml import DSIG, Signer, encrypt, encrypt_part, page_form, sign
from saml_site import (FRED, METADATA, begin, encoded, logs_in, make_gateway, make_region, own, request_of, signer,  # noqa: F401
                       site)
from test_saml_bindings import POST, Told, logout_request, posted, verified

DIGESTS = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
NAMED = {"SHA1": "sha1", "SHA128": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512",
         "ECDSAwithSHA256": "sha256", "ECDSAwithSHA384": "sha384", "ECDSAwithSHA512": "sha512"}
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def redirect_method(location, certificate):
    """What a redirect was signed with, when the signature is the certificate's (SAML bindings 3.4.4.1)."""
    query = urllib.parse.urlsplit(location).query
    signed, _, value = query.rpartition("&Signature=")
    uri = dict(urllib.parse.parse_qsl(query))["SigAlg"]
    digest, value = DIGESTS[uri.rsplit("-", 1)[1]], base64.b64decode(urllib.parse.unquote(value))
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(value, signed.encode(), padding.PKCS1v15(), digest)
    else:
        half = (key.curve.key_size + 7) // 8
        assert len(value) == 2 * half
        numbers = (int.from_bytes(part, "big") for part in (value[:half], value[half:]))
        key.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(digest))
    return uri


def metadata_certificates(site):
    document = etree.fromstring(site.browser().get(site.base + "/samlmetadata").body)
    return {each.get("use"): each.findtext(f".//{{{DSIG}}}X509Certificate") for each in document.iter(f"{METADATA}KeyDescriptor")}


# ---- which key


@pytest.fixture
def token(tmp_path, monkeypatch):
    """A token that the servers of this test see."""
    made = hsm.Token(tmp_path / "token")
    monkeypatch.setenv("SOFTHSM2_CONF", str(made.configuration))
    return made


def test_a_key_in_a_token_signs_and_decrypts_and_samlsp_is_its_usual_name(site, authority, token, signer):
    pems = {label: token.pair(authority, label, "rsa:2048", number) for label, number in (("first", "01"), ("samlsp", "02"), ("other", "03"))}
    certificates = {label: x509.load_pem_x509_certificate(pem.read_bytes()) for label, pem in pems.items()}
    usual = site(FRED + ' nameIDFormat="encrypted"', store=token.store("spKeys"))
    location = usual.browser().get(usual.page).location
    assert redirect_method(location, certificates["samlsp"]) == MORE + "rsa-sha256"
    with pytest.raises(InvalidSignature):
        redirect_method(location, certificates["first"])
    ours = base64.b64encode(certificates["samlsp"].public_bytes(serialization.Encoding.DER)).decode()
    assert metadata_certificates(usual) == {"signing": ours, "encryption": ours}
    # The same key decrypts: the whole assertion, and its name alone.
    assert logs_in(usual, signer, encrypt=lambda inner: encrypt(inner, certificates["samlsp"]))
    with_name(usual, signer, certificates["samlsp"])
    named = site(FRED + ' keyAlias="other"', store=token.store("spKeys"), bindings=POST)
    _, _, document = posted(named.browser().get(named.page))
    assert verified(document, pems["other"]) and not verified(document, pems["samlsp"])


def with_name(site, signer, certificate):
    """A login whose name is encrypted, as nameIDFormat="encrypted" asks for."""
    browser = site.browser()
    request, query = request_of(browser.get(site.page).location)
    assert request[-1].get("Format") == "urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"
    root = saml.login_response(site, request.get("ID"), signer, signed="")
    inner = root.find(f"{{{saml.SAML}}}Assertion")
    clear = inner.find(f".//{{{saml.SAML}}}NameID")
    clear.getparent().replace(clear, etree.fromstring(encrypt_part("EncryptedID", "<saml:NameID>fred</saml:NameID>", certificate)))
    sign(inner, signer)
    back = browser.get(site.acs, {"SAMLResponse": encoded(root), "RelayState": query["RelayState"]})
    assert back.status == 302 and browser.get(site.page).json["Area"]["More"] == "DONE"


def test_encrypted_names_are_asked_for_with_a_key_of_rsa_only(make_server, signer, tmp_path):
    from saml_site import ELEMENT  # pylint: disable=import-outside-toplevel
    from test_saml_login import idp_metadata  # pylint: disable=import-outside-toplevel
    metadata = tmp_path / "idp.xml"
    metadata.write_text(idp_metadata(signer))
    for pair, expected in ((Signer(tmp_path, "ec", curve=ec.SECP256R1()), False), (Signer(tmp_path, "rsa"), True)):
        xml = ELEMENT.format(keys=pair.store(), metadata=metadata, where='spHostAndPort="a"', more='nameIDFormat="encrypted"', inside="",
                             beside="") + '<keyStore id="defaultKeyStore" password="key store password"/>'
        done = make_server(xml, start=False, name=f"server{expected}").command("check")
        assert (done.returncode == 0) is expected and ("needs an RSA key" not in done.stdout + done.stderr) is expected


# ---- which method


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_a_key_of_a_curve_signs_redirects_and_forms(site, tmp_path, curve):
    pair = Signer(tmp_path, "curve", curve=curve)
    redirected = site(FRED + ' signatureMethodAlgorithm="ECDSAwithSHA384"', keys=pair.store())
    assert redirect_method(redirected.browser().get(redirected.page).location, pair.certificate) == MORE + "ecdsa-sha384"
    # It cannot decrypt: the metadata have it for signing only.
    assert list(metadata_certificates(redirected)) == ["signing"]
    form = site(FRED, keys=pair.store(), bindings=POST)
    _, _, document = posted(form.browser().get(form.page))
    assert verified(document, pair.certificate_file) and f'Algorithm="{MORE}ecdsa-sha256"'.encode() in document


def test_a_key_of_a_curve_posts_where_the_provider_offers_both(site, tmp_path):
    """How providers read ECDSA in a URL differs; in a document it does not."""
    pair = Signer(tmp_path, "curve", curve=ec.SECP256R1())
    each = site(FRED + ' spLogout="true"', keys=pair.store(), bindings=("redirect", "post"))
    browser = each.browser()
    to, fields, document = posted(browser.get(each.page))
    assert verified(document, pair.certificate_file)
    to, fields = page_form(browser.get(to, fields))  # pysaml2 has found the signature good
    assert browser.get(*page_form(browser.get(to, {**fields, "login": "fred"}))).location == each.page
    _, _, document = posted(browser.get(each.base + "/logout"))
    assert verified(document, pair.certificate_file)
    _, _, document = posted(Told(each, each.browser(), "post").bring(), "SAMLResponse")
    assert verified(document, pair.certificate_file)


@pytest.mark.parametrize("name", NAMED)
def test_each_method_signs_requests_and_is_the_least_that_is_taken(site, own, signer, name):
    digest = NAMED[name]
    posts = name in ("SHA1", "SHA512")
    site = site(FRED + f' signatureMethodAlgorithm="{name}"', bindings=POST if posts else ("redirect",))
    asked = site.browser().get(site.page)
    wanted = (DSIG if digest == "sha1" else MORE) + f"rsa-{digest}"
    if posts:
        _, _, document = posted(asked)
        assert verified(document, own.certificate_file)
        assert etree.fromstring(document).find(f".//{{{DSIG}}}SignatureMethod").get("Algorithm") == wanted
    else:
        assert redirect_method(asked.location, own.certificate) == wanted
    for other in DIGESTS:
        inner = saml.assertion(audience=site.base, data=f'Recipient="{site.acs}" NotOnOrAfter="{saml.stamp(300)}"')
        sign(inner, signer, method=f"rsa-{other}")
        request = sign(logout_request(site, name="<saml:NameID>mary</saml:NameID>"), signer, method=f"rsa-{other}")
        enough = DIGESTS[other].digest_size >= DIGESTS[digest].digest_size
        assert site.browser().get(site.acs, {"SAMLResponse": encoded(saml.unasked(inner))}).status == (302 if enough else 401), other
        assert site.browser().get(site.base + "/slo", {"SAMLRequest": encoded(request)}).status == ((200 if posts else 302) if enough else 401), other


def test_a_digest_of_sha1_is_taken_with_sha1_only(site, signer):
    for name, expected in (("SHA256", 401), ("SHA1", 302)):
        each = site(FRED + f' signatureMethodAlgorithm="{name}"')
        inner = saml.assertion(audience=each.base, data=f'Recipient="{each.acs}" NotOnOrAfter="{saml.stamp(300)}"')
        sign(inner, signer, digest=DSIG + "sha1")
        assert each.browser().get(each.acs, {"SAMLResponse": encoded(saml.unasked(inner))}).status == expected


# ---- what a provider signs with a curve


def redirect_of(site, pair, plain):
    """A logout request by HTTP-Redirect, its signature as XML Signature has it, or in DER."""
    import zlib  # pylint: disable=import-outside-toplevel
    packed = base64.b64encode(zlib.compress(etree.tostring(logout_request(site)), wbits=-15)).decode()
    query = urllib.parse.urlencode({"SAMLRequest": packed, "SigAlg": MORE + "ecdsa-sha256"})
    value = (saml.signed_bytes(pair.key, query.encode(), hashes.SHA256()) if plain
             else pair.key.sign(query.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{site.base}/slo?{query}&" + urllib.parse.urlencode({"Signature": base64.b64encode(value).decode()})


def test_signatures_of_a_curve_are_good_in_assertions_and_logouts(site, tmp_path):
    pair = Signer(tmp_path, "curve", curve=ec.SECP256R1())
    each = site(inside=f'<pkixTrustEngine trustedIssuers="{saml.ISSUER}"><x509Certificate path="{pair.certificate_file}"/></pkixTrustEngine>')
    metadata = each.provider.directory / "idp.xml"
    tree = etree.fromstring(metadata.read_bytes())
    for certificate in tree.iter(f"{{{DSIG}}}X509Certificate"):
        certificate.text = pair.text()
    metadata.write_bytes(etree.tostring(tree))
    assert each.server.command("refresh").returncode == 0
    for ends in ("form", "plain", "der"):
        browser = each.browser()
        request_id, state = begin(each, browser)
        root = saml.login_response(each, request_id, pair, signed="both")
        assert browser.get(each.acs, {"SAMLResponse": encoded(root), "RelayState": state}).status == 302
        assert browser.get(each.page).status == 200
        if ends == "form":
            page = each.browser().get(each.base + "/slo", {"SAMLRequest": encoded(sign(logout_request(each), pair))})
        else:
            page = each.browser().get(redirect_of(each, pair, ends == "plain"))
        assert page.status == 302 and "SAMLResponse=" in page.location, ends
        assert browser.get(each.page).status == 302, ends
