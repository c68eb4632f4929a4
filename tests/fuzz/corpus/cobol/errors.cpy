       01 R.
          66 X RENAMES Y.
          COPY OTHER.
