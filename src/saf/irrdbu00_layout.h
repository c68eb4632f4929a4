/* SPDX-License-Identifier: Apache-2.0
 * irrdbu00_layout.h: the records of a database unload, as one table. Private to the room.
 *
 * From IBM "RACF Macros and Interfaces", the format of the database unload records. Columns count characters
 * from 1; a record begins with its type in columns 1 to 4, and one blank is between fields. What a field is
 * used for is said here once: import, export and report follow it.
 */
#ifndef SP_SAF_IRRDBU00_LAYOUT_H
#define SP_SAF_IRRDBU00_LAYOUT_H

#include "base/str.h"

enum sp_unload_kind {
    SP_UNLOAD_TEXT,    /* left-justified, blank when there is nothing */
    SP_UNLOAD_INTEGER, /* filled with zeros */
    SP_UNLOAD_DATE,    /* yyyy-mm-dd */
    SP_UNLOAD_TIME,    /* hh:mm:ss */
    SP_UNLOAD_YESNO,   /* YES or NO */
};

enum sp_unload_use {
    SP_UNLOAD_TAKEN,
    SP_UNLOAD_ELSEWHERE, /* another record or field says the same */
    SP_UNLOAD_NO_PLACE,  /* the security database has no place for it */
};

struct sp_unload_field {
    const char *name;
    uint16_t start, end; /* columns */
    uint8_t kind, use;
};

struct sp_unload_record {
    const char *type, *prefix, *what;
    enum sp_unload_use use;
    const struct sp_unload_field *fields;
    size_t count;
};

enum { SP_UNLOAD_FIELDS_MAX = 64 };

/* R(prefix, type, what, use) */
#define SP_UNLOAD_RECORDS(R)                                                       \
    R(GPBD, "0100", "group basic data", TAKEN)                                     \
    R(GPSGRP, "0101", "group subgroups", ELSEWHERE)                                \
    R(GPMEM, "0102", "group members", TAKEN)                                       \
    R(GPINSTD, "0103", "group installation data", NO_PLACE)                        \
    R(GPOMVS, "0120", "group omvs data", TAKEN)                                    \
    R(USBD, "0200", "user basic data", TAKEN)                                      \
    R(USGCON, "0203", "user group connections", ELSEWHERE)                         \
    R(USINSTD, "0204", "user installation data", NO_PLACE)                         \
    R(USCON, "0205", "user connect data", TAKEN)                                   \
    R(USCERT, "0207", "user certificate name", TAKEN)                              \
    R(USNMAP, "0208", "user associated mappings", ELSEWHERE)                       \
    R(USDMAP, "0209", "user associated distributed mappings", ELSEWHERE)           \
    R(USMFA, "020A", "user mfa factor data", NO_PLACE)                             \
    R(USMPOL, "020B", "user mfa policies", NO_PLACE)                               \
    R(USCICS, "0230", "user cics data", NO_PLACE)                                  \
    R(USOMVS, "0270", "user omvs data", TAKEN)                                     \
    R(DSBD, "0400", "data set basic data", NO_PLACE)                               \
    R(DSCACC, "0402", "data set conditional access", NO_PLACE)                     \
    R(DSACC, "0404", "data set access", NO_PLACE)                                  \
    R(GRBD, "0500", "general resource basic data", TAKEN)                          \
    R(GRMEM, "0503", "general resource members", TAKEN)                            \
    R(GRACC, "0505", "general resource access", TAKEN)                             \
    R(GRINSTD, "0506", "general resource installation data", NO_PLACE)             \
    R(GRCACC, "0507", "general resource conditional access", TAKEN)                \
    R(GRFLTR, "0508", "general resource filter data", TAKEN)                       \
    R(GRDMAP, "0509", "general resource distributed identity mapping data", TAKEN) \
    R(GRSIGN, "0530", "general resource ssignon data", TAKEN)                      \
    R(GRST, "0540", "general resource started task data", TAKEN)                   \
    R(GRCERT, "0560", "general resource certificate data", NO_PLACE)               \
    R(CERTR, "0561", "general resource certificate references", NO_PLACE)          \
    R(KEYR, "0562", "general resource key ring data", TAKEN)                       \
    R(GRCDT, "05C0", "general resource cdtinfo data", NO_PLACE)                    \
    R(GRIDTP, "05K0", "general resource idtparms definition", NO_PLACE)            \
    R(CERTN, "1560", "general resource certificate information", NO_PLACE)

