"""The other side of test_io_http_client: an HTTP server with every bad habit, chosen by path.

Prints "<plain port> <tls port> <tls port of another host> <HTTP/2 port> <proxy port>" and serves until its standard
input ends. Keys and certificates are made in the directory given: ca.pem, client.pem.
"""
import http.server
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time

where = pathlib.Path(sys.argv[1])


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], cwd=where, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def make_certificates():
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority", "-days", "2")
    for name, host in (("good", "DNS:localhost,IP:127.0.0.1"), ("other", "DNS:other.example.com"),
                       ("client", "DNS:client.example.com")):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (where / "ext").write_text(f"subjectAltName={host}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.crt", "-days", "2", "-extfile", "ext")
        text = (where / f"{name}.crt").read_text() + (where / f"{name}.key").read_text()
        (where / f"{name}.pem").write_text(text)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        path = self.path.split("?")[0]
        getattr(self, "do" + path.replace("/", "_"), self.do_echo)(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = serve

    def do_echo(self, body):
        certificate = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        lines = [f"{self.command} {self.path}"] + [f"{name}: {value}" for name, value in self.headers.items()]
        if certificate:
            lines.append("certificate: " + dict(part[0] for part in certificate["subject"])["commonName"])
        self.answer(("\n".join(lines) + "\n\n").encode() + body, headers=[("X-Two", "1"), ("x-two", "2")])

    def do_status(self, _):
        self.answer(b"gone", 410)

    def do_redirect(self, _):
        self.answer(b"", 302, [("Location", "/echo")])

    def do_slow(self, _):
        time.sleep(20)

    def do_cut(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.close_connection = True

    def do_nothing(self, _):
        self.close_connection = True

    def do_nonsense(self, _):
        self.wfile.write(b"SSH-2.0-OpenSSH_9\r\n\r\n")
        self.close_connection = True

    def do_chunked(self, _):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                         b"X-Late: 2\r\n\r\n4\r\nfour\r\n5\r\nmore!\r\n0\r\nX-Trailer: 3\r\n\r\n")

    def do_size(self, _):
        self.answer(b"x" * int(self.path.split("?")[1]))

    def do_endless(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True

    def do_headers(self, _):
        count = int(self.path.split("?")[1])
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(count - 1)) +
                         b"Content-Length: 0\r\n\r\n")

    def do_closing(self, _):
        """An answer after which the connection is closed without a word."""
        self.answer(b"bye")
        self.close_connection = True


class Proxy(Handler):
    def do_CONNECT(self):
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection(("127.0.0.1", int(port))) as far:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\nX-Proxy: yes\r\n\r\n")
            near = self.connection
            threading.Thread(target=pump, args=(far, near), daemon=True).start()
            pump(near, far)
        self.close_connection = True

    def serve(self):
        self.do_echo(b"through the proxy")

    do_GET = serve


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def start(handler, certificate=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that go away are what is tested
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(where / f"{certificate}.pem")
        context.load_verify_locations(where / "ca.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def start_http2():
    """nginx, because it speaks HTTP/2."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (where / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {where}/nginx.pid; error_log {where}/nginx.log;
events {{}}
http {{
  access_log off; client_body_temp_path {where}/t1; proxy_temp_path {where}/t2; fastcgi_temp_path {where}/t3;
  uwsgi_temp_path {where}/t4; scgi_temp_path {where}/t5;
  server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {where}/good.pem; ssl_certificate_key {where}/good.pem;
    location / {{ return 200 "$server_protocol $request_method"; }} }}
}}
""")
    nginx = subprocess.Popen(["nginx", "-e", f"{where}/nginx.log", "-c", f"{where}/nginx.conf"], cwd=where,
                             stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return nginx, port
        except OSError:
            time.sleep(0.05)
    nginx.kill()
    return nginx, 0


def main():
    make_certificates()
    nginx, http2 = start_http2()
    try:
        print(start(Handler), start(Handler, "good"), start(Handler, "other"), http2, start(Proxy), flush=True)
        sys.stdin.read()
    finally:
        nginx.kill()
        nginx.wait()
        os._exit(0)


main()
