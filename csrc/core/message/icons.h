/* The icon names of Divar's buttons (enum DivarIconsIconName of Divar's OpenAPI file). Pure C.
 * Divar adds names now and then, so a name that is not here is not wrong by itself. */
#ifndef KENAR_MESSAGE_ICONS_H
#define KENAR_MESSAGE_ICONS_H

#include <stdbool.h>
#include <stddef.h>

#define KENAR_ICON_COUNT 822

/* In strcmp's order; KENAR_ICON_COUNT of them. */
extern const char *const kenar_icon_names[KENAR_ICON_COUNT];

bool kenar_icon_known(const char *name, size_t length);

/* The known name nearest to a misspelt one (REAL_STATE -> REAL_ESTATE), or NULL. */
const char *kenar_icon_suggestion(const char *name, size_t length);

#endif
