/* Holds the sources against src/README.md: who may include whom, which library has one place, what is not called. */
#include "main.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define LAYERS_MAX 32
#define LIBRARIES  11

struct layer {
    char *name; /* a folder, or main.c */
    bool may_include[LAYERS_MAX];
};

struct tree {
    const char *root;
    struct layer layers[LAYERS_MAX];
    size_t layer_count;
    size_t files;
    struct buffer faults;         /* a line each */
    int library_files[LIBRARIES]; /* of the rows of one_place */
};

/* Headers that have one place in src: one file, or a pair. */
static const struct {
    const char *header;
    int files;
} one_place[LIBRARIES] = {{"curl/", 2},   {"microhttpd.h", 3}, {"openssl/", 2},    {"zlib.h", 1},
                          {"expat.h", 1}, {"ini.h", 1},        {"gssapi/", 1},     {"krb5", 1},
                          {"crypt.h", 1}, {"gnutls/", 3},      {"libdeflate.h", 1}};

static const char *const forbidden_calls[] = {"strcpy", "strcat",    "sprintf", "vsprintf", "strtok",
                                              "atoi",   "atol",      "atof",    "gets",     "system",
                                              "popen",  "setlocale", "fork",    "vfork"};

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct buffer text;
    char part[4096];
    size_t got;

    if (file == NULL)
        fail_msg("cannot open %s", path);
    buffer_init(&text, 4 << 20);
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        assert_true(buffer_append(&text, part, got));
    fclose(file);
    return buffer_take(&text);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static size_t find_layer(const struct tree *tree, struct span name)
{
    size_t i = 0;

    while (i < tree->layer_count && !span_is(name, tree->layers[i].name))
        i++;
    return i;
}

static void read_permission(struct tree *tree, size_t layer, struct span words)
{
    bool *may = tree->layers[layer].may_include;
    struct span item, rest = words;
    bool all = span_is(words, "all"), all_above = span_starts_with(words, "all above");

    may[layer] = true;
    if (all || all_above) {
        for (size_t i = 0; i < layer; i++)
            may[i] = true;
        static const char but[] = "all above but ";
        if (span_starts_with(words, but)) {
            struct span name = {words.data + strlen(but), words.size - strlen(but)};
            size_t other = find_layer(tree, name);
            if (other >= layer)
                buffer_format(&tree->faults, "the table excepts %.*s, which is not above\n", (int)name.size,
                              name.data);
            else
                may[other] = false;
        } else if (!all && !span_is(words, "all above")) {
            buffer_format(&tree->faults, "the table says: %.*s\n", (int)words.size, words.data);
        }
        return;
    }
    if (span_is(words, "nothing of the product"))
        return;
    while (span_next_item(&rest, &item)) {
        size_t other = find_layer(tree, item);
        if (other < layer)
            may[other] = true;
        else
            buffer_format(&tree->faults, "the table lets %s include %.*s, which is not above it\n",
                          tree->layers[layer].name, (int)item.size, item.data);
    }
}

/* A row: | `name` | what | may include | */
static void read_table(struct tree *tree)
{
    char *path = memory_format("%s/README.md", tree->root), *text = read_file(path), *rest = text;

    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        struct span cells[3];
        size_t count = 0;
        if (strncmp(line, "| `", 3) != 0)
            continue;
        for (char *at = line + 1, *end; count < 3 && (end = strchr(at, '|')) != NULL; at = end + 1)
            cells[count++] = span_trim((struct span){at, (size_t)(end - at)});
        if (count < 3 || cells[0].size < 3) {
            buffer_format(&tree->faults, "the table has a row of another form: %s\n", line);
            continue;
        }
        assert_true(tree->layer_count < LAYERS_MAX);
        size_t layer = tree->layer_count++;
        tree->layers[layer] = (struct layer){.name = memory_copy_bytes(cells[0].data + 1, cells[0].size - 2)};
        read_permission(tree, layer, cells[2]);
    }
    if (tree->layer_count == 0)
        buffer_text(&tree->faults, "no table\n");
    free(text);
    free(path);
}

/* ---- a file ------------------------------------------------------------------------------------------------------ */

