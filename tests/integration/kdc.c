#include "kdc.h"

#include "../main.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

extern char **environ;

/* ---- files ---- */

char *kdc_path(const struct kdc *kdc, const char *name)
{
    return memory_format("%s/%s", kdc->folder, name);
}

void kdc_write(const struct kdc *kdc, const char *name, const void *bytes, size_t size)
{
    char *path = kdc_path(kdc, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(path);
}

char *kdc_read(const struct kdc *kdc, const char *name, size_t *size)
{
    enum { LARGEST = 4 << 20 };
    char *path = kdc_path(kdc, name), *text = memory_new(LARGEST + 1, 1);
    FILE *file = fopen(path, "rb");
    *size = file ? fread(text, 1, LARGEST, file) : 0;
    assert_true(*size < LARGEST);
    if (file)
        fclose(file);
    free(path);
    return text;
}

static void write_text(const struct kdc *kdc, const char *name, const char *text)
{
    kdc_write(kdc, name, text, strlen(text));
}

size_t kdc_logged(struct kdc *kdc, const char *text)
{
    size_t size, count = 0;
    char *log = kdc_read(kdc, "kdc.log", &size);
    for (const char *at = log; (at = strstr(at, text)) != NULL; at++)
        count++;
    free(log);
    return count;
}

void kdc_write_config(const struct kdc *kdc, const char *name, int port)
{
    char *text = memory_format("[libdefaults]\ndefault_realm = EPICOR.TEST\ndns_lookup_kdc = false\n"
                               "dns_lookup_realm = false\ndns_canonicalize_hostname = false\nrdns = false\n"
                               "[realms]\nEPICOR.TEST = {\nkdc = 127.0.0.1:%d\n}\n"
                               "[domain_realm]\n.epicor.test = EPICOR.TEST\n",
                               port);
    write_text(kdc, name, text);
    free(text);
}

static void configure(const struct kdc *kdc)
{
    kdc_write_config(kdc, "krb5.conf", kdc->port);
    char *text = memory_format("[realms]\nEPICOR.TEST = {\ndatabase_name = %s/principal\nkey_stash_file = "
                               "%s/stash\nacl_file = %s/acl\n"
                               "kdc_listen = 127.0.0.1:%d\nkdc_tcp_listen = 127.0.0.1:%d\nmax_life = 10h\n"
                               "}\n[logging]\nkdc = "
                               "FILE:%s/kdc.log\ndefault = FILE:%s/other.log\n",
                               kdc->folder, kdc->folder, kdc->folder, kdc->port, kdc->port, kdc->folder,
                               kdc->folder);
    write_text(kdc, "kdc.conf", text);
    free(text);
}

static void set_path(const struct kdc *kdc, const char *variable, const char *prefix, const char *name)
{
    char *value = memory_format("%s%s/%s", prefix, kdc->folder, name);
    setenv(variable, value, 1);
    free(value);
}

/* ---- programs ---- */

static pid_t launch(const struct kdc *kdc, const char *const argv[])
{
    char *input = kdc_path(kdc, "input"), *output = kdc_path(kdc, "output");
    posix_spawn_file_actions_t files;
    pid_t process = 0;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, input, O_RDONLY | O_CREAT, 0600);
    posix_spawn_file_actions_addopen(&files, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    int error = posix_spawnp(&process, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&files);
    free(input);
    free(output);
    if (error != 0)
        fail_msg("%s cannot be started: %s", argv[0], strerrordesc_np(error));
    return process;
}

void kdc_run(struct kdc *kdc, const char *const argv[])
{
    int status;
    pid_t process = launch(kdc, argv);
    assert_int_equal(waitpid(process, &status, 0), process);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        size_t size;
        char *output = kdc_read(kdc, "output", &size);
        fail_msg("%s failed: %s", argv[0], output);
    }
}

