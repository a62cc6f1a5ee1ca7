/* NTLM over HTTP against byte scripts: which messages go out, how often, over which connection, and what becomes the answer.
   The challenges are those of MS-NLMP section 4.2; the server's side of the check is computed here. */
#include "main.h"

#include "integration/network.h"

#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "simulator/rude.h"

/* Sections 4.2.2.3 (NTLMv1) and 4.2.4.3 (NTLMv2): the CHALLENGE_MESSAGE. */
#define CHALLENGE_V1                                                                                         \
    "TlRMTVNTUAACAAAADAAMADgAAAAzggLiASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAABgBwFwAAAA9TAGUAcgB2AGUAcgA="
#define CHALLENGE_V2                                                                                         \
    "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG" \
    "0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA="

#define ROWS "{\"value\":[{\"a\":1},{\"a\":2}]}"
#define CHALLENGED(message)                                                                                  \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM " message                                           \
    "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n"       \
    "<p>interim\r\n"
#define OFFERED                                                                                              \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n"                 \
    "Date: Mon, 07 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\n"           \
    "refused."
#define GOOD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n" ROWS
#define CLOSING                                                                                              \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM " CHALLENGE_V2                                      \
    "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

#define AWAIT                                                                                                \
    {                                                                                                        \
        .act = RUDE_AWAIT                                                                                    \
    }
#define SEND(text)                                                                                           \
    {                                                                                                        \
        .act = RUDE_SEND, RUDE_BYTES(text)                                                                   \
    }

static const struct rude_step accepts_v1[] = {
    AWAIT, SEND(CHALLENGED(CHALLENGE_V1)), AWAIT, SEND(GOOD), {.act = RUDE_SILENCE}};
/* The login, then what comes over the connection that carries it. */
static const struct rude_step accepts[] = {
    AWAIT,      SEND(CHALLENGED(CHALLENGE_V2)), AWAIT, SEND(GOOD), AWAIT, SEND(GOOD), AWAIT,
    SEND(GOOD), {.act = RUDE_SILENCE}};
static const struct rude_step refuses[] = {
    AWAIT, SEND(CHALLENGED(CHALLENGE_V2)), AWAIT, SEND(OFFERED), {.act = RUDE_AGAIN}};
static const struct rude_step challenges_for_ever[] = {
    AWAIT, SEND(CHALLENGED(CHALLENGE_V2)), {.act = RUDE_AGAIN}};
static const struct rude_step offers_for_ever[] = {AWAIT, SEND(OFFERED), {.act = RUDE_AGAIN}};
static const struct rude_step forgets[] = {AWAIT,
                                           SEND(CHALLENGED(CHALLENGE_V2)),
                                           AWAIT,
                                           SEND(GOOD),
                                           AWAIT,
                                           SEND(OFFERED),
                                           AWAIT,
                                           SEND(CHALLENGED(CHALLENGE_V2)),
                                           AWAIT,
                                           SEND(GOOD),
                                           {.act = RUDE_SILENCE}};
static const struct rude_step closes_amid[] = {AWAIT, SEND(CLOSING), {.act = RUDE_END}};
static const struct rude_step dies_at_the_last[] = {
    AWAIT, SEND(CHALLENGED(CHALLENGE_V2)), AWAIT, {.act = RUDE_END}};
static const struct rude_step dies_when_kept[] = {
    AWAIT, SEND(CHALLENGED(CHALLENGE_V2)), AWAIT, SEND(GOOD), AWAIT, {.act = RUDE_END}};
static const struct rude_step hangs_in_the_interim[] = {
    AWAIT,
    SEND("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM " CHALLENGE_V2
         "\r\nContent-Length: 100\r\n\r\n"),
    {.act = RUDE_SILENCE}};
static const struct rude_step hangs_at_the_last[] = {
    AWAIT, SEND(CHALLENGED(CHALLENGE_V2)), AWAIT, {.act = RUDE_SILENCE}};
static const struct rude_step garbled[] = {AWAIT, SEND(CHALLENGED("!!!!")), AWAIT, {.act = RUDE_END}};
static const struct rude_step good_without[] = {AWAIT, SEND(GOOD), {.act = RUDE_AGAIN}};

