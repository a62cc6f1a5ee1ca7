#include "metrics/owners.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/label.h"

#define LABELS_MAX ((size_t)1 << 20) /* bytes of the escaped labels of an owner */
#define NONE       UINT32_MAX

void owners_init(struct owners *owners, const struct layout *layout, unsigned owner_class)
{
    *owners = (struct owners){.layout = layout,
                              .owner_class = owner_class,
                              .width = layout->widths[owner_class],
                              .first_free = NONE};
}

static void drop_row(const struct owners *owners, size_t row)
{
    layout_release(owners->layout, owners->owner_class, owners->slots + row * owners->width, 1);
    owner_release(&owners->owners[row]);
}

void owners_free(struct owners *owners)
{
    for (size_t row = 0; row < owners->count; row++)
        drop_row(owners, row);
    free(owners->slots);
    free(owners->owners);
    free(owners->rows);
}

static struct label_text *render_labels(const struct metric_class *owner_class, const char *const *values,
                                        const struct label_pair *more, size_t more_count)
{
    struct buffer text;

    buffer_init(&text, LABELS_MAX);
    for (size_t i = 0; owner_class->labels != NULL && owner_class->labels[i] != NULL; i++) {
        assert(label_is_name(owner_class->labels[i]));
        label_append(&text, owner_class->labels[i], values[i]);
    }
    for (size_t i = 0; i < more_count; i++) {
        assert(label_is_name(more[i].name));
        label_append(&text, more[i].name, more[i].value);
    }
    assert(!text.failed);
    struct label_text *labels = label_text_new((struct span){text.data, text.size});
    buffer_free(&text);
    return labels;
}

static void set_capacity(struct owners *owners, size_t capacity)
{
    owners->capacity = capacity;
    owners->slots = memory_grow(owners->slots, capacity, owners->width * sizeof *owners->slots);
    owners->owners = memory_grow(owners->owners, capacity, sizeof *owners->owners);
}

/* A row of a target is half a kilobyte: an eighth more than there are, not twice as many. */
static size_t room_for(size_t count)
{
    return count + count / 8 + 4;
}

static uint32_t take_number(struct owners *owners)
{
    uint32_t number = owners->first_free;

    if (number != NONE) {
        owners->first_free = owners->rows[number];
        return number;
    }
    if (owners->numbers == owners->numbers_capacity) {
        assert(owners->numbers < NONE / 2);
        owners->numbers_capacity = owners->numbers_capacity == 0 ? 4 : owners->numbers_capacity * 2;
        owners->rows = memory_grow(owners->rows, owners->numbers_capacity, sizeof *owners->rows);
    }
    return owners->numbers++;
}

uint32_t owners_add(struct owners *owners, const char *const *label_values, unsigned groups,
                    int64_t created_wall_ns)
{
    const struct metric_class *owner_class = &owners->layout->classes[owners->owner_class];

    assert(owners->count == 0 || owner_class->labels != NULL);
    if (owners->count == owners->capacity)
        set_capacity(owners, room_for(owners->count));
    size_t row = owners->count++;
    uint32_t number = take_number(owners);
    owners->rows[number] = (uint32_t)row;
    owners->owners[row] = (struct view_owner){.labels = render_labels(owner_class, label_values, NULL, 0),
                                              .created_wall_ns = created_wall_ns,
                                              .groups = groups,
                                              .number = number};
    layout_clear_row(owners->layout, owners->owner_class, owners->slots + row * owners->width);
    return number;
}

void owners_relabel(struct owners *owners, uint32_t number, const char *const *label_values,
                    const struct label_pair *more, size_t more_count)
{
    struct view_owner *owner = &owners->owners[owners_row(owners, number)];

    assert(owners->layout->classes[owners->owner_class].labels != NULL || more_count == 0);
    label_text_unref(owner->labels);
    owner->labels = render_labels(&owners->layout->classes[owners->owner_class], label_values, more,
                                  more_count);
}

void owners_remove(struct owners *owners, uint32_t number)
{
    size_t row = owners_row(owners, number), last = owners->count - 1;

    drop_row(owners, row);
    if (row != last) {
        memcpy(owners->slots + row * owners->width, owners->slots + last * owners->width,
               owners->width * sizeof *owners->slots);
        owners->owners[row] = owners->owners[last];
        owners->rows[owners->owners[row].number] = (uint32_t)row;
    }
    owners->count--;
    owners->rows[number] = owners->first_free;
    owners->first_free = number;
    /* Far below what it holds, so that owners that come and go do not cost a copy each. */
    if (owners->count < owners->capacity / 2)
        set_capacity(owners, room_for(owners->count));
}

size_t owners_row(const struct owners *owners, uint32_t number)
{
    assert(number < owners->numbers);
    size_t row = owners->rows[number];
    assert(row < owners->count && owners->owners[row].number == number);
    return row;
}
