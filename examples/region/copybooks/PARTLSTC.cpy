      * SPDX-License-Identifier: Apache-2.0
      * COMMAREA of PARTLST: the parts of a category, up to fifty.
       01  PARTLST-AREA.
           05 PART-COUNT          PIC S9(4) COMP.
           05 CATEGORY            PIC X(4).
           05 MORE-PARTS          PIC X.
           05 PARTS OCCURS 0 TO 50 TIMES DEPENDING ON PART-COUNT.
              10 PART-NUMBER      PIC X(8).
              10 PART-NAME        PIC X(20).
              10 STOCK            PIC S9(7) COMP-3.
              10 PRICE            PIC S9(5)V99 COMP-3.
