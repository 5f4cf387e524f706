/* Parses HTTP answers. Each case gives the same result however its bytes are cut into pieces. */
#include "http/response.h"

#include <stdio.h>
#include <stdlib.h>

static int passed, failed;

static void check(bool ok, const char *what, const char *where)
{
    if (ok) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "not ok: %s: %s\n", what, where);
    }
}

enum { MAX_HEAD = 200, MAX_BODY = 20 };
enum request { TO_GET, TO_HEAD };
enum ending { OPEN, ENDED }; /* whether the connection ends after the last byte */

#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define TEN "0123456789"
#define CHUNKED OK_LINE "Transfer-Encoding: chunked\r\n\r\n"
#define TEXT(literal) (literal), sizeof(literal) - 1

static const struct {
    const char *name, *bytes;
    size_t length;
    enum request request;
    enum ending ending;
    enum kenar_http_progress progress;
    int status;
    bool keeps;
    const char *body;
    const char *message; /* of a failure */
} cases[] = {
    {"a length", TEXT(OK_LINE "Content-Length: 3\r\n\r\nabc"), TO_GET, OPEN, KENAR_HTTP_DONE, 200,
     true, "abc", NULL},
    {"a length of 0", TEXT(OK_LINE "content-length:0\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_DONE, 200,
     true, "", NULL},
    {"no reason, and no blank", TEXT("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_DONE, 200, true, "", NULL},
    {"chunks", TEXT(CHUNKED "3\r\nabc\r\nA;name=\"value\"\r\n" TEN "\r\n00\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_DONE, 200, true, "abc" TEN, NULL},
    {"trailers", TEXT(CHUNKED "1\r\na\r\n0\r\nX-Late: yes\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_DONE,
     200, true, "a", NULL},
    {"until the end", TEXT(OK_LINE "\r\nabc"), TO_GET, ENDED, KENAR_HTTP_DONE, 200, false, "abc",
     NULL},
    {"until an end that has not come", TEXT(OK_LINE "\r\nabc"), TO_GET, OPEN, KENAR_HTTP_MORE, 200,
     false, "abc", NULL},
    {"HTTP/1.0", TEXT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"), TO_GET, OPEN,
     KENAR_HTTP_DONE, 200, false, "a", NULL},
    {"close", TEXT(OK_LINE "Connection: x, Close\r\nContent-Length: 1\r\n\r\na"), TO_GET, OPEN,
     KENAR_HTTP_DONE, 200, false, "a", NULL},
    {"an interim answer",
     TEXT("HTTP/1.1 100 Continue\r\nX: y\r\nContent-Length: 9\r\n\r\n" OK_LINE
          "Content-Length: 1\r\n\r\na"),
     TO_GET, OPEN, KENAR_HTTP_DONE, 200, true, "a", NULL},
    {"only an interim answer", TEXT("HTTP/1.1 103 Early Hints\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_MORE, 0, false, "", NULL},
    {"to HEAD", TEXT(OK_LINE "Content-Length: 9999\r\n\r\n"), TO_HEAD, OPEN, KENAR_HTTP_DONE, 200,
     true, "", NULL},
    {"204", TEXT("HTTP/1.1 204 No Content\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_DONE, 204, true, "",
     NULL},
    {"304", TEXT("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_DONE, 304, true, "", NULL},
    {"bytes after it", TEXT(OK_LINE "Content-Length: 1\r\n\r\nab"), TO_GET, OPEN, KENAR_HTTP_DONE,
     200, false, "a", NULL},
    {"as large as allowed", TEXT(OK_LINE "Content-Length: 20\r\n\r\n" TEN TEN), TO_GET, OPEN,
     KENAR_HTTP_DONE, 200, true, TEN TEN, NULL},
    /* refused */
    {"a length too large", TEXT(OK_LINE "Content-Length: 21\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "the body is too large"},
    {"chunks too large", TEXT(CHUNKED "a\r\n" TEN "\r\nb\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED,
     200, false, TEN, "the body is too large"},
    {"too much until the end", TEXT(OK_LINE "\r\n" TEN TEN "x"), TO_GET, OPEN, KENAR_HTTP_FAILED,
     200, false, NULL, "the body is too large"},
    {"headers too large",
     TEXT(OK_LINE "X: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
                  "\r\nY: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "\r\n\r\n"),
     TO_GET, OPEN, KENAR_HTTP_FAILED, 200, false, "", "the headers are too large"},
    {"trailers too large",
     TEXT(CHUNKED "0\r\nX: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
                  "\r\nY: " TEN TEN TEN TEN TEN TEN TEN "\r\n\r\n"),
     TO_GET, OPEN, KENAR_HTTP_FAILED, 200, false, "", "the headers are too large"},
    {"two lengths", TEXT(OK_LINE "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "Content-Length is repeated"},
    {"two lengths in one", TEXT(OK_LINE "Content-Length: 1, 1\r\n\r\na"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "Content-Length is not a number"},
    {"a length below 0", TEXT(OK_LINE "Content-Length: -1\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "Content-Length is not a number"},
    {"a length with a sign", TEXT(OK_LINE "Content-Length: +1\r\n\r\na"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "Content-Length is not a number"},
    {"an empty length", TEXT(OK_LINE "Content-Length:\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED,
     200, false, "", "Content-Length is not a number"},
    {"a length beyond 2^63", TEXT(OK_LINE "Content-Length: 9223372036854775808\r\n\r\n"), TO_GET,
     OPEN, KENAR_HTTP_FAILED, 200, false, "", "Content-Length is not a number"},
    {"a length beside chunks",
     TEXT(OK_LINE "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "Content-Length and Transfer-Encoding are both given"},
    {"chunked twice",
     TEXT(OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "Transfer-Encoding is repeated"},
    {"another encoding", TEXT(OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "the Transfer-Encoding is not chunked"},
    {"chunks in HTTP/1.0", TEXT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), TO_GET,
     OPEN, KENAR_HTTP_FAILED, 200, false, "", "the Transfer-Encoding is not chunked"},
    {"a folded line", TEXT(OK_LINE "X: a\r\n b\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200,
     false, "", "a header line is malformed"},
    {"a blank before the colon", TEXT(OK_LINE "X : a\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED,
     200, false, "", "a header line is malformed"},
    {"no name", TEXT(OK_LINE ": a\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200, false, "",
     "a header line is malformed"},
    {"no colon", TEXT(OK_LINE "X\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200, false, "",
     "a header line is malformed"},
    {"a NUL in a name", TEXT(OK_LINE "X\0Y: a\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200,
     false, "", "a header line is malformed"},
    {"a NUL in a value", TEXT(OK_LINE "X: a\0b\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200,
     false, "", "a header line is malformed"},
    {"a CR in a value", TEXT(OK_LINE "X: a\rb\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200,
     false, "", "a header line is malformed"},
    {"a line that ends with LF", TEXT(OK_LINE "X: a\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200,
     false, "", "a line ends with LF alone"},
    {"a NUL in the reason", TEXT("HTTP/1.1 200 O\0K\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 0,
     false, "", "the answer does not begin with an HTTP/1.1 status line"},
    {"a status of two digits", TEXT("HTTP/1.1 20 OK\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 0,
     false, "", "the answer does not begin with an HTTP/1.1 status line"},
    {"a status of four digits", TEXT("HTTP/1.1 2000 OK\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED,
     0, false, "", "the answer does not begin with an HTTP/1.1 status line"},
    {"a status below 100", TEXT("HTTP/1.1 099 OK\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 0,
     false, "", "the answer does not begin with an HTTP/1.1 status line"},
    {"HTTP/2", TEXT("HTTP/2 200\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 0, false, "",
     "the answer does not begin with an HTTP/1.1 status line"},
    {"other protocols", TEXT("HTTP/1.1 101 Switching Protocols\r\n\r\n"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 0, false, "", "the server switched protocols without a request for it"},
    {"a chunk without size", TEXT(CHUNKED "\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200, false, "",
     "a chunk's size is malformed"},
    {"a chunk's size with 0x", TEXT(CHUNKED "0x1\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED, 200, false,
     "", "a chunk's size is malformed"},
    {"a chunk's size beyond 2^60", TEXT(CHUNKED "1000000000000000\r\n"), TO_GET, OPEN,
     KENAR_HTTP_FAILED, 200, false, "", "a chunk's size is malformed"},
    {"a chunk longer than its size", TEXT(CHUNKED "1\r\nab\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED,
     200, false, "a", "a chunk is longer than its size"},
    {"a trailer that is none", TEXT(CHUNKED "0\r\nnone\r\n\r\n"), TO_GET, OPEN, KENAR_HTTP_FAILED,
     200, false, "", "a trailer line is malformed"},
    /* truncated */
    {"nothing", TEXT(""), TO_GET, ENDED, KENAR_HTTP_FAILED, 0, false, "",
     "the connection was closed before the answer was complete"},
    {"cut in the status line", TEXT("HTTP/1.1 200 "), TO_GET, ENDED, KENAR_HTTP_FAILED, 0, false,
     "", "the connection was closed before the answer was complete"},
    {"cut in the headers", TEXT(OK_LINE "X: a\r\n"), TO_GET, ENDED, KENAR_HTTP_FAILED, 200, false,
     "", "the connection was closed before the answer was complete"},
    {"cut in the body", TEXT(OK_LINE "Content-Length: 3\r\n\r\nab"), TO_GET, ENDED,
     KENAR_HTTP_FAILED, 200, false, "ab",
     "the connection was closed before the answer was complete"},
    {"cut before the last chunk", TEXT(CHUNKED "1\r\na\r\n"), TO_GET, ENDED, KENAR_HTTP_FAILED, 200,
     false, "a", "the connection was closed before the answer was complete"},
};

/* Feeds a copy, so that the sanitizer detects a read beyond the piece. */
static void feed(struct kenar_http_response *response, const char *bytes, size_t length)
{
    char *piece = malloc(length > 0 ? length : 1);
    if (piece == NULL)
        abort();
    memcpy(piece, bytes, length);
    kenar_http_response_feed(response, piece, length);
    free(piece);
}

static void check_case(size_t number, const struct kenar_http_response *response,
                       enum kenar_http_progress progress, const char *where)
{
    const char *name = cases[number].name, *body = cases[number].body;
    check(progress == cases[number].progress, name, where);
    check(kenar_http_response_status(response) == cases[number].status, name, "its status");
    check(kenar_http_response_keeps_alive(response) == cases[number].keeps, name, "its connection");
    check(body == NULL || (response->body.length == strlen(body) &&
                           (response->body.length == 0 ||
                            memcmp(response->body.data, body, response->body.length) == 0)),
          name, "its body");
    if (cases[number].message != NULL)
        check(response->message != NULL && strcmp(response->message, cases[number].message) == 0,
              name, response->message != NULL ? response->message : "no message");
}

/* Feeds `first` bytes and then the rest. If `first` is 0, feeds one byte at a time. */
static void run_case(struct kenar_http_response *response, size_t number, size_t first)
{
    const char *bytes = cases[number].bytes;
    const size_t length = cases[number].length;
    enum kenar_http_progress progress;
    kenar_http_response_begin(response, MAX_HEAD, MAX_BODY, cases[number].request == TO_HEAD);
    if (first > 0) {
        feed(response, bytes, first);
        feed(response, bytes + first, length - first);
    } else {
        for (size_t i = 0; i < length; i++)
            feed(response, bytes + i, 1);
    }
    progress = cases[number].ending == ENDED ? kenar_http_response_end(response)
                                             : kenar_http_response_feed(response, "", 0);
    check_case(number, response, progress, first > 0 ? "in two pieces" : "byte by byte");
}

static void test_cases(void)
{
    struct kenar_http_response response = {
        0}; /* used for all cases, so that state left by a case is found */
    for (size_t number = 0; number < sizeof cases / sizeof *cases; number++)
        for (size_t first = 0; first <= cases[number].length; first++)
            run_case(&response, number, first);
    kenar_http_response_free(&response);
}

static void test_fields(void)
{
    static const char bytes[] =
        OK_LINE "X-One:  a b \t\r\nx-ONE: c\r\nEmpty:\r\nUtf: \xD8\xB3\r\n\r\n";
    static const char *const expected[] = {"x-one", "a b", "x-one", "c",
                                           "empty", "",    "utf",   "\xD8\xB3"};
    struct kenar_http_response response = {0};
    struct kenar_http_field field;
    size_t cursor = 0, count = 0;
    kenar_http_response_begin(&response, MAX_HEAD, MAX_BODY, false);
    feed(&response, bytes, sizeof bytes - 1);
    while (kenar_http_next_field(response.fields.data, response.fields.length, &cursor, &field)) {
        check(count < 8 && strcmp(field.name, expected[count]) == 0, "a name", field.name);
        check(count < 8 && strcmp(field.value, expected[count + 1]) == 0, "a value", field.value);
        count += 2;
    }
    check(count == 8, "fields", "their number");
    kenar_http_response_free(&response);
}

static void test_long_chunk_line(void)
{
    struct kenar_http_response response = {0};
    enum kenar_http_progress progress = KENAR_HTTP_MORE;
    kenar_http_response_begin(&response, MAX_HEAD, MAX_BODY, false);
    feed(&response, TEXT(CHUNKED "1;"));
    for (int i = 0; i < 2000 && progress == KENAR_HTTP_MORE; i++)
        progress = kenar_http_response_feed(&response, "x", 1);
    check(progress == KENAR_HTTP_FAILED && response.fault == KENAR_HTTP_MALFORMED,
          "an endless chunk extension", "is refused");
    check(response.line.length <= 1024, "an endless chunk extension", "is not kept");
    kenar_http_response_free(&response);
}

int main(void)
{
    test_cases();
    test_fields();
    test_long_chunk_line();
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
