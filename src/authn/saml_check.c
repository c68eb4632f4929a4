/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_check.h"

#include <stdlib.h>

#include "authn/saml_encryption.h"
#include "authn/saml_response.h"
#include "authn/saml_token.h"
#include "base/clock.h"
#include "io/fiber.h"
#include "io/offload.h"

#define JOB_MEMORY_MAX ((size_t)16 << 20)
#define WAIT_US 5000000

struct job {
    struct sp_saml_settings *settings;
    struct sp_saml_question question; /* its texts are in the arena */
    struct sp_arena arena;
    struct sp_saml_facts facts;
    struct sp_error err;
};

/* ---------------------------------------------------------------- in a thread */

/* An assertion that is encrypted, decrypted; another as it is. */
static enum sp_status open_encrypted(struct job *job, struct sp_buf *document)
{
    static const char name[] = "EncryptedAssertion";
    xmlDocPtr tree;
    struct sp_buf clear;
    if (!document->len || !memmem(document->ptr, document->len, name, sizeof name - 1))
        return SP_OK;
    enum sp_status status = sp_saml_tree_parse(sp_buf_str(document), name, &tree, &job->err);
    if (status != SP_OK)
        return status;
    sp_buf_init(&clear, 4 * SP_SAML_DOCUMENT_MAX);
    bool is_encrypted = sp_saml_tree_is(xmlDocGetRootElement(tree), name, SP_SAML_NAMESPACE);
    if (is_encrypted)
        status = sp_saml_decrypt(xmlDocGetRootElement(tree), job->settings->key, &clear, &job->err);
    xmlFreeDoc(tree);
    if (status == SP_OK && is_encrypted) {
        struct sp_buf sealed = *document;
        *document = clear;
        clear = sealed;
    }
    sp_buf_wipe(&clear);
    return status;
}

static enum sp_status open_token(struct job *job, struct sp_buf *document, struct sp_buf *assertion)
{
    const struct sp_saml_settings *settings = job->settings;
    enum sp_status status = sp_saml_token_decode(job->question.token, document, &job->err);
    if (status == SP_OK)
        status = open_encrypted(job, document);
    if (status == SP_OK && settings->trust)
        return sp_saml_signature_check(sp_buf_str(document), SP_SAML_ASSERTION, settings->trust,
                                       &settings->policy, assertion, &job->err);
    return status == SP_OK ? sp_buf_append_str(assertion, sp_buf_str(document)) : status;
}

static enum sp_status open_response(struct job *job, struct sp_buf *document, struct sp_buf *assertion,
                                    struct sp_str *ret_issuer)
{
    const struct sp_saml_settings *settings = job->settings;
    const struct sp_saml_response_rules rules = {
        .trust = settings->trust,
        .policy = &settings->policy,
        .key = settings->key,
        .destination = job->question.destination,
        .in_response_to = job->question.in_response_to,
        .wants_assertion_signed = settings->wants_assertion_signed,
    };
    enum sp_status status = sp_saml_response_decode(job->question.token, document, &job->err);
    return status == SP_OK ? sp_saml_response_open(sp_buf_str(document), &rules, &job->arena, assertion,
                                                   ret_issuer, &job->err)
                           : status;
}

static enum sp_status read_job(struct job *job, struct sp_buf *document, struct sp_buf *assertion)
{
    const struct sp_saml_question *question = &job->question;
    struct sp_saml_rules rules = job->settings->rules;
    struct sp_str issuer = SP_STR("");
    rules.client_certificate = question->client_certificate;
    if (question->is_response) {
        rules.recipient = question->destination;
        rules.in_response_to = question->in_response_to;
        rules.is_unsolicited = !question->in_response_to.len;
        if (job->settings->audience_is_self)
            rules.audiences = (struct sp_str_list){&question->entity_id, 1};
    }
    enum sp_status status = question->is_response ? open_response(job, document, assertion, &issuer)
                                                  : open_token(job, document, assertion);
    if (status == SP_OK)
        status = sp_saml_decrypt_parts(assertion, job->settings->key, &job->err);
    if (status == SP_OK)
        status = sp_saml_assertion_read(sp_buf_str(assertion), &rules, question->now_us, &job->arena,
                                        &job->facts, &job->err);
    if (status == SP_OK && issuer.len && !sp_str_eq(issuer, job->facts.issuer))
        status = sp_error_set(&job->err, SP_EDENIED, NULL,
                              "SAML: the response is of another issuer than the assertion in it");
    return status;
}