#define SP_FIELDS_GPBD(F)                       \
    F(GPBD, NAME, 6, 13, TEXT, TAKEN)           \
    F(GPBD, SUPGRP_ID, 15, 22, TEXT, TAKEN)     \
    F(GPBD, CREATE_DATE, 24, 33, DATE, TAKEN)   \
    F(GPBD, OWNER_ID, 35, 42, TEXT, TAKEN)      \
    F(GPBD, UACC, 44, 51, TEXT, NO_PLACE)       \
    F(GPBD, NOTERMUACC, 53, 56, YESNO, TAKEN)   \
    F(GPBD, INSTALL_DATA, 58, 312, TEXT, TAKEN) \
    F(GPBD, MODEL, 314, 357, TEXT, NO_PLACE)    \
    F(GPBD, UNIVERSAL, 359, 362, YESNO, TAKEN)

#define SP_FIELDS_GPSGRP(F)                 \
    F(GPSGRP, NAME, 6, 13, TEXT, ELSEWHERE) \
    F(GPSGRP, SUBGRP_ID, 15, 22, TEXT, ELSEWHERE)

#define SP_FIELDS_GPMEM(F)                   \
    F(GPMEM, NAME, 6, 13, TEXT, TAKEN)       \
    F(GPMEM, MEMBER_ID, 15, 22, TEXT, TAKEN) \
    F(GPMEM, AUTH, 24, 31, TEXT, TAKEN)

#define SP_FIELDS_GPINSTD(F)                      \
    F(GPINSTD, NAME, 6, 13, TEXT, NO_PLACE)       \
    F(GPINSTD, USR_NAME, 15, 22, TEXT, NO_PLACE)  \
    F(GPINSTD, USR_DATA, 24, 278, TEXT, NO_PLACE) \
    F(GPINSTD, USR_FLAG, 280, 287, TEXT, NO_PLACE)

#define SP_FIELDS_GPOMVS(F)             \
    F(GPOMVS, NAME, 6, 13, TEXT, TAKEN) \
    F(GPOMVS, GID, 15, 24, INTEGER, TAKEN)

#define SP_FIELDS_USBD(F)                                \
    F(USBD, NAME, 6, 13, TEXT, TAKEN)                    \
    F(USBD, CREATE_DATE, 15, 24, DATE, TAKEN)            \
    F(USBD, OWNER_ID, 26, 33, TEXT, TAKEN)               \
    F(USBD, ADSP, 35, 38, YESNO, TAKEN)                  \
    F(USBD, SPECIAL, 40, 43, YESNO, TAKEN)               \
    F(USBD, OPER, 45, 48, YESNO, TAKEN)                  \
    F(USBD, REVOKE, 50, 53, YESNO, TAKEN)                \
    F(USBD, GRPACC, 55, 58, YESNO, TAKEN)                \
    F(USBD, PWD_INTERVAL, 60, 62, INTEGER, TAKEN)        \
    F(USBD, PWD_DATE, 64, 73, DATE, TAKEN)               \
    F(USBD, PROGRAMMER, 75, 94, TEXT, TAKEN)             \
    F(USBD, DEFGRP_ID, 96, 103, TEXT, TAKEN)             \
    F(USBD, LASTJOB_TIME, 105, 112, TIME, TAKEN)         \
    F(USBD, LASTJOB_DATE, 114, 123, DATE, TAKEN)         \
    F(USBD, INSTALL_DATA, 125, 379, TEXT, TAKEN)         \
    F(USBD, UAUDIT, 381, 384, YESNO, TAKEN)              \
    F(USBD, AUDITOR, 386, 389, YESNO, TAKEN)             \
    F(USBD, NOPWD, 391, 394, TEXT, TAKEN)                \
    F(USBD, OIDCARD, 396, 399, YESNO, TAKEN)             \
    F(USBD, PWD_GEN, 401, 403, INTEGER, NO_PLACE)        \
    F(USBD, REVOKE_CNT, 405, 407, INTEGER, TAKEN)        \
    F(USBD, MODEL, 409, 452, TEXT, NO_PLACE)             \
    F(USBD, SECLEVEL, 454, 456, INTEGER, NO_PLACE)       \
    F(USBD, REVOKE_DATE, 458, 467, DATE, TAKEN)          \
    F(USBD, RESUME_DATE, 469, 478, DATE, TAKEN)          \
    F(USBD, ACCESS_SUN, 480, 483, YESNO, TAKEN)          \
    F(USBD, ACCESS_MON, 485, 488, YESNO, TAKEN)          \
    F(USBD, ACCESS_TUE, 490, 493, YESNO, TAKEN)          \
    F(USBD, ACCESS_WED, 495, 498, YESNO, TAKEN)          \
    F(USBD, ACCESS_THU, 500, 503, YESNO, TAKEN)          \
    F(USBD, ACCESS_FRI, 505, 508, YESNO, TAKEN)          \
    F(USBD, ACCESS_SAT, 510, 513, YESNO, TAKEN)          \
    F(USBD, START_TIME, 515, 522, TIME, TAKEN)           \
    F(USBD, END_TIME, 524, 531, TIME, TAKEN)             \
    F(USBD, SECLABEL, 533, 540, TEXT, NO_PLACE)          \
    F(USBD, ATTRIBS, 542, 549, TEXT, TAKEN)              \
    F(USBD, PWDENV_EXISTS, 551, 554, YESNO, NO_PLACE)    \
    F(USBD, PWD_ASIS, 556, 559, YESNO, NO_PLACE)         \
    F(USBD, PHR_DATE, 561, 570, DATE, TAKEN)             \
    F(USBD, PHR_GEN, 572, 574, INTEGER, NO_PLACE)        \
    F(USBD, CERT_SEQN, 576, 585, INTEGER, NO_PLACE)      \
    F(USBD, PPHENV_EXISTS, 587, 590, YESNO, NO_PLACE)    \
    F(USBD, PWD_ALG, 592, 603, TEXT, TAKEN)              \
    F(USBD, LEG_PWDHIST_CT, 605, 607, INTEGER, NO_PLACE) \
    F(USBD, XPW_PWDHIST_CT, 609, 611, INTEGER, NO_PLACE) \
    F(USBD, PHR_ALG, 613, 624, TEXT, TAKEN)              \
    F(USBD, LEG_PHRHIST_CT, 626, 628, INTEGER, NO_PLACE) \
    F(USBD, XPW_PHRHIST_CT, 630, 632, INTEGER, NO_PLACE) \
    F(USBD, ROAUDIT, 634, 637, YESNO, TAKEN)             \
    F(USBD, MFA_FALLBACK, 639, 641, YESNO, NO_PLACE)     \
    F(USBD, PHR_INTERVAL, 644, 648, INTEGER, TAKEN)

