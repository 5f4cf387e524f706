/* kenar.curl: HTTP for the standalone loop, on libcurl. Never loaded inside nginx: libcurl's
 * OpenSSL and nginx's may not be the same one. */
#include "pool_lua.h"
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>

/* libcurl's global state is the process's, so this is, too. */
static pthread_once_t initialized = PTHREAD_ONCE_INIT;
static CURLcode init_result;

/* A thread that still looks a name up must find its code when the Lua state that started it has
 * closed: libcurl stays loaded until the process ends. */
static void stay_loaded(void)
{
    Dl_info library;
    if (dladdr((void *)(size_t)curl_global_init, &library) != 0 && library.dli_fname != NULL) {
        /* The handle is kept for ever on purpose. */
        dlopen(library.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    }
}

static void initialize(void)
{
    init_result = curl_global_init(CURL_GLOBAL_DEFAULT);
    stay_loaded();
}

/* What this process has loaded; the headers that it was built with may be those of another. */
static void add_versions(lua_State *L)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    lua_pushstring(L, info->version);
    lua_setfield(L, -2, "version");
    lua_pushstring(L, info->ssl_version);
    lua_setfield(L, -2, "tls_version");
}

/* The loader of the module `kenar.curl`: { pool = fn, headers = fn, read_headers = fn,
 * version = "7.88.1", tls_version = "OpenSSL/3.0.17" | nil }. */
__attribute__((visibility("default"))) int luaopen_kenar_curl(lua_State *L)
{
    pthread_once(&initialized, initialize);
    if (init_result != CURLE_OK) {
        return luaL_error(L, "libcurl does not start: %s", curl_easy_strerror(init_result));
    }
    lua_createtable(L, 0, 5);
    kenar_headers_open(L);
    kenar_pool_class_open(L);
    kenar_response_open(L);
    add_versions(L);
    return 1;
}