struct scene {
    struct rude_player *player;
    struct network *network;
};

static struct scene scene_open(const struct rude_step *steps)
{
    static struct rude_script script;
    struct scene scene;

    script = (struct rude_script){.name = "ntlm", .steps = steps};
    scene.player = rude_player_start(&script, 1, NULL);
    scene.network = network_new(rude_player_url(scene.player), NULL);
    scene.network->login = ORDER_NTLM;
    scene.network->username = "Domain\\User";
    scene.network->password = "Password";
    return scene;
}

static void scene_close(struct scene *scene)
{
    network_free(scene->network);
    rude_player_stop(scene->player);
}

static void make_post(struct network *network)
{
    network->request.method = HTTP_POST;
    network->request.body = (char *)(uintptr_t) "{}";
    network->request.body_size = 2;
    network->request.content_type = "application/json";
}

/* ---- what went out ---- */

/* The message of the i-th request; its type, 0 for none. */
static int message_of(struct scene *scene, unsigned i, unsigned char *message, long *size)
{
    static const char header[] = "\r\nAuthorization: NTLM ";
    char *request = rude_player_request(scene->player, i);
    int type = 0;

    assert_non_null(request);
    const char *at = strcasestr(request, header);

    *size = 0;
    if (at != NULL) {
        at += strlen(header);
        *size = text_base64_decode((struct span){at, strcspn(at, "\r")}, message);
        assert_true(*size >= 32);
        assert_memory_equal(message, "NTLMSSP", 8);
        type = message[8];
    }
    free(request);
    return type;
}

/* The types of the messages of all requests in turn: "13", "13-", "-". */
static void assert_messages(struct scene *scene, const char *types)
{
    unsigned char message[4096];
    long size;

    assert_int_equal(rude_player_requests(scene->player, 0), strlen(types));
    for (unsigned i = 0; types[i] != '\0'; i++) {
        int type = message_of(scene, i, message, &size);

        assert_int_equal(type == 0 ? '-' : '0' + type, types[i]);
    }
}

static unsigned body_size_of(struct scene *scene, unsigned i)
{
    char *request = rude_player_request(scene->player, i);
    const char *body = strstr(request, "\r\n\r\n");
    unsigned size = (unsigned)strlen(body + 4);

    free(request);
    return size;
}

struct field {
    const unsigned char *bytes;
    size_t size;
};

/* A field of an AUTHENTICATE_MESSAGE (section 2.2.1.3): length, room, offset. */
static struct field field_at(const unsigned char *message, long size, size_t at)
{
    size_t length = message[at] | (size_t)message[at + 1] << 8;
    size_t offset = message[at + 4] | (size_t)message[at + 5] << 8;

    assert_true(offset + length <= (size_t)size);
    return (struct field){.bytes = message + offset, .size = length};
}

static void assert_wide(struct field field, const char *text)
{
    assert_int_equal(field.size, 2 * strlen(text));
    for (size_t i = 0; text[i] != '\0'; i++) {
        assert_int_equal(field.bytes[2 * i], text[i]);
        assert_int_equal(field.bytes[2 * i + 1], 0);
    }
}

static void assert_good(const struct seen *seen)
{
    assert_string_equal(seen->answer.detail, "");
    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->answer.status, 200);
    assert_string_equal(seen->answer.content_type, "application/json");
    assert_int_equal(seen->answer.date_epoch, 0);
    assert_int_equal(seen->rows, 2);
    assert_true(seen->answer.body_bytes == 27);
    assert_false(seen->answer.resent);
}

static void assert_refused(const struct seen *seen)
{
    assert_string_equal(seen->answer.detail, "");
    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->answer.status, 401);
    assert_true(seen->answer.sent);
    assert_false(seen->answer.resent);
}

/* ---- the tests ---- */