/* Overwrites comments, and, if asked, what stands in quotes, with blanks. */
static void blank_out(char *text, bool quotes)
{
    enum { CODE, LINE_COMMENT, COMMENT, QUOTED } where = CODE;
    char quote = '"';

    for (char *at = text; *at != '\0'; at++) {
        switch (where) {
        case CODE:
            if (at[0] == '/' && (at[1] == '/' || at[1] == '*')) {
                where = at[1] == '/' ? LINE_COMMENT : COMMENT;
                at[0] = ' ';
                *++at = ' ';
            } else if (*at == '"' || *at == '\'') {
                where = QUOTED;
                quote = *at;
            }
            break;
        case LINE_COMMENT:
            if (*at == '\n')
                where = CODE;
            else
                *at = ' ';
            break;
        case COMMENT:
            if (at[0] == '*' && at[1] == '/') {
                at[1] = ' ';
                where = CODE;
            }
            *at = *at == '\n' ? '\n' : ' ';
            break;
        case QUOTED:
            if (*at == quote || *at == '\n') {
                where = CODE;
            } else {
                bool escape = *at == '\\' && at[1] != '\0' && at[1] != '\n';
                if (quotes)
                    *at = ' ';
                if (escape && quotes)
                    at[1] = ' ';
                at += escape;
            }
            break;
        }
    }
}

static void check_include(struct tree *tree, const char *file, size_t layer, struct span name)
{
    const char *slash = memchr(name.data, '/', name.size);
    size_t other = slash == NULL ? tree->layer_count
                                 : find_layer(tree, (struct span){name.data, (size_t)(slash - name.data)});

    if (other == tree->layer_count)
        buffer_format(&tree->faults, "%s includes \"%.*s\", which is not the path of a header in src\n", file,
                      (int)name.size, name.data);
    else if (!tree->layers[layer].may_include[other])
        buffer_format(&tree->faults, "%s includes %s: %s may not\n", file, tree->layers[other].name,
                      tree->layers[layer].name);
}

static void check_includes(struct tree *tree, const char *file, size_t layer, const char *code)
{
    bool uses[LIBRARIES] = {false};

    for (const char *line = code; line != NULL; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *at = line + strspn(line, " \t");
        if (*at != '#')
            continue;
        at += 1 + strspn(at + 1, " \t");
        if (strncmp(at, "include", 7) != 0)
            continue;
        at += 7 + strspn(at + 7, " \t");
        const char *end = *at == '"' || *at == '<' ? strpbrk(at + 1, *at == '<' ? ">\n" : "\"\n") : NULL;
        if (end == NULL || *end == '\n') {
            buffer_format(&tree->faults, "%s has an #include that cannot be read\n", file);
            continue;
        }
        struct span name = {at + 1, (size_t)(end - at - 1)};
        size_t library = 0;
        while (library < LIBRARIES && !span_starts_with(name, one_place[library].header))
            library++;
        if (library < LIBRARIES)
            uses[library] = true;
        else if (*at == '"')
            check_include(tree, file, layer, name);
        else if (name.size > 0 && memchr(name.data, '/', name.size) != NULL) {
            size_t size = (size_t)((const char *)memchr(name.data, '/', name.size) - name.data);
            if (find_layer(tree, (struct span){name.data, size}) < tree->layer_count)
                buffer_format(&tree->faults, "%s includes <%.*s>: our headers stand in quotes\n", file,
                              (int)name.size, name.data);
        }
    }
    for (size_t i = 0; i < LIBRARIES; i++)
        tree->library_files[i] += uses[i];
    for (size_t i = 0; i < LIBRARIES; i++)
        if (uses[i] && tree->library_files[i] == one_place[i].files + 1)
            buffer_format(&tree->faults, "%s is one file too many to include %s\n", file,
                          one_place[i].header);
}

static bool is_word(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* A name before a parenthesis; a member is ours to name. */
static void check_calls(struct tree *tree, const char *file, const char *code)
{
    for (const char *at = code; *at != '\0';) {
        size_t size = 0;
        while (is_word(at[size]))
            size++;
        struct span word = {at, size};
        bool member = at > code && (at[-1] == '.' || (at[-1] == '>' && at - code > 1 && at[-2] == '-'));
        for (size_t i = 0; size > 0 && !member && i < sizeof forbidden_calls / sizeof forbidden_calls[0]; i++)
            if (span_is(word, forbidden_calls[i]) && at[size + strspn(at + size, " \t\n")] == '(')
                buffer_format(&tree->faults, "%s calls %s\n", file, forbidden_calls[i]);
        at += size > 0 ? size : 1;
    }
}

static void check_file(struct tree *tree, const char *folder, const char *name, size_t layer)
{
    char *file = memory_format("%s%s%s", folder, *folder == '\0' ? "" : "/", name);
    char *path = memory_format("%s/%s", tree->root, file), *text = read_file(path);

    if (strncmp(name, "util", 4) == 0)
        buffer_format(&tree->faults, "%s is named after nothing\n", file);
    blank_out(text, false);
    check_includes(tree, file, layer, text);
    blank_out(text, true);
    check_calls(tree, file, text);
    tree->files++;
    free(text);
    free(path);
    free(file);
}

/* ---- the tree ---------------------------------------------------------------------------------------------------- */

static void check_folder(struct tree *tree, const char *folder)
{
    char *path = memory_format("%s/%s", tree->root, folder);
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);

    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char *inner = memory_format("%s/%s", path, name);
        struct stat status;
        const char *dot = strrchr(name, '.');
        assert_int_equal(stat(inner, &status), 0);
        if (S_ISDIR(status.st_mode) && name[0] != '.') {
            if (*folder == '\0')
                check_folder(tree, name);
            else
                buffer_format(&tree->faults, "%s/%s: a folder in a folder\n", folder, name);
        } else if (dot != NULL && (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0)) {
            size_t layer = find_layer(tree, span_of(*folder == '\0' ? name : folder));
            if (layer < tree->layer_count)
                check_file(tree, folder, name, layer);
            else
                buffer_format(&tree->faults, "%s/%s is in no row of the table\n", folder, name);
        }
        free(inner);
        free(entries[i]);
    }
    free(entries);
    free(path);
}

