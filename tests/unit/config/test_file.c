/* The configuration as a file: what cannot be read, secrets in files, relative names, who else can read it. */
#include "main.h"

#include "fixture.h"
#include "folder.h"

/* The only thing told is a fault with these words. */
static void check_refused(const char *path, const char *words)
{
    struct fault_list faults = {0};
    assert_null(model_load(path, &sample_schema, &faults));
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].file, path);
    assert_int_equal(faults.items[0].line, 0);
    if (strstr(faults.items[0].text, words) == NULL)
        fail_msg("%s", faults.items[0].text);
    fault_list_free(&faults);
}

static void test_what_cannot_be_read(void **state)
{
    (void)state;
    check_refused(path_of("none.ini"), "No such file or directory; name it with --config.file");
    check_refused(folder, "there is no file *.ini in this folder");
    write_file("e.ini", GOOD, 0000);
    uid_t self = geteuid();
    if (self == 0)
        assert_int_equal(seteuid(65534), 0); /* root may read everything */
    check_refused(path_of("e.ini"), "Permission denied; let the user that runs the exporter read it");
    if (self == 0)
        assert_int_equal(seteuid(self), 0);
    check_refused("/dev/full/x", "Not a directory");
    struct fault_list faults = {0};
    assert_null(model_load("/dev/zero", &sample_schema, &faults)); /* without end, and no text */
    assert_int_equal(faults.faults, 1);
    fault_list_free(&faults);
}

static void test_relative_names_and_files(void **state)
{
    (void)state;
    write_file("secret", "geheim\n", 0600);
    write_file("filter", "a eq 'b'\nand c eq 1\r\n\n", 0600);
    write_file("empty", "", 0600);
    write_file("e.ini",
               "[appserver a]\nurl = https://h\nauth = token\nusername_file = secret\npassword_file = "
               "/nowhere/x\ntls_ca_file = empty\napi_version = v1\n" PROBE "filter_file = filter\n",
               0600);
    struct fault_list faults = {0};
    char *path = path_of("e.ini");
    struct model *model = model_load(path, &sample_schema, &faults);
    /* A secret's file that is not there may come yet. */
    assert_int_equal(faults.count, 1);
    assert_true(faults.items[0].warning);
    assert_int_equal(faults.items[0].line, 5);
    assert_string_equal(
        faults.items[0].text,
        "[appserver a] password_file: /nowhere/x cannot be read now: No such file or directory");
    assert_non_null(model);
    const struct appserver_settings *a = &model->appservers[0];
    assert_int_equal(a->username.form, SECRET_FILE);
    assert_string_equal(a->username.name, path_of("secret"));
    assert_string_equal(a->tls_ca_file, path_of("empty"));
    assert_string_equal(((const struct sample_own *)model->probes[0].own)->filter, "a eq 'b'\nand c eq 1");
    model_unref(model);
    fault_list_free(&faults);
}

static void check_inline(mode_t mode, const char *words)
{
    write_file("e.ini",
               "[appserver a]\nurl = https://h\nusername_env = PATH\npassword = geheim\n[probe "
               "t]\nkind = token\n",
               mode);
    struct fault_list faults = {0};
    struct model *model = model_load(path_of("e.ini"), &sample_schema, &faults);
    assert_non_null(model);
    assert_int_equal(model->appservers[0].password.form, SECRET_INLINE);
    assert_string_equal(secret_reveal(model->appservers[0].password.inlined), "geheim");
    assert_int_equal(faults.count, words == NULL ? 0 : 1);
    if (words != NULL)
        assert_non_null(strstr(faults.items[0].text, words));
    model_unref(model);
    fault_list_free(&faults);
}

static void test_inline_secret_that_others_can_read(void **state)
{
    (void)state;
    check_inline(0600, NULL);
    check_inline(0640, "a file that its group can read; write password_file");
    check_inline(0644, "a file that every user can read; write password_file");
    write_file("e.ini",
               "[appserver a]\nurl = https://h\nusername = u\npassword_env = PATH\n[probe t]\nkind = token\n",
               0644);
    struct fault_list faults = {0};
    model_unref(model_load(path_of("e.ini"), &sample_schema, &faults));
    assert_int_equal(faults.count, 0); /* the name of a user is no secret */
    fault_list_free(&faults);
}

static void test_forms_of_secrets(void **state)
{
    (void)state;
    unsetenv("EPICOR_TEST_NONE");
    unsetenv("CREDENTIALS_DIRECTORY");
    static const struct told_case cases[] = {
        {SERVER "username = x\n" PROBE,
         "/etc/x/e.ini:7: [appserver live] username: username_env is written too, in "
         "line 4; only one of them can hold\n"},
        {"[appserver a]\nurl = https://h\nusername = 'x'\npassword = y # z\n[probe t]\nkind = token\n",
         "/etc/x/e.ini:3: warning: [appserver a] username: the quotes around it are part of the secret\n"
         "/etc/x/e.ini:4: warning: [appserver a] password: what stands behind a blank and # or ; is a "
         "comment, not "
         "part of the secret\n"},
        {"[appserver a]\nurl = https://h\nusername_env = EPICOR_TEST_NONE\npassword_credential = y\n[probe "
         "t]\nkind = token\n",
         "/etc/x/e.ini:3: warning: [appserver a] username_env: the environment variable EPICOR_TEST_NONE is "
         "not set "
         "here\n/etc/x/e.ini:4: warning: [appserver a] password_credential: no credentials folder is set "
         "here; "
         "systemd sets it with LoadCredential=\n"},
        {"[appserver a]\nurl = https://h\nusername_env = a=b\npassword_credential = ../y\n[probe t]\nkind = "
         "token\n",
         "/etc/x/e.ini:3: [appserver a] username_env: no environment variable has a name with = in it\n"
         "/etc/x/e.ini:4: [appserver a] password_credential: the name of a credential is a plain file "
         "name\n"},
        {"[appserver a]\nurl = https://h\nusername =\npassword_file =\n[probe t]\nkind = token\n",
         "/etc/x/e.ini:3: [appserver a] username: there is no value; leave the key out to have none\n"
         "/etc/x/e.ini:4: [appserver a] password_file: there is no value; leave the key out to have none\n"},
    };
    CHECK_TOLD(cases);
}

/* A file as a program would make it: many sections, all of them wrong; and one too many targets. */
static void test_size(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < 20000; i++)
        fprintf(out, "[probe p%d]\nkynd = token\n[prope p%d]\n", i, i);
    fclose(out);
    struct fault_list faults = {0};
    assert_null(read_text(text, &faults));
    assert_int_equal(faults.faults, 60001);
    fault_list_sort(&faults);
    assert_int_equal(faults.count, 60001);
    fault_list_free(&faults);
    free(text);

    out = open_memstream(&text, &size);
    for (int i = 0; i < 1001; i++)
        fprintf(out, "[probe p%d]\nkind = token\n[appserver a%d]\nurl = https://h%d\nauth = none\n", i, i, i);
    fclose(out);
    assert_null(read_text(text, &faults));
    assert_int_equal(faults.faults, 1);
    assert_non_null(strstr(faults.items[0].text, "more than 1000000 targets"));
    fault_list_free(&faults);
    free(text);
}

ALL_TESTS(cmocka_unit_test_setup(test_what_cannot_be_read, make_folder),
          cmocka_unit_test(test_relative_names_and_files),
          cmocka_unit_test(test_inline_secret_that_others_can_read),
          cmocka_unit_test_teardown(test_forms_of_secrets, remove_folder), cmocka_unit_test(test_size));
