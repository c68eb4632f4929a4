/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_launch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "authn/authn.h"
#include "cli/check_keys.h"
#include "cli/server_key.h"
#include "cli/server_process.h"
#include "crypto/pkcs11_token.h"
#include "engine/conf.h"
#include "engine/reload.h"
#include "engine/tls.h"
#include "intercept/intercept.h"

#define NGINX "/usr/sbin/nginx"
#define MODULE "ngx_http_sallyport_module.so"
#define CONNECTIONS_MOST 8192
/* Descriptors of a worker that are not connections of callers: to systems of record, files, the loop. */
#define DESCRIPTORS_MOST (4 * CONNECTIONS_MOST)

/* ---- what is on this machine ---- */

static bool has_ipv6(void)
{
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool ok = bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0;
    close(fd);
    return ok;
}

static const char *nginx_path(void)
{
    const char *given = getenv("SALLYPORT_NGINX");
    return given && given[0] ? given : NGINX;
}

/* $SALLYPORT_MODULE; beside this program in a build directory; where it was installed. */
static enum sp_status module_path(char ret_path[PATH_MAX], struct sp_error *err)
{
    const char *given = getenv("SALLYPORT_MODULE");
    char self[PATH_MAX - 64];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (given && given[0]) {
        snprintf(ret_path, PATH_MAX, "%s", given);
        return access(ret_path, R_OK) == 0 ? SP_OK : sp_error_errno(err, SP_ENOTFOUND, errno, "%s", ret_path);
    }
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash) {
        *slash = '\0';
        snprintf(ret_path, PATH_MAX, "%s/../engine/" MODULE, self);
        if (access(ret_path, R_OK) == 0)
            return SP_OK;
    }
    snprintf(ret_path, PATH_MAX, "%s/" MODULE, SP_MODULE_DIR);
    if (access(ret_path, R_OK) == 0)
        return SP_OK;
    return sp_error_errno(err, SP_ENOTFOUND, errno, "%s", ret_path);
}

/* In a build directory, where scripts/fetch-console puts it. */
static void name_explorer(void)
{
    char path[PATH_MAX], self[PATH_MAX - 64];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return;
    *slash = '\0';
    snprintf(path, sizeof path, "%s/../../../console/explorer", self);
    if (access(path, R_OK) == 0)
        setenv("SALLYPORT_EXPLORER", path, 0);
}

/* As many descriptors as the system allows, and half of them for callers. */
static unsigned raise_descriptors(void)
{
    struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MOST ? limit.rlim_max : DESCRIPTORS_MOST;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur / 2 < CONNECTIONS_MOST ? (unsigned)(limit.rlim_cur / 2) : CONNECTIONS_MOST;
}

/* ---- preparing ---- */

static enum sp_status load(const struct sp_server_place *place, const struct sp_server_options *options,
                           struct sp_problems *problems, struct sp_config **ret_config, struct sp_error *err)
{
    const struct sp_config_options load_options = {.config_dir = place->config_dir,
                                                   .output_dir = place->output_dir,
                                                   .variables = options->variables,
                                                   .variable_count = options->variable_count};
    return sp_config_load(&load_options, problems, ret_config, err);
}

static enum sp_status write_conf(const struct sp_config *config, const struct sp_server_place *place,
                                 const struct sp_server_options *options, struct sp_problems *problems,
                                 struct sp_buf *buf, struct sp_error *err)
{
    char module[PATH_MAX];
    enum sp_status status = module_path(module, err);
    if (status != SP_OK)
        return status;
    const struct sp_engine_conf_options conf = {
        .module_path = module,
        .run_dir = place->run_dir,
        .log_dir = place->log_dir,
        .workers = options->workers,
        .connections = raise_descriptors(),
        .log_to_stderr = options->foreground,
        .ipv6 = has_ipv6(),
        .user = options->user,
        .group = options->group,
        .variables = options->variables,
        .variable_count = options->variable_count,
    };
    return sp_engine_conf_write(config, &conf, problems, buf, err);
}

static enum sp_status prepare(const struct sp_config *config, const struct sp_server_place *place,
                              const struct sp_server_options *options, const char *conf_path,
                              struct sp_problems *problems, struct sp_error *err)
{
    struct sp_buf text;
    sp_buf_init(&text, SP_ENGINE_CONF_MAX);
    enum sp_status status = write_conf(config, place, options, problems, &text, err);
    if (status == SP_OK)
        status = sp_server_place_make(place, options->uid, options->gid, err);
    if (status == SP_OK)
        status = sp_server_file_write(conf_path, sp_buf_str(&text), err);
    if (status == SP_OK)
        status = sp_server_options_save(options, place->options_path, err);
    sp_buf_wipe(&text); /* variables may hold passwords */
    return status;
}