#define SP_FIELDS_USGCON(F)                 \
    F(USGCON, NAME, 6, 13, TEXT, ELSEWHERE) \
    F(USGCON, GRP_ID, 15, 22, TEXT, ELSEWHERE)

#define SP_FIELDS_USINSTD(F)                      \
    F(USINSTD, NAME, 6, 13, TEXT, NO_PLACE)       \
    F(USINSTD, USR_NAME, 15, 22, TEXT, NO_PLACE)  \
    F(USINSTD, USR_DATA, 24, 278, TEXT, NO_PLACE) \
    F(USINSTD, USR_FLAG, 280, 287, TEXT, NO_PLACE)

#define SP_FIELDS_USCON(F)                          \
    F(USCON, NAME, 6, 13, TEXT, TAKEN)              \
    F(USCON, GRP_ID, 15, 22, TEXT, TAKEN)           \
    F(USCON, CONNECT_DATE, 24, 33, DATE, TAKEN)     \
    F(USCON, OWNER_ID, 35, 42, TEXT, TAKEN)         \
    F(USCON, LASTCON_TIME, 44, 51, TIME, NO_PLACE)  \
    F(USCON, LASTCON_DATE, 53, 62, DATE, NO_PLACE)  \
    F(USCON, UACC, 64, 71, TEXT, TAKEN)             \
    F(USCON, INIT_CNT, 73, 77, INTEGER, NO_PLACE)   \
    F(USCON, GRP_ADSP, 79, 82, YESNO, TAKEN)        \
    F(USCON, GRP_SPECIAL, 84, 87, YESNO, TAKEN)     \
    F(USCON, GRP_OPER, 89, 92, YESNO, TAKEN)        \
    F(USCON, REVOKE, 94, 97, YESNO, TAKEN)          \
    F(USCON, GRP_ACC, 99, 102, YESNO, TAKEN)        \
    F(USCON, NOTERMUACC, 104, 107, YESNO, NO_PLACE) \
    F(USCON, GRP_AUDIT, 109, 112, YESNO, TAKEN)     \
    F(USCON, REVOKE_DATE, 114, 123, DATE, TAKEN)    \
    F(USCON, RESUME_DATE, 125, 134, DATE, TAKEN)

#define SP_FIELDS_USCERT(F)                    \
    F(USCERT, NAME, 6, 13, TEXT, TAKEN)        \
    F(USCERT, CERT_NAME, 15, 260, TEXT, TAKEN) \
    F(USCERT, CERTLABL, 262, 293, TEXT, TAKEN)

#define SP_FIELDS_USNMAP(F)                   \
    F(USNMAP, NAME, 6, 13, TEXT, ELSEWHERE)   \
    F(USNMAP, LABEL, 15, 46, TEXT, ELSEWHERE) \
    F(USNMAP, MAP_NAME, 48, 293, TEXT, ELSEWHERE)

#define SP_FIELDS_USDMAP(F)                   \
    F(USDMAP, NAME, 6, 13, TEXT, ELSEWHERE)   \
    F(USDMAP, LABEL, 15, 46, TEXT, ELSEWHERE) \
    F(USDMAP, MAP_NAME, 48, 293, TEXT, ELSEWHERE)

