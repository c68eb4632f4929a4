/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/pkcs11_guard.h"
#include "crypto/pkcs11_int.h"

#define LIBRARIES_MAX 8
#define SLOTS_MAX 256
/* A token that is gone is asked for so often. */
#define RETRY_US 1000000

/* Never unloaded: their threads and handlers of the process's end would be without code. */
struct library {
    char path[SP_PKCS11_LIBRARY_MAX + 1];
    CK_FUNCTION_LIST *functions; /* NULL: not loaded */
    pid_t owner;                 /* process that initialized it; 0: none */
    uint64_t generation;         /* of its initialization */
};

struct sp_pkcs11_token {
    struct sp_pkcs11_place place;
    char pin[SP_PKCS11_PIN_MAX + 1];
    struct sp_str pin_view; /* ptr NULL: none */
    unsigned references;
    struct library *library; /* NULL: not yet */
    uint64_t generation;     /* of the library's initialization that the session belongs to; 0: no session */
    pid_t owner;
    struct sp_pkcs11_session session;
    int64_t retry_us; /* nothing is tried before */
    int64_t renew_us; /* the library is not initialized anew before */
    struct sp_error failure;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of all that follows, and of all calls */
static struct library libraries[LIBRARIES_MAX];
static uint64_t generations, sessions;
static const char *const *library_environment;

/* ---------------------------------------------------------------- what tokens answer */

static const struct {
    CK_RV rv;
    const char *name;
} names[] = {
#define NAME(rv) \
    {            \
        rv, #rv  \
    }
    NAME(CKR_HOST_MEMORY),
    NAME(CKR_SLOT_ID_INVALID),
    NAME(CKR_GENERAL_ERROR),
    NAME(CKR_FUNCTION_FAILED),
    NAME(CKR_ARGUMENTS_BAD),
    NAME(CKR_ATTRIBUTE_SENSITIVE),
    NAME(CKR_ATTRIBUTE_TYPE_INVALID),
    NAME(CKR_DATA_INVALID),
    NAME(CKR_DATA_LEN_RANGE),
    NAME(CKR_DEVICE_ERROR),
    NAME(CKR_DEVICE_MEMORY),
    NAME(CKR_DEVICE_REMOVED),
    NAME(CKR_ENCRYPTED_DATA_INVALID),
    NAME(CKR_ENCRYPTED_DATA_LEN_RANGE),
    NAME(CKR_FUNCTION_NOT_SUPPORTED),
    NAME(CKR_KEY_HANDLE_INVALID),
    NAME(CKR_KEY_SIZE_RANGE),
    NAME(CKR_KEY_TYPE_INCONSISTENT),
    NAME(CKR_KEY_FUNCTION_NOT_PERMITTED),
    NAME(CKR_MECHANISM_INVALID),
    NAME(CKR_MECHANISM_PARAM_INVALID),
    NAME(CKR_OBJECT_HANDLE_INVALID),
    NAME(CKR_PIN_INCORRECT),
    NAME(CKR_PIN_INVALID),
    NAME(CKR_PIN_LEN_RANGE),
    NAME(CKR_PIN_EXPIRED),
    NAME(CKR_PIN_LOCKED),
    NAME(CKR_SESSION_CLOSED),
    NAME(CKR_SESSION_COUNT),
    NAME(CKR_SESSION_HANDLE_INVALID),
    NAME(CKR_TOKEN_NOT_PRESENT),
    NAME(CKR_TOKEN_NOT_RECOGNIZED),
    NAME(CKR_USER_NOT_LOGGED_IN),
    NAME(CKR_USER_PIN_NOT_INITIALIZED),
    NAME(CKR_USER_TYPE_INVALID),
    NAME(CKR_CRYPTOKI_NOT_INITIALIZED),
#undef NAME
};

const char *sp_pkcs11_rv_name(CK_RV rv, char room[32])
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].rv == rv)
            return names[i].name;
    snprintf(room, 32, "CKR 0x%lx", (unsigned long)rv);
    return room;
}

