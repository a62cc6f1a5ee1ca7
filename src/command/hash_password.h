/* The command hash-password: the bcrypt hash of a password, for basic_auth of [web]. */
#ifndef COMMAND_HASH_PASSWORD_H
#define COMMAND_HASH_PASSWORD_H

#include <stdio.h>

#include "command/arguments.h"

/* Reads the password from the descriptor: where it is a terminal, twice and without echo, with prompts to prompts; else its
   one line, behind which it must end. cost: bcrypt's. Prints the hash and a line end to out; what is wrong to prompts, and then returns STATUS_FAILED. A signal that
   ends the program while the terminal does not echo is met after the terminal has been restored. */
enum exit_status hash_password(int descriptor, int cost, FILE *prompts, FILE *out);

#endif
