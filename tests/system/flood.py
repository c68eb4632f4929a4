"""Very many requests of nobody in particular, and what a server needs for them."""
import urllib.parse

from conftest import Connection


def memory(server):
    """Resident kilobytes of the workers."""
    total = 0
    for pid in server.process.workers():
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            total += next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return total


class Flood:
    """Requests over connections that are kept as long as the server keeps them; statuses are counted."""

    def __init__(self, server):
        self.server, self.context, self.connections, self.statuses = server, server.authority.client(), [], {}

    def get(self, target, cookie=""):
        return self._ask(f"GET {target} HTTP/1.1\r\n", cookie)

    def post(self, target, form, cookie=""):
        body = urllib.parse.urlencode(form)
        return self._ask(f"POST {target} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                         f"Content-Length: {len(body)}\r\n", cookie, body)

    def _ask(self, head, cookie, body=""):
        if not self.connections:
            self.connections = [Connection(self.server.https, self.context) for _ in range(4)]
        connection = self.connections.pop(0)
        connection.send(head + f"Host: localhost:{self.server.https}\r\nAccept: text/html\r\n"
                        + (f"Cookie: {cookie}\r\n" if cookie else "") + "\r\n" + body)
        response = connection.receive()
        if response is None or response.header("Connection") == "close":
            connection.close()
        else:
            self.connections.append(connection)
        if response:
            self.statuses[response.status] = self.statuses.get(response.status, 0) + 1
        return response

    def close(self):
        for each in self.connections:
            each.close()
        self.connections = []
