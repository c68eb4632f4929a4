"""Debian's Chromium without a screen, driven by WebDriver (W3C) over HTTP."""
import json
import shutil
import urllib.request

from conftest import Process, free_ports, listening, need, wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class Chromium:
    def __init__(self, directory):
        (self.port,) = free_ports(1)
        self.driver = Process([need(shutil.which("chromedriver") or "/usr/bin/chromedriver"), f"--port={self.port}"], directory)
        self.session = None
        try:
            wait_until(lambda: listening(self.port), "chromedriver", 60)
            options = {"binary": str(need("/usr/bin/chromium")),
                       "args": [*SWITCHES, f"--user-data-dir={directory}/profile"]}
            capabilities = {"browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": options}
            answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self.session = f"/session/{answer['sessionId']}"
        except BaseException:
            self.close()
            raise

    def _call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=json.dumps(body or {}).encode() if method == "POST" else None,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.load(response)["value"]

    def close(self):
        if self.session:
            self._call("DELETE", self.session)
        self.driver.stop()

    def go(self, url):
        self._call("POST", f"{self.session}/url", {"url": url})

    @property
    def url(self):
        return self._call("GET", f"{self.session}/url")

    @property
    def text(self):
        return self.run("return document.documentElement.innerText")

    def run(self, script):
        return self._call("POST", f"{self.session}/execute/sync", {"script": script, "args": []})

    def cookies(self):
        return {each["name"]: each for each in self._call("GET", f"{self.session}/cookie")}

    def find(self, css):
        """Elements of the page, in its order."""
        found = self._call("POST", f"{self.session}/elements", {"using": "css selector", "value": css})
        return [each[ELEMENT] for each in found]

    def type(self, css, text):
        (element,) = self.find(css)
        self._call("POST", f"{self.session}/element/{element}/value", {"text": text})

    def press(self, css):
        element = self.find(css)[0]
        self._call("POST", f"{self.session}/element/{element}/click")
