#include "json/decode_lua.h"

#include "text/short.h"
#include "json/parse.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    DEFAULT_DEPTH = 64,
    MAX_DEPTH = 1000, /* each level takes a C stack frame */
    CACHE_SLOTS = 256 /* a power of two */
};

static const char decoder_type[] = "kenar.json_decoder";

/* A cache of Lua strings for keys and short texts, which recur in many documents. A hit is fetched
 * from a table by its slot number, without hashing and interning the bytes again. */
struct slot {
    struct kenar_short_text text;
    uint32_t length;
    uint32_t candidate; /* the hash of the last miss. A text enters the slot at its second miss
                           without a hit in between, so a text that occurs once stays out, and two
                           texts do not evict each other in turn */
};

struct decoder {
    struct kenar_json_tape tape;
    bool busy; /* set during a call. A finalizer may decode within that call; it uses a decoder of
                  its own */
    struct slot slots[CACHE_SLOTS];
};

enum { DECODER = 1, CACHE, ARRAY_METATABLE }; /* upvalues of decode */

/* Stack indices while a document is built. */
enum { DOCUMENT = 1, DECODER_INDEX, CACHE_INDEX };

/* Kept apart so that push_text stays small enough to be inlined. */
static __attribute__((noinline)) void push_missed(lua_State *L, struct decoder *decoder,
                                                  const char *bytes, struct kenar_short_text text,
                                                  const struct kenar_json_node *node)
{
    const unsigned index = node->as.text.hash % CACHE_SLOTS;
    struct slot *slot = decoder->slots + index;
    lua_pushlstring(L, bytes, node->length);
    if (slot->candidate == node->as.text.hash) {
        slot->length = 0; /* invalid until the table has the new string */
        lua_pushvalue(L, -1);
        lua_rawseti(L, CACHE_INDEX, (int)index + 1);
        slot->text = text;
        slot->length = node->length;
    }
    slot->candidate = node->as.text.hash;
}

static inline void push_text(lua_State *L, struct decoder *decoder,
                             const struct kenar_json_node *node)
{
    const char *bytes = kenar_json_tape_bytes(&decoder->tape, node);
    const uint32_t length = node->length;
    if (length - 1 >= KENAR_SHORT_TEXT) { /* 0 as well */
        lua_pushlstring(L, bytes, length);
        return;
    }
    const unsigned index = node->as.text.hash % CACHE_SLOTS;
    struct slot *slot = decoder->slots + index;
    const struct kenar_short_text text =
        kenar_short_text_load(bytes, length, kenar_json_tape_available(&decoder->tape, node));
    if (slot->length == length && kenar_short_text_equal(slot->text, text)) {
        slot->candidate = 0;
        lua_rawgeti(L, CACHE_INDEX, (int)index + 1);
    } else {
        push_missed(L, decoder, bytes, text, node);
    }
}

static const struct kenar_json_node *push_container(lua_State *L, struct decoder *decoder,
                                                    const struct kenar_json_node *node);

/* Pushes the value that begins at `node`. Returns the node after it. */
static inline const struct kenar_json_node *push_value(lua_State *L, struct decoder *decoder,
                                                       const struct kenar_json_node *node)
{
    switch ((enum kenar_json_kind)node->kind) {
    case KENAR_JSON_KEY:
    case KENAR_JSON_STRING:
        push_text(L, decoder, node);
        break;
    case KENAR_JSON_ARRAY:
    case KENAR_JSON_OBJECT:
        return push_container(L, decoder, node);
    case KENAR_JSON_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    case KENAR_JSON_FALSE:
    case KENAR_JSON_TRUE:
        lua_pushboolean(L, node->kind == KENAR_JSON_TRUE);
        break;
    case KENAR_JSON_INTEGER:
#if KENAR_HAS_INTEGERS
        lua_pushinteger(L, (lua_Integer)node->as.integer);
#else
        lua_pushnumber(L, (lua_Number)node->as.integer);
#endif
        break;
    case KENAR_JSON_DOUBLE:
        lua_pushnumber(L, (lua_Number)node->as.number);
        break;
    }
    return node + 1;
}

