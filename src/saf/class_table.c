/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/class_table.h"

#include <stdlib.h>

#define PLAIN(name, length)                              \
    {                                                    \
        name, NULL, NULL, 4, length, false, false, false \
    }
#define MIXED(name, length)                             \
    {                                                   \
        name, NULL, NULL, 4, length, true, false, false \
    }
#define INTERNAL(name, length)                         \
    {                                                  \
        name, NULL, NULL, 4, length, true, false, true \
    }
#define MEMBERS(name, group, length)                      \
    {                                                     \
        name, NULL, group, 4, length, false, false, false \
    }
#define GROUPING(name, member, length)                     \
    {                                                      \
        name, member, NULL, 4, length, false, false, false \
    }

static const struct sp_saf_class_info classes[] = {
    MEMBERS("ACICSPCT", "BCICSPCT", 13),
    PLAIN("APPL", 8),
    GROUPING("BCICSPCT", "ACICSPCT", 13),
    PLAIN("CBIND", 41),
    MEMBERS("CCICSCMD", "VCICSCMD", 21),
    PLAIN("CDT", 8),
    MEMBERS("CIMS", "DIMS", 8),
    MEMBERS("DCICSDCT", "ECICSDCT", 13),
    INTERNAL("DIGTCERT", 246),
    MIXED("DIGTCRIT", 246),
    INTERNAL("DIGTNMAP", 246),
    INTERNAL("DIGTRING", 246),
    GROUPING("DIMS", "CIMS", 8),
    PLAIN("DSNR", 39),
    GROUPING("ECICSDCT", "DCICSDCT", 13),
    {"EJBROLE", NULL, "GEJBROLE", 4, 246, true, false, false},
    PLAIN("FACILITY", 39),
    MEMBERS("FCICSFCT", "HCICSFCT", 17),
    GROUPING("GCICSTRN", "TCICSTRN", 13),
    {"GEJBROLE", "EJBROLE", NULL, 4, 246, true, false, false},
    GROUPING("GIMS", "TIMS", 9),
    PLAIN("GLOBAL", 8),
    GROUPING("GMQADMIN", "MQADMIN", 62),
    GROUPING("GMQQUEUE", "MQQUEUE", 53),
    {"GMXADMIN", "MXADMIN", NULL, 4, 62, true, false, false},
    {"GMXQUEUE", "MXQUEUE", NULL, 4, 53, true, false, false},
    GROUPING("GTERMINL", "TERMINAL", 8),
    GROUPING("GXFACILI", "XFACILIT", 246),
    GROUPING("HCICSFCT", "FCICSFCT", 17),
    INTERNAL("IDIDMAP", 246),
    MIXED("IDTDATA", 246),
    MEMBERS("IIMS", "JIMS", 8),
    MEMBERS("JCICSJCT", "KCICSJCT", 17),
    GROUPING("JIMS", "IIMS", 8),
    GROUPING("KCICSJCT", "JCICSJCT", 17),
    PLAIN("LOGSTRM", 39),
    MEMBERS("MCICSPPT", "NCICSPPT", 17),
    MEMBERS("MQADMIN", "GMQADMIN", 62),
    PLAIN("MQCMDS", 62),
    PLAIN("MQCONN", 62),
    PLAIN("MQNLIST", 53),
    PLAIN("MQPROC", 53),
    MEMBERS("MQQUEUE", "GMQQUEUE", 53),
    {"MXADMIN", NULL, "GMXADMIN", 4, 62, true, false, false},
    {"MXQUEUE", NULL, "GMXQUEUE", 4, 53, true, false, false},
    MIXED("MXTOPIC", 246),
    GROUPING("NCICSPPT", "MCICSPPT", 17),
    {"OPERCMDS", NULL, NULL, 4, 39, false, true, false},
    PLAIN("PTKTDATA", 39),
    PLAIN("RACFVARS", 8),
    MIXED("RDATALIB", 246),
    PLAIN("REALM", 246),
    MEMBERS("SCICSTST", "UCICSTST", 25),
    PLAIN("SERVAUTH", 64),
    PLAIN("SERVER", 41),
    {"STARTED", NULL, NULL, 4, 17, false, false, false},
    PLAIN("SURROGAT", 17),
    MEMBERS("TCICSTRN", "GCICSTRN", 13),
    MEMBERS("TERMINAL", "GTERMINL", 8),
    MEMBERS("TIMS", "GIMS", 9),
    GROUPING("UCICSTST", "SCICSTST", 25),
    PLAIN("UNIXPRIV", 246),
    GROUPING("VCICSCMD", "CCICSCMD", 21),
    MEMBERS("XFACILIT", "GXFACILI", 246),
    MIXED("ZMFAPLA", 246),
};
enum { COUNT = sizeof classes / sizeof classes[0] };

static int by_name(const void *key, const void *element)
{
    return sp_str_cmp(*(const struct sp_str *)key,
                      sp_str_of(((const struct sp_saf_class_info *)element)->name));
}

const struct sp_saf_class_info *sp_saf_class_find(struct sp_str name)
{
    return bsearch(&name, classes, COUNT, sizeof classes[0], by_name);
}

const struct sp_saf_class_info *sp_saf_class_all(size_t *ret_count)
{
    *ret_count = COUNT;
    return classes;
}
