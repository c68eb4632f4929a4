"""`sallyport explain auth` for each scheme: the filters that were tried, who was chosen, the claims, the identity, role and groups."""
import json
import subprocess

import pytest

from conftest import SALLYPORT, need
from directory import BASE
from test_answers import SCHEMES, TARGET, World
from test_ldap_certificate import client  # pylint: disable=unused-import

PROVIDERS = {"basic": "basic", "certificate": "certificate", "jwt": "openidConnectClient", "opaque": "openidConnectClient",
             "saml": "samlWebSso20", "ltpa": "ltpa"}
FILTERS = {"jwt": "isToken", "opaque": "isOpaque", "saml": "isSaml"}
STRENGTHS = {"basic": "password", "certificate": "possession"}
NAMES = {"opaque": "introspection"}


@pytest.fixture
def world(make_server, tmp_path, authority, client):
    one = World(make_server, tmp_path, authority, client)
    one.subjects = {}
    one.temporary = tmp_path
    yield one
    one.stop()


def explain(world, authority, scheme, name, good=True):
    headers, _ = world.credential(scheme, name, good) if scheme != "certificate" else ([], None)
    words = [f"--header={key}: {value}" for key, value in [("X-Scheme", scheme), *headers]]
    if scheme == "certificate":
        certificate, _ = authority.issue(name)
        words.append(f"--certificate={certificate}")
    done = subprocess.run([need(SALLYPORT), "explain", "auth", "GET", TARGET, *words, "--json", "--server", f"{world.server.directory}/"],
                          capture_output=True, text=True, timeout=60, check=False)
    for _, value in headers:
        assert value.split(" ")[-1] not in done.stdout, "the credential is shown"
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return json.loads(done.stdout)


def steps(told, step):
    return [each for each in told["steps"] if each["step"] == step]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_everything_that_decides_is_shown(world, authority, scheme):
    told = explain(world, authority, scheme, "fred")
    assert told["letIn"] and told["holdsRole"], told
    # The filters that were tried on the way, and what each said.
    tried = {each["id"]: each["text"] for each in steps(told, "filter")}
    if scheme in FILTERS:
        accepted = [identity for identity, text in tried.items() if f"authFilter[{FILTERS[scheme]}] accepts the request" in text]
        assert len(accepted) == 1
    else:
        assert len(tried) == 3 and all("does not accept the request: requestHeader X-Scheme equals" in text for text in tried.values())
    # Who was chosen, and what it found.
    chosen = steps(told, "chosen")[-1]
    assert chosen["provider"] == PROVIDERS[scheme]
    assert any(each["provider"] == PROVIDERS[scheme] and each["text"].startswith("finds a credential") for each in steps(told, "provider"))
    assert "the credential is good" in steps(told, "answer")[-1]["text"]
    # Claims, where there are some.
    claims = [each["text"] for each in steps(told, "claims")]
    assert bool(claims) == (scheme in ("jwt", "opaque"))
    assert not claims or json.loads(claims[0])["sub"] == "fred"
    # The identity, its mapping, its groups and by what the role is held.
    assert "fred of realm TestRealm has user id FRED" in steps(told, "mapped")[-1]["text"]
    identity = told["identity"]
    assert identity["scheme"] == NAMES.get(scheme, scheme if scheme != "jwt" else "jwt")
    assert identity["strength"] == STRENGTHS.get(scheme, "bearer")
    assert (identity["name"], identity["realm"], identity["registry"], identity["userId"]) == ("fred", "TestRealm", "ldap", "FRED")
    assert identity["uniqueId"] == f"uid=fred,ou=people,{BASE}" and identity["groups"] == ["callers"]
    assert identity["originalRealm"] == {"jwt": "https://as.test", "opaque": "https://as.test",
                                         "saml": "https://idp.example.org/saml"}.get(scheme, "TestRealm")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_whoever_has_not_the_role_is_shown_as_he_is(world, authority, scheme):
    told = explain(world, authority, scheme, "wilma")
    assert not told["letIn"] and told["holdsRole"] is False and told["identity"]["groups"] == []


@pytest.mark.parametrize("scheme", ["basic", "jwt", "opaque", "saml", "ltpa"])
def test_a_refusal_has_its_reason_and_its_answer(world, authority, scheme):
    told = explain(world, authority, scheme, "fred", good=False)
    assert not told["letIn"] and told["status"] == 401 and told["id"] and told["reason"], told
    assert "identity" not in told


def test_an_authority_that_is_away_is_shown_as_503(world, authority):
    world.directory.stop(9)
    for scheme in ("basic", "jwt", "saml", "ltpa", "certificate"):
        told = explain(world, authority, scheme, "fred")
        assert told["status"] == 503 and told["id"] == "SALA0013E", (scheme, told)
