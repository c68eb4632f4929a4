"""Elements for tokens that cannot be used are told by `server check`, and by `server run` before anything serves."""
import pytest

from test_token import make

ISSUER = 'issuerIdentifier="https://issuer.example.com" audiences="us"'

WRONG = {
    "http where https is required": (
        f'{ISSUER} signatureAlgorithm="RS256" jwkEndpointUrl="http://issuer.example.com/keys"',
        "SALA0040E", 'jwkEndpointUrl="http://issuer.example.com/keys" is not an https URL'),
    "an entry that is not there": (
        f'{ISSUER} signatureAlgorithm="RS256" trustStoreRef="trust" trustAliasName="nobody"', "SALA0040E", "nobody"),
    "a key store that is not there": (
        f'{ISSUER} signatureAlgorithm="RS256" trustStoreRef="lost" trustAliasName="issuer"', "SALC0083E", "lost.p12"),
    "no algorithm": (f'{ISSUER} signatureAlgorithm="none" sharedKey="0123456789abcdef0123456789abcdef"', "SALA0040E",
                     "would take every token as it is"),
    "a secret that is too short": (f'{ISSUER} sharedKey="short"', "SALA0040E", "openidConnectClient tokens"),
    "a key to sign with that is not there": (
        f'{ISSUER} signatureAlgorithm="RS256" jwkEndpointUrl="https://issuer.example.com/keys" clientId="us" '
        'tokenEndpointAuthMethod="private_key_jwt" keyAliasName="signing"', "SALA0040E", "signing"),
}

LOST = '<keyStore id="lost" location="lost.p12" password="x"/>'


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_used_is_told_and_does_not_start(make_server, authority, name):
    client, message, words = WRONG[name]
    server = make(make_server, authority, client, LOST if "lost" in client else "", start=False)
    checked = server.command("check")
    assert checked.returncode != 0, checked.stdout
    assert message in checked.stdout and words in checked.stdout, checked.stdout + checked.stderr
    assert checked.stdout.count(message) == 1
    run = server.command("run")
    assert run.returncode not in (0, None)
    assert words in run.stdout + run.stderr


def test_what_can_do_nothing_is_a_warning(make_server, authority):
    server = make(make_server, authority, f'{ISSUER} signatureAlgorithm="ES256"', start=False)
    checked = server.command("check")
    assert checked.returncode == 0, checked.stdout
    assert "SALA0041W" in checked.stdout
    assert server.command("check", "--strict").returncode != 0


def test_what_is_right_is_not_told(make_server, authority):
    server = make(make_server, authority,
                  f'{ISSUER} signatureAlgorithm="ES256" jwkEndpointUrl="https://issuer.example.com/keys"', start=False)
    checked = server.command("check", "--strict")
    assert "SALA004" not in checked.stdout, checked.stdout
