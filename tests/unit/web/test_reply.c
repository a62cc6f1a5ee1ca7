/* Who shares a body with whom, on a clock of the test's own. */
#include "main.h"

#include "base/memory.h"
#include "web/reply.h"

static struct web_answer answer_of(const char *text)
{
    struct web_answer answer = {.status = 200};

    buffer_init(&answer.body, 100);
    buffer_text(&answer.body, text);
    return answer;
}

static void shared_while_fresh_and_held(void **state)
{
    struct reply *list = NULL;
    struct web_answer answer = answer_of("page");
    struct reply *alone = reply_new(&list, NULL, &answer, NULL, 0);
    struct reply *one = reply_new(&list, "one", &answer, NULL, 100),
                 *two = reply_new(&list, "two", &answer, NULL, 100);

    (void)state;
    assert_int_equal(one->size, 4);
    assert_int_equal(one->answer.status, 200);
    assert_null(one->answer.body.data); /* that stays with whom it was */
    assert_ptr_equal(reply_find(list, "one", 100), one);
    assert_ptr_equal(reply_find(list, "two", 99 + REPLY_FRESH_NS), two);
    assert_null(reply_find(list, "two", 100 + REPLY_FRESH_NS));
    assert_null(reply_find(list, "three", 100));
    assert_null(reply_find(list, "", 100));

    /* The newer one of two that are the same. */
    struct reply *newer = reply_new(&list, "one", &answer, NULL, 200 + REPLY_FRESH_NS);
    assert_ptr_equal(reply_find(list, "one", 200 + REPLY_FRESH_NS), newer);

    assert_ptr_equal(reply_ref(two), two);
    reply_unref(two);
    assert_ptr_equal(reply_find(list, "two", 100), two);
    reply_unref(two);
    assert_null(reply_find(list, "two", 100));
    reply_unref(one);
    reply_unref(newer);
    assert_null(list);
    reply_unref(alone);
    reply_unref(NULL);
    buffer_free(&answer.body);
}

static void a_response_holds_its_body(void **state)
{
    struct reply *list = NULL;
    struct web_answer answer = answer_of("page");
    atomic_uint_fast64_t held = 7;
    struct reply *reply = reply_new(&list, "one", &answer, NULL, 100);

    (void)state;
    answer.content_type = "text/plain";
    answer.content_policy = "default-src 'none'";
    buffer_text(&answer.body, ", packed");
    assert_true(reply_respond(reply, &answer, &held));
    assert_non_null(reply->response);
    assert_null(answer.body.data);
    assert_int_equal(reply->size, 12);
    assert_int_equal(held, 7 + 12);
    assert_ptr_equal(reply_ref(reply), reply);
    reply_unref(reply);
    assert_int_equal(held, 7 + 12);
    reply_unref(reply);
    assert_int_equal(held, 7);
    assert_null(list);
}

ALL_TESTS(cmocka_unit_test(a_response_holds_its_body), cmocka_unit_test(shared_while_fresh_and_held));
