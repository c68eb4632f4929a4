"""Whether client certificates were taken back, asked of a responder (ssl, sallyport_ocsp); and stapling."""
import re
import shutil
import subprocess
import time

import pytest
from cryptography.x509 import ocsp as x509_ocsp

import ocsp
from conftest import SALLYPORT, Authority, free_ports, need, wait_until
from test_api import bad, make_gateway, make_region  # noqa: F401 (fixtures)
from test_api import JSON


def ssl_xml(authority, more, must=False):
    return (f'<server><keyStore id="trusted" location="{authority.certificate}" type="PEM"/>'
            f'<ssl id="defaultSSLConfig" keyStoreRef="defaultKeyStore" trustStoreRef="trusted" '
            f'clientAuthentication{"" if must else "Supported"}="true" {more}/></server>')


@pytest.fixture
def make_checked(make_gateway, authority):  # noqa: F811
    """A server that asks `responder` about client certificates."""

    def make(responder, how="required", more=""):
        named = f'sallyport_ocspResponder="{responder}"' if responder else ""
        text = ssl_xml(authority, f'sallyport_ocsp="{how}" {named} sallyport_ocspTimeout="1s" {more}')
        return make_gateway(more='<include location="ssl.xml"/>', files={"ssl.xml": text})

    return make


@pytest.fixture
def keep():
    started = []

    def add(responder):
        started.append(responder)
        return responder

    yield add
    for each in started:
        each.stop()


def ask(server, pair):
    """The status for who shows this certificate; fred is a user of the tests' registry."""
    return bad(server, "NOTHING", headers=[JSON], tls=server.authority.client(*pair)).status


def test_good_revoked_and_unknown_of_a_real_responder(make_checked, authority, tmp_path, keep):
    good, other, gone = authority.issue("fred"), authority.issue("mary"), authority.issue("fred gone")
    signer = ocsp.delegated(authority, "responder")
    responder = keep(ocsp.OpenSSL(tmp_path / "ocsp", authority, [ocsp.index_line(good[0]), ocsp.index_line(gone[0], True)], signer))
    server = make_checked(responder.url)
    assert ask(server, good) == 200
    refused = bad(server, "NOTHING", headers=[JSON], tls=authority.client(*gone))
    assert refused.status == 400
    assert ask(server, other) == 400  # of the same authority, but the responder has never heard of it
    wait_until(lambda: server.log().count("SALA0014W") >= 2, "the reasons")
    assert "taken back (keyCompromise)" in server.log() and "does not know" in server.log()
    # without a certificate nobody is asked
    assert bad(server, "NOTHING").status == 200


def test_the_issuer_may_sign_itself(make_checked, authority, tmp_path, keep):
    good = authority.issue("fred")
    server = make_checked(keep(ocsp.OpenSSL(tmp_path / "ocsp", authority, [ocsp.index_line(good[0])])).url)
    assert ask(server, good) == 200


def test_a_responder_that_is_dead(make_checked, authority, tmp_path, keep):
    good = authority.issue("fred")
    port, = free_ports(1)
    server = make_checked(f"http://127.0.0.1:{port}")
    assert ask(server, good) == 503
    assert "SALA0015E" in server.log()
    assert bad(server, "NOTHING").status == 200  # who comes without a certificate is not concerned
    # The certificate is taken when the responder is there again.
    keep(ocsp.OpenSSL(tmp_path / "ocsp", authority, [ocsp.index_line(good[0])], port=port))
    wait_until(lambda: ask(server, good) == 200, "the responder to be asked again")


def test_soft_takes_the_certificate_when_nobody_answers_and_says_so(make_checked, authority, tmp_path, keep):
    good, gone = authority.issue("fred"), authority.issue("fred gone")
    dead = make_checked(f"http://127.0.0.1:{free_ports(1)[0]}", how="soft")
    assert ask(dead, good) == 200
    assert "SALA0015E" in dead.log() and "soft" in dead.log()
    responder = keep(ocsp.OpenSSL(tmp_path / "ocsp", authority, [ocsp.index_line(gone[0], True)]))
    server = make_checked(responder.url, how="soft")
    assert ask(server, gone) == 400
    assert ask(server, good) == 400  # "unknown" is an answer


def test_off_asks_nobody(make_checked, authority):
    assert ask(make_checked(f"http://127.0.0.1:{free_ports(1)[0]}", how="off"), authority.issue("fred")) == 200


