/* The configuration as a folder: which of its files are read, in what order, and what each fault says. */
#include "main.h"

#include "fixture.h"
#include "folder.h"

#include "config/file.h"

/* What is told of the folder, with its name taken out: "/live.ini:3: ..."; the caller frees. */
static char *told_of(const char *path, struct model **out)
{
    struct fault_list faults = {0};
    struct model *model = model_load(path, &sample_schema, &faults);
    assert_true((model == NULL) == (faults.faults > 0));
    if (out != NULL)
        *out = model;
    else
        model_unref(model);
    fault_list_sort(&faults);
    char *printed = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);
    fault_list_print(&faults, stream);
    fclose(stream);
    fault_list_free(&faults);
    for (char *at; (at = strstr(printed, folder)) != NULL;)
        memmove(at, at + strlen(folder), strlen(at + strlen(folder)) + 1);
    return printed;
}

static void check_folder(const char *wanted)
{
    char *got = told_of(folder, NULL);
    if (strcmp(got, wanted) != 0)
        fail_msg("wanted:\n%s\ngot:\n%s", wanted, got);
    free(got);
}

static void files_are_one_configuration_in_name_order(void **state)
{
    (void)state;
    struct model *model;
    /* Bytewise: capitals, digits and signs stand where ASCII has them. */
    write_file("b.ini", "[probe b]\nkind = token\n", 0600);
    write_file("B.ini", "[probe B]\nkind = token\n", 0600);
    write_file("10.ini", "[probe ten]\nkind = token\n", 0600);
    write_file("9.ini", "[probe nine]\nkind = token\n", 0600);
    write_file("z-servers.ini", SERVER, 0600);
    write_file("empty.ini", "", 0600);
    write_file("notes.txt", "not INI at all", 0600);
    write_file("old.ini~", "[probe old]\n", 0600);
    write_file("ini", "[probe ini]\n", 0600);
    mkdir(path_of("sub"), 0755);
    char *got = told_of(folder, &model);
    assert_string_equal(got, "");
    free(got);
    assert_non_null(model);
    assert_int_equal(model->appserver_count, 1);
    assert_int_equal(model->probe_count, 4);
    static const char *const order[] = {"ten", "nine", "B", "b"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(model->probes[i].name, order[i]);
    /* Places outlive the reading. */
    assert_string_equal(model->probes[3].place.file, path_of("b.ini"));
    assert_int_equal(model->probes[3].place.line, 1);
    assert_string_equal(probe_key_place(&model->probes[1], "kind").file, path_of("9.ini"));
    assert_int_equal(appserver_key_place(&model->appservers[0], "url").line, 2);
    model_unref(model);

    char with_slashes[64];
    snprintf(with_slashes, sizeof with_slashes, "%s//", folder);
    got = told_of(with_slashes, &model);
    assert_string_equal(model->probes[3].place.file, path_of("b.ini"));
    model_unref(model);
    free(got);
}

static void what_is_written_twice_names_both_places(void **state)
{
    (void)state;
    write_file("a.ini", SERVER "[exporter]\ninterval = 2m\n[defaults baq]\ntop = 1\n", 0600);
    write_file("b.ini",
               PROBE "[appserver live]\nurl = http://x\n[exporter]\ntimeout = 1m\n[defaults baq]\ntop = 2\n",
               0600);
    write_file("c.ini", "\n[exporter]\ntimeout = 1m\n", 0600);
    check_folder("/b.ini:4: [appserver live]: written twice, first in /a.ini:1\n"
                 "/b.ini:5: [appserver live] url: written twice, first in /a.ini:2\n"
                 "/b.ini:6: [exporter]: written twice, first in /a.ini:7\n"
                 "/b.ini:8: [defaults baq]: written twice, first in /a.ini:9\n"
                 "/b.ini:9: [defaults baq] top: written twice, first in /a.ini:10\n"
                 "/c.ini:2: [exporter]: written twice, first in /a.ini:7\n"
                 "/c.ini:3: [exporter] timeout: written twice, first in /b.ini:7\n");
}

static void every_fault_has_its_own_file(void **state)
{
    (void)state;
    write_file("a.ini", "[appserver live]\nurl = ftp://x\nauth = none\napi_version = v1\nlabell.x = y\n",
               0600);
    write_file("b.ini", "key = before\n[probe orders]\nkind = baq\nbaq = x\nappserver = lvie\n", 0600);
    write_file("c.ini", "\xff\xfe[\0", 0600);
    char *got = told_of(folder, NULL);
    static const char *const wanted[] = {
        "/a.ini:2: [appserver live] url", "/a.ini:5: [appserver live] labell.x",
        "/b.ini:1: a key before the first section",
        "/b.ini:5: [probe orders] appserver = lvie: there is no such [appserver]; is live",
        "/c.ini:1: the file is UTF-16"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strstr(got, wanted[i]) == NULL)
            fail_msg("no \"%s\" in:\n%s", wanted[i], got);
    free(got);
}

static void relative_names_and_readers_are_those_of_the_file(void **state)
{
    (void)state;
    struct model *model;
    write_file("a.ini", "[appserver a]\nurl = https://h\napi_version = v1\nusername = u\npassword = geheim\n",
               0644);
    write_file("b.ini",
               "[appserver b]\nurl = https://i\napi_version = v1\nusername = u\npassword = geheim\n"
               "tls_ca_file = ca.pem\n[defaults baq]\nfilter_file = filter\n" PROBE,
               0600);
    write_file("ca.pem", "", 0600);
    write_file("filter", "x eq 1\n", 0600);
    char *got = told_of(folder, &model);
    assert_string_equal(got, "/a.ini:5: warning: [appserver a] password: the secret stands in a file that "
                             "every user can read; write password_file, or chmod 600\n");
    free(got);
    assert_non_null(model);
    assert_string_equal(model->appservers[1].tls_ca_file, path_of("ca.pem"));
    assert_string_equal(((const struct sample_own *)model->probes[0].own)->filter, "x eq 1");
    model_unref(model);
}

static void what_no_file_is(void **state)
{
    (void)state;
    check_folder(": there is no file *.ini in this folder\n");
    write_file(".#lock.ini", "", 0600);
    check_folder(
        ": there is no file *.ini in this folder\n/.#lock.ini: warning: a hidden file is not read\n");
    write_file("good.ini", GOOD, 0600);
    check_folder("/.#lock.ini: warning: a hidden file is not read\n");
    /* A FIFO that nobody writes must not block. That the rest may then lack something is not told. */
    assert_int_equal(mkfifo(path_of("pipe.ini"), 0600), 0);
    assert_int_equal(mkdir(path_of("sub.ini"), 0755), 0);
    assert_int_equal(symlink("nowhere", path_of("link.ini")), 0);
    assert_int_equal(symlink("loop.ini", path_of("loop.ini")), 0);
    assert_int_equal(symlink("/dev/null", path_of("null.ini")), 0);
    write_file("form.ini", "[probe\n[probe x]\nappserver = nowhere\n", 0600);
    check_folder("/form.ini:1: the section's name is not ended by ]\n"
                 "/link.ini: the link leads to nothing\n"
                 "/loop.ini: cannot be read: Too many levels of symbolic links\n"
                 "/null.ini: it is no regular file\n"
                 "/pipe.ini: it is no regular file\n"
                 "/sub.ini: it is a folder; folders within the folder are not read\n"
                 "/.#lock.ini: warning: a hidden file is not read\n");
}

/* As Kubernetes lays out a ConfigMap: names are links into a hidden folder. */
static void links_are_followed(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("..data"), 0755), 0);
    write_file("..data/a.ini", GOOD, 0600);
    assert_int_equal(symlink("..data/a.ini", path_of("a.ini")), 0);
    check_folder("");
    assert_int_equal(unlink(path_of("..data/a.ini")), 0);
    check_folder("/a.ini: the link leads to nothing\n");
}

