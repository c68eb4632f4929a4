"""Issuers of tokens for the system tests, and tokens that no issuer would make (python3-jwcrypto)."""
import base64
import gzip
import json
import pathlib
import sqlite3
import subprocess
import urllib.parse
import urllib.request

import pytest
from jwcrypto import jwk, jws

from conftest import PATIENCE, ROOT, free_ports, listening, wait_until

KINDS = {"RS256": ("RSA", {"size": 2048}), "PS256": ("RSA", {"size": 2048}), "ES256": ("EC", {"crv": "P-256"}),
         "ES512": ("EC", {"crv": "P-521"})}


def make_key(alg, kid):
    kind, options = KINDS[alg]
    return jwk.JWK.generate(kty=kind, kid=kid, use="sig", alg=alg, **options)


def sign(key, claims, alg="RS256", header=None):
    """A compact JWS; `claims` may be any text."""
    token = jws.JWS(claims if isinstance(claims, (str, bytes)) else json.dumps(claims))
    token.allowed_algs = [alg]
    token.add_signature(key, alg, json.dumps({"alg": alg, **(header or {})}))
    return token.serialize(compact=True)


def encode(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


class Issuer:
    """npm oidc-provider (tests/system/npm/issuer.mjs) over TLS."""

    CLIENTS = [
        {"client_id": "caller", "client_secret": "caller secret 0123456789", "redirect_uris": [], "response_types": [],
         "grant_types": ["client_credentials"], "scope": "read write"},
        {"client_id": "gateway", "client_secret": "gateway secret 0123456789", "redirect_uris": [], "response_types": [],
         "grant_types": [], "token_endpoint_auth_method": "client_secret_basic"},
    ]

    def __init__(self, directory, authority, name="localhost", clients=()):
        modules = subprocess.run([ROOT / "scripts" / "npm-install", "tests/system/npm", "system"], capture_output=True,
                                 text=True, check=False)
        assert modules.returncode == 0, modules.stderr
        self.modules = modules.stdout.strip().splitlines()[-1]
        self.directory, self.authority = directory, authority
        alt = "DNS:localhost,IP:127.0.0.1" if name == "localhost" else f"DNS:{name}"
        self.certificate, self.key = authority.issue(f"issuer of {name}", alt=alt)
        self.port = free_ports(1)[0]
        self.clients = [*self.CLIENTS, *clients]
        self.keys = [make_key(alg, f"{alg}-1") for alg in KINDS]
        self.context = authority.client()
        self.context.check_hostname = name == "localhost"
        self.process = None

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def start(self):
        path = self.directory / "issuer.json"
        path.write_text(json.dumps({"port": self.port, "tls": {"key": str(self.key), "certificate": str(self.certificate),
                                                               "authority": str(self.authority.certificate)},
                                    "keys": [key.export(as_dict=True) for key in self.keys], "clients": self.clients}))
        with open(self.directory / "issuer.log", "ab") as log:
            self.process = subprocess.Popen(["node", f"{self.modules}/issuer.mjs", str(path)], stdout=subprocess.PIPE,
                                            stderr=log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            pytest.fail("the issuer did not start: " + (self.directory / "issuer.log").read_text())
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process.stdout.close()
            self.process = None

    def post(self, path, fields, client="caller", headers=(), context=None):
        secret = next(each.get("client_secret") for each in self.clients if each["client_id"] == client)
        if secret:
            pair = f"{client}:{urllib.parse.quote(secret, safe='')}"
            headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode(), **dict(headers)}
        else:
            fields = {**fields, "client_id": client}
        request = urllib.request.Request(self.url + path, urllib.parse.urlencode(fields).encode(), dict(headers))
        with urllib.request.urlopen(request, context=context or self.context, timeout=PATIENCE) as response:
            text = response.read()
            return json.loads(text) if text else None

    def token(self, alg=None, scope=None, headers=(), **how):
        """A JWT signed with the algorithm, or an opaque token."""
        fields = {"grant_type": "client_credentials"}
        if alg:
            fields["resource"] = f"urn:alg:{alg}"
        if scope:
            fields["scope"] = scope
        return self.post("/token", fields, headers=headers, **how)["access_token"]

    def revoke(self, token):
        self.post("/token/revocation", {"token": token})


class Glewlwyd:
    """Debian's glewlwyd, over HTTP: a provider for each algorithm below /api/<alg>, one client that gets tokens for itself."""

    CALLER = ("caller", "callerSecret0123456789")  # it does not decode what RFC 6749 encodes

    def __init__(self, directory):
        self.directory, self.port, self.cookie, self.process = directory, free_ports(1)[0], None, None
        script = gzip.decompress(pathlib.Path("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz").read_bytes()).decode()
        with sqlite3.connect(directory / "glewlwyd.db") as database:
            database.executescript(script)
        modules = "/usr/lib/glewlwyd"
        (directory / "glewlwyd.conf").write_text(f"""
port={self.port}
bind_address="127.0.0.1"
external_url="http://localhost:{self.port}"
login_url="login.html"
api_prefix="api"
log_mode="file"
log_level="INFO"
log_file="{directory}/glewlwyd.log"
cookie_domain="localhost"
cookie_secure=0
user_module_path="{modules}/user"
user_middleware_module_path="{modules}/user_middleware"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
hash_algorithm="SHA512"
database={{ type="sqlite3"; path="{directory}/glewlwyd.db"; }};
""")

    def url(self, alg):
        return f"http://localhost:{self.port}/api/{alg.lower()}"

    def start(self):
        self.process = subprocess.Popen(["glewlwyd", f"--config-file={self.directory}/glewlwyd.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: listening(self.port), "glewlwyd")
        # The administrator of a new database.
        self.administer("/auth/", {"username": "admin", "password": "password"})
        self.administer("/scope/", {"name": "read", "display_name": "read", "password_required": False, "scheme": {}})
        self.administer("/client/?source=database", {
            "client_id": self.CALLER[0], "name": "caller", "enabled": True, "confidential": True, "password": self.CALLER[1],
            "client_secret": self.CALLER[1], "authorization_type": ["client_credentials"], "scope": ["read"],
            "redirect_uri": [], "token_endpoint_auth_method": ["client_secret_basic"]})
        for alg in KINDS:
            key = make_key(alg, f"{alg}-1").export(as_dict=True)
            self.administer("/mod/plugin/", {
                "module": "oidc", "name": alg.lower(), "display_name": alg, "enabled": True, "parameters": {
                    "iss": self.url(alg), "jwks-private": json.dumps({"keys": [key]}), "default-kid": f"{alg}-1",
                    "jwks-show": True, "access-token-duration": 3600, "refresh-token-duration": 3600, "code-duration": 600,
                    "allow-non-oidc": True, "auth-type-client-enabled": True, "auth-type-code-enabled": False,
                    "auth-type-token-enabled": False, "auth-type-id-token-enabled": False,
                    "auth-type-password-enabled": False, "auth-type-refresh-enabled": False,
                    "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True,
                    "subject-type": "public", "scope": []}})
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def administer(self, path, body):
        headers = {"Content-Type": "application/json", **({"Cookie": self.cookie} if self.cookie else {})}
        request = urllib.request.Request(f"http://localhost:{self.port}/api{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            cookie = response.headers.get("Set-Cookie")
            self.cookie = cookie.split(";")[0] if cookie else self.cookie

    def post(self, alg, path, fields):
        pair = base64.b64encode(":".join(self.CALLER).encode()).decode()
        request = urllib.request.Request(self.url(alg) + path, urllib.parse.urlencode(fields).encode(),
                                         {"Authorization": f"Basic {pair}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            text = response.read()
            return json.loads(text) if text else None

    def token(self, alg):
        return self.post(alg, "/token", {"grant_type": "client_credentials", "scope": "read"})["access_token"]

    def revoke(self, alg, token):
        self.post(alg, "/revoke", {"token": token})