static const struct kenar_json_node *push_container(lua_State *L, struct decoder *decoder,
                                                    const struct kenar_json_node *node)
{
    const int count = (int)node->length;
    if (node->kind == KENAR_JSON_OBJECT) {
        lua_createtable(L, 0, count);
        node++;
        for (int i = 0; i < count; i++) {
            push_text(L, decoder, node);
            node = push_value(L, decoder, node + 1); /* table, key, value */
            lua_rawset(L, -3);
        }
        return node;
    }
    lua_createtable(L, count, 0);
    lua_pushvalue(L, lua_upvalueindex(ARRAY_METATABLE));
    lua_setmetatable(L, -2);
    node++;
    for (int i = 1; i <= count; i++) {
        node = push_value(L, decoder, node);
        lua_rawseti(L, -2, i);
    }
    return node;
}

static int collect_decoder(lua_State *L)
{
    struct decoder *decoder = luaL_checkudata(L, 1, decoder_type);
    kenar_json_tape_free(&decoder->tape);
    return 0;
}

/* Pushes a decoder and its cache table. */
static struct decoder *push_decoder(lua_State *L)
{
    struct decoder *decoder = lua_newuserdatauv(L, sizeof *decoder, 0);
    memset(decoder, 0, sizeof *decoder);
    luaL_setmetatable(L, decoder_type);
    lua_createtable(L, CACHE_SLOTS, 0);
    return decoder;
}

/* Pushes decoder and cache to DECODER_INDEX and CACHE_INDEX. */
static struct decoder *begin(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(DECODER));
    lua_pushvalue(L, lua_upvalueindex(CACHE));
    struct decoder *decoder = lua_touserdata(L, DECODER_INDEX);
    if (decoder->busy) {
        /* In a finalizer, or after a raise. A new decoder replaces the busy decoder, which stays
         * alive on the stack of the call that uses it. */
        lua_settop(L, DOCUMENT);
        decoder = push_decoder(L);
        lua_pushvalue(L, DECODER_INDEX);
        lua_replace(L, lua_upvalueindex(DECODER));
        lua_pushvalue(L, CACHE_INDEX);
        lua_replace(L, lua_upvalueindex(CACHE));
    }
    decoder->busy = true;
    return decoder;
}

static void end(struct decoder *decoder)
{
    kenar_json_tape_recycle(&decoder->tape);
    decoder->busy = false;
}

static int refuse(lua_State *L, const char *message, size_t offset)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    lua_pushinteger(L, (lua_Integer)offset + 1);
    return 3;
}

static int decode(lua_State *L)
{
    luaL_checktype(L, DOCUMENT, LUA_TSTRING);
    size_t count;
    const char *bytes = lua_tolstring(L, DOCUMENT, &count);
    lua_Number max_bytes = KENAR_JSON_LARGEST_DOCUMENT, max_depth = DEFAULT_DEPTH;
    if (lua_gettop(L) > DOCUMENT) {
        max_bytes = luaL_optnumber(L, 2, max_bytes);
        max_depth = luaL_optnumber(L, 3, max_depth);
        luaL_argcheck(L, max_bytes >= 0, 2, "expected a number of bytes, 0 or more");
        luaL_argcheck(L, max_depth >= 0 && max_depth <= MAX_DEPTH, 3, "0 to 1000 expected");
        lua_settop(L, DOCUMENT);
    }
    if ((lua_Number)count > max_bytes) {
        char message[64];
        snprintf(message, sizeof message, "longer than %.0f bytes", (double)max_bytes);
        return refuse(L, message, (size_t)max_bytes);
    }
    struct decoder *decoder = begin(L);
    struct kenar_json_error error;
    if (!kenar_json_parse(&decoder->tape, bytes, count, (unsigned)max_depth, &error)) {
        end(decoder);
        if (error.message == NULL)
            return luaL_error(L, "not enough memory");
        return refuse(L, error.message, error.offset);
    }
    /* Each level has its table and a key on the stack. */
    const int needed = (int)decoder->tape.deepest * 2 + 4;
    if (needed > LUA_MINSTACK - CACHE_INDEX)
        luaL_checkstack(L, needed, "nested too deep");
    push_value(L, decoder, decoder->tape.nodes);
    end(decoder);
    return 1;
}

void kenar_json_push_decoder(lua_State *L, int array_mt)
{
    array_mt = lua_absindex(L, array_mt);
    if (luaL_newmetatable(L, decoder_type)) {
        lua_pushcfunction(L, collect_decoder);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
    push_decoder(L);
    lua_pushvalue(L, array_mt);
    lua_pushcclosure(L, decode, 3);
}
