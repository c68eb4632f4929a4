"""The administration interface: every URI, its statuses and fields, and what becomes of what is deployed."""
import io
import json
import re
import subprocess
import zipfile

import pytest

import archives
from conftest import ROOT, wait_until
from test_api import JSON, basic, make_gateway, make_region, smf  # noqa: F401 (fixtures)

ADAM, OPAL, RITA, IVO = (basic(user) for user in ("adam", "opal", "rita", "ivo"))
ZIP = ("Content-Type", "application/zip")

# One user for each level, and mary who has the role and no level.
LEVELS = """
<basicRegistry id="basic">
  <user name="adam" password="adam secret"/><user name="opal" password="opal secret"/>
  <user name="rita" password="rita secret"/><user name="ivo" password="ivo secret"/>
  <group name="GADMIN"><member name="adam"/></group><group name="GOPER"><member name="opal"/></group>
  <group name="GREADER"><member name="rita"/></group><group name="GIVOKE"><member name="ivo"/></group>
  <group name="STAFF"><member name="adam"/><member name="opal"/><member name="rita"/><member name="ivo"/></group>
</basicRegistry>
<zosconnect_zosConnectManager globalInvokeGroup="GMINVOKE,GIVOKE" globalAdminGroup="GADMIN" globalOperationsGroup="GOPER"
  globalReaderGroup="GREADER"/>
"""
FIELDS = archives.field("What", 1, 8, "char") + archives.field("Seconds", 9, 4, "zoned") + archives.field("More", 13, 4, "char")
DO = json.dumps({"Area": {"What": "NOTHING", "Seconds": 0}}).encode()


def aar(name, base_path, template="/do", method="POST", service="bad"):
    out = io.BytesIO()
    archives.api(out, name, base_path, template, method, service)
    return out.getvalue()


def sar(name, program="BADPGM", connection="cicsConn", fields=FIELDS, length=32):
    out = io.BytesIO()
    archives.service(out, name, program, length, fields, connection)
    return out.getvalue()


@pytest.fixture
def server(make_gateway):
    return make_gateway(more=LEVELS)


def ask(server, method, target, user=ADAM, body=None, headers=()):
    return server.call(method, f"/zosConnect{target}", [user, *headers], body)


def deploy(server, kind, archive, user=ADAM, query=""):
    return ask(server, "POST", f"/{kind}{query}", user, archive, [ZIP])


def do(server, path, user=IVO):
    return server.call("POST", path, [user, JSON], DO)


def error(response, status):
    assert response.status == status, response
    assert response.header("Content-Type") == "application/json"
    assert set(response.json) <= {"errorMessage", "errorDetails"}
    return response.json["errorMessage"] + " " + response.json.get("errorDetails", "")


def test_what_is_deployed_is_listed(server):
    base = f"https://localhost:{server.https}"
    response = server.call("GET", "/zosConnect/apis", [ADAM, ("Host", f"localhost:{server.https}")])
    assert response.status == 200 and response.header("Content-Type") == "application/json"
    assert [each["name"] for each in response.json["apis"]] == ["absent", "bad", "echo"]
    assert response.json["apis"][1] == {"name": "bad", "version": "1.0.0", "description": "made by a test",
                                        "adminUrl": f"{base}/zosConnect/apis/bad"}
    services = ask(server, "GET", "/services").json["zosConnectServices"]
    assert services[1] == {"ServiceName": "bad", "ServiceDescription": "made by a test", "ServiceProvider": "CICS-1.0",
                           "ServiceURL": "https://localhost/zosConnect/services/bad"}
    assert ask(server, "GET", "/apiRequesters").json == {"apiRequesters": []}


def test_details_have_the_fields_of_the_interface(server):
    assert ask(server, "GET", "/apis/bad").json == {
        "name": "bad", "version": "1.0.0", "description": "made by a test", "status": "Started",
        "apiUrl": "https://localhost/bad", "documentation": {"swagger": "https://localhost/bad/api-docs"},
        "services": [{"name": "bad", "uri": "https://localhost/zosConnect/services/bad"}]}
    url = "https://localhost/zosConnect/services/bad"
    item = {"zosConnect": {"serviceName": "bad", "serviceDescription": "made by a test", "serviceProvider": "CICS-1.0",
                           "version": "1.0.0", "serviceURL": url, "serviceInvokeURL": url + "?action=invoke",
                           "dataXformProvider": "zosConnectWVXform-1.0", "serviceStatus": "Started"},
            "bad": {"connectionRef": "cicsConn", "program": "BADPGM"}}
    assert ask(server, "GET", "/services/bad").json == item
    assert ask(server, "GET", "/services/bad?action=status").json == item
    assert ask(server, "GET", "/services/bad/schema/request").json == {"type": "object"}
    assert ask(server, "GET", "/services/bad/schema/response").json == {"type": "object"}
    assert "BAQR0431W: Service none is not available." in error(ask(server, "GET", "/services/none"), 404)
    assert "none" in error(ask(server, "GET", "/apis/none"), 404)
    assert "is not registered" in error(ask(server, "GET", "/apiRequesters/none"), 404)


