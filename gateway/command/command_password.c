/* Makes the hash of a password from a terminal or a pipe. */
#include "gateway/command/command.h"

#include "gateway/base/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/*
 * One line, without its end; from a terminal without echo. False at the end of input.
 */
static bool command_read_password(const char *prompt, struct buf *password)
{
	struct termios usual, silent;
	const bool is_terminal = tcgetattr(STDIN_FILENO, &usual) == 0;
	int c;

	if (is_terminal) {
		fputs(prompt, stderr);
		silent = usual;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	while ((c = getchar()) != EOF && c != '\n')
		buf_append_char(password, (char)c);
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
		fputs("\n", stderr);
	}
	return c != EOF || password->len > 0;
}

int command_hash_password(const struct command_line *line)
{
	struct buf password = {0}, again = {0}, hash = {0};
	int status = EXIT_FAILURE;

	(void)line;
	if (!command_read_password("Password: ", &password) || password.len == 0)
		command_complain("no password came");
	else if (isatty(STDIN_FILENO) &&
		 (!command_read_password("Once more: ", &again) ||
			 !slice_equal(buf_slice(&password), buf_slice(&again))))
		command_complain("the two are not the same");
	else if (!password_hash(buf_slice(&password), &hash))
		command_complain("this password cannot be hashed");
	else
		status = printf("%.*s\n", SLICE_ARGS(buf_slice(&hash))) > 0
				 ? EXIT_SUCCESS
				 : EXIT_FAILURE;
	if (password.len > 0)
		explicit_bzero(password.data, password.len);
	if (again.len > 0)
		explicit_bzero(again.data, again.len);
	buf_finish(&password);
	buf_finish(&again);
	buf_finish(&hash);
	return status;
}
