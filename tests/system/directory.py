"""Real directories for the tests: OpenLDAP's slapd on free ports, with a configuration and a database of its own."""
import base64
import pathlib
import signal
import subprocess

from conftest import Process, free_ports, listening, wait_until

SCHEMAS = pathlib.Path("/etc/ldap/schema")
BASE = "dc=example,dc=org"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{BASE}", "admin secret"
SEARCHER, SEARCHER_PASSWORD = f"cn=searcher,{BASE}", "searcher secret"

# What Active Directory calls its people and groups, as far as logins need it.
ACTIVE_DIRECTORY = """
attributetype ( 1.3.6.1.4.1.4203.666.99.1 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.99.2 NAME 'objectCategory' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.99.3 NAME 'user' SUP inetOrgPerson STRUCTURAL
  MUST ( sAMAccountName $ objectCategory ) )
objectclass ( 1.3.6.1.4.1.4203.666.99.4 NAME 'adGroup' SUP top AUXILIARY MUST ( objectCategory ) )
"""

CONFIGURATION = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
{active_directory}
pidfile {directory}/slapd.pid
argsfile {directory}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
{tls}
{referral}
{more}
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw "{admin_password}"
directory {directory}/data
maxsize 16777216
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{searcher}" read by * none
overlay memberof
memberof-refint FALSE
"""

ROOT = f"""dn: {BASE}
objectClass: domain
dc: example

dn: {SEARCHER}
objectClass: person
cn: searcher
sn: searcher
userPassword: {SEARCHER_PASSWORD}

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups
"""


def line(name, value):
    """One line of LDIF; base64 where it must be."""
    if all(32 <= ord(each) < 127 for each in value) and not value.startswith((" ", ":", "<")) and not value.endswith(" "):
        return f"{name}: {value}\n"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}\n"


def entry(dn, **attributes):
    text = line("dn", dn)
    for name, values in attributes.items():
        for value in [values] if isinstance(values, str) else values:
            text += line(name, value)
    return text


def person(dn, uid, password, **more):
    return entry(dn, objectClass="inetOrgPerson", uid=uid, cn=more.pop("cn", "somebody"), sn="somebody", userPassword=password, **more)


def group(name, *members, base=f"ou=groups,{BASE}"):
    return entry(f"cn={name},{base}", objectClass="groupOfNames", cn=name, member=list(members))


class Directory:
    def __init__(self, directory, entries=(), certificate=None, key=None, authority=None, referral="", active_directory=False,
                 more="", environment=None):
        """`more`: lines of slapd.conf."""
        self.directory = pathlib.Path(directory)
        (self.directory / "data").mkdir(parents=True)
        self.port, self.tls_port = free_ports(2)
        self.process, self.environment = None, environment
        tls = ""
        if certificate:
            tls = f"TLSCACertificateFile {authority.certificate}\nTLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\n"
        self.has_tls = bool(tls)
        self.configuration = self.directory / "slapd.conf"
        self.configuration.write_text(CONFIGURATION.format(
            schemas=SCHEMAS, directory=self.directory, tls=tls, base=BASE, admin=ADMIN, admin_password=ADMIN_PASSWORD,
            searcher=SEARCHER, referral=referral, more=more, active_directory=ACTIVE_DIRECTORY if active_directory else ""))
        self.add(ROOT, *entries)

    def add(self, *entries):
        """Into a directory that does not run."""
        done = subprocess.run(["/usr/sbin/slapadd", "-f", self.configuration], input="\n".join(entries), text=True,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    def change(self, text):
        """LDIF of changes into one that runs."""
        done = subprocess.run(["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", ADMIN, "-w", ADMIN_PASSWORD],
                              input=text, text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    def start(self):
        urls = f"ldap://127.0.0.1:{self.port}/" + (f" ldaps://127.0.0.1:{self.tls_port}/" if self.has_tls else "")
        self.process = Process(["/usr/sbin/slapd", "-d", "stats", "-f", self.configuration, "-h", urls], self.directory, self.environment)
        wait_until(lambda: listening(self.port), "slapd to listen")
        return self

    def stop(self, number=signal.SIGTERM):
        if self.process:
            process, self.process = self.process, None
            process.send_signal(signal.SIGCONT)
            process.stop(number)

    def pause(self):
        """It accepts connections and says nothing."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        wait_until(lambda: all((task / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T" for task in tasks.iterdir()), "every thread to stop")

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def log(self):
        return (self.directory / "output.log").read_text(errors="replace")
