#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Full TLS 1.3 handshakes with the key in a file and in a token of SoftHSM: CPU of the worker each, and how long a signature
blocks it. Run it alone on a machine: /usr/bin/python3 tests/bench/hsm_handshakes.py [build directory]
"""
import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ["SALLYPORT_BUILD"] = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "gcc").resolve())
sys.path.insert(0, str(ROOT / "tests" / "system"))

import hsm  # noqa: E402  pylint: disable=wrong-import-position
from conftest import Authority, Connection, Server  # noqa: E402  pylint: disable=wrong-import-position

HANDSHAKES = 400
OPEN = '<zosconnect_zosConnectManager requireAuth="false"/>'


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(server, client):
    server.start()
    try:
        worker = server.process.workers()[0]
        for _ in range(20):
            Connection(server.https, tls=client).close()
        times, before = [], cpu_of(worker)
        for _ in range(HANDSHAKES):
            begin = time.perf_counter()
            Connection(server.https, tls=client).close()
            times.append(time.perf_counter() - begin)
        return (cpu_of(worker) - before) / HANDSHAKES * 1e6, statistics.median(times) * 1e6
    finally:
        server.stop()


def main():
    print(f"{'key':<16}{'where':<8}{'us of CPU a handshake':>24}{'us until it is done (median)':>32}")
    for kind in ("EC:prime256v1", "rsa:2048"):
        for where in ("file", "token"):
            with tempfile.TemporaryDirectory(prefix="sallyport-hsm-") as name:
                directory = pathlib.Path(name)
                authority = Authority(directory)
                token = hsm.Token(directory / "token")
                store = ""
                if where == "token":
                    token.pair(authority, "server", kind)
                    store = token.store()
                elif kind.startswith("rsa"):
                    certificate, key = directory / "rsa.pem", directory / "rsa.key"
                    Authority._openssl("req", "-x509", "-newkey", kind, "-nodes", "-subj", "/CN=localhost", "-addext",
                                       "subjectAltName=DNS:localhost", "-CA", authority.certificate, "-CAkey", authority.key,
                                       "-keyout", key, "-out", certificate)
                    both = directory / "both.pem"
                    both.write_text(certificate.read_text() + key.read_text())
                    store = f'<keyStore id="defaultKeyStore" location="{both}" type="PEM"/>'
                server = Server(directory / "server", authority, OPEN + store, environment=token.environment,
                                arguments=["--workers=1"])
                cpu, median = measure(server, authority.client())
                print(f"{kind:<16}{where:<8}{cpu:>24.0f}{median:>32.0f}", flush=True)


if __name__ == "__main__":
    main()
