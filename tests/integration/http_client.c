#include "main.h"

#include "integration/http_client.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t text_keep(char **text, size_t *size, const char *data, size_t count)
{
    char *grown = realloc(*text, *size + count + 1);
    if (!grown)
        return 0;
    memcpy(grown + *size, data, count);
    *text = grown;
    *size += count;
    grown[*size] = '\0';
    return count;
}

size_t http_body_keep(char *data, size_t unit, size_t count, void *context)
{
    struct http_answer *answer = context;
    return text_keep(&answer->body, &answer->size, data, unit * count);
}

static size_t head_keep(char *data, size_t unit, size_t count, void *context)
{
    struct http_answer *answer = context;
    return text_keep(&answer->head, &answer->head_size, data, unit * count);
}

struct http_answer http_ask(struct simulator *server, const struct http_request *request)
{
    struct http_answer answer = {.body = calloc(1, 1), .head = calloc(1, 1)};
    char url[2048];
    struct curl_slist *list = NULL;
    bool accept = false;
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    bool whole = strncmp(request->path, "http", 4) == 0;
    snprintf(url, sizeof url, "%s%s%s", whole ? "" : simulator_url(server), whole ? "" : "/", request->path);
    for (const char *const *h = request->headers; *h; h++) {
        list = curl_slist_append(list, *h);
        accept |= strncmp(*h, "Accept:", 7) == 0;
    }
    if (!accept)
        list = curl_slist_append(list, "Accept: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_ms ? request->timeout_ms : 30000L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, http_body_keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, head_keep);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
    if (request->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    if (request->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->method && strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (request->gzip)
        curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (request->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
    answer.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &answer.seconds);
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    return answer;
}

void http_answer_free(struct http_answer *answer)
{
    free(answer->body);
    free(answer->head);
}

void http_expect(struct simulator *server, const struct http_request *request, long status,
                 const char *const *texts)
{
    struct http_answer answer = http_ask(server, request);
    if (answer.code != CURLE_OK || answer.status != status)
        fail_msg("%s: curl %d, status %ld and not %ld: %s", request->path, (int)answer.code, answer.status,
                 status, answer.body);
    for (; texts && *texts; texts++) {
        if (!strstr(answer.body, *texts) && !strstr(answer.head, *texts))
            fail_msg("%s: \"%s\" is not in\n%s%s", request->path, *texts, answer.head, answer.body);
    }
    http_answer_free(&answer);
}

char *http_bearer(struct simulator *server)
{
    struct http_answer answer = http_ask(
        server, &(struct http_request){"TokenResource.svc/", .body = "",
                                       .headers = {"UserName: epicor-monitor", "PASSWORD: demo-password"}});
    cJSON *json = cJSON_Parse(answer.body);
    const char *token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "AccessToken"));
    char *header = NULL;
    assert_int_equal(answer.status, 200);
    assert_non_null(token);
    assert_true(asprintf(&header, "Authorization: Bearer %s", token) > 0);
    cJSON_Delete(json);
    http_answer_free(&answer);
    return header;
}
