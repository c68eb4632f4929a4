"""Ceilings of files and functions."""
import re
import subprocess

import pytest

import house

FILE_LINES = 800
FUNCTION_LINES = 70
COMPLEXITY = 25

SOURCES = house.tracked("src/*.c")


def test_files_are_short_enough():
    long_files = []
    for path in house.tracked("src/*.c", "src/*.h", "tests/*.c", "tests/*.py"):
        lines = len((house.ROOT / path).read_text(encoding="utf-8").splitlines())
        if lines > FILE_LINES:
            long_files.append(f"{path}: {lines} lines, at most {FILE_LINES}")
    assert not long_files, "\n".join(long_files)


@pytest.fixture(scope="module")
def functions():
    """(file, name, first line, lines, complexity) of every function of src/."""
    rows = []
    for path in SOURCES:
        out = subprocess.run(["pmccabe", path], cwd=house.ROOT, check=True, capture_output=True, text=True).stdout
        for line in out.splitlines():
            # modified complexity, complexity, statements, first line, lines, file(line): name
            match = re.match(r"(\d+)\t(\d+)\t(\d+)\t(\d+)\t(\d+)\t\S+: (\S+)", line)
            assert match, f"pmccabe wrote something new: {line!r}"
            rows.append((path, match.group(6), int(match.group(4)), int(match.group(5)), int(match.group(1))))
    assert rows
    return rows


def test_functions_are_short_enough(functions):
    wrong = [f"{path}:{line}: {name} has {lines} lines, at most {FUNCTION_LINES}"
             for path, name, line, lines, _ in functions if lines > FUNCTION_LINES]
    assert not wrong, "\n".join(wrong)


def test_functions_are_simple_enough(functions):
    wrong = [f"{path}:{line}: {name} has complexity {complexity}, at most {COMPLEXITY}"
             for path, name, line, _, complexity in functions if complexity > COMPLEXITY]
    assert not wrong, "\n".join(wrong)
