          03 A PIC 9(8).
          03 B REDEFINES A.
             05 B1 PIC 99. 05 B2 PIC X(6).
          03 C PIC X VALUE 'it''s long and goes on to the end of the line and
      -    'further'. 03 D-
      -    E PIC X(2) VALUE X'C1C2'.
