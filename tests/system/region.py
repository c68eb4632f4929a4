"""A real sallyport-region with the programs of tests/system/cobol, on a free port."""
import re
import signal

from conftest import BUILD, Process, free_ports, need, wait_until

REGION = BUILD / "src" / "region" / "sallyport-region"
DEFINITION = BUILD / "tests" / "system" / "cobol" / "region.yaml"


class Region:
    """A region that can be stopped and started again on the same port."""

    def __init__(self, directory, *options):
        self.directory, self.options = directory, options
        self.process = None
        self.has_run = False
        self.definition = directory / "region.yaml"
        self.choose_port()

    def choose_port(self):
        self.port = free_ports(1)[0]
        text = need(DEFINITION).read_text()
        # Modules stay where the build put them, whatever directory the copy of the definition is in.
        text = re.sub(r"listen: .*", f"listen: 127.0.0.1:{self.port}", text)
        if "modules:" not in text:
            text = text.replace("region:", f"region:\n  modules: {DEFINITION.parent}/modules", 1)
        self.definition.write_text(text)

    def start(self):
        before = len(self.log())
        while True:
            self.process = Process([need(REGION), "run", *self.options, self.definition], self.directory)
            wait_until(lambda: "listens on" in self.log()[before:] or not self.process.running(), "the region to listen")
            if "listens on" in self.log()[before:]:
                self.has_run = True
                return self
            # Another test may have taken the port since it was found free; who knows the port already needs it again.
            said = self.log()[before:]
            assert not self.has_run and "in use" in said, said
            self.process.stop()
            before = len(self.log())
            self.choose_port()

    def stop(self, number=signal.SIGTERM):
        if self.process:
            process, self.process = self.process, None
            return process.stop(number)
        return None

    def log(self):
        path = self.directory / "output.log"
        return path.read_text(errors="replace") if path.exists() else ""
