/* Every option of every kind appears in an example under packaging/examples and in a test: the rows of the schema are held
   against the examples, which are loaded, and against the configurations that the sources of the tests hold as text. */
#include "main.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "config/model.h"
#include "config/rows.h"
#include "config/value.h"
#include "probe/kind.h"

#define EXAMPLES TESTS_DIR "/../packaging/examples/*.ini"

/* ---- what has been seen ---- */

/* For each kind: which of its rows, and (last) which of those that all probes share. */
#define KINDS_MAX 32
#define ROWS_MAX  64

struct seen {
    bool own[KINDS_MAX][ROWS_MAX];
    bool common[ROWS_MAX];
    bool kind[KINDS_MAX];
};

static const struct config_section *common(void)
{
    return &config_sections[SECTION_PROBE];
}

static void see_key(struct seen *seen, size_t kind, const char *key)
{
    const struct config_kind *of = probe_schema()->kinds[kind];
    enum key_form form;
    struct span name;
    for (size_t i = 0; i < of->row_count; i++)
        if (row_takes_key(&of->rows[i], key, &form, &name))
            seen->own[kind][i] = true;
    for (size_t i = 0; i < common()->row_count; i++)
        if (row_takes_key(&common()->rows[i], key, &form, &name))
            seen->common[i] = true;
    seen->kind[kind] = true;
}

/* Appends what was not seen, a line each. */
static void missing(const struct seen *seen, struct buffer *out)
{
    for (size_t k = 0; probe_schema()->kinds[k] != NULL; k++) {
        const struct config_kind *kind = probe_schema()->kinds[k];
        assert_true(k < KINDS_MAX && kind->row_count <= ROWS_MAX);
        if (!seen->kind[k])
            buffer_format(out, "  kind = %s\n", kind->name);
        for (size_t i = 0; i < kind->row_count; i++)
            if (!seen->own[k][i])
                buffer_format(out, "  kind = %s: %s\n", kind->name, kind->rows[i].name);
    }
    for (size_t i = 0; i < common()->row_count; i++)
        if (!seen->common[i])
            buffer_format(out, "  all kinds: %s\n", common()->rows[i].name);
}

static size_t kind_index(const char *name, size_t size)
{
    size_t i = 0;
    for (; probe_schema()->kinds[i] != NULL; i++)
        if (strlen(probe_schema()->kinds[i]->name) == size &&
            strncmp(probe_schema()->kinds[i]->name, name, size) == 0)
            return i;
    return SIZE_MAX;
}

static void fail_missing(const struct seen *seen, const char *where)
{
    struct buffer text;
    buffer_init(&text, 1 << 16);
    missing(seen, &text);
    if (text.size > 0)
        fail_msg("options that stand in no %s:\n%s", where, buffer_as_text(&text));
    buffer_free(&text);
}

/* ---- examples ---- */

static void every_option_stands_in_an_example(void **state)
{
    (void)state;
    static struct seen seen;
    glob_t files;
    assert_int_equal(glob(EXAMPLES, 0, NULL, &files), 0);
    for (size_t f = 0; f < files.gl_pathc; f++) {
        struct fault_list faults = {0};
        struct model *model = model_load(files.gl_pathv[f], probe_schema(), &faults);
        for (size_t i = 0; i < faults.count; i++)
            if (!faults.items[i].warning)
                fail_msg("%s:%d: %s", faults.items[i].file, faults.items[i].line, faults.items[i].text);
        fault_list_free(&faults);
        for (size_t p = 0; p < model->probe_count; p++) {
            const struct probe_settings *probe = &model->probes[p];
            for (size_t i = 0; i < probe->keys.count; i++)
                see_key(&seen, kind_index(probe->kind->name, strlen(probe->kind->name)),
                        probe->keys.items[i].name);
        }
        model_unref(model);
    }
    globfree(&files);
    fail_missing(&seen, "example under packaging/examples");
}

/* ---- texts in sources ---- */

struct macro {
    char *name;
    const char *body;
    size_t size;
};

struct source_text {
    char *text;
    struct macro *macros;
    size_t macro_count;
    struct seen *seen;
};

static char *file_read(const char *path)
{
    FILE *in = fopen(path, "rb");
    struct buffer text;
    char bytes[65536];
    size_t got;
    assert_non_null(in);
    buffer_init(&text, 4 << 20);
    while ((got = fread(bytes, 1, sizeof bytes, in)) > 0)
        assert_true(buffer_append(&text, bytes, got));
    fclose(in);
    return buffer_take(&text);
}

