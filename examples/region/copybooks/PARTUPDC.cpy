      * SPDX-License-Identifier: Apache-2.0
      * COMMAREA of PARTUPD: what came in, what went out, a new price.
       01  PARTUPD-AREA.
           05 PART-NUMBER         PIC X(8).
           05 MOVEMENT            PIC X.
           05 BOOKED-ON           PIC 9(8).
           05 BOOKED-PARTS REDEFINES BOOKED-ON.
              10 BOOKED-YEAR      PIC 9(4).
              10 BOOKED-MONTH     PIC 9(2).
              10 BOOKED-DAY       PIC 9(2).
           05 QUANTITY            PIC S9(7) COMP.
           05 NEW-PRICE           PIC S9(5)V99 COMP-3.
           05 RETURN-CODE-OUT     PIC S9(4) COMP.
           05 MESSAGE-OUT         PIC X(40).
           05 STOCK-AFTER         PIC S9(7).
           05 VALUE-CHANGE        PIC S9(9)V99.
           05 BOOKED-BY           PIC X(8).