#define SP_FIELDS_USMFA(F)                        \
    F(USMFA, NAME, 6, 13, TEXT, NO_PLACE)         \
    F(USMFA, FACTOR_NAME, 15, 34, TEXT, NO_PLACE) \
    F(USMFA, FACTOR_ACTIVE, 36, 54, DATE, NO_PLACE)

#define SP_FIELDS_USMPOL(F)                \
    F(USMPOL, NAME, 6, 13, TEXT, NO_PLACE) \
    F(USMPOL, POLICY_NAME, 15, 34, TEXT, NO_PLACE)

#define SP_FIELDS_USCICS(F)                      \
    F(USCICS, NAME, 6, 13, TEXT, NO_PLACE)       \
    F(USCICS, OPIDENT, 15, 17, TEXT, NO_PLACE)   \
    F(USCICS, OPPRTY, 19, 23, INTEGER, NO_PLACE) \
    F(USCICS, NOFORCE, 25, 28, YESNO, NO_PLACE)  \
    F(USCICS, TIMEOUT, 30, 34, TEXT, NO_PLACE)

#define SP_FIELDS_USOMVS(F)                               \
    F(USOMVS, NAME, 6, 13, TEXT, TAKEN)                   \
    F(USOMVS, UID, 15, 24, INTEGER, TAKEN)                \
    F(USOMVS, HOME_PATH, 26, 1048, TEXT, TAKEN)           \
    F(USOMVS, PROGRAM, 1050, 2072, TEXT, TAKEN)           \
    F(USOMVS, CPUTIMEMAX, 2074, 2083, INTEGER, NO_PLACE)  \
    F(USOMVS, ASSIZEMAX, 2085, 2094, INTEGER, NO_PLACE)   \
    F(USOMVS, FILEPROCMAX, 2096, 2105, INTEGER, NO_PLACE) \
    F(USOMVS, PROCUSERMAX, 2107, 2116, INTEGER, NO_PLACE) \
    F(USOMVS, THREADSMAX, 2118, 2127, INTEGER, NO_PLACE)  \
    F(USOMVS, MMAPAREAMAX, 2129, 2138, INTEGER, NO_PLACE) \
    F(USOMVS, MEMLIMIT, 2140, 2148, TEXT, NO_PLACE)       \
    F(USOMVS, SHMEMAX, 2150, 2158, TEXT, NO_PLACE)

#define SP_FIELDS_DSBD(F)                             \
    F(DSBD, NAME, 6, 49, TEXT, NO_PLACE)              \
    F(DSBD, VOL, 51, 56, TEXT, NO_PLACE)              \
    F(DSBD, GENERIC, 58, 61, YESNO, NO_PLACE)         \
    F(DSBD, CREATE_DATE, 63, 72, DATE, NO_PLACE)      \
    F(DSBD, OWNER_ID, 74, 81, TEXT, NO_PLACE)         \
    F(DSBD, LASTREF_DATE, 83, 92, DATE, NO_PLACE)     \
    F(DSBD, LASTCHG_DATE, 94, 103, DATE, NO_PLACE)    \
    F(DSBD, ALTER_CNT, 105, 109, INTEGER, NO_PLACE)   \
    F(DSBD, CONTROL_CNT, 111, 115, INTEGER, NO_PLACE) \
    F(DSBD, UPDATE_CNT, 117, 121, INTEGER, NO_PLACE)  \
    F(DSBD, READ_CNT, 123, 127, INTEGER, NO_PLACE)    \
    F(DSBD, UACC, 129, 136, TEXT, NO_PLACE)           \
    F(DSBD, GRPDS, 138, 141, YESNO, NO_PLACE)         \
    F(DSBD, AUDIT_LEVEL, 143, 150, TEXT, NO_PLACE)    \
    F(DSBD, GRP_ID, 152, 159, TEXT, NO_PLACE)         \
    F(DSBD, DS_TYPE, 161, 168, TEXT, NO_PLACE)        \
    F(DSBD, LEVEL, 170, 172, INTEGER, NO_PLACE)       \
    F(DSBD, DEVICE_NAME, 174, 181, TEXT, NO_PLACE)    \
    F(DSBD, GAUDIT_LEVEL, 183, 190, TEXT, NO_PLACE)   \
    F(DSBD, INSTALL_DATA, 192, 446, TEXT, NO_PLACE)   \
    F(DSBD, AUDIT_OKQUAL, 448, 455, TEXT, NO_PLACE)   \
    F(DSBD, AUDIT_FAQUAL, 457, 464, TEXT, NO_PLACE)   \
    F(DSBD, GAUDIT_OKQUAL, 466, 473, TEXT, NO_PLACE)  \
    F(DSBD, GAUDIT_FAQUAL, 475, 482, TEXT, NO_PLACE)  \
    F(DSBD, WARNING, 484, 487, YESNO, NO_PLACE)       \
    F(DSBD, SECLEVEL, 489, 491, INTEGER, NO_PLACE)    \
    F(DSBD, NOTIFY_ID, 493, 500, TEXT, NO_PLACE)      \
    F(DSBD, RETENTION, 502, 506, INTEGER, NO_PLACE)   \
    F(DSBD, ERASE, 508, 511, YESNO, NO_PLACE)         \
    F(DSBD, SECLABEL, 513, 520, TEXT, NO_PLACE)       \
    F(DSBD, RESERVED_01, 522, 526, TEXT, NO_PLACE)    \
    F(DSBD, RESERVED_02, 528, 532, TEXT, NO_PLACE)

