#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "work/receipts.h"
#include "core/reply.h"

static json_t *tree_of(const char *text)
{
    json_t *tree = json_loads(text, 0, NULL);
    assert_non_null(tree);
    return tree;
}

static void test_which_request_is_a_reply(void **state)
{
    (void)state;
    json_t *connector = tree_of("{\"reply\": {\"method\": \"POST\", \"path\": "
                                "\"/conversations/{conversation}/messages\"}}");
    static const struct {
        const char *method, *path, *conversation;
    } cases[] = {
        {"POST", "/conversations/cnv_1/messages", "cnv_1"},
        {"POST", "/conversations/cnv_1/messages?x=/y", "cnv_1"},
        {"POST", "/a/proxy/conversations/alt:ref:x/messages", "alt:ref:x"},
        {"GET", "/conversations/cnv_1/messages", NULL},
        {"POST", "/conversations/cnv_1/comments", NULL},
        {"POST", "/conversations//messages", NULL},
        {"POST", "/xconversations/cnv_1/messages", NULL},
        {"POST", "/conversations/cnv_1/messages/2", NULL},
        {"POST", "messages", NULL},
        {"POST", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *got = reply_to(connector, cases[i].method, cases[i].path);
        if (cases[i].conversation)
            assert_string_equal(got, cases[i].conversation);
        else
            assert_null(got);
        free(got);
    }
    assert_null(reply_to(NULL, "POST", "/conversations/cnv_1/messages"));
    json_decref(connector);
}

static void test_which_event_says_that_a_message_failed(void **state)
{
    (void)state;
    json_t *connector = tree_of(
        "{\"receipt\": {\"field\": \"message_uid\", \"get\": \"/m/{}\", \"failed\": "
        "[\"message_delivery_failed\", \"sending_error\"], \"ref\": "
        "\"payload.target.data.message_uid\"}}");
    static const struct {
        const char *event, *ref, *type;
    } cases[] = {
        {"{\"type\": \"message_delivery_failed\", \"payload\": {\"type\": "
         "\"message_bounce_error\", \"target\": {\"data\": {\"message_uid\": \"u1\"}}}}",
         "u1", "message_delivery_failed"},
        {"{\"type\": \"sending_error\", \"target\": {\"data\": {\"message_uid\": "
         "\"u2\"}}}",
         "u2", "sending_error"},
        {"{\"type\": \"x\", \"payload\": {\"type\": \"sending_error\", \"target\": "
         "{\"data\": {\"message_uid\": \"u3\"}}}}",
         "u3", "sending_error"},
        {"{\"type\": \"inbound\", \"target\": {\"data\": {\"message_uid\": \"u4\"}}}",
         NULL, NULL},
        {"{\"type\": \"sending_error\", \"target\": {\"id\": \"msg_1\"}}", NULL, NULL},
        {"[]", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *type = NULL;
        json_t *event = tree_of(cases[i].event);
        const char *ref = receipts_failed(connector, event, &type);
        if (cases[i].ref) {
            assert_string_equal(ref, cases[i].ref);
            assert_string_equal(type, cases[i].type);
        } else {
            assert_null(ref);
        }
        json_decref(event);
    }
    json_decref(connector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_request_is_a_reply),
        cmocka_unit_test(test_which_event_says_that_a_message_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
