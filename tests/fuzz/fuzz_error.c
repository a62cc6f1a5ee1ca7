/* Error bodies and token answers of any bytes: what is made of them stays within its promises. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kinetic/error.h"
#include "kinetic/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *line)
{
    if (line == NULL)
        return;
    assert(strlen(line) <= ERROR_MESSAGE_MAX && text_is_utf8(line, strlen(line)));
    for (; *line != '\0'; line++)
        assert((unsigned char)*line >= 0x20 && *line != 0x7f);
}

static void check_token(const struct answer *answer, bool outside)
{
    struct token token;
    char *message;
    enum reason reason = token_answer(answer, outside, &token, &message);
    assert((reason == REASON_NONE) == (token.text != NULL) && (reason == REASON_NONE) == (message == NULL));
    assert(!outside || reason == REASON_NONE || reason == REASON_CREDENTIALS ||
           reason == REASON_IDENTITY_PROVIDER);
    assert(token.lifetime_ns == 0 ||
           (token.lifetime_ns >= 1000000000 && token.lifetime_ns <= INT64_C(34560000000000000)));
    check_line(message);
    free(message);
    token_free(&token);
}

/* The first byte chooses the status. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 401, 404, 500, 503};
    static const struct request asked = {.wanted = BODY_JSON};
    if (size == 0)
        return 0;
    char *text = malloc(size); /* size - 1 bytes and a NUL, as the transport hands them over */
    if (text == NULL)
        abort();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    struct answer answer = {.status = statuses[data[0] % 6], .text = text, .text_size = size - 1};
    struct verdict verdict;
    error_classify(&asked, &answer, data[0] >= 128, &verdict);
    assert(verdict.reason > REASON_NONE && verdict.reason < REASONS);
    check_line(verdict.message);
    check_line(verdict.correlation);
    verdict_free(&verdict);

    check_token(&answer, false);
    check_token(&answer, true);
    free(text);
    return 0;
}
