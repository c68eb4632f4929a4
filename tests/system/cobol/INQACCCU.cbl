      * SPDX-License-Identifier: Apache-2.0
      * The accounts of a customer, with the COMMAREA of up to 1981
      * bytes that the bank samples expect. Customer n has n accounts,
      * up to 20; customer 0 and those above 20 are not found.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. INQACCCU.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01  WS-N                   PIC 9(4) COMP.
       LINKAGE SECTION.
       01  DFHCOMMAREA.
           05 CU-COUNT            PIC S9(8) COMP.
           05 CU-NUMBER           PIC 9(10).
           05 CU-SUCCESS          PIC X.
           05 CU-FAIL-CODE        PIC X.
           05 CU-FOUND            PIC X.
           05 CU-PCB              PIC X(4).
           05 CU-ACCOUNT OCCURS 1 TO 20 TIMES DEPENDING ON CU-COUNT.
              10 CA-EYE           PIC X(4).
              10 CA-CUSTOMER      PIC X(10).
              10 CA-SORT-CODE     PIC X(6).
              10 CA-NUMBER        PIC 9(8).
              10 CA-KIND          PIC X(8).
              10 CA-RATE          PIC 9(4)V99.
              10 CA-OPENED        PIC 9(8).
              10 CA-OPENED-PARTS  REDEFINES CA-OPENED.
                 15 CA-OPENED-DD  PIC 99.
                 15 CA-OPENED-MM  PIC 99.
                 15 CA-OPENED-YY  PIC 9999.
              10 CA-OVERDRAFT     PIC 9(8).
              10 CA-LAST          PIC 9(8).
              10 CA-NEXT          PIC 9(8).
              10 CA-AVAILABLE     PIC S9(10)V99.
              10 CA-ACTUAL        PIC S9(10)V99.
       PROCEDURE DIVISION USING DFHCOMMAREA.
           MOVE SPACES TO CU-PCB
           MOVE ' ' TO CU-FAIL-CODE
           MOVE 0 TO CU-COUNT
           IF CU-NUMBER = 0 OR CU-NUMBER > 20
              MOVE 'N' TO CU-SUCCESS CU-FOUND
              MOVE '1' TO CU-FAIL-CODE
              GOBACK
           END-IF
           MOVE 'Y' TO CU-SUCCESS CU-FOUND
           MOVE CU-NUMBER TO CU-COUNT
           PERFORM FILL-ACCOUNT VARYING WS-N FROM 1 BY 1
              UNTIL WS-N > CU-COUNT
           GOBACK.
       FILL-ACCOUNT.
           MOVE 'ACCT' TO CA-EYE(WS-N)
           MOVE CU-NUMBER TO CA-CUSTOMER(WS-N)
           MOVE '987654' TO CA-SORT-CODE(WS-N)
           COMPUTE CA-NUMBER(WS-N) = 12345677 + WS-N
           MOVE 'SAVING' TO CA-KIND(WS-N)
           MOVE 1.25 TO CA-RATE(WS-N)
           MOVE 15 TO CA-OPENED-DD(WS-N)
           MOVE 6 TO CA-OPENED-MM(WS-N)
           COMPUTE CA-OPENED-YY(WS-N) = 2000 + WS-N
           MOVE 500 TO CA-OVERDRAFT(WS-N)
           MOVE 31122023 TO CA-LAST(WS-N)
           MOVE 31012024 TO CA-NEXT(WS-N)
           COMPUTE CA-AVAILABLE(WS-N) = WS-N * -10.01
           COMPUTE CA-ACTUAL(WS-N) = WS-N * 100.10.
