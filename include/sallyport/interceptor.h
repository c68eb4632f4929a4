/* SPDX-License-Identifier: Apache-2.0
 * interceptor.h: the interface between Sallyport and an interceptor that you write.
 *
 * A plug-in is a shared library that exports one function, sallyport_interceptor_entry, which returns a
 * table of methods. The server makes an instance for each sallyport_pluginInterceptor element that names the
 * library, in each of its workers, and calls the methods for each request that the interceptor is in the list
 * of. C and C++ alike; nothing but this header is needed. docs/plugins.md is the tutorial.
 *
 * Threads: all methods of one instance are called in one thread, the worker's. While a method waits
 * (sleep, http_fetch, wait) the worker serves other requests, so that other calls of the same instance may
 * begin in between; what an instance keeps needs no lock, but must be in order whenever a method waits. A
 * method that blocks otherwise (a lock, a file, a socket of its own) holds up the whole worker: give such
 * work to a thread of yours and use a completion. Of the host's functions only `complete` and `log` may be
 * called in other threads.
 *
 * Stack: methods run on a stack of 128 KiB. Do not wait inside a C++ catch block, and let no exception leave
 * a method.
 *
 * Memory: texts that the host gives are copies, valid until post_invoke (or early_failure) returns, also when
 * the client goes meanwhile; what was not asked for by then may be gone. Texts that you give are copied
 * before the function returns.
 */
#ifndef SALLYPORT_INTERCEPTOR_H
#define SALLYPORT_INTERCEPTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. It changes when a plug-in made for one version could not work with another;
 * new functions and numbers are added at the ends, and `size` of each table tells how far it goes. */
#define SALLYPORT_INTERCEPTOR_ABI 1u
/* Counts what was added at the ends since. 1: `claim` of the host, SALLYPORT_USER_SCOPES. 2: the original
 * realm, the registry and the strength of the user. 3: `minor` of the host; the description of an API
 * requester; headers, payloads, lengths and times of an endpoint; the headers of a response that an API maps.
 */
#define SALLYPORT_INTERCEPTOR_MINOR 3u

#define SALLYPORT_EXPORT __attribute__((visibility("default")))

struct sallyport_call;       /* one request, as one interceptor sees it */
struct sallyport_instance;   /* the host's own side of an instance */
struct sallyport_completion; /* something that a call waits for */

/* A view of bytes, not terminated by NUL. `bytes` NULL: there is no such thing. */
struct sallyport_text {
    const char *bytes;
    size_t length;
};

struct sallyport_property {
    const char *name, *value; /* terminated by NUL */
};

/* What pre_invoke returns. */
enum {
    SALLYPORT_CONTINUE = 0,
    SALLYPORT_STOP = 1 /* the request ends: see `stop` */
};

/* What functions of the host return. */
enum {
    SALLYPORT_OK = 0,
    SALLYPORT_EINVAL = 1,    /* an argument is wrong, or the thing is not possible in this method */
    SALLYPORT_ENOMEM = 2,    /* the request's memory is used up */
    SALLYPORT_ELIMIT = 3,    /* too large, or too many at once */
    SALLYPORT_ETIMEDOUT = 4, /* the time of the wait, of the method or of the request is over */
    SALLYPORT_ECANCELED = 5, /* the client is gone or the server stops: return soon */
    SALLYPORT_EUNAVAIL = 6   /* a server could not be reached, or broke the protocol */
};

enum { SALLYPORT_LOG_ERROR = 0, SALLYPORT_LOG_WARNING = 1, SALLYPORT_LOG_INFO = 2 };

/* Values of SALLYPORT_REQUEST_TYPE. */
enum {
    SALLYPORT_TYPE_UNKNOWN = 0,
    SALLYPORT_TYPE_API = 1,
    SALLYPORT_TYPE_SERVICE = 2,
    SALLYPORT_TYPE_ADMIN = 3,    /* of the administration interface */
    SALLYPORT_TYPE_REQUESTER = 4 /* a program calls an API outside */
};

/* Texts of a call. Those in a row marked "sor" are known in post_sor and later, "endpoint" in pre_endpoint
 * and later, "answer" in post_endpoint and later, "post" in post_invoke; "requester" only for requests of
 * that type. Of several attempts at an endpoint, it is the last one that is told of.
 *
 * A payload is told whole, and is as long as the server lets one become; a text for whose copy the request's
 * memory does not suffice is told as none. */
