"""A server whose security database has its key in a token: PassTickets want the key, so does the start."""
import os
import signal
import subprocess

import pytest

import hsm
from conftest import BUILD, SALLYPORT, need, wait_until
from test_api import JSON, basic, make_region  # pylint: disable=unused-import
from test_saf import database, echo, make_gateway, refusals  # noqa: F401 (fixtures)  # pylint: disable=unused-import
from test_saf_token import AES


@pytest.fixture
def token(tmp_path):
    made = hsm.Token(tmp_path / "token")
    made.tool(*AES)
    return made


@pytest.fixture
def make(make_gateway, database, token):  # noqa: F811  # pylint: disable=redefined-outer-name
    """A server after its database's key was moved into the token."""
    def make_one(start=True):
        key = database.path.with_name("saf.db.key")
        clear = key.read_text().strip()
        pin = database.path.with_name("saf.db.key.pin")
        pin.touch(mode=0o600)
        pin.write_text(hsm.PIN + "\n")
        done = subprocess.run([need(SALLYPORT), "saf", "--database", database.path, "key-to-token", token.uri(";object=saf")],
                              env=dict(os.environ, **token.environment), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and clear not in key.read_text(), done.stdout + done.stderr
        server = make_gateway(start=False)
        server.environment.update(token.environment)
        server.secrets = [clear, hsm.PIN]
        return server.start() if start else server

    return make_one


def ticket(user):
    return subprocess.run([need(BUILD / "tests" / "system" / "passticket"), user, "BBGZDFLT"], check=True, capture_output=True,
                          text=True).stdout.strip()


class Tickets:
    """Each is used once; there is another one each second."""

    def __init__(self):
        self.used = set()

    def log_in(self, server, user):
        made = [ticket(user)]
        wait_until(lambda: made[-1] not in self.used or made.append(ticket(user)), "a ticket that was not used yet")
        self.used.add(made[-1])
        return echo(server, basic(user, made[-1])).status


def test_a_server_takes_passtickets_by_a_key_in_a_token(make, token):  # pylint: disable=redefined-outer-name
    server, tickets = make(), Tickets()
    assert echo(server, basic("FRED", "FREDPWD")).status == 200
    assert tickets.log_in(server, "FRED") == 200
    # Running workers have the key, whatever becomes of the token.
    token.remove()
    assert tickets.log_in(server, "FRED") == 200
    token.insert()
    # A worker that takes the place of one that died asks the token by itself.
    server.may_alert = True
    first = server.process.workers()
    for worker in first:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: set(server.process.workers()).isdisjoint(first) and len(server.process.workers()) == len(first), "new workers")
    assert tickets.log_in(server, "FRED") == 200
    server.stop()
    told = server.log() + server.output()
    assert not [each for each in server.secrets if each in told]


def test_a_server_without_the_token_lets_nobody_in_and_says_why(make, token):  # pylint: disable=redefined-outer-name
    server = make(start=False)
    token.remove()
    server.start()
    assert echo(server, basic("FRED", "FREDPWD")).status == 503
    assert refusals(server, "SALG0040E") and "there is no token 'gateway'" in server.log()
    token.insert()
    wait_until(lambda: echo(server, basic("FRED", "FREDPWD")).status == 200, "the token to be found")
    assert Tickets().log_in(server, "FRED") == 200
    assert hsm.PIN not in server.log() + server.output()