/* Registries and what authenticates by them; all that is wrong is told at once. */
static enum sp_status check_identities(const struct sp_config *config, struct sp_problems *problems,
                                       struct sp_error *err)
{
    struct sp_error second = SP_ERROR_INIT;
    enum sp_status status = sp_registry_check(config, problems, err);
    enum sp_status others = sp_authn_check(config, problems, status == SP_OK ? err : &second);
    return status == SP_OK ? others : status;
}

enum sp_status sp_server_prepare(const struct sp_server_place *place, struct sp_server_options *options,
                                 const char *conf_path, struct sp_problems *problems,
                                 struct sp_config **ret_config, struct sp_error *err)
{
    struct sp_config *config = NULL;
    enum sp_status status = sp_server_options_choose_user(options, place->config_dir, err);
    if (status == SP_OK)
        status = load(place, options, problems, &config, err);
    /* Not for a reload: a file that was lost must not become another certificate. */
    if (status == SP_OK && !sp_server_pid(place))
        status = sp_server_key_make_missing(config, err);
    if (status == SP_OK)
        status = check_identities(config, problems, err);
    if (status == SP_OK)
        status = prepare(config, place, options, conf_path, problems, err);
    if (status == SP_OK)
        *ret_config = config;
    else
        sp_config_free(config);
    return status;
}

static enum sp_status try_certificates(const struct sp_config *config, struct sp_problems *problems,
                                       struct sp_error *err)
{
    enum sp_status status = SP_OK;
    for (unsigned i = 0; status == SP_OK && i < config->endpoint_count; i++) {
        enum sp_client_certificate client;
        if (!config->endpoints[i].enabled || config->endpoints[i].https_port <= 0 ||
            sp_config_key_store_to_make(config->endpoints[i].ssl_options->ssl->key_store))
            continue;
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());
        if (!context)
            return SP_ENOMEM;
        status = sp_engine_tls_load(config, i, context, problems, &client, err);
        SSL_CTX_free(context);
    }
    return status;
}

enum sp_status sp_server_try(const struct sp_server_place *place, const struct sp_server_options *options,
                             struct sp_problems *problems, struct sp_error *err)
{
    struct sp_config *config = NULL;
    struct sp_buf text;
    sp_buf_init(&text, SP_ENGINE_CONF_MAX);
    enum sp_status status = load(place, options, problems, &config, err);
    if (status == SP_OK)
        sp_intercept_check(config, problems);
    if (status == SP_OK)
        status = check_identities(config, problems, err);
    if (status == SP_OK)
        status = write_conf(config, place, options, problems, &text, err);
    bool keys = status == SP_OK ? sp_check_keys(config, problems) : true;
    if (status == SP_OK && keys)
        status = try_certificates(config, problems, err);
    sp_buf_wipe(&text);
    sp_config_free(config);
    sp_pkcs11_rest();
    return keys ? status : SP_EINVAL;
}

/* ---- nginx ---- */

static void become_nginx(const struct sp_server_place *place, const char *conf_path, const char *more)
{
    const char *path = nginx_path();
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    setenv(SP_RELOAD_COMMAND_VARIABLE, self, 0);
    name_explorer();
    /* What nginx says before it has read where its log is goes to standard error. */
    const char *argv[] = {path, "-p", place->run_dir, "-e", "stderr", "-c", conf_path, more, NULL};
    execv(path, (char **)argv);
}

enum sp_status sp_server_exec(const struct sp_server_place *place, struct sp_error *err)
{
    become_nginx(place, place->conf_path, NULL);
    return sp_error_errno(err, SP_EIO, errno, "%s cannot be run", nginx_path());
}

enum sp_status sp_server_test(const struct sp_server_place *place, const char *conf_path,
                              struct sp_error *err)
{
    pid_t child = fork();
    int status = 0;
    if (child < 0)
        return sp_error_errno(err, SP_EIO, errno, "no process can be made");
    if (child == 0) {
        become_nginx(place, conf_path, "-tq");
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return sp_error_errno(err, SP_EIO, errno, "waiting for nginx");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return SP_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return sp_error_set(err, SP_EIO, NULL, "%s cannot be run", nginx_path());
    return sp_error_set(err, SP_EINVAL, NULL, "the configuration is refused, see above");
}
