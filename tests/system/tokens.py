"""Issuers of tokens for the system tests, and tokens that no issuer would make (python3-jwcrypto)."""
import base64
import json
import os
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
from jwcrypto import jwk, jws

from conftest import ROOT, PATIENCE, free_ports

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

    def __init__(self, directory, authority, name="localhost"):
        modules = subprocess.run([ROOT / "scripts" / "npm-install", "tests/system/npm", "system"], capture_output=True,
                                 text=True, check=False)
        assert modules.returncode == 0, modules.stderr
        self.modules = modules.stdout.strip().splitlines()[-1]
        self.directory, self.authority = directory, authority
        alt = "DNS:localhost,IP:127.0.0.1" if name == "localhost" else f"DNS:{name}"
        self.certificate, self.key = authority.issue(f"issuer of {name}", alt=alt)
        self.port = free_ports(1)[0]
        self.keys = [make_key(alg, f"{alg}-1") for alg in KINDS]
        self.context = authority.client()
        self.context.check_hostname = name == "localhost"
        self.process = None

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def start(self):
        path = self.directory / "issuer.json"
        path.write_text(json.dumps({"port": self.port, "tls": {"key": str(self.key), "certificate": str(self.certificate)},
                                    "keys": [key.export(as_dict=True) for key in self.keys], "clients": self.CLIENTS}))
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

    def post(self, path, fields, client="caller", headers=()):
        secret = next(each["client_secret"] for each in self.CLIENTS if each["client_id"] == client)
        pair = f"{client}:{urllib.parse.quote(secret, safe='')}"
        request = urllib.request.Request(self.url + path, urllib.parse.urlencode(fields).encode(), {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(), **dict(headers)})
        with urllib.request.urlopen(request, context=self.context, timeout=PATIENCE) as response:
            text = response.read()
            return json.loads(text) if text else None

    def token(self, alg=None, scope=None, headers=()):
        """A JWT signed with the algorithm, or an opaque token."""
        fields = {"grant_type": "client_credentials"}
        if alg:
            fields["resource"] = f"urn:alg:{alg}"
        if scope:
            fields["scope"] = scope
        return self.post("/token", fields, headers=headers)["access_token"]

    def revoke(self, token):
        self.post("/token/revocation", {"token": token})
