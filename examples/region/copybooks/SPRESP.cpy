      * SPDX-License-Identifier: Apache-2.0
      * How a function of the region ended; the numbers are those that
      * EIBRESP has in CICS.
       01  SP-RESP                PIC S9(8) COMP.
           88 SP-NORMAL           VALUE 0.
           88 SP-INVREQ           VALUE 16.
           88 SP-LENGERR          VALUE 22.
           88 SP-CONTAINERERR     VALUE 110.
           88 SP-CHANNELERR       VALUE 122.
