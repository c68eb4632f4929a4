#!/usr/bin/python3
"""Writes the corpora of the fuzz targets `si`, `archive` and `cobol`: small, each with something of its own.

The files are committed; run this again after changing it.
"""
import io
import pathlib
import zipfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def field(name, size, kind, attributes="", start=None, inner=""):
    position = f"<startPos>{start}</startPos>" if start else ""
    return (f'<field name="{name}" originalName="{name}" included="Y" {attributes}>{position}<bytes>{size}</bytes>'
            f"{kind}{inner}</field>")


def datatype(name, more=""):
    return f'<applicationDatatype datatype="{name}"{more}/>'


CHAR = datatype("CHAR")
ZONED = ('<marshaller isSigned="Y" isSignLeading="Y" isSignSeparate="Y"><typeConverter>ZONEDDECIMAL</typeConverter>'
         '</marshaller>' + datatype("DECIMAL", ' precision="4" scale="2"'))
PACKED = ('<marshaller isSigned="Y"><typeConverter>PACKEDDECIMAL</typeConverter></marshaller>'
          + datatype("DECIMAL", ' precision="5" scale="0"'))
SHORT = '<marshaller isNativeInteger="N" alignment="NATURAL"/>' + datatype("SHORT", ' precision="4"')
INT = '<marshaller isNativeInteger="Y" alignment="NATURAL"/>' + datatype("INT", ' precision="9"')
DOUBLE = '<marshaller alignment="DOUBLEWORD"/>' + datatype("DOUBLE")


def message(segments, service_type="CICS_COMM_AREA"):
    return (f'<n:message xmlns:n="http://www.ibm.com/ims/Transaction" messageName="M" serviceType="{service_type}">'
            f'<message id="1">{segments}</message></n:message>')


def commarea(fields):
    return message(f'<segment id="1" name="COMMAREA" originalName="COMMAREA">{fields}</segment>')


TYPES = commarea(field("T", 28, datatype("STRUCT"), start=1, inner=(
    field("A", 4, CHAR, 'defaultValue="C1C2" isHex="true"', 1) + field("B", 5, ZONED, "", 5)
    + field("C", 3, PACKED, "", 10) + field("D", 2, SHORT, "", 13) + field("E", 4, INT, "", 15)
    + field("U", 2, '<marshaller encoding="UTF-16BE"/>' + CHAR, "", 19) + field("F", 8, DOUBLE, "", 21))))
ODO = commarea(field("T", 2 + 3 * 7, datatype("STRUCT"), start=1, inner=(
    field("N", 2, SHORT, 'dependedOn="true"', 1)
    + field("L", 21, datatype("ARRAY"), 'dependsOn="N" dependsOnPath="T.N" minOccurs="1" maxOccurs="3"', 3, (
        field("M", 1, ZONED.replace('"4" scale="2"', '"1" scale="0"').replace('isSignSeparate="Y"', ""))
        + field("K", 6, datatype("ARRAY"), 'dependsOn="M" minOccurs="0" maxOccurs="2"', inner=field("K", 3, CHAR)))))))
REDEFINES = commarea(field("T", 9, datatype("STRUCT"), start=1, inner=(
    field("A", 8, CHAR, "", 1)
    + field("B", 8, datatype("STRUCT"), 'redefines="A"', 1, field("B1", 3, CHAR, "", 1) + field("B2", 5, CHAR, "", 4))
    + field("C", 1, CHAR, "", 9))))
SYNC = commarea(field("T", 24, datatype("STRUCT"), start=1, inner=field(
    "L", 24, datatype("ARRAY"), 'minOccurs="2" maxOccurs="2"', 1,
    field("A", 1, CHAR) + field("B", 4, INT) + field("C", 1, CHAR))))
CHANNEL = message('<segment name="" originalName="C1" containerType="BIT" required="Y">' + field("X", 3, CHAR, "", 1)
                  + '</segment><segment name="two" originalName="C2" containerType="CHAR">' + field("Y", 2, CHAR)
                  + "</segment>", "CICS_CHANNEL")
