#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of the single-byte coded character sets as C, from the converters of this machine's iconv(3).

usage: codepage_tables.py OUTPUT.c
"""
import ctypes
import sys

EBCDIC, ASCII = True, False

# CCSID, iconv's name for it, whether it is EBCDIC
SETS = [
    (37, "IBM037", EBCDIC),
    (273, "IBM273", EBCDIC),
    (277, "IBM277", EBCDIC),
    (278, "IBM278", EBCDIC),
    (280, "IBM280", EBCDIC),
    (284, "IBM284", EBCDIC),
    (285, "IBM285", EBCDIC),
    (297, "IBM297", EBCDIC),
    (367, "ANSI_X3.4-1968", ASCII),
    (437, "IBM437", ASCII),
    (500, "IBM500", EBCDIC),
    (819, "ISO-8859-1", ASCII),
    (850, "IBM850", ASCII),
    (858, "IBM858", ASCII),
    (870, "IBM870", EBCDIC),
    (871, "IBM871", EBCDIC),
    (875, "IBM875", EBCDIC),
    (923, "ISO-8859-15", ASCII),
    (1025, "IBM1025", EBCDIC),
    (1026, "IBM1026", EBCDIC),
    (1047, "IBM1047", EBCDIC),
    (1112, "IBM1112", EBCDIC),
    (1122, "IBM1122", EBCDIC),
    (1140, "IBM1140", EBCDIC),
    (1141, "IBM1141", EBCDIC),
    (1142, "IBM1142", EBCDIC),
    (1143, "IBM1143", EBCDIC),
    (1144, "IBM1144", EBCDIC),
    (1145, "IBM1145", EBCDIC),
    (1146, "IBM1146", EBCDIC),
    (1147, "IBM1147", EBCDIC),
    (1148, "IBM1148", EBCDIC),
    (1149, "IBM1149", EBCDIC),
    (1153, "IBM1153", EBCDIC),
    (1154, "IBM1154", EBCDIC),
    (1155, "IBM1155", EBCDIC),
    (1156, "IBM1156", EBCDIC),
    (1157, "IBM1157", EBCDIC),
    (1252, "CP1252", ASCII),
]

NOTHING = 0xFFFF  # a byte without a character; U+FFFF is none

libc = ctypes.CDLL(None, use_errno=True)
libc.iconv_open.restype = ctypes.c_void_p
libc.iconv_open.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
libc.iconv.restype = ctypes.c_size_t
libc.iconv.argtypes = [ctypes.c_void_p] + [ctypes.c_void_p] * 4
libc.iconv_close.argtypes = [ctypes.c_void_p]


def open_converter(to, source):
    handle = libc.iconv_open(to.encode(), source.encode())
    if handle is None or handle == ctypes.c_void_p(-1).value:
        sys.exit(f"codepage_tables.py: iconv on this machine cannot convert {source} to {to}; "
                 "install the package that holds the C library's converters")
    return handle


def convert(handle, data):
    """The converted bytes, or None when the input has no counterpart."""
    libc.iconv(handle, None, None, None, None)
    source, target = ctypes.create_string_buffer(data, len(data)), ctypes.create_string_buffer(16)
    source_at, target_at = ctypes.c_void_p(ctypes.addressof(source)), ctypes.c_void_p(ctypes.addressof(target))
    source_left, target_left = ctypes.c_size_t(len(data)), ctypes.c_size_t(16)
    result = libc.iconv(handle, ctypes.byref(source_at), ctypes.byref(source_left),
                        ctypes.byref(target_at), ctypes.byref(target_left))
    if result != 0 or source_left.value:
        return None
    return target.raw[:16 - target_left.value]


def read_set(name):
    """256 code points, and the bytes iconv chooses for them."""
    decoder, encoder = open_converter("UTF-16BE", name), open_converter(name, "UTF-16BE")
    code_points, bytes_of = [], {}
    for byte in range(256):
        text = convert(decoder, bytes([byte]))
        if text is not None and len(text) != 2:
            sys.exit(f"codepage_tables.py: {name} is not a set of one byte and one character each")
        code_points.append(int.from_bytes(text, "big") if text else NOTHING)
    for code_point in code_points:
        if code_point != NOTHING:
            back = convert(encoder, code_point.to_bytes(2, "big"))
            if back is not None and len(back) == 1 and code_points[back[0]] == code_point:
                bytes_of[code_point] = back[0]
    libc.iconv_close(decoder)
    libc.iconv_close(encoder)
    return code_points, bytes_of


def swap_newlines(code_points, bytes_of):
    """Exchanges the places of U+000A and U+0085: what iconv has at X'25' and X'15', Java has the other way round."""
    swapped, swapped_bytes = list(code_points), dict(bytes_of)
    swapped[0x15], swapped[0x25] = code_points[0x25], code_points[0x15]
    for byte in (0x15, 0x25):
        swapped_bytes[swapped[byte]] = byte
    return swapped, swapped_bytes


def list_numbers(numbers, form):
    lines = []
    for start in range(0, len(numbers), 16):
        lines.append("     " + " ".join(form % n + "," for n in numbers[start:start + 16]))
    return "\n".join(lines)


def write_pages(out, name, bytes_of):
    """The reverse table: page 0 is empty, page n holds the code points of one high byte. Returns the index."""
    index, pages = [0] * 256, [[0] * 256]
    for high in sorted({code_point >> 8 for code_point in bytes_of}):
        index[high] = len(pages)
        pages.append([bytes_of.get(high << 8 | low, 0) for low in range(256)])
    print(f"static const uint8_t {name}[][256] = {{", file=out)
    for page in pages:
        print("    {\n" + list_numbers(page, "0x%02x") + "\n    },", file=out)
    print("};\n", file=out)
    return index


def main():
    entries = []
    with open(sys.argv[1], "w", encoding="ascii") as out:
        print("/* Written by codepage_tables.py from the converters of iconv(3). */\n"
              '#include "text/codepage_table.h"\n', file=out)
        for ccsid, name, is_ebcdic in SETS:
            forms = [(read_set(name), "SP_NEWLINE_25")]
            if is_ebcdic:
                if (forms[0][0][0][0x15], forms[0][0][0][0x25]) != (0x85, 0x0A):
                    sys.exit(f"codepage_tables.py: {name} has its new lines elsewhere")
                forms.insert(0, (swap_newlines(*forms[0][0]), "SP_NEWLINE_15"))
            for (code_points, bytes_of), newline in forms:
                pages = f"pages_{ccsid}_{newline[-2:]}"
                index = write_pages(out, pages, bytes_of)
                entries.append((ccsid, is_ebcdic, newline, code_points, index, pages))
        print("const struct sp_codepage sp_codepage_tables[] = {", file=out)
        for ccsid, is_ebcdic, newline, code_points, index, pages in entries:
            blank = code_points.index(0x20)
            print(f"    {{.ccsid = {ccsid}, .form = SP_CODEPAGE_SINGLE, .is_ebcdic = {str(is_ebcdic).lower()},\n"
                  f"     .newline = {newline}, .blank = {{0x{blank:02x}}}, .blank_len = 1,\n"
                  f"     .pages = {pages},\n     .index = {{\n{list_numbers(index, '%d')}\n     }},\n"
                  f"     .code_points = {{\n{list_numbers(code_points, '0x%04x')}\n     }}}},", file=out)
        print("};\n\nconst size_t sp_codepage_table_count = "
              "sizeof sp_codepage_tables / sizeof sp_codepage_tables[0];", file=out)


if __name__ == "__main__":
    main()
