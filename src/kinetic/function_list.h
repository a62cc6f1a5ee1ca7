/* The list of Epicor Functions that api/v2/efx/{Company} answers with. What it looks like is written nowhere (facts §5.2,
   §8.4), so every likely shape is read: names of libraries alone, paths LIBRARY/FUNCTION, rows that name a library, a function
   or both (LibraryID, FunctionID, Name and the like), libraries with a list of functions in them, an object whose members are
   the libraries; each bare or in an array "value". */
#ifndef KINETIC_FUNCTION_LIST_H
#define KINETIC_FUNCTION_LIST_H

#include "base/text.h"

#define FUNCTION_LIST_MAX ((size_t)1 << 20) /* bytes of an answer that is read */

/* Names without blanks around them, valid during the call; function.size 0: the library itself. One may come several times,
   and more may come than there are: where a shape is not known, what could be a name counts as one. */
typedef void function_list_visitor(void *context, struct span library, struct span function);

/* Reads a text that the scanner has found to be JSON. False when there is something in it, and no name of a library. */
bool function_list_read(struct span text, function_list_visitor *visitor, void *context);

#endif
