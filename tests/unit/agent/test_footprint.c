/* What a target costs in memory in all that the agent and its report know of it, a full history included. */
#include "main.h"

#include <malloc.h>

#include "base/buffer.h"
#include "unit/agent/scenario.h"

#define FEW  100
#define MANY 300

/* Under a sanitizer nothing is counted: then only the runs tell. */
static size_t bytes_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Of a whole agent, each of whose targets has run 60 times. */
static size_t bytes_of(size_t targets)
{
    struct buffer text;
    size_t before = bytes_in_use();

    buffer_init(&text, 1 << 20);
    buffer_text(&text, "[exporter]\ninterval = 60s\nhistory = 60\n" LIVE);
    for (size_t i = 0; i < targets; i++)
        buffer_format(&text, "[probe orders%zu]\nkind = baq\nbaq = zOpenOrders\n", i);
    struct scenario *story = scenario_new(buffer_as_text(&text));
    buffer_free(&text);
    scenario_erp(story)->answers_in_ns = MILLISECOND_NS;
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "/zOpenOrders",
        .body =
            "{\"@odata.context\":\"x\",\"value\":[{\"OrderHed_Company\":\"EPIC06\",\"OrderHed_OrderNum\":1,"
            "\"OrderHed_OrderDate\":null,\"Customer_CustID\":\"A\",\"Customer_Name\":\"B\",\"RowIdent\":"
            "\"x\"}]}"};
    scenario_pass(story, 61 * MINUTE_NS);
    assert_true(scenario_counts(story).calls >= 60 * targets);
    scenario_forget_calls(story);
    size_t bytes = bytes_in_use() - before;
    scenario_free(story);
    return bytes;
}

static void a_further_target_is_small(void **state)
{
    (void)state;
    bytes_of(5); /* so that what is made once has been made */
    size_t few = bytes_of(FEW), many = bytes_of(MANY);
    if (few == 0 || many < few) {
        print_message("nothing is counted here\n");
        return;
    }
    size_t bytes = (many - few) / (MANY - FEW);
    print_message("a further target takes %zu bytes\n", bytes);
    assert_in_range(bytes, 1000, 4096);
}

ALL_TESTS(cmocka_unit_test(a_further_target_is_small));
