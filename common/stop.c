/* stop.c -- signals that ask the tool to stop. */
#include "prelude.h"

#include <signal.h>

#include "err.h"
#include "stop.h"

static volatile sig_atomic_t caught, count;
static volatile sig_atomic_t patience; /* so many signals are borne with before stop_check fails */
static _Thread_local const bool *given_up;

static void
on_signal(int number)
{
	caught = number;
	if (++count > patience)
		signal(number, SIG_DFL);
}

void
stop_install(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act, before;

	memset(&act, 0, sizeof(act));
	sigemptyset(&act.sa_mask);
	act.sa_handler = on_signal;
	for (size_t i = 0; i < GPM_ARRAY_LEN(numbers); i++)
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &act, NULL);
	act.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &act, NULL);
}

void
stop_gently(void)
{
	patience = 1;
}

int
stop_signal(void)
{
	return caught;
}

void
stop_thread(const bool *flag)
{
	given_up = flag;
}

const bool *
stop_thread_flag(void)
{
	return given_up;
}

int
stop_check(struct err *e)
{
	if (caught == 0 && given_up != NULL && __atomic_load_n(given_up, __ATOMIC_ACQUIRE))
		return err_set(e, ERR_STOPPED, "given up");
	return count > patience ? stop_asked(e) : 0;
}

int
stop_asked(struct err *e)
{
	if (caught == 0)
		return 0;
	return err_set(e, ERR_STOPPED, "stopped by signal %d (%s)", (int)caught,
	    sigabbrev_np(caught));
}
