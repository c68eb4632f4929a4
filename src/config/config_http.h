/* SPDX-License-Identifier: Apache-2.0
 * config_http.h: the structures of the HTTP side and of the server itself. Part of config/config.h.
 */
#ifndef SP_CONFIG_CONFIG_HTTP_H
#define SP_CONFIG_CONFIG_HTTP_H

#include "config/config_base.h"

struct sp_cfg_http_options {
    struct sp_str id;
    bool keep_alive_enabled;         /* keepAliveEnabled */
    int64_t max_keep_alive_requests; /* -1: no limit */
    int64_t persist_timeout_us;
    int64_t read_timeout_us;
    int64_t write_timeout_us;
    int64_t limit_num_headers;
    int64_t limit_field_size;   /* bytes */
    int64_t message_size_limit; /* bytes of a body; -1: the product's own ceiling */
    bool remove_server_header;
    bool auto_decompression;
    int64_t decompression_ratio_limit, decompression_tolerance;
    int64_t http2_idle_timeout_us; /* 0: none */
    int64_t max_concurrent_streams, max_frame_size;
};

struct sp_cfg_tcp_options {
    struct sp_str id;
    int64_t inactivity_timeout_us;
    bool so_reuse_addr;
    int64_t max_open_connections;
    struct sp_str_list address_include, address_exclude, host_include, host_exclude;
};

struct sp_cfg_access_logging { /* httpAccessLogging */
    struct sp_str id;
    bool enabled;
    struct sp_str file_path, log_format;
    int64_t max_file_size; /* MB */
    int64_t max_files;
};

/* The order is that of the options in server.xml. */
enum sp_cfg_forwarded { SP_CFG_FORWARDED_ANY, SP_CFG_FORWARDED_RFC, SP_CFG_FORWARDED_X };

struct sp_cfg_remote_ip {
    struct sp_str id;
    struct sp_str proxies; /* regular expression */
    unsigned header;       /* enum sp_cfg_forwarded */
};

struct sp_cfg_dispatcher {                         /* httpDispatcher */
    struct sp_str_list origins, sensitive_origins; /* addresses, "*", "none"; empty: none */
};

struct sp_cfg_ssl_options;

struct sp_cfg_http_endpoint {
    struct sp_str id;
    bool enabled;
    struct sp_str host;                                 /* "*": every address */
    struct sp_str_list host_names;                      /* by which clients address it; empty: any */
    int64_t http_port;                                  /* -1: none */
    int64_t https_port;                                 /* -1: none */
    struct sp_str protocol_version;                     /* http/1.1, http/2; ptr NULL: not set */
    const struct sp_cfg_http_options *http_options;     /* never NULL */
    const struct sp_cfg_ssl_options *ssl_options;       /* never NULL when https_port is not -1 */
    const struct sp_cfg_tcp_options *tcp_options;       /* never NULL */
    const struct sp_cfg_access_logging *access_logging; /* NULL: none */
    const struct sp_cfg_remote_ip *remote_ip;           /* NULL: no proxy is believed */
    bool proxy_protocol;
};

struct sp_cfg_cors {
    struct sp_str id;
    struct sp_str domain; /* prefix of the path */
    struct sp_str_list allowed_origins, allowed_methods, allowed_headers, expose_headers;
    bool allow_credentials;
    int64_t max_age; /* seconds, -1: not sent */
};

/* The order is that of the options in server.xml. */
enum sp_cfg_media_types { SP_CFG_MEDIA_JSON, SP_CFG_MEDIA_ANY };
enum sp_cfg_unknown { SP_CFG_UNKNOWN_IGNORED, SP_CFG_UNKNOWN_REFUSED };

struct sp_cfg_requests { /* sallyport_requests */
    unsigned media_types, unknown_query_parameters;
    int64_t client_bodies; /* bytes */
};

struct sp_cfg_monitoring { /* sallyport_monitoring */
    struct sp_str host;
    int64_t port; /* -1: no listener */
};

struct sp_cfg_logging {
    struct sp_str trace_specification, trace_file_name, message_file_name, log_directory;
    int64_t max_file_size; /* MB, 0: no limit */
    int64_t max_files;
    unsigned console_level; /* enum sp_cfg_console_level */
    struct sp_str message_format, console_format;
    struct sp_str_list hide_message;
    bool iso_date_format;
};

enum sp_cfg_console_level {
    SP_CFG_LOG_AUDIT,
    SP_CFG_LOG_INFO,
    SP_CFG_LOG_WARNING,
    SP_CFG_LOG_ERROR,
    SP_CFG_LOG_OFF
};

struct sp_cfg_update {       /* <config> */
    unsigned update_trigger; /* enum sp_cfg_update_trigger */
    int64_t monitor_interval_us;
    unsigned on_error; /* 0 WARN, 1 FAIL, 2 IGNORE */
};

#endif
