#include "probe/bounds.h"

#include "base/memory.h"
#include "base/text.h"
#include "probe/verdict.h"

#define WHOLE_MAX   1e15 /* a double holds every whole number up to here */
#define PERCENT_MAX 10000

char *bounds_read_share(const char *text, void *field)
{
    struct span value = span_of(text);
    double percent;
    if (value.size == 0 || value.data[value.size - 1] != '%' ||
        !text_to_double((struct span){value.data, value.size - 1}, &percent) || !(percent > 0) ||
        percent > PERCENT_MAX)
        return memory_copy_text("write percent of what is usual, such as 50%; at most 10000%");
    *(struct optional_number *)field = (struct optional_number){.set = true, .value = percent / 100};
    return NULL;
}

void bounds_check_whole(const struct probe_settings *probe, const char *key, struct optional_number number,
                        double minimum, struct fault_list *faults)
{
    if (number.set &&
        (number.value < minimum || number.value > WHOLE_MAX || number.value > (double)(int64_t)number.value ||
         number.value < (double)(int64_t)number.value))
        fault_add(faults, probe_key_place(probe, key),
                  "[probe %s] %s = %g: wants a whole number from %.0f on", probe->name, key, number.value,
                  minimum);
}

void bounds_check(const struct probe_settings *probe, const struct bounds *bounds, struct fault_list *faults)
{
    bounds_check_whole(probe, "rows_min", bounds->rows_min, 0, faults);
    bounds_check_whole(probe, "rows_max", bounds->rows_max, 0, faults);
    if (bounds->rows_min.set && bounds->rows_max.set && bounds->rows_min.value > bounds->rows_max.value)
        fault_add(faults, probe_key_place(probe, "rows_min"),
                  "[probe %s] rows_min = %.0f: larger than rows_max = %.0f", probe->name,
                  bounds->rows_min.value, bounds->rows_max.value);
}

void bounds_judge(const struct bounds *bounds, uint64_t rows, struct probe_result *result)
{
    double number = (double)rows;
    const char *unit = rows == 1 ? "row" : "rows";
    if (bounds->rows_min.set && number < bounds->rows_min.value)
        verdict_fail(result, REASON_ROWS,
                     memory_format("%llu %s, at least %.0f wanted (rows_min)", (unsigned long long)rows, unit,
                                   bounds->rows_min.value));
    else if (bounds->rows_max.set && number > bounds->rows_max.value)
        verdict_fail(result, REASON_ROWS,
                     memory_format("%llu %s, at most %.0f wanted (rows_max)", (unsigned long long)rows, unit,
                                   bounds->rows_max.value));
}

void bounds_tell(const struct bounds *bounds, struct probe_limits *limits)
{
    limits->rows_min = bounds->rows_min;
    limits->rows_max = bounds->rows_max;
    limits->rows_deviation = bounds->rows_deviation;
}
