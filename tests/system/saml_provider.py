"""A SAML identity provider of its own process: pysaml2 behind HTTP on loopback. Requests come by HTTP-Redirect or HTTP-POST, as the
settings say; answers go by HTTP-POST through a page that the browser sends on. What it does is read from behaviour.json with each
request."""
import base64
import html
import http.server
import json
import pathlib
import sys
import threading
import urllib.parse
import zlib

import saml2.entity
import saml2.response
import saml2.sigver
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NameID
from saml2.server import Server

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
CONTENT = {"aes128-cbc": "http://www.w3.org/2001/04/xmlenc#aes128-cbc", "aes256-cbc": "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
           "aes128-gcm": "http://www.w3.org/2009/xmlenc11#aes128-gcm", "aes256-gcm": "http://www.w3.org/2009/xmlenc11#aes256-gcm"}
BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST}
PART = saml2.sigver.pre_encryption_part
ENCRYPT = saml2.sigver.CryptoBackendXmlSec1.encrypt_assertion


def choose_encryption(content, transport):
    """pysaml2 has one choice of its own: Triple DES."""
    def part(**given):
        wanted = {"msg_enc": CONTENT[content]} if content in CONTENT else {}
        if transport:
            wanted["key_enc"] = transport
        return PART(**{**given, **wanted})

    def encrypt(self, statement, enc_key, template, _key_type="", node_xpath=None, node_id=None):
        kind = f"aes-{content[3:6]}" if content in CONTENT else "des-192"
        return ENCRYPT(self, statement, enc_key, template, kind, node_xpath, node_id)

    saml2.entity.pre_encryption_part = part
    saml2.sigver.CryptoBackendXmlSec1.encrypt_assertion = encrypt


class Provider:
    def __init__(self, settings):
        self.settings, self.lock, self.servers = settings, threading.Lock(), {}
        self.directory = pathlib.Path(settings["directory"])
        self.home = f"http://127.0.0.1:{settings['port']}"

    def behaviour(self):
        path = self.directory / "behaviour.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def offered(self, path):
        return [(self.home + path, BINDINGS[each]) for each in self.settings.get("bindings", ["redirect"])]

    def configuration(self, service=None, strict=False):
        config = {"entityid": self.settings["entity"], "xmlsec_binary": "/usr/bin/xmlsec1", "key_file": self.settings["key"],
                  "cert_file": self.settings["certificate"],
                  "service": {"idp": {
                      "endpoints": {"single_sign_on_service": self.offered("/sso"), "single_logout_service": self.offered("/slo")},
                      "want_authn_requests_signed": strict,
                      "policy": {"default": {"lifetime": {"seconds": self.behaviour().get("lifetime", 300)},
                                             "attribute_restrictions": None,
                                             "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"}},
                      "subject_data": str(self.directory / "subjects")}}}
        if service:
            config["metadata"] = {"local": [str(service)]}
        return IdPConfig().load(config)

    def server(self, strict=False):
        """Of the service's metadata as they are now; strict: requests must have a signature inside."""
        path = self.directory / "service.xml"
        key = (path.read_text(encoding="utf-8"), json.dumps(self.behaviour()), strict)
        if key not in self.servers:
            self.servers[key] = Server(config=self.configuration(path, strict))
        return self.servers[key]

    def metadata(self):
        return create_metadata_string(None, config=self.configuration())

    def check_signature(self, query):
        server = self.server()
        (service,) = server.metadata.service_providers()
        certificates = server.metadata.certs(service, "any", "signing")
        order = [name for name in ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature") if name in query]
        message = {name: query[name] for name in order}
        return any(saml2.sigver.verify_redirect_signature(dict(message), server.sec.sec_backend, each) for each in certificates)

    def answer(self, user, request_id, destination, relay_state):
        """The page that sends the response."""
        behaviour, server = self.behaviour(), self.server()
        (service,) = server.metadata.service_providers()
        choose_encryption(behaviour.get("encrypt"), behaviour.get("transport"))
        if behaviour.get("status"):
            response = server.create_error_response(request_id, destination, (behaviour["status"], "no"), sign=False)
        else:
            response = server.create_authn_response(
                {"groups": behaviour.get("groups", ["callers"]), "login": [user]}, in_response_to=request_id,
                destination=destination, sp_entity_id=service,
                name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=user),
                sign_assertion=behaviour.get("sign_assertion", True), sign_response=behaviour.get("sign_response", False),
                encrypt_assertion=bool(behaviour.get("encrypt")), encrypt_assertion_self_contained=behaviour.get("alone", True),
                authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": self.settings["entity"]},
                session_not_on_or_after=behaviour.get("session_end"), sign_alg=RSA_SHA256, digest_alg=SHA256)
        text = base64.b64encode(str(response).encode()).decode()
        state = f'<input type="hidden" name="RelayState" value="{html.escape(relay_state)}"/>' if relay_state else ""
        return (f'<!DOCTYPE html><title>provider</title><body onload="document.forms[0].submit()"><form method="post" '
                f'action="{html.escape(destination)}"><input type="hidden" name="SAMLResponse" value="{text}"/>{state}</form></body>')


