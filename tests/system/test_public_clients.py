"""Public clients of the administration interface, unchanged, against a real server."""
import functools
import json
import os
import pathlib
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


# ---------------------------------------------------------------- Zowe CLI

@pytest.fixture(scope="session")
def zowe_packages():
    result = subprocess.run([ROOT / "scripts" / "npm-install", "tests/system/zowe", "zowe"], capture_output=True, text=True,
                            timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    return pathlib.Path(result.stdout.strip())


@pytest.fixture
def zowe(zowe_packages, tmp_path):
    """For a server, a function that runs a command of Zowe CLI's plug-in on it and gives its answer."""
    plugin, home = "@zosconnect/zosconnect-zowe-cli", tmp_path / "zowe"
    # As "zowe plugins install" leaves it, which would fetch whatever is newest.
    modules = home / "plugins" / "installed" / "lib" / "node_modules" / "@zosconnect"
    modules.mkdir(parents=True)
    (modules / "zosconnect-zowe-cli").symlink_to(zowe_packages / "node_modules" / plugin)
    (home / "plugins" / "plugins.json").write_text(json.dumps(
        {plugin: {"package": plugin, "registry": "", "version": "1.2.1"}}))

    def run(server, *arguments):
        environment = dict(os.environ, ZOWE_CLI_HOME=str(home), NODE_EXTRA_CA_CERTS=str(server.authority.certificate))
        result = subprocess.run(["node", "node_modules/@zowe/cli/lib/main.js", *map(str, arguments), "--rfj"], cwd=zowe_packages,
                                env=environment, capture_output=True, text=True, timeout=120, check=False)
        # The plug-in tells of what the server refuses, and ends with 0.
        assert result.returncode == 0, result.stdout + result.stderr
        answer = json.loads(result.stdout)
        return answer["stdout"] + answer["stderr"]

    def connect(server):
        run(server, "profiles", "create", "zosconnect-profile", "here", "-a", f"https://localhost:{server.https}", "-u", "adam",
            "-p", "adam secret")
        return functools.partial(run, server, "zosconnect")
    return connect


def test_zowe_cli_administers_the_server(zowe, make_gateway, tmp_path):
    server = make_gateway(more=LEVELS + REQUESTER)
    command = zowe(server)
    archives.service(tmp_path / "more.sar", "more", "BADPGM", 32, FIELDS)
    archives.api(tmp_path / "more.aar", "more", "/more", "/do", "POST", "more")
    objects = {"service": ("more", tmp_path / "more.sar"), "api": ("more", tmp_path / "more.aar"),
               "apirequester": ("rates_1.0", requester(tmp_path / "rates.ara"))}
    for kind, (name, file) in objects.items():
        command(kind, "install", file)
        assert name in command(kind, "list")
        assert name in command(kind, "info", name)
        assert "already installed" in command(kind, "install", file)
        command(kind, "stop", name)
        assert "Stopped" in command(kind, "info", name)
        command(kind, "start", name)
        command(kind, "update", name, file)
        assert "Started" in command(kind, "info", name)
    for kind, (name, _) in reversed(objects.items()):
        command(kind, "delete", name, "--force")
        assert name not in command(kind, "list")
        assert "is not installed" in command(kind, "info", name)
    assert ask(server, "GET", "/apis/more").status == 404
