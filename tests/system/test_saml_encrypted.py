"""Single names and attributes of an assertion that are encrypted for this server (EncryptedID, EncryptedAttribute)."""
import base64
import gzip

import pytest
from lxml import etree

import saml
from saml import SAML, Signer, assertion, encrypt, encrypt_part, sign
from test_api import make_region  # noqa: F401 (fixture)
from test_saml import CALLERS, make_gateway, refused, signer, status, stranger  # noqa: F401 (fixtures among them)

NAME = "<saml:NameID>{}</saml:NameID>"
ATTRIBUTE = '<saml:Attribute Name="{}"><saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute>'


@pytest.fixture(scope="session")
def own(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("own"), "own")


@pytest.fixture
def gateway(make_gateway, own):
    def make(attributes="", **options):
        return make_gateway('keyStoreRef="own" ' + attributes,
                            more=f'<keyStore id="own" location="{own.store()}" type="PEM" password="none"/>', **options)
    return make


def with_secrets(*secrets, name=None, **options):
    """An assertion whose attributes are those only that are encrypted, and its name, when one is given."""
    element = assertion(**options)
    if name is not None:
        clear = element.find(f".//{{{SAML}}}NameID")
        clear.getparent().replace(clear, etree.fromstring(name))
    if secrets:
        attributes = element.find(f"{{{SAML}}}AttributeStatement")
        for each in list(attributes):
            attributes.remove(each)
        attributes.extend([etree.fromstring(each) for each in secrets])
    return element


def test_a_name_may_be_encrypted(gateway, signer, own):
    server = gateway(roles='<user name="wilma"/>')
    for content in ("aes128-gcm", "aes256-cbc"):
        secret = encrypt_part("EncryptedID", NAME.format("wilma"), own.certificate, content=content)
        assert status(server, sign(with_secrets(name=secret), signer)) == 200, content
    beside = encrypt_part("EncryptedID", NAME.format("wilma"), own.certificate, beside=True, wrap="oaep-sha256")
    assert status(server, sign(with_secrets(name=beside), signer)) == 200
    other = encrypt_part("EncryptedID", NAME.format("fred"), own.certificate)
    assert status(server, sign(with_secrets(name=other), signer)) == 403
    # All of it encrypted, and the name once more in it.
    assert status(server, encrypt(sign(with_secrets(name=beside), signer), own.certificate)) == 200


def test_attributes_may_be_encrypted_each_by_itself(gateway, signer, own):
    server = gateway('userIdentifier="login"', roles=CALLERS + '<group name="operators"/>')
    secrets = [encrypt_part("EncryptedAttribute", ATTRIBUTE.format(*each), own.certificate)
               for each in (("login", "wilma"), ("groups", "operators"))]
    assert status(server, sign(with_secrets(*secrets), signer)) == 200
    assert refused(server, sign(with_secrets(secrets[1]), signer), "login")
    assert status(server, sign(with_secrets(secrets[0]), signer)) == 403
    # In one statement with others that are not.
    mixed = with_secrets()
    mixed.find(f"{{{SAML}}}AttributeStatement").append(etree.fromstring(secrets[1]))
    assert status(server, sign(mixed, signer)) == 200


def test_what_was_encrypted_must_be_what_its_element_says(gateway, signer, own, stranger):
    server = gateway()

    def name(clear=NAME.format("fred"), holder="EncryptedID", certificate=own.certificate, **options):
        return with_secrets(name=encrypt_part(holder, clear, certificate, **options))

    cases = {
        "an attribute as name": (name(ATTRIBUTE.format("x", "y")), "cannot be decrypted"),
        "an assertion as name": (name(f'<saml:Assertion ID="_x" Version="2.0"><saml:Issuer>{saml.ISSUER}</saml:Issuer></saml:Assertion>'),
                                 "cannot be decrypted"),
        "two names": (name(NAME.format("fred") + f'<saml:NameID xmlns:saml="{SAML}">adam</saml:NameID>'), "cannot be decrypted"),
        "nothing": (name(change=lambda cipher: b""), "cipher text"),
        "changed": (name(change=lambda cipher: cipher[:-1] + bytes([cipher[-1] ^ 1])), "cannot be decrypted"),
        "another key": (name(certificate=stranger.certificate), "cannot be decrypted"),
        "RSA 1.5": (name(wrap="rsa1_5"), "RSA-OAEP"),
        "no key": (name(keys=0), "no EncryptedKey"),
        "a name within a name": (name(encrypt_part("EncryptedID", NAME.format("fred"), own.certificate)), "cannot be decrypted"),
        "a name as attribute": (with_secrets(encrypt_part("EncryptedAttribute", NAME.format("fred"), own.certificate)), "cannot be decrypted"),
    }
    for each, (element, reason) in cases.items():
        assert refused(server, sign(element, signer), reason), each
    # The signature covers what is encrypted, and its place.
    good = sign(name(), signer)
    evil = etree.fromstring(encrypt_part("EncryptedID", NAME.format("adam"), own.certificate))
    place = good.find(f".//{{{SAML}}}EncryptedID")
    place.getparent().replace(place, evil)
    assert refused(server, good, "does not fit")
    # A name in the clear beside one that is encrypted: neither counts.
    both = name()
    both.find(f"{{{SAML}}}Subject").insert(0, etree.fromstring(f'<saml:NameID xmlns:saml="{SAML}">adam</saml:NameID>'))
    assert refused(server, sign(both, signer), "NameID")
    # As many as there may be, and one more; the header is short, as they are all the same.
    many = [encrypt_part("EncryptedAttribute", ATTRIBUTE.format("groups", "callers"), own.certificate)] * 33
    limit, beyond = (base64.b64encode(gzip.compress(etree.tostring(sign(with_secrets(*many[:count]), signer)))).decode()
                     for count in (32, 33))
    assert status(server, limit) == 200
    assert refused(server, beyond, "more than 32")


def test_without_a_key_of_rsa_nothing_can_be_encrypted(make_gateway, signer, own):
    secret = encrypt_part("EncryptedID", NAME.format("fred"), own.certificate)
    assert refused(make_gateway(), sign(with_secrets(name=secret), signer), "no RSA key")
