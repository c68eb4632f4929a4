/* SPDX-License-Identifier: Apache-2.0 */
#include "saf_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "saf/command.h"

static const char *const commands[] = {
    "SETROPTS CLASSACT(APPL EJBROLE PTKTDATA IDIDMAP) GENERIC(APPL EJBROLE)",
    "ADDGROUP ZCEEUSRS",
    "ADDGROUP GMINVOKE",
    "ADDGROUP WSGUESTG",
    "ADDUSER WSGUEST DFLTGRP(WSGUESTG) RESTRICTED NOPASSWORD",
    "ADDUSER FRED DFLTGRP(ZCEEUSRS) NAME('FRED')",
    "ALTUSER FRED PASSWORD(FREDPWD) NOEXPIRED",
    "CONNECT FRED GROUP(GMINVOKE)",
    "ADDUSER MARY DFLTGRP(ZCEEUSRS) NAME('MARY')",
    "ALTUSER MARY PASSWORD(MARYPWD) NOEXPIRED",
    "ADDUSER OLAF DFLTGRP(SYS1)",
    "ALTUSER OLAF PASSWORD(OLAFPWD) NOEXPIRED",
    "ADDUSER PAUL DFLTGRP(ZCEEUSRS)",
    "ALTUSER PAUL PASSWORD(PAULPWD)",
    "RDEFINE APPL BBGZDFLT UACC(NONE)",
    "PERMIT BBGZDFLT CLASS(APPL) ID(ZCEEUSRS WSGUEST) ACCESS(READ)",
    "RDEFINE EJBROLE BBGZDFLT.zos.connect.access.roles.zosConnectAccess UACC(NONE)",
    "PERMIT BBGZDFLT.zos.connect.access.roles.zosConnectAccess CLASS(EJBROLE) ID(FRED) ACCESS(READ)",
    "RDEFINE PTKTDATA BBGZDFLT SSIGNON(KEYMASKED(0123456789ABCDEF))",
    "RACMAP ID(MARY) MAP USERDIDFILTER(NAME('mary')) REGISTRY(NAME('zosConnect')) WITHLABEL('MARY')",
};

static char directory[64], path[96];

static void say(void *arg, const char *id, struct sp_str line)
{
    if (id)
        print_message("# %.*s\n", SP_STR_ARG(line));
}

void saf_database_run(const char *command)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_saf_session session = {.say = say};
    int rc = -1;
    assert_int_equal(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &session.db, &err), SP_OK);
    assert_int_equal(sp_saf_command_run(&session, sp_str_of(command), &rc, &err), SP_OK);
    sp_saf_db_close(session.db);
    if (rc > SP_RC_WARNING)
        fail_msg("%s: rc %d", command, rc);
}

struct sp_str saf_database_make(void)
{
    strcpy(directory, "/tmp/sp-saf-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/saf.db", directory);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        saf_database_run(commands[i]);
    return sp_str_of(path);
}

void saf_database_remove(void)
{
    static const char *const endings[] = {"", ".key", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
    rmdir(directory);
}
