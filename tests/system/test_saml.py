"""Assertions of SAML 2.0 in a header: of a real identity provider, and every wrong one that is known from attacks."""
import base64
import gzip
import json
import time
import zlib

import pytest
from lxml import etree

import archives
import saml
from conftest import wait_until
from saml import AUDIENCE, DSIG, EXCLUSIVE, ISSUER, IdentityProvider, Signer, assertion, sign, token, wrapped
from test_api import JSON, basic, make_region  # pylint: disable=unused-import

XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>samlWeb-2.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<zosconnect_zosConnectManager requireAuth="true" requireSecure="false" sallyport_claimedNames="true"/>
<authorization-roles id="zos.connect.access.roles"><security-role name="zosConnectAccess">{roles}</security-role></authorization-roles>
<zosconnect_cicsIpicConnection id="cicsConn" host="127.0.0.1" port="{region}" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET"/>
<basicRegistry id="basic" realm="Local"><user name="fred" password="fred secret"/>
  <group name="local"><member name="fred"/></group></basicRegistry>
<keyStore id="defaultKeyStore" password="key store password"/>
<keyStore id="samlTrust" location="{trust}" type="PEM" password="none"/>
<samlWebSso20 id="saml" inboundPropagation="required" audiences="{audience}" groupIdentifier="groups" {attributes}>
  <pkixTrustEngine {engine}>{children}</pkixTrustEngine>
