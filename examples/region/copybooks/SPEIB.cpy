      * SPDX-License-Identifier: Apache-2.0
      * What CALL 'SPEIB' USING SP-EIB fills in of the task. Fields
      * whose names begin with EIB mean what they mean in CICS.
       01  SP-EIB.
           05 EIBTIME             PIC S9(7) COMP-3.
           05 EIBDATE             PIC S9(7) COMP-3.
           05 EIBTRNID            PIC X(4).
           05 EIBTASKN            PIC S9(7) COMP-3.
           05 EIBCALEN            PIC S9(4) COMP.
           05 SP-APPLID           PIC X(8).
           05 SP-USERID           PIC X(8).
           05 SP-CHANNEL          PIC X(16).
           05 SP-PROGRAM          PIC X(8).
