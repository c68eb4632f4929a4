      * SPDX-License-Identifier: Apache-2.0
      * Makes the parts file anew from parts.txt. Run by itself, not as
      * a transaction.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. PARTLOAD.
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT TEXT-FILE ASSIGN TO 'parts.txt'
              ORGANIZATION LINE SEQUENTIAL.
           SELECT PARTS-FILE ASSIGN TO 'parts.dat'
              ORGANIZATION INDEXED ACCESS RANDOM
              RECORD KEY PR-NUMBER.
       DATA DIVISION.
       FILE SECTION.
       FD  TEXT-FILE.
       01  TEXT-LINE.
           05 TL-NUMBER           PIC X(8).
           05                     PIC X.
           05 TL-NAME             PIC X(20).
           05                     PIC X.
           05 TL-CATEGORY         PIC X(4).
           05                     PIC X.
           05 TL-SHELF            PIC X(6).
           05                     PIC X.
           05 TL-STOCK            PIC 9(7).
           05                     PIC X.
           05 TL-PRICE            PIC 9(5)V99.
           05                     PIC X.
           05 TL-CHANGED          PIC 9(8).
       FD  PARTS-FILE.
       COPY PARTREC.
       WORKING-STORAGE SECTION.
       01  WS-END                 PIC X VALUE 'N'.
       01  WS-COUNT               PIC 9(4) VALUE 0.
       PROCEDURE DIVISION.
           OPEN INPUT TEXT-FILE OUTPUT PARTS-FILE
           PERFORM UNTIL WS-END = 'Y'
              READ TEXT-FILE
                 AT END MOVE 'Y' TO WS-END
                 NOT AT END PERFORM STORE-PART
              END-READ
           END-PERFORM
           CLOSE TEXT-FILE PARTS-FILE
           DISPLAY WS-COUNT ' parts'
           STOP RUN.
       STORE-PART.
           MOVE TL-NUMBER TO PR-NUMBER
           MOVE TL-NAME TO PR-NAME
           MOVE TL-CATEGORY TO PR-CATEGORY
           MOVE TL-SHELF TO PR-SHELF
           MOVE TL-STOCK TO PR-STOCK
           MOVE TL-PRICE TO PR-PRICE
           MOVE TL-CHANGED TO PR-CHANGED
           WRITE PART-RECORD
           ADD 1 TO WS-COUNT.
