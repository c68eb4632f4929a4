/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/irrdbu00_layout.h"

#include <stdlib.h>

#define FIELD(prefix, name, start, end, kind, use) \
    {#prefix "_" #name, start, end, SP_UNLOAD_##kind, SP_UNLOAD_##use},
#define FIELDS(prefix, type, what, use) \
    static const struct sp_unload_field prefix##_fields[] = {SP_FIELDS_##prefix(FIELD)};
SP_UNLOAD_RECORDS(FIELDS)

#define RECORD(prefix, type, what, use) \
    {type, #prefix, what, SP_UNLOAD_##use, prefix##_fields, SP_FIELDS_OF_##prefix},
const struct sp_unload_record sp_unload_records[SP_UNLOAD_TYPES] = {SP_UNLOAD_RECORDS(RECORD)};

#define FITS(prefix, type, what, use) \
    _Static_assert((int)SP_FIELDS_OF_##prefix <= (int)SP_UNLOAD_FIELDS_MAX, "too many fields");
SP_UNLOAD_RECORDS(FITS)

static const struct other {
    const char *type, *what;
} others[] = {
    {"0110", "group DFP data"},
    {"0130", "group OVM data"},
    {"0141", "group TME data"},
    {"0151", "group custom fields"},
    {"0201", "user categories"},
    {"0202", "user classes (CLAUTH)"},
    {"0206", "user RRSF data"},
    {"0210", "user DFP data"},
    {"0220", "user TSO data"},
    {"0231", "user CICS operator classes"},
    {"0232", "user CICS RSL keys"},
    {"0233", "user CICS TSL keys"},
    {"0240", "user language data"},
    {"0250", "user OPERPARM data"},
    {"0251", "user OPERPARM scope"},
    {"0260", "user WORKATTR data"},
    {"0280", "user NETVIEW data"},
    {"0281", "user NETVIEW operator classes"},
    {"0282", "user NETVIEW domains"},
    {"0290", "user DCE data"},
    {"02A0", "user OVM data"},
    {"02B0", "user LNOTES data"},
    {"02C0", "user NDS data"},
    {"02D0", "user KERB data"},
    {"02E0", "user PROXY data"},
    {"02F0", "user EIM data"},
    {"02G1", "user custom fields"},
    {"0401", "data set categories"},
    {"0403", "data set volumes"},
    {"0405", "data set installation data"},
    {"0406", "data set member data"},
    {"0410", "data set DFP data"},
    {"0421", "data set TME data"},
    {"0431", "data set custom fields"},
    {"0501", "tape volume data"},
    {"0502", "general resource categories"},
    {"0504", "general resource volumes"},
    {"0510", "general resource session data"},
    {"0511", "general resource session entities"},
    {"0520", "general resource DLF data"},
    {"0521", "general resource DLF job names"},
    {"0550", "general resource SYSTEMVIEW data"},
    {"0570", "general resource TME data"},
    {"0571", "general resource TME children"},
    {"0572", "general resource TME resources"},
    {"0573", "general resource TME groups"},
    {"0574", "general resource TME roles"},
    {"0580", "general resource KERB data"},
    {"0590", "general resource PROXY data"},
    {"05A0", "general resource EIM data"},
    {"05B0", "general resource alias data"},
    {"05D0", "general resource ICTX data"},
    {"05E0", "general resource CFDEF data"},
    {"05F0", "general resource SIGVER data"},
    {"05G0", "general resource ICSF data"},
    {"05G1", "general resource ICSF key labels"},
    {"05G2", "general resource ICSF certificates"},
    {"05H0", "general resource MFA factor data"},
    {"05I0", "general resource MFA policy data"},
    {"05I1", "general resource MFA policy factors"},
    {"05J1", "general resource custom fields"},
    {"05L0", "general resource JES data"},
    {"1210", "user MFA factor tags"},
};

static int by_type(const void *key, const void *element)
{
    return sp_str_cmp(*(const struct sp_str *)key,
                      sp_str_of(((const struct sp_unload_record *)element)->type));
}

const struct sp_unload_record *sp_unload_record_find(struct sp_str type)
{
    return bsearch(&type, sp_unload_records, SP_UNLOAD_TYPES, sizeof sp_unload_records[0], by_type);
}

static int by_other_type(const void *key, const void *element)
{
    return sp_str_cmp(*(const struct sp_str *)key, sp_str_of(((const struct other *)element)->type));
}

const char *sp_unload_other_type(struct sp_str type)
{
    const struct other *found =
        bsearch(&type, others, sizeof others / sizeof others[0], sizeof others[0], by_other_type);
    return found ? found->what : NULL;
}
