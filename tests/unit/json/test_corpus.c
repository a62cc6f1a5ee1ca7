/* Every document of our corpus, and of the public one where it is there: the right verdict on every road, the same
   result at every split, alone and as a row of an answer, also far into one so that the block roads meet it. */
#include "main.h"

#include <dirent.h>

#include "base/memory.h"
#include "corpus.h"
#include "digest.h"

static const char *const value_name[] = {"value"};
static const struct json_path value_path = {value_name, 1};
static const struct json_path members[] = {{value_name, 1}, {(const char *const[]){"value", "a"}, 2}};
static const char *const fields[] = {"a", "b"};

/* Plans that make different parts of a text inert. */
static const struct json_plan plans[] = {
    {0},
    {.rows = &value_path},
    {.rows = &value_path, .columns = true},
    {.rows = &value_path, .fields = fields, .field_count = 2, .text_max = 20},
    {.rows = &value_path, .members = members, .member_count = 2, .text_max = 20},
};
enum { PLANS = sizeof plans / sizeof *plans };

static const enum json_road block_roads[] = {JSON_ROAD_PORTABLE, JSON_ROAD_AVX2};

static uint64_t random_state = 88172645463325252u;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void compare(const char *name, const char *how, const struct digest *expected,
                    const struct digest *found)
{
    if (strcmp(expected->text, found->text) != 0) {
        fail_msg("%s, %s:\n%s\nnot\n%s", name, how, found->text, expected->text);
    }
}

/* The verdict of the grammar alone, then every road, whole, in two, in three, byte by byte. */
static void scan_everyhow(const char *name, const struct json_plan *plan, const char *bytes, size_t size,
                          struct digest *expected)
{
    struct digest found;
    static size_t cuts[4096];
    size_t steps = SANITIZED ? 20 : 400;
    size_t step = size > steps ? size / (SANITIZED ? 20 : 50) : 1;
    digest_scan(expected, plan, JSON_ROAD_BYTES, bytes, size, NULL, 0);
    for (size_t cut = 1; cut < size; cut += step) {
        digest_scan(&found, plan, JSON_ROAD_BYTES, bytes, size, &cut, 1);
        compare(name, "grammar, cut in two", expected, &found);
    }
    for (size_t r = 0; r < 2; r++) {
        for (size_t cut = 0; cut < size; cut += step) {
            digest_scan(&found, plan, block_roads[r], bytes, size, &cut, 1);
            compare(name, r ? "AVX2, cut in two" : "portable, cut in two", expected, &found);
        }
        for (int i = 0; i < 4; i++) {
            cuts[0] = random_number() % (size + 1);
            cuts[1] = cuts[0] + random_number() % (size - cuts[0] + 1);
            digest_scan(&found, plan, block_roads[r], bytes, size, cuts, 2);
            compare(name, "cut in three", expected, &found);
        }
    }
    if (size < 4096) {
        for (size_t i = 0; i < size; i++) {
            cuts[i] = i + 1;
        }
        digest_scan(&found, plan, json_road_best(), bytes, size, cuts, size);
        compare(name, "byte by byte", expected, &found);
    }
}

static bool is_fine(const struct digest *digest)
{
    return strstr(digest->text, "error 0 at ") != NULL;
}

/* A document as a row, behind filler of the given size, and with enough behind it for a block. */
static char *as_row(const char *bytes, size_t size, size_t filler, size_t *total)
{
    static const char head[] = "{\"value\":[", row[] = "{\"a\":\"", tail[] = "\"},";
    size_t at = sizeof head - 1;
    char *text = memory_new(size + filler + 300, 1);
    memcpy(text, head, at);
    if (filler) {
        memcpy(text + at, row, sizeof row - 1);
        at += sizeof row - 1;
        memset(text + at, 'x', filler);
        at += filler;
        memcpy(text + at, tail, sizeof tail - 1);
        at += sizeof tail - 1;
    }
    memcpy(text + at, bytes, size);
    at += size;
    memset(text + at, ' ', 100);
    at += 100;
    memcpy(text + at, "]}", 2);
    *total = at + 2;
    return text;
}

static bool is_blank(const char *bytes, size_t size)
{
    size_t i = 0;
    while (i < size && memchr(" \t\r\n", bytes[i], 4)) {
        i++;
    }
    return i == size;
}

