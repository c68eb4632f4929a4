"""Each chapter of docs/authentication.md begins with a server.xml that works."""
import re
import subprocess

import pytest

from conftest import ROOT, SALLYPORT, need

TEXT = (ROOT / "docs" / "authentication.md").read_text(encoding="utf-8")
CHAPTERS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
# Chapters about all schemes.
GENERAL = {"Which provider", "From credential to user id", "What is remembered, and who must wait", "What callers see"}


def fragments(chapter):
    return [xml for xml in re.findall(r"^```xml\n(.*?)^```", chapter, re.M | re.S) if xml.startswith("<server>")]


def test_every_scheme_begins_with_a_fragment():
    without = [name for name, text in CHAPTERS.items() if name not in GENERAL and not fragments(text)]
    assert not without, f"no server.xml in: {', '.join(without)}"


@pytest.fixture(scope="session")
def key_files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    "key.pem", "-out", "certificate.pem", "-subj", "/CN=gw", "-days", "9"], cwd=directory, check=True,
                   capture_output=True)
    subprocess.run(["openssl", "pkcs12", "-export", "-inkey", "key.pem", "-in", "certificate.pem", "-out", "key.p12", "-passout",
                    "pass:changeit"], cwd=directory, check=True, capture_output=True)
    return directory


def metadata(certificate):
    """Of a SAML identity provider."""
    lines = certificate.read_text().splitlines()
    text = "".join(line for line in lines if not line.startswith("-"))
    return ('<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.org"><IDPSSODescriptor '
            'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor><KeyInfo '
            'xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>' + text + '</X509Certificate></X509Data></KeyInfo>'
            '</KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            'Location="https://idp.example.org/sso"/></IDPSSODescriptor></EntityDescriptor>')


@pytest.mark.parametrize("name", [name for name, text in CHAPTERS.items() if fragments(text)])
def test_a_fragment_is_a_configuration_that_works(name, key_files, tmp_path):
    for number, xml in enumerate(fragments(CHAPTERS[name])):
        directory = tmp_path / f"server{number}"
        security = directory / "resources" / "security"
        security.mkdir(parents=True)
        for location in re.findall(r'location="([^"]+)"', xml):
            location = location.replace("${server.config.dir}/", "")
            of = "key.p12" if location.endswith(".p12") else "certificate.pem"
            place = directory / location if "/" in location else security / location
            place.write_bytes((key_files / of).read_bytes())
        for location in re.findall(r'idpMetadata="\$\{server.config.dir\}/([^"]+)"', xml):
            (directory / location).write_text(metadata(key_files / "certificate.pem"))
        # What only the reader knows.
        (directory / "server.xml").write_text(xml.replace("{aes}...", "{xor}PDc+MTg6Nis="))
        if "keysFileName" in xml:
            subprocess.run([need(SALLYPORT), "server", "key", f"{directory}/", "--ltpa"], check=True, capture_output=True, timeout=60)
        done = subprocess.run([need(SALLYPORT), "server", "check", f"{directory}/"], capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert " error " not in done.stdout + done.stderr
