      * SPDX-License-Identifier: Apache-2.0
      * Misbehaves as it is told.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. BADPGM.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01  WS-N                   PIC 9(9) COMP VALUE 0.
       01  WS-TABLE.
           05 WS-ITEM             PIC X OCCURS 10 TIMES.
       01  WS-TEXT                PIC X(4) VALUE 'ABCD'.
       01  WS-NUMBER REDEFINES WS-TEXT PIC 9(4).
       01  WS-LONG                PIC S9(9) COMP.
       01  WS-CODE                PIC X(4) VALUE 'USR1'.
       01  WS-SECONDS             PIC 9(4) COMP-5.
       LINKAGE SECTION.
       01  LS-NOWHERE             PIC X(8).
       01  DFHCOMMAREA.
           05 BD-WHAT             PIC X(8).
           05 BD-SECONDS          PIC 9(4).
           05 BD-MORE             PIC X(4).
           05 BD-BEYOND           PIC X(16).
       PROCEDURE DIVISION USING DFHCOMMAREA.
           EVALUATE BD-WHAT
              WHEN 'SUBSCR'
                 MOVE 11 TO WS-N
                 MOVE 'X' TO WS-ITEM(WS-N)
              WHEN 'DATA'
                 ADD 1 TO WS-NUMBER
              WHEN 'NULL'
                 SET ADDRESS OF LS-NOWHERE TO NULL
                 MOVE 'X' TO LS-NOWHERE
              WHEN 'BEYOND'
                 MOVE ALL 'X' TO BD-BEYOND
              WHEN 'LOOP'
                 PERFORM UNTIL WS-N = 1
                    MOVE 0 TO WS-N
                 END-PERFORM
              WHEN 'SLEEP'
                 MOVE BD-SECONDS TO WS-SECONDS
                 CALL 'C$SLEEP' USING WS-SECONDS
              WHEN 'STOP'
                 STOP RUN
              WHEN 'ABEND'
                 CALL 'SPABEND' USING WS-CODE
              WHEN 'PARAM'
                 CALL 'SPGETCTR' USING WS-CODE WS-TEXT
              WHEN 'ABORT'
                 CALL 'abort'
              WHEN 'LOST'
                 CALL '_exit' USING BY VALUE 3
              WHEN 'NOSUCH'
                 CALL 'NOSUCHPG'
           END-EVALUATE
           MOVE 'DONE' TO BD-MORE
           GOBACK.