enum sallyport_text_id {
    SALLYPORT_METHOD = 1,
    SALLYPORT_URI = 2,   /* the path as sent */
    SALLYPORT_QUERY = 3, /* behind '?' */
    SALLYPORT_URL = 4,   /* with scheme and host */
    SALLYPORT_HOST = 5,
    SALLYPORT_INPUT_PAYLOAD = 6,
    SALLYPORT_OUTPUT_PAYLOAD = 7, /* post */
    SALLYPORT_REMOTE_ADDRESS = 8,
    SALLYPORT_LOCAL_ADDRESS = 9,
    SALLYPORT_TLS_PROTOCOL = 10,
    SALLYPORT_TLS_CIPHER = 11,
    SALLYPORT_CLIENT_CERTIFICATE = 12, /* DER */

    SALLYPORT_USER_NAME = 20, /* as authenticated; none: nobody is */
    SALLYPORT_USER_REALM = 21,
    SALLYPORT_USER_NAME_ORIGINAL = 22,  /* as the credential says */
    SALLYPORT_USER_NAME_MAPPED = 23,    /* SAF user id */
    SALLYPORT_USER_GROUPS = 24,         /* with commas between them */
    SALLYPORT_USER_SCHEME = 25,         /* "basic", "jwt", "certificate", ... */
    SALLYPORT_USER_CLAIMS = 26,         /* JSON, of a token */
    SALLYPORT_USER_SCOPES = 27,         /* of a token, with blanks between them */
    SALLYPORT_USER_REALM_ORIGINAL = 28, /* as the credential says */
    SALLYPORT_USER_REGISTRY = 29,       /* that knows the user: "basic", "saf", the id of an ldapRegistry */
    SALLYPORT_USER_STRENGTH = 30,       /* "bearer", "password", "possession" (of a private key) */

    SALLYPORT_API_NAME = 40,
    SALLYPORT_API_VERSION = 41,
    SALLYPORT_API_DESCRIPTION = 42,
    SALLYPORT_API_OPERATION = 43,
    SALLYPORT_SERVICE_NAME = 44,
    SALLYPORT_SERVICE_VERSION = 45,
    SALLYPORT_API_REQUESTER_NAME = 46,
    SALLYPORT_API_REQUESTER_VERSION = 47,
    SALLYPORT_ACTION = 48, /* "invoke", "deploy", "stop", ... */
    SALLYPORT_API_REQUESTER_DESCRIPTION = 49,

    /* Groups in effect at a level of authority, with commas between them. */
    SALLYPORT_ADMIN_GROUPS = 60,
    SALLYPORT_OPERATIONS_GROUPS = 61,
    SALLYPORT_INVOKE_GROUPS = 62,
    SALLYPORT_READER_GROUPS = 63,

    SALLYPORT_CORRELATOR = 80, /* of the request in other systems */
    SALLYPORT_STAKEHOLDERS = 81,
    SALLYPORT_SOR_PROVIDER = 82,
    SALLYPORT_SOR_REFERENCE = 83,
    SALLYPORT_SOR_IDENTIFIER = 84, /* sor */
    SALLYPORT_SOR_RESOURCE = 85,   /* sor */

    SALLYPORT_ENDPOINT_REFERENCE = 100,      /* endpoint */
    SALLYPORT_ENDPOINT_HOST = 101,           /* endpoint */
    SALLYPORT_ENDPOINT_METHOD = 102,         /* endpoint */
    SALLYPORT_ENDPOINT_PATH = 103,           /* endpoint */
    SALLYPORT_ENDPOINT_QUERY = 104,          /* endpoint */
    SALLYPORT_ENDPOINT_INPUT_PAYLOAD = 105,  /* endpoint: what is sent to it */
    SALLYPORT_ENDPOINT_OUTPUT_PAYLOAD = 106, /* answer: what it answered */

    SALLYPORT_APPLICATION_TYPE = 120, /* requester: CICS, IMS, ZOS */
    SALLYPORT_MVS_JOBNAME = 121,      /* requester */
    SALLYPORT_MVS_JOBID = 122,        /* requester */
    SALLYPORT_MVS_SYSNAME = 123,      /* requester */
    SALLYPORT_CICS_APPLID = 124,      /* requester */
    SALLYPORT_CICS_TRANSID = 125,     /* requester */
    SALLYPORT_CICS_UOWID = 126,       /* requester */
    SALLYPORT_CICS_NETUOWID = 127,    /* requester */
    SALLYPORT_IMS_IDENTIFIER = 128,   /* requester */
    SALLYPORT_IMS_TRANSNAME = 129,    /* requester */
    SALLYPORT_IMS_APPNAME = 130,      /* requester */
    SALLYPORT_IMS_PSBNAME = 131,      /* requester */
    SALLYPORT_IMS_EXIT_DATA = 132     /* requester */
};

