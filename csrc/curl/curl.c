/* kenar.curl: HTTP for the standalone loop, with libcurl. nginx must not load it, because the
 * OpenSSL of libcurl and of nginx may differ. */
#include "pool_lua.h"
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>

/* Shared by all Lua states, because libcurl's global state belongs to the process. */
static pthread_once_t initialized = PTHREAD_ONCE_INIT;
static CURLcode init_result;

/* Keeps libcurl loaded until the process ends. A resolver thread may outlive the Lua state that
 * started it, and still needs its code. */
static void stay_loaded(void)
{
    Dl_info library;
    if (dladdr((void *)(size_t)curl_global_init, &library) != 0 && library.dli_fname != NULL) {
        /* The handle is never closed. */
        dlopen(library.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    }
}

static void initialize(void)
{
    init_result = curl_global_init(CURL_GLOBAL_DEFAULT);
    stay_loaded();
}

/* The versions of the loaded libraries, which may differ from the versions of the headers. */
static void add_versions(lua_State *L)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    lua_pushstring(L, info->version);
    lua_setfield(L, -2, "version");
    lua_pushstring(L, info->ssl_version);
    lua_setfield(L, -2, "tls_version");
}

/* The loader of kenar.curl: { pool = fn, headers = fn, read_headers = fn, version = "7.88.1",
 * tls_version = "OpenSSL/3.0.17" | nil }. */
__attribute__((visibility("default"))) int luaopen_kenar_curl(lua_State *L)
{
    pthread_once(&initialized, initialize);
    if (init_result != CURLE_OK) {
        return luaL_error(L, "libcurl could not be initialized: %s",
                          curl_easy_strerror(init_result));
    }
    lua_createtable(L, 0, 5);
    kenar_headers_open(L);
    kenar_pool_class_open(L);
    kenar_response_open(L);
    add_versions(L);
    return 1;
}
