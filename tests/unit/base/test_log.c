#include "main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define LINE_LIMIT 8192

/* ---- the text of a line ------------------------------------------------------------------------------------------ */

static int ends[2]; /* a pipe: [0] is read by the test, [1] is what the log writes to */

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(ends, O_CLOEXEC);
}

static int close_pipe(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_LOGFMT, -1);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static size_t read_all(int descriptor, char *out, size_t capacity)
{
    size_t size = 0;
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};

    while (size + 1 < capacity && poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
        ssize_t got = read(descriptor, out + size, capacity - size - 1);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    out[size] = '\0';
    return size;
}

/* The line behind its time, which is checked by its form: 2026-01-31T12:00:00.123Z. */
static const char *behind_time(const char *line, const char *prefix, const char *suffix)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";

    assert_memory_equal(line, prefix, strlen(prefix));
    line += strlen(prefix);
    for (const char *f = form; *f != '\0'; f++, line++)
        assert_true(*f == 'd' ? *line >= '0' && *line <= '9' : *line == *f);
    assert_memory_equal(line, suffix, strlen(suffix));
    return line + strlen(suffix);
}

static const char hostile[] = "a\"b\\c\n\r\t\x01\x7F\xC2\x85\xC3\xA9\xFF\xED\xA0\x80z";

static void logfmt_lines(void **state)
{
    static const struct {
        const char *value, *written;
    } rows[] = {
        {"plain", "plain"},
        {"", ""},
        {"null", "\"null\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "back\\slash"},
        {"back\\ slash", "\"back\\\\ slash\""},
        {"line\nline", "\"line\\nline\""},
        {"\x1B[31m", "\"\\u001b[31m\""},
        {"\xC2\x9B"
         "31m",
         "\"\\u009b31m\""},
        {"\x7F", "\"\\u007f\""},
        {"caf\xC3\xA9", "caf\xC3\xA9"},
        {"\xFF", "\"\xEF\xBF\xBD\""},
        {"\xEF\xBF\xBD", "\"\xEF\xBF\xBD\""},
        {hostile, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\\u0085\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                  "\xEF\xBF\xBDz\""},
    };
    char line[1024], expected[1024];

    (void)state;
    log_setup(LOG_DEBUG, LOG_LOGFMT, ends[1]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        log_event(LOG_WARN, "login refused", LOG_TEXT("v", rows[i].value), LOG_TEXT("none", NULL),
                  LOG_INT("status", 401));
        read_all(ends[0], line, sizeof line);
        snprintf(expected, sizeof expected, "msg=\"login refused\" v=%s status=401\n", rows[i].written);
        assert_string_equal(behind_time(line, "ts=", " level=warn "), expected);
    }
    log_event(LOG_DEBUG, "started");
    read_all(ends[0], line, sizeof line);
    assert_string_equal(behind_time(line, "ts=", " level=debug "), "msg=started\n");
    log_event(LOG_ERROR, "n", LOG_INT("min", INT64_MIN), LOG_SECONDS("took", 1500999999),
              LOG_SECONDS("long", 63807430340), LOG_SECONDS("zero", 0));
    read_all(ends[0], line, sizeof line);
    assert_string_equal(behind_time(line, "ts=", " level=error "),
                        "msg=n min=-9223372036854775808 took=1.5 long=63.807 zero=0\n");
}

static void json_lines(void **state)
{
    char line[1024];

    (void)state;
    log_setup(LOG_DEBUG, LOG_JSON, ends[1]);
    log_event(LOG_INFO, "all is \"well\"", LOG_TEXT("v", hostile), LOG_TEXT("none", NULL),
              LOG_TEXT("empty", ""), LOG_INT("status", -1), LOG_SECONDS("took", 250000000));
    read_all(ends[0], line, sizeof line);
    assert_string_equal(
        behind_time(line, "{\"ts\":\"", "\",\"level\":\"info\","),
        "\"msg\":\"all is \\\"well\\\"\",\"v\":\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\\u0085\xC3\xA9"
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\",\"empty\":\"\",\"status\":-1,"
        "\"took\":0.25}\n");
}

static void levels_are_left_out_but_counted(void **state)
{
    char line[1024];

    (void)state;
    log_setup(LOG_WARN, LOG_LOGFMT, ends[1]);
    assert_false(log_enabled(LOG_INFO));
    assert_true(log_enabled(LOG_WARN));
    uint64_t infos = log_count(LOG_INFO), warnings = log_count(LOG_WARN), lost = log_lost();
    log_event(LOG_INFO, "left out");
    log_event(LOG_WARN, "kept");
    assert_true(log_count(LOG_INFO) == infos + 1 && log_count(LOG_WARN) == warnings + 1 &&
                log_lost() == lost);
    read_all(ends[0], line, sizeof line);
    assert_string_equal(behind_time(line, "ts=", " level=warn "), "msg=kept\n");
}

static void names(void **state)
{
    (void)state;
    for (int i = 0; i < LOG_LEVELS; i++) {
        enum log_level level = LOG_LEVELS;
        assert_true(log_level_from_text(log_level_name((enum log_level)i), &level));
        assert_int_equal(level, i);
    }
    enum log_level level;
    enum log_format format;
    assert_false(log_level_from_text("WARN", &level) || log_level_from_text("", &level) ||
                 log_level_from_text("warning", &level));
    assert_true(log_format_from_text("logfmt", &format) && format == LOG_LOGFMT);
    assert_true(log_format_from_text("json", &format) && format == LOG_JSON);
    assert_false(log_format_from_text("text", &format));
}

static void long_lines_are_shortened_visibly(void **state)
{
    static const size_t sizes[] = {4100, 4590, 8000, 8100, 8120, 8150, 8192, 20000, 1000000};
    static char line[200000];

    (void)state;
    for (int format = LOG_LOGFMT; format <= LOG_JSON; format++) {
        log_setup(LOG_INFO, (enum log_format)format, ends[1]);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            char *text = malloc(sizes[i] * 2 + 1);
            assert_non_null(text);
            for (size_t n = 0; n < sizes[i]; n++)
                memcpy(text + n * 2, "\xC3\xA9", 2);
            text[sizes[i] * 2] = '\0';
            text[1000] = '\0'; /* the first field is short enough to stay whole, the second is not */
            uint64_t lost = log_lost();
            log_event(LOG_INFO, "long", LOG_TEXT("first", text), LOG_TEXT("second", text + 1002),
                      LOG_INT("last", 1));
            free(text);
            assert_true(log_lost() == lost);
            size_t size = read_all(ends[0], line, sizeof line);
            assert_true(size <= LINE_LIMIT);
            assert_true(text_is_utf8(line, size));
            assert_ptr_equal(strchr(line, '\n'), line + size - 1);
            /* Quotes are needed in logfmt only where nobody has looked at the whole text. */
            bool bare = format == LOG_LOGFMT && sizes[i] < 4598;
            assert_non_null(strstr(line, format == LOG_JSON ? "…\",\"last\":1}\n"
                                         : bare             ? "… last=1\n"
                                                            : "…\" last=1\n"));
            assert_non_null(strstr(line, format == LOG_JSON ? "\xC3\xA9\",\"second" : "\xC3\xA9 second="));
        }
    }
}

