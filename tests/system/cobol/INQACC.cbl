      * SPDX-License-Identifier: Apache-2.0
      * An account enquiry with the COMMAREA of 103 bytes that the
      * account services of the bank samples expect. It knows one
      * account, 12345678.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. INQACC.
       DATA DIVISION.
       LINKAGE SECTION.
       01  DFHCOMMAREA.
           05 AC-EYE              PIC X(4).
           05 AC-CUSTOMER         PIC 9(10).
           05 AC-SORT-CODE        PIC 9(6).
           05 AC-NUMBER           PIC 9(8).
           05 AC-KIND             PIC X(8).
           05 AC-RATE             PIC 9(4)V99.
           05 AC-OPENED           PIC 9(8).
           05 AC-OPENED-PARTS     REDEFINES AC-OPENED.
              10 AC-OPENED-DD     PIC 99.
              10 AC-OPENED-MM     PIC 99.
              10 AC-OPENED-YYYY   PIC 9999.
           05 AC-OVERDRAFT        PIC 9(8).
           05 AC-LAST-STATEMENT   PIC 9(8).
           05 AC-NEXT-STATEMENT   PIC 9(8).
           05 AC-AVAILABLE        PIC S9(10)V99.
           05 AC-ACTUAL           PIC S9(10)V99.
           05 AC-FOUND            PIC X.
           05 AC-PCB              PIC X(4).
       PROCEDURE DIVISION USING DFHCOMMAREA.
           MOVE SPACES TO AC-PCB
           IF AC-NUMBER NOT = 12345678
              MOVE 'N' TO AC-FOUND
              GOBACK
           END-IF
           MOVE 'ACCT' TO AC-EYE
           MOVE 1 TO AC-CUSTOMER
           MOVE 987654 TO AC-SORT-CODE
           MOVE 'ISA' TO AC-KIND
           MOVE 2.10 TO AC-RATE
           MOVE 01 TO AC-OPENED-DD
           MOVE 01 TO AC-OPENED-MM
           MOVE 2024 TO AC-OPENED-YYYY
           MOVE 0 TO AC-OVERDRAFT
           MOVE 01072023 TO AC-LAST-STATEMENT
           MOVE 01082023 TO AC-NEXT-STATEMENT
           MOVE -123.45 TO AC-AVAILABLE
           MOVE 25000.50 TO AC-ACTUAL
           MOVE 'Y' TO AC-FOUND
           GOBACK.
