/* A program that logs people in, as far as a PAM module can tell, and looks at what the module leaves in it.
 *
 *     host CONFDIR SERVICE USER ACTION [NAME=VALUE ...]
 *
 * tty=, rhost=, ruser=, display= set PAM items, env:NAME=VALUE the PAM environment. Prints what happens, a line each. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *confdir, *service, *user;
static char **settings;

/* What libpam would say to the system's log is said here: one line each. */
void vsyslog(int priority, const char *format, va_list values)
{
	char line[2048];
	vsnprintf(line, sizeof line, format, values);
	printf("log %d %s\n", priority & 7, line);
}
void syslog(int priority, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	vsyslog(priority, format, values);
	va_end(values);
}
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list values;
	(void)flag;
	va_start(values, format);
	vsyslog(priority, format, values);
	va_end(values);
}

/* A user directory that takes its time, if it is told to: until a line comes. */
static int is_slow;
int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **result)
{
	static int (*libc_getpwnam_r)(const char *, struct passwd *, char *, size_t, struct passwd **);
	if (is_slow) {
		is_slow = 0;
		printf("asked for %s\n", name);
		getchar();
	}
	if (!libc_getpwnam_r)
		libc_getpwnam_r = dlsym(RTLD_NEXT, "getpwnam_r");
	return libc_getpwnam_r(name, entry, buffer, size, result);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **answers, void *data)
{
	(void)count, (void)messages, (void)answers, (void)data;
	printf("a question\n");
	return PAM_CONV_ERR;
}

static int entries(const char *path)
{
	int count = 0;
	DIR *folder = opendir(path);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static int is_mapped(void)
{
	char line[4096];
	int found = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof line, maps))
		found |= strstr(line, "pam_session_rs") != NULL;
	fclose(maps);
	return found;
}

static void say(const char *when)
{
	printf("%s fds %d threads %d mapped %d\n", when, entries("/proc/self/fd"), entries("/proc/self/task") - 2, is_mapped());
}

static pam_handle_t *begin(void)
{
	static const struct pam_conv conv = { converse, NULL };
	static const struct { const char *name; int item; } items[] = {
		{ "tty=", PAM_TTY }, { "rhost=", PAM_RHOST }, { "ruser=", PAM_RUSER }, { "display=", PAM_XDISPLAY },
	};
	pam_handle_t *handle = NULL;
	if (pam_start_confdir(service, user, &conv, confdir, &handle) != PAM_SUCCESS)
		exit(3);
	for (char **setting = settings; *setting; setting++) {
		for (size_t i = 0; i < sizeof items / sizeof *items; i++)
			if (!strncmp(*setting, items[i].name, strlen(items[i].name)))
				pam_set_item(handle, items[i].item, *setting + strlen(items[i].name));
		if (!strncmp(*setting, "env:", 4))
			pam_putenv(handle, *setting + 4);
	}
	return handle;
}

static void print_environment(pam_handle_t *handle)
{
	for (char **variable = pam_getenvlist(handle); *variable; variable++)
		printf("env %s\n", *variable);
}

static void login_once(int is_loud)
{
	pam_handle_t *handle = begin();
	int opened = pam_open_session(handle, 0);
	if (is_loud) {
		printf("open %d\n", opened);
		print_environment(handle);
		say("inside");
	}
	int closed = pam_close_session(handle, 0);
	if (is_loud)
		printf("close %d\n", closed);
	pam_end(handle, PAM_SUCCESS);
}

/* A child that inherited the transaction closes it and ends it as if it were its own; then the parent does. */
static void login_with_a_fork(void)
{
	pam_handle_t *handle = begin();
	printf("open %d\n", pam_open_session(handle, 0));
	fflush(stdout);
	if (fork() == 0) {
		printf("child close %d\n", pam_close_session(handle, 0));
		pam_end(handle, PAM_SUCCESS);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	printf("child gone\n");
	fflush(stdout);
	getchar(); /* until the test has looked */
	printf("close %d\n", pam_close_session(handle, 0));
	pam_end(handle, PAM_SUCCESS);
}

static void *log_people_in(void *nothing)
{
	for (int i = 0; i < 20; i++)
		login_once(0);
	return nothing;
}

/* Eight threads at a time log people in. */
static void logins_in_threads(void)
{
	pthread_t threads[8];
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, log_people_in, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	confdir = argv[1], service = argv[2], user = argv[3], settings = argv + 5;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(argv[4], "once")) {
		login_once(1);
	} else if (!strcmp(argv[4], "slow-directory")) {
		is_slow = 1;
		login_once(1);
	} else if (!strcmp(argv[4], "cycles")) {
		say("before");
		for (int i = 0; i < 100; i++)
			login_once(i == 50);
		say("after");
	} else if (!strcmp(argv[4], "threads")) {
		say("before");
		logins_in_threads();
		say("after");
	} else if (!strcmp(argv[4], "fork")) {
		login_with_a_fork();
	} else if (!strcmp(argv[4], "close-only")) {
		pam_handle_t *handle = begin();
		printf("close %d\n", pam_close_session(handle, 0));
		pam_end(handle, PAM_SUCCESS);
	} else if (!strcmp(argv[4], "other-types")) {
		pam_handle_t *handle = begin();
		printf("authenticate %d\n", pam_authenticate(handle, 0));
		printf("account %d\n", pam_acct_mgmt(handle, 0));
		printf("credentials %d\n", pam_setcred(handle, PAM_ESTABLISH_CRED));
		printf("password %d\n", pam_chauthtok(handle, 0));
		pam_end(handle, PAM_SUCCESS);
	}
	return 0;
}
