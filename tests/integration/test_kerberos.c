/* Kerberos tickets against MIT's own key distribution center, and what they give against MIT's own acceptor. */
#include "../main.h"

#include <arpa/inet.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/kerberos.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "kdc.h"

static struct kdc kdc;
static char keytab_one[64], keytab_two[64], keytab_old[64], keytab_short[64];
static char url_erp[] = "http://ERP.epicor.test:8080/KineticLive";

static void name_keytab(char *out, const char *name)
{
    snprintf(out, 64, "%s/%s", kdc.folder, name);
}

static int begin(void **state)
{
    (void)state;
    kdc_make(
        &kdc,
        "addprinc -randkey +requires_preauth monitor-one\naddprinc -randkey +requires_preauth monitor-two\n"
        "addprinc -randkey +requires_preauth monitor-old\naddprinc -randkey -maxlife \"3 seconds\" "
        "monitor-short\n"
        "addprinc -randkey HTTP/erp.epicor.test\naddprinc -randkey HTTP/127.0.0.1\n"
        "ktadd -k one.keytab monitor-one\nktadd -k two.keytab monitor-two\n"
        "ktadd -k old.keytab monitor-old\nktadd -k short.keytab monitor-short\n"
        "ktadd -k service.keytab HTTP/erp.epicor.test HTTP/127.0.0.1\n"
        "cpw -randkey monitor-old\n");
    name_keytab(keytab_one, "one.keytab");
    name_keytab(keytab_two, "two.keytab");
    name_keytab(keytab_old, "old.keytab");
    name_keytab(keytab_short, "short.keytab");
    return 0;
}

static int end(void **state)
{
    (void)state;
    kdc_remove(&kdc);
    return 0;
}

static struct appserver_settings settings_of(char *keytab)
{
    return (struct appserver_settings){.url = url_erp, .kerberos_keytab_file = keytab};
}

static struct ticket_result acquire(const struct appserver_settings *settings)
{
    struct ticket_result result;
    kerberos_acquire(settings, &result);
    return result;
}

static struct ticket_result good(const struct appserver_settings *settings)
{
    struct ticket_result result = acquire(settings);
    if (!result.ticket)
        fail_msg("%s: %s", reason_name(result.reason), result.why);
    assert_null(result.why);
    assert_true(result.lifetime_ns > 0);
    return result;
}

/* Checks that none came, and why; says who the user is nowhere. */
static void bad(const struct appserver_settings *settings, enum reason reason, const char *words)
{
    struct ticket_result result = acquire(settings);
    assert_null(result.ticket);
    assert_int_equal(result.lifetime_ns, 0);
    assert_non_null(result.why);
    if (result.reason != reason || !strstr(result.why, words) || strstr(result.why, "monitor-"))
        fail_msg("wanted %s, %s; got %s, %s", reason_name(reason), words, reason_name(result.reason),
                 result.why);
    print_message("    %s: %s\n", reason_name(result.reason), result.why);
    ticket_result_free(&result);
}

/* ---- the acceptor ---- */

static const char *refused = "refused";

/* Who the service says it is, or "refused"; the caller frees. */
static char *accept_token(const struct secret *authorization)
{
    char *keytab = memory_format("FILE:%s/service.keytab", kdc.folder);
    gss_key_value_element_desc place = {"keytab", keytab};
    gss_key_value_set_desc store = {1, &place};
    struct span text = {secret_reveal(authorization), secret_size(authorization)};
    unsigned char *bytes = memory_new(text.size, 1);
    long size = text_base64_decode(text, bytes);
    assert_true(size > 0);
    gss_buffer_desc token = {(size_t)size, bytes}, answer = GSS_C_EMPTY_BUFFER, display = GSS_C_EMPTY_BUFFER;
    gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t source = GSS_C_NO_NAME;
    OM_uint32 minor;
    assert_int_equal(gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
                                           GSS_C_ACCEPT, &store, &credential, NULL, NULL),
                     GSS_S_COMPLETE);
    OM_uint32 major = gss_accept_sec_context(&minor, &context, credential, &token, GSS_C_NO_CHANNEL_BINDINGS,
                                             &source, NULL, &answer, NULL, NULL, NULL);
    char *who;
    if (major == GSS_S_COMPLETE) {
        assert_int_equal(gss_display_name(&minor, source, &display, NULL), GSS_S_COMPLETE);
        who = memory_copy_bytes(display.value, display.length);
    } else {
        who = memory_copy_text(refused);
    }
    gss_release_buffer(&minor, &display);
    gss_release_buffer(&minor, &answer);
    gss_release_name(&minor, &source);
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    gss_release_cred(&minor, &credential);
    free(bytes);
    free(keytab);
    return who;
}

