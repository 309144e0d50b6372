/* What cppcheck does not find: it reads no system headers. */
#define LUA_VERSION_RELEASE_NUM 50404
#define FOYER_VERSION           ""
#define json_array_foreach(array, index, value)                                          \
    for (index = 0; (value = json_array_get(array, index)); index++)
#define json_object_foreach(object, key, value)                                          \
    for (key = json_object_iter_key(json_object_iter(object));                           \
         key && (value = json_object_iter_value(json_object_iter_at(object, key)));      \
         key = json_object_iter_key(json_object_iter_at(object, key)))
#define json_object_keylen_foreach(object, key, len, value)                              \
    for (key = json_object_iter_key(json_object_iter(object)), len = strlen(key);        \
         key && (value = json_object_iter_value(json_object_iter_at(object, key)));      \
         key = json_object_iter_key(json_object_iter_at(object, key)))