/* Session or token are gone, as far as one can tell. */
static bool is_gone(CK_RV rv)
{
    switch (rv) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_DEVICE_REMOVED:
    case CKR_DEVICE_ERROR:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_SLOT_ID_INVALID:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
        return true;
    default:
        return false;
    }
}

static enum sp_status failed(const struct sp_pkcs11_token *token, CK_RV rv, const char *what,
                             struct sp_error *err)
{
    char place[512], room[32];
    enum sp_status status = SP_EIO;
    if (rv == CKR_OBJECT_HANDLE_INVALID)
        status = SP_ENOTFOUND;
    else if (is_gone(rv))
        status = SP_EUNAVAIL;
    else if (rv == CKR_MECHANISM_INVALID || rv == CKR_MECHANISM_PARAM_INVALID || rv == CKR_ARGUMENTS_BAD ||
             rv == CKR_FUNCTION_NOT_SUPPORTED)
        status = SP_EUNSUPPORTED;
    else if (rv == CKR_KEY_FUNCTION_NOT_PERMITTED)
        status = SP_EDENIED;
    sp_pkcs11_place_describe(&token->place, place, sizeof place);
    return sp_error_set(err, status, NULL, "%s: cannot %s: %s", place, what, sp_pkcs11_rv_name(rv, room));
}

/* ---------------------------------------------------------------- libraries */

void sp_pkcs11_use_environment(const char *const *environment)
{
    library_environment = environment;
}

/* Returns what is to be put back. */
static char **show_environment(void)
{
    char **own = environ;
    if (library_environment)
        environ = (char **)(uintptr_t)library_environment;
    return own;
}

static CK_RV initialize(struct library *library)
{
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    char **own = show_environment();
    CK_RV rv = library->functions->C_Initialize(&arguments);
    /* It counts the process before the fork. */
    if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED && library->owner) {
        library->functions->C_Finalize(NULL);
        rv = library->functions->C_Initialize(&arguments);
    }
    environ = own;
    return rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? CKR_OK : rv;
}

static enum sp_status load(struct library *library, const char *path, struct sp_error *err)
{
    CK_C_GetFunctionList get = NULL;
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "the PKCS#11 library cannot be loaded: %s; install the software of the token, or "
                            "correct the path",
                            dlerror());
    *(void **)&get = dlsym(object, "C_GetFunctionList");
    if (!get || get(&library->functions) != CKR_OK || !library->functions) {
        library->functions = NULL;
        dlclose(object);
        return sp_error_set(err, SP_EINVAL, NULL, "%s is no PKCS#11 library", path);
    }
    snprintf(library->path, sizeof library->path, "%s", path);
    return SP_OK;
}

static enum sp_status find_library(const char *path, struct library **ret_library, struct sp_error *err)
{
    for (size_t i = 0; i < LIBRARIES_MAX; i++) {
        struct library *library = &libraries[i];
        if (library->functions && strcmp(library->path, path) != 0)
            continue;
        char **own = show_environment(); /* some read it as soon as they are loaded */
        enum sp_status status = library->functions ? SP_OK : load(library, path, err);
        environ = own;
        if (status == SP_OK)
            *ret_library = library;
        return status;
    }
    return sp_error_set(err, SP_ELIMIT, NULL, "more than %d PKCS#11 libraries", LIBRARIES_MAX);
}

static void finalize(struct library *library)
{
    if (library->functions && library->owner == getpid())
        library->functions->C_Finalize(NULL);
    library->owner = 0;
    library->generation = 0;
}

void sp_pkcs11_rest(void)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < LIBRARIES_MAX; i++)
        finalize(&libraries[i]);
    pthread_mutex_unlock(&mutex);
}

