      * SPDX-License-Identifier: Apache-2.0
      * Counts its calls in its own working storage.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. ECHOSUB.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01  WS-CALLS               PIC 9(4) VALUE 0.
       LINKAGE SECTION.
       01  LS-CALLS               PIC 9(4).
       PROCEDURE DIVISION USING LS-CALLS.
           ADD 1 TO WS-CALLS
           MOVE WS-CALLS TO LS-CALLS
           GOBACK.