/* Numbers of a call. Times are microseconds since 1970-01-01 UTC; 0: did not happen (yet). */
enum sallyport_number_id {
    SALLYPORT_REQUEST_TYPE = 1,
    SALLYPORT_REQUEST_ID = 2,
    SALLYPORT_AUTHENTICATED = 3, /* 1: yes */
    SALLYPORT_TLS = 4,           /* 1: yes */
    SALLYPORT_REMOTE_PORT = 5,
    SALLYPORT_LOCAL_PORT = 6,
    SALLYPORT_RESPONSE_STATUS = 7, /* post */
    SALLYPORT_TIMED_OUT = 8,       /* 1: the system of record did not answer in time */
    SALLYPORT_REQUEST_BYTES = 9,   /* of payload */
    SALLYPORT_RESPONSE_BYTES = 10, /* post */
    SALLYPORT_TIME_ENTRY = 20,
    SALLYPORT_TIME_EXIT = 21,              /* post */
    SALLYPORT_TIME_SOR_SENT = 22,          /* sor */
    SALLYPORT_TIME_SOR_RECEIVED = 23,      /* sor */
    SALLYPORT_TIME_ENDPOINT_SENT = 24,     /* answer */
    SALLYPORT_TIME_ENDPOINT_RECEIVED = 25, /* answer */
    SALLYPORT_ENDPOINT_PORT = 40,          /* endpoint */
    SALLYPORT_ENDPOINT_STATUS = 41,        /* post_endpoint */
    SALLYPORT_ENDPOINT_RETRIED = 42,       /* 1: a second time, with a fresh token */
    SALLYPORT_ENDPOINT_INPUT_BYTES = 43,   /* endpoint: of payload */
    SALLYPORT_ENDPOINT_OUTPUT_BYTES = 44,  /* answer: of payload */
    SALLYPORT_CICS_TASK_NUMBER = 60,       /* requester */
    SALLYPORT_IMS_REGION_ID = 61           /* requester */
};

/* Headers of a call. What interceptors change is put together when the last of them has been called: none of
 * them reads what another one of the same round asked for. */
enum sallyport_message {
    SALLYPORT_REQUEST = 0,  /* of the client; changed in pre_invoke: mapping and policies see that */
    SALLYPORT_RESPONSE = 1, /* to the client: changed in any method before and in post_invoke; read in
                               post_invoke and early_failure */
    SALLYPORT_ENDPOINT = 2, /* to an endpoint: changed in pre_endpoint; read there (since 1.3) and later */
    SALLYPORT_ENDPOINT_RESPONSE = 3, /* since 1.3, of an endpoint: read in post_endpoint and later */
    SALLYPORT_MAPPED_RESPONSE = 4    /* since 1.3, those of SALLYPORT_RESPONSE that an API's response mapping
                                        made: read in post_invoke; none when the mapping was not reached */
};

struct sallyport_http_header {
    const char *name, *value; /* terminated by NUL */
};

/* A request that the host makes. */
struct sallyport_http_request {
    const char *method; /* NULL: GET */
    const char *url;    /* http:// or https://; certificates are verified */
    const struct sallyport_http_header *headers;
    size_t header_count;
    const void *body;
    size_t body_length;
    int64_t timeout_ms;    /* 0: what is left to the method */
    size_t response_limit; /* bytes of body; 0: 65536 */
};

struct sallyport_http_response {
    int status;
    struct sallyport_text body;
    struct sallyport_text content_type;
};

/* What the host offers. Functions that take a call are for the method that was given that call. */
struct sallyport_host {
    uint32_t abi;  /* SALLYPORT_INTERCEPTOR_ABI of the host */
    uint32_t size; /* sizeof of the host's table */

    /* Facts. An id that the host does not know gives no text, and 0. */
    struct sallyport_text (*text)(struct sallyport_call *call, int id);
    int64_t (*number)(struct sallyport_call *call, int id);

    /* Headers: how many, the one at a place, the value of the first of that name (any case). */
    size_t (*header_count)(struct sallyport_call *call, int message);
    int (*header_at)(struct sallyport_call *call, int message, size_t at, struct sallyport_text *ret_name,
                     struct sallyport_text *ret_value);
    struct sallyport_text (*header)(struct sallyport_call *call, int message, const char *name);
    /* Replace all of that name, or add one. SALLYPORT_EINVAL for names and values that are none, for those
     * that frame the message (Content-Length, Transfer-Encoding, Connection, ...) and for a message that is
     * on its way already; SALLYPORT_ELIMIT above 64 changes. */
    int (*set_header)(struct sallyport_call *call, int message, const char *name, const char *value);
    int (*add_header)(struct sallyport_call *call, int message, const char *name, const char *value);

    /* Memory of the request: freed when it ends. NULL when there is no more. */
    void *(*allocate)(struct sallyport_call *call, size_t bytes);
    /* Where this interceptor keeps something of its own from pre_invoke to post_invoke; NULL at first. Of a
     * call of early_failure: NULL instead of a place. */
    void **(*state)(struct sallyport_call *call);