/* Section 4.2.2.2: NTLMv1, which has nothing random in it. */
static void first_version_is_as_specified(void **state)
{
    static const unsigned char lm[] = {0x98, 0xde, 0xf7, 0xb8, 0x7f, 0x88, 0xaa, 0x5d,
                                       0xaf, 0xe2, 0xdf, 0x77, 0x96, 0x88, 0xa1, 0x72,
                                       0xde, 0xf1, 0x1c, 0x7d, 0x5c, 0xcd, 0xef, 0x13};
    static const unsigned char nt[] = {0x67, 0xc4, 0x30, 0x11, 0xf3, 0x02, 0x98, 0xa2,
                                       0xad, 0x35, 0xec, 0xe6, 0x4f, 0x16, 0x33, 0x1c,
                                       0x44, 0xbd, 0xbe, 0xd9, 0x27, 0x84, 0x1f, 0x94};
    struct scene scene = scene_open(accepts_v1);
    unsigned char message[4096];
    long size;

    (void)state;
    assert_good(network_ask(scene.network, "/a"));
    assert_messages(&scene, "13");
    message_of(&scene, 1, message, &size);
    struct field answer = field_at(message, size, 12);

    assert_int_equal(answer.size, sizeof lm);
    assert_memory_equal(answer.bytes, lm, sizeof lm);
    answer = field_at(message, size, 20);
    assert_int_equal(answer.size, sizeof nt);
    assert_memory_equal(answer.bytes, nt, sizeof nt);
    assert_wide(field_at(message, size, 28), "Domain");
    assert_wide(field_at(message, size, 36), "User");
    scene_close(&scene);
}

/* Section 4.2.4: the key NTOWFv2 is the example's; the client's part of the proof is in the message. */
static void second_version_proves_the_password(void **state)
{
    static const unsigned char key[16] = {0x0c, 0x86, 0x8a, 0x40, 0x3b, 0xfd, 0x7a, 0x93,
                                          0xa3, 0x00, 0x1e, 0xf2, 0x2e, 0xf0, 0x2e, 0x3f};
    static const unsigned char challenge[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    struct scene scene = scene_open(accepts);
    unsigned char message[4096], signed_part[4096], proof[16];
    unsigned proof_size = sizeof proof;
    long size;

    (void)state;
    assert_good(network_ask(scene.network, "/a"));
    assert_messages(&scene, "13");
    message_of(&scene, 1, message, &size);
    struct field answer = field_at(message, size, 20);

    assert_true(answer.size > 16 + 28);
    memcpy(signed_part, challenge, sizeof challenge);
    memcpy(signed_part + sizeof challenge, answer.bytes + 16, answer.size - 16);
    assert_non_null(HMAC(EVP_md5(), key, sizeof key, signed_part, sizeof challenge + answer.size - 16, proof,
                         &proof_size));
    assert_memory_equal(answer.bytes, proof, sizeof proof);
    assert_int_equal(answer.bytes[16], 1); /* RespType, HiRespType */
    assert_int_equal(answer.bytes[17], 1);
    /* The server's target information comes back. */
    assert_non_null(memmem(answer.bytes + 44, answer.size - 44, "D\0o\0m\0a\0i\0n", 11));
    scene_close(&scene);
}

static void kept_login_is_used_without_another(void **state)
{
    struct scene scene = scene_open(accepts);

    (void)state;
    const struct seen *seen = network_ask(scene.network, "/a");
    assert_good(seen);
    assert_true(seen->answer.new_connection);
    assert_true(seen->answer.phases.connect_ns >= 0 && seen->answer.phases.processing_ns >= 0);
    make_post(scene.network);
    seen = network_ask(scene.network, "/b");
    assert_good(seen);
    assert_false(seen->answer.new_connection);
    assert_messages(&scene, "13-");
    assert_int_equal(body_size_of(&scene, 2), 2);
    assert_int_equal(rude_player_connections(scene.player), 1);
    scene_close(&scene);
}

static void body_of_a_post_goes_out_once(void **state)
{
    struct scene scene = scene_open(accepts);

    (void)state;
    make_post(scene.network);
    assert_good(network_ask(scene.network, "/a"));
    assert_messages(&scene, "13");
    assert_int_equal(body_size_of(&scene, 0), 0);
    assert_int_equal(body_size_of(&scene, 1), 2);
    scene_close(&scene);
}

/* Each request over a connection of its own, still in two rounds over it. */
static void login_works_over_fresh_connections(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene scene = scene_open(accepts);

        scene.network->request.fresh = i == 0;
        scene.network->appserver.connection_max_age_ns = i == 0 ? 5 * MINUTE_NS : 0;
        assert_good(network_ask(scene.network, "/a"));
        assert_good(network_ask(scene.network, "/b"));
        assert_messages(&scene, "1313");
        assert_int_equal(rude_player_connections(scene.player), 2);
        scene_close(&scene);
    }
}

