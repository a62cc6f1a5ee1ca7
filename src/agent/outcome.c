#include "agent/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* What is said behind the sentence. */
enum supplement { ALONE, WITH_LIMIT, WITH_WORDS, WITH_SYSTEM_ERROR, WITH_SIZE, WITH_PROXY_STATUS };

/* The first row that fits decides. */
struct outcome_row {
    int ending;
    int status; /* 0: any */
    enum stage from, to;
    const char *telling; /* stands in libcurl's words; NULL: whatever they are */
    enum reason reason;
    enum supplement supplement;
    const char *sentence;
};

static const struct outcome_row rows[] = {
    {ENDING_OK, 0, STAGE_BODY, STAGE_BODY, NULL, REASON_NONE, ALONE, ""},
    {ENDING_OK, 0, STAGE_NAME, STAGE_ANSWER, NULL, REASON_CONNECTION_LOST, ALONE,
     "the connection was closed without an answer"},
    {ENDING_OK, 0, STAGE_HEAD, STAGE_HEAD, NULL, REASON_CONNECTION_LOST, ALONE,
     "the connection was closed amid the answer's header"},

    {ENDING_COULDNT_RESOLVE_HOST, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_RESOLVE, WITH_WORDS,
     "the name could not be resolved"},
    {ENDING_COULDNT_CONNECT, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECT, WITH_SYSTEM_ERROR,
     "no connection could be made"},
    {ENDING_INTERFACE_FAILED, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECT, WITH_SYSTEM_ERROR,
     "no connection could be made"},

    {ENDING_RESET_AT_ONCE, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECTION_LOST, WITH_SYSTEM_ERROR,
     "the connection broke before the request was sent"},
    {ENDING_NO_SOCKET, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_INTERNAL, WITH_SYSTEM_ERROR,
     "no socket could be opened"},

    {ENDING_OPERATION_TIMEDOUT, 0, STAGE_NAME, STAGE_NAME, NULL, REASON_RESOLVE, WITH_LIMIT,
     "the name was not resolved"},
    {ENDING_OPERATION_TIMEDOUT, 0, STAGE_CONNECT, STAGE_CONNECT, NULL, REASON_CONNECT, WITH_LIMIT,
     "no TCP connection"},
    {ENDING_OPERATION_TIMEDOUT, 0, STAGE_TLS, STAGE_TLS, NULL, REASON_TIMEOUT, WITH_LIMIT,
     "the TLS handshake did not end"},
    {ENDING_OPERATION_TIMEDOUT, 0, STAGE_REQUEST, STAGE_ANSWER, NULL, REASON_TIMEOUT, WITH_LIMIT,
     "no answer"},
    {ENDING_OPERATION_TIMEDOUT, 0, STAGE_HEAD, STAGE_HEAD, NULL, REASON_TIMEOUT, WITH_LIMIT,
     "the answer's header did not end"},
    {ENDING_OPERATION_TIMEDOUT, 0, STAGE_BODY, STAGE_BODY, NULL, REASON_TIMEOUT, WITH_LIMIT,
     "the answer's body did not end"},

    {ENDING_PEER_FAILED_VERIFICATION, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_TLS, WITH_WORDS,
     "the certificate is for another name"},
    {ENDING_SSL_CONNECT_ERROR, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_TLS, WITH_WORDS,
     "the TLS handshake failed"},
    {ENDING_SSL_CIPHER, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_TLS, WITH_WORDS, "the TLS handshake failed"},
    {ENDING_SSL_CLIENTCERT, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_TLS, ALONE,
     "the server asks for a client certificate"},

    {ENDING_NOT_TWICE, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECTION_LOST, ALONE,
     "the kept connection was closed without an answer, and a POST is not sent twice"},
    {ENDING_GOT_NOTHING, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECTION_LOST, ALONE,
     "the connection was closed without an answer"},
    {ENDING_PARTIAL_FILE, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECTION_LOST, ALONE,
     "the connection was closed amid the answer's body"},
    {ENDING_SEND_ERROR, 0, STAGE_NAME, STAGE_BODY, " alert ", REASON_TLS, WITH_WORDS,
     "the server refused the TLS connection"},
    {ENDING_RECV_ERROR, 0, STAGE_NAME, STAGE_BODY, " alert ", REASON_TLS, WITH_WORDS,
     "the server refused the TLS connection"},
    {ENDING_SEND_ERROR, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECTION_LOST, WITH_SYSTEM_ERROR,
     "the connection broke while the request was sent"},
    {ENDING_RECV_ERROR, 0, STAGE_BODY, STAGE_BODY, "chunked-encoding", REASON_INVALID_RESPONSE, ALONE,
     "the answer's body is not chunked as its header says"},
    {ENDING_RECV_ERROR, 0, STAGE_BODY, STAGE_BODY, NULL, REASON_CONNECTION_LOST, WITH_SYSTEM_ERROR,
     "the connection broke amid the answer's body"},
    {ENDING_RECV_ERROR, 0, STAGE_HEAD, STAGE_HEAD, NULL, REASON_CONNECTION_LOST, WITH_SYSTEM_ERROR,
     "the connection broke amid the answer's header"},
    {ENDING_RECV_ERROR, 0, STAGE_NAME, STAGE_ANSWER, NULL, REASON_CONNECTION_LOST, WITH_SYSTEM_ERROR,
     "the connection broke before the answer"},

    {ENDING_HTTP2_STREAM, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECTION_LOST, WITH_WORDS,
     "the server ended the exchange"},
    {ENDING_HTTP2, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_INVALID_RESPONSE, WITH_WORDS,
     "the connection is not HTTP/2 as was agreed"},
    {ENDING_WEIRD_SERVER_REPLY, 101, STAGE_NAME, STAGE_BODY, NULL, REASON_INVALID_RESPONSE, ALONE,
     "the server switched to another protocol, which nobody asked for"},
    {ENDING_WEIRD_SERVER_REPLY, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_INVALID_RESPONSE, WITH_WORDS,
     "the answer's header is not HTTP"},
    {ENDING_UNSUPPORTED_PROTOCOL, 0, STAGE_REQUEST, STAGE_BODY, NULL, REASON_INVALID_RESPONSE, ALONE,
     "the answer does not begin as HTTP does"},
    {ENDING_OUT_OF_MEMORY, 0, STAGE_ANSWER, STAGE_BODY, NULL, REASON_INVALID_RESPONSE, ALONE,
     "the answer's header is too large"},
    {ENDING_BAD_CONTENT_ENCODING, 0, STAGE_HEAD, STAGE_BODY, NULL, REASON_INVALID_RESPONSE, ALONE,
     "the answer's body is not compressed as was asked for and as its header says"},
    {ENDING_FILESIZE_EXCEEDED, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_TOO_LARGE, WITH_SIZE,
     "the answer's body is larger than max_response"},
};

