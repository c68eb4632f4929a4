/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/prompt.h"
#include "text/json.h"

#define MEMORY_MAX (4u * 1024u * 1024u)
#define PROFILES_BYTES_MAX (256u * 1024u)
#define DEFAULT_URL "https://localhost:9443"
#define DEFAULT_PROFILE "default"

void sp_admin_place_init(struct sp_admin_place *place)
{
    *place = (struct sp_admin_place){.profile = NULL};
    sp_arena_init(&place->arena, MEMORY_MAX);
}

void sp_admin_place_finish(struct sp_admin_place *place)
{
    sp_arena_wipe(&place->arena);
}

/* ---------------------------------------------------------------- profiles */

static struct sp_str profiles_path(struct sp_admin_place *place)
{
    const char *given = getenv("SALLYPORT_PROFILES"), *config = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");
    if (given && given[0])
        return sp_arena_str(&place->arena, sp_str_of(given));
    if (config && config[0])
        return sp_arena_printf(&place->arena, "%s/sallyport/profiles.json", config);
    return home ? sp_arena_printf(&place->arena, "%s/.config/sallyport/profiles.json", home)
                : (struct sp_str){NULL, 0};
}

static enum sp_status read_file(FILE *file, const char *path, struct sp_arena *arena, struct sp_str *ret_text,
                                struct sp_error *err)
{
    char *room = sp_arena_alloc(arena, PROFILES_BYTES_MAX + 1);
    size_t len = room ? fread(room, 1, PROFILES_BYTES_MAX + 1, file) : 0;
    if (!room)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for %s", path);
    if (len > PROFILES_BYTES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "%s has more than %u bytes", path, PROFILES_BYTES_MAX);
    *ret_text = sp_str_from(room, len);
    return SP_OK;
}

static bool others_may_read(FILE *file)
{
    struct stat st;
    return fstat(fileno(file), &st) != 0 || (st.st_mode & 077) != 0;
}

static enum sp_status take_member(struct sp_admin_place *place, const struct sp_json_value *member,
                                  bool is_open, const char *path, struct sp_error *err)
{
    const struct {
        const char *name, **value;
    } texts[] = {{"url", &place->url},
                 {"user", &place->user},
                 {"passwordFile", &place->password_file},
                 {"tokenFile", &place->token_file},
                 {"ca", &place->ca},
                 {"certificate", &place->certificate},
                 {"key", &place->key}};
    bool password = sp_str_is(member->name, "password"), token = sp_str_is(member->name, "token");
    if (member->kind != SP_JSON_IS_STRING)
        return sp_error_set(err, SP_EINVAL, NULL, "%s: %.*s is no text", path, SP_STR_ARG(member->name));
    if ((password || token) && is_open)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "%s has a secret and may be read by others; 'chmod 600 %s' first", path, path);
    if (password && !place->password.ptr && !place->password_file)
        place->password = member->text;
    if (token && !place->token.ptr && !place->token_file)
        place->token = member->text;
    if (password || token)
        return SP_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (sp_str_is(member->name, texts[i].name)) {
            if (!*texts[i].value)
                *texts[i].value = sp_arena_cstr(&place->arena, member->text);
            return SP_OK;
        }
    return sp_error_set(err, SP_EINVAL, NULL, "%s: a profile has no member \"%.*s\"", path,
                        SP_STR_ARG(member->name));
}

static enum sp_status take_profile(struct sp_admin_place *place, struct sp_str text, bool is_open,
                                   const char *path, struct sp_error *err)
{
    struct sp_json_value *root = NULL;
    const char *name = place->profile ? place->profile : DEFAULT_PROFILE;
    enum sp_status status = sp_json_parse(text, &place->arena, NULL, &root, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "%s", path);
        return status;
    }
    const struct sp_json_value *profile = sp_json_member(root, sp_str_of(name));
    if (!profile && !place->profile)
        return SP_OK;
    if (!profile || profile->kind != SP_JSON_IS_OBJECT)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "%s has no profile \"%s\"", path, name);
    for (const struct sp_json_value *m = profile->first; m && status == SP_OK; m = m->next)
        status = take_member(place, m, is_open, path, err);
    return status;
}

