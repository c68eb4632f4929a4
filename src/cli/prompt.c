/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prompt.h"

#include <termios.h>
#include <unistd.h>

enum sp_status sp_prompt_line(FILE *file, struct sp_buf *buf, struct sp_error *err)
{
    int c;
    while ((c = fgetc(file)) != EOF && c != '\n') {
        if (sp_buf_append_byte(buf, (unsigned char)c) != SP_OK)
            return sp_error_set(err, SP_ELIMIT, NULL, "a line of more than %u bytes is no password",
                                SP_PROMPT_BYTES_MAX);
    }
    if (buf->len && buf->ptr[buf->len - 1] == '\r')
        buf->len--;
    return SP_OK;
}

enum sp_status sp_prompt_secret(const char *text, struct sp_buf *buf, struct sp_error *err)
{
    struct termios before, silent;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return sp_error_set(err, SP_EIO, NULL, "the terminal cannot be asked");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    /* Silence first: it drops what was typed before, and an answer may come as soon as the question is seen.
     */
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    fputs(text, stderr);
    fflush(stderr);
    enum sp_status status = sp_prompt_line(stdin, buf, err);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return status;
}
