"""Assertions for the tests: those of a real identity provider (pysaml2), and wrong ones made with lxml and cryptography, which
are no part of the server."""
import base64
import copy
import datetime
import hashlib
import html
import json
import os
import pathlib
import re
import sys
import urllib.parse
import urllib.request
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml import etree

from conftest import Process, wait_until

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
HOLDER = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
ISSUER = "https://idp.example.org/saml"
AUDIENCE = "https://gateway.example.org"


def stamp(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Signer:
    """A key with a certificate that issued itself."""

    def __init__(self, directory, name, bits=2048, curve=None):
        self.key = ec.generate_private_key(curve) if curve else rsa.generate_private_key(65537, bits)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.timezone.utc)
        self.certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                            .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
                            .add_extension(x509.BasicConstraints(True, None), True).sign(self.key, hashes.SHA256()))
        self.key_file, self.certificate_file = pathlib.Path(directory) / f"{name}.key", pathlib.Path(directory) / f"{name}.pem"
        self.key_file.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                                                         serialization.NoEncryption()))
        self.certificate_file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def store(self):
        """Key and certificate in one file."""
        path = self.key_file.with_suffix(".both.pem")
        path.write_bytes(self.key_file.read_bytes() + self.certificate_file.read_bytes())
        return path

    def text(self):
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()


def assertion(user="fred", issuer=ISSUER, audience=AUDIENCE, groups=("callers",), method=BEARER, data=None, conditions=None, more="",
              statement='<saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext><saml:AuthnContextClassRef>'
              'urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>',
              identity=None, name_id=None):
    """An assertion that is not signed, as an element."""
    identity = identity or "_" + uuid.uuid4().hex
    data = f'NotOnOrAfter="{stamp(300)}" Recipient="https://gateway.example.org/acs"' if data is None else data
    if conditions is None:
        conditions = (f'<saml:Conditions NotBefore="{stamp(-60)}" NotOnOrAfter="{stamp(300)}"><saml:AudienceRestriction>'
                      f'<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>')
    values = "".join(f'<saml:AttributeValue>{each}</saml:AttributeValue>' for each in groups)
    return etree.fromstring(
        f'<saml:Assertion xmlns:saml="{SAML}" ID="{identity}" Version="2.0" IssueInstant="{stamp(0)}"><saml:Issuer>{issuer}</saml:Issuer>'
        f'<saml:Subject><saml:NameID>{name_id or user}</saml:NameID><saml:SubjectConfirmation Method="{method}">'
        f'<saml:SubjectConfirmationData {data}/></saml:SubjectConfirmation></saml:Subject>{conditions}'
        f'{statement.format(now=stamp(-5))}<saml:AttributeStatement><saml:Attribute Name="groups">{values}</saml:Attribute>'
        f'<saml:Attribute Name="login"><saml:AttributeValue>{user}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>{more}'
        "</saml:Assertion>")


def canonical(element, comments=False):
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=comments)


def sign(element, signer, uri=None, method="rsa-sha256", digest="http://www.w3.org/2001/04/xmlenc#sha256", transforms=None,
         references=1, key_info=True, comments=False, objects=""):
    """Puts an enveloped signature behind the Issuer."""
    if isinstance(signer.key, ec.EllipticCurvePrivateKey):
        method = method.replace("rsa-", "ecdsa-")
    algorithm = getattr(hashes, method.rsplit("-", 1)[1].upper())()
    bare = canonical(element, comments)
    value = base64.b64encode(hashlib.new(digest.rsplit("#", 1)[1], bare).digest()).decode()
    prefix = DSIG if method == "rsa-sha1" else "http://www.w3.org/2001/04/xmldsig-more#"
    exclusive = EXCLUSIVE + ("WithComments" if comments else "")
    transforms = transforms or (f'<ds:Transform Algorithm="{DSIG}enveloped-signature"/><ds:Transform Algorithm="{exclusive}"/>')
    uri = "#" + element.get("ID") if uri is None else uri
    reference = (f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm="{digest}"/>'
                 f'<ds:DigestValue>{value}</ds:DigestValue></ds:Reference>')
    certificate = f'<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{signer.text()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>'
    signature = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        f'<ds:SignatureMethod Algorithm="{prefix}{method}"/>{reference * references}</ds:SignedInfo><ds:SignatureValue/>'
        f'{certificate if key_info else ""}{objects}</ds:Signature>')
    element.insert(1, signature)
    info = canonical(signature[0])
    signature[1].text = base64.b64encode(signed_bytes(signer.key, info, algorithm)).decode()
    return element


