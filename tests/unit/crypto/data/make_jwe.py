"""Makes jwe.json beside it with python3-jwcrypto: keys, tokens encrypted to them, and tokens that nobody should take."""
import base64
import json
import pathlib

from jwcrypto import jwe, jwk

ALGS = jwe.default_allowed_algs + ["RSA1_5"]
ENCS = ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"]
TEXT = '{"sub":"anna"}'


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encrypt(key, alg, enc, text=TEXT, **header):
    token = jwe.JWE(text.encode(), json.dumps({"alg": alg, "enc": enc, **header}), algs=ALGS + [alg, enc])
    token.add_recipient(key)
    return token.serialize(compact=True)


def with_part(token, place, value):
    parts = token.split(".")
    parts[place] = value
    return ".".join(parts)


def flipped(token, place):
    part = token.split(".")[place]
    first = "A" if part[0] != "A" else "B"
    return with_part(token, place, first + part[1:])


keys = {"rsa": jwk.JWK.generate(kty="RSA", size=2048), "rsa2": jwk.JWK.generate(kty="RSA", size=2048),
        **{name: jwk.JWK.generate(kty="EC", crv=name) for name in ("P-256", "P-384", "P-521")}}
good, bad = [], []
for enc in ENCS:
    for alg in ("RSA-OAEP", "RSA-OAEP-256"):
        good.append(("rsa", f"{alg} {enc}", encrypt(keys["rsa"], alg, enc)))
    for alg in ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"):
        good.append(("P-256", f"{alg} {enc}", encrypt(keys["P-256"], alg, enc)))
for curve in ("P-384", "P-521"):
    good.append((curve, curve, encrypt(keys[curve], "ECDH-ES", "A256GCM")))
    good.append((curve, f"{curve} wrapped", encrypt(keys[curve], "ECDH-ES+A256KW", "A256CBC-HS512")))
good.append(("P-256", "apu and apv", encrypt(keys["P-256"], "ECDH-ES", "A128GCM", apu=encode(b"Alice"), apv=encode(b"Bob"))))
good.append(("rsa", "nothing inside", encrypt(keys["rsa"], "RSA-OAEP", "A128GCM", text="")))
good.append(("rsa", "cty", encrypt(keys["rsa"], "RSA-OAEP", "A128GCM", cty="application/JWT")))

rsa = encrypt(keys["rsa"], "RSA-OAEP-256", "A128GCM")
cbc = encrypt(keys["rsa"], "RSA-OAEP", "A128CBC-HS256")
agreed = encrypt(keys["P-256"], "ECDH-ES", "A128GCM")
wrapped = encrypt(keys["P-256"], "ECDH-ES+A128KW", "A128GCM")
names = ["header", "key", "vector", "text", "tag"]
for name, key, token in (("gcm", "rsa", rsa), ("cbc", "rsa", cbc), ("wrapped", "P-256", wrapped)):
    for place in range(1, 5):
        bad.append((key, f"{name}: another {names[place]}", flipped(token, place)))
        bad.append((key, f"{name}: no {names[place]}", with_part(token, place, "")))
    tag = token.split(".")[4]
    bad.append((key, f"{name}: half a tag", with_part(token, 4, tag[:len(tag) // 8 * 4])))
    bad.append((key, f"{name}: a longer tag", with_part(token, 4, tag + "AAAA")))
    bad.append((key, f"{name}: a blank in the header", with_part(token, 0, encode(
        base64.urlsafe_b64decode(token.split(".")[0] + "==").replace(b"{", b"{ ", 1)))))
bad.append(("rsa2", "another key", rsa))
bad.append(("P-384", "a key of another curve", agreed))
bad.append(("P-256", "a key of another type", rsa))
bad.append(("rsa", "a key of another type, the other way", agreed))
bad.append(("P-256", "an encrypted key where none belongs", with_part(agreed, 1, "AAAA")))
bad.append(("rsa", "RSA1_5", encrypt(keys["rsa"], "RSA1_5", "A128GCM")))
bad.append(("rsa", "compressed", encrypt(keys["rsa"], "RSA-OAEP", "A128GCM", zip="DEF")))
shared = jwk.JWK.generate(kty="oct", size=128)
bad.append(("rsa", "dir", encrypt(shared, "dir", "A128GCM")))
bad.append(("rsa", "A128KW", encrypt(shared, "A128KW", "A128GCM")))
bad.append(("rsa", "A128GCMKW", encrypt(shared, "A128GCMKW", "A128GCM")))
bad.append(("rsa", "a password", encrypt(jwk.JWK(kty="oct", k=encode(b"password")), "PBES2-HS256+A128KW", "A128GCM")))
header = json.loads(base64.urlsafe_b64decode(agreed.split(".")[0] + "=="))


def with_header(**changes):
    changed = {**header, **changes}
    return with_part(agreed, 0, encode(json.dumps({k: v for k, v in changed.items() if v is not None}).encode()))


epk = header["epk"]
bad.append(("P-256", "no epk", with_header(epk=None)))
bad.append(("P-256", "epk is text", with_header(epk="x")))
bad.append(("P-256", "a point that is not on the curve", with_header(epk={**epk, "y": epk["x"]})))
bad.append(("P-256", "the point at zero", with_header(epk={**epk, "x": encode(bytes(32)), "y": encode(bytes(32))})))
bad.append(("P-256", "a point of another curve", with_header(epk=json.loads(keys["P-384"].export_public()))))
bad.append(("P-256", "an epk with its private part", with_header(epk={**epk, "d": encode(bytes(31) + b"\1")})))
bad.append(("P-256", "apu is no base64url", with_header(apu="!")))
bad.append(("P-256", "apu of 600 bytes", with_header(apu=encode(bytes(600)))))
bad.append(("P-256", "crit", with_header(crit=["exp"], exp=1)))
bad.append(("P-256", "enc unknown", with_header(enc="A128CTR")))
bad.append(("P-256", "no enc", with_header(enc=None)))
bad.append(("P-256", "alg a list", with_header(alg=["ECDH-ES"])))
bad.append(("P-256", "four parts", agreed.rsplit(".", 1)[0]))
bad.append(("P-256", "six parts", agreed + "."))
bad.append(("P-256", "padding", with_part(agreed, 3, agreed.split(".")[3] + "=")))
bad.append(("P-256", "the header twice", with_part(agreed, 0, encode(
    json.dumps(header)[:-1].encode() + b',"alg":"dir"}'))))

document = {"text": TEXT, "keys": {name: key.export_to_pem(private_key=True, password=None).decode() for name, key in keys.items()},
            "good": [{"key": key, "name": name, "jwe": token} for key, name, token in good],
            "bad": [{"key": key, "name": name, "jwe": token} for key, name, token in bad]}
pathlib.Path(__file__).with_name("jwe.json").write_text(json.dumps(document, indent=1) + "\n")