/* The faults, a line each; the caller frees. */
static char *check_tree(const char *root, size_t *files)
{
    struct tree tree = {.root = root};

    buffer_init(&tree.faults, 1 << 20);
    read_table(&tree);
    check_folder(&tree, "");
    for (size_t i = 0; i < tree.layer_count; i++)
        free(tree.layers[i].name);
    *files = tree.files;
    return buffer_take(&tree.faults);
}

static void our_sources_keep_the_table(void **state)
{
    size_t files;
    char *faults = check_tree(TESTS_DIR "/../src", &files);

    (void)state;
    assert_string_equal(faults, "");
    assert_true(files >= 20);
    free(faults);
}

/* ---- the check itself, on made-up trees -------------------------------------------------------------------------- */

static const char table[] = "# Words\n| folder | what | may include |\n|---|---|---|\n"
                            "| `base` | bytes | nothing of the product |\n"
                            "| `json` | scanner | base |\n"
                            "| `agent` | loop | base, json |\n"
                            "| `web` | pages | base |\n"
                            "| `command` | check | all above but web |\n"
                            "| `main.c` | start | all |\n";

static void write_text(const char *root, const char *name, const char *text)
{
    char *path = memory_format("%s/%s", root, name);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static void each_violation_is_found(void **state)
{
    static const struct {
        const char *name, *text, *fault;
    } rows[] = {
        {"base/a.c", "#include <stdio.h>\n#include \"base/a.h\"\n", ""},
        {"json/a.c", "#include \"base/a.h\"\n# include\t\"json/a.h\"\n", ""},
        {"command/a.c", "#include \"agent/a.h\"\n", ""},
        {"main.c", "#include \"web/a.h\"\n#include \"command/a.h\"\n", ""},
        {"base/a.c", "#include \"json/a.h\"\n", "base/a.c includes json: base may not\n"},
        {"base/a.h", "  #  include \"web/a.h\"\n", "base/a.h includes web: base may not\n"},
        {"web/a.c", "int x;\n#include \"agent/a.h\"", "web/a.c includes agent: web may not\n"},
        {"command/a.c", "#include \"web/a.h\"\n", "command/a.c includes web: command may not\n"},
        {"agent/a.c", "#include \"command/a.h\"\n", "agent/a.c includes command: agent may not\n"},
        {"base/a.c", "#include \"a.h\"\n",
         "base/a.c includes \"a.h\", which is not the path of a header in src\n"},
        {"base/a.c", "#include \"../json/a.h\"\n",
         "base/a.c includes \"../json/a.h\", which is not the path of a header in src\n"},
        {"base/a.c", "#include <json/a.h>\n", "base/a.c includes <json/a.h>: our headers stand in quotes\n"},
        {"base/a.c", "#include HEADER\n", "base/a.c has an #include that cannot be read\n"},
        {"base/a.c", "// #include \"json/a.h\"\n/* \n#include \"json/a.h\"\n*/\n", ""},
        {"extra.c", "int x;\n", "/extra.c is in no row of the table\n"},
        {"base/util.c", "int x;\n", "base/util.c is named after nothing\n"},
        {"agent/b.c", "#include <curl/curl.h>\n#include <curl/multi.h>\n", ""},
        {"agent/b.c", "#include <microhttpd.h>\n", ""},
        {"base/a.c", "int f(void) { return system (\"ls\"); }\n", "base/a.c calls system\n"},
        {"base/a.c", "int f(char *a) { return atoi\n(a); }\n", "base/a.c calls atoi\n"},
        {"base/a.c", "char *s = \"\\\"\"; void f(char *a) { strcpy(a, s); }\n", "base/a.c calls strcpy\n"},
        {"base/a.c", "char c = '\"'; void f(char *a) { strcat(a, \"\"); }\n", "base/a.c calls strcat\n"},
        {"base/a.h", "#define F(a) sprintf(a, \"%d\", 1)\n", "base/a.h calls sprintf\n"},
        {"web/a.c", "int f(void) { return fork(); }\n", "web/a.c calls fork\n"},
        {"web/a.c", "void f(void) { (void)setlocale(0, \"\"); }\n", "web/a.c calls setlocale\n"},
        {"base/a.c",
         "/* system(1) */ char *s = \"system(1) \\\" atoi(2)\"; // fork()\nint system_call(void);\n", ""},
        {"base/a.c", "int snprintf(char *a); int my_atoi(int a); int x = y.system(1) + y->system(1);\n", ""},
    };
    static const char *const folders[] = {"base", "json", "agent", "web", "command"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char root[] = "/tmp/test_includes_XXXXXX";
        size_t files;
        assert_non_null(mkdtemp(root));
        for (size_t n = 0; n < sizeof folders / sizeof folders[0]; n++) {
            char *folder = memory_format("%s/%s", root, folders[n]);
            assert_int_equal(mkdir(folder, 0700), 0);
            free(folder);
        }
        write_text(root, "README.md", table);
        write_text(root, rows[i].name, rows[i].text);
        char *faults = check_tree(root, &files);
        char *path = memory_format("%s/%s", root, rows[i].name),
             *readme = memory_format("%s/README.md", root);
        unlink(path);
        unlink(readme);
        free(path);
        free(readme);
        for (size_t n = 0; n < sizeof folders / sizeof folders[0]; n++) {
            char *folder = memory_format("%s/%s", root, folders[n]);
            rmdir(folder);
            free(folder);
        }
        assert_int_equal(rmdir(root), 0);
        assert_string_equal(faults, rows[i].fault);
        free(faults);
    }
}

static void a_library_has_one_place(void **state)
{
    (void)state;
    char root[] = "/tmp/test_includes_XXXXXX";
    size_t files;
    assert_non_null(mkdtemp(root));
    char *folder = memory_format("%s/agent", root);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_text(root, "README.md", table);
    write_text(root, "agent/a.c", "#include <curl/curl.h>\n#include <expat.h>\n");
    write_text(root, "agent/b.c", "#include <curl/multi.h>\n#include <ini.h>\n#include <expat.h>\n");
    write_text(root, "agent/c.c", "#include <curl/easy.h>\n");
    write_text(root, "main.c", "#include \"ini.h\"\n");
    char *faults = check_tree(root, &files);
    assert_int_equal(files, 4);
    assert_string_equal(faults, "agent/b.c is one file too many to include expat.h\n"
                                "agent/c.c is one file too many to include curl/\n"
                                "main.c is one file too many to include ini.h\n");
    free(faults);
    static const char *const names[] = {"README.md", "agent/a.c", "agent/b.c", "agent/c.c", "main.c"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = memory_format("%s/%s", root, names[i]);
        unlink(path);
        free(path);
    }
    rmdir(folder);
    free(folder);
    assert_int_equal(rmdir(root), 0);
}

static void a_table_that_cannot_be_read_is_a_fault(void **state)
{
    static const struct {
        const char *table, *fault;
    } rows[] = {
        {"nothing here\n", "no table\n"},
        {"| `base` | bytes |\n", "the table has a row of another form: | `base` | bytes |\nno table\n"},
        {"| `base` | bytes | json |\n", "the table lets base include json, which is not above it\n"},
        {"| `base` | bytes | all above, mostly |\n", "the table says: all above, mostly\n"},
        {"| `base` | bytes | all above but web |\n", "the table excepts web, which is not above\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char root[] = "/tmp/test_includes_XXXXXX";
        size_t files;
        assert_non_null(mkdtemp(root));
        write_text(root, "README.md", rows[i].table);
        char *faults = check_tree(root, &files);
        char *path = memory_format("%s/README.md", root);
        unlink(path);
        free(path);
        assert_int_equal(rmdir(root), 0);
        assert_string_equal(faults, rows[i].fault);
        free(faults);
    }
}

ALL_TESTS(cmocka_unit_test(our_sources_keep_the_table), cmocka_unit_test(each_violation_is_found),
          cmocka_unit_test(a_library_has_one_place),
          cmocka_unit_test(a_table_that_cannot_be_read_is_a_fault));
