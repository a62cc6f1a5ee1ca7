/* Epicor Functions, facts §5.3. */
#include "simulator/call.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

cJSON *sim_body_object(const struct sim_call *call)
{
    const char *body = call->upload.data ? call->upload.data : "", *end = NULL;
    cJSON *json = cJSON_ParseWithLengthOpts(body, call->upload.size + 1, &end, true);
    if (cJSON_IsObject(json) && call->upload_size == call->upload.size)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static bool body_good(const struct sim_call *call)
{
    cJSON *json = sim_body_object(call);
    cJSON_Delete(json);
    return json != NULL;
}

void sim_answer_fill(const struct sim_call *call, struct sim_text *out, const char *answer, uint64_t n)
{
    for (const char *at = answer; *at;) {
        if (strncmp(at, "{now}", 5) == 0) {
            time_t time = (time_t)sim_server_time(call);
            struct tm tm;
            char text[32];
            gmtime_r(&time, &tm);
            strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
            sim_text_add_string(out, text);
            at += 5;
        } else if (strncmp(at, "{company}", 9) == 0) {
            sim_text_add_string(out, call->company);
            at += 9;
        } else if (strncmp(at, "{n}", 3) == 0) {
            sim_text_add_number(out, n);
            at += 3;
        } else if (strncmp(at, "{n%", 3) == 0) {
            char *end;
            uint64_t modulus = strtoull(at + 3, &end, 10);
            sim_text_add_number(out, modulus ? n % modulus : n);
            at = *end == '}' ? end + 1 : end;
        } else {
            sim_text_add(out, at++, 1);
        }
    }
}

/* Null outputs are left out. An answer without one keeps its text as it was written. */
static void nulls_leave_out(struct sim_text *text)
{
    cJSON *json = cJSON_ParseWithLength(text->data, text->size);
    bool changed = false;
    if (cJSON_IsObject(json)) {
        for (cJSON *member = json->child, *next; member; member = next) {
            next = member->next;
            if (cJSON_IsNull(member)) {
                cJSON_Delete(cJSON_DetachItemViaPointer(json, member));
                changed = true;
            }
        }
    }
    if (changed) {
        char *printed = cJSON_PrintUnformatted(json);
        text->size = 0;
        sim_text_add_string(text, printed);
        cJSON_free(printed);
    }
    cJSON_Delete(json);
}

static void success_deny(struct sim_text *text)
{
    cJSON *json = cJSON_ParseWithLength(text->data, text->size);
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        json = cJSON_CreateObject();
    }
    cJSON_DeleteItemFromObjectCaseSensitive(json, "Success");
    cJSON_AddFalseToObject(json, "Success");
    cJSON_DeleteItemFromObjectCaseSensitive(json, "Message");
    cJSON_AddStringToObject(json, "Message", "It could not be done.");
    char *printed = cJSON_PrintUnformatted(json);
    text->size = 0;
    sim_text_add_string(text, printed);
    cJSON_free(printed);
    cJSON_Delete(json);
}

static void library_missing(struct sim_call *call, const char *library)
{
    struct sim_text message = {0};
    sim_text_printf(&message, "Can't find library %s", library);
    sim_error(call, 404, "Epicor.RESTApi.ErrorHandling.ApiException", message.data);
    sim_text_free(&message);
}

void sim_function_answer(struct sim_call *call, const char *library, const char *name, bool staging)
{
    struct sim_text key = {0}, answer = {0};
    sim_text_printf(&key, "%s/%s", library, name);
    char *message = NULL;
    int outcome = 0;
    bool found = false, fails = false;
    pthread_mutex_lock(&call->simulator->lock);
    for (struct sim_function *f = call->simulator->functions; f; f = f->next) {
        if (strcmp(f->name, key.data) != 0)
            continue;
        uint64_t n = ++f->calls;
        found = f->staging == staging && !f->gone && !(f->not_found_every && n % f->not_found_every == 0);
        fails = f->fails;
        outcome = f->outcome;
        message = sim_duplicate(f->message);
        sim_answer_fill(call, &answer, f->answer, n);
    }
    pthread_mutex_unlock(&call->simulator->lock);

    if (!found) {
        library_missing(call, library);
    } else if (!body_good(call)) {
        sim_error(call, 400, "Epicor.RESTApi.ErrorHandling.ApiException", "Missing Root Element");
    } else if (outcome == SIMULATOR_FUNCTION_BL_EXCEPTION) {
        sim_error(call, 400, "Ice.BLException", message ? message : "Business logic refused.");
    } else if (outcome == SIMULATOR_FUNCTION_UNHANDLED) {
        sim_error(call, 500, "System.Exception", NULL);
    } else {
        if (call->behaviour.efx_nulls == SIMULATOR_NULLS_LEFT_OUT)
            nulls_leave_out(&answer);
        if (fails)
            success_deny(&answer);
        call->status = 200;
        call->content_type = "application/json; charset=utf-8";
        sim_text_add(&call->body, answer.data, answer.size);
    }
    free(message);
    sim_text_free(&answer);
    sim_text_free(&key);
}