class Handler(http.server.BaseHTTPRequestHandler):
    provider = None

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # pylint: disable=invalid-name
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        answer = getattr(self, "get_" + url.path.strip("/"), None)
        if not answer:
            self.reply(404)
            return
        with self.provider.lock:
            answer(query)

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body))
        answer = getattr(self, "post_" + urllib.parse.urlsplit(self.path).path.strip("/"), None)
        if not answer:
            self.reply(404)
            return
        with self.provider.lock:
            answer(form)

    def post_login(self, form):
        self.reply(200, self.provider.answer(form["login"], form["request"], form["to"], form.get("state", "")))

    def post_sso(self, form):
        """pysaml2 verifies the signature inside; one that is wrong, or missing, is an exception or no request."""
        strict = not self.provider.behaviour().get("unsigned")
        try:
            request = self.provider.server(strict).parse_authn_request(form["SAMLRequest"], BINDING_HTTP_POST)
        except Exception as error:  # pylint: disable=broad-except
            request = None
            print(f"request refused: {error!r}", flush=True)
        if not request or not request.message:
            self.reply(403, "the signature is wrong")
            return
        (self.provider.directory / "asked.xml").write_bytes(base64.b64decode(form["SAMLRequest"]))
        self.ask_who(request, form.get("RelayState", ""))

    def ask_who(self, request, state):
        destination = self.provider.server().response_args(request.message, [BINDING_HTTP_POST])["destination"]
        fields = {"request": request.message.id, "to": destination, "state": state}
        hidden = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}"/>' for name, value in fields.items())
        self.reply(200, f'<!DOCTYPE html><title>login</title><form method="post" action="/login">{hidden}<input name="login"/>'
                        '<button>go</button></form>')

    def post_slo(self, form):
        server = self.provider.server(True)
        if "SAMLResponse" in form:
            text = base64.b64decode(form["SAMLResponse"]).decode()
            try:
                read = bool(server.parse_logout_request_response(form["SAMLResponse"], BINDING_HTTP_POST))
            except saml2.response.StatusError:
                read = False
            self.reply(200, f"read: {read} state: {html.escape(form.get('RelayState', ''))} {html.escape(text)}")
            return
        request = server.parse_logout_request(form["SAMLRequest"], BINDING_HTTP_POST)
        (self.provider.directory / "logged_out").write_bytes(base64.b64decode(form["SAMLRequest"]))
        response = server.create_logout_response(request.message, [BINDING_HTTP_POST], sign=True, sign_alg=RSA_SHA256, digest_alg=SHA256)
        destination = server.response_args(request.message, [BINDING_HTTP_POST])["destination"]
        self.reply(200, self.form(destination, "SAMLResponse", str(response), form.get("RelayState", "")))

    @staticmethod
    def form(destination, field, document, state):
        text = base64.b64encode(document.encode()).decode()
        state = f'<input type="hidden" name="RelayState" value="{html.escape(state)}"/>' if state else ""
        return (f'<!DOCTYPE html><title>provider</title><body onload="document.forms[0].submit()"><form method="post" '
                f'action="{html.escape(destination)}"><input type="hidden" name="{field}" value="{text}"/>{state}</form></body>')

    def get_metadata(self, _query):
        self.reply(200, self.provider.metadata(), **{"Content-Type": "application/samlmetadata+xml"})

    def get_sso(self, query):
        if not self.provider.behaviour().get("unsigned") and not self.provider.check_signature(query):
            self.reply(403, "the signature is wrong")
            return
        server = self.provider.server()
        request = server.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT)
        self.ask_who(request, query.get("RelayState", ""))

    def get_start(self, query):
        """The provider begins."""
        self.reply(200, self.provider.answer(query["user"], None, query["to"], query.get("state", "")))

    def get_slo(self, query):
        server = self.provider.server()
        if "SAMLResponse" in query:
            text = zlib.decompress(base64.b64decode(query["SAMLResponse"]), -15).decode()
            self.reply(200, f"signed: {self.provider.check_signature(query)} {html.escape(text)}")
            return
        if not self.provider.check_signature(query):
            self.reply(403, "the signature is wrong")
            return
        request = server.parse_logout_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT)
        (self.provider.directory / "logged_out").write_text(str(request.message), encoding="utf-8")
        response = server.create_logout_response(request.message, [BINDING_HTTP_REDIRECT])
        destination = server.response_args(request.message, [BINDING_HTTP_REDIRECT])["destination"]
        sent = server.apply_binding(BINDING_HTTP_REDIRECT, str(response), destination, query.get("RelayState", ""), response=True)
        self.reply(302, Location=dict(sent["headers"])["Location"])

    def get_end(self, query):
        """The provider logs a user out."""
        server = self.provider.server()
        (service,) = server.metadata.service_providers()
        _, request = server.create_logout_request(
            query["to"], service, name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=query["user"]),
            session_indexes=[query["index"]] if "index" in query else None, sign="unsigned" not in query and "post" in query,
            sign_alg=RSA_SHA256, digest_alg=SHA256)
        if "post" in query:
            self.reply(200, self.form(query["to"], "SAMLRequest", str(request), "rs-1"))
            return
        sent = server.apply_binding(BINDING_HTTP_REDIRECT, str(request), query["to"], "rs-1", sign="unsigned" not in query,
                                    sigalg=RSA_SHA256)
        self.reply(302, Location=dict(sent["headers"])["Location"])


def main():
    settings = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    Handler.provider = Provider(settings)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", settings["port"]), Handler)
    print(f"ready {settings['port']}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