INTERFACES = {"types": TYPES, "odo": ODO, "redefines": REDEFINES, "sync": SYNC, "channel": CHANNEL,
              "empty": "<message/>", "huge": commarea(field("A", 16777216, CHAR)),
              "overlap": commarea(field("A", 4, CHAR, "", 1) + field("B", 4, CHAR, "", 2))}


def prop(name, value):
    return f'- propertyName: "{name}"\n  value: "{value}"\n  type: "STRING"\n'


MANIFEST = ('---\nManifest-Version: 1.0\nname: "s"\nprovider: "CICS-1.0"\nrequestSchema:\n  value: "file:///q.json"\n'
            '  type: "JSONSchema"\nresponseSchema:\n  value: "file:///q.json"\n  type: "JSONSchema"\n'
            'providerProperties:\n' + prop("dataXformType", "WALKER_VISITOR")
            + prop("wvServiceFile", "f\\\\s.xml") + prop("wvRequestInterfaceFile", "i.si")
            + prop("wvResponseInterfaceFile", "i.si") + prop("omitOutputFieldsByValueByte", "0x40")
            + 'version: "1"\n')
SAR = {"manifest.yml": MANIFEST, "q.json": '{"properties":{"T":{"properties":{"L":{"items":{"type":"object"}}}}}}',
       "f\\s.xml": "<service><messageVisitorRuntimeType>CICS_COMMAREA</messageVisitorRuntimeType><ccsid>IBM037</ccsid>"
                   "<omitOutputEmptyTags>true</omitOutputEmptyTags></service>", "i.si": ODO}

PACKAGE = ('<zosConnectApi id="a"><apiSpec title="t" basePath="/b" version="1"><path relativePath="/x/{y}?z">'
           '<method type="GET" zosConnectServiceRef="s" httpXformFile="m.xml" operationId="g"/></path>'
           '<apiDoc docType="SWAGGER">d.json</apiDoc></apiSpec></zosConnectApi>')
MAPPING = ('<ZosConnectServiceMapping><mappingContext basePath="/b" relativePath="/x/{y}" method="GET" serviceName="s" '
           'defaultResponseCode="200"/><requestMessage><mappingRootModel type="MSL" location="q.map"/></requestMessage>'
           '<responseMessages code="200"><mappingRootModel location="r.map"/></responseMessages>'
           '<responseMessages code="404"/></ZosConnectServiceMapping>')
REQUEST = ('<mappingRoot><inlinedXMLSchema><![CDATA[<s:schema xmlns:s="x"><s:element name="HTTPRequest"/><s:complexType '
           'name="QueryParametersType"><s:sequence><s:element name="z"/></s:sequence></s:complexType></s:schema>]]>'
           '</inlinedXMLSchema><mappingDeclaration><passthrough><input path="Body/R"/><output path="."/><updates>'
           '<move><input httpIn="path" path="PathParameters/y"/><output httpIn="body" path="a/b" '
           'xsdBuiltInOrDerivedSimpleType="x:integer"/></move>'
           '<move><input path="QueryParameters/z"/><output path="c"/></move>'
           '<assign value="v"><output path="d"/></assign><remove><output path="e"/></remove></updates></passthrough>'
           '</mappingDeclaration></mappingRoot>')
RESPONSE = ('<mappingRoot><mappingDeclaration><passthrough><input path="."/><output path="Body/R"/><updates>'
            '<move><input path="a"/><output httpIn="header" path="Headers/h"/></move>'
            '<remove><output path="Body/R/b"/></remove></updates></passthrough></mappingDeclaration></mappingRoot>')
AAR = {"package.xml": PACKAGE, "m.xml": MAPPING, "q.map": REQUEST, "r.map": RESPONSE,
       "d.json": '{"swagger":"2.0","basePath":"/b","paths":{"/x/{y}":{"get":{"operationId":"g"},"put":{}}}}'}


