#include "main.h"

#include "agent/outcome.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

/* Each row of the table, and the codes that mean different things at different times. */
static void each_ending_has_its_reason(void **state)
{
    static const struct {
        int ending, status;
        enum stage stage;
        const char *words, *certificate;
        int error;
        enum reason reason;
        const char *detail;
    } cases[] = {
        {ENDING_OK, 200, STAGE_BODY, "", NULL, 0, REASON_NONE, ""},
        {ENDING_OK, 0, STAGE_HEAD, "", NULL, 0, REASON_CONNECTION_LOST,
         "the connection was closed amid the answer's header"},
        {ENDING_OK, 0, STAGE_ANSWER, "", NULL, 0, REASON_CONNECTION_LOST,
         "the connection was closed without an answer"},
        {ENDING_COULDNT_RESOLVE_HOST, 0, STAGE_NAME, "Could not resolve host: a", NULL, 0, REASON_RESOLVE,
         "the name could not be resolved: Could not resolve host: a"},
        {ENDING_COULDNT_CONNECT, 0, STAGE_CONNECT, "words", NULL, EHOSTUNREACH, REASON_CONNECT,
         "no connection could be made: No route to host"},
        {ENDING_COULDNT_CONNECT, 0, STAGE_CONNECT, "words", NULL, 0, REASON_CONNECT,
         "no connection could be made"},
        {ENDING_COULDNT_CONNECT, 0, STAGE_CONNECT, "words", NULL, 99999, REASON_CONNECT,
         "no connection could be made"},
        {ENDING_RESET_AT_ONCE, 0, STAGE_CONNECT, "", NULL, ECONNRESET, REASON_CONNECTION_LOST,
         "the connection broke before the request was sent: Connection reset by peer"},
        {ENDING_NO_SOCKET, 0, STAGE_CONNECT, "", NULL, EMFILE, REASON_INTERNAL,
         "no socket could be opened: Too many open files"},
        {ENDING_INTERFACE_FAILED, 0, STAGE_CONNECT, "", NULL, EACCES, REASON_CONNECT,
         "no connection could be made: Permission denied"},
        {ENDING_OPERATION_TIMEDOUT, 0, STAGE_NAME, "", NULL, 0, REASON_RESOLVE,
         "the name was not resolved within 10s"},
        {ENDING_OPERATION_TIMEDOUT, 0, STAGE_CONNECT, "", NULL, 0, REASON_CONNECT,
         "no TCP connection within 10s"},
        {ENDING_OPERATION_TIMEDOUT, 0, STAGE_TLS, "", NULL, 0, REASON_TIMEOUT,
         "the TLS handshake did not end within 10s"},
        {ENDING_OPERATION_TIMEDOUT, 0, STAGE_REQUEST, "", NULL, 0, REASON_TIMEOUT, "no answer within 1m"},
        {ENDING_OPERATION_TIMEDOUT, 0, STAGE_ANSWER, "", NULL, 0, REASON_TIMEOUT, "no answer within 1m"},
        {ENDING_OPERATION_TIMEDOUT, 0, STAGE_HEAD, "", NULL, 0, REASON_TIMEOUT,
         "the answer's header did not end within 1m"},
        {ENDING_OPERATION_TIMEDOUT, 200, STAGE_BODY, "", NULL, 0, REASON_TIMEOUT,
         "the answer's body did not end within 1m"},
        {ENDING_PEER_FAILED_VERIFICATION, 0, STAGE_TLS, "no name", NULL, 0, REASON_TLS,
         "the certificate is for another name: no name"},
        {ENDING_PEER_FAILED_VERIFICATION, 0, STAGE_TLS, "SSL certificate problem", "certificate has expired",
         0, REASON_TLS, "certificate has expired"},
        {ENDING_SSL_CONNECT_ERROR, 0, STAGE_TLS, "wrong version number", NULL, 0, REASON_TLS,
         "the TLS handshake failed: wrong version number"},
        {ENDING_SSL_CIPHER, 0, STAGE_TLS, "", NULL, 0, REASON_TLS, "the TLS handshake failed"},
        {ENDING_RECV_ERROR, 0, STAGE_ANSWER, "SSL routines::tlsv1 alert unknown ca", NULL, 0, REASON_TLS,
         "the server refused the TLS connection: SSL routines::tlsv1 alert unknown ca"},
        {ENDING_SEND_ERROR, 0, STAGE_ANSWER, "sslv3 alert bad certificate", NULL, 0, REASON_TLS,
         "the server refused the TLS connection: sslv3 alert bad certificate"},
        {ENDING_HTTP2_STREAM, 0, STAGE_ANSWER, "words", NULL, 0, REASON_CONNECTION_LOST,
         "the server ended the exchange: words"},
        {ENDING_HTTP2, 0, STAGE_HEAD, "words", NULL, 0, REASON_INVALID_RESPONSE,
         "the connection is not HTTP/2 as was agreed: words"},
        {ENDING_SSL_CLIENTCERT, 0, STAGE_ANSWER, "", NULL, 0, REASON_TLS,
         "the server asks for a client certificate"},
        {ENDING_NOT_TWICE, 0, STAGE_ANSWER, "", NULL, 0, REASON_CONNECTION_LOST,
         "the kept connection was closed without an answer, and a POST is not sent twice"},
        {ENDING_GOT_NOTHING, 0, STAGE_ANSWER, "", NULL, 0, REASON_CONNECTION_LOST,
         "the connection was closed without an answer"},
        {ENDING_PARTIAL_FILE, 200, STAGE_BODY, "", NULL, 0, REASON_CONNECTION_LOST,
         "the connection was closed amid the answer's body"},
        {ENDING_SEND_ERROR, 0, STAGE_ANSWER, "", NULL, EPIPE, REASON_CONNECTION_LOST,
         "the connection broke while the request was sent: Broken pipe"},
        {ENDING_RECV_ERROR, 0, STAGE_ANSWER, "", NULL, ECONNRESET, REASON_CONNECTION_LOST,
         "the connection broke before the answer: Connection reset by peer"},
        {ENDING_RECV_ERROR, 0, STAGE_HEAD, "", NULL, ECONNRESET, REASON_CONNECTION_LOST,
         "the connection broke amid the answer's header: Connection reset by peer"},
        {ENDING_RECV_ERROR, 200, STAGE_BODY, "", NULL, ECONNRESET, REASON_CONNECTION_LOST,
         "the connection broke amid the answer's body: Connection reset by peer"},
        {ENDING_RECV_ERROR, 200, STAGE_BODY, "Illegal or missing hexadecimal sequence in chunked-encoding",
         NULL, 0, REASON_INVALID_RESPONSE, "the answer's body is not chunked as its header says"},
        {ENDING_WEIRD_SERVER_REPLY, 101, STAGE_HEAD, "", NULL, 0, REASON_INVALID_RESPONSE,
         "the server switched to another protocol, which nobody asked for"},
        {ENDING_WEIRD_SERVER_REPLY, 0, STAGE_HEAD, "Nul byte in header", NULL, 0, REASON_INVALID_RESPONSE,
         "the answer's header is not HTTP: Nul byte in header"},
        {ENDING_UNSUPPORTED_PROTOCOL, 0, STAGE_ANSWER, "", NULL, 0, REASON_INVALID_RESPONSE,
         "the answer does not begin as HTTP does"},
        {ENDING_UNSUPPORTED_PROTOCOL, 0, STAGE_NAME, "Protocol \"ftp\" not supported", NULL, 0,
         REASON_INTERNAL, "libcurl failed: Protocol \"ftp\" not supported"},
        {ENDING_OUT_OF_MEMORY, 0, STAGE_HEAD, "", NULL, 0, REASON_INVALID_RESPONSE,
         "the answer's header is too large"},
        {ENDING_OUT_OF_MEMORY, 0, STAGE_NAME, "", NULL, 0, REASON_INTERNAL, "libcurl failed"},
        {ENDING_BAD_CONTENT_ENCODING, 200, STAGE_BODY, "", NULL, 0, REASON_INVALID_RESPONSE,
         "the answer's body is not compressed as was asked for and as its header says"},
        {ENDING_FILESIZE_EXCEEDED, 200, STAGE_BODY, "", NULL, 0, REASON_TOO_LARGE,
         "the answer's body is larger than max_response: 2GiB"},
        {43, 0, STAGE_NAME, "a\tb\xff", NULL, 0, REASON_INTERNAL, "libcurl failed: a?b?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome outcome = {.ending = cases[i].ending,
                                  .status = cases[i].status,
                                  .stage = cases[i].stage,
                                  .words = cases[i].words,
                                  .certificate = cases[i].certificate,
                                  .system_error = cases[i].error,
                                  .timeout_ns = MINUTE_NS,
                                  .connect_timeout_ns = 10 * SECOND_NS,
                                  .max_response = UINT64_C(2) << 30};
        char detail[256];

        assert_string_equal(reason_name(outcome_decide(&outcome, detail, sizeof detail)),
                            reason_name(cases[i].reason));
        assert_string_equal(detail, cases[i].detail);
    }
}

