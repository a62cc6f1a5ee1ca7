#include "web/reply.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "web/later.h"

struct reply *reply_new(struct reply **list, const char *key, const struct web_answer *answer,
                        struct later *later, int64_t now_ns)
{
    struct reply *reply = memory_new(1, sizeof *reply);

    *reply = (struct reply){
        .references = 1, .answer = *answer, .born_ns = now_ns, .size = answer->body.size, .later = later};
    buffer_init(&reply->answer.body, 0);
    if (later != NULL)
        later_ref(later);
    if (key != NULL) {
        reply->key = memory_copy_text(key);
        reply->list = list;
        reply->next = *list;
        *list = reply;
    }
    return reply;
}

struct reply *reply_ref(struct reply *reply)
{
    reply->references++;
    return reply;
}

static void leave(struct reply *reply)
{
    struct reply **at = reply->list;

    while (*at != reply)
        at = &(*at)->next;
    *at = reply->next;
}

void reply_unref(struct reply *reply)
{
    if (reply == NULL || --reply->references > 0)
        return;
    if (reply->list != NULL)
        leave(reply);
    if (reply->response != NULL)
        MHD_destroy_response(reply->response);
    later_unref(reply->later);
    free(reply->key);
    free(reply);
}

struct reply *reply_find(struct reply *list, const char *key, int64_t now_ns)
{
    for (struct reply *reply = list; reply != NULL; reply = reply->next)
        if (now_ns - reply->born_ns < REPLY_FRESH_NS && strcmp(reply->key, key) == 0)
            return reply;
    return NULL;
}

/* ---- the response ------------------------------------------------------------------------------------------------- */

/* A body, held until libmicrohttpd has sent it. */
struct held_body {
    atomic_uint_fast64_t *held;
    char *data;
    size_t size;
};

static void free_held_body(void *pointer)
{
    struct held_body *body = pointer;

    *body->held -= body->size;
    free(body->data);
    free(body);
}

/* What of the request the answer depends on; NULL: nothing. */
static const char *vary_text(const struct web_answer *answer)
{
    static const char *const texts[2][2] = {{NULL, "Accept-Encoding"}, {"Accept", "Accept, Accept-Encoding"}};

    return texts[answer->negotiated][answer->compressible];
}

static void add_headers(struct MHD_Response *response, const struct web_answer *answer, bool packed)
{
    static const char *const always[][2] = {
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        MHD_add_response_header(response, always[i][0], always[i][1]);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    MHD_add_response_header(response, "Content-Security-Policy", answer->content_policy);
    if (vary_text(answer) != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, vary_text(answer));
    if (packed)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (answer->allow != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
    for (size_t i = 0; i < 2 && answer->challenges[i] != NULL; i++)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, answer->challenges[i]);
    if (answer->retry)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (answer->close)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

bool reply_respond(struct reply *reply, struct web_answer *answer, atomic_uint_fast64_t *held)
{
    struct held_body *body = memory_new(1, sizeof *body);

    body->held = held;
    body->size = reply->size = answer->body.size;
    body->data = buffer_take(&answer->body);
    *held += body->size;
    reply->response = MHD_create_response_from_buffer_with_free_callback_cls(body->size, body->data,
                                                                             free_held_body, body);
    if (reply->response == NULL) {
        free_held_body(body);
        return false;
    }
    add_headers(reply->response, answer, reply->packed);
    return true;
}
