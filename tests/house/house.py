"""What the house tests share: the tree's files and the order of its rooms."""
import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Ground floor first: a room may use those above it in this list and none below it.
ROOMS = ["base", "text", "io", "crypto", "config", "saf", "registry", "authn", "authz", "artifact", "mapping", "sor",
         "requester", "intercept", "store", "admin", "gateway", "engine", "region", "stub", "cli"]

# Rooms that may use fewer than the list would allow.
ONLY = {
    "region": {"base", "text", "io", "saf"},
    "stub": {"base", "text"},
}

# Libraries and the rooms (or single files) that may include their headers.
LIBRARIES = {
    r"ngx_": ["src/engine/"],
    r"libcob": ["src/region/", "src/stub/"],
    r"p11-kit/": ["src/crypto/pkcs11_"],
    r"expat\.h": ["src/text/xml"],
    r"zip\.h": ["src/text/zip", "src/artifact/"],
    r"yaml\.h": ["src/text/yaml"],
    r"curl/": ["src/io/"],
    r"ldap\.h": ["src/registry/"],
    r"sqlite3\.h": ["src/saf/", "src/store/"],
    r"histedit\.h": ["src/cli/saf_dialogue"],
}


@functools.lru_cache(maxsize=None)
def tracked(*patterns):
    """Files git tracks or would track, relative to the root."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    return [line for line in out.splitlines() if (ROOT / line).is_file()]


def includes(path):
    """(line number, name, quoted) of each #include."""
    found = []
    for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if match:
            found.append((number, match.group(2), match.group(1) == '"'))
    return found
