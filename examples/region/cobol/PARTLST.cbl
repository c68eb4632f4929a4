      * SPDX-License-Identifier: Apache-2.0
      * A list: the parts of a category, or all when it is blank. The
      * table has as many elements as its counter says.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. PARTLST.
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT PARTS-FILE ASSIGN TO 'parts.dat'
              ORGANIZATION INDEXED ACCESS SEQUENTIAL
              RECORD KEY PR-NUMBER FILE STATUS WS-STATUS.
       DATA DIVISION.
       FILE SECTION.
       FD  PARTS-FILE.
       COPY PARTREC.
       WORKING-STORAGE SECTION.
       01  WS-STATUS              PIC XX.
       01  WS-END                 PIC X.
       01  WS-N                   PIC S9(4) COMP.
       LINKAGE SECTION.
       COPY PARTLSTC.
       PROCEDURE DIVISION USING PARTLST-AREA.
           MOVE 0 TO PART-COUNT WS-N
           MOVE 'N' TO MORE-PARTS WS-END
           IF CATEGORY = LOW-VALUES
              MOVE SPACES TO CATEGORY
           END-IF
           OPEN INPUT PARTS-FILE
           IF WS-STATUS NOT = '00'
              MOVE 'E' TO MORE-PARTS
              GOBACK
           END-IF
           PERFORM UNTIL WS-END = 'Y'
              READ PARTS-FILE NEXT
                 AT END MOVE 'Y' TO WS-END
                 NOT AT END PERFORM TAKE-PART
              END-READ
           END-PERFORM
           CLOSE PARTS-FILE
           GOBACK.
       TAKE-PART.
           IF CATEGORY = SPACES OR CATEGORY = PR-CATEGORY
              IF WS-N = 50
                 MOVE 'Y' TO MORE-PARTS WS-END
              ELSE
                 ADD 1 TO WS-N
                 MOVE WS-N TO PART-COUNT
                 MOVE PR-NUMBER TO PART-NUMBER(WS-N)
                 MOVE PR-NAME TO PART-NAME(WS-N)
                 MOVE PR-STOCK TO STOCK(WS-N)
                 MOVE PR-PRICE TO PRICE(WS-N)
              END-IF
           END-IF.