BROKEN = {
    "expired": (dict(made=-7200, ends=-3600), "has expired"),
    "from the future": (dict(made=3600, ends=7200), "from the future"),
    "old and without an end": (dict(made=-7200, ends=None), "has expired"),
    "try later": (dict(alone=x509_ocsp.OCSPResponseStatus.TRY_LATER), "no answer (trylater)"),
    "unauthorized": (dict(alone=x509_ocsp.OCSPResponseStatus.UNAUTHORIZED), "no answer (unauthorized)"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_says_nothing_refuses(make_checked, authority, keep, name):
    how, reason = BROKEN[name]
    good = authority.issue("fred")
    data = ocsp.response(good[0], authority.certificate, (authority.certificate, authority.key), **how)
    server = make_checked(keep(ocsp.Any(lambda _: data)).url)
    assert ask(server, good) == 503
    assert reason in server.log(), server.log()[-2000:]


def test_an_answer_of_somebody_else_refuses(make_checked, authority, tmp_path_factory, keep):
    good = authority.issue("fred")
    stranger = Authority(tmp_path_factory.mktemp("stranger"), authority.name)  # even of the same name
    server_purpose = ocsp.delegated(authority, "no responder", "serverAuth")
    for signer in ((stranger.certificate, stranger.key), server_purpose, authority.issue("nobody"), good):
        data = ocsp.response(good[0], authority.certificate, signer, with_signer=True)
        server = make_checked(keep(ocsp.Any(lambda _, data=data: data)).url)
        assert ask(server, good) == 503, signer
        assert "not signed by the certificate's issuer" in server.log()
        server.stop()


def test_an_answer_about_another_certificate_refuses(make_checked, authority, keep):
    good, other = authority.issue("fred"), authority.issue("mary")
    data = ocsp.response(other[0], authority.certificate, (authority.certificate, authority.key))
    server = make_checked(keep(ocsp.Any(lambda _: data)).url)
    assert ask(server, good) == 503 and "about another certificate" in server.log()


def test_rubbish_errors_and_silence_refuse(make_checked, authority, keep):
    good = authority.issue("fred")
    data = ocsp.response(good[0], authority.certificate, (authority.certificate, authority.key))
    changed = bytearray(data)
    changed[-5] ^= 1
    for answer in (b"", b"rubbish", data[:-10], data + b"x", bytes(changed), b"x" * 70000, (500, b""), (302, b"")):
        server = make_checked(keep(ocsp.Any(lambda _, answer=answer: answer)).url)
        assert ask(server, good) == 503, answer
        server.stop()
    server = make_checked(keep(ocsp.Any(lambda _: time.sleep(5) or data)).url)
    begun = time.monotonic()
    assert ask(server, good) == 503 and time.monotonic() - begun < 4
    begun = time.monotonic()  # and who comes next does not wait again
    assert {ask(server, good) for _ in range(5)} == {503}


def test_an_answer_is_remembered_while_it_holds(make_checked, authority, keep):
    good = authority.issue("fred")
    data = ocsp.response(good[0], authority.certificate, (authority.certificate, authority.key), ends=3600)
    responder = keep(ocsp.Any(lambda _: data))
    server = make_checked(responder.url)
    assert [ask(server, good) for _ in range(20)] == [200] * 20
    assert responder.asked <= len(server.process.workers())
    responder = keep(ocsp.Any(lambda _: data))
    server = make_checked(responder.url, more='sallyport_ocspCache="0"')
    assert [ask(server, good) for _ in range(5)] == [200] * 5
    assert responder.asked == 5


def test_a_certificate_that_is_taken_back_is_refused_when_the_answer_ends(make_checked, authority, keep):
    good = authority.issue("fred")
    answers = [dict(ends=-58), dict(status=x509_ocsp.OCSPCertStatus.REVOKED)]  # within what clocks may differ
    responder = keep(ocsp.Any(lambda _: ocsp.response(good[0], authority.certificate, (authority.certificate, authority.key), made=-3600 if
                                                      len(answers) == 2 else 0, **answers[0])))
    server = make_checked(responder.url)
    assert ask(server, good) == 200
    answers.pop(0)
    wait_until(lambda: ask(server, good) == 400, "the revocation")


def test_the_responder_that_the_certificate_names_is_asked(make_checked, authority, tmp_path, keep):
    port, = free_ports(1)
    named, key = (authority.directory / f"named.{end}" for end in ("pem", "key"))
    (authority.directory / "named.ext").write_text(f"authorityInfoAccess=OCSP;URI:http://127.0.0.1:{port}/\n")
    request = authority.directory / "named.csr"
    for words in (["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=fred", "-keyout", key, "-out", request],
                  ["x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial", "-days", "9",
                   "-extfile", authority.directory / "named.ext", "-out", named]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    server = make_checked(None)
    keep(ocsp.OpenSSL(tmp_path / "ocsp", authority, [ocsp.index_line(named)], port=port))
    assert ask(server, (named, key)) == 200
    assert ask(server, authority.issue("fred")) == 503  # names none
    assert "names no responder" in server.log()


class Below:
    """An authority that another one gave a certificate; each certificate names the responder of who issued it."""

    def __init__(self, above, directory, name, responder_above):
        self.directory, self.name = directory, name
        self.certificate, self.key = self.make(above, name, responder_above, "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n")

    def make(self, above, name, responder, extensions):
        certificate, key, request, words = (self.directory / f"{name}.{end}" for end in ("pem", "key", "csr", "ext"))
        words.write_text(extensions + f"authorityInfoAccess=OCSP;URI:{responder}\n")
        for command in (["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
                         "-out", request],
                        ["x509", "-req", "-in", request, "-CA", above.certificate, "-CAkey", above.key, "-CAcreateserial", "-days", "9",
                         "-extfile", words, "-out", certificate]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        return certificate, key

    def client(self, name, responder):
        """(certificate with the authority's own behind it, key), and the certificate alone."""
        certificate, key = self.make(self, name, responder, "basicConstraints=CA:FALSE\n")
        chain = self.directory / f"{name}-chain.pem"
        chain.write_text(certificate.read_text() + self.certificate.read_text())
        return (chain, key), certificate


def urls(count):
    ports = free_ports(count)
    return ports, [f"http://127.0.0.1:{port}/" for port in ports]


@pytest.mark.parametrize("chain", (True, False))
def test_an_intermediate_that_was_taken_back_refuses_when_it_is_asked_about(make_checked, authority, tmp_path, keep, chain):
    (root_port, good_port, bad_port), (root_url, good_url, bad_url) = urls(3)
    good, gone = (Below(authority, tmp_path, name, root_url) for name in ("good-ca", "gone-ca"))
    (pair, leaf), (gone_pair, gone_leaf) = good.client("fred", good_url), gone.client("mary", bad_url)
    keep(ocsp.OpenSSL(tmp_path / "root", authority, [ocsp.index_line(good.certificate), ocsp.index_line(gone.certificate, True)],
                      port=root_port))
    keep(ocsp.OpenSSL(tmp_path / "good", good, [ocsp.index_line(leaf)], port=good_port))
    keep(ocsp.OpenSSL(tmp_path / "gone", gone, [ocsp.index_line(gone_leaf)], port=bad_port))
    server = make_checked(None, more=f'sallyport_ocspChain="{str(chain).lower()}"')
    assert ask(server, pair) == 200
    refused = ask(server, gone_pair)
    if chain:
        assert refused == 400
        assert "CN=gone-ca of the client's authority was taken back (keyCompromise)" in server.log()
        assert [ask(server, gone_pair) for _ in range(3)] == [400] * 3  # also when it is remembered
    else:
        assert refused == 403  # nobody knows mary; the certificate itself counts


def test_a_revoked_leaf_below_good_intermediates_and_one_whose_responder_is_away(make_checked, authority, tmp_path, keep):
    (root_port, upper_port, lower_port), (root_url, upper_url, lower_url) = urls(3)
    upper = Below(authority, tmp_path, "upper", root_url)
    lower = Below(upper, tmp_path, "lower", upper_url)
    (pair, leaf), (gone, gone_leaf) = lower.client("fred", lower_url), lower.client("gone", lower_url)
    for chained in (pair[0], gone[0]):
        chained.write_text(chained.read_text() + upper.certificate.read_text())
    keep(ocsp.OpenSSL(tmp_path / "lower-ocsp", lower, [ocsp.index_line(leaf), ocsp.index_line(gone_leaf, True)], port=lower_port))
    keep(ocsp.OpenSSL(tmp_path / "upper-ocsp", upper, [ocsp.index_line(lower.certificate)], port=upper_port))
    server = make_checked(None, more='sallyport_ocspChain="true"')
    soft = make_checked(None, how="soft", more='sallyport_ocspChain="true"')
    # The root's responder is not there: nobody can say it of "upper".
    assert ask(server, pair) == 503
    assert "whether certificate CN=upper of the client's authority was taken back cannot be found out" in server.log()
    assert ask(server, gone) == 400
    assert ask(soft, pair) == 200 and "certificate CN=upper of the client's authority is taken without knowing" in soft.log()
    keep(ocsp.OpenSSL(tmp_path / "root-ocsp", authority, [ocsp.index_line(upper.certificate)], port=root_port))
    wait_until(lambda: ask(server, pair) == 200, "the root's responder to be asked again")


def test_sessions_are_not_resumed_past_the_check(make_checked, authority, tmp_path, keep):
    good = authority.issue("fred")
    server = make_checked(keep(ocsp.OpenSSL(tmp_path / "ocsp", authority, [ocsp.index_line(good[0])])).url)
    for version in ("-tls1_2", "-tls1_3"):
        session = tmp_path / "session"
        words = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", "-cert", good[0], "-key", good[1], version]
        request = b"POST /bad/do HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        subprocess.run([*words, "-sess_out", session], input=request, capture_output=True, check=False, timeout=20)
        if session.exists():
            again = subprocess.run([*words, "-sess_in", session], input=request, capture_output=True, check=False, timeout=20).stdout
            assert b"Reused" not in again


def test_a_responder_that_is_no_url_stops_the_server(make_server, authority):
    server = make_server("<keyStore id=\"trusted\" location=\"{authority}\" type=\"PEM\"/><keyStore id=\"defaultKeyStore\" password=\"key store "
                         "password\"/><ssl id=\"defaultSSLConfig\" keyStoreRef=\"defaultKeyStore\" trustStoreRef=\"trusted\" "
                         "clientAuthentication=\"true\" sallyport_ocsp=\"required\" sallyport_ocspResponder=\"https://x\"/>", start=False)
    checked = server.command("check")
    assert checked.returncode != 0 and "SALA0043E" in checked.stdout + checked.stderr


# ---------------------------------------------------------------- stapling

def stapled(port):
    """What `openssl s_client -status` shows."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-status"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, timeout=20)
    found = re.search(r"OCSP response: (no response sent)|Cert Status: (\w+)", done.stdout)
    return found.group(1) or found.group(2) if found else done.stdout


@pytest.mark.parametrize("delegate", (False, True))
def test_the_answer_about_our_own_certificate_is_stapled(make_gateway, tmp_path, tmp_path_factory, keep, delegate):  # noqa: F811
    port, = free_ports(1)
    own = Authority(tmp_path_factory.mktemp("own"), "Own CA")
    (own.directory / "own.ext").write_text(f"subjectAltName=DNS:localhost\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:{port}/\n")
    certificate, key, request, store = (own.directory / f"own.{end}" for end in ("pem", "key", "csr", "p12"))
    for words in (["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", request],
                  ["x509", "-req", "-in", request, "-CA", own.certificate, "-CAkey", own.key, "-CAcreateserial", "-days", "9",
                   "-extfile", own.directory / "own.ext", "-out", certificate],
                  ["pkcs12", "-export", "-in", certificate, "-inkey", key, "-certfile", own.certificate, "-passout", "pass:own password",
                   "-out", store]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    shutil.copy(store, tmp_path / "own.p12")
    text = (f'<server><keyStore id="own" location="{tmp_path}/own.p12" password="own password"/>'
            '<ssl id="defaultSSLConfig" keyStoreRef="own" sallyport_ocspStapling="true"/></server>')
    server = make_gateway(more='<include location="ssl.xml"/>', files={"ssl.xml": text})
    assert stapled(server.https) == "no response sent"  # the responder is not there yet; the handshake goes on
    signer = ocsp.delegated(own, "responder") if delegate else None
    keep(ocsp.OpenSSL(tmp_path / "ocsp", own, [ocsp.index_line(certificate)], signer, port=port))
    server.stop()
    server.start()
    wait_until(lambda: stapled(server.https) == "good", "the answer")
