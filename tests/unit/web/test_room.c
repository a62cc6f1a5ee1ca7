/* Who may take how much. */
#include "main.h"

#include "web/room.h"

static void who_may_take_how_much(void **state)
{
    static const struct {
        uint64_t maximum, held, address_held;
        size_t left;
    } cases[] = {
        {1 << 20, 0, 0, 1 << 20},
        {1 << 20, 1000, 0, (1 << 20) - 1000},
        {1 << 20, 1 << 20, 0, ROOM_LEAST},
        {1 << 20, (1 << 20) + 1, 0,
         ROOM_LEAST}, /* what was packed and all others came to more than there was */
        {1 << 20, UINT64_MAX, UINT64_MAX, ROOM_LEAST},
        {1 << 20, 1000, 1000, (1 << 17) - 1000}, /* an address has a share */
        {1 << 20, 1 << 17, 1 << 17, ROOM_LEAST},
        {1 << 20, 1 << 19, 1 << 19, ROOM_LEAST},
        {1 << 20, (1 << 20) - 10000, 1, 10000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(room_left(cases[i].maximum, cases[i].held, cases[i].address_held), cases[i].left);
}

ALL_TESTS(cmocka_unit_test(who_may_take_how_much));
