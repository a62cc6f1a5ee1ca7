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