static void a_line_that_just_fits_is_whole(void **state)
{
    static char line[20000];
    char text[8193];

    (void)state;
    log_setup(LOG_INFO, LOG_LOGFMT, ends[1]);
    log_event(LOG_INFO, "m", LOG_TEXT("t", ""));
    size_t around = read_all(ends[0], line, sizeof line);
    for (size_t size = LINE_LIMIT - around; size <= LINE_LIMIT - around + 1; size++) {
        memset(text, 'x', size);
        text[size] = '\0';
        log_event(LOG_INFO, "m", LOG_TEXT("t", text));
        size_t written = read_all(ends[0], line, sizeof line);
        assert_true(written <= LINE_LIMIT);
        assert_true((strstr(line, "…") == NULL) == (size + around == LINE_LIMIT));
    }
}

/* ---- where it goes ----------------------------------------------------------------------------------------------- */

static void fill(int descriptor)
{
    char bytes[512] = {0};
    int flags = fcntl(descriptor, F_GETFL);

    fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    while (write(descriptor, bytes, sizeof bytes) > 0 || errno == EINTR)
        ;
    while (write(descriptor, bytes, 1) > 0 || errno == EINTR)
        ;
    fcntl(descriptor, F_SETFL, flags);
}

static void assert_loses_when_full(int writer, int reader)
{
    static char bytes[1 << 20];

    log_setup(LOG_INFO, LOG_LOGFMT, writer);
    fill(writer);
    uint64_t lost = log_lost();
    /* Would it block, this test would end by its time-out. */
    for (int i = 0; i < 10; i++)
        log_event(LOG_ERROR, "nobody reads");
    assert_true(log_lost() == lost + 10);
    assert_int_equal(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
    read_all(reader, bytes, sizeof bytes);
    log_event(LOG_ERROR, "somebody reads again");
    assert_true(log_lost() == lost + 10);
    read_all(reader, bytes, sizeof bytes);
    assert_string_equal(behind_time(bytes, "ts=", " level=error "), "msg=\"somebody reads again\"\n");
}

static void a_full_pipe_loses_and_counts(void **state)
{
    (void)state;
    assert_loses_when_full(ends[1], ends[0]);
}

static void a_full_socket_loses_and_counts(void **state)
{
    int sockets[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    assert_loses_when_full(sockets[1], sockets[0]);
    close(sockets[0]);
    close(sockets[1]);
}

static void a_torn_line_does_not_spoil_the_next(void **state)
{
    static char bytes[200000], text[7000];

    (void)state;
    log_setup(LOG_INFO, LOG_LOGFMT, ends[1]);
    memset(text, 'x', sizeof text - 1);
    uint64_t lost = log_lost();
    /* Lines above PIPE_BUF may be written in part; one of them meets the end of the pipe. */
    for (int i = 0; i < 100 && log_lost() == lost; i++)
        log_event(LOG_INFO, "long", LOG_TEXT("text", text));
    assert_true(log_lost() > lost);
    read_all(ends[0], bytes, sizeof bytes);
    log_event(LOG_INFO, "short");
    size_t size = read_all(ends[0], bytes, sizeof bytes);
    assert_true(size > 0);
    assert_string_equal(behind_time(bytes[0] == '\n' ? bytes + 1 : bytes, "ts=", " level=info "),
                        "msg=short\n");
}

static void a_closed_descriptor_loses_and_counts(void **state)
{
    int closed = dup(ends[1]);

    (void)state;
    close(closed);
    log_setup(LOG_INFO, LOG_LOGFMT, closed);
    uint64_t lost = log_lost();
    errno = 42;
    log_event(LOG_INFO, "into the void");
    assert_int_equal(errno, 42);
    assert_true(log_lost() == lost + 1);
}

static void a_file_gets_every_line(void **state)
{
    char path[] = "/tmp/test_log_XXXXXX";
    static char bytes[200000];
    int file = mkostemp(path, O_APPEND);

    (void)state;
    assert_true(file >= 0);
    unlink(path);
    log_setup(LOG_INFO, LOG_LOGFMT, file);
    uint64_t lost = log_lost();
    for (int i = 0; i < 1000; i++)
        log_event(LOG_INFO, "line", LOG_INT("i", i));
    assert_true(log_lost() == lost);
    ssize_t size = pread(file, bytes, sizeof bytes - 1, 0);
    assert_true(size > 0);
    int lines = 0;
    for (ssize_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    assert_int_equal(lines, 1000);
    log_setup(LOG_INFO, LOG_LOGFMT, -1);
    close(file);
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

#define THREADS 4
#define LINES   500

static void *write_lines(void *argument)
{
    for (int i = 0; i < LINES; i++)
        log_event(LOG_INFO, "from a thread", LOG_TEXT("thread", argument), LOG_INT("i", i));
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
    static char *const names_of_threads[THREADS] = {"one", "two", "three", "four"};
    static char bytes[THREADS * LINES * 100];
    pthread_t threads[THREADS];
    char path[] = "/tmp/test_log_XXXXXX";
    int file = mkostemp(path, O_APPEND);

    (void)state;
    assert_true(file >= 0);
    unlink(path);
    log_setup(LOG_INFO, LOG_JSON, file);
    uint64_t before = log_count(LOG_INFO), lost = log_lost();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names_of_threads[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(log_count(LOG_INFO) == before + THREADS * LINES && log_lost() == lost);
    ssize_t size = pread(file, bytes, sizeof bytes - 1, 0);
    assert_true(size > 0);
    int lines = 0;
    for (char *line = bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++) {
        assert_memory_equal(
            behind_time(line, "{\"ts\":\"", "\",\"level\":\"info\",\"msg\":\"from a thread\","),
            "\"thread\":\"", 10);
        assert_memory_equal(end - 1, "}", 1);
    }
    assert_int_equal(lines, THREADS * LINES);
    log_setup(LOG_INFO, LOG_LOGFMT, -1);
    close(file);
}

#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, open_pipe, close_pipe)

ALL_TESTS(WITH_PIPE(logfmt_lines), WITH_PIPE(json_lines), WITH_PIPE(levels_are_left_out_but_counted),
          cmocka_unit_test(names), WITH_PIPE(long_lines_are_shortened_visibly),
          WITH_PIPE(a_line_that_just_fits_is_whole), WITH_PIPE(a_full_pipe_loses_and_counts),
          WITH_PIPE(a_full_socket_loses_and_counts), WITH_PIPE(a_torn_line_does_not_spoil_the_next),
          WITH_PIPE(a_closed_descriptor_loses_and_counts), cmocka_unit_test(a_file_gets_every_line),
          cmocka_unit_test(threads_do_not_mix_their_lines));