static void check_as_row(const char *name, const char *bytes, size_t size, bool fine)
{
    struct digest expected, found;
    for (size_t filler = 0; filler <= (size > 10000 ? 0 : 72); filler += filler ? 1 : 8) {
        size_t total;
        char *text = as_row(bytes, size, filler, &total);
        const struct json_plan *plan = &plans[filler % PLANS];
        if (filler % 36 == 0) {
            scan_everyhow(name, plan, text, total, &expected);
        } else {
            digest_scan(&expected, plan, JSON_ROAD_BYTES, text, total, NULL, 0);
            for (size_t r = 0; r < 2; r++) {
                digest_scan(&found, &plans[filler % PLANS], block_roads[r], text, total, NULL, 0);
                compare(name, "as a row", &expected, &found);
            }
        }
        free(text);
        if (is_fine(&expected) != (fine || (is_blank(bytes, size) && !filler))) {
            fail_msg("%s as a row: %s", name, expected.text);
        }
    }
}

static bool check_document(const char *name, const char *bytes, size_t size)
{
    struct digest digest;
    for (size_t p = 0; p < PLANS; p++) {
        scan_everyhow(name, &plans[p], bytes, size, &digest);
    }
    bool fine = is_fine(&digest), mark = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    check_as_row(name, bytes, size, fine && !mark);
    return fine;
}

static void test_own_corpus(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++) {
        bool fine = check_document(corpus[i].name, corpus[i].bytes, corpus[i].size);
        if (fine != corpus[i].fine) {
            fail_msg("%s: %s", corpus[i].name, fine ? "accepted" : "refused");
        }
    }
}

/* Too long to be written out. */
static void test_many_brackets(void **state)
{
    (void)state;
    static char text[100000];
    memset(text, '[', sizeof text);
    assert_false(check_document("n_structure_100000_opening_arrays", text, sizeof text));
    for (size_t i = 0; i + 5 <= sizeof text; i += 5) {
        memcpy(text + i, "[{\"\":", 5);
    }
    assert_false(check_document("n_structure_open_array_object", text, sizeof text));
    memset(text, '[', 500);
    memset(text + 500, ']', 500);
    assert_true(check_document("i_structure_500_nested_arrays", text, 1000));
}

static const struct document *find_document(const char *file)
{
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++) {
        size_t size = strlen(corpus[i].name);
        if (strncmp(corpus[i].name, file, size) == 0 && strcmp(file + size, ".json") == 0) {
            return &corpus[i];
        }
    }
    return NULL;
}

/* Where the public corpus is there: each of its documents, and that ours has one of each class. */
static void test_public_corpus(void **state)
{
    (void)state;
    static const char *const made_elsewhere[] = {"n_structure_100000_opening_arrays.json",
                                                 "n_structure_open_array_object.json",
                                                 "i_structure_500_nested_arrays.json"};
    static char bytes[300000];
    struct dirent **entries;
    int count = scandir(SHARED_DIR "/json-corpus", &entries, NULL, alphasort), missing = 0;
    for (int i = 0; i < count; i++) {
        const char *file = entries[i]->d_name;
        if (strlen(file) > 5 && strcmp(file + strlen(file) - 5, ".json") == 0) {
            char *path = memory_format("%s/json-corpus/%s", SHARED_DIR, file);
            FILE *stream = fopen(path, "rb");
            assert_non_null(stream);
            size_t size = fread(bytes, 1, sizeof bytes, stream);
            assert_true(size < sizeof bytes);
            fclose(stream);
            free(path);
            bool fine = check_document(file, bytes, size);
            if ((file[0] == 'y' && !fine) || (file[0] == 'n' && fine)) {
                fail_msg("%s: %s", file, fine ? "accepted" : "refused");
            }
            bool elsewhere = false;
            for (size_t k = 0; k < 3; k++) {
                elsewhere |= strcmp(file, made_elsewhere[k]) == 0;
            }
            const struct document *own = find_document(file);
            if (!elsewhere && (!own || own->fine != fine)) {
                print_message("of the class of %s ours has %s\n", file, own ? "another verdict" : "none");
                missing++;
            }
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    assert_int_equal(missing, 0);
}

ALL_TESTS(cmocka_unit_test(test_own_corpus), cmocka_unit_test(test_many_brackets),
          cmocka_unit_test(test_public_corpus));