static void another_user_or_app_server_logs_in_anew(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct scene scene = scene_open(i == 3 ? good_without : accepts);
        struct network *network = scene.network;
        struct appserver_settings other = network->appserver;

        if (i == 3)
            network->login = ORDER_NO_LOGIN;
        assert_good(network_ask(network, "/a"));
        if (i == 0)
            network->username = "Domain\\Other";
        else if (i == 1)
            network->password = "passwore";
        else if (i == 3)
            network->login = ORDER_NTLM;
        if (i == 2) { /* the same user, through another app server of the same address */
            struct transport *transport = transfer_transport(network->transfer);
            struct order order = {.request = &network->request,
                                  .appserver = &other,
                                  .url = memory_format("%s/b", network->base),
                                  .login = ORDER_NTLM,
                                  .username = secret_new("Domain\\User", 11),
                                  .password = secret_new("Password", 8),
                                  .timeout_ns = 10 * SECOND_NS,
                                  .connect_timeout_ns = 10 * SECOND_NS};

            transport->start(transport, ++network->last_ticket, &order, clock_now());
            assert_good(network_await(network, network->last_ticket));
        } else {
            assert_good(network_ask(network, "/b"));
        }
        assert_int_equal(rude_player_connections(scene.player), 2);
        assert_messages(&scene, i == 3 ? "-1" : "1313");
        scene_close(&scene);
    }
}

static void request_without_login_does_not_use_anothers(void **state)
{
    struct scene scene = scene_open(accepts);

    (void)state;
    assert_good(network_ask(scene.network, "/a"));
    scene.network->login = ORDER_NO_LOGIN;
    const struct seen *seen = network_ask(scene.network, "/b");
    assert_refused(seen);
    assert_string_equal(seen->text, "<p>interim\r\n");
    assert_int_equal(rude_player_connections(scene.player), 2);
    assert_messages(&scene, "13-");
    scene_close(&scene);
}

static void wrong_password_is_tried_once_a_request(void **state)
{
    struct scene scene = scene_open(refuses);

    (void)state;
    const struct seen *seen = network_ask(scene.network, "/a");
    assert_refused(seen);
    assert_string_equal(seen->answer.content_type, "text/plain");
    assert_string_equal(seen->text, "refused.");
    assert_true(seen->answer.date_epoch == 784198177);
    assert_messages(&scene, "13");
    assert_refused(network_ask(scene.network, "/b"));
    assert_messages(&scene, "1313");
    assert_int_equal(rude_player_connections(scene.player), 2);
    scene_close(&scene);
}

static void another_challenge_is_not_answered(void **state)
{
    struct scene scene = scene_open(challenges_for_ever);

    (void)state;
    assert_refused(network_ask(scene.network, "/a"));
    assert_messages(&scene, "13");
    make_post(scene.network);
    assert_refused(network_ask(scene.network, "/b"));
    assert_int_equal(rude_player_requests(scene.player, 0), 4);
    scene_close(&scene);
}

/* libcurl offers its first message, which proves nothing, twice. */
static void offer_without_a_challenge_is_the_answer(void **state)
{
    struct scene scene = scene_open(offers_for_ever);

    (void)state;
    const struct seen *seen = network_ask(scene.network, "/a");
    assert_refused(seen);
    assert_string_equal(seen->text, "refused.");
    assert_messages(&scene, "11");
    scene_close(&scene);
}

/* As IIS does with authPersistSingleRequest. */
static void forgotten_login_is_made_anew_on_the_same_connection(void **state)
{
    struct scene scene = scene_open(forgets);

    (void)state;
    assert_good(network_ask(scene.network, "/a"));
    assert_good(network_ask(scene.network, "/b"));
    assert_messages(&scene, "13-13");
    assert_int_equal(rude_player_connections(scene.player), 1);
    scene_close(&scene);
}

