#include "agent/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/secret.h"

#define UNFOLD_BYTES 16384 /* at once */

void intake_init(struct intake *intake, const struct request *request)
{
    *intake = (struct intake){.request = request};
}

void intake_reset(struct intake *intake)
{
    json_scanner_free(intake->scanner);
    gunzip_free(intake->gunzip);
    if (intake->text != NULL)
        secret_wipe(intake->text, intake->text_size);
    free(intake->text);
    intake_init(intake, intake->request);
}

/* Decides by the status what is to be done with the body. The room for the text is taken whole, so that growing leaves no
   copies of a secret behind. */
static void begin(struct intake *intake, int status)
{
    static const struct json_plan validate_only = {0};
    const struct request *request = intake->request;

    if (intake->begun)
        return;
    intake->begun = true;
    intake->good = status >= 200 && status <= 299;
    intake->text_capacity = intake->good ? request->keep : ANSWER_TEXT_MAX;
    if (intake->good && request->take != NULL)
        request->take(request->take_context, NULL, 0);
    if (intake->good && request->wanted == BODY_JSON && request->method != HTTP_HEAD)
        intake->scanner = json_scanner_new(request->plan == NULL ? &validate_only : request->plan,
                                           request->row, request->row_context);
}

static void keep_text(struct intake *intake, const void *bytes, size_t size)
{
    size_t room = intake->text_capacity - intake->text_size;
    size_t kept = size < room ? size : room;

    if (kept < size)
        intake->text_cut = true;
    if (kept == 0)
        return;
    if (intake->text == NULL)
        intake->text = memory_new(1, intake->text_capacity + 1);
    memcpy(intake->text + intake->text_size, bytes, kept);
    intake->text_size += kept;
    intake->text[intake->text_size] = '\0';
}

static enum intake_verdict take_decoded(struct intake *intake, const struct head *head, const void *bytes,
                                        size_t size, size_t *share)
{
    uint64_t maximum = intake->request->max_response;
    bool announced = head->coding == CODING_NONE && head->content_length >= 0;

    *share -= size < *share ? size : *share;
    intake->bytes += size;
    if (intake->good && (intake->bytes > maximum || (announced && (uint64_t)head->content_length > maximum)))
        return INTAKE_TOO_LARGE;
    if (!intake->good || intake->request->keep > 0)
        keep_text(intake, bytes, size);
    if (!intake->good && intake->bytes > ANSWER_TEXT_MAX + INTAKE_ABANDON_BYTES)
        return INTAKE_ENOUGH;
    if (intake->good && intake->request->take != NULL)
        intake->request->take(intake->request->take_context, bytes, size);
    if (intake->scanner != NULL && !json_scanner_feed(intake->scanner, bytes, size))
        return INTAKE_NOT_JSON;
    return INTAKE_MORE;
}

enum intake_verdict intake_go_on(struct intake *intake, const struct head *head, size_t *share)
{
    enum intake_verdict verdict = INTAKE_MORE;
    char out[UNFOLD_BYTES];
    size_t size;

    if (intake->gunzip == NULL)
        return INTAKE_MORE;
    while (verdict == INTAKE_MORE && gunzip_pending(intake->gunzip)) {
        if (*share == 0)
            return INTAKE_WAITS;
        switch (gunzip_next(intake->gunzip, out, sizeof out, &size)) {
        case GUNZIP_BROKEN:
            return INTAKE_MISCODED;
        case GUNZIP_HUNGRY:
            return INTAKE_MORE;
        case GUNZIP_MORE:
            verdict = take_decoded(intake, head, out, size, share);
            break;
        }
    }
    return verdict;
}

enum intake_verdict intake_take(struct intake *intake, const struct head *head, const void *bytes,
                                size_t size, size_t *share)
{
    begin(intake, head->status);
    if (head->coding == CODING_NONE)
        return take_decoded(intake, head, bytes, size, share);
    if (head->coding != CODING_GZIP)
        return INTAKE_MISCODED;
    if (intake->gunzip == NULL)
        intake->gunzip = gunzip_new();
    gunzip_feed(intake->gunzip, bytes, size);
    return intake_go_on(intake, head, share);
}

bool intake_whole(const struct intake *intake)
{
    return intake->gunzip == NULL || gunzip_whole(intake->gunzip);
}

void intake_finish(struct intake *intake, int status)
{
    begin(intake, status);
    if (intake->scanner != NULL)
        intake->json = json_scanner_finish(intake->scanner);
}
