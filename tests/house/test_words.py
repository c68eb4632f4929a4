"""What a text of the project must not hold, and how it is written."""
import re
import subprocess

import house

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
# The doubled halves keep this file from finding itself.
MACHINE = re.compile("/wo" + "rk/|/ho" + "me/[a-z]")
BANNED_CALLS = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|atof)\s*\(")


def texts(*patterns):
    for path in house.tracked(*patterns):
        if path.startswith("tests/fuzz/corpus/"):
            continue
        try:
            yield path, (house.ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def hits(pattern, *files):
    found = []
    for path, text in texts(*files):
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path}:{number}: {line.strip()[:100]}")
    return found


def test_nothing_is_marked_unfinished():
    found = [hit for hit in hits(UNFINISHED, "src", "include", "docs", "examples", "scripts", "README.md", "Makefile")]
    assert not found, "\n".join(found)


def test_no_path_of_one_machine():
    found = hits(MACHINE, "src", "include", "docs", "examples", "scripts", "tests", "README.md", "CONTRIBUTING.md")
    assert not found, "\n".join(found)


def test_no_function_that_cannot_be_used_safely():
    found = hits(BANNED_CALLS, "src/*.c", "src/*.h")
    assert not found, "\n".join(found)


def test_every_source_names_its_licence():
    missing = [path for path, text in texts("src/*.c", "src/*.h", "include", "tests/*.c")
               if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.splitlines()[:3])]
    assert not missing, "\n".join(missing)


def test_sources_are_formatted():
    files = house.tracked("src/*.c", "src/*.h", "tests/*.c", "tests/*.h", "include/*.h")
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=house.ROOT, check=False,
                            capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+", result.stderr, re.M)))
    assert result.returncode == 0, "run clang-format -i on: " + " ".join(wrong)


def test_links_in_documents_lead_somewhere():
    broken = []
    for path, text in texts("*.md", "docs/*.md"):
        base = (house.ROOT / path).parent
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if not re.match(r"[a-z]+:", target) and not (base / target).exists():
                broken.append(f"{path}: {target}")
    assert not broken, "\n".join(broken)
