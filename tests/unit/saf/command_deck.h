/* SPDX-License-Identifier: Apache-2.0
 * command_deck.h: decks of commands with what they must answer, run against a new database.
 *
 * A deck is a file of tests/data/saf with these lines:
 *   # ...           nothing
 *   issuer FRED     commands come from FRED from here on; without a name, from the owner of the database
 *   > COMMAND       run it; it must answer rc 0 and say no message, unless the lines behind it say otherwise
 *   >> MORE         another line of the same command
 *   rc 8            its return code
 *   < TEXT          the next line of output holds TEXT; listing lines between are passed over, messages are
 * not ! TEXT          no line of output holds TEXT ? CLASS RESOURCE USER LEVEL OUTCOME [BY] the decision on
 * the database as it is now: granted, refused or unprotected, and who decided
 */
#ifndef SP_TESTS_COMMAND_DECK_H
#define SP_TESTS_COMMAND_DECK_H

/* Fails the running test at the first line that is not as it must be. */
void run_deck(const char *name);
/* A file of commands as an administrator has it ("examples/saf/zconnect.racf"), then the deck. */
void run_commands_then_deck(const char *commands, const char *name);

#endif