static struct secret *authorize(struct ticket *ticket)
{
    char *why = NULL;
    struct secret *secret = ticket->authorization(ticket, &why);
    if (!secret)
        fail_msg("%s", why);
    assert_null(why);
    return secret;
}

static void serves(struct ticket *ticket, const char *principal)
{
    struct secret *secret = authorize(ticket);
    char *who = accept_token(secret);
    assert_string_equal(who, principal);
    free(who);
    secret_unref(secret);
}

/* ---- what works ---- */

static void a_keytab_gives_a_ticket_that_the_service_accepts(void **state)
{
    (void)state;
    static char principal[] = "monitor-one", full[] = "monitor-one@EPICOR.TEST";
    char *const names[] = {NULL, principal, full};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct appserver_settings settings = settings_of(keytab_one);
        settings.kerberos_principal = names[i];
        struct ticket_result result = good(&settings);
        assert_in_range(result.lifetime_ns / SECOND_NS, 9 * 3600, 10 * 3600);
        serves(result.ticket, full);
        ticket_result_free(&result);
    }
}

/* The service keeps what it has seen, and refuses it the second time. */
static void each_request_has_a_token_of_its_own(void **state)
{
    (void)state;
    struct appserver_settings settings = settings_of(keytab_one);
    struct ticket_result result = good(&settings);
    struct secret *first = authorize(result.ticket), *second = authorize(result.ticket);
    assert_false(secret_equal(first, second));
    struct secret *const tokens[] = {first, second, first};
    for (size_t i = 0; i < 3; i++) {
        char *who = accept_token(tokens[i]);
        assert_string_equal(who, i < 2 ? "monitor-one@EPICOR.TEST" : refused);
        free(who);
    }
    secret_unref(first);
    secret_unref(second);
    ticket_result_free(&result);
}

static void tokens_are_made_without_the_center(void **state)
{
    (void)state;
    struct appserver_settings settings = settings_of(keytab_one);
    struct ticket_result result = good(&settings);
    kdc_stop(&kdc);
    /* Not even where to ask. */
    char *config = kdc_path(&kdc, "krb5.conf");
    unlink(config);
    free(config);
    enum { TOKENS = 50 };
    struct secret *tokens[TOKENS];
    struct moment before = clock_now();
    for (size_t i = 0; i < TOKENS; i++)
        tokens[i] = authorize(result.ticket);
    int64_t took_ns = clock_now().boot_ns - before.boot_ns;
    print_message("    made in %.2f ms each\n", clock_seconds(took_ns / TOKENS) * 1000);
    assert_true(took_ns < 5 * SECOND_NS);
    for (size_t i = 0; i < TOKENS; i++) {
        char *who = accept_token(tokens[i]);
        assert_string_equal(who, "monitor-one@EPICOR.TEST");
        free(who);
        secret_unref(tokens[i]);
    }
    ticket_result_free(&result);
    kdc_start(&kdc);
}

/* Memory caches outlive who forgets them, and are no leak to a sanitizer. Those count no bytes in use, and see nothing here
   but what is read after it was freed. */
static void nothing_stays_of_tickets_that_were_released(void **state)
{
    (void)state;
    enum { TICKETS = 200 };
    struct appserver_settings settings = settings_of(keytab_one);
    size_t before = 0;
    for (size_t i = 0; i < 20 + TICKETS; i++) {
        if (i == 20)
            before = mallinfo2().uordblks;
        struct ticket_result result = good(&settings);
        secret_unref(authorize(result.ticket));
        ticket_result_free(&result);
    }
    size_t after = mallinfo2().uordblks;
    print_message("    in use before: %zu, after %d tickets: %zu bytes\n", before, TICKETS, after);
    assert_true(after < before + (size_t)TICKETS * 256);
}