/* The limit named is the one that ended it. */
static void smaller_limit_is_named(void **state)
{
    struct outcome outcome = {.ending = ENDING_OPERATION_TIMEDOUT,
                              .stage = STAGE_CONNECT,
                              .words = "",
                              .timeout_ns = 5 * SECOND_NS,
                              .connect_timeout_ns = 10 * SECOND_NS};
    char detail[64];

    (void)state;
    outcome_decide(&outcome, detail, sizeof detail);
    assert_string_equal(detail, "no TCP connection within 5s");
}

static void long_detail_shows_that_it_was_shortened(void **state)
{
    struct outcome outcome = {.ending = ENDING_SSL_CONNECT_ERROR, .stage = STAGE_TLS, .words = "0123456789"};
    char detail[32];

    (void)state;
    outcome_decide(&outcome, detail, sizeof detail);
    assert_string_equal(detail, "the TLS handshake failed: 01...");
}

/* The same endings mean other things where a proxy stands between; what libcurl says can hold its URL. */
static void proxy_is_named(void **state)
{
    static const struct {
        int ending;
        enum stage stage;
        int proxy_status, error;
        enum reason reason;
        const char *detail;
    } cases[] = {
        {ENDING_COULDNT_RESOLVE_PROXY, STAGE_NAME, 0, 0, REASON_RESOLVE,
         "the proxy's name could not be resolved"},
        {ENDING_COULDNT_CONNECT, STAGE_CONNECT, 0, ECONNREFUSED, REASON_CONNECT,
         "no connection to the proxy could be made: Connection refused"},
        {ENDING_PROXY_REFUSED, STAGE_CONNECT, 502, 0, REASON_CONNECT,
         "the proxy made no connection: it answered with status 502"},
        {ENDING_PROXY_LOGIN, STAGE_CONNECT, 407, 0, REASON_CONNECT,
         "the proxy made no connection, since it wants another login to itself (proxy_file): it answered "
         "with "
         "status 407"},
        {ENDING_PROXY_LOGIN, STAGE_CONNECT, 0, 0, REASON_CONNECT,
         "the proxy made no connection, since it wants another login to itself (proxy_file)"},
        {ENDING_PROXY, STAGE_CONNECT, 0, 0, REASON_CONNECT, "the proxy made no connection: words"},
        {ENDING_OPERATION_TIMEDOUT, STAGE_NAME, 0, 0, REASON_RESOLVE,
         "the proxy's name was not resolved within 10s"},
        {ENDING_OPERATION_TIMEDOUT, STAGE_CONNECT, 0, 0, REASON_CONNECT,
         "no connection through the proxy within 10s"},
        {ENDING_OPERATION_TIMEDOUT, STAGE_TLS, 200, 0, REASON_TIMEOUT,
         "the TLS handshake did not end within 10s"},
        {ENDING_RECV_ERROR, STAGE_CONNECT, 0, 0, REASON_CONNECT, "the proxy closed the connection"},
        {ENDING_SEND_ERROR, STAGE_CONNECT, 0, 0, REASON_CONNECT, "the proxy closed the connection"},
        {ENDING_RECV_ERROR, STAGE_ANSWER, 200, 0, REASON_CONNECTION_LOST,
         "the connection broke before the answer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome outcome = {.ending = cases[i].ending,
                                  .stage = cases[i].stage,
                                  .words = "words",
                                  .system_error = cases[i].error,
                                  .timeout_ns = MINUTE_NS,
                                  .connect_timeout_ns = 10 * SECOND_NS,
                                  .proxied = true,
                                  .proxy_status = cases[i].proxy_status};
        char detail[256];

        assert_int_equal(outcome_decide(&outcome, detail, sizeof detail), cases[i].reason);
        assert_string_equal(detail, cases[i].detail);
    }
}

ALL_TESTS(cmocka_unit_test(proxy_is_named), cmocka_unit_test(each_ending_has_its_reason),
          cmocka_unit_test(smaller_limit_is_named),
          cmocka_unit_test(long_detail_shows_that_it_was_shortened));