    /* End the request: `return host->stop(call, 403, "...")` in pre_invoke. The status is 400 to 599, others
     * become 500; the text goes to the client and to the log. Returns SALLYPORT_STOP. */
    int (*stop)(struct sallyport_call *call, int status, const char *message);
    /* Add a letter (A-Z, a-z) that tells other interceptors who has taken part; up to eight. */
    int (*add_stakeholder)(struct sallyport_call *call, char letter);

    /* A line in the server's log, with the interceptor's id before it. Any thread. */
    void (*log)(struct sallyport_instance *instance, int severity, const char *text);

    /* How long the method may still take, in milliseconds. */
    int64_t (*time_left)(struct sallyport_call *call);
    /* Wait without holding up the worker. */
    int (*sleep)(struct sallyport_call *call, int64_t milliseconds);
    /* Ask an HTTP server. SALLYPORT_OK when it answered, whatever the status. */
    int (*http_fetch)(struct sallyport_call *call, const struct sallyport_http_request *request,
                      struct sallyport_http_response *ret_response);
    /* Wait for something of your own: make a completion, give it to a thread, wait. The thread calls
     * `complete` exactly once, whatever became of the wait, and may not touch the completion afterwards; what
     * it works on must not be memory of the request. NULL when there is no memory or too many (4096) are
     * under way. `timeout_ms` 0: what is left to the method. */
    struct sallyport_completion *(*new_completion)(struct sallyport_call *call);
    int (*wait)(struct sallyport_call *call, struct sallyport_completion *completion, int64_t timeout_ms,
                int64_t *ret_value);
    void (*complete)(struct sallyport_completion *completion, int64_t value);

    /* Since 1.1: of a host whose table is shorter (SALLYPORT_HOST_HAS), do not call it.
     * One claim of the user's token, the same whether the token is new or was seen before: of a string its
     * value, of everything else its JSON ("[\"a\",\"b\"]", "true", "12.50"). None: there is no claim of that
     * name, which counts as it is written, or no token. */
    struct sallyport_text (*claim)(struct sallyport_call *call, const char *name);

    /* Since 1.3: SALLYPORT_INTERCEPTOR_MINOR of the host. An older one gives nothing for ids and messages
     * that it does not know. */
    uint32_t minor;
};

/* Whether the host's table goes as far as a function: SALLYPORT_HOST_HAS(host, claim). */
#define SALLYPORT_HOST_HAS(host, function) \
    ((host)->size >= offsetof(struct sallyport_host, function) + sizeof(host)->function)

/* What an instance is made with. */
struct sallyport_setup {
    uint32_t size;
    const struct sallyport_host *host;   /* valid until the worker ends */
    struct sallyport_instance *instance; /* for `log` */
    const char *id;                      /* of the element */
    const struct sallyport_property *properties;
    size_t property_count;
    unsigned worker, workers; /* this one, from 0, of how many */
};

/* What a plug-in is. Methods that are NULL are not called. */
struct sallyport_interceptor {
    uint32_t abi;  /* SALLYPORT_INTERCEPTOR_ABI that it was compiled with */
    uint32_t size; /* sizeof (struct sallyport_interceptor) */
    const char *name, *version;

    /* Make an instance: `*ret_self` is given to every method. Another value than SALLYPORT_OK refuses the
     * configuration, with what was written to `message` (terminated by NUL) as the reason. */
    int (*create)(const struct sallyport_setup *setup, void **ret_self, char *message, size_t message_size);
    /* No method of it is running. Completions must have been completed. */
    void (*destroy)(void *self);

    /* Before the request is mapped; after the user was authenticated and his role was checked. */
    int (*pre_invoke)(void *self, struct sallyport_call *call);
    /* Before the reply is sent; always when pre_invoke was called, also when it stopped the request. */
    void (*post_invoke)(void *self, struct sallyport_call *call);
    /* Around the system of record, of APIs and services. */
    void (*pre_sor)(void *self, struct sallyport_call *call);
    void (*post_sor)(void *self, struct sallyport_call *call);
    /* Around the endpoint, of API requesters; again for a second attempt. */
    void (*pre_endpoint)(void *self, struct sallyport_call *call);
    void (*post_endpoint)(void *self, struct sallyport_call *call);
    /* The request failed before any interceptor was called, and this one is among the global ones. */
    void (*early_failure)(void *self, struct sallyport_call *call);
};

/* The plug-in's one symbol. `host_abi` is the host's; NULL: "I cannot work with that." */
SALLYPORT_EXPORT const struct sallyport_interceptor *sallyport_interceptor_entry(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif
