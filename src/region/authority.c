/* SPDX-License-Identifier: Apache-2.0 */
#include "region/authority.h"

#include <stdlib.h>

#include "base/secret.h"
#include "io/offload.h"
#include "saf/audit_event.h"

#define VERIFY_MEMORY_MAX (4u * 1024u * 1024u)

void sp_region_map_identity(const struct sp_saf_image *image, struct sp_region_link *link)
{
    if (link->user.len || !link->dist_name.len)
        return;
    struct sp_str user = sp_saf_map_identity(image, link->dist_name, link->dist_realm, NULL);
    if (user.len)
        link->user = user;
}

static const char *fault_of(enum sp_saf_verify_outcome outcome)
{
    switch (outcome) {
    case SP_SAF_VERIFIED:
        return NULL;
    case SP_SAF_UNKNOWN_USER:
        return "the user is not defined to the security database";
    case SP_SAF_WRONG_PASSWORD:
    case SP_SAF_TICKET_INVALID:
        return "the password, phrase or PassTicket is wrong";
    case SP_SAF_EXPIRED:
        return "the password has expired";
    case SP_SAF_NO_APPL:
        return "the user may not use this region (class APPL)";
    case SP_SAF_DAY_TIME:
        return "the user may not log on at this time";
    default:
        return "the user is revoked";
    }
}

/* What is being checked, for every user that is asked. */
struct check {
    const struct sp_definition *definition;
    struct sp_saf_decision_cache *decisions;
    const struct sp_saf_image *image;
    const struct sp_task_request *request;
    struct sp_arena *arena;
    struct sp_str *message;
};

static bool may(const struct check *check, struct sp_str user, struct sp_str class, struct sp_str resource)
{
    struct sp_saf_decision decision;
    const struct sp_saf_auth auth = {.class = class,
                                     .resource = resource,
                                     .user = user,
                                     .wanted = SP_SAF_READ,
                                     .origin = &check->request->origin};
    sp_saf_authorize(check->decisions, check->image, &auth, &decision);
    if (decision.granted)
        return true;
    *check->message =
        sp_arena_printf(check->arena,
                        "DFHXS1111 %.*s %.*s Security violation by user %.*s at netname %.*s for resource "
                        "%.*s in class %.*s. "
                        "SAF codes are (X'%08X',X'00000000'). ESM codes are (X'%08X',X'%08X').",
                        SP_STR_ARG(check->definition->applid), SP_STR_ARG(check->request->transaction),
                        SP_STR_ARG(user), SP_STR_ARG(check->request->netname), SP_STR_ARG(resource),
                        SP_STR_ARG(class), decision.saf_rc, decision.racf_rc, decision.racf_reason);
    return false;
}

/* The task's user and the link's: both need it. */
static bool both_may(const struct check *check, struct sp_str class, struct sp_str resource)
{
    const struct sp_task_request *request = check->request;
    return may(check, request->user, class, resource) &&
           (!request->link_user.len || sp_str_eq(request->link_user, request->user) ||
            may(check, request->link_user, class, resource));
}

enum sp_region_outcome sp_region_permit(const struct sp_definition *definition,
                                        struct sp_saf_decision_cache *decisions,
                                        const struct sp_saf_image *image,
                                        const struct sp_task_request *request, struct sp_arena *arena,
                                        const char **ret_reason, struct sp_str *ret_message)
{
    const struct check check = {definition, decisions, image, request, arena, ret_message};
    const struct sp_saf_verified verified =
        sp_saf_verified_of(sp_saf_check_user(image, request->user, definition->applid, arena));
    const char *fault = fault_of(verified.outcome);
    if (fault || !request->is_verified)
        sp_saf_audit_logon(image, request->user, definition->applid, &request->origin, &verified);
    if (fault) {
        *ret_reason = fault;
        *ret_message = sp_arena_printf(arena, "%.*s: user %.*s at netname %.*s is not accepted: %s",
                                       SP_STR_ARG(definition->applid), SP_STR_ARG(request->user),
                                       SP_STR_ARG(request->netname), fault);
        return SP_REGION_SECURITY;
    }
    if (!both_may(&check, SP_STR("TCICSTRN"), request->transaction)) {
        *ret_reason = "no authority to attach the transaction (class TCICSTRN)";
        return SP_REGION_NOT_AUTHORIZED;
    }
    if (definition->resource_security && !both_may(&check, SP_STR("MCICSPPT"), request->program)) {
        *ret_reason = "no authority for the program (class MCICSPPT)";
        return SP_REGION_NOT_AUTHORIZED;
    }
    return SP_REGION_NORMAL;
}