#define SP_FIELDS_DSCACC(F)                          \
    F(DSCACC, NAME, 6, 49, TEXT, NO_PLACE)           \
    F(DSCACC, VOL, 51, 56, TEXT, NO_PLACE)           \
    F(DSCACC, CATYPE, 58, 65, TEXT, NO_PLACE)        \
    F(DSCACC, CANAME, 67, 74, TEXT, NO_PLACE)        \
    F(DSCACC, AUTH_ID, 76, 83, TEXT, NO_PLACE)       \
    F(DSCACC, ACCESS, 85, 92, TEXT, NO_PLACE)        \
    F(DSCACC, ACCESS_CNT, 94, 98, INTEGER, NO_PLACE) \
    F(DSCACC, NET_ID, 100, 107, TEXT, NO_PLACE)      \
    F(DSCACC, CACRITERIA, 109, 352, TEXT, NO_PLACE)

#define SP_FIELDS_DSACC(F)                    \
    F(DSACC, NAME, 6, 49, TEXT, NO_PLACE)     \
    F(DSACC, VOL, 51, 56, TEXT, NO_PLACE)     \
    F(DSACC, AUTH_ID, 58, 65, TEXT, NO_PLACE) \
    F(DSACC, ACCESS, 67, 74, TEXT, NO_PLACE)  \
    F(DSACC, ACCESS_CNT, 76, 80, INTEGER, NO_PLACE)

#define SP_FIELDS_GRBD(F)                             \
    F(GRBD, NAME, 6, 251, TEXT, TAKEN)                \
    F(GRBD, CLASS_NAME, 253, 260, TEXT, TAKEN)        \
    F(GRBD, GENERIC, 262, 265, YESNO, TAKEN)          \
    F(GRBD, CLASS, 267, 269, INTEGER, ELSEWHERE)      \
    F(GRBD, CREATE_DATE, 271, 280, DATE, TAKEN)       \
    F(GRBD, OWNER_ID, 282, 289, TEXT, TAKEN)          \
    F(GRBD, LASTREF_DATE, 291, 300, DATE, NO_PLACE)   \
    F(GRBD, LASTCHG_DATE, 302, 311, DATE, TAKEN)      \
    F(GRBD, ALTER_CNT, 313, 317, INTEGER, NO_PLACE)   \
    F(GRBD, CONTROL_CNT, 319, 323, INTEGER, NO_PLACE) \
    F(GRBD, UPDATE_CNT, 325, 329, INTEGER, NO_PLACE)  \
    F(GRBD, READ_CNT, 331, 335, INTEGER, NO_PLACE)    \
    F(GRBD, UACC, 337, 344, TEXT, TAKEN)              \
    F(GRBD, AUDIT_LEVEL, 346, 353, TEXT, TAKEN)       \
    F(GRBD, LEVEL, 355, 357, INTEGER, TAKEN)          \
    F(GRBD, GAUDIT_LEVEL, 359, 366, TEXT, TAKEN)      \
    F(GRBD, INSTALL_DATA, 368, 622, TEXT, TAKEN)      \
    F(GRBD, AUDIT_OKQUAL, 624, 631, TEXT, TAKEN)      \
    F(GRBD, AUDIT_FAQUAL, 633, 640, TEXT, TAKEN)      \
    F(GRBD, GAUDIT_OKQUAL, 642, 649, TEXT, TAKEN)     \
    F(GRBD, GAUDIT_FAQUAL, 651, 658, TEXT, TAKEN)     \
    F(GRBD, WARNING, 660, 663, YESNO, TAKEN)          \
    F(GRBD, SINGLEDS, 665, 668, YESNO, NO_PLACE)      \
    F(GRBD, AUTO, 670, 673, YESNO, NO_PLACE)          \
    F(GRBD, TVTOC, 675, 678, YESNO, NO_PLACE)         \
    F(GRBD, NOTIFY_ID, 680, 687, TEXT, TAKEN)         \
    F(GRBD, ACCESS_SUN, 689, 692, YESNO, NO_PLACE)    \
    F(GRBD, ACCESS_MON, 694, 697, YESNO, NO_PLACE)    \
    F(GRBD, ACCESS_TUE, 699, 702, YESNO, NO_PLACE)    \
    F(GRBD, ACCESS_WED, 704, 707, YESNO, NO_PLACE)    \
    F(GRBD, ACCESS_THU, 709, 712, YESNO, NO_PLACE)    \
    F(GRBD, ACCESS_FRI, 714, 717, YESNO, NO_PLACE)    \
    F(GRBD, ACCESS_SAT, 719, 722, YESNO, NO_PLACE)    \
    F(GRBD, START_TIME, 724, 731, TIME, NO_PLACE)     \
    F(GRBD, END_TIME, 733, 740, TIME, NO_PLACE)       \
    F(GRBD, ZONE_OFFSET, 742, 746, TEXT, NO_PLACE)    \
    F(GRBD, ZONE_DIRECT, 748, 748, TEXT, NO_PLACE)    \
    F(GRBD, SECLEVEL, 750, 752, INTEGER, NO_PLACE)    \
    F(GRBD, APPL_DATA, 754, 1008, TEXT, TAKEN)        \
    F(GRBD, SECLABEL, 1010, 1017, TEXT, NO_PLACE)