/* Looked at first, of an exchange through a proxy. libcurl's words can hold the proxy's URL with its password. */
static const struct outcome_row proxy_rows[] = {
    {ENDING_PROXY_REFUSED, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECT, WITH_PROXY_STATUS,
     "the proxy made no connection"},
    {ENDING_PROXY_LOGIN, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECT, WITH_PROXY_STATUS,
     "the proxy made no connection, since it wants another login to itself (proxy_file)"},
    {ENDING_PROXY, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_CONNECT, WITH_WORDS,
     "the proxy made no connection"},
    {ENDING_COULDNT_RESOLVE_PROXY, 0, STAGE_NAME, STAGE_BODY, NULL, REASON_RESOLVE, ALONE,
     "the proxy's name could not be resolved"},
    {ENDING_COULDNT_CONNECT, 0, STAGE_NAME, STAGE_CONNECT, NULL, REASON_CONNECT, WITH_SYSTEM_ERROR,
     "no connection to the proxy could be made"},
    {ENDING_OPERATION_TIMEDOUT, 0, STAGE_NAME, STAGE_NAME, NULL, REASON_RESOLVE, WITH_LIMIT,
     "the proxy's name was not resolved"},
    {ENDING_OPERATION_TIMEDOUT, 0, STAGE_CONNECT, STAGE_CONNECT, NULL, REASON_CONNECT, WITH_LIMIT,
     "no connection through the proxy"},
    {ENDING_RECV_ERROR, 0, STAGE_NAME, STAGE_CONNECT, NULL, REASON_CONNECT, ALONE,
     "the proxy closed the connection"},
    {ENDING_SEND_ERROR, 0, STAGE_NAME, STAGE_CONNECT, NULL, REASON_CONNECT, ALONE,
     "the proxy closed the connection"},
};

static const struct outcome_row no_row = {
    .reason = REASON_INTERNAL, .supplement = WITH_WORDS, .sentence = "libcurl failed"};

static const struct outcome_row *find_row(const struct outcome *outcome, const struct outcome_row *table,
                                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct outcome_row *row = &table[i];

        if (row->ending == outcome->ending && (row->status == 0 || row->status == outcome->status) &&
            row->from <= outcome->stage && outcome->stage <= row->to &&
            (row->telling == NULL || strstr(outcome->words, row->telling) != NULL))
            return row;
    }
    return NULL;
}

static const struct outcome_row *choose_row(const struct outcome *outcome)
{
    const struct outcome_row *row = NULL;

    if (outcome->proxied)
        row = find_row(outcome, proxy_rows, sizeof proxy_rows / sizeof proxy_rows[0]);
    if (row == NULL)
        row = find_row(outcome, rows, sizeof rows / sizeof rows[0]);
    return row == NULL ? &no_row : row;
}

static void __attribute__((format(printf, 3, 4))) tell(char *detail, size_t capacity, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    int size = vsnprintf(detail, capacity, format, list);

    va_end(list);
    if (size >= (int)capacity)
        memcpy(detail + capacity - 4, "...", 4);
    for (char *at = detail; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
            *at = '?';
}

enum reason outcome_decide(const struct outcome *outcome, char *detail, size_t capacity)
{
    const struct outcome_row *row = choose_row(outcome);
    const char *more = "";
    char text[32];

    if (row->reason == REASON_TLS && outcome->certificate != NULL) {
        tell(detail, capacity, "%s", outcome->certificate);
        return row->reason;
    }
    switch (row->supplement) {
    case ALONE:
        break;
    case WITH_WORDS:
        more = outcome->words;
        break;
    case WITH_SYSTEM_ERROR:
        if (outcome->system_error > 0 && strerrordesc_np(outcome->system_error) != NULL)
            more = strerrordesc_np(outcome->system_error);
        break;
    case WITH_LIMIT: {
        bool connecting = outcome->stage <= STAGE_TLS && outcome->connect_timeout_ns < outcome->timeout_ns;

        text_from_duration(connecting ? outcome->connect_timeout_ns : outcome->timeout_ns, text, sizeof text);
        tell(detail, capacity, "%s within %s", row->sentence, text);
        return row->reason;
    }
    case WITH_PROXY_STATUS:
        tell(detail, capacity, outcome->proxy_status != 0 ? "%s: it answered with status %d" : "%s",
             row->sentence, outcome->proxy_status);
        return row->reason;
    case WITH_SIZE:
        more = text_from_size(outcome->max_response, text, sizeof text);
        break;
    }
    tell(detail, capacity, "%s%s%s", row->sentence, more[0] == '\0' ? "" : ": ", more);
    return row->reason;
}
