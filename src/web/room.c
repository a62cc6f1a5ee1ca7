#include "web/room.h"

static uint64_t difference(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

size_t room_left(uint64_t maximum, uint64_t held, uint64_t address_held)
{
    uint64_t left = difference(maximum, held), share = difference(maximum / ROOM_SHARE, address_held);

    if (address_held > 0 && share < left)
        left = share;
    return left > ROOM_LEAST ? left : ROOM_LEAST;
}
