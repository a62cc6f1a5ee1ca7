#include "agent/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/secret.h"

void intake_init(struct intake *intake, const struct request *request)
{
    *intake = (struct intake){.request = request};
}

void intake_reset(struct intake *intake)
{
    json_scanner_free(intake->scanner);
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

enum intake_verdict intake_take(struct intake *intake, int status, int64_t announced, const void *bytes,
                                size_t size)
{
    uint64_t maximum = intake->request->max_response;

    begin(intake, status);
    intake->bytes += size;
    if (intake->good && (intake->bytes > maximum || (announced >= 0 && (uint64_t)announced > maximum)))
        return INTAKE_TOO_LARGE;
    if (!intake->good || intake->request->keep > 0)
        keep_text(intake, bytes, size);
    if (!intake->good && intake->bytes > ANSWER_TEXT_MAX + INTAKE_ABANDON_BYTES)
        return INTAKE_ENOUGH;
    if (intake->scanner != NULL && !json_scanner_feed(intake->scanner, bytes, size))
        return INTAKE_NOT_JSON;
    return INTAKE_MORE;
}

void intake_finish(struct intake *intake, int status)
{
    begin(intake, status);
    if (intake->scanner != NULL)
        intake->json = json_scanner_finish(intake->scanner);
}
