"""What a token says of its user, for interceptors, the audit and explain: the same of a new token and of one that is remembered."""
import json
import os
import re
import subprocess

import pytest

import archives
import tokens
from conftest import ROOT, SALLYPORT, wait_until
from test_audit import Syslog
from plugin_server import plugin_directory  # noqa: F401 (fixture)
from test_token import XML, bearer, claims

PLUGIN = """
#include <sallyport/interceptor.h>
#include <stdio.h>
static const struct sallyport_host *host;
static int create(const struct sallyport_setup *setup, void **self, char *message, size_t size)
{
    host = setup->host;
    return SALLYPORT_OK;
}
static int pre(void *self, struct sallyport_call *call)
{
    char line[256];
    struct sallyport_text department = host->claim(call, "department"), roles = host->claim(call, "roles");
    struct sallyport_text scopes = host->text(call, SALLYPORT_USER_SCOPES), none = host->claim(call, "none");
    snprintf(line, sizeof line, "%.*s|%.*s|%.*s|%d", (int)department.length, department.bytes, (int)roles.length,
             roles.bytes, (int)scopes.length, scopes.bytes, none.bytes != NULL);
    host->set_header(call, SALLYPORT_RESPONSE, "X-Claims", line);
    return SALLYPORT_CONTINUE;
}
static const struct sallyport_interceptor plugin = {SALLYPORT_INTERCEPTOR_ABI, sizeof plugin, "claims", "1", create, 0, pre};
const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t abi) { return &plugin; }
"""

SERVER = """
<zosconnect_zosConnectInterceptors id="all" interceptorRef="audit,claims"/>
<zosconnect_auditInterceptor id="audit" sequence="1" apiProviderSmfVersion="2" apiProviderMaxDelay="100ms"
  sallyport_claims="department, roles, none"/>
<sallyport_pluginInterceptor id="claims" library="claims.so" directory="{plugins}"/>
<sallyport_auditSink id="log" kind="syslog" endpoint="localhost:{port}" caFile="{authority}"/>
<zosconnect_cicsIpicConnection id="cicsConn" host="127.0.0.1" port="1" zosConnectApplid="SALLYPRT"
  zosConnectNetworkid="TESTNET" sendSessions="1"/>
"""

MORE = {"department": "Käse", "roles": ["teller", "x"], "scope": "read write", "secret": "not asked for"}


def xml_of(authority, key, more=""):
    public = json.dumps(json.loads(key.export_public())).replace('"', "&quot;")
    client = (f'issuerIdentifier="https://issuer.example.com" audiences="us" signatureAlgorithm="RS256" '
              f'jsonWebKey="{public}" tokenReuse="true"')
    xml = XML.format(client=client, trust=authority.certificate).replace(
        "<zosconnect_zosConnectManager/>", f'<zosconnect_zosConnectManager {more}/>')
    return xml


@pytest.mark.skipif(os.geteuid() != 0, reason="plug-ins must belong to root")
def test_claims_reach_plugins_and_the_audit_when_a_token_is_new_and_when_it_is_known(
        make_server, authority, plugin_directory, tmp_path):  # noqa: F811
    source = tmp_path / "claims.c"
    source.write_text(PLUGIN)
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wall", "-Werror", "-I", ROOT / "include", "-o", plugin_directory / "claims.so", source],
                   check=True)
    receiver = Syslog(authority)
    receiver.start()
    key = tokens.make_key("RS256", "one")
    xml = xml_of(authority, key, 'globalInterceptorsRef="all"') + SERVER.format(
        plugins=plugin_directory, port=receiver.port, authority=authority.certificate)
    server = make_server(xml.replace("{", "{{").replace("}", "}}"), start=False, arguments=("--workers", "1"))
    services, apis = (server.directory / "resources" / "zosconnect" / name for name in ("services", "apis"))
    services.mkdir(parents=True)
    apis.mkdir()
    archives.service(services / "echo.sar", "echo", "ECHOPGM", 20, archives.field("Text", 1, 20, "char"))
    archives.api(apis / "echo.aar", "echo", "/echo", "/it", "POST", "echo")
    server.start()
    token = tokens.sign(key, claims(**MORE))
    for _ in range(3):  # the first is verified, the others are known
        response = server.call("POST", "/echo/it", [*bearer(token), ("Content-Type", "application/json")],
                               json.dumps({"Area": {"Text": "x"}}).encode())
        assert response.status not in (401, 403), response.body
        assert response.header("X-Claims") == 'Käse|["teller","x"]|read write|0'.encode().decode("latin-1")
    wait_until(lambda: len(receiver.messages) >= 3, "three events")
    for message in receiver.messages[:3]:
        event = json.loads(message.split("\ufeff", 1)[1])
        assert event["claims"] == {"department": "Käse", "roles": ["teller", "x"]}
        assert (event["user"], event["realm"], event["scheme"], event["scopes"]) == (
            "anna", "https://issuer.example.com", "jwt", "read write")
        assert "not asked for" not in message


def test_claims_and_scopes_are_explained(make_server, authority):
    key = tokens.make_key("RS256", "one")
    server = make_server(xml_of(authority, key).replace("{", "{{").replace("}", "}}"), start=False)
    token = tokens.sign(key, claims(**MORE))

    def explain(*arguments):
        return subprocess.run([SALLYPORT, "explain", "auth", *arguments, "GET", "https://localhost:9443/zosConnect/apis",
                               "-H", f"Authorization: Bearer {token}", "--server", f"{server.directory}/"],
                              env=server.environment, capture_output=True, text=True, timeout=60, check=False)

    text = explain()
    assert text.returncode == 0, text.stdout + text.stderr
    assert re.search(r"^scopes: read,? write$", text.stdout, re.M)
    assert json.loads(re.search(r"^claims: (.*)$", text.stdout, re.M).group(1))["department"] == "Käse"
    document = json.loads(explain("--json").stdout)
    assert "Käse" in json.dumps(document, ensure_ascii=False)
    assert token not in text.stdout + text.stderr