def signed_bytes(key, data, algorithm):
    """As XML Signature has it: the numbers of ECDSA at full length."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm)
    size = (key.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(key.sign(data, ec.ECDSA(algorithm))))


def text(element):
    return etree.tostring(element).decode()


def token(element):
    data = element if isinstance(element, bytes) else etree.tostring(element)
    return base64.b64encode(data).decode()


def evil(signer, **options):
    """A signed assertion for fred, and one for the administrator that nobody signed."""
    return sign(assertion(**options), signer), assertion(user="admin", groups=("admins", "callers"))


def response(*parts):
    root = etree.fromstring(f'<samlp:Response xmlns:samlp="{PROTOCOL}" ID="_r{uuid.uuid4().hex}" Version="2.0"/>')
    root.extend(parts)
    return root


def unasked(inner):
    """A response that answers nothing, around an assertion."""
    root = response(inner)
    root.insert(0, etree.fromstring(f'<p:Status xmlns:p="{PROTOCOL}"><p:StatusCode '
                                    'Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>'))
    return root


def wrapped(signer, number):
    """The signature wrapping attacks 1 to 8 of Somorovsky et al. ("On Breaking SAML", 2012), by their usual numbers."""
    good, bad = evil(signer)
    signature = good[1]
    if number == 1:  # a changed response around the original, which hangs in the signature
        root = response(bad)
        root.append(copy.deepcopy(signature))
        root[-1].append(good)
        return root
    if number == 2:  # the same, beside the signature
        root = response(bad, copy.deepcopy(signature), good)
        return root
    if number == 3:  # a wrong assertion before the right one
        return response(bad, good)
    if number == 4:  # the right one inside the wrong one
        bad.append(good)
        return bad
    if number == 5:  # the signature moved into the wrong one, the right one follows inside it
        good.remove(signature)
        bad.insert(1, signature)
        bad.append(good)
        return bad
    if number == 6:  # the right one inside the signature of the wrong one
        good.remove(signature)
        bad.insert(1, signature)
        signature.append(good)
        return bad
    if number == 7:  # in Extensions
        root = response()
        extensions = etree.SubElement(root, f"{{{PROTOCOL}}}Extensions")
        extensions.append(bad)
        root.append(good)
        return root
    good.remove(signature)  # 8: in an Object of the signature
    bad.insert(1, signature)
    etree.SubElement(signature, f"{{{DSIG}}}Object").append(good)
    return bad


class IdentityProvider:
    """pysaml2 as an identity provider that knows one service."""

    def __init__(self, directory, signer, consumer="https://gateway.example.org/acs"):
        from saml2.config import IdPConfig  # pylint: disable=import-outside-toplevel
        from saml2.server import Server  # pylint: disable=import-outside-toplevel
        directory = pathlib.Path(directory)
        metadata = directory / "service.xml"
        metadata.write_text(
            f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{AUDIENCE}"><SPSSODescriptor '
            'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService index="0" isDefault="true" '
            f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{consumer}"/></SPSSODescriptor></EntityDescriptor>')
        self.consumer = consumer
        self.server = Server(config=IdPConfig().load({
            "entityid": ISSUER, "xmlsec_binary": "/usr/bin/xmlsec1", "key_file": str(signer.key_file),
            "cert_file": str(signer.certificate_file), "metadata": {"local": [str(metadata)]},
            "service": {"idp": {"endpoints": {"single_sign_on_service": [(ISSUER, "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect")]},
                                "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None,
                                                       "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"}},
                                "subject_data": str(directory / "subjects")}}}))

    def assertion(self, user, groups):
        """A signed assertion as the provider wrote it, out of its response."""
        from saml2.saml import NAMEID_FORMAT_UNSPECIFIED, NameID  # pylint: disable=import-outside-toplevel
        answer = self.server.create_authn_response(
            {"groups": list(groups), "login": [user]}, in_response_to="_" + os.urandom(8).hex(), destination=self.consumer,
            sp_entity_id=AUDIENCE, name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text=user), sign_assertion=True,
            sign_response=False, authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": ISSUER},
            sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", digest_alg="http://www.w3.org/2001/04/xmlenc#sha256")
        found = etree.fromstring(str(answer).encode()).find(f"{{{SAML}}}Assertion")
        return etree.tostring(found)


class HttpProvider:
    """tests/system/saml_provider.py as a process."""

    def __init__(self, directory, signer, port, entity=ISSUER, bindings=("redirect",)):
        self.directory, self.port, self.entity = pathlib.Path(directory), port, entity
        self.home = f"http://127.0.0.1:{port}"
        settings = {"port": port, "entity": entity, "key": str(signer.key_file), "certificate": str(signer.certificate_file),
                    "directory": str(directory), "bindings": list(bindings)}
        (self.directory / "provider.json").write_text(json.dumps(settings))
        self.process = Process([sys.executable, pathlib.Path(__file__).parent / "saml_provider.py", self.directory / "provider.json"],
                               self.directory)
        wait_until(lambda: f"ready {port}" in self.log(), "the SAML provider", 60)

    def log(self):
        path = self.directory / "output.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        self.process.stop()

    def behave(self, **behaviour):
        (self.directory / "behaviour.json").write_text(json.dumps(behaviour))

    def metadata(self):
        with urllib.request.urlopen(self.home + "/metadata", timeout=20) as answer:
            return answer.read()

    def know(self, metadata):
        (self.directory / "service.xml").write_bytes(metadata)


def page_form(page):
    """(where to, fields) of the one form of a page."""
    text = page.body.decode()
    action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', text).group(1))
    fields = re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', text)
    return urllib.parse.urljoin(page.url, action), {name: html.unescape(value) for name, value in fields}


def login_response(site, request_id, signer, user="fred", signed="assertion", destination=None, answers=None, status="Success",
                   encrypt=None, response_options=None, more=(), **options):
    """A response that is right unless the options say otherwise, as an element."""
    answered = answers if answers is not None else request_id
    data = f'NotOnOrAfter="{stamp(300)}" Recipient="{site.acs}"' + (f' InResponseTo="{answered}"' if answered else "")
    given = {"data": data, "audience": site.base, **options}
    given["data"] = given["data"].replace("@ID@", answered or "")
    inner = assertion(user=user, **given)
    if signed in ("assertion", "both"):
        sign(inner, signer)
    if encrypt:
        inner = encrypt(inner)
    root = etree.fromstring(
        f'<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{SAML}" ID="_r{uuid.uuid4().hex}" Version="2.0" '
        f'IssueInstant="{stamp(0)}"><saml:Issuer>{ISSUER}</saml:Issuer><samlp:Status><samlp:StatusCode '
        f'Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status></samlp:Response>')
    if destination != "":
        root.set("Destination", destination or site.acs)
    if answered:
        root.set("InResponseTo", answered)
    root.append(inner)
    root.extend(more)
    if signed in ("response", "both"):
        sign(root, signer, **(response_options or {}))
    return root


KEY_WRAPS = {"oaep": ('<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>', "SHA1", "SHA1"),
             "oaep-sha256": ('<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep"><ds:DigestMethod '
                             'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><xenc11:MGF xmlns:xenc11='
                             '"http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/>'
                             '</xenc:EncryptionMethod>', "SHA256", "SHA256"),
             "rsa1_5": ('<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-1_5"/>', None, None)}


def encrypt(element, certificate, content="aes256-gcm", wrap="oaep", beside=False, clear=None, change=lambda cipher: cipher, keys=1):
    """An EncryptedAssertion, by cryptography."""
    clear = clear if clear is not None else etree.tostring(element)
    return etree.fromstring(encrypted("EncryptedAssertion", clear, certificate, content, wrap, beside, change, keys))


def encrypt_part(holder, clear, certificate, **options):
    """An EncryptedID or EncryptedAttribute, as text; prefixes of the content are declared in it."""
    clear = clear.replace(">", f' xmlns:saml="{SAML}">', 1).encode()
    return encrypted(holder, clear, certificate, **options)


def encrypted(holder, clear, certificate, content="aes256-gcm", wrap="oaep", beside=False, change=lambda cipher: cipher, keys=1):
    kind, size = content.split("-")[1], int(content[3:6]) // 8
    key = os.urandom(size)
    if kind == "gcm":
        nonce = os.urandom(12)
        cipher = nonce + AESGCM(key).encrypt(nonce, clear, None)
    else:
        pad = 16 - len(clear) % 16
        iv = os.urandom(16)
        encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        cipher = iv + encryptor.update(clear + bytes(pad - 1) + bytes([pad])) + encryptor.finalize()
    method, digest, mask = KEY_WRAPS[wrap]
    scheme = padding.OAEP(padding.MGF1(getattr(hashes, mask)()), getattr(hashes, digest)(), None) if digest else padding.PKCS1v15()
    wrapped = base64.b64encode(certificate.public_key().encrypt(key, scheme)).decode()
    space = "2001/04/xmlenc#" if kind == "cbc" else "2009/xmlenc11#"
    encrypted_key = (f'<xenc:EncryptedKey>{method}<xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData>'
                     '</xenc:EncryptedKey>') * keys
    info = "" if beside else f"<ds:KeyInfo>{encrypted_key}</ds:KeyInfo>"
    return (
        f'<saml:{holder} xmlns:saml="{SAML}" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="{DSIG}">'
        f'<xenc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod '
        f'Algorithm="http://www.w3.org/{space}{content}"/>{info}<xenc:CipherData><xenc:CipherValue>'
        f'{base64.b64encode(change(cipher)).decode()}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>'
        f'{encrypted_key if beside else ""}</saml:{holder}>')
