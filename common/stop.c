/* stop.c -- signals that ask the tool to stop. */
#include "prelude.h"

#include <signal.h>

#include "err.h"
#include "stop.h"

static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
	caught = number;
}

void
stop_install(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act, before;

	memset(&act, 0, sizeof(act));
	sigemptyset(&act.sa_mask);
	act.sa_handler = on_signal;
	act.sa_flags = (int)SA_RESETHAND;
	for (size_t i = 0; i < GPM_ARRAY_LEN(numbers); i++)
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &act, NULL);
	act.sa_handler = SIG_IGN;
	act.sa_flags = 0;
	sigaction(SIGPIPE, &act, NULL);
}

int
stop_signal(void)
{
	return caught;
}

int
stop_check(struct err *e)
{
	if (caught == 0)
		return 0;
	return err_set(e, ERR_STOPPED, "stopped by signal %d (%s)", (int)caught,
	    sigabbrev_np(caught));
}