static void closing_server_is_a_refusal(void **state)
{
    struct scene scene = scene_open(closes_amid);

    (void)state;
    assert_refused(network_ask(scene.network, "/a"));
    assert_messages(&scene, "1");
    scene_close(&scene);
}

static void last_message_is_not_repeated(void **state)
{
    (void)state;
    for (int post = 0; post < 2; post++) {
        struct scene scene = scene_open(dies_at_the_last);

        if (post)
            make_post(scene.network);
        const struct seen *seen = network_ask(scene.network, "/a");
        assert_int_equal(seen->answer.failure, REASON_CONNECTION_LOST);
        assert_int_equal(seen->answer.status, 0);
        assert_string_equal(seen->text, "");
        assert_messages(&scene, "13");
        scene_close(&scene);
    }
}

static void dead_kept_login_is_made_anew(void **state)
{
    struct scene scene = scene_open(dies_when_kept);

    (void)state;
    assert_good(network_ask(scene.network, "/a"));
    const struct seen *seen = network_ask(scene.network, "/b");
    assert_int_equal(seen->answer.status, 200);
    assert_true(seen->answer.resent);
    assert_messages(&scene, "13-13");
    scene_close(&scene);
}

static void interim_answer_never_becomes_the_answer(void **state)
{
    static const struct {
        const struct rude_step *steps;
        const char *detail, *messages;
    } rows[] = {{hangs_in_the_interim, "no answer within 300ms", "1"},
                {hangs_at_the_last, "no answer within 300ms", "13"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene = scene_open(rows[i].steps);

        scene.network->timeout_ns = 300 * MILLISECOND_NS;
        const struct seen *seen = network_ask(scene.network, "/a");
        assert_int_equal(seen->answer.failure, REASON_TIMEOUT);
        assert_string_equal(seen->answer.detail, rows[i].detail);
        assert_int_equal(seen->answer.status, 0);
        assert_string_equal(seen->answer.content_type, "");
        assert_int_equal(seen->answer.date_epoch, 0);
        assert_messages(&scene, rows[i].messages);
        scene_close(&scene);
    }
}

static void garbled_challenge_is_a_refusal(void **state)
{
    struct scene scene = scene_open(garbled);

    (void)state;
    const struct seen *seen = network_ask(scene.network, "/a");
    assert_refused(seen);
    assert_string_equal(seen->text, "<p>interim\r\n");
    assert_messages(&scene, "1");
    scene_close(&scene);
}

/* libcurl would send them garbled, and the server count a wrong password. */
static void letters_beyond_ascii_are_not_sent(void **state)
{
    struct scene scene = scene_open(accepts);

    (void)state;
    scene.network->password = "Pa\xc3\x9fword";
    const struct seen *seen = network_ask(scene.network, "/a");
    assert_int_equal(seen->answer.failure, REASON_INTERNAL);
    assert_string_equal(seen->answer.detail,
                        "NTLM works only with a user name and a password of ASCII letters");
    assert_false(seen->answer.sent);
    assert_int_equal(rude_player_connections(scene.player), 0);
    scene_close(&scene);
}

ALL_TESTS(
    cmocka_unit_test(first_version_is_as_specified), cmocka_unit_test(second_version_proves_the_password),
    cmocka_unit_test(kept_login_is_used_without_another), cmocka_unit_test(body_of_a_post_goes_out_once),
    cmocka_unit_test(login_works_over_fresh_connections),
    cmocka_unit_test(another_user_or_app_server_logs_in_anew),
    cmocka_unit_test(request_without_login_does_not_use_anothers),
    cmocka_unit_test(wrong_password_is_tried_once_a_request),
    cmocka_unit_test(another_challenge_is_not_answered),
    cmocka_unit_test(offer_without_a_challenge_is_the_answer),
    cmocka_unit_test(forgotten_login_is_made_anew_on_the_same_connection),
    cmocka_unit_test(closing_server_is_a_refusal), cmocka_unit_test(last_message_is_not_repeated),
    cmocka_unit_test(dead_kept_login_is_made_anew), cmocka_unit_test(interim_answer_never_becomes_the_answer),
    cmocka_unit_test(garbled_challenge_is_a_refusal), cmocka_unit_test(letters_beyond_ascii_are_not_sent));