static void an_address_is_a_host_too(void **state)
{
    (void)state;
    static char url[] = "https://127.0.0.1/KineticLive";
    struct appserver_settings settings = settings_of(keytab_one);
    settings.url = url;
    struct ticket_result result = good(&settings);
    serves(result.ticket, "monitor-one@EPICOR.TEST");
    ticket_result_free(&result);
}

/* ---- refusals ---- */

static void an_old_key_is_sent_once(void **state)
{
    (void)state;
    struct appserver_settings settings = settings_of(keytab_old);
    bad(&settings, REASON_CREDENTIALS, "kerberos_keytab_file");
    size_t failures = kdc_logged(&kdc, "PREAUTH_FAILED");
    bad(&settings, REASON_CREDENTIALS, "kerberos_keytab_file");
    assert_int_equal(kdc_logged(&kdc, "PREAUTH_FAILED"), failures + 1);
}

static void what_the_center_says_of_the_account(void **state)
{
    (void)state;
    static const struct {
        const char *change, *words, *back;
    } rows[] = {
        {"modprinc -allow_tix monitor-two\n", "disabled or locked", "modprinc +allow_tix monitor-two\n"},
        {"modprinc -expire yesterday monitor-two\n", "has expired", "modprinc -expire never monitor-two\n"},
        {"modprinc -pwexpire yesterday monitor-two\n", "password has expired",
         "modprinc -pwexpire never monitor-two\n"},
        {"renprinc -force monitor-two monitor-gone\n", "knows no such account",
         "renprinc -force monitor-gone monitor-two\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct appserver_settings settings = settings_of(keytab_two);
        kdc_admin(&kdc, rows[i].change);
        bad(&settings, REASON_CREDENTIALS, rows[i].words);
        kdc_admin(&kdc, rows[i].back);
    }
    struct appserver_settings settings = settings_of(keytab_two);
    struct ticket_result result = good(&settings);
    ticket_result_free(&result);
}

static void an_unknown_service_is_named(void **state)
{
    (void)state;
    static char url[] = "https://crm.epicor.test/KineticLive";
    struct appserver_settings settings = settings_of(keytab_one);
    settings.url = url;
    bad(&settings, REASON_IDENTITY_PROVIDER, "setspn");
    bad(&settings, REASON_IDENTITY_PROVIDER, "HTTP/crm.epicor.test@EPICOR.TEST");
}

static void keytabs_that_cannot_be_used(void **state)
{
    (void)state;
    static char nowhere[] = "/nonexistent/keytab", folder[] = "/", stranger[] = "monitor-two",
                malformed[] = "monitor@two@three", empty_path[64], text_path[64], cut_path[64];
    static const unsigned char empty[] = {5, 2};
    size_t size;
    char *whole = kdc_read(&kdc, "one.keytab", &size);
    kdc_write(&kdc, "empty.keytab", empty, sizeof empty);
    kdc_write(&kdc, "text.keytab", "username = x\n", 13);
    kdc_write(&kdc, "cut.keytab", whole, 20);
    free(whole);
    name_keytab(empty_path, "empty.keytab");
    name_keytab(text_path, "text.keytab");
    name_keytab(cut_path, "cut.keytab");
    const struct {
        char *keytab, *principal;
        const char *words;
    } rows[] = {
        {nowhere, NULL, "/nonexistent/keytab cannot be opened: No such file"},
        {folder, NULL, "/ is not a regular file"},
        {empty_path, NULL, "holds no key"},
        {empty_path, stranger, "holds no key"},
        {text_path, NULL, "is not a keytab"},
        {text_path, stranger, "is not a keytab"},
        {cut_path, NULL, "holds no key"},
        {keytab_one, stranger, "holds no key of kerberos_principal"},
        {keytab_one, malformed, "not the name of a principal"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct appserver_settings settings = settings_of(rows[i].keytab);
        settings.kerberos_principal = rows[i].principal;
        bad(&settings, REASON_INTERNAL, rows[i].words);
    }
}

/* ---- centers that do not answer, or with something else ---- */

static void a_center_that_is_down_is_told_at_once(void **state)
{
    (void)state;
    struct appserver_settings settings = settings_of(keytab_one);
    kdc_stop(&kdc);
    struct moment before = clock_now();
    bad(&settings, REASON_IDENTITY_PROVIDER, "No key distribution center answered (realm EPICOR.TEST)");
    double took = clock_seconds(clock_now().boot_ns - before.boot_ns);
    print_message("    a center that is down: %.1f s\n", took);
    assert_true(took < 20);
    kdc_start(&kdc);
}

static void a_silent_center_is_given_up(void **state)
{
    (void)state;
    struct appserver_settings settings = settings_of(keytab_one);
    kdc_silence(&kdc);
    struct moment before = clock_now();
    bad(&settings, REASON_IDENTITY_PROVIDER, "No key distribution center answered (realm EPICOR.TEST)");
    print_message("    a silent center: %.1f s\n", clock_seconds(clock_now().boot_ns - before.boot_ns));
    kdc_speak(&kdc);
    struct ticket_result result = good(&settings);
    ticket_result_free(&result);
}

/* Answers each datagram by a KRB-ERROR; a datagram of one byte ends it. */
struct parrot {
    int descriptor;
    krb5_error_code code;
    pthread_t thread;
};

static void *parrot_run(void *context)
{
    const struct parrot *parrot = context;
    krb5_context krb;
    krb5_principal server;
    krb5_data answer;
    assert_int_equal(krb5_init_context(&krb), 0);
    assert_int_equal(krb5_parse_name(krb, "krbtgt/EPICOR.TEST@EPICOR.TEST", &server), 0);
    krb5_error error = {.error = (krb5_ui_4)(parrot->code - ERROR_TABLE_BASE_krb5), .server = server};
    assert_int_equal(krb5_us_timeofday(krb, &error.stime, &error.susec), 0);
    assert_int_equal(krb5_mk_error(krb, &error, &answer), 0);
    for (;;) {
        char question[4096];
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        ssize_t got = recvfrom(parrot->descriptor, question, sizeof question, 0, (struct sockaddr *)&from,
                               &size);
        if (got <= 1)
            break;
        sendto(parrot->descriptor, answer.data, answer.length, 0, (struct sockaddr *)&from, size);
    }
    krb5_free_data_contents(krb, &answer);
    krb5_free_principal(krb, server);
    krb5_free_context(krb);
    return NULL;
}

static void what_a_center_answers_is_told(void **state)
{
    (void)state;
    static const struct {
        krb5_error_code code;
        enum reason reason;
        const char *words;
    } rows[] = {
        {KRB5KRB_AP_ERR_SKEW, REASON_IDENTITY_PROVIDER, "Clock skew"},
        {KRB5KDC_ERR_POLICY, REASON_CREDENTIALS, "policy forbids"},
        {KRB5KDC_ERR_ETYPE_NOSUPP, REASON_CREDENTIALS, "encryption types"},
        {KRB5KDC_ERR_CLIENT_REVOKED, REASON_CREDENTIALS, "disabled or locked"},
        {KRB5KDC_ERR_PREAUTH_FAILED, REASON_CREDENTIALS, "refused the key"},
        {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, REASON_IDENTITY_PROVIDER, "does not serve the account's realm"},
        {KRB5KRB_ERR_GENERIC, REASON_IDENTITY_PROVIDER, "Generic error"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        struct parrot parrot = {.descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                                .code = rows[i].code};
        assert_int_equal(bind(parrot.descriptor, (struct sockaddr *)&address, size), 0);
        assert_int_equal(getsockname(parrot.descriptor, (struct sockaddr *)&address, &size), 0);
        kdc_write_config(&kdc, "krb5.conf", ntohs(address.sin_port));
        assert_int_equal(pthread_create(&parrot.thread, NULL, parrot_run, &parrot), 0);

        struct appserver_settings settings = settings_of(keytab_one);
        bad(&settings, rows[i].reason, rows[i].words);

        int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(sendto(sender, "x", 1, 0, (struct sockaddr *)&address, size), 1);
        pthread_join(parrot.thread, NULL);
        close(sender);
        close(parrot.descriptor);
    }
    kdc_write_config(&kdc, "krb5.conf", kdc.port);
}

static void configurations_of_kerberos_that_cannot_be_used(void **state)
{
    (void)state;
    static char short_name[] = "monitor-one";
    static const struct {
        const char *text, *words;
        enum reason reason;
    } rows[] = {
        {"[libdefaults]\ndefault_realm = EPICOR.TEST\ndns_lookup_kdc = false\n",
         "names a key distribution center of the realm (realm EPICOR.TEST)", REASON_IDENTITY_PROVIDER},
        {"[libdefaults]\ndns_lookup_realm = false\n", "names no default_realm", REASON_INTERNAL},
        {"[libdefaults]\ndefault_realm\n", "syntax error", REASON_INTERNAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct appserver_settings settings = settings_of(keytab_one);
        settings.kerberos_principal = short_name;
        kdc_write(&kdc, "krb5.conf", rows[i].text, strlen(rows[i].text));
        bad(&settings, rows[i].reason, rows[i].words);
    }
    kdc_write_config(&kdc, "krb5.conf", kdc.port);
}

/* ---- time ---- */

/* Nor does GSSAPI get a new one by itself, with the keytab that the environment names. */
static void an_expired_ticket_serves_no_more(void **state)
{
    (void)state;
    struct appserver_settings settings = settings_of(keytab_short);
    struct ticket_result result = good(&settings);
    assert_in_range(result.lifetime_ns, 1, 3 * SECOND_NS);
    serves(result.ticket, "monitor-short@EPICOR.TEST");
    setenv("KRB5_CLIENT_KTNAME", keytab_short, 1);
    size_t asked = kdc_logged(&kdc, "_REQ");
    poll(NULL, 0, (int)(result.lifetime_ns / MILLISECOND_NS) + 2000);
    char *why = NULL;
    assert_null(result.ticket->authorization(result.ticket, &why));
    assert_string_equal(why, "The Kerberos ticket has expired");
    assert_int_equal(kdc_logged(&kdc, "_REQ"), asked);
    free(why);
    unsetenv("KRB5_CLIENT_KTNAME");
    ticket_result_free(&result);
}

/* ---- the cache of the environment ---- */

static void log_in(char *keytab, const char *principal, const char *service)
{
    const char *const simple[] = {"kinit", "-k", "-t", keytab, principal, NULL};
    const char *const direct[] = {"kinit", "-k", "-t", keytab, "-S", service, principal, NULL};
    kdc_run(&kdc, service ? direct : simple);
}

static void the_cache_of_kinit_serves_and_stays_as_it_is(void **state)
{
    (void)state;
    static char principal[] = "monitor-one", other[] = "monitor-two";
    log_in(keytab_one, principal, NULL);
    size_t size, size_after;
    char *before = kdc_read(&kdc, "tickets", &size);
    struct appserver_settings settings = {.url = url_erp};
    for (size_t i = 0; i < 2; i++) {
        settings.kerberos_principal = i == 0 ? NULL : principal;
        struct ticket_result result = good(&settings);
        serves(result.ticket, "monitor-one@EPICOR.TEST");
        ticket_result_free(&result);
    }
    char *after = kdc_read(&kdc, "tickets", &size_after);
    assert_int_equal(size, size_after);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);

    settings.kerberos_principal = other;
    bad(&settings, REASON_INTERNAL, "no credential cache of kerberos_principal");
}

/* A service ticket that is there already is asked for anew, or it could not be renewed ahead of its end. */
static void each_time_a_new_ticket_is_fetched(void **state)
{
    (void)state;
    static const char *const kvno[] = {"kvno", "HTTP/erp.epicor.test", NULL};
    log_in(keytab_one, "monitor-one", NULL);
    kdc_run(&kdc, kvno);
    size_t asked = kdc_logged(&kdc, "TGS_REQ");
    struct appserver_settings settings = {.url = url_erp};
    struct ticket_result result = good(&settings);
    assert_int_equal(kdc_logged(&kdc, "TGS_REQ"), asked + 1);
    ticket_result_free(&result);
}

static void a_cache_with_the_service_ticket_alone_serves(void **state)
{
    (void)state;
    log_in(keytab_one, "monitor-one", "HTTP/erp.epicor.test");
    struct appserver_settings settings = {.url = url_erp};
    kdc_stop(&kdc);
    struct ticket_result result = good(&settings);
    serves(result.ticket, "monitor-one@EPICOR.TEST");
    ticket_result_free(&result);
    kdc_start(&kdc);
}

static void caches_that_cannot_be_used(void **state)
{
    (void)state;
    struct appserver_settings settings = {.url = url_erp};
    char *path = kdc_path(&kdc, "tickets");
    unlink(path);
    bad(&settings, REASON_INTERNAL, "There is no credential cache (KRB5CCNAME)");
    kdc_write(&kdc, "tickets", "", 0);
    bad(&settings, REASON_INTERNAL, "credential cache (KRB5CCNAME)");
    kdc_write(&kdc, "tickets", "hello, world\n", 13);
    bad(&settings, REASON_INTERNAL, "credential cache (KRB5CCNAME)");
    log_in(keytab_one, "monitor-one", NULL);
    size_t size;
    char *whole = kdc_read(&kdc, "tickets", &size);
    for (size_t part = 1; part < 8; part++) {
        kdc_write(&kdc, "tickets", whole, size * part / 8);
        struct ticket_result result = acquire(&settings);
        assert_true(result.ticket || result.reason == REASON_INTERNAL);
        ticket_result_free(&result);
    }
    free(whole);
    log_in(keytab_short, "monitor-short", NULL);
    poll(NULL, 0, 5000);
    bad(&settings, REASON_INTERNAL, "has expired");
    unlink(path);
    free(path);
}

/* ---- several at once ---- */

struct caller {
    char *keytab;
    const char *principal;
    pthread_t thread;
    char *who[20];
};

static void *caller_run(void *context)
{
    struct caller *caller = context;
    struct appserver_settings settings = settings_of(caller->keytab);
    for (size_t i = 0; i < sizeof caller->who / sizeof caller->who[0]; i++) {
        struct ticket_result result;
        kerberos_acquire(&settings, &result);
        if (result.ticket) {
            char *why;
            struct secret *secret = result.ticket->authorization(result.ticket, &why);
            caller->who[i] = secret ? accept_token(secret) : why;
            secret_unref(secret);
        } else {
            caller->who[i] = memory_copy_text(result.why);
        }
        ticket_result_free(&result);
    }
    return NULL;
}

static void two_accounts_at_once_keep_apart(void **state)
{
    (void)state;
    struct caller callers[] = {{.keytab = keytab_one, .principal = "monitor-one@EPICOR.TEST"},
                               {.keytab = keytab_two, .principal = "monitor-two@EPICOR.TEST"}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&callers[i].thread, NULL, caller_run, &callers[i]), 0);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(callers[i].thread, NULL);
        for (size_t n = 0; n < sizeof callers[i].who / sizeof callers[i].who[0]; n++) {
            assert_string_equal(callers[i].who[n], callers[i].principal);
            free(callers[i].who[n]);
        }
    }
}

/* One realm for all. */
ALL_TESTS(cmocka_unit_test_setup(a_keytab_gives_a_ticket_that_the_service_accepts, begin),
          cmocka_unit_test(each_request_has_a_token_of_its_own),
          cmocka_unit_test(tokens_are_made_without_the_center),
          cmocka_unit_test(nothing_stays_of_tickets_that_were_released),
          cmocka_unit_test(an_address_is_a_host_too), cmocka_unit_test(an_old_key_is_sent_once),
          cmocka_unit_test(what_the_center_says_of_the_account),
          cmocka_unit_test(an_unknown_service_is_named), cmocka_unit_test(keytabs_that_cannot_be_used),
          cmocka_unit_test(a_center_that_is_down_is_told_at_once),
          cmocka_unit_test(a_silent_center_is_given_up), cmocka_unit_test(what_a_center_answers_is_told),
          cmocka_unit_test(configurations_of_kerberos_that_cannot_be_used),
          cmocka_unit_test(an_expired_ticket_serves_no_more),
          cmocka_unit_test(the_cache_of_kinit_serves_and_stays_as_it_is),
          cmocka_unit_test(each_time_a_new_ticket_is_fetched),
          cmocka_unit_test(a_cache_with_the_service_ticket_alone_serves),
          cmocka_unit_test(caches_that_cannot_be_used),
          cmocka_unit_test_teardown(two_accounts_at_once_keep_apart, end));
