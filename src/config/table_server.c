/* SPDX-License-Identifier: Apache-2.0
 * The server itself: what it loads, logs and watches.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

static const struct sp_cfg_attribute feature_manager_attributes[] = {
    A("feature", STRING, ACTED | LIST,
      "Names of what the server shall provide, such as zosconnect:zosConnect-2.0.",
      INTO(struct sp_config, features)),
    A("onError", ENUM, 0, "What happens when a feature is unknown.", ONE_OF("WARN", "FAIL", "IGNORE"),
      DEFAULT("WARN"), PROVIDED("WARN")),
};

const struct sp_cfg_element sp_cfg_feature_manager = {
    "featureManager", SP_CFG_SINGLETON, ACTED, ROWS(feature_manager_attributes),
    .meaning =
        "The features that are switched on. Everything this product has is always there; the list is checked "
        "for names that promise something else."};

static const struct sp_cfg_attribute include_attributes[] = {
    A("location", STRING, ACTED | REQUIRED,
      "File or directory to read at this place; relative to the directory of the file that includes it."),
    A("optional", BOOLEAN, ACTED, "Whether the file may be missing.", DEFAULT("false")),
    A("onConflict", ENUM, ACTED,
      "What happens to an element that stands in the including files too: both are merged, the included "
      "attributes "
      "replace, or the included element is dropped. Inherited from the enclosing include, MERGE in "
      "server.xml.",
      ONE_OF("MERGE", "REPLACE", "IGNORE")),
};

const struct sp_cfg_element sp_cfg_include = {"include", SP_CFG_FACTORY, ACTED | SP_CFG_ROOT_ONLY,
                                              ROWS(include_attributes),
                                              .meaning = "Reads the elements of another file at this place."};

static const struct sp_cfg_attribute variable_attributes[] = {
    A("name", STRING, ACTED | REQUIRED | SP_CFG_LITERAL, "Name, used as ${name} in values."),
    A("value", STRING, ACTED,
      "Value; wins over bootstrap.properties and the environment, and loses to the command line."),
    A("defaultValue", STRING, ACTED, "Value when the variable is defined nowhere else."),
};

const struct sp_cfg_element sp_cfg_variable = {
    "variable", SP_CFG_FACTORY, ACTED | SP_CFG_ROOT_ONLY, ROWS(variable_attributes),
    .meaning = "Defines a variable for all files, whatever the order."};

#define C struct sp_config

static const struct sp_cfg_attribute update_attributes[] = {
    A("updateTrigger", ENUM, ACTED, "When changed files are read again: by themselves, by command, or never.",
      INTO(C, update.update_trigger), UPDATE_TRIGGERS, DEFAULT("polled")),
    A("monitorInterval", DURATION, ACTED, "How often the files are looked at when updateTrigger is polled.",
      INTO(C, update.monitor_interval_us), DEFAULT("500ms")),
    A("onError", ENUM, ACTED,
      "What a problem of the configuration does: WARN tells and goes on, FAIL stops the server, IGNORE tells "
      "less.",
      INTO(C, update.on_error), ONE_OF("WARN", "FAIL", "IGNORE"), DEFAULT("${onError}")),
};

const struct sp_cfg_element sp_cfg_update_element = {
    "config", SP_CFG_SINGLETON, ACTED, ROWS(update_attributes),
    .meaning = "How the configuration itself is watched and judged."};

static const struct sp_cfg_attribute logging_attributes[] = {
    A("traceSpecification", STRING, 0, "What is traced: name=level, with : between.",
      INTO(C, logging.trace_specification), DEFAULT("*=info"), PROVIDED("*=info")),
    A("traceFileName", STRING, 0, "Name of the trace file.", INTO(C, logging.trace_file_name),
      DEFAULT("trace.log")),
    A("messageFileName", STRING, 0, "Name of the message file.", INTO(C, logging.message_file_name),
      DEFAULT("messages.log")),
    A("logDirectory", DIRECTORY, 0, "Directory of both.", INTO(C, logging.log_directory),
      DEFAULT("${server.output.dir}/logs")),
    A("maxFileSize", INT, ACTED, "Size in MB after which a new file is begun; 0 for no limit.",
      INTO(C, logging.max_file_size), DEFAULT("20"), RANGE(0, INT32_MAX)),
    A("maxFiles", INT, ACTED, "How many files are kept; 0 for all.", INTO(C, logging.max_files), DEFAULT("2"),
      RANGE(0, INT32_MAX)),
    A("consoleLogLevel", ENUM, 0, "Least severe messages that the console shows.",
      INTO(C, logging.console_level), ONE_OF("AUDIT", "INFO", "WARNING", "ERROR", "OFF"), DEFAULT("AUDIT")),
    A("consoleFormat", ENUM, 0, "Form of messages on the console.", INTO(C, logging.console_format),
      ONE_OF("DEV", "SIMPLE", "JSON", "TBASIC", "BASIC"), DEFAULT("DEV")),
    A("messageFormat", ENUM, 0, "Form of messages in the file.", INTO(C, logging.message_format),
      ONE_OF("SIMPLE", "JSON", "TBASIC", "BASIC"), DEFAULT("SIMPLE")),
    A("consoleSource", STRING, LIST, "Kinds of records that the console shows.", DEFAULT("message")),
    A("messageSource", STRING, LIST, "Kinds of records that the file holds.", DEFAULT("message")),
    A("traceFormat", ENUM, 0, "Form of trace records.", ONE_OF("BASIC", "ENHANCED", "ADVANCED"),
      DEFAULT("ENHANCED")),
    A("hideMessage", STRING, LIST, "Ids of messages that are not shown.", INTO(C, logging.hide_message)),
    A("isoDateFormat", BOOLEAN, 0, "Whether times are written as ISO 8601.", INTO(C, logging.iso_date_format),
      DEFAULT("false")),
    A("suppressSensitiveTrace", BOOLEAN, 0,
      "Whether secrets are kept out of the trace. Here they always are.", DEFAULT("false"),
      PROVIDED("true false")),
    A("copySystemStreams", BOOLEAN, 0, "Whether messages go to standard output too.", DEFAULT("true")),
    A("newLogsOnStart", BOOLEAN, 0, "Whether a start begins new files.", DEFAULT("true")),
    A("appsWriteJson", BOOLEAN, 0, "Whether applications may write JSON records themselves.",
      DEFAULT("false"), PROVIDED("false")),
    A("jsonAccessLogFields", STRING, 0, "Which fields an access record in JSON has.", DEFAULT("default")),
    A("rolloverStartTime", STRING, 0, "Time of day at which files are changed.", SINCE("2022")),
    A("rolloverInterval", MINUTES, 0, "How often files are changed; negative for never.", DEFAULT("-1"),
      SINCE("2022")),
};

const struct sp_cfg_element sp_cfg_logging_element = {
    "logging", SP_CFG_SINGLETON, ACTED, ROWS(logging_attributes), .meaning = "Messages and trace."};

#undef C

static const struct sp_cfg_attribute sallyport_attributes[] = {
    A("allowInert", STRING, ACTED | SECURITY | BLANK_LIST,
      "Elements and attributes that matter for security, are not acted on, and are accepted all the same: "
      "names such "
      "as ltpa or ssl@trustDefaultCerts, with blanks or commas between."),
};

const struct sp_cfg_element sp_cfg_sallyport_element = {"sallyport", SP_CFG_SINGLETON, ACTED,
                                                        ROWS(sallyport_attributes),
                                                        .meaning = "What only this product knows."};

#define O struct sp_cfg_smf

static const struct sp_cfg_attribute smf_attributes[] = {
    A("file", FILE, ACTED, "File that SMF records are appended to.", INTO(O, file),
      DEFAULT("${server.output.dir}/logs/smf/smf123")),
    A("sid", STRING, ACTED,
      "SMF system id, up to 4 characters; the beginning of the host's name when not set.", INTO(O, sid)),
    A("systemName", STRING, ACTED, "Name of the system, up to 8 characters; the host's name when not set.",
      INTO(O, system)),
    A("sysplexName", STRING, ACTED, "Name of the sysplex, up to 8 characters.", INTO(O, sysplex),
      DEFAULT("LOCAL")),
    A("ccsid", INT, ACTED, "EBCDIC code page of the records.", INTO(O, ccsid), DEFAULT("1047"),
      RANGE(1, 65535)),
    A("writeDelay", DURATION, ACTED, "Longest time that a record waits for others to be written with it.",
      INTO(O, write_delay_us), DEFAULT("1s"), RANGE(1000, 60000000)),
    A("blockDescriptors", BOOLEAN, ACTED,
      "Whether records stand in blocks with descriptor words (RECFM=VB), or one behind the other with their "
      "own "
      "alone.",
      INTO(O, block_descriptors), DEFAULT("true")),
    A("fsync", ENUM, ACTED,
      "When the disk has to have what was written: after each record, after each batch of what was there to "
      "write, or "
      "at intervals.",
      INTO(O, fsync), ONE_OF("each", "batch", "interval"), DEFAULT("interval")),
    A("fsyncInterval", DURATION, ACTED, "The interval of fsync=\"interval\".", INTO(O, fsync_interval_us),
      DEFAULT("1s"), RANGE(10000, 3600000000)),
    A("maxFileSize", INT, ACTED, "Size in MB after which a new file is begun; 0 for no limit.",
      INTO(O, max_file_size), DEFAULT("0"), RANGE(0, 1048576)),
    A("maxFiles", INT, ACTED, "How many files are kept, the one in use among them; 0 for all.",
      INTO(O, max_files), DEFAULT("0"), RANGE(0, 4096)),
    A("rotateInterval", DURATION, ACTED,
      "How long a file is written to before a new one is begun, counted from its first record; 0 for ever.",
      INTO(O, rotate_interval_us), DEFAULT("0"), RANGE(0, 31622400000000)),
    A("whenFull", ENUM, ACTED,
      "What happens when records cannot be written and the memory for them is full: records are lost and "
      "counted, requests wait, or requests are refused with 503.",
      INTO(O, when_full), ONE_OF("count", "block", "refuse"), DEFAULT("count")),
    A("bufferRecords", INT, ACTED,
      "How many records the memory holds that workers and writer share, 4 KB each; a change needs a restart.",
      INTO(O, buffer_records), DEFAULT("4096"), RANGE(64, 65536)),
    A("securityEvents", BOOLEAN, ACTED,
      "Whether failures of authentication and authorization are recorded, where anything is.",
      INTO(O, security_events), DEFAULT("true")),
    A("securityFile", FILE, ACTED, "File that the same failures are appended to, one JSON object a line.",
      INTO(O, security_file)),
    A("eventSocket", FILE, ACTED,
      "Local socket at which regions (auditSocket) bring the decisions of their security database, to be "
      "recorded with the server's.",
      INTO(O, event_socket)),
    A("eventUsers", STRING, ACTED,
      "Names of users, separated by commas, whose processes may bring them, besides root's and the server's.",
      INTO(O, event_users)),
};

const struct sp_cfg_element sp_cfg_smf_element = {"sallyport_smf",
                                                  SP_CFG_SINGLETON,
                                                  ACTED,
                                                  ROWS(smf_attributes),
                                                  STRUCT(O),
                                                  PLACE(struct sp_config, smf),
                                                  .meaning =
                                                      "Where SMF records go, and who they say wrote them."};

#undef O

#define O struct sp_cfg_audit_sink

static const struct sp_cfg_attribute audit_sink_attributes[] = {
    ID_INTO(O),
    A("kind", ENUM, ACTED | REQUIRED, "How events are sent: syslog (RFC 5424), Kafka, or OpenTelemetry logs.",
      INTO(O, kind), ONE_OF("syslog", "kafka", "otlp")),
    A("endpoint", STRING, ACTED | REQUIRED,
      "host:port of the syslog receiver, host:port of Kafka brokers with commas between, or the URL of the "
      "OpenTelemetry collector.",
      INTO(O, endpoint)),
    A("topic", STRING, ACTED, "Topic in Kafka; APP-NAME in syslog.", INTO(O, topic),
      DEFAULT("sallyport-audit")),
    A("tls", BOOLEAN, ACTED | SECURITY, "Whether syslog and Kafka are spoken over TLS; a URL says it itself.",
      INTO(O, tls), DEFAULT("true")),
    A("caFile", FILE, ACTED | SECURITY,
      "PEM file of the authorities that are trusted; those of the system when not set.", INTO(O, ca_file)),
    A("certificateFile", FILE, ACTED, "PEM file of our certificate, if the other side wants one.",
      INTO(O, certificate_file)),
    A("keyFile", FILE, ACTED, "PEM file of its key.", INTO(O, key_file)),
    A("user", STRING, ACTED, "User at Kafka (SASL PLAIN) or at the collector (basic).", INTO(O, user)),
    A("password", PASSWORD, ACTED, "The user's password.", INTO(O, password)),
    A("events", ENUM, ACTED, "What is sent: everything, or failures of security only.", INTO(O, events),
      ONE_OF("all", "security"), DEFAULT("all")),
    A("timeout", DURATION, ACTED, "Longest wait for the other side.", INTO(O, timeout_us), DEFAULT("10s"),
      RANGE(100000, 300000000)),
};

const struct sp_cfg_element sp_cfg_audit_sink_element = {
    "sallyport_auditSink",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(audit_sink_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, audit_sinks, audit_sink_count),
    .meaning = "A place besides the file that audit events are sent to."};

#undef O

static const struct sp_cfg_attribute application_monitor_attributes[] = {
    A("updateTrigger", ENUM, 0, "When applications are looked at again.", UPDATE_TRIGGERS, DEFAULT("polled"),
      PROVIDED("polled mbean disabled")),
    A("pollingRate", DURATION, 0, "How often.", DEFAULT("500ms")),
    A("dropinsEnabled", BOOLEAN, 0, "Whether a directory of applications is watched.", DEFAULT("true"),
      PROVIDED("true false")),
    A("dropins", DIRECTORY, 0, "That directory.", DEFAULT("dropins")),
};

const struct sp_cfg_element sp_cfg_application_monitor_element = {
    "applicationMonitor", SP_CFG_SINGLETON, ACTED, ROWS(application_monitor_attributes),
    .meaning = "Watches Java applications, of which this product has none; nothing needs doing."};

static const struct sp_cfg_attribute application_manager_attributes[] = {
    A("autoExpand", BOOLEAN, 0, "Whether application archives are unpacked.", DEFAULT("false"),
      PROVIDED("true false")),
    A("startTimeout", SECONDS, 0, "Longest start of an application.", DEFAULT("30s")),
    A("stopTimeout", SECONDS, 0, "Longest stop of an application.", DEFAULT("30s")),
};

const struct sp_cfg_element sp_cfg_application_manager_element = {
    "applicationManager", SP_CFG_SINGLETON, 0, ROWS(application_manager_attributes),
    .meaning = "Java applications, of which this product has none."};

static const struct sp_cfg_attribute web_application_attributes[] = {
    ID,
    A("location", STRING, 0, "The archive of the application."),
    A("name", STRING, 0, "Its name."),
    A("type", STRING, 0, "Its type."),
    A("contextRoot", STRING, 0, "The path it answers at."),
    A("context-root", STRING, 0, "Another spelling of contextRoot.", .instead = "contextRoot"),
    A("autoStart", BOOLEAN, 0, "Whether it starts with the server.", DEFAULT("true")),
};

static const struct sp_cfg_attribute web_ext_attributes[] = {
    A("context-root", STRING, 0, "The path the application answers at."),
    A("auto-load-filters", BOOLEAN, 0, "Whether filters are loaded at once.", DEFAULT("false")),
    A("enable-directory-browsing", BOOLEAN, 0, "Whether directories are listed.", DEFAULT("false")),
    A("enable-file-serving", BOOLEAN, 0, "Whether files are served.", DEFAULT("true")),
};

static const struct sp_cfg_element web_ext_element = {"web-ext", SP_CFG_NESTED, 0, ROWS(web_ext_attributes),
                                                      .meaning =
                                                          "Extensions of the application's descriptor."};

static const struct sp_cfg_attribute app_property_attributes[] = {
    A("name", STRING, 0, "Name of the property."),
    A("value", STRING, 0, "Its value."),
};

static const struct sp_cfg_element app_property_element = {
    "property", SP_CFG_NESTED, 0, ROWS(app_property_attributes), .meaning = "One property."};

static const struct sp_cfg_element app_properties_element = {"appProperties", SP_CFG_NESTED, 0,
                                                             CHILDREN(&app_property_element),
                                                             .meaning = "Properties of the application."};

const struct sp_cfg_element sp_cfg_web_application_element = {
    "webApplication",
    SP_CFG_FACTORY,
    0,
    ROWS(web_application_attributes),
    CHILDREN(&web_ext_element, &app_properties_element),
    .meaning = "A Java web application; this product runs none."};

static const struct sp_cfg_attribute remote_file_access_attributes[] = {
    A("readDir", DIRECTORY, LIST, "Directories that may be read."),
    A("writeDir", DIRECTORY, LIST, "Directories that may be written."),
};

const struct sp_cfg_element sp_cfg_remote_file_access_element = {
    "remoteFileAccess", SP_CFG_SINGLETON, 0, ROWS(remote_file_access_attributes),
    .meaning = "Files that administrators may transfer; this product transfers none."};

static const struct sp_cfg_attribute monitor_attributes[] = {
    A("filter", STRING, LIST, "Which statistics are kept."),
    A("enableTraditionalPMI", BOOLEAN, 0, "Whether statistics have the form of another product.",
      DEFAULT("false")),
};

const struct sp_cfg_element sp_cfg_monitor_element = {"monitor", SP_CFG_SINGLETON, 0,
                                                      ROWS(monitor_attributes),
                                                      .meaning = "Statistics of the original's server."};

static const struct sp_cfg_attribute zos_logging_attributes[] = {
    A("enableLogToMVS", BOOLEAN, 0, "Whether messages go to the system console.", DEFAULT("false")),
    A("disableWtoMessages", BOOLEAN, 0, "Whether write-to-operator messages are held back.",
      DEFAULT("false")),
    A("disableHardcopyMessages", BOOLEAN, 0, "Whether hard-copy messages are held back.", DEFAULT("false")),
    A("wtoMessage", STRING, LIST, "Ids of messages for the operator."),
    A("hardCopyMessage", STRING, LIST, "Ids of messages for the system log."),
};

const struct sp_cfg_element sp_cfg_zos_logging_element = {"zosLogging", SP_CFG_SINGLETON, 0,
                                                          ROWS(zos_logging_attributes),
                                                          .meaning = "Messages to the z/OS console."};
