/* SPDX-License-Identifier: Apache-2.0
 * audit_event.h: what the security database has to have recorded.
 *
 * A refusal, and what AUDIT, GLOBALAUDIT, LOGOPTIONS, UAUDIT and WARNING ask for, becomes an event: plain
 * values without pointers, to be copied. The events of a process wait in the queue of its struct sp_saf until
 * whoever writes records takes them; nobody who asks for a decision waits for that. Codes and qualifiers are
 * those of SMF type 80 (SMF80EVT, SMF80EVQ; z/OS Security Server RACF Macros and Interfaces, "Event codes and
 * event code qualifiers").
 */
#ifndef SP_SAF_AUDIT_EVENT_H
#define SP_SAF_AUDIT_EVENT_H

#include "saf/saf.h"

#define SP_SAF_EVENT_TEXT_MAX 255u
#define SP_SAF_EVENT_MESSAGE_MAX 767u

enum sp_saf_event_code {
    SP_SAF_EVENT_LOGON = 1,  /* VERIFY, and the check of a user whose identity is established */
    SP_SAF_EVENT_ACCESS = 2, /* AUTH */
};

/* Qualifiers of SP_SAF_EVENT_ACCESS; those of SP_SAF_EVENT_LOGON follow from the outcome. */
enum sp_saf_access_qualifier {
    SP_SAF_ACCESS_GRANTED = 0,
    SP_SAF_ACCESS_REFUSED = 1,
    SP_SAF_ACCESS_NO_PROFILE = 2,
    SP_SAF_ACCESS_WARNING = 3,
};

/* All texts end with NUL; empty: not known, or not of this kind. Names are in UTF-8. */
struct sp_saf_audit_event {
    int64_t time_us; /* since 1970, UTC */
    enum sp_saf_event_code code;
    unsigned char qualifier;
    bool violation;         /* refused; SMF80DES "violation" */
    bool warning;           /* granted because of WARNING */
    bool asked_for;         /* by AUDIT, GLOBALAUDIT, LOGOPTIONS or UAUDIT */
    bool user_is_undefined; /* SMF80DES: user not defined to RACF */
    unsigned saf_rc, racf_rc, racf_reason;
    char user[SP_SAF_ID_MAX + 1], group[SP_SAF_ID_MAX + 1]; /* group: current connect group */
    char name[21];                                          /* of the user; "???" when nothing is known */
    char appl[SP_SAF_ID_MAX + 1];                           /* LOGON: the application */
    char class[SP_SAF_ID_MAX + 1];                          /* ACCESS: from here on */
    char resource[SP_SAF_EVENT_TEXT_MAX + 1];
    char profile[SP_SAF_EVENT_TEXT_MAX + 1]; /* that decided */
    bool profile_is_generic;
    enum sp_saf_access intent, allowed;
    char by[64];                        /* as in struct sp_saf_decision */
    enum sp_saf_verify_outcome outcome; /* LOGON */
    bool by_passticket;
    char address[64];                         /* of the peer, as text */
    char correlator[65];                      /* of the request */
    char dist_name[SP_SAF_DIST_NAME_MAX + 1]; /* identity that was mapped to `user` */
    char dist_realm[SP_SAF_REGISTRY_MAX + 1];
    char message[SP_SAF_EVENT_MESSAGE_MAX + 1]; /* the ICH408I of a violation or warning, on one line */
};

struct sp_saf_audit_queue;

/* The queue of a database handle; it lives as long as the handle. */
struct sp_saf_audit_queue *sp_saf_audit(struct sp_saf *saf);
/* Take the oldest event; false when there is none. Any thread; without a lock when nothing waits. */
bool sp_saf_audit_take(struct sp_saf_audit_queue *queue, struct sp_saf_audit_event *ret_event);
/* Events that found the queue full since the handle was opened. */
uint64_t sp_saf_audit_lost(struct sp_saf_audit_queue *queue);

/* ---- for who decides ---- */

/* Where the request comes from that the running fiber serves: events whose decision was asked for without
 * address or correlator have those. It must outlive the fiber, or the next call. Outside of a fiber it has
 * no effect. */
void sp_saf_audit_set_origin(const struct sp_saf_origin *origin);
/* The same, or NULL: for who decides in another thread, on behalf of the fiber. */
const struct sp_saf_origin *sp_saf_audit_origin(void);

/* Put an event into the queue of the image's database when the decision is to be recorded: refused (also
 * where nothing protects the resource: call it only when that is a refusal), WARNING, or asked for. Any
 * thread; takes nothing from the heap. Returns whether there is an event. */
bool sp_saf_audit_access(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                         const struct sp_saf_decision *decision);
/* The same of a logon: failures, and successes of users with UAUDIT. */
bool sp_saf_audit_logon(const struct sp_saf_image *image, struct sp_str user, struct sp_str appl,
                        const struct sp_saf_origin *origin, const struct sp_saf_verified *verified);

#endif
