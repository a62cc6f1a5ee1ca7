#include "main.h"

#include "integration/network.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const value_name[] = {"value"};
static const struct json_path rows_path = {.names = value_name, .depth = 1};
static const struct json_plan rows_plan = {.rows = &rows_path, .columns = true, .text_max = 256};

static void keep_answer(void *context, uint64_t ticket, const struct answer *answer, struct moment now)
{
    struct network *network = context;

    network->answered++;
    network->good += answer->failure == REASON_NONE;
    assert_non_null(answer->text);
    assert_int_equal(strlen(answer->text), strnlen(answer->text, answer->text_size));
    assert_int_equal(answer->text[answer->text_size], '\0');
    assert_true(answer->status == 401 || (answer->failure == REASON_NONE) == (answer->detail[0] == '\0'));
    if (ticket >= NETWORK_TICKETS)
        return;
    struct seen *seen = &network->seen[ticket];

    seen->count++;
    seen->answer = *answer;
    seen->at = now;
    memcpy(seen->text, answer->text, answer->text_size + 1);
    seen->answer.text = seen->text;
    seen->has_json = answer->json != NULL;
    if (answer->json != NULL) {
        seen->json_error = answer->json->error;
        seen->rows = answer->json->rows;
    }
    seen->answer.json = NULL;
}

struct network *network_new(const char *base, const char *ca_file)
{
    static bool set_up;
    struct network *network = memory_new(1, sizeof *network);

    signal(SIGPIPE, SIG_IGN); /* as the program does */
    if (!set_up)
        assert_null(transfer_setup());
    set_up = true;
    network->base = base;
    network->seen = memory_new(NETWORK_TICKETS, sizeof *network->seen);
    network->loop = loop_new();
    assert_non_null(network->loop);
    network->transfer = transfer_new(network->loop, 8, keep_answer, network);
    network->appserver.connection_max_age_ns = 5 * MINUTE_NS;
    network->appserver.tls_ca_file = ca_file == NULL ? NULL : memory_copy_text(ca_file);
    network->request.method = HTTP_GET;
    network->request.wanted = BODY_JSON;
    network->request.plan = &rows_plan;
    network->request.max_response = UINT64_C(2) << 30;
    network->wanted_ns = NEVER_NS;
    network->timeout_ns = 10 * SECOND_NS;
    network->connect_timeout_ns = 10 * SECOND_NS;
    return network;
}

void network_free(struct network *network)
{
    transfer_free(network->transfer);
    loop_free(network->loop);
    free(network->appserver.tls_ca_file);
    free(network->seen);
    free(network);
}

static struct secret *secret_of(const char *text)
{
    return text == NULL ? NULL : secret_new(text, strlen(text));
}

uint64_t network_start(struct network *network, const char *path, const char *extra)
{
    struct transport *transport = transfer_transport(network->transfer);
    struct order order = {.request = &network->request,
                          .appserver = &network->appserver,
                          .url = memory_format("%s%s", network->base, path),
                          .outside = network->outside,
                          .login = network->login,
                          .username = secret_of(network->username),
                          .password = secret_of(network->password),
                          .proxy = secret_of(network->proxy),
                          .timeout_ns = network->timeout_ns,
                          .connect_timeout_ns = network->connect_timeout_ns};

    if (extra != NULL)
        assert_true(header_add(&order.headers, "X-Test", extra));
    transport->start(transport, ++network->last_ticket, &order, clock_now());
    assert_null(order.url);
    return network->last_ticket;
}

static void turn(struct network *network, int64_t until_ns)
{
    int64_t wanted = network->wanted_ns;
    struct moment before = loop_turn(network->loop, wanted < until_ns ? wanted : until_ns);

    network->wanted_ns = transfer_turn(network->transfer, before);
    int64_t took = clock_now().boot_ns - before.boot_ns;

    if (took > network->longest_turn_ns)
        network->longest_turn_ns = took;
}

bool network_turn_until(struct network *network, uint64_t answered, int64_t timeout_ns)
{
    int64_t until = clock_now().boot_ns + timeout_ns;

    while (network->answered < answered && clock_now().boot_ns < until)
        turn(network, until);
    return network->answered >= answered;
}

struct seen *network_await(struct network *network, uint64_t ticket)
{
    struct seen *seen = &network->seen[ticket];
    int64_t until = clock_now().boot_ns + MINUTE_NS;

    assert_true(ticket < NETWORK_TICKETS);
    while (seen->count == 0 && clock_now().boot_ns < until)
        turn(network, until);
    assert_int_equal(seen->count, 1);
    return seen;
}

struct seen *network_ask(struct network *network, const char *path)
{
    return network_await(network, network_start(network, path, NULL));
}
