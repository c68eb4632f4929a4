      * SPDX-License-Identifier: Apache-2.0
      * A part as the parts file has it; the key is the number.
       01  PART-RECORD.
           05 PR-NUMBER           PIC X(8).
           05 PR-NAME             PIC X(20).
           05 PR-CATEGORY         PIC X(4).
           05 PR-SHELF            PIC X(6).
           05 PR-STOCK            PIC S9(7) COMP-3.
           05 PR-PRICE            PIC S9(5)V99 COMP-3.
           05 PR-CHANGED          PIC 9(8).