static void unreadable_files_and_folders(void **state)
{
    (void)state;
    uid_t self = geteuid();
    write_file("a.ini", GOOD, 0600);
    write_file("b.ini", "", 0000);
    assert_int_equal(chmod(path_of("a.ini"), 0644), 0);
    if (self == 0)
        assert_int_equal(seteuid(65534), 0); /* root may read everything */
    check_folder("/b.ini: cannot be read: Permission denied; let the user that runs the exporter read it, "
                 "such as chgrp epicor_exporter and chmod 640\n");
    if (self == 0)
        assert_int_equal(seteuid(self), 0);
    assert_int_equal(chmod(folder, 0300), 0);
    if (self == 0)
        assert_int_equal(seteuid(65534), 0);
    check_folder(": cannot be read: Permission denied; let the user that runs the exporter read it, such as "
                 "chgrp epicor_exporter and chmod 640\n");
    if (self == 0)
        assert_int_equal(seteuid(self), 0);
    assert_int_equal(chmod(folder, 0755), 0);
}

static void sizes(void **state)
{
    (void)state;
    char name[32];
    write_file("a.ini", GOOD, 0600);
    /* Sparse: together they are a byte too many. */
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "big%d.ini", i);
        write_file(name, "", 0600);
        assert_int_equal(truncate(path_of(name), i == 0 ? 5 : (off_t)DOCUMENT_MAX), 0);
    }
    char *got = told_of(folder, NULL);
    if (strstr(got, "/big1.ini: with this file the configuration is larger than 64 MiB\n") == NULL)
        fail_msg("%s", got);
    free(got);
    remove(path_of("big0.ini"));
    remove(path_of("big1.ini"));
    for (int i = 0; i < FILES_MAX; i++) {
        snprintf(name, sizeof name, "x%d.ini", i);
        char from[512];
        snprintf(from, sizeof from, "%s", path_of("a.ini"));
        assert_int_equal(link(from, path_of(name)), 0);
    }
    check_folder(": there are more than 1000 files *.ini in this folder\n");
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

ALL_TESTS(FOLDER_TEST(files_are_one_configuration_in_name_order),
          FOLDER_TEST(what_is_written_twice_names_both_places), FOLDER_TEST(every_fault_has_its_own_file),
          FOLDER_TEST(relative_names_and_readers_are_those_of_the_file), FOLDER_TEST(what_no_file_is),
          FOLDER_TEST(links_are_followed), FOLDER_TEST(unreadable_files_and_folders), FOLDER_TEST(sizes));
