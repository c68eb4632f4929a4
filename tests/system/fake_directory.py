"""A directory of the tests' own that answers in LDAP's bytes as Active Directory documents them: memberOf and member in ranges, sAMAccountName,
the data of a refused bind. It is not Active Directory, and was written from the documents; the entries are what a test puts in.

It knows simple bind, search (and, or, not, equality, presence), unbind and abandon; everything else is unwilling to be performed.
"""
import socket
import socketserver
import threading

SUCCESS, NO_SUCH_OBJECT, INVALID_CREDENTIALS, UNWILLING = 0, 32, 49, 53


def tlv(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def octets(text, tag=0x04):
    return tlv(tag, text if isinstance(text, bytes) else text.encode())


def number(value, tag=0x02):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def parse(data, at=0):
    """(tag, content, end) of the element at that place."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7f
        length, at = int.from_bytes(data[at:at + size], "big"), at + size
    return tag, data[at:at + length], at + length


def children(data):
    at, found = 0, []
    while at < len(data):
        tag, content, at = parse(data, at)
        found.append((tag, content))
    return found


def matches(node, entry):
    tag, content = node
    if tag == 0xa0:
        return all(matches(child, entry) for child in children(content))
    if tag == 0xa1:
        return any(matches(child, entry) for child in children(content))
    if tag == 0xa2:
        return not matches(children(content)[0], entry)
    if tag == 0x87:
        return content.decode().lower() in entry
    if tag == 0xa3:
        name, value = (part.decode().lower() for _, part in children(content))
        return value in [each.lower() for each in entry.get(name, [])]
    return False


class ActiveDirectory:
    """Entries: name to attributes, with lists of texts; `passwords`: name to password."""

    def __init__(self, entries, passwords, page=1500, refusal="80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v4563"):
        self.entries = {dn: {name.lower(): values for name, values in attributes.items()} for dn, attributes in entries.items()}
        self.passwords, self.page, self.refusal = passwords, page, refusal
        self.asked = []  # what was searched: (base, attributes)
        self.spoil = None  # turns an answer into other bytes
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                outer.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def message(connection):
        """One whole message, or None at the end."""
        data = b""
        while True:
            try:
                _, content, end = parse(data)
                if len(data) >= end:
                    return content
            except IndexError:
                pass
            try:
                more = connection.recv(65536)
            except OSError:
                return None
            if not more:
                return None
            data += more

    def serve(self, connection):
        while (content := self.message(connection)) is not None:
            (_, identity), (operation, body) = children(content)[:2]
            if operation == 0x42:
                return
            answers = {0x60: self.bind, 0x63: self.search}.get(operation, self.unwilling)(body)
            for answer in answers:
                data = tlv(0x30, tlv(0x02, identity) + answer)
                try:
                    connection.sendall(self.spoil(data) if self.spoil else data)
                except OSError:
                    return
            if self.spoil:
                connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def result(tag, code, text=""):
        return tlv(tag, number(code, 0x0a) + octets("") + octets(text))

    def unwilling(self, _body):
        return [self.result(0x78, UNWILLING)]

    def bind(self, body):
        _, (_, name), (method, password) = children(body)[:3]
        good = method == 0x80 and (not name or self.passwords.get(name.decode()) == password.decode())
        return [self.result(0x61, SUCCESS) if good else self.result(0x61, INVALID_CREDENTIALS, self.refusal)]

    def values(self, entry, wanted):
        """Name and values as they are given: a range when there are more than a page."""
        name, _, option = wanted.partition(";")
        values = entry.get(name.lower())
        if values is None:
            return None
        first = int(option.removeprefix("range=").split("-")[0]) if option else 0
        rest = values[first:first + self.page]
        if not option and len(values) <= self.page:
            return name, values
        last = "*" if first + self.page >= len(values) else str(first + len(rest) - 1)
        return f"{name};range={first}-{last}", rest

    def search(self, body):
        (_, base), (_, scope), _, (_, limit), _, _, condition, (_, wanted) = children(body)
        base, wanted = base.decode(), [name.decode() for _, name in children(wanted)]
        self.asked.append((base, wanted))
        lower = base.lower()
        if not any(dn.lower() == lower or dn.lower().endswith("," + lower) for dn in self.entries):
            return [self.result(0x65, NO_SUCH_OBJECT)]
        answers, most = [], int.from_bytes(limit, "big")
        for dn, entry in self.entries.items():
            below = dn.lower().endswith("," + lower)
            if not (dn.lower() == lower or (below and scope != b"\0")) or not matches(condition, entry):
                continue
            attributes = b""
            for found in filter(None, (self.values(entry, name) for name in wanted)):
                name, values = found
                attributes += tlv(0x30, octets(name) + tlv(0x31, b"".join(octets(value) for value in values)))
            answers.append(tlv(0x64, octets(dn) + tlv(0x30, attributes)))
            if most and len(answers) > most:
                return answers[:most] + [self.result(0x65, 4)]
        return answers + [self.result(0x65, SUCCESS)]
