#include "main.h"

#include <string.h>

#include "base/buffer.h"
#include "kinetic/function_list.h"

static void note(void *context, struct span library, struct span function)
{
    struct buffer *text = context;
    buffer_format(text, "%s%.*s", text->size == 0 ? "" : " ", (int)library.size, library.data);
    if (function.size > 0)
        buffer_format(text, "/%.*s", (int)function.size, function.data);
}

static void test_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *names; /* NULL: not understood */
    } cases[] = {
        /* Libraries only. */
        {"[\"A\",\"B\"]", "A B"},
        {"{\"value\":[\"A\",\" B \"]}", "A B"},
        {"{\"@odata.context\":\"c\",\"value\":[{\"name\":\"A\",\"kind\":\"x\",\"url\":\"A\"}]}", "A"},
        {"[{\"LibraryID\":\"A\"},{\"libraryId\":\"B\"}]", "A B"},
        /* Paths. */
        {"[\"A/f\",\"/A/g\"]", "A/f A/g"},
        {"[{\"name\":\"A/f\"}]", "A/f"},
        /* Rows of pairs. */
        {"{\"value\":[{\"LibraryID\":\"A\",\"FunctionID\":\"f\"},{\"FunctionID\":\"g\",\"LibraryID\":\"A\"}]"
         "}",
         "A/f A/g"},
        {"{\"returnObj\":{\"EfxLibraryList\":[{\"LibraryID\":\"A\",\"Description\":\"d\"}]}}", "A"},
        {"{\"returnObj\":[{\"EfxLibrary\":[{\"LibraryID\":\"A\"}],\"EfxFunction\":[{\"LibraryID\":\"A\","
         "\"FunctionID\":"
         "\"f\"}]}]}",
         "A A/f"},
        /* Functions in libraries. */
        {"[{\"LibraryID\":\"A\",\"Functions\":[{\"FunctionID\":\"f\"},{\"Name\":\"g\"},\"h\"]},{\"Name\":"
         "\"B\"}]",
         "A A/f A/g A/h B"},
        {"[{\"name\":\"A\",\"functions\":[\"f\"]}]", "A A/f"},
        {"{\"A\":[\"f\",\"g\"],\"B\":[]}", "A A/f A/g B"},
        {"{\"libraries\":{\"A\":{\"functions\":{\"f\":{\"x\":1},\"g\":{}}}}}", "A A/f A/g"},
        {"{\"A\":{\"f\":{},\"g\":[]}}", "A A/f A/g"},
        /* Empty ones. */
        {"[]", ""},
        {"{}", ""},
        {"{\"value\":[]}", ""},
        {"{\"@odata.context\":\"c\",\"odata.metadata\":\"m\",\"value\":[]}", ""},
        /* Nothing that we could make out. */
        {"{\"version\":1}", NULL},
        {"[1,2]", NULL},
        {"[null]", NULL},
        {"[\"\"]", NULL},
        {"[{\"FunctionID\":\"f\"}]", NULL},
        {"[{\"code\":7}]", NULL},
        {"{\"value\":[", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer names;
        buffer_init(&names, 4096);
        bool read = function_list_read(span_of(cases[i].text), note, &names);
        if (read != (cases[i].names != NULL) || (read && strcmp(buffer_as_text(&names), cases[i].names) != 0))
            fail_msg("%s: %d \"%s\"", cases[i].text, read, buffer_as_text(&names));
        buffer_free(&names);
    }
}

static void test_deep(void **state)
{
    (void)state;
    struct buffer text, names;
    buffer_init(&text, 8192);
    buffer_init(&names, 4096);
    for (int i = 0; i < 511; i++)
        buffer_byte(&text, '[');
    buffer_text(&text, "\"A\"");
    for (int i = 0; i < 511; i++)
        buffer_byte(&text, ']');
    assert_true(function_list_read((struct span){text.data, text.size}, note, &names));
    assert_string_equal(buffer_as_text(&names), "A");
    buffer_free(&names);
    buffer_free(&text);
}

ALL_TESTS(cmocka_unit_test(test_shapes), cmocka_unit_test(test_deep));
