/* The one main of all cmocka programs. cmocka returns the number of failures, which wraps at 256 to "good". */
#include "main.h"

#include <signal.h>

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return _cmocka_run_group_tests("tests", all_tests, all_tests_count, NULL, NULL) != 0;
}
