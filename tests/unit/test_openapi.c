/* core/openapi and its parts: names, schemas put together, texts of actions. The whole
 * way is tests/e2e/import.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jsontree.h"
#include "core/lua_text.h"
#include "core/openapi.h"
#include "core/openapi_field.h"
#include "core/openapi_input.h"
#include "core/yamltree.h"

static void named(const char *id, const char *name)
{
    char *got = openapi_action_name(id, "GET", "/pets/{petId}/toys.json");
    assert_string_equal(got, name);
    free(got);
}

static void test_names(void **state)
{
    (void)state;
    named("listPets", "list-pets");
    named("getHTTPStatus2xx", "get-http-status2xx");
    named("repos/create-in_org", "repos-create-in-org");
    named("  Odd (name)! ", "odd-name");
    named(NULL, "get-pets-pet-id-toys-json");
    named("___", "get-pets-pet-id-toys-json");
    const char *const fields[][2] = {{"a", "a"},
                                     {"filter[name]", "filter_name"},
                                     {"X-Id", "X_Id"},
                                     {"2fa", "_2fa"},
                                     {"--", "_"}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char *got = openapi_field_name(fields[i][0]);
        assert_string_equal(got, fields[i][1]);
        free(got);
    }
}

static void test_sentences(void **state)
{
    (void)state;
    const char *const all[][2] = {
        {"# Title\nSome **bold** [text](https://x.example), <b>here</b>.",
         "Title Some bold text, here."},
        {"One sentence here. Another one that is much longer than fits.",
         "One sentence here."},
        {"Words without an end that go on and on", "Words without an end that go…"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char *got = openapi_sentence(all[i][0], i ? 32 : 100);
        assert_string_equal(got, all[i][1]);
        free(got);
    }
    assert_null(openapi_sentence(" \n", 100));
    assert_null(openapi_sentence(NULL, 100));
}

/* The schemas that the tests refer to. */
static const char components[] =
    "{components: {schemas: {"
    "Id: {type: string, minLength: 3, description: An id.},"
    "Pet: {type: object, required: [name], properties: {name: {$ref: "
    "'#/components/schemas/Id'}, age: {type: integer, minimum: 0, readOnly: true},"
    " kind: {enum: [cat, dog, null]}}},"
    "Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {required: [claws], properties: "
    "{claws: {type: boolean}}}]},"
    "Tree: {properties: {name: {type: string}, below: {type: array, items: {$ref: "
    "'#/components/schemas/Tree'}}}}}}}";

/* Compares the field that SCHEMA becomes. CUT: the schemas that are noted, as JSON. */
static void becomes(const char *schema, const char *lua, const char *cut)
{
    struct err e = {0};
    json_t *tree = yamltree_read(components, strlen(components), &e);
    json_t *one = yamltree_read(schema, strlen(schema), &e);
    if (!tree || !one)
        fail_msg("%s: %s", schema, e.text);
    struct openapi_document d = {tree, json_object(), json_object()};
    struct openapi_fields f = {.d = &d, .depth = 4, .left = 100};
    json_t *field = openapi_field(&f, one, NULL);
    struct buf out;
    buf_init(&out, 64 * 1024);
    lua_text_value(&out, field, 0);
    assert_string_equal(buf_str(&out), lua);
    char *noted = json_dumps(d.cut, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(noted, cut);
    free(noted);
    buf_free(&out);
    json_decref(field);
    json_decref(d.cut);
    json_decref(d.lost);
    json_decref(one);
    json_decref(tree);
}

static void test_fields(void **state)
{
    (void)state;
    becomes(
        "{type: string, example: x, default: y}",
        "{ \"string\", example = \"x\", about = \"The API's default is \\\"y\\\".\" }",
        "{}");
    becomes("{type: [integer, 'null'], maximum: 5}",
            "{ \"integer\", max = 5, nullable = true }", "{}");
    becomes("{$ref: '#/components/schemas/Id'}",
            "{ \"string\", min = 3, about = \"An id.\" }", "{}");
    becomes("{$ref: '#/components/schemas/None'}", "{ \"any\" }", "{}");
    becomes("{enum: [a, 2]}", "{ enum = { \"a\", 2 } }", "{}");
    becomes("{type: array, items: {type: number}, minItems: 1}",
            "{ list = \"number\", min = 1 }", "{}");
    becomes("{oneOf: [{type: 'null'}, {type: boolean}]}",
            "{ \"boolean\", nullable = true }", "{}");
    becomes("{oneOf: [{type: string}, {type: array, items: {type: string}}]}",
            "{ \"any\" }", "{}");
    becomes("{anyOf: [{type: integer}, {type: number}]}", "{ \"number\" }", "{}");
    becomes("{type: object, additionalProperties: {type: string}}", "{ \"object\" }",
            "{}");
    becomes("{$ref: '#/components/schemas/Cat'}",
            "{ object = {\n"
            "  name  = { \"string\", required = true, min = 3, about = \"An id.\" },\n"
            "  kind  = { enum = { \"cat\", \"dog\" }, nullable = true },\n"
            "  claws = { \"boolean\", required = true },\n"
            "} }",
            "{}");
    becomes("{oneOf: [{$ref: '#/components/schemas/Pet'}, {required: [name, x], "
            "properties: {name: {type: string}, x: {type: integer}}}]}",
            "{ object = {\n"
            "  name = { \"string\", required = true },\n"
            "  kind = { enum = { \"cat\", \"dog\" }, nullable = true },\n"
            "  x    = { \"integer\" },\n"
            "} }",
            "{}");
    becomes("{$ref: '#/components/schemas/Tree'}",
            "{ object = { name = { \"string\" }, below = { list = \"any\" } } }",
            "{\"Tree\":true}");
}

static void test_lua_text(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    json_t *tree =
        jsontree_reads("{\"a-b\": \"x\\\"\\n\\\\\\u0001\", \"end\": [1, 2.5, true],"
                       " \"e\": {}, \"z\": null}",
                       NULL);
    lua_text_value(&out, tree, 0);
    assert_string_equal(
        buf_str(&out),
        "{ [\"a-b\"] = \"x\\\"\\n\\\\\\001\", [\"end\"] = { 1, 2.5, true }, "
        "e = {}, z = nil }");
    json_decref(tree);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_fields), cmocka_unit_test(test_lua_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
