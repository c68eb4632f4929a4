"""Proxies in front of a server: nginx and haproxy as Debian has them. They call from an address of their own, 127.0.0.9."""
import socket
import subprocess

from conftest import NGINX, Process, free_ports, listening, wait_until

ADDRESS = "127.0.0.9"
PROXIES = r"127\.0\.0\.9"

NGINX_CONF = """daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
{modules}
events {{}}
{streams}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/f;
  uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  {http}
}}
"""

HAPROXY_CONF = """global
  log stderr format raw local0
defaults
  timeout connect 5s
  timeout client 20s
  timeout server 20s
{sections}
"""


def nginx(directory, http="", streams="", modules=""):
    """A running nginx; the ports of the configuration must be the caller's."""
    directory.mkdir()
    (directory / "nginx.conf").write_text(NGINX_CONF.format(directory=directory, http=http, streams=streams, modules=modules))
    return Process([NGINX, "-p", directory, "-e", "stderr", "-c", directory / "nginx.conf"], directory)


def nginx_http(directory, target, scheme="$scheme"):
    """A reverse proxy (HTTP to HTTP) that appends to X-Forwarded-For. (process, port)"""
    port, = free_ports(1)
    http = (f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{target}; proxy_bind {ADDRESS};"
            "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
            f"proxy_set_header X-Forwarded-Proto {scheme}; proxy_http_version 1.1; }} }}")
    process = nginx(directory, http=http)
    wait_until(lambda: listening(port), "nginx")
    return process, port


def nginx_stream(directory, target):
    """A proxy of connections that speaks PROXY version 1. (process, port)"""
    port, = free_ports(1)
    streams = (f"stream {{ server {{ listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{target}; proxy_protocol on;"
               f" proxy_bind {ADDRESS}; }} }}")
    process = nginx(directory, streams=streams, modules="load_module /usr/lib/nginx/modules/ngx_stream_module.so;")
    wait_until(lambda: listening(port), "nginx")
    return process, port


def haproxy(directory, sections):
    directory.mkdir()
    configuration = directory / "haproxy.cfg"
    configuration.write_text(HAPROXY_CONF.format(sections=sections))
    subprocess.run(["/usr/sbin/haproxy", "-c", "-q", "-f", configuration], check=True, capture_output=True)
    return Process(["/usr/sbin/haproxy", "-db", "-f", configuration], directory)


def haproxy_tcp(directory, target, how="send-proxy-v2", source=ADDRESS):
    """A proxy of connections, also one that checks the server's health. (process, port)"""
    port, = free_ports(1)
    process = haproxy(directory, f"listen front\n  mode tcp\n  bind 127.0.0.1:{port}\n"
                                 f"  server one 127.0.0.1:{target} {how} source {source}\n")
    wait_until(lambda: listening(port), "haproxy")
    return process, port


def haproxy_tls(directory, authority, target, rules=""):
    """One that ends TLS, asks for client certificates and hands them on in $WSCC. (process, port)"""
    port, = free_ports(1)
    certificate, key = authority.issue("localhost")
    pem = directory.parent / (directory.name + ".pem")
    pem.write_text(certificate.read_text() + key.read_text())
    process = haproxy(directory, f"listen front\n  mode http\n  option forwardfor\n"
                                 f"  bind 127.0.0.1:{port} ssl crt {pem} ca-file {authority.certificate} verify optional"
                                 f" ca-ignore-err all crt-ignore-err all\n"
                                 "  http-request del-header $WS -m beg\n"
                                 "  http-request set-header X-Forwarded-Proto https\n"
                                 "  http-request set-header $WSCC %[ssl_c_der,base64] if { ssl_c_used }\n"
                                 f"{rules}"
                                 f"  server one 127.0.0.1:{target} source {ADDRESS}\n")
    wait_until(lambda: listening(port), "haproxy")
    return process, port


def proxy_v2(command=1, family=0x11, addresses=None):
    """A PROXY header of version 2; by default 192.0.2.1:1000 calls 192.0.2.2:443."""
    if addresses is None:
        addresses = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2") + (1000).to_bytes(2, "big") + (443).to_bytes(2, "big")
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, family]) + len(addresses).to_bytes(2, "big") + addresses