void kdc_admin(struct kdc *kdc, const char *commands)
{
    const char *const argv[] = {"kadmin.local", "-r", "EPICOR.TEST", NULL};
    write_text(kdc, "input", commands);
    kdc_run(kdc, argv);
    write_text(kdc, "input", "");
    size_t size;
    char *output = kdc_read(kdc, "output", &size);
    /* It goes on after a command that failed, and exits with 0. */
    if (strstr(output, "while ") || strstr(output, "rror"))
        fail_msg("kadmin.local: %s", output);
    free(output);
}

/* Free for both kinds of sockets a moment ago. */
static int free_port(void)
{
    for (int tries = 0; tries < 50; tries++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(stream, (struct sockaddr *)&address, size), 0);
        assert_int_equal(getsockname(stream, (struct sockaddr *)&address, &size), 0);
        bool both = bind(datagram, (struct sockaddr *)&address, size) == 0;
        close(stream);
        close(datagram);
        if (both)
            return ntohs(address.sin_port);
    }
    fail_msg("no free port");
    return 0;
}

/* Whether it serves; otherwise it has ended. */
static bool await(struct kdc *kdc, size_t before)
{
    for (int64_t end_ns = clock_now().boot_ns + 30 * SECOND_NS; clock_now().boot_ns < end_ns;) {
        if (kdc_logged(kdc, "commencing operation") > before)
            return true;
        if (waitpid(kdc->process, NULL, WNOHANG) == kdc->process)
            return false;
        poll(NULL, 0, 5);
    }
    fail_msg("krb5kdc does not start");
    return false;
}

void kdc_start(struct kdc *kdc)
{
    static const char *const argv[] = {"krb5kdc", "-n", "-r", "EPICOR.TEST", NULL};
    bool anew = kdc->port == 0;
    for (int tries = 0; tries < 10; tries++) {
        if (anew)
            kdc->port = free_port();
        configure(kdc);
        size_t before = kdc_logged(kdc, "commencing operation");
        kdc->process = launch(kdc, argv);
        if (await(kdc, before))
            return;
        poll(NULL, 0, 100); /* another has its port for the moment */
    }
    size_t size;
    fail_msg("krb5kdc ends: %s", kdc_read(kdc, "kdc.log", &size));
}

void kdc_stop(struct kdc *kdc)
{
    if (kdc->process == 0)
        return;
    kill(kdc->process, SIGKILL);
    assert_int_equal(waitpid(kdc->process, NULL, 0), kdc->process);
    kdc->process = 0;
}

void kdc_silence(struct kdc *kdc)
{
    int status;
    assert_true(kdc->process > 0); /* 0 would be ourselves */
    kill(kdc->process, SIGSTOP);
    assert_int_equal(waitpid(kdc->process, &status, WUNTRACED), kdc->process);
    assert_true(WIFSTOPPED(status));
}

void kdc_speak(struct kdc *kdc)
{
    assert_true(kdc->process > 0);
    kill(kdc->process, SIGCONT);
}

/* ---- the realm ---- */

void kdc_make(struct kdc *kdc, const char *commands)
{
    static const char *const create[] = {"kdb5_util", "-r",     "EPICOR.TEST", "-P",
                                         "master",    "create", "-s",          NULL};
    *kdc = (struct kdc){.folder = "/tmp/test_kdc.XXXXXX"};
    assert_non_null(mkdtemp(kdc->folder));
    char *path = memory_format("%s:/usr/sbin:/sbin", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    setenv("PATH", path, 1);
    free(path);
    set_path(kdc, "KRB5_CONFIG", "", "krb5.conf");
    set_path(kdc, "KRB5_KDC_PROFILE", "", "kdc.conf");
    set_path(kdc, "KRB5CCNAME", "FILE:", "tickets");
    set_path(kdc, "KRB5RCACHEDIR", "", "");
    write_text(kdc, "input", "");
    configure(kdc);
    kdc_run(kdc, create);
    /* kadmin.local takes a keytab's name from where it works. */
    assert_int_equal(chdir(kdc->folder), 0);
    kdc_admin(kdc, commands);
    kdc_start(kdc);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void kdc_remove(struct kdc *kdc)
{
    kdc_stop(kdc);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(nftw(kdc->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
