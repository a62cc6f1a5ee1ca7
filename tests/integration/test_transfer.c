/* The transfer against the polite server: what a good exchange looks like, and a bad one that is well-formed. */
#include "main.h"

#include "integration/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "simulator/simulator.h"

static void answer_of_rows(void **state)
{
    struct simulator *server = simulator_start(NULL);
    struct network *network = network_new(simulator_url(server), NULL);

    (void)state;
    simulator_add_fault(server, &(struct simulator_fault){.path = "/rows",
                                                          .status = 200,
                                                          .body = SIMULATOR_BODY_TEXT,
                                                          .text = "{\"value\":[{},{}]}",
                                                          .content_type = "application/json"});
    struct seen *seen = network_ask(network, "/rows");

    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->answer.status, 200);
    assert_true(seen->has_json);
    assert_int_equal(seen->json_error, JSON_FINE);
    assert_int_equal(seen->rows, 2);
    network_free(network);
    simulator_stop(server);
}

ALL_TESTS(cmocka_unit_test(answer_of_rows));
