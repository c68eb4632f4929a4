"""Nothing that was written to be run is forgotten."""
import pathlib
import re

import house


def read(path):
    return (house.ROOT / path).read_text(encoding="utf-8")


def test_every_unit_test_file_is_registered():
    forgotten = []
    for path in house.tracked("tests/unit/*/test_*.c"):
        directory, name = path.rsplit("/", 1)
        if f"'{name[:-2]}'" not in read(f"{directory}/meson.build") and f"'{name}'" not in read(f"{directory}/meson.build"):
            forgotten.append(f"{path} is not in {directory}/meson.build")
    assert not forgotten, "\n".join(forgotten)


def test_every_test_function_is_run():
    forgotten = []
    for path in house.tracked("tests/unit/*/test_*.c"):
        text = read(path)
        for name in re.findall(r"^static void (\w+)\(void \*\*\w+\)", text, re.M):
            if len(re.findall(rf"\b{name}\b", text)) < 2:
                forgotten.append(f"{path}: {name} is never run")
    assert not forgotten, "\n".join(forgotten)


def test_every_fuzz_target_is_registered_and_has_a_corpus():
    registered = read("tests/fuzz/meson.build")
    forgotten = []
    for path in house.tracked("tests/fuzz/fuzz_*.c"):
        name = pathlib.Path(path).stem[len("fuzz_"):]
        if f"'{name}'" not in registered:
            forgotten.append(f"{path} is not in tests/fuzz/meson.build")
        if not house.tracked(f"tests/fuzz/corpus/{name}/*"):
            forgotten.append(f"tests/fuzz/corpus/{name} is empty")
    assert not forgotten, "\n".join(forgotten)


def test_every_source_is_built():
    forgotten = []
    for path in house.tracked("src/*.c"):
        parts = path.split("/")
        name = "/".join(parts[2:])
        build = read(f"src/{parts[1]}/meson.build")
        if f"'{name}'" not in build and f"'{parts[-1]}'" not in build:
            forgotten.append(f"{path} is not in src/{parts[1]}/meson.build")
    assert not forgotten, "\n".join(forgotten)


def test_every_room_with_sources_has_unit_tests():
    bare = [room for room in house.ROOMS
            if house.tracked(f"src/{room}/*.c") and not house.tracked(f"tests/unit/{room}/test_*.c")]
    assert not bare, f"rooms without a unit test: {', '.join(bare)}"


def test_installed_packages_have_a_reason():
    documented = read("docs/dependencies.md")
    missing = []
    for line in read("scripts/packages.txt").splitlines():
        if line and not line.startswith("#"):
            package = line.split()[1]
            if f"`{package}`" not in documented:
                missing.append(package)
    assert not missing, f"docs/dependencies.md does not say why: {', '.join(missing)}"


def test_every_answer_of_ours_to_a_racf_command_is_documented():
    documented = set(re.findall(r"SAF\d{4}[EWI]", read("docs/messages.md")))
    said = {id for path in house.tracked("src/saf/*.c") for id in re.findall(r'"(SAF\d{4}[EWI])"', read(path))}
    assert said, "the pattern finds nothing"
    assert said == documented, f"{sorted(said ^ documented)}"


def test_unit_tests_speak_tap():
    """What says nothing in TAP is counted as skipped, or not at all."""
    silent = [path for path in house.tracked("tests/unit/*/test_*.c")
              if "cmocka_run" in read(path) and "CM_OUTPUT_TAP" not in read(path)]
    assert not silent, f"cmocka_set_message_output(CM_OUTPUT_TAP) is missing: {', '.join(silent)}"