static enum sp_status read_profile(struct sp_admin_place *place, struct sp_error *err)
{
    struct sp_str path = profiles_path(place), text;
    FILE *file = path.ptr ? fopen(path.ptr, "re") : NULL;
    if (!file && !place->profile && (!path.ptr || errno == ENOENT))
        return SP_OK;
    if (!file)
        return sp_error_errno(err, SP_EIO, errno, "profiles cannot be read from %s",
                              path.ptr ? path.ptr : "the home directory");
    enum sp_status status = read_file(file, path.ptr, &place->arena, &text, err);
    if (status == SP_OK)
        status = take_profile(place, text, others_may_read(file), path.ptr, err);
    fclose(file);
    return status;
}

/* ---------------------------------------------------------------- environment and files */

static void from_environment(struct sp_admin_place *place)
{
    const struct {
        const char *name, **value;
    } texts[] = {{"SALLYPORT_PROFILE", &place->profile}, {"SALLYPORT_URL", &place->url},
                 {"SALLYPORT_USER", &place->user},       {"SALLYPORT_CA", &place->ca},
                 {"SALLYPORT_KEY", &place->key},         {"SALLYPORT_CERTIFICATE", &place->certificate}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *given = getenv(texts[i].name);
        if (!*texts[i].value && given && given[0])
            *texts[i].value = given;
    }
    const char *password = getenv("SALLYPORT_PASSWORD"), *token = getenv("SALLYPORT_TOKEN");
    if (password && !place->password_file)
        place->password = sp_str_of(password);
    if (token && token[0] && !place->token_file)
        place->token = sp_str_of(token);
}

static enum sp_status secret_of_file(struct sp_admin_place *place, const char *path, struct sp_str *ret_text,
                                     struct sp_error *err)
{
    struct sp_buf line;
    FILE *file = fopen(path, "re");
    if (!file)
        return sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
    sp_buf_init(&line, SP_PROMPT_BYTES_MAX);
    enum sp_status status = sp_prompt_line(file, &line, err);
    fclose(file);
    if (status == SP_OK)
        *ret_text = sp_arena_str(&place->arena, sp_buf_str(&line));
    sp_buf_wipe(&line);
    return status;
}

static enum sp_status ask(struct sp_admin_place *place, struct sp_error *err)
{
    struct sp_buf line;
    char text[512];
    if (!isatty(STDIN_FILENO))
        return sp_error_set(err, SP_EINVAL, NULL,
                            "there is no password for user %s: use --password-file or SALLYPORT_PASSWORD",
                            place->user);
    snprintf(text, sizeof text, "Password of %s at %s: ", place->user, place->url);
    sp_buf_init(&line, SP_PROMPT_BYTES_MAX);
    enum sp_status status = sp_prompt_secret(text, &line, err);
    if (status == SP_OK)
        place->password = sp_arena_str(&place->arena, sp_buf_str(&line));
    sp_buf_wipe(&line);
    return status;
}

static enum sp_status check_url(struct sp_admin_place *place, struct sp_error *err)
{
    struct sp_str url = sp_str_of(place->url);
    bool https = sp_str_starts(url, SP_STR("https://")), http = sp_str_starts(url, SP_STR("http://"));
    while (url.len && url.ptr[url.len - 1] == '/')
        url.len--;
    if ((!https && !http) || sp_str_find(url, '@') < url.len || sp_str_find(url, '?') < url.len)
        return sp_error_set(err, SP_EINVAL, NULL,
                            "the server's address is https://host:port without user, path and query, not %s",
                            place->url);
    bool secret = place->password.ptr || place->token.ptr || place->user;
    bool local = sp_str_starts(url, SP_STR("http://localhost")) || sp_str_starts(url, SP_STR("http://127."));
    if (http && secret && !local)
        return sp_error_set(err, SP_EDENIED, NULL, "a password or token is not sent over http to %s",
                            place->url);
    place->url = sp_arena_cstr(&place->arena, url);
    return place->url ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory for the address");
}

enum sp_status sp_admin_place_complete(struct sp_admin_place *place, struct sp_error *err)
{
    from_environment(place);
    enum sp_status status = read_profile(place, err);
    if (status == SP_OK && place->password_file && !place->password.ptr)
        status = secret_of_file(place, place->password_file, &place->password, err);
    if (status == SP_OK && place->token_file && !place->token.ptr)
        status = secret_of_file(place, place->token_file, &place->token, err);
    if (!place->url)
        place->url = DEFAULT_URL;
    if (status == SP_OK)
        status = check_url(place, err);
    if (status == SP_OK && place->key && !place->certificate)
        status = sp_error_set(err, SP_EINVAL, NULL, "a key needs a certificate");
    if (status == SP_OK && place->user && !place->password.ptr && !place->token.ptr)
        status = ask(place, err);
    return status;
}
