"""Client certificates whose users are in a directory: by their name as it is, and by a filter."""
import json

import pytest

from directory import BASE, group
from test_ldap import ENTRIES, FRED, PEOPLE, make_directory, make_gateway  # pylint: disable=unused-import
from test_api import JSON, make_region  # pylint: disable=unused-import

TLS = """<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" trustStoreRef="clients" clientAuthenticationSupported="true"/>
<keyStore id="clients" location="{ca}" type="PEM" password="none"/><keyStore id="defaultKeyStore" password="key store password"/>"""


@pytest.fixture
def client(authority, tmp_path):
    """Makes TLS contexts with a certificate of that subject, as the openssl command writes it."""
    made = []

    def make(subject):
        stem = tmp_path / f"client{len(made)}"
        made.append(stem)
        key, request, certificate = (stem.with_suffix(end) for end in (".key", ".csr", ".pem"))
        authority._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8", "-subj", subject,  # pylint: disable=protected-access
                           "-keyout", key, "-out", request)
        authority._openssl("x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key,  # pylint: disable=protected-access
                           "-CAcreateserial", "-days", "30", "-out", certificate)
        return authority.client(certificate, key)

    return make


def status(server, context):
    return server.call("POST", "/echo/it", [JSON], json.dumps({"Area": {"Text": "x"}}).encode(), tls=context).status


def test_the_subject_is_the_name_of_the_entry(make_directory, make_gateway, authority, client):
    directory = make_directory()
    server = make_gateway(directory, more=TLS.format(ca=authority.certificate))
    assert status(server, client("/DC=org/DC=example/OU=people/UID=fred")) == 200
    assert status(server, client("/DC=org/DC=EXAMPLE/OU=People/UID=Fred")) == 200
    assert status(server, client("/DC=org/DC=example/OU=people/UID=nobody")) == 403
    for subject in ("/DC=org/DC=example/OU=people/UID=unknown", "/CN=fred", "/DC=org/DC=other/OU=people/UID=fred",
                    "/DC=org/DC=example/CN=searcher"):
        assert status(server, client(subject)) in (401, 403), subject
    directory.stop(9)
    assert status(server, client("/DC=org/DC=example/OU=people/UID=wilma")) == 503


def test_a_filter_finds_the_user_of_a_certificate(make_directory, make_gateway, authority, client):
    directory = make_directory([*ENTRIES, group("mailers", f"uid=wilma,{PEOPLE}")])
    attributes = 'certificateMapMode="CERTIFICATE_FILTER" certificateFilter="(&amp;(uid=${{SubjectCN}})(objectclass=inetOrgPerson))"'
    server = make_gateway(directory, attributes, roles='<group name="mailers"/>',
                          more=TLS.format(ca=authority.certificate))
    assert status(server, client("/O=any/CN=wilma")) == 200
    assert status(server, client("/O=any/CN=fred")) == 403
    for name in ("unknown", "*", "w*", "wilma)(uid=*", "twin"):
        assert status(server, client(f"/O=any/CN={name}")) in (401, 403), name
    assert "(uid=\\2A" in directory.log() and "(uid=*)" not in directory.log()
    assert status(server, client("/O=wilma")) in (401, 403)


def test_certificates_may_be_refused(make_directory, make_gateway, authority, client):
    server = make_gateway(make_directory(), 'certificateMapMode="NOT_SUPPORTED"', more=TLS.format(ca=authority.certificate))
    assert status(server, client("/DC=org/DC=example/OU=people/UID=fred")) in (401, 403)
    assert FRED.endswith(BASE)