static enum sp_status wake(struct sp_pkcs11_token *token, struct sp_error *err)
{
    char room[32];
    struct library *library = token->library;
    if (!library) {
        enum sp_status status = find_library(token->place.library, &library, err);
        if (status != SP_OK)
            return status;
        token->library = library;
    }
    if (library->generation && library->owner == getpid())
        return SP_OK;
    CK_RV rv = initialize(library);
    if (rv != CKR_OK)
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "the PKCS#11 library %s does not start: %s; does this user see its configuration "
                            "and its device?",
                            library->path, sp_pkcs11_rv_name(rv, room));
    library->owner = getpid();
    library->generation = ++generations;
    return SP_OK;
}

/* ---------------------------------------------------------------- slots */

/* PKCS#11 pads with blanks, without a NUL. */
static struct sp_str padded(const unsigned char *text, size_t len)
{
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\0'))
        len--;
    return sp_str_from(text, len);
}

static bool fits(const char *wanted, const unsigned char *text, size_t len)
{
    return !wanted[0] || sp_str_is(padded(text, len), wanted);
}

static bool is_meant(const struct sp_pkcs11_place *place, const CK_TOKEN_INFO *info)
{
    return (info->flags & CKF_TOKEN_INITIALIZED) && fits(place->token, info->label, sizeof info->label) &&
           fits(place->serial, info->serialNumber, sizeof info->serialNumber) &&
           fits(place->model, info->model, sizeof info->model) &&
           fits(place->manufacturer, info->manufacturerID, sizeof info->manufacturerID);
}

struct search {
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    unsigned found;
    char others[200]; /* labels of the tokens there are */
};

static void note_other(struct search *search, const CK_TOKEN_INFO *info)
{
    struct sp_str label = padded(info->label, sizeof info->label);
    size_t len = strlen(search->others);
    if (info->flags & CKF_TOKEN_INITIALIZED)
        snprintf(search->others + len, sizeof search->others - len, "%s'%.*s'", len ? ", " : "",
                 SP_STR_ARG(label));
}

static CK_RV look_at_slots(const struct sp_pkcs11_token *token, struct search *search)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = 0;
    CK_FUNCTION_LIST *functions = token->library->functions;
    /* The first call has the library look for tokens that came or went. */
    CK_RV rv = functions->C_GetSlotList(CK_TRUE, NULL, &count);
    count = SLOTS_MAX;
    if (rv == CKR_OK)
        rv = functions->C_GetSlotList(CK_TRUE, slots, &count);
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        CK_TOKEN_INFO info;
        if ((token->place.slot_index >= 0 && i != (CK_ULONG)token->place.slot_index) ||
            (token->place.slot_id >= 0 && slots[i] != (CK_ULONG)token->place.slot_id) ||
            functions->C_GetTokenInfo(slots[i], &info) != CKR_OK)
            continue;
        note_other(search, &info);
        if (!is_meant(&token->place, &info))
            continue;
        search->slot = slots[i];
        search->info = info;
        search->found++;
    }
    return rv;
}

static enum sp_status find_slot(struct sp_pkcs11_token *token, struct search *search, struct sp_error *err)
{
    char place[512];
    CK_RV rv = look_at_slots(token, search);
    if (rv != CKR_OK)
        return failed(token, rv, "look for tokens", err);
    if (search->found == 1)
        return SP_OK;
    sp_pkcs11_place_describe(&token->place, place, sizeof place);
    if (search->found)
        return sp_error_set(err, SP_EEXISTS, NULL,
                            "%u tokens are meant by %s, there are %s: name one by its label or serial number",
                            search->found, place, search->others);
    return sp_error_set(err, SP_EUNAVAIL, NULL, "there is no %s; %s%s", place,
                        search->others[0] ? "there are " : "there is no token that this user can see",
                        search->others);
}

/* ---------------------------------------------------------------- logging in */

static enum sp_status pin_refused(const struct sp_pkcs11_token *token, const char *why, struct sp_error *err)
{
    char place[512];
    sp_pkcs11_place_describe(&token->place, place, sizeof place);
    return sp_error_set(err, SP_EDENIED, NULL, "%s: %s", place, why);
}