COPYBOOKS = {
    "types.cpy": """000100 01  R.
           05 A PIC X(4). 05 B PIC S9(5)V99 COMP-3. 05 C PIC S9(4) COMP.
           05 D PIC S9(4) SIGN LEADING SEPARATE CHARACTER. 05 E COMP-1. 05 F COMP-2 SYNC.
           05 G PIC ZZ9.99-. 05 H PIC N(2). 05 FILLER PIC X.
""",
    "tables.cpy": """       01 R.
          05 N PIC 9(2). 88 NONE VALUE 0.
          05 T OCCURS 1 TO 5 DEPENDING ON N INDEXED BY I.
             10 M PIC 9. 10 U PIC X(3) OCCURS 2 TIMES.
             10 V PIC S9(9) COMP-5 SYNC OCCURS 0 TO 2 DEPENDING ON M OF T.
""",
    "redefines.cpy": """          03 A PIC 9(8).
          03 B REDEFINES A.
             05 B1 PIC 99. 05 B2 PIC X(6).
          03 C PIC X VALUE 'it''s long and goes on to the end of the line and
      -    'further'. 03 D-
      -    E PIC X(2) VALUE X'C1C2'.
""",
    "free.cpy": "* comment\n01 R. *> inline\n05 A PIC X, 05 B PIC X; JUSTIFIED RIGHT.\n77 ALONE PIC 9.\n",
    "errors.cpy": "       01 R.\n          66 X RENAMES Y.\n          COPY OTHER.\n",
}


def archive(entries, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as packed:
        for name, text in entries.items():
            packed.writestr(zipfile.ZipInfo(name), text, compression)
    return out.getvalue()

ARA = {
    "package.xml": '<zosConnectApi id="r_1" packageType="requester"><apiSpec version="1" connectionRef="c">'
                   '<path relativePath="/a/{b}"><method type="GET" httpXformFile="m.xml" operationId="o"/></path>'
                   '<apiDoc docType="SWAGGER">d.json</apiDoc></apiSpec></zosConnectApi>',
    "m.xml": '<ZosConnectServiceMapping><mappingContext serviceName="o"/><responseMessages code="200"/>'
             "</ZosConnectServiceMapping>",
    "d.json": "{}", "ws-binds/o.wsbind": "b" * 64, "services/o/schemas/o_request.json": "{}",
    "services/o/schemas/o_200_response.json": "{}",
}


def patched(data, old, new):
    assert len(old) == len(new) and old in data
    return data.replace(old, new)


def text(entries):
    return "\x1e".join(f"{name}\x1f{content}" for name, content in entries.items()).encode()


def write(target, files):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def main():
    write("si", {f"{name}.si": text for name, text in INTERFACES.items()})
    write("cobol", COPYBOOKS)
    tiny = archive({"a": "1", "b/": "", "c": "2"})
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(link, "../../etc/passwd")
    write("archive", {
        "sar.zip": archive(SAR), "sar_deflated.zip": archive(SAR, zipfile.ZIP_DEFLATED),
        "aar.zip": archive(AAR), "sar.txt": text(SAR), "aar.txt": text(AAR),
        "ara.zip": archive(ARA), "ara.txt": text(ARA),
        "tiny.zip": tiny, "traversal.zip": patched(archive({"aa/b": "x"}), b"aa/b", b"../b"),
        "absolute.zip": patched(archive({"aa": "x"}), b"aa", b"/a"),
        "nul.zip": patched(archive({"abc": "x"}), b"abc", b"a\0c"), "link.zip": out.getvalue(),
        "twice.zip": patched(archive({"a/b": "x", "a:b": "y"}), b"a:b", b"a\\b"),
        "cut.zip": tiny[:-5], "bomb.zip": archive({"manifest.yml": "a" * 200000}, zipfile.ZIP_DEFLATED),
        "kind.txt": text({"manifest.yml": "x", "package.xml": "<zosConnectApi packageType='requester'/>"}),
    })


if __name__ == "__main__":
    main()
