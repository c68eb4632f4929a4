"""Public clients of the administration interface, unchanged, against a real server."""
import json
import os
import subprocess
import zipfile

import pytest

import archives
from conftest import ROOT
from test_admin import FIELDS, LEVELS, ask
from test_api import SHARED, make_gateway, make_region  # noqa: F401 (fixtures)

# What a requester's connection leads to does not matter here: it is administered, not run.
REQUESTER = ('<sallyport allowInert="zosconnect_endpointConnection"/>'
             '<zosconnect_endpointConnection id="nodejsClaims" host="http://127.0.0.1" port="9"/>'
             '<zosconnect_cicsIpicConnection id="cics" host="127.0.0.1" port="9"/>')


@pytest.fixture(scope="session")
def npm():
    """A directory with the clients of the lock file; nothing of theirs is run while they are fetched."""
    result = subprocess.run([ROOT / "scripts" / "npm-install", "tests/system/clients", "clients"], capture_output=True, text=True,
                            timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def administer(npm, server, *files):
    environment = dict(os.environ, NODE_EXTRA_CA_CERTS=str(server.authority.certificate))
    result = subprocess.run(["node", "administer.js", f"https://localhost:{server.https}", "adam:adam secret", *map(str, files)],
                            cwd=npm, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def assert_lived(seen, server, before):
    base = f"https://localhost:{server.https}"
    assert seen["again"] == 409 and seen["deleteStarted"] == 409 and seen["gone"] == 404
    assert seen["invoke"] == f"{base}/zosConnect/services/{seen['service']}?action=invoke"
    assert seen["service"] in seen["services"] and seen["api"] in seen["apis"]
    assert [seen["stopped"], seen["started"], seen["updated"], seen["serviceUpdated"]] == ["Stopped", "Started", "Started", "Started"]
    assert [seen["requesterStopped"], seen["requesterUpdated"]] == ["Stopped", "Started"]
    assert seen["left"] == before


def requester(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package.xml", '<zosConnectApi id="rates_1.0" packageType="requester"><apiSpec title="Rates" version="1.0" '
                         'description="d" connectionRef="nodejsClaims"><path relativePath="/rate"><method type="GET" '
                         'httpXformFile="api/rate/GET/mapping.xml" operationId="getRate"/></path>'
                         '<apiDoc docType="SWAGGER">api-docs/rates.json</apiDoc></apiSpec></zosConnectApi>')
        archive.writestr("api/rate/GET/mapping.xml", '<ZosConnectServiceMapping><mappingContext serviceName="getRate" '
                         'relativePath="/rate" method="GET" basePath=""/><responseMessages code="200"/></ZosConnectServiceMapping>')
        archive.writestr("api-docs/rates.json", '{"swagger":"2.0"}')
        archive.writestr("ws-binds/getRate.wsbind", b"\0" * 200)
    return path


def test_the_node_client_administers_our_own_archives(npm, make_gateway, tmp_path):
    server = make_gateway(more=LEVELS + REQUESTER)
    archives.service(tmp_path / "more.sar", "more", "BADPGM", 32, FIELDS)
    archives.api(tmp_path / "more.aar", "more", "/more", "/do", "POST", "bad")
    seen = administer(npm, server, tmp_path / "more.sar", tmp_path / "more.aar", requester(tmp_path / "rates.ara"))
    assert seen["api"] == "more" and seen["calls"] == ["bad"] and seen["document"] == "/more"
    assert seen["requesters"] == [["rates_1.0", "nodejsClaims", "Started"]]
    assert_lived(seen, server, [3, 3, 0])


def test_the_node_client_administers_archives_of_other_tools(npm, make_gateway):
    claims = SHARED / "samples" / "claims"
    if not claims.is_dir():
        pytest.skip("the sample archives are not there")
    with zipfile.ZipFile(claims / "CICSClaimsService.sar") as archive:
        manifest = archive.read("manifest.yml").decode()
    reference = manifest.split('connectionRef"')[1].split('value: "')[1].split('"')[0]
    connection = REQUESTER.replace('id="cics"', f'id="{reference}"') if reference != "cicsConn" else REQUESTER
    server = make_gateway(more=LEVELS + connection)
    # The client deletes the service last; the API that calls it goes before.
    seen = administer(npm, server, claims / "CICSClaimsService.sar", claims / "cicsClaimsAPI.aar", claims / "claims.ara")
    assert seen["calls"] == [seen["service"]]
    assert seen["requesters"] == [["Sample-Node.js-Claims-Rule-API_1.0", "nodejsClaims", "Started"]]
    assert_lived(seen, server, [3, 3, 0])
    assert ask(server, "GET", "/apiRequesters").json == {"apiRequesters": []}