static enum sp_status judge_login(const struct sp_pkcs11_token *token, struct sp_str serial, CK_RV rv,
                                  struct sp_error *err)
{
    switch (rv) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
        return SP_OK;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        sp_pkcs11_guard_refuse(serial, token->pin_view);
        return pin_refused(token,
                           "the PIN is wrong; correct the password of the keyStore. It was tried once and is "
                           "not tried again, for the token locks itself after some wrong PINs",
                           err);
    case CKR_PIN_LOCKED:
        return pin_refused(token, "the PIN is locked; the token's security officer must set it anew", err);
    case CKR_USER_PIN_NOT_INITIALIZED:
    case CKR_PIN_EXPIRED:
        return pin_refused(token, "the PIN is not set or has expired; set it with the token's own tools",
                           err);
    default:
        return failed(token, rv, "log in", err);
    }
}

static enum sp_status log_in(struct sp_pkcs11_token *token, const struct search *search, struct sp_error *err)
{
    struct sp_str pin = token->pin_view;
    struct sp_str serial = padded(search->info.serialNumber, sizeof search->info.serialNumber);
    enum sp_status status;
    if (!pin.ptr)
        return search->info.flags & CKF_LOGIN_REQUIRED
                   ? pin_refused(token, "it wants a PIN, and the keyStore has no password", err)
                   : SP_OK;
    if (sp_pkcs11_guard_refused(serial, pin))
        status = pin_refused(token,
                             "the PIN was refused before and is not tried again; correct the password of the "
                             "keyStore, then run 'sallyport server reload'",
                             err);
    else if (search->info.flags & CKF_USER_PIN_LOCKED)
        status = judge_login(token, serial, CKR_PIN_LOCKED, err);
    else if (search->info.flags & CKF_USER_PIN_FINAL_TRY)
        status = pin_refused(token,
                             "one more wrong PIN would lock it, so that none is tried; log in once by hand "
                             "with the right one (pkcs11-tool --login --list-objects)",
                             err);
    else
        status = judge_login(token, serial,
                             token->library->functions->C_Login(token->session.handle, CKU_USER,
                                                                (unsigned char *)token->pin, pin.len),
                             err);
    return status;
}

/* ---------------------------------------------------------------- sessions */

static bool has_session(const struct sp_pkcs11_token *token)
{
    return token->library && token->generation && token->generation == token->library->generation &&
           token->library->owner == getpid();
}

static void close_session(struct sp_pkcs11_token *token)
{
    if (has_session(token))
        token->library->functions->C_CloseSession(token->session.handle);
    token->generation = 0;
}

static enum sp_status open_session(struct sp_pkcs11_token *token, struct sp_error *err)
{
    struct search search = {.found = 0};
    enum sp_status status = wake(token, err);
    if (status == SP_OK)
        status = find_slot(token, &search, err);
    if (status != SP_OK)
        return status;
    token->session.functions = token->library->functions;
    token->session.pin = token->pin_view;
    CK_RV rv = token->library->functions->C_OpenSession(search.slot, CKF_SERIAL_SESSION, NULL, NULL,
                                                        &token->session.handle);
    if (rv != CKR_OK)
        return failed(token, rv, "open a session", err);
    token->generation = token->library->generation;
    token->session.number = ++sessions;
    status = log_in(token, &search, err);
    if (status != SP_OK)
        close_session(token);
    return status;
}

/* A library may go on showing what it found when it was initialized; and one that keeps its token in files
 * may have found it while another program wrote. */
static enum sp_status try_session(struct sp_pkcs11_token *token, struct sp_error *err)
{
    sp_pkcs11_guard_enter();
    enum sp_status status = open_session(token, err);
    if (status == SP_EUNAVAIL && token->library) {
        finalize(token->library);
        status = open_session(token, err);
    }
    sp_pkcs11_guard_leave();
    return status;
}

