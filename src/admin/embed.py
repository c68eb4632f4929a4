"""Writes a text file as a C string: embed.py <file> <name of the string> <C file>."""
import pathlib
import sys


def main():
    source, name, target = sys.argv[1:]
    lines = pathlib.Path(source).read_text(encoding="utf-8").splitlines()
    data = "".join(line.strip() for line in lines).encode() + b"\0"
    # As bytes: no length is too great for that.
    rows = ["".join(f"{byte}," for byte in data[at:at + 40]) for at in range(0, len(data), 40)]
    pathlib.Path(target).write_text(f"extern const char {name}[];\nconst char {name}[] = {{\n" + "\n".join(rows) + "\n};\n",
                                    encoding="utf-8")


main()
