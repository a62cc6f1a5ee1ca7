/* The program: flags and commands to functions; serve's parts started, and stopped in the mirrored order. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/reload.h"
#include "agent/thread.h"
#include "agent/transfer.h"
#include "base/bcrypt.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/supervisor.h"
#include "command/arguments.h"
#include "command/check.h"
#include "command/embedded_write.h"
#include "command/hash_password.h"
#include "command/reference.h"
#include "command/sample.h"
#include "probe/kind.h"
#include "report/report.h"
#include "web/server.h"
#include "web/tls_credential.h"

/* What the kinds of probe and the web side give to the configuration. Filled before any thread is started. */
static struct config_schema schema;

/* Who starts us may have closed one of the first three: the next file or connection would get its number, and
   log lines would be written into it. */
static void open_standard_descriptors(void)
{
    int descriptor;

    do
        descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor >= 0)
        close(descriptor);
}

#define MAPPED_LEAST (128 << 10) /* bytes of memory that go back to the system as soon as they are freed */

/* What holds for the whole process; before any thread is started. */
static const char *process_setup(void)
{
    sigset_t signals;
    sigfillset(&signals);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    /* A core would hold secrets. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    prctl(PR_SET_DUMPABLE, 0);

    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    /* What one thread frees serves the others: the main one's reading of the configuration, above all. */
    mallopt(M_ARENA_MAX, 1);
    /* By itself it would rise with the first page that is freed, and from then on pages would stay with us. */
    mallopt(M_MMAP_THRESHOLD, MAPPED_LEAST);
    return transfer_setup();
}

/* What makes the configuration beside its file. */
struct surroundings {
    const struct arguments *arguments;
    size_t sockets; /* that a supervisor has passed */
};

/* The configuration as the command line and the file make it; at start, and at each reload. */
static struct model *configuration_make(void *context, struct fault_list *faults)
{
    const struct surroundings *surroundings = context;
    struct model *model = model_load(surroundings->arguments->config_file, &schema, faults);
    if (model != NULL) {
        struct model_override override = arguments_override(surroundings->arguments);
        override.sockets_passed = surroundings->sockets > 0;
        model_apply(model, &override);
    }
    return model;
}

/* Where all is served, as URLs, owned. */
static char *urls_of(const struct web_server *web, bool tls)
{
    char *urls = memory_copy_text("");

    for (size_t i = 0; web_server_address(web, i) != NULL; i++) {
        char *longer = memory_format("%s%s%s://%s", urls, i > 0 ? " " : "", tls ? "https" : "http",
                                     web_server_address(web, i));
        free(urls);
        urls = longer;
    }
    return urls;
}

/* NULL when it has faults, which are printed as check does; warnings alone become lines of the log. */
static struct model *configuration_load(struct surroundings *surroundings)
{
    struct fault_list faults = {0};
    struct model *model = configuration_make(surroundings, &faults);
    if (model == NULL) {
        fault_list_sort(&faults);
        fault_list_print(&faults, stderr);
    } else {
        faults_log(&faults);
        if (surroundings->sockets > 0 && key_lines_has(&model->web.keys, "listen_address"))
            log_event(
                LOG_WARN,
                "listen_address of [web], or --web.listen-address, is without effect: the supervisor has "
                "passed the sockets to listen on (ListenStream= of epicor_exporter.socket)");
    }
    fault_list_free(&faults);
    return model;
}

static enum exit_status serve(struct arguments *arguments)
{
    enum exit_status status = STATUS_FAILED;
    bool none_left = true;
    struct supervisor *supervisor = supervisor_new();
    struct surroundings surroundings = {arguments, supervisor_sockets(supervisor)};
    const struct model_factory factory = {configuration_make, &surroundings};
    const char *why = process_setup();
    if (why != NULL) {
        log_event(LOG_ERROR, "libcurl cannot be used", LOG_TEXT("error", why));
        goto no_setup;
    }

