/* How much of the memory for bodies a new answer may take. */
#ifndef WEB_ROOM_H
#define WEB_ROOM_H

#include <stddef.h>
#include <stdint.h>

/* There is always so much, so that whoever gets nothing is told so. */
#define ROOM_LEAST ((size_t)4096)
/* An address that holds something already gets this part of the whole at most, so that it leaves the others theirs. */
#define ROOM_SHARE 8

/* All in bytes. maximum: for all clients together, less than SIZE_MAX; held: by all of them; address_held: by those of the
   address that asks, 0: it may take all that is left. */
size_t room_left(uint64_t maximum, uint64_t held, uint64_t address_held);

#endif
