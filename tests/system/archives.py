"""Small archives made by the tests: service and API archives for programs of tests/system/cobol."""
import json
import zipfile

def field(name, start, length, kind, children=""):
    """One <field> of an interface; `kind` is char, zoned (unsigned digits) or struct."""
    inner = {
        "char": '<applicationDatatype datatype="CHAR"/>',
        "zoned": '<marshaller isSigned="N" isSignLeading="N" isSignSeparate="N" isWCHAROnly="N">'
                 '<typeConverter>ZONEDDECIMAL</typeConverter></marshaller>'
                 f'<applicationDatatype datatype="DECIMAL" precision="{length}" scale="0"/>',
        "struct": '<applicationDatatype datatype="STRUCT"/>',
    }[kind]
    return (f'<field name="{name}" originalName="{name.upper()}" included="Y" path="{name}"><startPos>{start}</startPos>'
            f"<bytes>{length}</bytes><maxBytes>{length}</maxBytes>{inner}{children}</field>")


def service(path, name, program, length, fields, connection="cicsConn"):
    """A .sar for a COMMAREA of one structure `Area`."""
    interface = ('<?xml version="1.0" encoding="UTF-8"?><ns2:message xmlns:ns2="http://www.ibm.com/ims/Transaction" '
                 f'transactionCode="" messageName="{name}" direction="0" serviceType="CICS_COMM_AREA">'
                 f'<message id="1" name="{name}"><segment id="1" name="COMMAREA" originalName="COMMAREA">'
                 + field("Area", 1, length, "struct", fields) + "</segment></message></ns2:message>")
    files = {
        "manifest.yml": f'Manifest-Version: 1.0\nname: "{name}"\nprovider: "CICS-1.0"\nfactoryPid: "cics"\n'
                        f'requestSchema:\n  value: "file:///schemas/{name}Request.json"\n  type: "JSONSchema"\n'
                        f'responseSchema:\n  value: "file:///schemas/{name}Response.json"\n  type: "JSONSchema"\n'
                        "providerProperties:\n"
                        + "".join(f'- propertyName: "{key}"\n  value: "{value}"\n  type: "{kind}"\n' for key, value, kind in [
                            ("trimOutputTrailingWhitespace", "true", "BOOLEAN"),
                            ("initializeInputFields", "true", "BOOLEAN"),
                            ("program", program, "STRING"), ("connectionRef", connection, "STRING"),
                            ("dataXformType", "WALKER_VISITOR", "STRING"),
                            ("wvServiceFile", f"files/service/{name}.xml", "FILE"),
                            ("wvRequestInterfaceFile", f"files/interfaces/{name}.si", "FILE"),
                            ("wvResponseInterfaceFile", f"files/interfaces/{name}.si", "FILE")])
                        + 'providerObjects: []\nversion: "1.0.0"\ndescription: "made by a test"\n',
        f"schemas/{name}Request.json": json.dumps({"type": "object"}),
        f"schemas/{name}Response.json": json.dumps({"type": "object"}),
        f"files/service/{name}.xml":
            '<?xml version="1.0" encoding="UTF-8"?><service><shallow>true</shallow>'
            f"<serviceName>{name}</serviceName><messageVisitorRuntimeType>CICS_COMMAREA</messageVisitorRuntimeType>"
            "<ccsid>IBM037</ccsid></service>",
        f"files/interfaces/{name}.si": interface,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, text in files.items():
            archive.writestr(entry, text)


def response_map(headers):
    """The map of a response whose fields become headers: {"X-Name": "Field"}, of the structure `Area`."""
    moves = "".join(f'<move><input httpIn="body" path="{field}"/><output httpIn="header" path="Headers/{header}"/></move>'
                    for header, field in headers.items())
    return ('<mappingRoot xmlns="http://www.ibm.com/2008/ccl/Mapping"><mappingDeclaration name="answer">'
            '<input path="$rootInput/Area"/><output path="$rootOutput/HTTPResponse"/>'
            f'<passthrough><input path="."/><output path="Body/Area"/><updates>{moves}</updates></passthrough>'
            "</mappingDeclaration></mappingRoot>")


def api(path, name, base_path, template, method, service_name, code=200, version="1.0.0", response_headers=None):
    """An .aar of one operation; `code` is the status of its responses. Without `response_headers` it has no maps."""
    folder = f"api{template}/{method}"
    answer = (f'<mappingRootModel type="MSL" location="{folder}/response.map"/></responseMessages>'
              if response_headers else "</responseMessages>")
    files = {
        "package.xml": '<?xml version="1.0" encoding="UTF-8"?>'
                       f'<zosConnectApi xmlns="http://www.ibm.com/zosConnect/2.0/zosConnectApi" id="{name}">'
                       f'<apiSpec title="{name}" basePath="{base_path}" description="made by a test" version="{version}">'
                       f'<path relativePath="{template}"><method type="{method}" zosConnectServiceRef="{service_name}" '
                       f'httpXformFile="{folder}/mapping.xml" operationId="{method.lower()}{service_name}"/></path>'
                       '<apiDoc docType="SWAGGER">api-docs/swagger.json</apiDoc></apiSpec></zosConnectApi>',
        f"{folder}/mapping.xml": '<?xml version="1.0" encoding="UTF-8"?><ns2:ZosConnectServiceMapping '
                                 'xmlns:ns2="http://www.ibm.com/zosConnect/2.0/zosConnectServiceMapping" '
                                 f'mappingSpecVersion="1.0"><mappingContext basePath="{base_path}" '
                                 f'relativePath="{template}" method="{method}" serviceName="{service_name}" '
                                 f'defaultResponseCode="{code}"/><responseMessages code="{code}" description="OK">'
                                 f"{answer}</ns2:ZosConnectServiceMapping>",
        "api-docs/swagger.json": json.dumps({"swagger": "2.0", "info": {"title": name, "version": version},
                                             "host": "localhost:8080", "basePath": base_path,
                                             "paths": {template: {method.lower(): {"responses": {"200": {
                                                 "description": "OK"}}}}}}),
    }
    if response_headers:
        files[f"{folder}/response.map"] = response_map(response_headers)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, text in files.items():
            archive.writestr(entry, text)


def requester(path, name, version="1.0.0", description="made by a test", connection="endpoint"):
    """An .ara of one operation."""
    files = {
        "package.xml": f'<zosConnectApi id="{name}" packageType="requester"><apiSpec title="{name}" version="{version}" '
                       f'description="{description}" connectionRef="{connection}"><path relativePath="/it">'
                       '<method type="GET" httpXformFile="m.xml" operationId="getIt"/></path>'
                       '<apiDoc docType="SWAGGER">api.json</apiDoc></apiSpec></zosConnectApi>',
        "m.xml": '<ZosConnectServiceMapping><mappingContext serviceName="getIt" relativePath="/it" method="GET" basePath=""/>'
                 '<responseMessages code="200"/></ZosConnectServiceMapping>',
        "api.json": '{"swagger":"2.0"}',
        "ws-binds/getIt.wsbind": b"\0" * 200,
    }
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
