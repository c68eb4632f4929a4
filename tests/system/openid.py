"""A real OpenID provider (npm oidc-provider) on loopback, and a browser without a screen that logs in at it."""
import html
import http.cookiejar
import json
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from conftest import ROOT, Process, wait_until

SERVERS = ROOT / "build" / "npm" / "system"


def prepare():
    """Installs what tests/system/npm/package-lock.json names; says what went wrong when it cannot."""
    result = subprocess.run([ROOT / "scripts" / "npm-install", "tests/system/npm", "system"], capture_output=True, text=True,
                            timeout=300, check=False)
    assert result.returncode == 0, result.stderr


class Provider:
    """oidc-provider over TLS with a certificate of the tests' authority."""

    def __init__(self, directory, authority, port, accounts, alt="DNS:localhost", **settings):
        prepare()
        self.directory, self.port, self.issuer = directory, port, f"https://localhost:{port}"
        certificate, key = authority.issue(f"op {port}", alt=alt)
        configuration = {"port": port, "tls": {"certificate": str(certificate), "key": str(key)}, "accounts": accounts,
                         "provider": settings}
        (directory / "provider.json").write_text(json.dumps(configuration))
        self.process, self.trusted = None, authority.certificate

    def start(self):
        self.process = Process(["node", SERVERS / "openid.mjs", self.directory / "provider.json"], self.directory,
                               dict(os.environ, NODE_EXTRA_CA_CERTS=str(self.trusted)))
        wait_until(lambda: f"ready {self.port}" in self.log(), "the OpenID provider", 60)
        return self

    def stop(self):
        if self.process:
            process, self.process = self.process, None
            process.stop()

    def log(self):
        path = self.directory / "output.log"
        return path.read_text(errors="replace") if path.exists() else ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Page:
    def __init__(self, url, status, headers, body):
        self.url, self.status, self.headers, self.body = url, status, headers, body

    @property
    def location(self):
        return urllib.parse.urljoin(self.url, self.headers["Location"])

    @property
    def json(self):
        return json.loads(self.body)


class Browser:
    """Keeps cookies, follows nothing by itself. Every request is remembered."""

    def __init__(self, authority, headers=None):
        self.jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(rfc2965=False))
        self.headers = headers or {"Accept": "text/html"}
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=authority.client()), urllib.request.HTTPCookieProcessor(self.jar),
            _NoRedirect)
        self.pages = []

    def get(self, url, form=None, **headers):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, data=data, headers={**self.headers, **headers})
        try:
            with self.opener.open(request, timeout=20) as response:
                page = Page(url, response.status, response.headers, response.read())
        except urllib.error.HTTPError as response:
            page = Page(url, response.code, response.headers, response.read())
        self.pages.append(page)
        return page

    def cookies(self, start=""):
        return [each for each in self.jar if each.name.startswith(start)]

    def log_in(self, page, account, until="/oidcclient/"):
        """From a redirect to the provider through its pages to the redirect back, which is returned unfollowed."""
        for _ in range(20):
            if page.status in (302, 303):
                if until in urllib.parse.urlsplit(page.location).path:
                    return page
                page = self.get(page.location)
                continue
            assert page.status == 200, (page.url, page.status, page.body[:400])
            text = page.body.decode()
            action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', text).group(1))
            form = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', text))
            if 'name="login"' in text:
                form.update(login=account, password="any")
            page = self.get(urllib.parse.urljoin(page.url, action), form)
        raise AssertionError(f"no way back: {[each.url for each in self.pages]}")
