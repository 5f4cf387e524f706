/* The icon names of Divar's buttons (enum DivarIconsIconName in Divar's OpenAPI file). Pure C.
 * Divar adds names, so an unknown name may still be valid. */
#ifndef KENAR_MESSAGE_ICONS_H
#define KENAR_MESSAGE_ICONS_H

#include <stdbool.h>
#include <stddef.h>

#define KENAR_ICON_COUNT 822

/* In the order of strcmp. */
extern const char *const kenar_icon_names[KENAR_ICON_COUNT];

/* Whether the name is in the list. Letter case counts. */
bool kenar_icon_known(const char *name, size_t length);

/* The known name nearest to a misspelt name (REAL_STATE -> REAL_ESTATE), or NULL. */
const char *kenar_icon_suggestion(const char *name, size_t length);

#endif
