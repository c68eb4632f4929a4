"""An OpenID provider that says whatever a test wants: token, key and userinfo endpoints over TLS, no pages.

Tokens are made with python3-jwcrypto. The provider is up before the server that asks it, so that its keys are never missed.
"""
import base64
import hashlib
import http.server
import json
import secrets
import ssl
import threading
import time
import urllib.parse

import tokens
from conftest import free_ports
from openid import Browser

CLIENT, SECRET = "sallyport", "a secret of the client, long enough for HS512: 0123456789 0123456789"


def half_hash(alg, text):
    """at_hash of OpenID Connect Core 1.0, section 3.1.3.6."""
    digest = hashlib.new(f"sha{alg[2:]}", text.encode()).digest()
    return base64.urlsafe_b64encode(digest[:len(digest) // 2]).rstrip(b"=").decode()


class Reply:
    def __init__(self, body, status=200, kind="application/json"):
        self.body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.status, self.kind = status, kind


class CodeProvider:
    """`tokens` and `user_info` are called with the form or the bearer token, and return a Reply."""

    def __init__(self, authority):
        (self.port,) = free_ports(1)
        self.authority, self.keys, self.forms, self.server = authority, [], [], None
        self.tokens = self.user_info = lambda _: Reply({}, 500)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*authority.issue("a provider of code", alt="DNS:localhost"))
        self.issuer = f"https://localhost:{self.port}"

    def endpoints(self):
        """Attributes of an openidConnectClient that discovers nothing."""
        return (f'authorizationEndpointUrl="{self.issuer}/auth" tokenEndpointUrl="{self.issuer}/token" '
                f'jwkEndpointUrl="{self.issuer}/jwks" issuerIdentifier="{self.issuer}"')

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 60

            def answer(self, reply):
                if not reply.status:
                    return  # not a word
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.kind)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def do_GET(self):
                if self.path == "/jwks":
                    self.answer(Reply({"keys": [json.loads(key.export_public()) for key in outer.keys]}))
                elif self.path == "/userinfo":
                    self.answer(outer.user_info(self.headers["Authorization"].removeprefix("Bearer ")))
                else:
                    self.answer(Reply({}, 404))

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(urllib.parse.parse_qsl(text))
                outer.forms.append(form)
                self.answer(outer.tokens(form))

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def finish_request(self, request, client_address):
                with outer.context.wrap_socket(request, server_side=True) as channel:  # in a thread of its own
                    super().finish_request(channel, client_address)

            def shutdown_request(self, request):
                self.close_request(request)

            def handle_error(self, *_):
                pass

        self.server = Listener(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def claims(self, nonce, **changes):
        """Of a good ID token; None takes one away."""
        now = int(time.time())
        every = {"iss": self.issuer, "sub": "fred", "aud": CLIENT, "nonce": nonce, "iat": now, "exp": now + 300, **changes}
        return {name: value for name, value in every.items() if value is not None}


class Login:
    """A browser that asked for a page and was sent to the provider."""

    def __init__(self, server, page="/zosConnect/apis", browser=None, **headers):
        self.server, self.browser = server, browser or Browser(server.authority)
        self.page = f"https://localhost:{server.https}{page}"
        self.sent = self.browser.get(self.page, **headers)
        assert self.sent.status == 302, (self.sent.status, self.sent.body)
        self.asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.sent.location).query))
        self.code = "code-" + secrets.token_urlsafe(24)

    @property
    def state(self):
        return self.asked["state"]

    @property
    def nonce(self):
        return self.asked["nonce"]

    def url(self, **changes):
        """Where the provider sends the browser back to; None takes a parameter away."""
        every = {"code": self.code, "state": self.state, **changes}
        return self.asked["redirect_uri"] + "?" + urllib.parse.urlencode({k: v for k, v in every.items() if v is not None})

    def come_back(self, browser=None, headers=(), **changes):
        return (browser or self.browser).get(self.url(**changes), **dict(headers))


def good_tokens(provider, key, alg, nonce, access_token="an-access-token", **claims):
    header = {"kid": key.get("kid")}
    return {"access_token": access_token, "token_type": "Bearer", "expires_in": 300,
            "id_token": tokens.sign(key, provider.claims(nonce, **claims), alg, header)}