static enum sp_status run_job(void *arg)
{
    struct job *job = arg;
    struct sp_buf document, assertion;
    sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
    sp_buf_init(&assertion, 4 * SP_SAML_DOCUMENT_MAX);
    enum sp_status status = read_job(job, &document, &assertion);
    sp_buf_wipe(&document);
    sp_buf_wipe(&assertion);
    /* Whatever is wrong with it, it is not accepted. Only the token of our key can be away. */
    return status == SP_OK || status == SP_ENOMEM || status == SP_EINTERNAL || status == SP_EUNAVAIL
               ? status
               : SP_EDENIED;
}

static void free_job(void *arg)
{
    struct job *job = arg;
    sp_arena_wipe(&job->arena);
    sp_saml_settings_release(job->settings);
    free(job);
}

/* ---------------------------------------------------------------- in the fiber */

static struct job *new_job(struct sp_saml_settings *settings, const struct sp_saml_question *question)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    __atomic_add_fetch(&settings->references, 1, __ATOMIC_RELAXED);
    job->settings = settings;
    job->question = *question;
    sp_arena_init(&job->arena, JOB_MEMORY_MAX);
    struct sp_str *const texts[] = {&job->question.token, &job->question.client_certificate,
                                    &job->question.destination, &job->question.entity_id,
                                    &job->question.in_response_to};
    bool whole = true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = sp_arena_str(&job->arena, *texts[i]);
        whole &= texts[i]->ptr != NULL;
    }
    if (whole)
        return job;
    free_job(job);
    return NULL;
}

static bool copy_facts(const struct sp_saml_facts *from, struct sp_arena *arena,
                       struct sp_saml_facts *ret_facts)
{
    struct sp_saml_facts facts = *from;
    struct sp_str *groups = sp_arena_calloc(arena, from->groups.count + 1, sizeof *groups);
    facts.id = sp_arena_str(arena, from->id);
    facts.issuer = sp_arena_str(arena, from->issuer);
    facts.user = sp_arena_str(arena, from->user);
    facts.unique_id = sp_arena_str(arena, from->unique_id);
    facts.realm = sp_arena_str(arena, from->realm);
    facts.name_id = sp_arena_str(arena, from->name_id);
    facts.name_id_format = sp_arena_str(arena, from->name_id_format);
    facts.session_index = sp_arena_str(arena, from->session_index);
    bool whole = groups && facts.id.ptr && facts.issuer.ptr && facts.user.ptr && facts.unique_id.ptr &&
                 facts.realm.ptr && facts.name_id.ptr && facts.name_id_format.ptr && facts.session_index.ptr;
    for (size_t i = 0; whole && i < from->groups.count; i++) {
        groups[i] = sp_arena_str(arena, from->groups.items[i]);
        whole = groups[i].ptr != NULL;
    }
    facts.groups = (struct sp_str_list){groups, from->groups.count};
    *ret_facts = facts;
    return whole;
}

enum sp_status io_saml_check(struct sp_saml_settings *settings, const struct sp_saml_question *question,
                             struct sp_arena *arena, struct sp_saml_facts *ret_facts, struct sp_error *err)
{
    struct job *job = new_job(settings, question);
    if (!job)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to verify an assertion");
    enum sp_status status = sp_fiber_self() ? io_offload_lane(SP_OFFLOAD_DOCUMENT, run_job, job, free_job,
                                                              sp_clock_monotonic_us() + WAIT_US, 0)
                                            : run_job(job);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL, "the request is gone");
    if (status == SP_OK && !copy_facts(&job->facts, arena, ret_facts))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for an assertion");
    else if (status != SP_OK && job->err.text[0])
        *err = job->err;
    else if (status != SP_OK)
        status = sp_error_set(err, SP_EUNAVAIL, NULL, "too many assertions wait to be verified");
    free_job(job);
    return status;
}
