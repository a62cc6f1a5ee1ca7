#include "probe/gather.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "probe/refusal.h"
#include "probe/verdict.h"

enum { RETURN_OBJ = REFUSAL_MEMBERS, FORMS_OWN, MEMBERS_MAX };
static const char *const return_obj[] = {"returnObj"};

void gather_init(struct gather *gather, const struct gather_form *form, const char *const *fields,
                 size_t field_count, struct tally *tally,
                 void (*take)(void *context, const struct json_value *fields), void *context)
{
    assert(field_count <= GATHER_FIELDS_MAX);
    *gather = (struct gather){.form = form, .tally = tally, .take = take, .context = context};
    gather->members = memory_new(MEMBERS_MAX, sizeof *gather->members);
    memcpy(gather->members, refusal_members, sizeof refusal_members);
    gather->members[RETURN_OBJ] = (struct json_path){return_obj, 1};
    gather->members[FORMS_OWN] = form->member;
    gather->plans[0] = (struct json_plan){.rows = &form->rows,
                                          .members = gather->members,
                                          .member_count = form->member.depth > 0 ? MEMBERS_MAX : FORMS_OWN,
                                          .fields = fields,
                                          .field_count = field_count,
                                          .text_max = REFUSAL_TEXT_MAX};
    gather->plans[1] = gather->plans[0];
    if (form->bare != NULL)
        gather->plans[1].rows = &form->bare->rows;
    gather->plan = &gather->plans[0];
}

void gather_free(struct gather *gather)
{
    free(gather->members);
    gather->members = NULL;
}

void gather_drop(struct gather *gather)
{
    tally_rewind(gather->tally);
    gather->seen = gather->seen_before;
    gather->page_hash = TEXT_HASH_START;
    gather->problem[0] = '\0';
}

static void take_row(void *context, const struct json_row *row)
{
    struct gather *gather = context;
    if (row->number == 0) /* of an answer that broke off before this one, nothing may stay */
        gather_drop(gather);
    if (row->kind != JSON_OBJECT) {
        gather_problem(gather, "row %llu of %s is %s", (unsigned long long)row->number + 1,
                       gather->form->words, json_kind_text(row->kind));
        return;
    }
    for (size_t i = 0; i < row->field_count; i++) {
        const struct json_value *field = &row->fields[i];
        if (field->kind != JSON_ABSENT)
            gather->seen |= 1U << i;
        gather->page_hash = text_hash(gather->page_hash, &field->kind, sizeof field->kind);
        gather->page_hash = text_hash(gather->page_hash, field->text, field->size + 1);
    }
    gather->take(gather->context, row->fields);
}

void gather_attach(struct gather *gather, struct request *request)
{
    assert(request->plan == gather->plan);
    request->row = take_row;
    request->row_context = gather;
}

void gather_problem(struct gather *gather, const char *format, ...)
{
    if (gather->problem[0] != '\0')
        return;
    va_list list;
    va_start(list, format);
    vsnprintf(gather->problem, sizeof gather->problem, format, list);
    va_end(list);
}

bool gather_accept(struct gather *gather, const struct answer *answer, struct probe_result *result)
{
    const struct json_result *json = answer->json;
    if (json->rows == 0) /* then no row has said that a new answer begins */
        gather_drop(gather);
    char why[sizeof gather->problem + 64] = "";
    if (json->rows_kind != JSON_ARRAY)
        snprintf(why, sizeof why,
                 json->rows_kind == JSON_ABSENT ? "the answer has no array %s"
                                                : "%s of the answer is no array",
                 gather->form->words);
    else
        snprintf(why, sizeof why, "%s", gather->problem);
    if (verdict_refuse(answer, why[0] == '\0' ? NULL : why, result))
        return false;
    tally_mark(gather->tally);
    gather->seen_before = gather->seen;
    return true;
}

bool gather_turn_bare(struct gather *gather, const struct answer *answer)
{
    const struct gather_form *bare = gather->form->bare;
    const struct json_result *json = answer->json;
    if (bare == NULL || json->rows_kind != JSON_ABSENT || json->members[RETURN_OBJ].kind != JSON_ARRAY)
        return false;
    gather->form = bare;
    gather->plan = &gather->plans[1];
    return true;
}

bool gather_has(const struct gather *gather, size_t field)
{
    return (gather->seen_before >> field & 1) != 0;
}

const struct json_value *gather_member(const struct answer *answer)
{
    assert(answer->json->member_count > FORMS_OWN);
    return &answer->json->members[FORMS_OWN];
}
