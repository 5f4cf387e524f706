/* The table of icons, and the search for the nearest name. */
#include "message/icons.h"
#include "text/nearest.h"

#include <stdio.h>
#include <string.h>

static int passed, failed;

static void check(bool ok, const char *what)
{
    if (ok) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "not ok: %s\n", what);
    }
}

static bool same(const char *got, const char *wanted)
{
    return got == NULL || wanted == NULL ? got == wanted : strcmp(got, wanted) == 0;
}

static void test_table(void)
{
    bool sorted = true, found = true;
    for (size_t i = 0; i < KENAR_ICON_COUNT; i++) {
        const char *name = kenar_icon_names[i];
        sorted = sorted && (i == 0 || strcmp(kenar_icon_names[i - 1], name) < 0);
        found = found && kenar_icon_known(name, strlen(name));
    }
    check(sorted, "the names are in order, none twice");
    check(found, "each name is found");
}

static void test_known(void)
{
    check(!kenar_icon_known("", 0), "the empty name is unknown");
    check(!kenar_icon_known("AD", 2), "the beginning of a name is unknown");
    check(!kenar_icon_known("ADDS", 4), "a name and more is unknown");
    check(!kenar_icon_known("ADD\0", 4), "a name and a NUL is unknown");
    check(kenar_icon_known("ADD_CIRCLE!", 10), "only `length` bytes are read");
    check(!kenar_icon_known("add", 3), "case counts");
    check(!kenar_icon_known("\xFF\xFE", 2), "bytes beyond ASCII are unknown");
}

static void test_nearest(void)
{
    static const char *const names[] = {"text", "media_token", "buttons", "tent"};
    const size_t count = sizeof names / sizeof *names;
    check(same(kenar_icon_suggestion("REAL_STATE", 10), "REAL_ESTATE"), "one letter is missing");
    check(same(kenar_nearest("text", 4, names, count), "text"), "the name itself");
    check(same(kenar_nearest("txt", 3, names, count), "text"), "an insertion");
    check(same(kenar_nearest("textt", 5, names, count), "text"), "a deletion");
    check(same(kenar_nearest("test", 4, names, count), "text"),
          "the first of two equally near names");
    check(same(kenar_nearest("Media-Token", 11, names, count), "media_token"), "case and hyphens");
    check(same(kenar_nearest("button", 6, names, count), "buttons"), "the plural");
    check(same(kenar_nearest("xyz", 3, names, count), NULL), "nothing is near");
    check(same(kenar_nearest("", 0, names, count), NULL), "nothing is near the empty name");
    check(same(kenar_nearest("text", 4, names, 0), NULL), "there are no names");
    char longest[KENAR_NEAREST_MAX + 1];
    memset(longest, 'A', sizeof longest);
    check(same(kenar_nearest(longest, KENAR_NEAREST_MAX, names, count), NULL), "the longest name");
    check(same(kenar_nearest(longest, sizeof longest, names, count), NULL), "one byte longer");
}

int main(void)
{
    test_table();
    test_known();
    test_nearest();
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
