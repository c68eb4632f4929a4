      * SPDX-License-Identifier: Apache-2.0
      * An update: R receives a quantity, I issues one, P sets a price.
      * Who booked it is the user that the task runs under.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. PARTUPD.
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT PARTS-FILE ASSIGN TO 'parts.dat'
              ORGANIZATION INDEXED ACCESS RANDOM
              LOCK MODE IS EXCLUSIVE
              RECORD KEY PR-NUMBER FILE STATUS WS-STATUS.
       DATA DIVISION.
       FILE SECTION.
       FD  PARTS-FILE.
       COPY PARTREC.
       WORKING-STORAGE SECTION.
       01  WS-STATUS              PIC XX.
       01  WS-TRIES               PIC 9(4) VALUE 0.
       01  WS-VALUE-BEFORE        PIC S9(9)V99.
       01  WS-NANOSECONDS         PIC S9(9) COMP-5 VALUE 10000000.
       COPY SPEIB.
       LINKAGE SECTION.
       COPY PARTUPDC.
       PROCEDURE DIVISION USING PARTUPD-AREA.
           CALL 'SPEIB' USING SP-EIB
           MOVE SP-USERID TO BOOKED-BY
           MOVE 0 TO RETURN-CODE-OUT STOCK-AFTER VALUE-CHANGE
           MOVE SPACES TO MESSAGE-OUT
           PERFORM CHECK-REQUEST
           IF RETURN-CODE-OUT = 0
              PERFORM OPEN-FILE
           END-IF
           IF RETURN-CODE-OUT = 0
              PERFORM BOOK
              CLOSE PARTS-FILE
           END-IF
           GOBACK.
       CHECK-REQUEST.
           EVALUATE TRUE
              WHEN MOVEMENT NOT = 'R' AND 'I' AND 'P'
                 MOVE 16 TO RETURN-CODE-OUT
                 MOVE 'THE MOVEMENT IS R, I OR P' TO MESSAGE-OUT
              WHEN BOOKED-MONTH < 1 OR BOOKED-MONTH > 12
                 OR BOOKED-DAY < 1 OR BOOKED-DAY > 31
                 MOVE 16 TO RETURN-CODE-OUT
                 MOVE 'THERE IS NO SUCH DATE' TO MESSAGE-OUT
              WHEN MOVEMENT NOT = 'P' AND QUANTITY NOT > 0
                 MOVE 16 TO RETURN-CODE-OUT
                 MOVE 'THE QUANTITY IS MORE THAN 0' TO MESSAGE-OUT
           END-EVALUATE.
      * One task at a time has the file; the others come back shortly.
       OPEN-FILE.
           MOVE '??' TO WS-STATUS
           PERFORM UNTIL WS-STATUS = '00' OR WS-TRIES = 300
              OPEN I-O PARTS-FILE
              IF WS-STATUS NOT = '00'
                 CALL 'CBL_GC_NANOSLEEP' USING WS-NANOSECONDS
                 ADD 1 TO WS-TRIES
              END-IF
           END-PERFORM
           IF WS-STATUS NOT = '00'
              MOVE 12 TO RETURN-CODE-OUT
              STRING 'THE PARTS FILE IS NOT AVAILABLE: ' WS-STATUS
                 DELIMITED BY SIZE INTO MESSAGE-OUT
           END-IF.
       BOOK.
           MOVE PART-NUMBER TO PR-NUMBER
           READ PARTS-FILE
              INVALID KEY
                 MOVE 4 TO RETURN-CODE-OUT
                 MOVE 'THERE IS NO SUCH PART' TO MESSAGE-OUT
              NOT INVALID KEY PERFORM CHANGE-PART
           END-READ.
       CHANGE-PART.
           COMPUTE WS-VALUE-BEFORE = PR-STOCK * PR-PRICE
           EVALUATE MOVEMENT
              WHEN 'R'
                 ADD QUANTITY TO PR-STOCK
              WHEN 'I'
                 IF QUANTITY > PR-STOCK
                    MOVE 8 TO RETURN-CODE-OUT
                    MOVE 'THERE ARE NOT THAT MANY' TO MESSAGE-OUT
                 ELSE
                    SUBTRACT QUANTITY FROM PR-STOCK
                 END-IF
              WHEN 'P'
                 MOVE NEW-PRICE TO PR-PRICE
           END-EVALUATE
           IF RETURN-CODE-OUT = 0
              MOVE BOOKED-ON TO PR-CHANGED
              REWRITE PART-RECORD
              COMPUTE VALUE-CHANGE =
                 PR-STOCK * PR-PRICE - WS-VALUE-BEFORE
              MOVE 'BOOKED' TO MESSAGE-OUT
           END-IF
           MOVE PR-STOCK TO STOCK-AFTER.
