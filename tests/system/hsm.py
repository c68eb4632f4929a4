"""PKCS#11 tokens of SoftHSM 2, each test its own, with keys made inside of them by OpenSC's pkcs11-tool."""
import os
import pathlib
import re
import subprocess

LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"
SPY = "/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so"
PIN = "pin of the token 4711"
OFFICER = "officer 0815"


CURVES = {65: bytes.fromhex("06082a8648ce3d030107"), 97: bytes.fromhex("06052b81040022")}


def _der(tag, content):
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
    return bytes([tag]) + length + content


def _subject_public_key(octets):
    """SubjectPublicKeyInfo (RFC 5480) of a point that stands in an OCTET STRING."""
    point = octets[2:]
    algorithm = _der(0x30, bytes.fromhex("06072a8648ce3d0201") + CURVES[len(point)])
    return _der(0x30, algorithm + _der(0x03, b"\0" + point))


class Token:
    """A token in a directory of its own. `environment` is what a server needs to see it."""

    def __init__(self, directory, label="gateway"):
        self.directory, self.label = pathlib.Path(directory), label
        self.objects = self.directory / "tokens"
        self.objects.mkdir(parents=True)
        self.configuration = self.directory / "softhsm2.conf"
        self.configuration.write_text(f"directories.tokendir = {self.objects}\nobjectstore.backend = file\nlog.level = ERROR\n"
                                      "slots.removable = true\n")
        self.environment = {"SOFTHSM2_CONF": str(self.configuration)}
        self._run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", OFFICER)

    def _run(self, *words, check=True):
        return subprocess.run([str(word) for word in words], check=check, capture_output=True, text=True,
                              env=dict(os.environ, **self.environment))

    def tool(self, *words, check=True):
        return self._run("pkcs11-tool", "--module", LIBRARY, "--token-label", self.label, "--login", "--pin", PIN, *words, check=check)

    def key(self, label, kind="EC:prime256v1", number="01", more=()):
        """A new pair, whose private key cannot be read out."""
        self.tool("--keypairgen", "--key-type", kind, "--label", label, "--id", number, "--sensitive", *more)

    def public_key(self, number):
        """As the token tells it, in DER. OpenSC writes points of P-256 only, but shows all."""
        path = self.directory / f"{number}.pub.der"
        objects = re.split(r"(?m)^(?=Public Key Object)", self.tool("--list-objects", "--type", "pubkey").stdout)
        shown = next(each for each in objects if re.search(rf"(?m)^  ID:\s+{number}$", each))
        point = re.search(r"EC_POINT:\s*([0-9a-f]+)", shown)
        if point:
            path.write_bytes(_subject_public_key(bytes.fromhex(point.group(1))))
        else:
            self.tool("--read-object", "--type", "pubkey", "--id", number, "--output-file", path)
        return path

    def certify(self, authority, label, number="01", name="localhost", days=90):
        """A certificate of the authority for that key, written to the token. Returns its file in PEM."""
        public = self.directory / f"{number}.pub.pem"
        self._run("openssl", "pkey", "-pubin", "-inform", "DER", "-in", self.public_key(number), "-out", public)
        stem = self.directory / f"cert-{number}"
        request, key, pem, der, extensions = (stem.with_suffix(end) for end in (".csr", ".key", ".pem", ".der", ".ext"))
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        # A request wants to be signed by some key: what counts is the public key that the certificate is forced to have.
        self._run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                  "-keyout", key, "-out", request)
        self._run("openssl", "x509", "-req", "-in", request, "-force_pubkey", public, "-CA", authority.certificate, "-CAkey",
                  authority.key, "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", pem)
        self._run("openssl", "x509", "-in", pem, "-outform", "DER", "-out", der)
        self.tool("--write-object", der, "--type", "cert", "--id", number, "--label", label)
        return pem

    def pair(self, authority, label, kind="EC:prime256v1", number="01", name="localhost"):
        self.key(label, kind, number)
        return self.certify(authority, label, number, name)

    def uri(self, more=""):
        return f"pkcs11:token={self.label}{more}?module-path={LIBRARY}"

    def store(self, identifier="defaultKeyStore", pin=PIN, more=""):
        return (f'<keyStore id="{identifier}" type="PKCS11" fileBased="false" location="{self.uri(more)}" '
                f'password="{pin}"/>')

    def remove(self):
        """As if somebody pulled it out."""
        self.objects.rename(self.directory / "elsewhere")
        self.objects.mkdir()

    def insert(self):
        self.objects.rmdir()
        (self.directory / "elsewhere").rename(self.objects)