/* A configuration as text: the keys of each of its probes. What stands before the first section is one of a probe too. */
static void see_text(struct seen *seen, const char *text)
{
    for (const char *section = text; *section != '\0';) {
        const char *end = strstr(section + 1, "\n[");
        end = end == NULL ? section + strlen(section) : end + 1;
        size_t kind = SIZE_MAX;
        for (int pass = 0; pass < 2; pass++) { /* the kind may stand behind the keys */
            for (const char *line = section; line < end;
                 line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != '\0')) {
                size_t size = strcspn(line, "\n"), key = strcspn(line, " =\n");
                size_t equals = key + strspn(line + key, " ");
                if (key == 0 || key > 100 || line[equals] != '=')
                    continue;
                size_t value = equals + 1 + strspn(line + equals + 1, " ");
                if (key == 4 && strncmp(line, "kind", 4) == 0)
                    kind = value >= size ? SIZE_MAX : kind_index(line + value, strcspn(line + value, " \n"));
                else if (pass == 1 && kind != SIZE_MAX) {
                    char name[128];
                    snprintf(name, sizeof name, "%.*s", (int)key, line);
                    see_key(seen, kind, name);
                }
            }
            if (kind == SIZE_MAX)
                break;
            see_key(seen, kind, "kind");
        }
        section = end;
    }
}

static const struct macro *macro_find(const struct source_text *source, const char *name, size_t size)
{
    for (size_t i = 0; i < source->macro_count; i++)
        if (strlen(source->macros[i].name) == size && strncmp(source->macros[i].name, name, size) == 0)
            return &source->macros[i];
    return NULL;
}

static const char *literal_append(struct buffer *text, const char *c, const char *end)
{
    for (c++; c < end && *c != '"'; c++) {
        if (*c == '\\' && c + 1 < end) {
            c++;
            buffer_byte(text, *c == 'n' ? '\n' : *c);
        } else {
            buffer_byte(text, *c);
        }
    }
    return c < end ? c + 1 : end;
}

/* Walks C: literals that stand side by side are one text, together with macros that are such; what parts them ends it. In
   the arguments of a macro, which are lines of their own, nothing ends it. */
static void walk(const struct source_text *source, const char *c, const char *end, struct buffer *text,
                 int depth)
{
    int within = 0;
    while (c < end) {
        if (*c == '"') {
            c = literal_append(text, c, end);
        } else if (isspace((unsigned char)*c) || *c == '\\') {
            c++;
        } else if (c[0] == '/' && c + 1 < end && c[1] == '*') {
            const char *close = strstr(c + 2, "*/");
            c = close == NULL ? end : close + 2;
        } else if (*c == '\'') {
            for (c++; c < end && *c != '\''; c++)
                c += *c == '\\';
            c++;
        } else if (isalpha((unsigned char)*c) || *c == '_') {
            size_t size = 0;
            while (isalnum((unsigned char)c[size]) || c[size] == '_')
                size++;
            const struct macro *macro = macro_find(source, c, size);
            c += size;
            if (macro != NULL && depth < 8) {
                walk(source, macro->body, macro->body + macro->size, text, depth + 1);
                if (c < end && *c == '(') {
                    within++;
                    c++;
                    buffer_byte(text, '\n');
                }
                continue;
            }
            if (within == 0 && depth == 0) {
                see_text(source->seen, buffer_as_text(text));
                buffer_clear(text);
            }
        } else {
            within += *c == '(' && within > 0;
            if (*c == ')' && within > 0) {
                within--;
                buffer_byte(text, '\n');
            }
            if (within == 0 && depth == 0 && *c != ')') {
                see_text(source->seen, buffer_as_text(text));
                buffer_clear(text);
            }
            c++;
        }
    }
    if (depth == 0)
        see_text(source->seen, buffer_as_text(text));
}

static void macros_read(struct source_text *source, char *text, const char *path);

/* The macros of a header that lies beside the file. */
static void header_read(struct source_text *source, const char *line, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = line + strlen("#include \"");
    char *header = memory_format("%.*s/%.*s", (int)(slash - path), path, (int)strcspn(name, "\""), name);
    if (access(header, R_OK) == 0) {
        char *text = file_read(header);
        macros_read(source, text, header);
        free(text);
    }
    free(header);
}