</samlWebSso20>
{more}
"""

CALLERS = '<group name="callers"/>'


@pytest.fixture(scope="session")
def signer(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("idp"), "idp")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture
def make_gateway(make_server, make_region, signer):
    def make(attributes="", engine=None, children="", roles=CALLERS, more="", trust=None, audience=AUDIENCE):
        engine = f'trustAnchorRef="samlTrust" trustedIssuers="{ISSUER}"' if engine is None else engine
        server = make_server(XML.format(roles=roles, region=make_region().port, trust=trust or signer.certificate_file,
                                        audience=audience, attributes=attributes, engine=engine, children=children, more=more),
                             start=False)
        connect = server.directory / "resources" / "zosconnect"
        services, apis = connect / "services", connect / "apis"
        services.mkdir(parents=True)
        apis.mkdir()
        fields = archives.field("Text", 1, 20, "char") + archives.field("Rest", 21, 69, "char")
        archives.service(services / "echo.sar", "echo", "ECHOPGM", 89, fields)
        archives.api(apis / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
        return server.start()

    return make


def ask(server, *headers, **options):
    return server.call("POST", "/echo/it", [*headers, JSON], json.dumps({"Area": {"Text": "x"}}).encode(), **options)


def admitted(answer):
    """200 also where the gateway let him in, and the region of these tests runs nothing for a name of another realm."""
    return 200 if b"The system of record refused the request" in answer.body else answer.status


def status(server, value, header="Saml"):
    value = value if isinstance(value, str) else token(value)
    return admitted(ask(server, (header, value)))


def refused(server, value, reason):
    """401 with a challenge, and the log says why."""
    before = len(server.log())
    answer = ask(server, ("Saml", value if isinstance(value, str) else token(value)))
    return answer.status == 401 and answer.header("WWW-Authenticate") is not None and reason in server.log()[before:]


def test_an_assertion_of_an_identity_provider_lets_its_user_in(make_gateway, signer, tmp_path):
    provider = IdentityProvider(tmp_path, signer)
    server = make_gateway()
    assert status(server, provider.assertion("fred", ["callers", "others"])) == 200
    assert status(server, provider.assertion("fred", ["others"])) == 403
    good = provider.assertion("fred", ["callers"])
    assert status(server, good) == 200 and status(server, good) == 200  # it may be used until it ends
    answer = ask(server)
    assert answer.status == 401 and answer.header("WWW-Authenticate")
    assert ask(server, basic("fred")).status == 401  # it is required
    assert refused(server, good.replace(b">fred<", b">adam<"), "does not fit")


def test_an_assertion_travels_in_several_forms(make_gateway, signer):
    server = make_gateway('headerName="Saml,saml_token"')
    xml = etree.tostring(sign(assertion(), signer))
    plain = base64.b64encode(xml).decode()
    forms = {"xml": xml.decode(), "base64": plain, "no padding": plain.rstrip("="), "quoted": f'"{plain}"',
             "url": base64.urlsafe_b64encode(xml).decode().rstrip("="), "gzip": base64.b64encode(gzip.compress(xml)).decode(),
             "zlib": base64.b64encode(zlib.compress(xml)).decode(),
             "deflate": base64.b64encode(zlib.compress(xml, wbits=-15)).decode()}
    for name, form in forms.items():
        assert status(server, form) == 200, name
    assert status(server, plain, "SAML_TOKEN") == 200
    for value in (f"saml_token={plain}", f'saml_token="{plain}"', f"Saml {plain}"):
        assert admitted(ask(server, ("Authorization", value))) == 200
    assert ask(server, ("Saml", plain), ("Saml", plain)).status == 401
    assert ask(server, ("Saml", plain), ("saml_token", plain)).status == 401
    assert ask(server, ("Saml", plain), basic("fred")).status in (400, 401)
    bomb = base64.b64encode(zlib.compress(b"<" + b"x" * 20_000_000 + b">")).decode()
    for name, wrong, reason in [("empty", '""', ""), ("text", "no token!", "neither XML nor base64"), ("cut", forms["gzip"][:-24], ""),
                                ("bomb", bomb, "unfolds to more"), ("mixed", plain + "-", "")]:
        assert refused(server, wrong, reason), name


def test_signature_wrapping_is_refused(make_gateway, signer):
    server = make_gateway(roles='<user name="admin"/><user name="fred"/>')
    for number in range(1, 9):
        assert refused(server, wrapped(signer, number), "SAML"), f"XSW{number}"
    assert status(server, sign(assertion(), signer)) == 200


def test_only_a_signature_over_this_assertion_counts(make_gateway, signer, stranger, tmp_path):
    server = make_gateway()
    own = "http://www.w3.org/2000/09/xmldsig#"
    envelope, exclusive = (f'<ds:Transform Algorithm="{each}"/>' for each in (own + "enveloped-signature", EXCLUSIVE))
    xpath = (f'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath xmlns:saml="{saml.SAML}">'
             "not(ancestor-or-self::saml:Subject)</ds:XPath></ds:Transform>")
    xslt = ('<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet version="1.0" '
            'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/></ds:Transform>')
    weak = Signer(tmp_path, "weak", bits=1024)

    def twice():
        element = sign(assertion(), signer)
        etree.SubElement(element, "{urn:x}more", ID=element.get("ID"))
        return element

    def two_signatures():
        element = sign(assertion(), signer)
        element.append(sign(assertion(), signer)[1])
        return element

    def changed(old, new):
        return token(etree.tostring(sign(assertion(), signer)).replace(old, new))

    def document_type():
        return token(b'<!DOCTYPE x [<!ENTITY fred "adam">]>' + etree.tostring(sign(assertion(), signer)))

    cases = {
        "unsigned": (assertion(), "not signed"),
        "stranger": (sign(assertion(), stranger), "not trusted"),
        "stranger's key, our certificate": (changed_key(signer, stranger), "does not fit"),
        "tampered": (changed(b">callers<", b">admins<"), "does not fit"),
        "added": (changed(b"</saml:Assertion>", b"<!-- --><saml:Advice/></saml:Assertion>"), "does not fit"),
        "empty URI": (sign(assertion(), signer, uri=""), "something else"),
        "other URI": (sign(assertion(), signer, uri="#_x"), "something else"),
        "external URI": (sign(assertion(), signer, uri="http://127.0.0.1:9/x"), "something else"),
        "xpointer": (sign(assertion(), signer, uri="#xpointer(/)"), "something else"),
        "two references": (sign(assertion(), signer, references=2), "exactly one reference"),
        "no transforms": (sign(assertion(), signer, transforms=exclusive), "transforms"),
        "enveloped only": (sign(assertion(), signer, transforms=envelope), "both transforms"),
        "three transforms": (sign(assertion(), signer, transforms=envelope + exclusive + exclusive), "transforms"),
        "xpath": (sign(assertion(), signer, transforms=envelope + xpath), "transforms"),
        "xslt": (sign(assertion(), signer, transforms=envelope + xslt), "transforms"),
        "comments": (sign(assertion(), signer, comments=True), "transforms"),
        "sha1": (sign(assertion(), signer, method="rsa-sha1", digest=own + "sha1"), "signatureMethodAlgorithm"),
        "sha1 digest": (sign(assertion(), signer, digest=own + "sha1"), "signatureMethodAlgorithm"),
        "hmac": (changed(b"xmldsig-more#rsa-sha256", b"xmldsig-more#hmac-sha256"), "signatureMethodAlgorithm"),
        "weak key": (sign(assertion(), weak), "not trusted"),
        "object": (sign(assertion(), signer, objects="<ds:Object/>"), "more in it"),
        "ID twice": (twice(), "twice"),
        "xml:id": (changed(b"<saml:Subject>", b'<saml:Subject xml:id="x">'), "xml:id"),
        "two signatures": (two_signatures(), "another signature"),
        "DTD": (document_type(), "document type"),
        "a response": (saml.response(sign(assertion(), signer)), "not an Assertion"),
        "instruction": (changed(b"<saml:Subject>", b"<?x y?><saml:Subject>"), "processing instructions"),
        "not XML": (token(b"<saml:Assertion>"), ""),
        "other encoding": (token(etree.tostring(sign(assertion(), signer)).decode().encode("utf-16")), ""),
    }
    for name, (value, reason) in cases.items():
        assert refused(server, value, reason), name
    assert status(server, sign(assertion(), signer, key_info=False)) == 200  # one certificate is trusted: it can be no other


def changed_key(signer, stranger):
    """Signed by the stranger, with the certificate of the provider."""
    element = sign(assertion(), stranger)
    element.find(f".//{{{DSIG}}}X509Certificate").text = signer.text()
    return element


def test_what_an_assertion_says_must_hold_here_and_now(make_gateway, signer):
    server = make_gateway('clockSkew="10s"')
    window = '<saml:Conditions {}><saml:AudienceRestriction><saml:Audience>' + AUDIENCE + '</saml:Audience></saml:AudienceRestriction>{}</saml:Conditions>'
    ends = f'NotOnOrAfter="{saml.stamp(300)}"'
    login = '<saml:AuthnStatement {}/>'
    wrong = {
        "issuer": ({"issuer": ISSUER + "/"}, "trustedIssuers"),
        "audience": ({"audience": AUDIENCE + "/"}, "another audience"),
        "no audience": ({"conditions": f"<saml:Conditions {ends}/>"}, "no audience"),
        "no conditions": ({"conditions": ""}, "no audience"),
        "two audience restrictions": ({"conditions": window.format("", "<saml:AudienceRestriction><saml:Audience>x</saml:Audience>"
                                                                   "</saml:AudienceRestriction>")}, "another audience"),
        "ended": ({"conditions": window.format(f'NotOnOrAfter="{saml.stamp(-11)}"', "")}, "has ended"),
        "not yet": ({"conditions": window.format(f'NotBefore="{saml.stamp(30)}"', "")}, "not valid yet"),
        "unknown condition": ({"conditions": window.format("", '<saml:Condition/>')}, "is not known"),
        "confirmation ended": ({"data": f'NotOnOrAfter="{saml.stamp(-11)}"'}, "has ended"),
        "confirmation without end": ({"data": ""}, "no NotOnOrAfter"),
        "confirmation with a beginning": ({"data": f'NotBefore="{saml.stamp(-60)}" {ends}'}, "NotBefore"),
        "no time": ({"data": 'NotOnOrAfter="tomorrow"'}, "is no time"),
        "sender vouches": ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, "no confirmation"),
        "holder of a key, without it": ({"method": saml.HOLDER}, "holder"),
        "no statement": ({"statement": ""}, "AuthnStatement"),
        "login in the future": ({"statement": login.format(f'AuthnInstant="{saml.stamp(60)}"')}, "in the future"),
        "session ended": ({"statement": login.format(f'AuthnInstant="{saml.stamp(-60)}" SessionNotOnOrAfter="{saml.stamp(-20)}"')},
                          "session has ended"),
        "no name": ({"name_id": " "}, "NameID"),
        "a name of XML": ({"name_id": "fred<x xmlns=\"\"/>"}, "NameID"),
        "an empty group": ({"groups": ["callers", ""]}, "group"),
    }
    for name, (options, reason) in wrong.items():
        assert refused(server, sign(assertion(**options), signer), reason), name
    right = {
        "skew": {"conditions": window.format(f'NotOnOrAfter="{saml.stamp(-5)}"', "")},
        "skew at the beginning": {"conditions": window.format(f'NotBefore="{saml.stamp(5)}"', "")},
        "fraction and zone": {"data": 'NotOnOrAfter="2099-12-31T23:59:59.123456789+01:00"'},
        "two audiences": {"conditions": window.format("", "").replace("<saml:Audience>", "<saml:Audience>x</saml:Audience><saml:Audience>", 1)},
        "after 2038": {"data": 'NotOnOrAfter="2100-01-01T00:00:00Z"'},
    }
    for name, options in right.items():
        assert status(server, sign(assertion(**options), signer)) == 200, name


def test_a_comment_does_not_cut_a_name(make_gateway, signer):
    server = make_gateway(roles='<user name="fred"/><user name="fredadm"/>')
    cut = etree.tostring(sign(assertion(name_id="fredadm"), signer)).replace(b">fredadm</saml:NameID>", b">fred<!---->adm</saml:NameID>")
    assert status(server, cut) == 200
    assert refused(make_gateway(roles='<user name="fred"/>'), cut, "") is False  # 403: it is fredadm, who has no role
    assert status(make_gateway(roles='<user name="fred"/>'), cut) == 403


def test_an_assertion_that_was_seen_before_ends_all_the_same(make_gateway, signer):
    server = make_gateway('clockSkew="0s"')
    value = token(sign(assertion(data=f'NotOnOrAfter="{saml.stamp(4)}"'), signer))
    assert [status(server, value) for _ in range(6)] == [200] * 6
    changed = base64.b64encode(base64.b64decode(value).replace(b">callers<", b">admins<")).decode()
    assert refused(server, changed, "does not fit")
    wait_until(lambda: status(server, value) == 401, "the assertion to end", 8)


def test_an_assertion_for_one_use_is_used_once(make_gateway, signer):
    server = make_gateway()
    once = sign(assertion(conditions=f'<saml:Conditions NotOnOrAfter="{saml.stamp(300)}"><saml:AudienceRestriction><saml:Audience>{AUDIENCE}'
                          '</saml:Audience></saml:AudienceRestriction><saml:OneTimeUse/></saml:Conditions>'), signer)
    assert status(server, once) == 200
    for _ in range(6):  # whichever worker is asked
        assert refused(server, once, "used before")


def test_the_holder_of_a_key_shows_it(make_gateway, signer, authority, make_server):
    certificate, key = authority.issue("holder")
    der = base64.b64encode(__import__("ssl").PEM_cert_to_DER_cert(certificate.read_text())).decode()
    other, other_key = authority.issue("other")
    info = f'<ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>'
    element = assertion(method=saml.HOLDER)
    element.find(f".//{{{saml.SAML}}}SubjectConfirmationData").append(etree.fromstring(info))
    value = token(sign(element, signer))
    server = make_gateway(more=f'''<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" trustStoreRef="clients"
      clientAuthenticationSupported="true"/><keyStore id="clients" location="{authority.certificate}" type="PEM" password="none"/>''')
    assert admitted(ask(server, ("Saml", value), tls=authority.client(certificate, key))) == 200
    assert ask(server, ("Saml", value), tls=authority.client(other, other_key)).status == 401
    assert ask(server, ("Saml", value)).status == 401


def test_names_come_from_where_the_configuration_says(make_gateway, signer):
    server = make_gateway('userIdentifier="login" userUniqueIdentifier="NameIDs" ', roles='<user name="wilma"/>')
    assert refused(server, sign(assertion(user="wilma", name_id="other"), signer), "NameIDs")
    server = make_gateway('userIdentifier="login" realmIdentifier="login"', roles='<user name="wilma"/>')
    assert status(server, sign(assertion(user="wilma", name_id="other"), signer)) == 200
    server = make_gateway('realmName="Own" realmIdentifier="nowhere"', roles='<user name="wilma" access-id="user:Own/wilma"/>')
    assert status(server, sign(assertion(user="wilma"), signer)) == 200
    server = make_gateway('userUniqueIdentifier="login"', roles=f'<user name="x" access-id="user:{ISSUER}/w1"/>')
    assert status(server, sign(assertion(user="w1", name_id="wilma"), signer)) == 200


def test_the_registry_may_have_to_know_the_user(make_gateway, signer):
    server = make_gateway('mapToUserRegistry="User"', roles='<group name="local"/>')
    assert status(server, sign(assertion(groups=["other"]), signer)) == 200
    assert status(server, sign(assertion(user="wilma", groups=["local"]), signer)) == 403
    assert "SALA0011W: user wilma is not in the basic registry" in server.log()


def test_the_policy_of_signatures_can_be_loosened(make_gateway, signer, stranger):
    server = make_gateway('signatureMethodAlgorithm="SHA1"')
    assert status(server, sign(assertion(), signer, method="rsa-sha1", digest=DSIG + "sha1")) == 200
    server = make_gateway('wantAssertionsSigned="false"', audience="ANY")
    assert status(server, assertion(audience="else")) == 200
    server = make_gateway(engine='trustAnchorRef="samlTrust"')
    assert status(server, sign(assertion(issuer="https://any.example.org"), signer)) == 200
    assert refused(server, sign(assertion(), stranger), "not trusted")


def test_certificates_and_revocations_in_files_count(make_gateway, signer, stranger, tmp_path):
    import datetime  # pylint: disable=import-outside-toplevel
    from cryptography import x509  # pylint: disable=import-outside-toplevel
    from cryptography.hazmat.primitives import hashes, serialization  # pylint: disable=import-outside-toplevel
    server = make_gateway(engine="", children=f'<x509Certificate path="{stranger.certificate_file}"/>')
    assert status(server, sign(assertion(), stranger)) == 200
    assert refused(server, sign(assertion(), signer), "not trusted")
    now = datetime.datetime.now(datetime.timezone.utc)
    gone = (x509.RevokedCertificateBuilder().serial_number(signer.certificate.serial_number)
            .revocation_date(now - datetime.timedelta(hours=1)).build())
    crl = (x509.CertificateRevocationListBuilder().issuer_name(signer.certificate.subject).last_update(now - datetime.timedelta(hours=1))
           .next_update(now + datetime.timedelta(days=1)).add_revoked_certificate(gone).sign(signer.key, hashes.SHA256()))
    path = tmp_path / "revoked.crl"
    path.write_bytes(crl.public_bytes(serialization.Encoding.PEM))
    server = make_gateway(children=f'<crl path="{path}"/>')
    assert refused(server, sign(assertion(), signer), "revoked")


def test_a_filter_says_who_needs_an_assertion(make_gateway, signer):
    more = '<authFilter id="tokens"><requestHeader id="h" name="X-Client" value="partner" matchType="equals"/></authFilter>'
    server = make_gateway('authFilterRef="tokens"', more=more, roles=CALLERS + '<group name="local"/>')
    partner, good = ("X-Client", "partner"), token(sign(assertion(), signer))
    assert ask(server, basic("fred")).status == 200
    assert ask(server, partner).status == 401
    assert admitted(ask(server, partner, ("Saml", good))) == 200
    assert ask(server, ("Saml", good)).status == 401
    disabled = make_gateway('enabled="false"', roles='<group name="local"/>')
    assert ask(disabled, basic("fred")).status == 200


def test_groups_may_have_to_be_of_the_registry(make_gateway, signer):
    roles = '<group name="local"/><group name="callers"/>'
    server = make_gateway('mapToUserRegistry="Group"', roles=roles)
    assert status(server, sign(assertion(user="wilma", groups=["local", "callers"]), signer)) == 200
    assert status(server, sign(assertion(user="wilma", groups=["callers"]), signer)) == 403  # no group of the registry
    # The realm is that of the registry.
    server = make_gateway('mapToUserRegistry="Group"', roles='<user name="x" access-id="user:Local/wilma"/>')
    assert status(server, sign(assertion(user="wilma"), signer)) == 200


def test_an_assertion_may_be_encrypted(make_gateway, signer, stranger, tmp_path):
    own = Signer(tmp_path, "own")
    both = tmp_path / "both.pem"
    both.write_bytes(own.key_file.read_bytes() + own.certificate_file.read_bytes())
    more = f'<keyStore id="own" location="{both}" type="PEM" password="none"/>'
    server = make_gateway('keyStoreRef="own"', more=more)

    def sealed(element=None, certificate=own.certificate, **options):
        return saml.encrypt(sign(assertion(), signer) if element is None else element, certificate, **options)

    for content in ("aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-gcm", "aes192-gcm", "aes256-gcm"):
        assert status(server, sealed(content=content)) == 200, content
    for options in ({"beside": True}, {"wrap": "oaep-sha256"}, {"keys": 4}):
        assert status(server, sealed(**options)) == 200, options
    cases = {
        "RSA 1.5": (sealed(wrap="rsa1_5"), "RSA-OAEP"),
        "another key": (sealed(certificate=stranger.certificate), "cannot be decrypted"),
        "not signed": (sealed(assertion()), "not signed"),
        "a stranger": (sealed(sign(assertion(), stranger)), "not trusted"),
        "expired": (sealed(sign(assertion(data=f'NotOnOrAfter="{saml.stamp(-400)}"'), signer)), "has ended"),
        "changed": (sealed(change=lambda text: text[:20] + bytes([text[20] ^ 1]) + text[21:]), "cannot be decrypted"),
        "padding": (sealed(content="aes128-cbc", change=lambda text: text[:-1] + bytes([text[-1] ^ 255])), "cannot be decrypted"),
        "short": (sealed(change=lambda text: text[:20]), "cannot be decrypted"),
        "odd": (sealed(content="aes128-cbc", change=lambda text: text[:-1]), "cannot be decrypted"),
        "empty": (sealed(change=lambda text: b""), "cipher text"),
        "encrypted twice": (sealed(sealed()), "cannot be decrypted"),
        "too many keys": (sealed(certificate=stranger.certificate, keys=5), "more than 4 keys"),
        "no key": (sealed(keys=0), "no EncryptedKey"),
    }
    triple = etree.fromstring(etree.tostring(sealed()).replace(b"http://www.w3.org/2009/xmlenc11#aes256-gcm",
                                                               b"http://www.w3.org/2001/04/xmlenc#tripledes-cbc"))
    reference = etree.fromstring(etree.tostring(sealed()).replace(b"xenc:CipherValue>", b"xenc:CipherReference>"))
    cases["Triple DES"] = (triple, "AES")
    cases["reference"] = (reference, "cannot be decrypted")
    for name, (element, reason) in cases.items():
        assert refused(server, element, reason), name
    assert refused(make_gateway(), sealed(), "no RSA key")


def test_an_assertion_for_one_use_is_remembered_longer_than_it_lasts(make_gateway, signer):
    server = make_gateway('tokenReplayTimeout="10s" clockSkew="0s"')

    def once(seconds):
        return sign(assertion(identity="_same", conditions=f'<saml:Conditions NotOnOrAfter="{saml.stamp(seconds)}"><saml:AudienceRestriction>'
                              f'<saml:Audience>{AUDIENCE}</saml:Audience></saml:AudienceRestriction><saml:OneTimeUse/>'
                              '</saml:Conditions>'), signer)

    assert status(server, once(2)) == 200
    time.sleep(3)
    assert refused(server, once(60), "used before")  # another of the same ID, after the first has ended


@pytest.mark.parametrize("reuse", ("", 'sallyport_assertionReuse="true"', 'sallyport_assertionReuse="false"'))
def test_whether_an_assertion_may_come_more_than_once_is_configured(make_gateway, signer, reuse):
    server = make_gateway(reuse)
    first, second = (sign(assertion(identity=identity), signer) for identity in ("_first", "_second"))
    assert status(server, first) == 200
    if "false" in reuse:
        assert refused(server, first, "used before, and each is taken once here")
    assert [status(server, first) for _ in range(6)] == [401 if "false" in reuse else 200] * 6  # of every worker
    assert status(server, second) == 200


def test_an_assertion_may_give_an_ltpa_cookie(make_gateway, signer):
    for given, expected in (("true", False), ("false", True)):
        server = make_gateway(f'mapToUserRegistry="User" disableLtpaCookie="{given}"', roles='<group name="local"/>')
        path = server.directory / "server.xml"
        path.write_text(path.read_text().replace("</server>", '<ltpa keysPassword="ltpa password"/></server>'))
        assert server.command("key", "--ltpa").returncode == 0 and server.command("refresh").returncode == 0
        answer = ask(server, ("Saml", token(sign(assertion(), signer))))
        assert answer.status == 200 and ("LtpaToken2" in (answer.header("Set-Cookie") or "")) is expected