def test_an_api_lives(server):
    archive = aar("more", "/more")
    response = deploy(server, "apis", archive)
    details = {"name": "more", "version": "1.0.0", "description": "made by a test", "status": "Started",
               "apiUrl": "https://localhost/more", "documentation": {"swagger": "https://localhost/more/api-docs"}}
    assert (response.status, response.json) == (200, details)
    assert do(server, "/more/do").status == 200
    assert (server.directory / "resources/zosconnect/apis/more.aar").read_bytes() == archive
    details["services"] = [{"name": "bad", "uri": "https://localhost/zosConnect/services/bad"}]
    assert "stop it" in error(deploy(server, "apis", aar("more", "/more")), 409)
    assert "stop it first" in error(ask(server, "PUT", "/apis/more", ADAM, aar("more", "/other"), [ZIP]), 409)
    assert "stop it first" in error(ask(server, "DELETE", "/apis/more"), 409)
    response = ask(server, "PUT", "/apis/more?status=stopped", headers=[JSON])
    assert (response.status, response.json) == (200, dict(details, status="Stopped"))
    response = do(server, "/more/do")
    assert (response.status, response.json) == (503, {"errorMessage": "The API has been stopped"})
    assert [each["name"] for each in ask(server, "GET", "/apis?status=stopped").json["apis"]] == ["more"]
    assert "more" not in ask(server, "GET", "/apis?status=started").body.decode()
    assert "is of API else" in error(ask(server, "PUT", "/apis/more", ADAM, aar("else", "/more"), [ZIP]), 409)
    response = ask(server, "PUT", "/apis/more?status=started", ADAM, aar("more", "/moved"), [ZIP])
    assert (response.status, response.header("Location")) == (200, "https://localhost/moved")
    assert response.json["status"] == "Started" and response.json["apiUrl"] == "https://localhost/moved"
    assert do(server, "/more/do").status == 404 and do(server, "/moved/do").status == 200
    ask(server, "PUT", "/apis/more?status=stopped")
    assert ask(server, "PUT", "/apis/more?status=started").json["status"] == "Started"
    assert do(server, "/moved/do").status == 200
    ask(server, "PUT", "/apis/more?status=stopped")
    response = ask(server, "DELETE", "/apis/more")
    assert (response.status, response.json) == (200, {"name": "more"})
    assert do(server, "/moved/do").status == 404
    error(ask(server, "GET", "/apis/more"), 404)
    assert not (server.directory / "resources/zosconnect/apis/more.aar").exists()
    assert "SALG0060I" in server.log() and "API more was deployed by adam" in server.log()


def test_a_service_lives(server):
    assert deploy(server, "services", sar("more"), query="?status=stopped").json["zosConnect"]["serviceStatus"] == "Stopped"
    assert deploy(server, "apis", aar("more", "/more", service="more")).status == 200
    assert "Service more is stopped." in error(do(server, "/more/do"), 503)
    assert "Service more is stopped." in error(do(server, "/zosConnect/services/more?action=invoke"), 503)
    assert ask(server, "PUT", "/services/more?action=start").json["zosConnect"]["serviceStatus"] == "Started"
    assert do(server, "/zosConnect/services/more?action=invoke").json["Area"]["More"] == "DONE"
    assert do(server, "/more/do").status == 200
    statistics = ask(server, "GET", "/services/more?action=getStatistics").json["more"]
    assert statistics["ServiceProvider"] == "CICS-1.0" and statistics["InvokeRequestCount"] == "2"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3} \S+", statistics["TimeOfRegistrationWithZosConnect"])
    assert statistics["ServiceStatistics"] == {}
    everything = ask(server, "GET", "/operations/getStatistics").json
    assert everything["more"] == statistics and set(everything) == {"absent", "bad", "echo", "more"}
    assert ask(server, "GET", "/operations/getStatistics?provider=WOLA-1.0").json == {}
    assert ask(server, "PUT", "/services/more?action=stop").json["zosConnect"]["serviceStatus"] == "Stopped"
    said = error(ask(server, "DELETE", "/services/more"), 409)
    assert "more" in said and "is not deployed" in said  # the API calls it
    response = ask(server, "PUT", "/services/more?status=started", ADAM, sar("more", "ABSENT"), [ZIP])
    assert response.json["more"]["program"] == "ABSENT" and response.json["zosConnect"]["serviceStatus"] == "Started"
    assert do(server, "/more/do").status == 500
    for kind in ("apis", "services"):
        ask(server, "PUT", f"/{kind}/more?status=stopped")
        assert ask(server, "DELETE", f"/{kind}/more").json == {"name": "more"}


