/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/key_source.h"

#include <errno.h>
#include <stdio.h>

#include "crypto/pkcs11_store.h"
#include "saf/ring.h"
#include "saf/saf.h"

#define RING_BYTES_MAX ((size_t)64 << 20)
/* The procedure that starts a server on z/OS: sites have profiles of class STARTED for it. */
#define PROCEDURE SP_STR("BAQSTRT")

/* ---- rings ---- */

struct ring {
    const struct sp_cfg_key_store *from;
    struct sp_saf *saf;
    struct sp_saf_ring_location location;
    char caller[SP_SAF_ID_MAX + 1];
    struct sp_arena arena; /* keys in it: wiped */
    struct sp_saf_ring_content content;
    struct sp_error *err;
};

static bool take_caller(struct ring *ring, struct sp_str user)
{
    if (!user.len || user.len > SP_SAF_ID_MAX)
        return false;
    for (size_t i = 0; i < user.len; i++)
        ring->caller[i] = sp_upper(user.ptr[i]);
    ring->caller[user.len] = '\0';
    return sp_saf_id_ok(sp_str_of(ring->caller));
}

static enum sp_status choose_caller(struct ring *ring)
{
    const struct sp_cfg_saf_database *rings = ring->from->rings;
    char job[SP_SAF_ID_MAX + 1] = "";
    if (rings->server_user.len)
        return take_caller(ring, rings->server_user)
                   ? SP_OK
                   : sp_error_set(ring->err, SP_EINVAL, NULL,
                                  "sallyport_saf: serverUser=\"%.*s\" is no user id",
                                  SP_STR_ARG(rings->server_user));
    for (size_t i = 0; i < rings->server_name.len && i < SP_SAF_ID_MAX; i++)
        job[i] = sp_upper(rings->server_name.ptr[i]);
    const struct sp_saf_image *image = sp_saf_image(ring->saf);
    bool found = take_caller(ring, sp_saf_started_user(image, PROCEDURE, sp_str_of(job)));
    sp_saf_image_release(image);
    if (found)
        return SP_OK;
    return sp_error_set(ring->err, SP_ENOTFOUND, NULL,
                        "nothing says as which user the server reads key rings: set serverUser of "
                        "sallyport_saf, or define %.*s.%s in class STARTED",
                        SP_STR_ARG(PROCEDURE), job);
}

static void describe(const struct ring *ring, size_t index, struct sp_key_store_item *ret_item)
{
    const struct sp_saf_certificate *certificate = &ring->content.certificates[index];
    *ret_item =
        (struct sp_key_store_item){.certificate = certificate->der,
                                   .key = certificate->private_key,
                                   .alias = certificate->label,
                                   .trusted = ring->content.entries[index].usage != SP_SAF_CERT_PERSONAL};
}

/* The default certificate comes first: it is what a server without serverKeyAlias shows. */
static enum sp_status make_store(struct ring *ring, struct sp_key_store **ret_store)
{
    size_t count = ring->content.count, at = 0;
    struct sp_key_store_item *items = sp_arena_calloc(&ring->arena, count + 1, sizeof *items);
    if (!items)
        return sp_error_set(ring->err, SP_ENOMEM, NULL, "no memory to read a key ring");
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < count; i++)
            if (ring->content.entries[i].is_default == (round == 0))
                describe(ring, i, &items[at++]);
    return sp_key_store_make(items, count, NULL, ret_store, ring->err);
}

static enum sp_status read_ring(struct ring *ring, struct sp_key_store **ret_store)
{
    const struct sp_cfg_saf_database *rings = ring->from->rings;
    struct sp_saf_settings settings = {.path = rings->database.ptr ? rings->database.ptr : "",
                                       .key_path = rings->key_file.len ? rings->key_file.ptr : NULL};
    enum sp_status status = sp_saf_open(&settings, &ring->saf, ring->err);
    if (status == SP_OK)
        status = choose_caller(ring);
    if (status == SP_OK)
        status = sp_saf_ring_blocking(ring->saf, sp_str_of(ring->caller), sp_str_of(ring->location.owner),
                                      ring->location.ring, &ring->arena, &ring->content, ring->err);
    return status == SP_OK ? make_store(ring, ret_store) : status;
}

static enum sp_status open_ring(const struct sp_cfg_key_store *from, struct sp_key_store **ret_store,
                                struct sp_error *err)
{
    struct ring ring = {.from = from, .err = err};
    enum sp_status status = sp_saf_ring_location_parse(from->location, &ring.location, err);
    if (status == SP_OK && !from->rings)
        status = sp_error_set(err, SP_EUNSUPPORTED, NULL, "there is no security database for key rings");
    if (status != SP_OK)
        return status;
    sp_arena_init(&ring.arena, RING_BYTES_MAX);
    status = read_ring(&ring, ret_store);
    sp_arena_wipe(&ring.arena);
    sp_saf_close(ring.saf);
    if (status != SP_OK)
        sp_error_prefix(err, "%.*s", SP_STR_ARG(from->location));
    return status;
}

/* ---- tokens ---- */

static enum sp_status read_text(const char *path, char *text, size_t size, size_t *ret_len,
                                struct sp_error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return sp_error_errno(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno,
                              "%s, which describes the token, cannot be opened", path);
    *ret_len = fread(text, 1, size, file);
    bool bad = ferror(file);
    fclose(file);
    return bad ? sp_error_set(err, SP_EIO, NULL, "%s, which describes the token, cannot be read", path)
               : SP_OK;
}

static enum sp_status find_token(const struct sp_cfg_key_store *from, struct sp_pkcs11_place *place,
                                 struct sp_error *err)
{
    char text[SP_PKCS11_TEXT_MAX + 1];
    size_t len = 0;
    if (sp_pkcs11_is_uri(from->location))
        return sp_pkcs11_place_parse_uri(from->location, place, err);
    enum sp_status status = read_text(from->location.ptr, text, sizeof text, &len, err);
    return status == SP_OK
               ? sp_pkcs11_place_parse_file(sp_str_from(text, len), from->location.ptr, place, err)
               : status;
}

static enum sp_status open_token(const struct sp_cfg_key_store *from, struct sp_key_store **ret_store,
                                 struct sp_error *err)
{
    struct sp_pkcs11_place place;
    struct sp_pkcs11_token *token = NULL;
    enum sp_status status = find_token(from, &place, err);
    if (status == SP_OK)
        status = sp_pkcs11_token_new(&place, from->password, &token, err);
    if (status == SP_OK)
        status = sp_pkcs11_store_open(token, ret_store, err);
    sp_pkcs11_token_release(token);
    return status;
}

/* ---- files ---- */

enum sp_status sp_key_source_open(const struct sp_cfg_key_store *from, struct sp_key_store **ret_store,
                                  struct sp_error *err)
{
    char path[4096];
    if (sp_saf_is_ring_location(from->location))
        return open_ring(from, ret_store, err);
    if (sp_pkcs11_is_uri(from->location) || sp_str_is(from->type, "PKCS11"))
        return open_token(from, ret_store, err);
    if (!from->file_based)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "'%.*s' is no key ring (safkeyring:...) and no token (type PKCS11), and "
                            "fileBased is false",
                            SP_STR_ARG(from->location));
    if (from->location.len >= sizeof path)
        return sp_error_set(err, SP_ELIMIT, NULL, "the location is longer than 4095 bytes");
    snprintf(path, sizeof path, "%.*s", SP_STR_ARG(from->location));
    return sp_key_store_open(path, from->password, ret_store, err);
}