static enum sp_status need_session(struct sp_pkcs11_token *token, struct sp_error *err)
{
    if (has_session(token))
        return SP_OK;
    if (token->retry_us && sp_clock_monotonic_us() < token->retry_us && token->owner == getpid()) {
        if (err)
            *err = token->failure;
        return token->failure.status;
    }
    struct sp_error local = SP_ERROR_INIT;
    enum sp_status status = try_session(token, &local);
    token->owner = getpid();
    token->retry_us = status == SP_OK ? 0 : sp_clock_monotonic_us() + RETRY_US;
    if (status != SP_OK) {
        token->failure = local;
        if (err)
            *err = local;
    }
    return status;
}

static enum sp_status run_locked(struct sp_pkcs11_token *token, const char *what, sp_pkcs11_fn *fn, void *arg,
                                 struct sp_error *err)
{
    bool is_new = !has_session(token);
    enum sp_status status = need_session(token, err);
    if (status != SP_OK)
        return status;
    CK_RV rv = fn(&token->session, arg);
    if (is_gone(rv) && !is_new && sp_clock_monotonic_us() >= token->renew_us) {
        token->renew_us = sp_clock_monotonic_us() + RETRY_US;
        close_session(token);
        finalize(token->library);
        status = need_session(token, err);
        if (status != SP_OK)
            return status;
        rv = fn(&token->session, arg);
    }
    if (rv == CKR_OK)
        return SP_OK;
    if (is_gone(rv))
        close_session(token);
    return failed(token, rv, what, err);
}

enum sp_status sp_pkcs11_run(struct sp_pkcs11_token *token, const char *what, sp_pkcs11_fn *fn, void *arg,
                             struct sp_error *err)
{
    /* A library that uses OpenSSL itself leaves errors behind that would be taken for those of a connection.
     */
    ERR_set_mark();
    pthread_mutex_lock(&mutex);
    enum sp_status status = run_locked(token, what, fn, arg, err);
    pthread_mutex_unlock(&mutex);
    ERR_pop_to_mark();
    return status;
}

CK_RV sp_pkcs11_find(const struct sp_pkcs11_session *session, CK_ATTRIBUTE *attributes, CK_ULONG count,
                     CK_OBJECT_HANDLE *ret_object)
{
    CK_FUNCTION_LIST *functions = session->functions;
    CK_ULONG found = 0;
    CK_RV rv = functions->C_FindObjectsInit(session->handle, attributes, count);
    if (rv != CKR_OK)
        return rv;
    rv = functions->C_FindObjects(session->handle, ret_object, 1, &found);
    functions->C_FindObjectsFinal(session->handle);
    return rv == CKR_OK && !found ? CKR_OBJECT_HANDLE_INVALID : rv;
}

/* ---------------------------------------------------------------- tokens */

enum sp_status sp_pkcs11_token_new(const struct sp_pkcs11_place *place, struct sp_str pin,
                                   struct sp_pkcs11_token **ret_token, struct sp_error *err)
{
    if (pin.len > SP_PKCS11_PIN_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the PIN is longer than %u bytes", SP_PKCS11_PIN_MAX);
    struct sp_pkcs11_token *token = calloc(1, sizeof *token);
    if (!token)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a token");
    token->place = *place;
    token->references = 1;
    if (pin.ptr) {
        memcpy(token->pin, pin.ptr, pin.len);
        token->pin_view = (struct sp_str){token->pin, pin.len};
    }
    *ret_token = token;
    return SP_OK;
}

struct sp_pkcs11_token *sp_pkcs11_token_hold(struct sp_pkcs11_token *token)
{
    __atomic_add_fetch(&token->references, 1, __ATOMIC_RELAXED);
    return token;
}

void sp_pkcs11_token_release(struct sp_pkcs11_token *token)
{
    if (!token || __atomic_sub_fetch(&token->references, 1, __ATOMIC_ACQ_REL))
        return;
    pthread_mutex_lock(&mutex);
    close_session(token);
    pthread_mutex_unlock(&mutex);
    sp_secret_wipe(token, sizeof *token);
    free(token);
}

const struct sp_pkcs11_place *sp_pkcs11_token_place(const struct sp_pkcs11_token *token)
{
    return &token->place;
}