/* Takes the #defines out of the text (blanks in their place) and keeps them. */
static void macros_read(struct source_text *source, char *text, const char *path)
{
    for (char *line = text; *line != '\0';) {
        char *end = line + strcspn(line, "\n");
        while (*end == '\n' && end > line && end[-1] == '\\')
            end += 1 + strcspn(end + 1, "\n");
        if (line[0] == '#' && strncmp(line, "#define ", 8) == 0) {
            const char *name = line + 8, *body;
            size_t size = strcspn(name, " \t\n(");
            body = name + size;
            if (*body == '(')
                body = strchr(body, ')') + 1;
            source->macros = memory_grow(source->macros, source->macro_count + 1, sizeof *source->macros);
            char *copy = memory_copy_bytes(body, (size_t)(end - body));
            source->macros[source->macro_count++] = (struct macro){memory_copy_bytes(name, size), copy,
                                                                   strlen(copy)};
        }
        if (strncmp(line, "#include \"", 10) == 0)
            header_read(source, line, path);
        if (line[0] == '#')
            memset(line, ' ', (size_t)(end - line));
        line = end + (*end == '\n');
    }
}

static void see_source(const char *path, struct seen *seen)
{
    struct source_text source = {.text = file_read(path), .seen = seen};
    struct buffer text;
    buffer_init(&text, 4 << 20);
    macros_read(&source, source.text, path);
    walk(&source, source.text, source.text + strlen(source.text), &text, 0);
    buffer_free(&text);
    for (size_t i = 0; i < source.macro_count; i++) {
        free(source.macros[i].name);
        free((char *)(uintptr_t)source.macros[i].body);
    }
    free(source.macros);
    free(source.text);
}

static void see_sources(const char *pattern, struct seen *seen)
{
    glob_t files;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t f = 0; f < files.gl_pathc; f++)
        see_source(files.gl_pathv[f], seen);
    globfree(&files);
}

static void every_option_stands_in_a_test(void **state)
{
    (void)state;
    static struct seen seen, of_config;
    see_sources(TESTS_DIR "/unit/probe/test_*.c", &seen);
    see_sources(TESTS_DIR "/unit/agent/*_*.c", &seen);
    see_sources(TESTS_DIR "/integration/*.c", &seen);
    /* The tests of config know the keys that all probes share; their kinds are made up. */
    see_sources(TESTS_DIR "/unit/config/test_*.c", &of_config);
    for (size_t i = 0; i < common()->row_count; i++)
        seen.common[i] = seen.common[i] || of_config.common[i];
    fail_missing(&seen, "test of a kind (a text in its source with kind = ... and the key)");
}

/* What the other test goes by. */
static void texts_are_found_in_sources(void **state)
{
    (void)state;
    static struct seen seen;
    char path[] = "/tmp/epicor_options_XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    assert_non_null(out);
    fputs("#define BAQ \"kind = baq\\n\" \\\n    \"baq = x\\n\"\n"
          "#define P(name) \"[probe \" name \"]\\n\" BAQ\n"
          "/* \"kind = bo\\nservice = s\\n\" */\n"
          "f(\"\", P(\"a\") \"top = 3\\n\", \"skip = 4\\n\"); g(BAQ \"rows\" \"_max = '5'\\n[probe t]\\nkind "
          "= token\\nplant = p\");\n"
          "h(\"select = a\\n\" /* why */ BAQ);\n",
          out);
    fclose(out);
    see_source(path, &seen);
    remove(path);
    size_t baq = kind_index("baq", 3);
    const struct config_kind *kind = probe_schema()->kinds[baq];
    static const char *const found[] = {"baq", "top", "rows_max", "select"};
    for (size_t i = 0; i < kind->row_count; i++) {
        bool wanted = false;
        for (size_t k = 0; k < sizeof found / sizeof found[0]; k++)
            wanted = wanted || strcmp(found[k], kind->rows[i].name) == 0;
        if (seen.own[baq][i] != wanted)
            fail_msg("%s is %sfound", kind->rows[i].name, wanted ? "not " : "");
    }
    assert_true(seen.kind[kind_index("token", 5)]);
    assert_false(seen.kind[kind_index("bo", 2)]);
    for (size_t i = 0; i < common()->row_count; i++)
        assert_int_equal(seen.common[i], strcmp(common()->rows[i].name, "plant") == 0 ||
                                             strcmp(common()->rows[i].name, "kind") == 0);
}

ALL_TESTS(cmocka_unit_test(texts_are_found_in_sources), cmocka_unit_test(every_option_stands_in_an_example),
          cmocka_unit_test(every_option_stands_in_a_test));