    struct model *model = configuration_load(&surroundings);
    if (model == NULL) {
        status = STATUS_WRONG_CONFIG;
        goto no_setup;
    }
    struct report *report = report_new(model, clock_now(), EPICOR_VERSION, EPICOR_REVISION);

    char *error = NULL;
    struct web_options options = web_options_default;
    options.passed_first = SUPERVISOR_FIRST_SOCKET;
    options.passed_count = surroundings.sockets;
    struct web_server *web = web_server_start(&model->web, report, EPICOR_VERSION, &options, &error);
    if (web == NULL) {
        log_event(LOG_ERROR, "cannot listen", LOG_TEXT("error", error));
        status = STATUS_ADDRESS_TAKEN;
        goto no_web;
    }

    struct agent_thread *agent = agent_thread_start(model, &factory, report, supervisor, &why);
    if (agent == NULL) {
        log_event(LOG_ERROR, "cannot start the agent", LOG_TEXT("error", why));
        goto no_agent;
    }

    char *urls = urls_of(web, model->web.tls_cert_file != NULL);
    log_event(LOG_INFO, "serving", LOG_TEXT("version", EPICOR_VERSION), LOG_TEXT("revision", EPICOR_REVISION),
              LOG_TEXT("address", web_server_address(web, 0)), LOG_TEXT("urls", urls),
              LOG_TEXT("sockets", options.passed_count > 0 ? "passed by the supervisor" : NULL),
              LOG_INT("appservers", model->appserver_count), LOG_INT("targets", model->target_count));
    free(urls);
    none_left = agent_thread_join(agent);
    status = STATUS_GOOD;

no_agent:
    web_server_stop(web);
no_web:
    free(error);
    report_free(report);
    model_unref(model);
no_setup:
    supervisor_free(supervisor);
    if (!none_left)
        _exit((int)status);
    return status;
}

static enum exit_status run(struct arguments *arguments)
{
    if (arguments->version) {
        printf("epicor_exporter %s (revision %s)\n", EPICOR_VERSION, EPICOR_REVISION);
        return STATUS_GOOD;
    }
    if (arguments->help) {
        arguments_print_help(arguments, stdout);
        return STATUS_GOOD;
    }
    switch (arguments->command) {
    case COMMAND_SERVE:
        return serve(arguments);
    case COMMAND_CHECK:
        return check_configuration(arguments, &schema, stdout);
    case COMMAND_REFERENCE:
        if (arguments->topic == REFERENCE_CONFIG)
            reference_config_print(probe_schema(), stdout);
        else if (arguments->topic == REFERENCE_METRICS)
            reference_metrics_print(stdout);
        else
            reference_status_print(stdout);
        return STATUS_GOOD;
    case COMMAND_SAMPLE_CONFIG:
        sample_print(probe_schema(), stdout);
        return STATUS_GOOD;
    case COMMAND_DASHBOARDS:
        return embedded_write(embedded_dashboards, arguments->directory, NULL);
    case COMMAND_RULES:
        return embedded_write(embedded_rules, arguments->directory, arguments->base_url);
    case COMMAND_HASH_PASSWORD:
        return hash_password(STDIN_FILENO, BCRYPT_COST_PRESET, stderr, stdout);
    }
    return STATUS_WRONG_USAGE;
}

int main(int argc, char **argv)
{
    open_standard_descriptors();
    schema = *probe_schema();
    schema.check_web = tls_files_check;

    struct arguments arguments;
    char *wrong = arguments_read(argc, argv, &arguments);
    if (wrong != NULL) {
        fprintf(stderr, "epicor_exporter: %s\n", wrong);
        free(wrong);
        return STATUS_WRONG_USAGE;
    }
    log_setup(arguments.log_level, arguments.log_format, -1);

    enum exit_status status = run(&arguments);
    /* A page that could not be written whole is none. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == STATUS_GOOD) {
        fprintf(stderr, "epicor_exporter: cannot write: %s\n", strerrordesc_np(errno));
        status = STATUS_FAILED;
    }
    arguments_free(&arguments);
    return (int)status;
}