CONNECTION = ('<sallyport allowInert="zosconnect_endpointConnection apiRequester"/>'
              '<zosconnect_endpointConnection id="rates" host="http://127.0.0.1" port="9"/>')


def ara(name="rates_1.0", version="1.0", connection="rates"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("package.xml", f'<zosConnectApi id="{name}" packageType="requester"><apiSpec title="Rates" '
                         f'version="{version}" description="of exchange" connectionRef="{connection}"><path relativePath="/rate">'
                         '<method type="GET" httpXformFile="m.xml" operationId="getRate"/></path>'
                         '<apiDoc docType="SWAGGER">rates.json</apiDoc></apiSpec></zosConnectApi>')
        archive.writestr("m.xml", '<ZosConnectServiceMapping><mappingContext serviceName="getRate" relativePath="/rate" '
                         'method="GET" basePath=""/><responseMessages code="200"/></ZosConnectServiceMapping>')
        archive.writestr("rates.json", '{"swagger":"2.0"}')
        archive.writestr("ws-binds/getRate.wsbind", b"\0" * 200)
    return out.getvalue()


def test_api_requesters_live(make_gateway, tmp_path):
    place = tmp_path / "requesters"
    server = make_gateway(more=LEVELS + CONNECTION + f'<zosconnect_apiRequesters location="{place}" updateTrigger="polled" '
                                                     'pollingRate="200ms"/>')
    details = {"name": "rates_1.0", "version": "1.0", "description": "of exchange", "status": "Started",
               "apiRequesterUrl": "https://localhost/zosConnect/apiRequesters/rates_1.0", "connection": "rates"}
    archive = ara()
    response = deploy(server, "apiRequesters", archive)
    assert (response.status, response.json) == (200, details)
    assert (place / "rates_1.0.ara").read_bytes() == archive
    listed = ask(server, "GET", "/apiRequesters").json
    assert listed == {"apiRequesters": [dict(details, connectionRef="rates")]}
    error(ask(server, "DELETE", "/apiRequesters/rates_1.0"), 409)
    assert ask(server, "PUT", "/apiRequesters/rates_1.0?status=stopped").json == dict(details, status="Stopped")
    response = ask(server, "PUT", "/apiRequesters/rates_1.0?status=stopped", ADAM, ara(version="1.1"), [ZIP])
    assert response.json == dict(details, status="Stopped", version="1.1")
    said = error(deploy(server, "apiRequesters", ara("other_1", connection="none")), 400)
    assert "no zosconnect_endpointConnection with id=&quot;none&quot;" in said
    (place / "new").write_bytes(ara("copied_1"))
    (place / "new").rename(place / "copied.ara")
    wait_until(lambda: ask(server, "GET", "/apiRequesters/copied_1").status == 200, "the copied archive")
    assert ask(server, "DELETE", "/apiRequesters/rates_1.0").json == {"name": "rates_1.0"}
    assert [each["name"] for each in ask(server, "GET", "/apiRequesters").json["apiRequesters"]] == ["copied_1"]


def test_an_api_requester_of_server_xml_is_not_administered(make_gateway):
    server = make_gateway(more=LEVELS + CONNECTION + '<zosconnect_apiRequesters>'
                                                     '<apiRequester name="rates_1.0"/></zosconnect_apiRequesters>')
    assert deploy(server, "apiRequesters", ara()).status == 200
    for method, target, body in (("PUT", "?status=stopped", None), ("PUT", "", ara(version="1.1")), ("DELETE", "", None)):
        response = ask(server, method, f"/apiRequesters/rates_1.0{target}", ADAM, body, [ZIP] if body else [])
        assert "has an element in server.xml" in error(response, 409)
    assert ask(server, "GET", "/apiRequesters/rates_1.0").json["status"] == "Started"


def test_a_service_is_called_by_the_paths_of_its_element(make_gateway):
    server = make_gateway(more=LEVELS + '<zosconnect_zosConnectService serviceName="bad" serviceRef="bad" '
                                        'invokeURI="/legacy/bad,/old/*"/>')
    for path in ("/legacy/bad", "/legacy/bad?x=1", "/old", "/old/a/b", "/zosConnect/services/bad?action=invoke"):
        for method in ("PUT", "POST"):
            response = server.call(method, path, [IVO, JSON], DO)
            assert response.status == 200 and response.json["Area"]["More"] == "DONE", (method, path, response)
        assert server.call("POST", path, [RITA, JSON], DO).status == 403  # who may read may not call
        assert server.call("POST", path, [JSON], DO).status == 401
    assert server.call("GET", "/legacy/bad", [IVO]).status == 405
    assert do(server, "/legacy/badly").status == 404


def test_what_is_wrong_with_an_archive_is_said_and_nothing_changes(server):
    before = sorted(path.name for path in (server.directory / "resources/zosconnect").rglob("*.?ar"))
    cases = [
        ("apis", b"PK no archive", 400, "The API was not deployed"),
        ("apis", sar("more"), 400, "package.xml"),
        ("apis", aar("more", "/more", service="none"), 400, "service none, which it calls, is not deployed"),
        ("apis", aar("more", "/bad"), 409, "base path /bad belongs to API bad"),
        ("apis", aar("more", "/zosConnect/x"), 400, "is the product&#39;s own"),
        ("services", sar("more", connection="none"), 400, "no zosconnect_cicsIpicConnection with id=&quot;none&quot;"),
        ("services", aar("more", "/more"), 400, "manifest.yml"),
        ("apiRequesters", aar("more", "/more"), 400, "package.xml"),
    ]
    for kind, archive, status, text in cases:
        assert text in error(deploy(server, kind, archive), status), (kind, text)
    corpus = ROOT / "tests" / "fuzz" / "corpus" / "archive"
    for name in ("traversal", "absolute", "link", "twice", "bomb", "nul", "cut"):
        for kind in ("apis", "services", "apiRequesters"):
            error(deploy(server, kind, (corpus / f"{name}.zip").read_bytes()), 400)
    assert "application/zip" in error(ask(server, "POST", "/apis", ADAM, aar("more", "/more"), [JSON]), 415)
    assert "application/zip" in error(ask(server, "POST", "/apis", ADAM, aar("more", "/more")), 415)
    assert "no archive" in error(ask(server, "POST", "/apis", ADAM, b"", [ZIP]), 400)
    assert "no archive" in error(ask(server, "PUT", "/apis/bad", ADAM), 400)
    assert "running" in error(ask(server, "PUT", "/apis/bad?status=running", ADAM), 400)
    assert "running" in error(ask(server, "GET", "/apis?status=running", ADAM), 400)
    assert sorted(path.name for path in (server.directory / "resources/zosconnect").rglob("*.?ar")) == before
    assert not [path for path in (server.directory / "resources/zosconnect").rglob(".*")]
    assert do(server, "/bad/do").status == 200


def test_methods_and_paths_that_are_not_there(server):
    response = ask(server, "PATCH", "/apis/bad")
    error(response, 405)
    assert response.header("Allow") == "GET, PUT, DELETE"
    error(ask(server, "GET", "/apis/bad/more"), 404)
    error(server.call("GET", "/zosconnect/apis", [ADAM]), 404)
    document = ask(server, "GET", "/api-docs").json
    assert document["info"]["title"] == "z/OS Connect administration API" and document["basePath"] == "/zosConnect"
    assert (document["swagger"], document["host"], document["schemes"]) == ("2.0", "localhost", ["https"])


REQUESTS = [  # method, target, body, levels that may
    ("GET", "/apis", None, "AOR"), ("GET", "/services", None, "AOR"), ("GET", "/apiRequesters", None, "AOR"),
    ("GET", "/apis/bad", None, "AOR"), ("GET", "/services/bad", None, "AOR"), ("GET", "/services/bad?action=status", None, "AOR"),
    ("GET", "/services/bad/schema/request", None, "AOR"), ("GET", "/api-docs", None, "AOR"),
    ("GET", "/services/bad?action=getStatistics", None, "AO"), ("GET", "/operations/getStatistics", None, "AO"),
    ("POST", "/apis", b"x", "AO"), ("POST", "/services", b"x", "AO"), ("POST", "/apiRequesters", b"x", "AO"),
    ("PUT", "/apis/bad", b"x", "AO"), ("PUT", "/apis/bad?status=started", None, "AO"),
    ("PUT", "/services/bad?action=start", None, "AO"), ("DELETE", "/apis/bad", None, "AO"), ("DELETE", "/apis/none", None, "AO"),
]


def test_every_action_needs_its_level(server):
    for method, target, body, levels in REQUESTS:
        for level, user in (("A", ADAM), ("O", OPAL), ("R", RITA), ("I", IVO)):
            response = ask(server, method, target, user, body, [ZIP] if body else [])
            if level in levels:
                assert response.status not in (401, 403), (method, target, level, response)
            else:
                assert response.status == 403, (method, target, level, response)
                assert response.json["errorDetails"].startswith("BAQR0409W: User "), response.json
        assert server.call(method, "/zosConnect" + target, [], body).status == 401
        assert ask(server, method, target, basic("olaf"), body).status == 403


def test_state_survives_the_server(server):
    deploy(server, "apis", aar("more", "/more"), query="?status=stopped")
    ask(server, "PUT", "/apis/bad?status=stopped")
    server.stop()
    server.start()
    assert do(server, "/more/do").status == 503 and do(server, "/bad/do").status == 503
    assert ask(server, "PUT", "/apis/bad?status=started").status == 200
    server.stop()
    server.start()
    assert do(server, "/more/do").status == 503 and do(server, "/bad/do").status == 200
    state = json.loads((server.directory / "resources/zosconnect/state.json").read_text())
    assert [(item["name"], item["status"], item["by"]) for item in state["items"]] == [("bad", "started", "adam"),
                                                                                      ("more", "stopped", "adam")]


def test_a_state_that_cannot_be_read_starts_nothing(make_gateway):
    server = make_gateway(more=LEVELS)
    server.stop()
    (server.directory / "resources/zosconnect/state.json").write_text('{"format":1,')
    server.start()
    assert do(server, "/bad/do").status == 503
    assert "SALG0013E" in server.log() and "state.json" in server.log()


# ---------------------------------------------------------------- documents

@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    directory = tmp_path_factory.mktemp("explorer")
    result = subprocess.run([ROOT / "scripts" / "fetch-console", directory], capture_output=True, text=True, timeout=300,
                            check=False)
    assert result.returncode == 0, result.stderr
    return directory


def test_the_documents_of_all_apis_are_listed_and_true(server):
    said = server.call("GET", "/api/docs", [RITA]).json
    assert [each["name"] for each in said["apis"]] == ["absent", "bad", "echo"]
    assert said["apis"][1] == {"name": "bad", "version": "1.0.0", "description": "made by a test", "status": "Started",
                               "swagger": "https://localhost/bad/api-docs"}
    assert said["administration"] == "https://localhost/zosConnect/api-docs"
    for each in said["apis"]:
        path = each["swagger"].removeprefix("https://localhost")
        document = server.call("GET", path, [RITA, ("Host", f"localhost:{server.https}")]).json
        assert (document["host"], document["schemes"]) == (f"localhost:{server.https}", ["https"])
        assert document["basePath"] == path.removesuffix("/api-docs")
    ask(server, "PUT", "/apis/bad?status=stopped")
    assert server.call("GET", "/api/docs", [RITA]).json["apis"][1]["status"] == "Stopped"
    for target in ("/api/docs", "/api/explorer"):
        assert server.call("GET", target).status == 401
        assert server.call("GET", target, [IVO]).status == 403
        assert server.call("POST", target, [RITA], b"x").status == 405


def test_the_explorer_is_served_whole_by_us(make_gateway, explorer, monkeypatch):
    monkeypatch.setenv("SALLYPORT_EXPLORER", str(explorer))
    server = make_gateway(more=LEVELS)
    page = server.call("GET", "/api/explorer", [RITA])
    assert page.status == 200 and page.header("Content-Type") == "text/html;charset=UTF-8"
    assert server.call("GET", "/api/explorer/", [RITA]).body == page.body
    referred = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert sorted(referred) == ["/api/explorer/" + name for name in ("explorer.css", "explorer.js", "swagger-ui-bundle.js",
                                                                     "swagger-ui.css")]
    assert "script-src 'self'" in page.header("Content-Security-Policy")
    for path in referred:
        response = server.call("GET", path, [RITA])
        assert response.status == 200 and response.header("X-Content-Type-Options") == "nosniff"
        assert response.body == (explorer / path.rsplit("/", 1)[1]).read_bytes()
        assert response.header("Content-Type").split(";")[0] == ("text/css" if path.endswith(".css") else "text/javascript")
        assert server.call("GET", path, [IVO]).status == 403
    for path in ("LICENSE", "..%2f..%2fserver.xml", "x"):
        assert server.call("GET", f"/api/explorer/{path}", [RITA]).status == 404


def test_an_api_may_have_the_explorers_path(make_gateway, monkeypatch, tmp_path):
    monkeypatch.setenv("SALLYPORT_EXPLORER", str(tmp_path / "absent"))
    server = make_gateway(more=LEVELS)
    assert "not installed" in error(server.call("GET", "/api/explorer", [RITA]), 404)
    assert deploy(server, "apis", aar("own", "/api", "/explorer")).status == 200
    assert do(server, "/api/explorer").status == 200


# ---------------------------------------------------------------- items with groups of their own, and the audit

OWN = """
<zosconnect_zosConnectAPIs><zosConnectAPI name="bad" operationsGroup="GOPER" readerGroup="GREADER"/>
  <zosConnectAPI name="echo" requireAuth="false"/></zosconnect_zosConnectAPIs>
<zosconnect_services><service name="bad" adminGroup="GADMIN" interceptorsRef="own"/></zosconnect_services>
<zosconnect_zosConnectInterceptors id="own" interceptorRef="auth"/>
"""


def test_groups_of_an_item_decide_about_the_item(make_gateway):
    server = make_gateway(more=LEVELS + OWN)
    # Somebody manages the API by the element: the global administrator does not (docs/authorization.md).
    assert ask(server, "PUT", "/apis/bad?status=stopped", OPAL).status == 200
    assert ask(server, "PUT", "/apis/bad?status=started", ADAM).status == 403
    assert ask(server, "GET", "/apis/bad", RITA).status == 200
    assert ask(server, "PUT", "/apis/absent?status=stopped", ADAM).status == 200
    said = error(ask(server, "DELETE", "/apis/bad", ADAM), 403)
    assert "BAQR0406W: The zosConnectAuthorization interceptor" in said and "for API bad under request URL " in said
    said = error(ask(server, "POST", "/apis", RITA, b"x", [ZIP]), 403)
    assert "while processing a request under request URL https://localhost/zosConnect/apis." in said
    # The list of services leaves out what is not the caller's.
    assert "bad" in ask(server, "GET", "/services", ADAM).body.decode()
    assert [each["ServiceName"] for each in ask(server, "GET", "/services", RITA).json["zosConnectServices"]] == ["absent", "echo"]
    assert set(ask(server, "GET", "/operations/getStatistics", OPAL).json) == {"absent", "echo"}


def test_an_api_without_authentication_is_administered_with_it(make_gateway):
    server = make_gateway(more=LEVELS + OWN)
    assert server.call("GET", "/zosConnect/apis/echo").status == 401
    assert server.call("DELETE", "/zosConnect/apis/echo").status == 401
    assert ask(server, "GET", "/apis/echo").status == 200


def test_administration_is_audited_as_such(make_gateway):
    server = make_gateway(more=LEVELS + '<zosconnect_auditInterceptor id="audit" apiProviderSmfVersion="2"/>')
    ask(server, "GET", "/apis/bad")
    ask(server, "PUT", "/services/bad?action=stop")
    ask(server, "DELETE", "/apis/none", RITA)
    server.stop()
    requests = [each for record in smf(server) for each in record.get("requests", []) if record["header"]["REC_TYPE"] == 123]
    assert [(each["REQ_TYPE"], each["REQ_METHOD"], each["REQ_TARGET_URI"], each["REQ_QUERY_STR"], each["USER_NAME"],
             each["HTTP_RESP_CODE"], each["API_NAME"], each["SERVICE_NAME"]) for each in requests] == [
                 (3, "GET", "/zosConnect/apis/bad", "", "adam", 200, "bad", ""),
                 (3, "PUT", "/zosConnect/services/bad", "action=stop", "adam", 200, "", "bad"),
                 (3, "DELETE", "/zosConnect/apis/none", "", "rita", 403, "none", "")]
