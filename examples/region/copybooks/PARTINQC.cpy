      * SPDX-License-Identifier: Apache-2.0
      * COMMAREA of PARTINQ: one part by its number.
       01  PARTINQ-AREA.
           05 PART-NUMBER         PIC X(8).
           05 FOUND               PIC X.
           05 PART-NAME           PIC X(20).
           05 CATEGORY            PIC X(4).
           05 SHELF               PIC X(6).
           05 STOCK               PIC S9(7) COMP.
           05 PRICE               PIC S9(5)V99 COMP-3.
           05 STOCK-VALUE         PIC S9(9)V99.
           05 CHANGED             PIC 9(8).
