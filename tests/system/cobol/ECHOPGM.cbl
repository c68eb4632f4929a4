      * SPDX-License-Identifier: Apache-2.0
      * Gives back what it got, with a sum, how often it was called
      * since its working storage was fresh, and how often the program
      * that it calls was.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. ECHOPGM.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01  WS-CALLS               PIC 9(4) VALUE 0.
       01  WS-SUB-CALLS           PIC 9(4) VALUE 0.
       LINKAGE SECTION.
       01  DFHCOMMAREA.
           05 EC-IN               PIC X(20).
           05 EC-A                PIC S9(9) COMP.
           05 EC-B                PIC S9(9)V99 COMP-3.
           05 EC-OUT              PIC X(20).
           05 EC-SUM              PIC S9(11)V99.
           05 EC-CALLS            PIC 9(4).
           05 EC-SUB-CALLS        PIC 9(4).
           05 EC-NATIVE           PIC S9(9) COMP-5.
           05 EC-SINGLE           COMP-1.
           05 EC-DOUBLE           COMP-2.
       PROCEDURE DIVISION USING DFHCOMMAREA.
           ADD 1 TO WS-CALLS
           CALL 'ECHOSUB' USING WS-SUB-CALLS
           MOVE FUNCTION REVERSE(EC-IN) TO EC-OUT
           COMPUTE EC-SUM = EC-A + EC-B
           MOVE WS-CALLS TO EC-CALLS
           MOVE WS-SUB-CALLS TO EC-SUB-CALLS
           ADD 1 TO EC-NATIVE
           COMPUTE EC-SINGLE = EC-SINGLE * 2
           COMPUTE EC-DOUBLE = EC-DOUBLE / 4
           GOBACK.