#define SP_FIELDS_GRMEM(F)                           \
    F(GRMEM, NAME, 6, 251, TEXT, TAKEN)              \
    F(GRMEM, CLASS_NAME, 253, 260, TEXT, TAKEN)      \
    F(GRMEM, MEMBER, 262, 516, TEXT, TAKEN)          \
    F(GRMEM, GLOBAL_ACC, 518, 525, TEXT, TAKEN)      \
    F(GRMEM, PADS_DATA, 527, 534, TEXT, NO_PLACE)    \
    F(GRMEM, VOL_NAME, 536, 541, TEXT, NO_PLACE)     \
    F(GRMEM, VMEVENT_DATA, 543, 547, TEXT, NO_PLACE) \
    F(GRMEM, SECLEVEL, 549, 553, INTEGER, NO_PLACE)  \
    F(GRMEM, CATEGORY, 555, 559, INTEGER, NO_PLACE)

#define SP_FIELDS_GRACC(F)                      \
    F(GRACC, NAME, 6, 251, TEXT, TAKEN)         \
    F(GRACC, CLASS_NAME, 253, 260, TEXT, TAKEN) \
    F(GRACC, AUTH_ID, 262, 269, TEXT, TAKEN)    \
    F(GRACC, ACCESS, 271, 278, TEXT, TAKEN)     \
    F(GRACC, ACCESS_CNT, 280, 284, INTEGER, NO_PLACE)

#define SP_FIELDS_GRINSTD(F)                         \
    F(GRINSTD, NAME, 6, 251, TEXT, NO_PLACE)         \
    F(GRINSTD, CLASS_NAME, 253, 260, TEXT, NO_PLACE) \
    F(GRINSTD, USR_NAME, 262, 269, TEXT, NO_PLACE)   \
    F(GRINSTD, USR_DATA, 271, 525, TEXT, NO_PLACE)   \
    F(GRINSTD, USR_FLAG, 527, 534, TEXT, NO_PLACE)

#define SP_FIELDS_GRCACC(F)                            \
    F(GRCACC, NAME, 6, 251, TEXT, TAKEN)               \
    F(GRCACC, CLASS_NAME, 253, 260, TEXT, TAKEN)       \
    F(GRCACC, CATYPE, 262, 269, TEXT, TAKEN)           \
    F(GRCACC, CANAME, 271, 278, TEXT, TAKEN)           \
    F(GRCACC, AUTH_ID, 280, 287, TEXT, TAKEN)          \
    F(GRCACC, ACCESS, 289, 296, TEXT, TAKEN)           \
    F(GRCACC, ACCESS_CNT, 298, 302, INTEGER, NO_PLACE) \
    F(GRCACC, NET_ID, 304, 311, TEXT, NO_PLACE)        \
    F(GRCACC, CACRITERIA, 313, 556, TEXT, TAKEN)

#define SP_FIELDS_GRFLTR(F)                      \
    F(GRFLTR, NAME, 6, 251, TEXT, TAKEN)         \
    F(GRFLTR, CLASS_NAME, 253, 260, TEXT, TAKEN) \
    F(GRFLTR, LABEL, 262, 293, TEXT, TAKEN)      \
    F(GRFLTR, STATUS, 295, 302, TEXT, TAKEN)     \
    F(GRFLTR, USER, 304, 549, TEXT, TAKEN)       \
    F(GRFLTR, CREATE_NAME, 551, 1061, TEXT, TAKEN)

