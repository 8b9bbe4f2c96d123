/* An event listener that knows bytes and nothing else: listener FILE [drip].
 *
 * It takes `len` of a header for a number of bytes, appends header and payload
 * to FILE as they came, and answers OK; with "drip" one byte at a time. It ends
 * with status 3 when a header is none, which is how it notices that it has lost
 * its step. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_BYTES = 4096, STEP_LOST = 3, PAUSE_MICROSECONDS = 2000 };

static int dripping;

static void take(char *to, size_t count) {
    while (count > 0) {
        ssize_t got = read(0, to, count);
        if (got <= 0) exit(0);
        to += got;
        count -= (size_t)got;
    }
}

static void give(int fd, const char *from, size_t count, size_t most) {
    while (count > 0) {
        ssize_t put = write(fd, from, count < most ? count : most);
        if (put <= 0) exit(1);
        from += put;
        count -= (size_t)put;
        if (most == 1) usleep(PAUSE_MICROSECONDS);
    }
}

static void answer(const char *text) { give(1, text, strlen(text), dripping ? 1 : strlen(text)); }

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    dripping = argc > 2 && strcmp(argv[2], "drip") == 0;
    int file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file < 0) return 1;
    for (;;) {
        char header[HEADER_BYTES + 1];
        size_t length = 0;
        answer("READY\n");
        do {
            take(header + length, 1);
        } while (header[length++] != '\n' && length < HEADER_BYTES);
        header[length] = '\0';
        char *number = strstr(header, " len:");
        if (strncmp(header, "ver:3.0 server:", 15) != 0 || !number) return STEP_LOST;
        size_t size = strtoul(number + 5, NULL, 10);
        char *payload = malloc(size + 1);
        if (!payload) return 1;
        take(payload, size);
        give(file, header, length, length);
        give(file, payload, size, size + 1);
        give(file, "\n----\n", 6, 6);
        free(payload);
        answer("RESULT 2\nOK");
    }
}
