/* SPDX-License-Identifier: Apache-2.0
 * region_frame.h: the bytes between gateway and sallyport-region.
 *
 * Sans-IO: bytes to values and back, shared by both ends; docs/internals/region-protocol.md is its
 * description. All integers are big-endian. A frame is a fixed header and then fields, each {u16 id, u16
 * flags, u32 length, bytes}; unknown optional fields are skipped, unknown required ones refuse the frame.
 *
 *   header, 24 bytes: "SPRG" | u8 version 1 | u8 kind | u16 reserved 0 | u32 total length incl. header | u32
 * request id | u32 field count | u32 reserved 0
 */
#ifndef SP_TEXT_REGION_FRAME_H
#define SP_TEXT_REGION_FRAME_H

#include "base/arena.h"
#include "base/buf.h"

#define SP_REGION_HEADER_BYTES 24u
#define SP_REGION_FRAME_MAX (64u * 1024u * 1024u)
#define SP_REGION_COMMAREA_MAX 32763u
#define SP_REGION_CONTAINERS_MAX 256u
#define SP_REGION_FIELDS_MAX 512u /* of one frame, unknown ones included */
#define SP_REGION_REASON_MAX 1024u
#define SP_REGION_PASSWORD_MAX 100u /* a pass phrase */

enum sp_region_kind {
    SP_REGION_HELLO = 1,  /* gateway: who it is (applid, networkid); region answers HELLO or REFUSE */
    SP_REGION_LINK = 2,   /* gateway: run a program */
    SP_REGION_ANSWER = 3, /* region: the result of a LINK */
    SP_REGION_CANCEL = 4, /* gateway: nobody waits for that request id any more */
    SP_REGION_REFUSE = 5, /* region: the connection or the request is refused, with a reason */
    SP_REGION_PING = 6,   /* either side; answered by PONG */
    SP_REGION_PONG = 7,
};

enum sp_region_outcome {
    SP_REGION_NORMAL = 0,
    SP_REGION_ABEND = 1,     /* the program ended abnormally: abend code in `abend` */
    SP_REGION_NOT_FOUND = 2, /* no such program (PGMIDERR) or transaction */
    SP_REGION_NOT_AUTHORIZED = 3,
    SP_REGION_SECURITY = 4,  /* the identity was not accepted */
    SP_REGION_TIMED_OUT = 5, /* the deadline passed in the region */
    SP_REGION_BUSY = 6,      /* no worker free before the deadline */
    SP_REGION_LENGTH = 7,    /* COMMAREA or container too long (LENGERR) */
};

struct sp_region_container {
    struct sp_str name; /* 1..16 graphic ASCII characters or U+00AC, as UTF-8; unique in its channel */
    bool is_char;       /* CHAR container: data in `ccsid` of the request */
    struct sp_str data;
};

struct sp_region_link {
    uint32_t request_id;
    struct sp_str program;      /* 1..8 */
    struct sp_str transaction;  /* 0..4; empty: the region's mirror transaction */
    bool transaction_is_mirror; /* EIB_AND_MIRROR: attach under `transaction`, not only EIBTRNID */
    struct sp_str user;         /* SAF user id, 0..8 */
    struct sp_str password;     /* password, phrase or PassTicket, 0..100; empty: none. A secret */
    struct sp_str dist_name;    /* distributed identity, 0..246 bytes UTF-8 */
    struct sp_str dist_realm;   /* 0..252 bytes UTF-8 */
    unsigned ccsid;             /* of character data; 0: the region's */
    uint32_t deadline_ms;       /* time left from now; 0: the region's own limit */
    struct sp_str correlator;   /* 0..64 bytes, for logs */
    bool has_channel;
    struct sp_str channel; /* 1..16 */
    const struct sp_region_container *containers;
    size_t container_count;
    struct sp_str commarea; /* when there is no channel */
    uint32_t answer_bytes;  /* greatest COMMAREA or container length wanted back */
};

struct sp_region_answer {
    uint32_t request_id;
    enum sp_region_outcome outcome;
    struct sp_str abend;  /* 0..4, such as "ASRA" */
    struct sp_str reason; /* text for the log, 0..1024 bytes */
    bool has_channel;
    const struct sp_region_container *containers;
    size_t container_count;
    struct sp_str commarea;
};

struct sp_region_hello {
    uint32_t request_id;
    struct sp_str applid, networkid; /* 0..8 each: zosConnectApplid or the region's own */
    unsigned ccsid;                  /* region: of its programs' data */
};

struct sp_region_header {
    enum sp_region_kind kind;
    uint32_t length; /* whole frame */
    uint32_t request_id;
    uint32_t fields;
};

/* SP_EPROTO when `have` cannot be a header; `*ret_len` = 0 while fewer than 24 bytes are there. Suits
 * io/stream.h. */
enum sp_status sp_region_frame_length(void *unused, struct sp_str have, size_t *ret_len);
enum sp_status sp_region_header_read(struct sp_str frame, struct sp_region_header *ret_header,
                                     struct sp_error *err) SP_MUST_CHECK;

/* Decoded values are views of `frame`; arrays live in the arena. SP_EPROTO with what is wrong and the offset.
 */
enum sp_status sp_region_link_read(struct sp_str frame, struct sp_arena *arena,
                                   struct sp_region_link *ret_link, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_region_answer_read(struct sp_str frame, struct sp_arena *arena,
                                     struct sp_region_answer *ret_answer, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_region_hello_read(struct sp_str frame, struct sp_region_hello *ret_hello,
                                    struct sp_error *err) SP_MUST_CHECK;
/* REFUSE: text of the reason. */
enum sp_status sp_region_refuse_read(struct sp_str frame, struct sp_str *ret_reason,
                                     struct sp_error *err) SP_MUST_CHECK;

/* Append one whole frame. SP_EINVAL for a value out of its range, SP_ELIMIT. */
enum sp_status sp_region_link_write(struct sp_buf *buf, const struct sp_region_link *link) SP_MUST_CHECK;
enum sp_status sp_region_answer_write(struct sp_buf *buf,
                                      const struct sp_region_answer *answer) SP_MUST_CHECK;
/* `kind`: HELLO. */
enum sp_status sp_region_hello_write(struct sp_buf *buf, const struct sp_region_hello *hello) SP_MUST_CHECK;
enum sp_status sp_region_refuse_write(struct sp_buf *buf, uint32_t request_id,
                                      struct sp_str reason) SP_MUST_CHECK;
/* PING, PONG, CANCEL: a header alone. */
enum sp_status sp_region_bare_write(struct sp_buf *buf, enum sp_region_kind kind,
                                    uint32_t request_id) SP_MUST_CHECK;

#endif
