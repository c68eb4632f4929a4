"""Certificates that the openssl command does not make easily: any time, purpose, issuer."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


class Pair:
    """A key and its certificate, and the chain behind it that is shown with it."""

    def __init__(self, directory, name, issuer=None, *, begins=-1, ends=30, ca=False, path=None, usages=None, key_usage=None):
        self.name, self.issuer = name, issuer
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.certificate.subject if issuer else subject)
                   .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + datetime.timedelta(days=begins)).not_valid_after(now + datetime.timedelta(days=ends))
                   .add_extension(x509.BasicConstraints(ca, path), critical=True))
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if key_usage:
            names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
                     "crl_sign", "encipher_only", "decipher_only")
            builder = builder.add_extension(x509.KeyUsage(**{each: each in key_usage for each in names}), critical=True)
        self.certificate = builder.sign(issuer.key if issuer else self.key, hashes.SHA256())
        stem = directory / f"{x509.random_serial_number():x}"
        self.pem, self.key_file = stem.with_suffix(".pem"), stem.with_suffix(".key")
        self.pem.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.key_file.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def shown(self, *chain):
        """(file with the certificate and these issuers, key file)"""
        whole = self.pem.with_suffix(".chain")
        whole.write_text("".join(each.pem.read_text() for each in (self, *chain)))
        return whole, self.key_file
