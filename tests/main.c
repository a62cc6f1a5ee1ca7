/* The one main of all cmocka programs. cmocka returns the number of failures, which wraps at 256 to "good". */
#include "main.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (_cmocka_run_group_tests("tests", all_tests, all_tests_count, NULL, NULL) == 0)
        return 0;
    /* A test that failed has left its threads running: what exit() takes down they may use still. */
    fflush(NULL);
    _exit(1);
}
