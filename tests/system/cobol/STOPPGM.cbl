      * SPDX-License-Identifier: Apache-2.0
      * Ends with STOP RUN, which its definition takes for a return.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. STOPPGM.
       DATA DIVISION.
       LINKAGE SECTION.
       01  DFHCOMMAREA            PIC X(8).
       PROCEDURE DIVISION USING DFHCOMMAREA.
           MOVE 'STOPPED' TO DFHCOMMAREA
           STOP RUN.