#define SP_FIELDS_GRDMAP(F)                      \
    F(GRDMAP, NAME, 6, 251, TEXT, TAKEN)         \
    F(GRDMAP, CLASS_NAME, 253, 260, TEXT, TAKEN) \
    F(GRDMAP, LABEL, 262, 293, TEXT, TAKEN)      \
    F(GRDMAP, USER, 295, 302, TEXT, TAKEN)       \
    F(GRDMAP, DIDREG, 304, 558, TEXT, TAKEN)

#define SP_FIELDS_GRSIGN(F)                      \
    F(GRSIGN, NAME, 6, 251, TEXT, TAKEN)         \
    F(GRSIGN, CLASS_NAME, 253, 260, TEXT, TAKEN) \
    F(GRSIGN, PROTECTION, 262, 325, TEXT, TAKEN) \
    F(GRSIGN, KEY_LABEL, 327, 390, TEXT, TAKEN)  \
    F(GRSIGN, TYPE, 392, 403, TEXT, TAKEN)       \
    F(GRSIGN, TIMEOUT, 405, 414, INTEGER, TAKEN) \
    F(GRSIGN, REPLAY, 416, 419, YESNO, TAKEN)

#define SP_FIELDS_GRST(F)                       \
    F(GRST, NAME, 6, 251, TEXT, TAKEN)          \
    F(GRST, CLASS_NAME, 253, 260, TEXT, TAKEN)  \
    F(GRST, USER_ID, 262, 269, TEXT, TAKEN)     \
    F(GRST, GROUP_ID, 271, 278, TEXT, TAKEN)    \
    F(GRST, TRUSTED, 280, 283, YESNO, TAKEN)    \
    F(GRST, PRIVILEGED, 285, 288, YESNO, TAKEN) \
    F(GRST, TRACE, 290, 293, YESNO, TAKEN)

#define SP_FIELDS_GRCERT(F)                           \
    F(GRCERT, NAME, 6, 251, TEXT, NO_PLACE)           \
    F(GRCERT, CLASS_NAME, 253, 260, TEXT, NO_PLACE)   \
    F(GRCERT, START_DATE, 262, 271, DATE, NO_PLACE)   \
    F(GRCERT, START_TIME, 273, 280, TIME, NO_PLACE)   \
    F(GRCERT, END_DATE, 282, 291, DATE, NO_PLACE)     \
    F(GRCERT, END_TIME, 293, 300, TIME, NO_PLACE)     \
    F(GRCERT, KEY_TYPE, 302, 309, TEXT, NO_PLACE)     \
    F(GRCERT, KEY_SIZE, 311, 320, INTEGER, NO_PLACE)  \
    F(GRCERT, LAST_SERIAL, 322, 337, TEXT, NO_PLACE)  \
    F(GRCERT, RING_SEQN, 339, 348, INTEGER, NO_PLACE) \
    F(GRCERT, GEN_REQ, 350, 353, YESNO, NO_PLACE)

#define SP_FIELDS_CERTR(F)                         \
    F(CERTR, NAME, 6, 251, TEXT, NO_PLACE)         \
    F(CERTR, CLASS_NAME, 253, 260, TEXT, NO_PLACE) \
    F(CERTR, RING_NAME, 262, 507, TEXT, NO_PLACE)

#define SP_FIELDS_KEYR(F)                         \
    F(KEYR, NAME, 6, 251, TEXT, TAKEN)            \
    F(KEYR, CLASS_NAME, 253, 260, TEXT, TAKEN)    \
    F(KEYR, CERT_NAME, 262, 507, TEXT, TAKEN)     \
    F(KEYR, CERT_USAGE, 509, 516, TEXT, TAKEN)    \
    F(KEYR, CERT_DEFAULT, 518, 521, YESNO, TAKEN) \
    F(KEYR, CERT_LABEL, 523, 554, TEXT, TAKEN)

