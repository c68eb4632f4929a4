"""The faults of others: each has its test, or a reason in docs/compatibility.md."""
import re

import house

LIST = house.ROOT / "tests" / "data" / "authn" / "lessons.md"
ROW = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \| (.+) \|$", re.M)


def rows():
    return [row for row in ROW.findall(LIST.read_text()) if row[0] not in ("thread", "area")]


def exists(reference):
    path, _, name = reference.partition("::")
    file = house.ROOT / "tests" / path
    if not file.is_file():
        return False
    text = file.read_text()
    if not name:
        return True
    if path.endswith(".py"):
        return re.search(rf"^def {name}\(", text, re.M) is not None
    # Written, and run.
    return re.search(rf"^static void {name}\(", text, re.M) is not None and len(re.findall(rf"\b{name}\b", text)) > 1


def test_every_lesson_has_its_test_or_its_reason():
    wrong = []
    for name, _, shown in rows():
        references = re.findall(r"`([^`]+)`", shown)
        wrong += [f"{name}: {each}" for each in references if not exists(each)]
        if not references and "docs/compatibility.md" not in shown:
            wrong.append(f"{name}: nothing shows it")
    assert not wrong, "\n".join(wrong)
    assert len(rows()) == 44
