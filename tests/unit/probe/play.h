/* Plays one run of a probe: a configuration as text, answers as text, in place of agent and network. */
#ifndef TESTS_PROBE_PLAY_H
#define TESTS_PROBE_PLAY_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "config/model.h"
#include "probe/kind.h"

#define PLAY_NOW 1769860800 /* 2026-01-31T12:00:00Z */

struct play {
    struct model *model;
    struct probe_run run;
    struct request request;
    struct probe_result result;
    int requests;
};

#define PLAY_TEXT_MAX 32768

static inline void play_text(char *text, const char *appserver, const char *probe)
{
    snprintf(
        text, PLAY_TEXT_MAX,
        "[appserver live]\nurl = https://erp.example.com/Live\nusername = u\npassword = p\napi_key = k\n%s\n"
        "[probe p]\n%s\n",
        appserver, probe);
}

/* A fault that begins "[probe p] KEY" has to name the line that begins with KEY. */
static inline void play_fault_place(const char *appserver, const char *probe, const struct fault *fault)
{
    char text[PLAY_TEXT_MAX];
    const char *line = text, *key = fault->text + strlen("[probe p] ");
    size_t size = strcspn(key, " :");

    play_text(text, appserver, probe);
    if (fault->text[strlen("[probe p]")] != ' ' || strncmp(key, "its ", 4) == 0)
        return;
    for (int i = 1; i < fault->line; i++)
        line = strchr(line, '\n') + 1;
    if (strncmp(line, key, size) != 0)
        fail_msg("line %d is not that of: %s", fault->line, fault->text);
}

static inline struct model *play_model(const char *appserver, const char *probe, struct fault_list *faults)
{
    char text[PLAY_TEXT_MAX];
    play_text(text, appserver, probe);
    struct model *model = model_read("t.ini", (struct span){text, strlen(text)}, NULL, probe_schema(),
                                     faults);
    fault_list_sort(faults);
    return model;
}

/* Begins a run; the first request is in play.request. */
static inline struct play play_begin(const char *appserver, const char *probe)
{
    struct fault_list faults = {0};
    struct play play = {.model = play_model(appserver, probe, &faults), .requests = 1};
    if (play.model == NULL)
        fail_msg("%s", faults.items[0].text);
    fault_list_free(&faults);
    play.run.target = &play.model->targets[0];
    play.run.now = (struct moment){.wall_ns = PLAY_NOW * SECOND_NS};
    probe_begin(&play.run, &play.request);
    return play;
}

/* Answers the standing request; a 2xx goes through a scanner, in pieces of 7 bytes. */
static inline enum probe_next play_answer(struct play *play, int status, const char *text)
{
    struct answer answer = {
        .status = status, .body_bytes = strlen(text), .text = "", .content_type = "application/json"};
    struct json_scanner *scanner = NULL;
    bool good = status >= 200 && status <= 299;
    if (good && play->request.take != NULL)
        play->request.take(play->request.take_context, NULL, 0);
    for (size_t at = 0, size = strlen(text); good && play->request.take != NULL && at < size; at += 7)
        play->request.take(play->request.take_context, text + at, size - at < 7 ? size - at : 7);
    if (good && play->request.wanted == BODY_JSON) {
        scanner = json_scanner_new(play->request.plan, play->request.row, play->request.row_context);
        for (size_t at = 0, size = strlen(text); at < size; at += 7)
            json_scanner_feed(scanner, text + at, size - at < 7 ? size - at : 7);
        answer.json = json_scanner_finish(scanner);
    }
    char *kept = memory_copy_text(text);
    if (good && play->request.keep < strlen(text)) {
        answer.text_cut = play->request.keep > 0;
        kept[play->request.keep] = '\0';
    }
    answer.text = kept;
    answer.text_size = strlen(kept);
    struct request next;
    probe_result_free(&play->result);
    enum probe_next what = probe_step(&play->run, &play->request, &answer, true, &next, &play->result);
    json_scanner_free(scanner);
    free(kept);
    if (what == PROBE_ASK) {
        request_free(&play->request);
        play->request = next;
        play->requests++;
    }
    return what;
}

static inline void play_end(struct play *play)
{
    probe_end(&play->run);
    request_free(&play->request);
    probe_result_free(&play->result);
    model_unref(play->model);
}

#endif
