"""Responders for the tests: that of the openssl command, and one that gives any answer at all."""
import datetime
import http.server
import pathlib
import subprocess
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from conftest import Process, free_ports, wait_until


def load(certificate, key=None):
    """The certificate, or the pair, of PEM files."""
    first = x509.load_pem_x509_certificate(pathlib.Path(certificate).read_bytes())
    return (first, serialization.load_pem_private_key(pathlib.Path(key).read_bytes(), None)) if key else first


def index_line(certificate, revoked=False):
    """As `openssl ca` writes it."""
    loaded = load(certificate)
    serial = f"{loaded.serial_number:X}"
    when = datetime.datetime.utcnow().strftime("%y%m%d%H%M%SZ") + ",keyCompromise" if revoked else ""
    return "\t".join(["R" if revoked else "V", loaded.not_valid_after.strftime("%y%m%d%H%M%SZ"), when,
                      serial if len(serial) % 2 == 0 else "0" + serial, "unknown", "/CN=" + pathlib.Path(certificate).stem]) + "\n"


def delegated(authority, name, usage="OCSPSigning"):
    """(certificate, key) that the authority lets sign answers."""
    certificate, key, request, extensions = (authority.directory / f"{name}.{end}" for end in ("pem", "key", "csr", "ext"))
    extensions.write_text(f"basicConstraints=CA:FALSE\nextendedKeyUsage={usage}\n")
    for words in (["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request],
                  ["x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial", "-days", "9",
                   "-extfile", extensions, "-out", certificate]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    return certificate, key


class OpenSSL:
    """`openssl ocsp` on a port of its own; `lines` is its index."""

    def __init__(self, directory, authority, lines, signer=None, port=None):
        directory.mkdir(exist_ok=True)
        (directory / "index.txt").write_text("".join(lines))
        certificate, key = signer or (authority.certificate, authority.key)
        self.port = port or free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Process(["openssl", "ocsp", "-index", directory / "index.txt", "-CA", authority.certificate, "-rsigner", certificate,
                                "-rkey", key, "-port", str(self.port), "-nmin", "5", "-ignore_err"], directory)
        # A connection that only looks whether it is there would keep it from the next one.
        wait_until(lambda: "waiting for OCSP" in (directory / "output.log").read_text(), "openssl ocsp")

    def stop(self):
        self.process.stop()


class Any:
    """Answers with what `answer(request bytes)` gives: bytes, or (status, bytes)."""

    def __init__(self, answer):
        self.asked = 0
        responder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                responder.asked += 1
                data = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/ocsp-request"
                given = answer(data)
                status, body = given if isinstance(given, tuple) else (200, given)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def response(certificate, issuer, signer, *, made=0, ends=3600, status=ocsp.OCSPCertStatus.GOOD, with_signer=False, alone=None):
    """An answer about `certificate`, made and ending so many seconds from now; `alone`: an error without one."""
    if alone is not None:
        return ocsp.OCSPResponseBuilder.build_unsuccessful(alone).public_bytes(serialization.Encoding.DER)
    now = datetime.datetime.utcnow().replace(microsecond=0)
    revoked = status == ocsp.OCSPCertStatus.REVOKED
    by, key = load(*signer)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=load(certificate), issuer=load(issuer), algorithm=hashes.SHA1(), cert_status=status,
        this_update=now + datetime.timedelta(seconds=made),
        next_update=None if ends is None else now + datetime.timedelta(seconds=ends),
        revocation_time=now if revoked else None, revocation_reason=x509.ReasonFlags.key_compromise if revoked else None)
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by)
    if with_signer:
        builder = builder.certificates([by])
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
