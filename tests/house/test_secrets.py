"""What nobody may learn is compared by sp_secret_eq: by any other way the time tells how much of a guess was right."""
import re

from house import ROOT, tracked

CALLS = re.compile(r"\b(memcmp|bcmp|strcmp|strncmp|strcasecmp|strncasecmp|strverscmp|memmem|strstr"
                   r"|sp_str_(?:eq|is|cmp|caseless_eq|starts|ends))\s*\(")

# Words of which one in an argument's name says that it may be a secret.
SECRET = set("""mac hmac digest signature sig secret password passwd phrase pin token ticket nonce state verifier thumbprint credential
cookie tag challenge proof bearer cek kek code""".split())

# What such a name may be and is no secret; the line as it stands, and why.
ALLOWED = {
    ("src/authn/issuer.c", "bool for_tokens = origin.len && sp_str_eq(url, issuer->endpoints->token_url);"):
        "an address",
    ("src/gateway/generation.c",
     "!old->ssl && sp_str_eq(old->user, element->user) && sp_str_eq(old->password, element->password) &&"):
        "both are of the administrator's own files, and nobody who guesses has a part in it",
    ("src/saf/irrdbu00_write_user.c", "if (sp_str_starts(verifier, unloaded))"):
        "the name of the algorithm that a verifier begins with",
}


def arguments(text, start):
    """Of the call whose bracket is before `start`."""
    depth, part, parts = 1, "", []
    for letter in text[start:]:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
        if depth == 0:
            break
        if letter == "," and depth == 1:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return parts + [part.strip()]


def is_written_out(argument):
    """A text of the program, which everybody can read."""
    return re.fullmatch(r'(SP_STR(_INIT)?\()?("[^"]*"|[A-Z][A-Z0-9_]+)(\s*"[^"]*")*\)?', argument, re.S) is not None


def words(argument):
    """Of the names that stand for values: of `user->password.ptr` those are `password` and `ptr`, not `user`."""
    names = re.findall(r"[A-Za-z_]\w*(?!\w*\s*(?:->|\.(?!ptr\b|text\b)|\[|\())", re.sub(r'"[^"]*"', "", argument))
    return {word for name in names for word in name.lower().split("_")}


def findings(text):
    """(line number, line) of each comparison that could tell a secret."""
    text = re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment.group()), text, flags=re.S)
    lines = text.splitlines()
    for call in CALLS.finditer(text):
        given = arguments(text, call.end())[:2]
        if not any(is_written_out(each) for each in given) and any(words(each) & SECRET for each in given):
            number = text.count("\n", 0, call.start()) + 1
            yield number, lines[number - 1].strip()


def test_secrets_are_compared_in_constant_time():
    wrong, used = [], set()
    for path in tracked("src/*.c", "src/*.h"):
        if path.startswith("src/base/str.") or path == "src/base/secret.c":
            continue
        for number, line in findings((ROOT / path).read_text(encoding="utf-8")):
            if (path, line) in ALLOWED:
                used.add((path, line))
            else:
                wrong.append(f"{path}:{number}: {line}")
    assert not wrong, "use sp_secret_eq, or tell in ALLOWED why it is no secret:\n" + "\n".join(wrong)
    assert not set(ALLOWED) - used, f"not there any more: {set(ALLOWED) - used}"


def test_the_rule_sees_what_it_forbids():
    for bad in ("if (memcmp(mac, given, 32) == 0)", "return sp_str_eq(user->password,\n    text);", "strcmp(token_text, x)",
                "memcmp(sp_buf_str(&expected).ptr, jwt->signature.ptr, n)", "bcmp(a, self.nonce, 8)", "sp_str_cmp(a, login.state)"):
        assert list(findings(bad)), bad
    for good in ('sp_str_eq(token->kind, SP_STR("JWT"))', "sp_secret_eq(mac, given)", 'strcmp(signature_method, "x")', "memcmp(a, b, 4)",
                 "/* memcmp(mac, given) */", "sp_str_eq(attribute, USER)"):
        assert not list(findings(good)), good
