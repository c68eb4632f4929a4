"""The product's own module: whole, and answering."""
import subprocess

from conftest import BUILD, need

OPEN = '<zosconnect_zosConnectManager requireAuth="false"/>'


def test_the_module_lacks_nothing_that_nginx_does_not_give():
    module = need(BUILD / "src" / "engine" / "ngx_http_sallyport_module.so")
    symbols = subprocess.run(["nm", "-D", "--undefined-only", module], check=True, capture_output=True, text=True).stdout
    names = [line.split()[-1] for line in symbols.splitlines()]
    assert not [name for name in names if name.startswith(("sp_", "io_", "engine_"))]


def test_a_server_without_archives_answers_and_says_so(make_server):
    server = make_server(OPEN)
    response = server.call("GET", "/no/such/api")
    assert response.status == 404 and "errorMessage" in response.json
    assert response.header("Server") == "Sallyport"


def test_reload_swaps_the_gateway(make_server):
    server = make_server(OPEN, arguments=["--workers=1"])
    server.reload()
    assert server.call("GET", "/no/such/api").status == 404
    assert server.command("check").returncode == 0
