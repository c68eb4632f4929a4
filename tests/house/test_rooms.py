"""Who may include whom."""
import re

import house


def allowed(room):
    if room in house.ONLY:
        return house.ONLY[room] | {room}
    return set(house.ROOMS[: house.ROOMS.index(room) + 1])


def test_every_directory_of_src_is_a_room():
    rooms = {path.split("/")[1] for path in house.tracked("src/*/*")}
    assert rooms <= set(house.ROOMS)


def test_a_room_uses_only_the_rooms_it_may_use():
    wrong = []
    for path in house.tracked("src/*.c", "src/*.h"):
        room = path.split("/")[1]
        for number, name, quoted in house.includes(path):
            first = name.split("/")[0]
            if quoted and first in house.ROOMS and first not in allowed(room):
                wrong.append(f"{path}:{number}: {room}/ may not use {name}")
    assert not wrong, "\n".join(wrong)


def test_quoted_includes_name_a_room_or_the_public_headers():
    wrong = []
    for path in house.tracked("src/*.c", "src/*.h"):
        for number, name, quoted in house.includes(path):
            generated = not (house.ROOT / "src" / name).exists() and not (house.ROOT / "include" / name).exists()
            if quoted and "/" not in name:
                wrong.append(f"{path}:{number}: write {name} with its room")
            elif quoted and generated and not name.endswith(".inc"):
                wrong.append(f"{path}:{number}: there is no {name}")
    assert not wrong, "\n".join(wrong)


def test_libraries_are_included_only_where_they_are_wrapped():
    wrong = []
    for path in house.tracked("src/*.c", "src/*.h"):
        for number, name, quoted in house.includes(path):
            if quoted:
                continue
            for pattern, places in house.LIBRARIES.items():
                if re.match(pattern, name) and not any(path.startswith(place) for place in places):
                    wrong.append(f"{path}:{number}: <{name}> belongs behind {' or '.join(places)}")
    assert not wrong, "\n".join(wrong)


# A function's definition as clang-format writes it, from the beginning of a line to its brace.
DEFINITION = re.compile(r"^(?!static\b)[a-z_][\w \t*]*[ *](\w+)\([^;{}]*\)\n\{", re.M)


def test_no_function_is_defined_in_two_files():
    # Rooms are linked into one program: the linker takes one of two without a word.
    where = {}
    for path in house.tracked("src/*.c"):
        for name in DEFINITION.findall((house.ROOT / path).read_text(encoding="utf-8")):
            if name != "main":
                where.setdefault(name, []).append(path)
    assert where, "the pattern finds nothing"
    twice = [f"{name}: {', '.join(paths)}" for name, paths in where.items() if len(paths) > 1]
    assert not twice, "\n".join(twice)
