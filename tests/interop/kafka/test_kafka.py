"""The Kafka sink against Apache Kafka: one broker in KRaft mode on loopback. tests/interop/kafka/run runs it; it is no part of
make test, since the broker is 43 MB from Maven Central."""
import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "system"))

from conftest import *  # noqa: E402,F401,F403 (fixtures)
from conftest import Authority, free_ports, wait_until  # noqa: E402
from test_api import FRED, JSON, bad, basic, make_gateway, make_region  # noqa: E402,F401 (fixtures)
from test_audit import Caller, one_writer  # noqa: E402

JARS = os.environ.get("SALLYPORT_KAFKA_JARS")
MANAGER = 'requireSecure="false" globalReaderGroup="GMINVOKE"'
TOPIC = "sallyport-audit"

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://localhost:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENT:{protocol}
log.dirs={data}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
num.partitions=1
"""

SECURE = """
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  username="broker" password="broker secret" user_broker="broker secret" user_sallyport="audit secret";
ssl.endpoint.identification.algorithm=
ssl.truststore.type=PEM
ssl.truststore.location={authority}
"""

LOG = """<Configuration><Appenders><Console name="out"><PatternLayout pattern="%d %p %m%n"/></Console></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers></Configuration>"""


class Broker:
    def __init__(self, directory, authority=None):
        assert JARS, "SALLYPORT_KAFKA_JARS: run this with tests/interop/kafka/run"
        self.directory, self.process = directory, None
        self.port, controller = free_ports(2)
        text = PROPERTIES.format(port=self.port, controller=controller, data=directory / "data",
                                 protocol="SASL_SSL" if authority else "PLAINTEXT")
        if authority:
            certificate, key = authority.issue("localhost")
            pkcs8 = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key], check=True, capture_output=True,
                                   text=True).stdout
            (directory / "keystore.pem").write_text(pkcs8 + pathlib.Path(certificate).read_text())
            text += SECURE.format(keystore=directory / "keystore.pem", authority=authority.certificate)
        (directory / "server.properties").write_text(text)
        (directory / "log4j2.xml").write_text(LOG)
        identity = "a" + base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")[1:]  # not like an option
        self.java("kafka.tools.StorageTool", "format", "-t", identity, "-c", directory / "server.properties").wait(60)

    def java(self, *arguments):
        return subprocess.Popen(["java", "-Xmx384m", f"-Dlog4j2.configurationFile={self.directory}/log4j2.xml",
                                 "-cp", f"{JARS}/*", *arguments], stdout=open(self.directory / "log", "a"),
                                stderr=subprocess.STDOUT)

    def start(self):
        self.process = self.java("kafka.Kafka", self.directory / "server.properties")
        wait_until(self.listens, "the broker", 60)
        return self

    def listens(self):
        assert self.process.poll() is None, (self.directory / "log").read_text()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self, number=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)


class Reader(threading.Thread):
    """What the topic holds, from its beginning."""

    def __init__(self, program, port, *settings):
        super().__init__(daemon=True)
        self.events = []
        self.process = subprocess.Popen([program, f"localhost:{port}", TOPIC, *settings], stdout=subprocess.PIPE, text=True)
        self.start()

    def run(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def queries(self):
        return [each["query"] for each in list(self.events) if "query" in each]


@pytest.fixture(scope="session")
def reader_program(tmp_path_factory):
    program = tmp_path_factory.mktemp("reader") / "reader"
    subprocess.run(["gcc", "-Wall", "-Werror", "-o", program, HERE / "reader.c", "-lrdkafka"], check=True)
    return program


@pytest.fixture
def make_broker(tmp_path):
    brokers = []

    def make(authority=None):
        directory = tmp_path / f"broker{len(brokers)}"
        directory.mkdir()
        brokers.append(Broker(directory, authority))
        return brokers[-1].start()

    yield make
    for each in brokers:
        each.kill()


@pytest.fixture
def make_reader(reader_program):
    readers = []

    def make(port, *settings):
        readers.append(Reader(reader_program, port, *settings))
        return readers[-1]

    yield make
    for each in readers:
        each.process.kill()
        each.process.wait()


def sink(port, more='tls="false"'):
    return f'<sallyport_auditSink id="kafka" kind="kafka" endpoint="localhost:{port}" topic="{TOPIC}" {more}/>'


def calls(server, numbers):
    caller = Caller(server, numbers)
    caller.run()
    assert caller.failure is None
    return {f"id={each}" for each in caller.done}


def test_every_event_comes_once_when_nothing_fails(make_gateway, make_broker, make_reader):
    broker = make_broker()
    server = make_gateway(manager=MANAGER, more=sink(broker.port))
    reader = make_reader(broker.port)
    done = calls(server, range(2000))
    assert bad(server, "NOTHING", headers=[JSON, basic("mary")]).status == 403
    wait_until(lambda: len(reader.queries()) >= 2000 and any(each["event"] == "accessDenied" for each in reader.events),
               "the events", 60)
    assert sorted(reader.queries()) == sorted(done)
    event = next(each for each in reader.events if each.get("query") == "id=7")
    assert (event["event"], event["user"], event["status"], event["uri"]) == ("request", "fred", 200, "/bad/api-docs")


def test_tls_and_a_password(make_gateway, make_broker, make_reader, authority):
    broker = make_broker(authority)
    server = make_gateway(manager=MANAGER, more=sink(
        broker.port, f'user="sallyport" password="audit secret" caFile="{authority.certificate}"'))
    reader = make_reader(broker.port, "security.protocol=SASL_SSL", "sasl.mechanisms=PLAIN", "sasl.username=sallyport",
                         "sasl.password=audit secret", f"ssl.ca.location={authority.certificate}")
    done = calls(server, range(50))
    wait_until(lambda: len(reader.queries()) >= 50, "the events", 60)
    assert set(reader.queries()) == done


@pytest.mark.parametrize("what", ["password", "authority"])
def test_who_cannot_be_trusted_or_does_not_trust_us_gets_nothing(make_gateway, make_broker, authority, tmp_path, what):
    broker = make_broker(authority)
    (tmp_path / "other").mkdir()
    trusted = Authority(tmp_path / "other", "Other CA") if what == "authority" else authority
    password = "guessed" if what == "password" else "audit secret"
    server = make_gateway(manager=MANAGER, more=sink(
        broker.port, f'user="sallyport" password="{password}" caFile="{trusted.certificate}" timeout="3s"'))
    assert bad(server, "NOTHING").status == 200
    wait_until(lambda: "SALG0032W audit sink kafka" in server.log(), "the message", 60)
    line = next(each for each in server.log().splitlines() if "SALG0032W" in each)
    assert re.search("[Aa]uthentication failed|SASL" if what == "password" else "certificate|SSL", line), line
    assert "guessed" not in server.log()


def test_a_broker_that_is_killed_loses_nothing(make_gateway, make_broker, make_reader):
    broker = make_broker()
    server = make_gateway(manager=MANAGER, more=sink(broker.port, 'tls="false" timeout="5s"')
                          + '<sallyport_smf bufferRecords="65536"/>')
    server.may_alert = True
    stop, done = threading.Event(), set()

    def call_on():
        number = 0
        while not stop.is_set():
            done.update(calls(server, range(number, number + 200)))
            number += 200
            time.sleep(0.2)

    caller = threading.Thread(target=call_on)
    caller.start()
    try:
        for _ in range(2):
            time.sleep(2)
            broker.kill()
            time.sleep(2)
            broker.start()
        os.kill(one_writer(server), signal.SIGKILL)
        time.sleep(2)
    finally:
        stop.set()
        caller.join()
    assert "SALG0033E" not in server.log()  # memory was large enough: none is lost by policy
    reader = make_reader(broker.port)
    wait_until(lambda: time.sleep(1) or set(reader.queries()) >= done, f"all of {len(done)} events", 120)
    twice = len(reader.queries()) - len(set(reader.queries()))
    print(f"{len(done)} calls, {len(reader.queries())} messages, {twice} of them came twice")
    assert "SALG0033E" not in server.log()


def test_a_broker_that_stays_away_loses_the_oldest_and_they_are_counted(make_gateway, make_broker, make_reader):
    broker = make_broker()
    server = make_gateway(manager=MANAGER, more=sink(broker.port, 'tls="false" timeout="2s"')
                          + '<sallyport_smf bufferRecords="256" whenFull="block"/>')
    server.may_alert = True
    assert bad(server, "NOTHING").status == 200
    broker.kill()
    begun = time.monotonic()
    done = calls(server, range(2000))
    seconds = time.monotonic() - begun
    wait_until(lambda: "SALG0033E" in server.log(), "the loss in the log", 60)
    broker.start()
    reader = make_reader(broker.port)
    wait_until(lambda: "id=1999" in reader.queries(), "the last event", 60)
    kept = set(reader.queries()) & done
    print(f"2000 calls in {seconds:.1f} s while the broker was away, {len(kept)} came to it later")
    time.sleep(11)  # the log tells of losses every few seconds
    lost = sum(int(each) for each in re.findall(r"SALG0033E.*?(\d+) events", server.log()))
    assert len(kept) + lost in (2000, 2001) and lost > 0  # the first call's may be among them
    assert "SALG0030E" not in server.log()  # the file has all
