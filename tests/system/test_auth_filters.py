"""Several filters of one element, and one request that the filters of two elements accept."""
import subprocess

import pytest

from conftest import SALLYPORT, need, wait_until

KEY = 'signatureAlgorithm="HS256" sharedKey="a secret of thirty-two bytes....."'
XML = """
<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>openidConnectClient-1.0</feature></featureManager>
<webAppSecurity allowFailOverToBasicAuth="true"/>
<basicRegistry id="basic" realm="zosConnect"><user name="fred" password="fred secret"/></basicRegistry>
<authFilter id="north"><requestUrl urlPattern="/north/" matchType="contains"/></authFilter>
<authFilter id="API south"><requestUrl urlPattern="/south/" matchType="contains"/></authFilter>
<authFilter id="all"><requestUrl urlPattern="/" matchType="contains"/></authFilter>
%s
"""


def client(name, filters, more=KEY):
    return f"""<openidConnectClient id="{name}" {filters} inboundPropagation="required" issuerIdentifier="https://{name}.test"
  audiences="us" {more}/>"""


@pytest.fixture
def make(make_server):
    return lambda elements: make_server(XML % elements, start=False)


def explain(server, url, *words):
    done = subprocess.run([need(SALLYPORT), "explain", "auth", "GET", url, *words, "--server", f"{server.directory}/"],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("filters", ['authFilterRef="north, API south"', "nested"])
def test_of_several_filters_one_must_accept(make, filters):
    element = client("one", filters)
    if filters == "nested":
        element = client("one", "").replace("/>", ">") + """
  <authFilter id="n"><requestUrl urlPattern="/north/" matchType="contains"/></authFilter>
  <authFilter id="s"><requestUrl urlPattern="/south/" matchType="contains"/></authFilter></openidConnectClient>"""
    server = make(element)
    assert server.command("check").returncode == 0, server.command("check").stdout
    for url, accepting, asked in (("/north/1", 1, True), ("/south/1", 1, True), ("/west/1", 0, False)):
        told = explain(server, f"https://h{url}")
        assert told.count("accepts the request\n") == accepting, told
        assert told.count("does not accept the request") == 2 - accepting, told
        assert ("chosen openidConnectClient[one]" in told) is asked, told


def test_a_filter_of_several_that_is_not_there_stops_the_server(make):
    server = make(client("one", 'authFilterRef="north, nowhere"'))
    checked = server.command("check")
    assert checked.returncode != 0 and "nowhere" in checked.stdout + checked.stderr


def test_two_filters_that_accept_one_request_are_told(make):
    server = make(client("first", 'authFilterRef="north"') + client("second", 'authFilterRef="all"'))
    assert "SALA0060W" not in server.command("check").stdout, "nobody can say so before there is a request"
    told = explain(server, "https://h/north/1")
    assert "chosen openidConnectClient[first]: is asked" in told
    assert "ambiguous openidConnectClient[second]: its filter accepts the request too" in told, told
    assert "ambiguous" not in explain(server, "https://h/elsewhere")
    server.start()
    for _ in range(3):
        assert server.call("GET", "/elsewhere").status == 401
    assert "SALA0060W" not in server.log()
    for _ in range(8):
        assert server.call("GET", "/north/1").status == 401
    wait_until(lambda: "SALA0060W" in server.log(), "the warning")
    assert 1 <= server.log().count("SALA0060W") <= len(server.process.workers())
    assert "openidConnectClient[first] and of openidConnectClient[second]" in server.log()


def test_check_tells_line_and_place_of_elements_that_share_a_filter(make):
    server = make(client("first", 'authFilterRef="north"') + "\n" + client("second", 'authFilterRef="all, north"'))
    checked = server.command("check")
    line = next(l for l in checked.stdout.splitlines() if "SALA0060W" in l)
    place = (server.directory / "server.xml").read_text().splitlines()
    number = next(i for i, text in enumerate(place, 1) if 'id="second"' in text)
    assert f"server.xml:{number}:" in line and "authFilter[north] is that of openidConnectClient[first] too" in line
    assert checked.returncode == 0


@pytest.mark.parametrize("more, message", [('signatureAlgorithm="none"', "SALA0040E"), ('signatureAlgorithm="RS256"', "SALA0041W")])
def test_what_is_wrong_with_an_element_is_told_with_its_line(make, more, message):
    server = make("\n\n" + client("first", "", more))
    checked = server.command("check")
    text = (server.directory / "server.xml").read_text().splitlines()
    number = next(i for i, line in enumerate(text, 1) if 'id="first"' in line)
    told = [line for line in (checked.stdout + checked.stderr).splitlines() if message in line]
    assert told and any(f"server.xml:{number}:" in line for line in told), checked.stdout + checked.stderr
