"""A real realm for the tests: MIT's key distribution centre on a free port, with a database and tickets of its own."""
import os
import pathlib
import signal
import subprocess

from conftest import Process, free_ports, listening, wait_until

CONFIGURATION = """
[libdefaults]
  default_realm = TEST.REALM
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  TEST.REALM = {{
    kdc = 127.0.0.1:{port}
  }}
"""

SERVER = """
[kdcdefaults]
  kdc_ports = ""
  kdc_listen = ""
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  TEST.REALM = {{
    database_name = {directory}/principal
    key_stash_file = {directory}/stash
    max_life = 10h
  }}
"""


class Realm:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.port, = free_ports(1)
        (self.directory / "krb5.conf").write_text(CONFIGURATION.format(port=self.port))
        (self.directory / "kdc.conf").write_text(SERVER.format(port=self.port, directory=self.directory))
        self.environment = dict(os.environ, KRB5_CONFIG=str(self.directory / "krb5.conf"), KRB5_KDC_PROFILE=str(self.directory / "kdc.conf"),
                                KRB5RCACHENAME="none:")
        self.run("/usr/sbin/kdb5_util", "create", "-s", "-r", "TEST.REALM", "-P", "master secret")
        self.process = None

    def run(self, *command, **options):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def add(self, principal, keys):
        """A principal whose keys are written into a file."""
        self.run("/usr/sbin/kadmin.local", "-r", "TEST.REALM", "-q", f"addprinc -randkey {principal}")
        self.run("/usr/sbin/kadmin.local", "-r", "TEST.REALM", "-q", f"ktadd -k {keys} {principal}")

    def tickets(self, principal, keys, cache, *options):
        self.run("/usr/bin/kinit", "-c", f"FILE:{cache}", "-k", "-t", str(keys), *options, principal)
        pathlib.Path(cache).chmod(0o644)

    def start(self):
        self.process = Process(["/usr/sbin/krb5kdc", "-n", "-r", "TEST.REALM"], self.directory, self.environment)
        wait_until(lambda: listening(self.port), "the key distribution centre to listen")
        return self

    def stop(self, number=signal.SIGTERM):
        if self.process:
            process, self.process = self.process, None
            process.stop(number)
