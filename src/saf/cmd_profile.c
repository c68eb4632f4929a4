/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/cmd_profile.h"

#include "base/buf.h"
#include "saf/generic.h"

/* ---- names ---- */

int sp_take_profile_operands(struct sp_run *run, struct sp_profile_operands *ret_operands)
{
    const struct sp_saf_operand *class = run->command->operands;
    struct sp_profile_operands found = {.count = 1};
    if (!class || !class->text.len || class->quoted)
        return sp_say(run, SP_RC_SEVERE, "IKJ56700A", "MISSING CLASS NAME: it comes first");
    int rc = sp_class_named(run, class->text, &found.info);
    if (rc)
        return rc;
    found.names = class->has_list ? class->first : class->next;
    found.rest = class->has_list ? class->next : class->next ? class->next->next : NULL;
    if (!found.names || (!class->has_list && found.names->has_list))
        return sp_say(run, SP_RC_SEVERE, "IKJ56700A", "MISSING PROFILE NAME: it comes behind the class");
    for (const struct sp_saf_operand *o = found.names->next; class->has_list && o; o = o->next)
        found.count++;
    rc = sp_class_settings(run, sp_str_of(found.info->name), &found.settings);
    *ret_operands = found;
    return rc;
}

struct sp_str sp_profile_name(struct sp_run *run, const struct sp_saf_class_info *info, struct sp_str text)
{
    struct sp_error why = SP_ERROR_INIT;
    struct sp_str name = info->mixed_case ? sp_arena_str(run->arena, text) : sp_upper_of(run, text);
    const char *wrong = NULL;
    if (name.len > info->max_name)
        wrong = "it is longer than names of its class";
    else if (sp_str_find(name, '&') < name.len)
        wrong = "RACFVARS variables are not supported";
    else if (sp_generic_check(name, &why))
        wrong = why.text;
    for (size_t i = 0; i < name.len && !wrong; i++)
        if ((unsigned char)name.ptr[i] <= ' ' || name.ptr[i] == 0x7f)
            wrong = "names hold no blanks";
    if (!wrong)
        return name;
    sp_say(run, SP_RC_ERROR, "IKJ56702I", "INVALID PROFILE NAME, %.*s: %s", SP_STR_ARG(text), wrong);
    return (struct sp_str){NULL, 0};
}

int sp_each_profile_name(struct sp_run *run, const struct sp_profile_operands *operands,
                         int (*fn)(struct sp_run *run, void *arg, struct sp_str name), void *arg)
{
    int worst = SP_RC_OK;
    const struct sp_saf_operand *one = operands->names;
    for (size_t i = 0; i < operands->count; i++, one = one->next) {
        struct sp_str name = sp_profile_name(run, operands->info, one->text);
        int rc = name.ptr ? fn(run, arg, name) : SP_RC_ERROR;
        if (rc > worst)
            worst = rc;
    }
    if (operands->count > 1 && worst >= SP_RC_ERROR && !run->failed)
        sp_say(run, worst, "SAF0002I",
               "nothing was changed: a command is carried out for all names or for none");
    return worst;
}

/* ---- audit ---- */

int sp_take_audit(struct sp_run *run, const struct sp_saf_operand *operand, struct sp_saf_audit *ret_audit)
{
    enum { ALL, SUCCESS, FAILURES, NONE };
    static const struct sp_keyword words[] = {{"ALL", ALL, SP_MAY_LIST},
                                              {"SUCCESS", SUCCESS, SP_MAY_LIST},
                                              {"FAILURES", FAILURES, SP_MAY_LIST},
                                              {"NONE", NONE, SP_NO_LIST}};
    struct sp_saf_audit audit = {.successes_from = SP_SAF_READ, .failures_from = SP_SAF_READ};
    if (!operand->first)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING %.*s VALUE: ALL, SUCCESS, FAILURES or NONE",
                      SP_STR_ARG(operand->text));
    for (const struct sp_saf_operand *o = operand->first; o; o = o->next) {
        const struct sp_keyword *word;
        enum sp_saf_access level = SP_SAF_READ;
        int rc = sp_keyword_of(run, words, 4, o, &word);
        if (!rc && o->has_list)
            rc = sp_take_access(run, o, &level);
        if (rc)
            return rc;
        if (level < SP_SAF_READ)
            return sp_say(run, SP_RC_SEVERE, "IKJ56702I",
                          "INVALID %.*s LEVEL: READ, UPDATE, CONTROL or ALTER", SP_STR_ARG(o->text));
        if (word->code == ALL || word->code == SUCCESS) {
            audit.successes = true;
            audit.successes_from = level;
        }
        if (word->code == ALL || word->code == FAILURES) {
            audit.failures = true;
            audit.failures_from = level;
        }
    }
    *ret_audit = audit;
    return SP_RC_OK;
}

struct sp_str sp_audit_text(struct sp_run *run, const struct sp_saf_audit *audit)
{
    const char *success = sp_saf_access_name(audit->successes_from);
    const char *failure = sp_saf_access_name(audit->failures_from);
    if (audit->successes && audit->failures)
        return sp_arena_printf(run->arena, "SUCCESS(%s),FAILURES(%s)", success, failure);
    if (audit->successes)
        return sp_arena_printf(run->arena, "SUCCESS(%s)", success);
    return audit->failures ? sp_arena_printf(run->arena, "FAILURES(%s)", failure) : SP_STR("NONE");
}

/* ---- access lists ---- */

struct entry_list {
    struct sp_run *run;
    struct entry_node {
        struct entry_node *next;
        struct sp_saf_access_entry entry;
    } * first;
};

static enum sp_status note_entry(void *arg, const void *value)
{
    struct entry_list *list = arg;
    const struct sp_saf_access_entry *entry = value;
    struct entry_node *node = sp_arena_alloc(list->run->arena, sizeof *node);
    if (!node)
        return sp_error_set(&list->run->err, SP_ENOMEM, NULL, "no memory for a command");
    *node = (struct entry_node){.next = list->first, .entry = *entry};
    node->entry.id = sp_arena_str(list->run->arena, entry->id);
    node->entry.when_kind = sp_arena_str(list->run->arena, entry->when_kind);
    node->entry.when_name = sp_arena_str(list->run->arena, entry->when_name);
    list->first = node;
    return SP_OK;
}

static bool holds(const struct entry_node *node, const struct sp_saf_access_entry *entry)
{
    for (; node; node = node->next)
        if (sp_str_eq(node->entry.id, entry->id) && sp_str_eq(node->entry.when_kind, entry->when_kind) &&
            sp_str_eq(node->entry.when_name, entry->when_name))
            return true;
    return false;
}

int sp_copy_access(struct sp_run *run, const struct sp_saf_profile *from, const struct sp_saf_profile *to)
{
    struct entry_list source = {.run = run}, target = source;
    struct sp_str anybody = SP_STR("");
    enum sp_status status =
        sp_saf_each_access(run->db, from->class, from->name, anybody, note_entry, &source, &run->err);
    if (!status)
        status = sp_saf_each_access(run->db, to->class, to->name, anybody, note_entry, &target, &run->err);
    for (struct entry_node *node = source.first; node && !status; node = node->next) {
        node->entry.class = to->class;
        node->entry.profile = to->name;
        if (!holds(target.first, &node->entry))
            status = sp_saf_put_access(run->db, &node->entry, &run->err);
    }
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}
