#include "probe/feed.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kinetic/url.h"
#include "probe/call.h"
#include "probe/verdict.h"

#define SERVER_CAP 100 /* rows of one answer, unless the server was told otherwise (facts §9.20) */

const struct gather_form feed_form = {
    .rows = {(const char *const[]){"value"}, 1},
    .words = "\"value\"",
    .member = {(const char *const[]){"@odata.count"}, 1},
};

static void ask(const struct feed *feed, const struct probe_run *run, struct request *request)
{
    struct buffer path;
    buffer_init(&path, CALL_PATH_MAX);
    buffer_text(&path, feed->path);
    char *top = memory_format("%llu", (unsigned long long)feed->options.page_size);
    url_add_query(&path, "$top", top);
    free(top);
    if (feed->got > 0) {
        char *skip = memory_format("%llu", (unsigned long long)feed->got);
        url_add_query(&path, "$skip", skip);
        free(skip);
    }
    char *text = buffer_take(&path);
    assert(text != NULL); /* names of the configuration are far shorter */
    call_get(run, text, feed->gather->plan, request);
    gather_attach(feed->gather, request);
}

void feed_begin(struct feed *feed, const struct probe_run *run, char *path,
                const struct feed_options *options, struct gather *gather, struct request *request)
{
    *feed = (struct feed){.gather = gather, .options = *options};
    const struct json_plan *plan = gather->plan;
    struct buffer select, url;
    buffer_init(&select, CALL_PATH_MAX);
    buffer_init(&url, CALL_PATH_MAX);
    for (size_t i = 0; i < plan->field_count; i++) {
        buffer_text(&select, i == 0 ? "" : ",");
        buffer_text(&select, plan->fields[i]);
    }
    buffer_text(&url, path);
    url_add_query(&url, "$select", buffer_as_text(&select));
    if (options->filter != NULL)
        url_add_query(&url, "$filter", options->filter);
    if (options->orderby != NULL)
        url_add_query(&url, "$orderby", options->orderby);
    feed->path = buffer_take(&url);
    assert(feed->path != NULL);
    buffer_free(&select);
    free(path);
    ask(feed, run, request);
}

static bool count_reached(const struct feed *feed, const struct answer *answer)
{
    double count;
    return field_number(gather_member(answer), &count) && count >= 0 && (double)feed->got >= count;
}

/* A server that does not heed $skip sends one page again and again. */
static enum feed_next repeated(struct feed *feed, uint64_t rows, struct probe_result *result)
{
    gather_drop(feed->gather);
    if (rows < SERVER_CAP) /* that was all */
        return FEED_WHOLE;
    verdict_fail(
        result, REASON_INVALID_RESPONSE,
        memory_format("the server does not heed $skip: the same %llu rows came again, and there may be more",
                      (unsigned long long)rows));
    return FEED_FAILED;
}

enum feed_next feed_step(struct feed *feed, const struct probe_run *run, const struct answer *answer,
                         struct request *request, struct probe_result *result)
{
    uint64_t rows = answer->json->rows;
    if (feed->got > 0 && rows > 0 && feed->gather->page_hash == feed->last_hash)
        return repeated(feed, rows, result);
    if (!gather_accept(feed->gather, answer, result))
        return FEED_FAILED;
    feed->got += rows;
    feed->last_hash = feed->gather->page_hash;
    /* More rows than were asked for: the server does not heed $top, and has sent all. */
    if (rows == 0 || feed->options.single || rows > feed->options.page_size || count_reached(feed, answer))
        return FEED_WHOLE;
    if (feed->got > feed->options.limit) {
        verdict_fail(result, REASON_TOO_LARGE,
                     memory_format("more than %llu rows, which is as far as this probe reads",
                                   (unsigned long long)feed->options.limit));
        return FEED_FAILED;
    }
    ask(feed, run, request);
    return FEED_ASK;
}

void feed_free(struct feed *feed)
{
    free(feed->path);
    feed->path = NULL;
}