/* --- USERAUTH(VERIFY) -------------------------------------------------------------------------------- */

/* It may outlive the task, so it has its own copies. */
struct verify_job {
    struct sp_saf *saf;
    char user[SP_SAF_ID_MAX], password[SP_REGION_PASSWORD_MAX], applid[SP_SAF_ID_MAX], address[96];
    char correlator[64];
    size_t user_len, password_len, applid_len, address_len, correlator_len;
    struct sp_arena arena;
    struct sp_saf_verified verified;
    struct sp_error err;
};

static enum sp_status run_verify(void *arg)
{
    struct verify_job *job = arg;
    const struct sp_saf_origin origin = {.address = sp_str_from(job->address, job->address_len),
                                         .correlator = sp_str_from(job->correlator, job->correlator_len)};
    const struct sp_saf_verify request = {.user = sp_str_from(job->user, job->user_len),
                                          .password = sp_str_from(job->password, job->password_len),
                                          .appl = sp_str_from(job->applid, job->applid_len),
                                          .origin = &origin};
    return sp_saf_verify_blocking(job->saf, &request, &job->arena, &job->verified, &job->err) == SP_OK
               ? SP_OK
               : SP_EUNAVAIL;
}

static void free_verify(void *arg)
{
    struct verify_job *job = arg;
    sp_arena_finish(&job->arena);
    sp_secret_wipe(job, sizeof *job);
    free(job);
}

static size_t copy(char *to, size_t size, struct sp_str from)
{
    size_t len = from.len < size ? from.len : size;
    if (len)
        memcpy(to, from.ptr, len);
    return len;
}

static struct verify_job *new_verify(const struct sp_definition *definition, struct sp_saf *saf,
                                     const struct sp_region_link *link, const struct sp_saf_origin *origin)
{
    struct verify_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->saf = saf;
    job->user_len = copy(job->user, sizeof job->user, link->user);
    job->password_len = copy(job->password, sizeof job->password, link->password);
    job->applid_len = copy(job->applid, sizeof job->applid, definition->applid);
    job->address_len = copy(job->address, sizeof job->address, origin->address);
    job->correlator_len = copy(job->correlator, sizeof job->correlator, origin->correlator);
    sp_arena_init(&job->arena, VERIFY_MEMORY_MAX);
    return job;
}

enum sp_region_outcome io_region_verify(const struct sp_definition *definition, struct sp_saf *saf,
                                        const struct sp_region_link *link, const struct sp_saf_origin *origin,
                                        int64_t deadline_us, struct sp_arena *arena, const char **ret_reason,
                                        struct sp_str *ret_message)
{
    struct verify_job *job = new_verify(definition, saf, link, origin);
    enum sp_status status = job ? io_offload(run_verify, job, free_verify, deadline_us) : SP_ENOMEM;
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT) {
        *ret_reason = "the deadline passed while the password was verified";
        return SP_REGION_TIMED_OUT;
    }
    const char *fault = status == SP_OK ? fault_of(job->verified.outcome) : NULL;
    enum sp_region_outcome outcome = SP_REGION_NORMAL;
    if (status != SP_OK) {
        *ret_reason = "the security database cannot be asked";
        *ret_message = sp_arena_printf(arena, "%.*s: user %.*s cannot be verified: %s",
                                       SP_STR_ARG(definition->applid), SP_STR_ARG(link->user),
                                       job && job->err.status ? job->err.text : "no thread or memory for it");
        outcome = SP_REGION_BUSY;
    } else if (fault) {
        *ret_reason = fault;
        *ret_message =
            sp_arena_printf(arena, "%.*s: user %.*s is not accepted: %s (SAF %u, RACF %u, reason %u)",
                            SP_STR_ARG(definition->applid), SP_STR_ARG(link->user), fault,
                            job->verified.saf_rc, job->verified.racf_rc, job->verified.racf_reason);
        outcome = SP_REGION_SECURITY;
    }
    if (job)
        free_verify(job);
    return outcome;
}