#define SP_FIELDS_GRCDT(F)                              \
    F(GRCDT, NAME, 6, 251, TEXT, NO_PLACE)              \
    F(GRCDT, CLASS_NAME, 253, 260, TEXT, NO_PLACE)      \
    F(GRCDT, POSIT, 262, 271, INTEGER, NO_PLACE)        \
    F(GRCDT, MAXLENGTH, 273, 275, INTEGER, NO_PLACE)    \
    F(GRCDT, MAXLENX, 277, 286, INTEGER, NO_PLACE)      \
    F(GRCDT, DEFAULTRC, 288, 290, INTEGER, NO_PLACE)    \
    F(GRCDT, KEYQUALIFIER, 292, 301, INTEGER, NO_PLACE) \
    F(GRCDT, GROUP, 303, 310, TEXT, NO_PLACE)           \
    F(GRCDT, MEMBER, 312, 319, TEXT, NO_PLACE)          \
    F(GRCDT, FIRST_ALPHA, 321, 324, TEXT, NO_PLACE)     \
    F(GRCDT, FIRST_NATL, 326, 329, TEXT, NO_PLACE)      \
    F(GRCDT, FIRST_NUM, 331, 334, TEXT, NO_PLACE)       \
    F(GRCDT, FIRST_SPEC, 336, 339, TEXT, NO_PLACE)      \
    F(GRCDT, OTHER_ALPHA, 341, 344, TEXT, NO_PLACE)     \
    F(GRCDT, OTHER_NATL, 346, 349, TEXT, NO_PLACE)      \
    F(GRCDT, OTHER_NUM, 351, 354, TEXT, NO_PLACE)       \
    F(GRCDT, OTHER_SPEC, 356, 359, TEXT, NO_PLACE)      \
    F(GRCDT, OPER, 361, 364, TEXT, NO_PLACE)            \
    F(GRCDT, DEFAULTUACC, 366, 373, TEXT, NO_PLACE)     \
    F(GRCDT, RACLIST, 375, 384, TEXT, NO_PLACE)         \
    F(GRCDT, GENLIST, 386, 395, TEXT, NO_PLACE)         \
    F(GRCDT, PROF_ALLOW, 397, 400, TEXT, NO_PLACE)      \
    F(GRCDT, SECL_REQ, 402, 405, TEXT, NO_PLACE)        \
    F(GRCDT, MACPROCESS, 407, 414, TEXT, NO_PLACE)      \
    F(GRCDT, SIGNAL, 416, 419, TEXT, NO_PLACE)          \
    F(GRCDT, CASE, 421, 428, TEXT, NO_PLACE)            \
    F(GRCDT, GENERIC, 430, 439, TEXT, NO_PLACE)

#define SP_FIELDS_GRIDTP(F)                             \
    F(GRIDTP, NAME, 6, 251, TEXT, NO_PLACE)             \
    F(GRIDTP, CLASS_NAME, 253, 260, TEXT, NO_PLACE)     \
    F(GRIDTP, SIG_TOKEN_NAME, 262, 293, TEXT, NO_PLACE) \
    F(GRIDTP, SIG_SEQ_NUM, 295, 302, TEXT, NO_PLACE)    \
    F(GRIDTP, SIG_CAT, 304, 307, TEXT, NO_PLACE)        \
    F(GRIDTP, SIG_ALG, 309, 340, TEXT, NO_PLACE)        \
    F(GRIDTP, TIMEOUT, 342, 351, INTEGER, NO_PLACE)     \
    F(GRIDTP, ANYAPPL, 353, 355, TEXT, NO_PLACE)        \
    F(GRIDTP, PROTALLOWED, 358, 361, TEXT, NO_PLACE)

#define SP_FIELDS_CERTN(F)                           \
    F(CERTN, NAME, 6, 251, TEXT, NO_PLACE)           \
    F(CERTN, CLASS_NAME, 253, 260, TEXT, NO_PLACE)   \
    F(CERTN, ISSUER_DN, 262, 1285, TEXT, NO_PLACE)   \
    F(CERTN, SUBJECT_DN, 1287, 2310, TEXT, NO_PLACE) \
    F(CERTN, SIG_ALG, 2312, 2327, TEXT, NO_PLACE)    \
    F(CERTN, CERT_FGRPRNT, 2329, 2392, TEXT, NO_PLACE)

/* SP_RECORD_GPBD, ...: indexes into sp_unload_records. */
#define SP_UNLOAD_RECORD_INDEX(prefix, type, what, use) SP_RECORD_##prefix,
enum sp_unload_type { SP_UNLOAD_RECORDS(SP_UNLOAD_RECORD_INDEX) SP_UNLOAD_TYPES };

/* SP_GPBD_NAME, ...: indexes into the fields of a record. */
#define SP_UNLOAD_FIELD_INDEX(prefix, name, start, end, kind, use) SP_##prefix##_##name,
#define SP_UNLOAD_FIELD_INDEXES(prefix, type, what, use) \
    enum { SP_FIELDS_##prefix(SP_UNLOAD_FIELD_INDEX) SP_FIELDS_OF_##prefix };
SP_UNLOAD_RECORDS(SP_UNLOAD_FIELD_INDEXES)

/* In order of type. */
extern const struct sp_unload_record sp_unload_records[SP_UNLOAD_TYPES];

/* By type, or NULL. */
const struct sp_unload_record *sp_unload_record_find(struct sp_str type);
/* What a type without a layout here holds, or NULL when the type is unknown. */
const char *sp_unload_other_type(struct sp_str type);

#endif
