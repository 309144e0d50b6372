#!/usr/bin/env python3
"""Calls each operation of Front's description once and holds the mock's answers against it; then with odd bodies.

Usage: mock_shapes.py URL core-api.facts.json. Prints one line for each deviation, and the number of
operations called. A step is: METHOD path [body] [> name=member]. `{name}` in the path and `$name` in the
body are values that earlier steps took from their answers; `member` is a path such as 0.id in the answer's
_results, or in the answer.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.request

STEPS = """
GET /me
GET /teams > team_id=0.id
GET /teams/{team_id}
GET /teammates > teammate_id=0.id other_id=1.id
GET /teammates/{teammate_id}
GET /inboxes > inbox_id=0.id second_inbox=1.id
GET /channels > channel_id=0.id custom_channel=9.id
GET /tags > tag_id=0.id second_tag=1.id third_tag=2.id
GET /conversations > conversation_id=0.id
GET /conversations/search/{query}
PATCH /conversations/{conversation_id} {"assignee_id": "$teammate_id", "custom_fields": {"city": "Bern"}, "tag_ids": ["$tag_id", "$second_tag"], "inbox_id": "$second_inbox", "status": "archived"}
PUT /conversations/{conversation_id}/assignee {"assignee_id": null}
POST /conversations/{conversation_id}/tags {"tag_ids": ["$third_tag"]}
DELETE /conversations/{conversation_id}/tags {"tag_ids": ["$tag_id"]}
PATCH /conversations/{conversation_id}/reminders {"teammate_id": "$teammate_id", "scheduled_at": "$next_year"}
GET /conversations/{conversation_id}
POST /conversations/{conversation_id}/followers {"teammate_ids": ["$teammate_id"]}
GET /conversations/{conversation_id}/followers
DELETE /conversations/{conversation_id}/followers {"teammate_ids": ["$teammate_id"]}
POST /conversations/{conversation_id}/links {"link_external_urls": ["https://github.com/a/b"]}
POST /links {"external_url": "https://shop.example/1", "name": "One"}
GET /links > link_id=2.id
GET /links/{link_id}
PATCH /links/{link_id} {"name": "Two"}
GET /links/{link_id}/conversations
DELETE /conversations/{conversation_id}/links {"link_ids": ["$link_id"]}
GET /conversations/{conversation_id}/inboxes
POST /conversations/{conversation_id}/comments {"body": "See @jonas"} > comment_id=id
GET /conversations/{conversation_id}/comments
GET /comments/{comment_id}
PATCH /comments/{comment_id}/ {"body": "See @kofi", "is_pinned": true}
GET /comments/{comment_id}/mentions
POST /comments/{comment_id}/replies {"body": "Yes", "author_id": "$teammate_id"}
POST /conversations/{conversation_id}/drafts {"body": "<p>d</p>", "channel_id": "$channel_id", "author_id": "$teammate_id", "should_add_default_signature": true} > draft_id=id message_id=id version=version
GET /conversations/{conversation_id}/drafts
GET /messages/{message_id}
PATCH /drafts/{message_id}/ {"body": "<p>e</p>", "channel_id": "$channel_id", "version": "$version", "mode": "shared"} > version=version
DELETE /drafts/{draft_id} {"version": "$version"}
POST /channels/{channel_id}/drafts {"body": "n", "to": ["q@mail.example"]}
GET /conversations/{conversation_id}/messages > message_id=0.id
POST /messages/{message_id}/seen {}
GET /messages/{message_id}/seen
POST /conversations/{conversation_id}/messages {"body": "Hello"}
POST /channels/{channel_id}/messages {"body": "Hello", "to": ["new@mail.example"], "subject": "S"}
POST /inboxes/{inbox_id}/imported_messages {"body": "Old", "to": ["a@mail.example"], "sender": {"handle": "z@mail.example"}, "external_id": "e1", "created_at": 1600000000, "metadata": {"is_inbound": true}}
POST /channels/{custom_channel}/incoming_messages {"body": "Hi", "sender": {"handle": "c1", "name": "C"}}
GET /conversations/{conversation_id}/events
GET /events > event_id=0.id
GET /events/{event_id}
POST /conversations {"type": "discussion", "subject": "d", "comment": {"body": "b"}, "teammate_ids": ["$teammate_id"]} > discussion=id
PATCH /conversations/{discussion} {"status": "deleted"}
DELETE /conversations/{discussion}
POST /contacts {"handles": [{"handle": "n1@mail.example", "source": "email"}], "name": "N", "custom_fields": {"city": "B", "isVIP": true}, "list_names": ["L"]} > contact_id=id
PATCH /contacts/{contact_id} {"description": "D"}
GET /contacts/{contact_id}
GET /contacts
POST /contacts/{contact_id}/handles {"handle": "n2@mail.example", "source": "email"}
DELETE /contacts/{contact_id}/handles {"handle": "n2@mail.example", "source": "email"}
POST /contacts/{contact_id}/notes {"author_id": "$teammate_id", "body": "Note"}
GET /contacts/{contact_id}/notes
GET /contacts/{contact_id}/conversations
POST /teams/{team_id}/contacts {"handles": [{"handle": "n3@mail.example", "source": "email"}]} > second_contact=id
GET /teams/{team_id}/contacts
POST /teammates/{teammate_id}/contacts {"handles": [{"handle": "n4@mail.example", "source": "email"}]}
GET /teammates/{teammate_id}/contacts
POST /contacts/merge {"contact_ids": ["$contact_id", "$second_contact"]}
POST /contact_lists {"name": "X"}
GET /contact_lists > contact_list_id=0.id
POST /contact_lists/{contact_list_id}/contacts {"contact_ids": ["$contact_id"]}
GET /contact_lists/{contact_list_id}/contacts
DELETE /contact_lists/{contact_list_id}/contacts {"contact_ids": ["$contact_id"]}
DELETE /contact_lists/{contact_list_id}
GET /teams/{team_id}/contact_lists
POST /teams/{team_id}/contact_lists {"name": "T"}
GET /teammates/{teammate_id}/contact_lists
POST /teammates/{teammate_id}/contact_lists {"name": "T"}
POST /contact_groups {"name": "X"}
GET /contact_groups > contact_group_id=0.id
POST /contact_groups/{contact_group_id}/contacts {"contact_ids": ["$contact_id"]}
GET /contact_groups/{contact_group_id}/contacts
DELETE /contact_groups/{contact_group_id}/contacts {"contact_ids": ["$contact_id"]}
DELETE /contact_groups/{contact_group_id}
GET /teams/{team_id}/contact_groups
POST /teams/{team_id}/contact_groups {"name": "T"}
GET /teammates/{teammate_id}/contact_groups
POST /teammates/{teammate_id}/contact_groups {"name": "T"}
POST /accounts {"name": "A", "domains": ["a.example"], "external_id": "x1", "custom_fields": {"city": "Q"}} > account_id=id
GET /accounts
GET /accounts/{account_id}
PATCH /accounts/{account_id} {"description": "D"}
POST /accounts/{account_id}/contacts {"contact_ids": ["$contact_id"]}
GET /accounts/{account_id}/contacts
DELETE /accounts/{account_id}/contacts {"contact_ids": ["$contact_id"]}
DELETE /accounts/{account_id}
DELETE /contacts/{contact_id}
GET /accounts/custom_fields
GET /contacts/custom_fields
GET /conversations/custom_fields
GET /inboxes/custom_fields
GET /links/custom_fields
GET /teammates/custom_fields
GET /custom_fields
GET /company/tags
POST /company/tags {"name": "C"}
POST /tags {"name": "T", "highlight": "blue"} > new_tag=id
GET /tags/{new_tag}
PATCH /tags/{new_tag} {"name": "U", "parent_tag_id": "$tag_id"}
GET /tags/{tag_id}/children
POST /tags/{tag_id}/children {"name": "V"}
GET /tags/{tag_id}/conversations
DELETE /tags/{new_tag}
GET /teams/{team_id}/tags
POST /teams/{team_id}/tags {"name": "W"}
GET /teammates/{teammate_id}/tags
POST /teammates/{teammate_id}/tags {"name": "Y"}
POST /inboxes {"name": "New", "teammate_ids": ["$teammate_id"]} > new_inbox=id
GET /inboxes/{new_inbox}
GET /inboxes/{new_inbox}/teammates
POST /inboxes/{new_inbox}/teammates {"teammate_ids": ["$other_id"]}
DELETE /inboxes/{new_inbox}/teammates {"teammate_ids": ["$teammate_id"]}
POST /inboxes/{new_inbox}/channels {"type": "smtp", "send_as": "new@acme.example", "name": "N"}
GET /inboxes/{new_inbox}/channels > new_channel=0.id
GET /channels/{new_channel}
PATCH /channels/{new_channel} {"name": "M", "settings": {"undo_send_time": 30}}
POST /channels/{new_channel}/validate
GET /inboxes/{inbox_id}/conversations
GET /teams/{team_id}/inboxes
POST /teams/{team_id}/inboxes {"name": "I"}
GET /teammates/{teammate_id}/private_inboxes
POST /teammates/{teammate_id}/private_inboxes {"name": "I"}
GET /teammates/{teammate_id}/inboxes
GET /teams/{team_id}/channels
GET /teammates/{teammate_id}/channels
PATCH /teammates/{teammate_id} {"is_available": false, "custom_fields": {"city": "B"}}
GET /teammates/{teammate_id}/conversations
POST /teams/{team_id}/teammates {"teammate_ids": ["$teammate_id"]}
DELETE /teams/{team_id}/teammates {"teammate_ids": ["$teammate_id"]}
GET /rules > rule_id=0.id
GET /rules/{rule_id}
GET /company/rules
GET /teams/{team_id}/rules
GET /teammates/{teammate_id}/rules
POST /teams/{team_id}/signatures {"name": "S", "body": "B", "is_default": true} > signature_id=id
GET /teams/{team_id}/signatures
POST /teammates/{teammate_id}/signatures {"name": "S", "body": "B"}
GET /teammates/{teammate_id}/signatures
GET /signatures/{signature_id}
PATCH /signatures/{signature_id} {"body": "C"}
DELETE /signatures/{signature_id}
POST /message_template_folders {"name": "F"} > message_template_folder_id=id
GET /message_template_folders
GET /message_template_folders/{message_template_folder_id}
PATCH /message_template_folders/{message_template_folder_id} {"name": "G"}
POST /message_template_folders/{message_template_folder_id}/message_template_folders {"name": "H"}
GET /message_template_folders/{message_template_folder_id}/message_template_folders
GET /message_template_folders/{message_template_folder_id}/message_templates
POST /message_template_folders/{message_template_folder_id}/message_templates {"name": "M", "body": "B"} > message_template_id=id
GET /message_templates
GET /message_templates/{message_template_id}
PATCH /message_templates/{message_template_id} {"body": "C"}
DELETE /message_templates/{message_template_id}
POST /message_templates {"name": "M", "body": "B", "folder_id": "$message_template_folder_id"}
DELETE /message_template_folders/{message_template_folder_id}
GET /teams/{team_id}/message_templates
POST /teams/{team_id}/message_templates {"name": "M", "body": "B"}
GET /teammates/{teammate_id}/message_templates
POST /teammates/{teammate_id}/message_templates {"name": "M", "body": "B"}
GET /teams/{team_id}/message_template_folders
POST /teams/{team_id}/message_template_folders {"name": "F"}
GET /teammates/{teammate_id}/message_template_folders
POST /teammates/{teammate_id}/message_template_folders {"name": "F"}
POST /shifts {"name": "S", "color": "red", "timezone": "Europe/Paris", "times": {"mon": {"start": "09:00", "end": "10:00"}}, "teammate_ids": ["$teammate_id"]} > shift_id=id
POST /teams/{team_id}/shifts {"name": "S", "color": "red", "timezone": "Europe/Paris", "times": {}, "teammate_ids": []}
GET /shifts
GET /shifts/{shift_id}
PATCH /shifts/{shift_id} {"name": "Q"}
GET /shifts/{shift_id}/teammates
POST /shifts/{shift_id}/teammates {"teammate_ids": ["$other_id"]}
DELETE /shifts/{shift_id}/teammates {"teammate_ids": ["$teammate_id"]}
GET /teams/{team_id}/shifts
GET /teammates/{teammate_id}/shifts
POST /teammates/{teammate_id}/time_offs {"name": "V", "start_at": 1, "end_at": 2, "auto_responder": {"body": "b", "is_enabled": true}} > time_off_id=id
GET /teammates/{teammate_id}/time_offs
GET /teams/{team_id}/time_offs
GET /time_offs/{time_off_id}
PATCH /time_offs/{time_off_id} {"end_at": null}
DELETE /time_offs/{time_off_id}
POST /analytics/exports {"type": "messages", "start": 1, "end": 2, "columns": ["Message ID"]} > export_id=id
GET /analytics/exports/{export_id}
POST /analytics/reports {"start": 1, "end": 2, "metrics": ["num_messages_sent", "avg_handle_time"]} > report_uid=uid
GET /analytics/reports/{report_uid}
GET /company/statuses > status_id=1.id
GET /company/statuses/{status_id}
POST /knowledge_bases {"name": "K"} > knowledge_base_id=id
GET /knowledge_bases
GET /knowledge_bases/{knowledge_base_id}
GET /knowledge_bases/{knowledge_base_id}/content
PATCH /knowledge_bases/{knowledge_base_id}/content {"name": "L"}
GET /knowledge_bases/{knowledge_base_id}/locales/{locale}/content
PATCH /knowledge_bases/{knowledge_base_id}/locales/{locale}/content {"name": "M"}
POST /knowledge_bases/{knowledge_base_id}/categories {"name": "C"} > category_id=id
POST /knowledge_bases/{knowledge_base_id}/locales/{locale}/categories {"name": "C"}
GET /knowledge_bases/{knowledge_base_id}/categories
POST /knowledge_bases/{knowledge_base_id}/articles {"subject": "A", "content": "x"} > article_id=id
POST /knowledge_bases/{knowledge_base_id}/locales/{locale}/articles {"subject": "A"}
GET /knowledge_bases/{knowledge_base_id}/articles
GET /knowledge_base_categories/{category_id}
GET /knowledge_base_categories/{category_id}/articles
GET /knowledge_base_categories/{category_id}/content
PATCH /knowledge_base_categories/{category_id}/content {"name": "D"}
GET /knowledge_base_categories/{category_id}/locales/{locale}/content
PATCH /knowledge_base_categories/{category_id}/locales/{locale}/content {"name": "E"}
DELETE /knowledge_base_categories/{category_id}
GET /knowledge_base_articles/{article_id}
GET /knowledge_base_articles/{article_id}/content
PATCH /knowledge_base_articles/{article_id}/content {"subject": "D"}
GET /knowledge_base_articles/{article_id}/locales/{locale}/content
PATCH /knowledge_base_articles/{article_id}/locales/{locale}/content {"content": "E"}
GET /knowledge_base_articles/{article_id}/download/{attachment_id}
DELETE /knowledge_base_articles/{article_id}
POST /teammate_groups {"name": "G"} > teammate_group_id=id
GET /teammate_groups
GET /teammate_groups/{teammate_group_id}
PATCH /teammate_groups/{teammate_group_id} {"name": "H"}
POST /teammate_groups/{teammate_group_id}/inboxes {"inbox_ids": ["$inbox_id"]}
GET /teammate_groups/{teammate_group_id}/inboxes
DELETE /teammate_groups/{teammate_group_id}/inboxes {"inbox_ids": ["$inbox_id"]}
POST /teammate_groups/{teammate_group_id}/teammates {"teammate_ids": ["$teammate_id"]}
GET /teammate_groups/{teammate_group_id}/teammates
DELETE /teammate_groups/{teammate_group_id}/teammates {"teammate_ids": ["$teammate_id"]}
POST /teammate_groups/{teammate_group_id}/teams {"team_ids": ["$team_id"]}
GET /teammate_groups/{teammate_group_id}/teams
DELETE /teammate_groups/{teammate_group_id}/teams {"team_ids": ["$team_id"]}
DELETE /teammate_groups/{teammate_group_id}
POST /teams/{team_id}/views {"name": "V", "inbox_ids": ["$inbox_id"]} > view_id=id
GET /teams/{team_id}/views
GET /views
GET /views/{view_id}
PATCH /views/{view_id} {"name": "W"}
POST /views/{view_id}/teammates {"teammate_ids": ["$teammate_id"]}
POST /applications/{application_uid}/events {"event_type": "a", "app_object": {"id": "1", "ext_link": "https://shop.example"}}
"""

# Null in captures or in the description's own examples, though it does not say so; and its other defects.
NULLS = {"author", "version", "signature", "error_type", "owner", "assignee", "recipient", "draft_mode", "seen_by",
         "avatar_url", "description"}
UNDOCUMENTED = {"last_message", "is_draft", "address", "send_as", "type", "updated_at", "is_spammer"}
WRONG_TYPE = {"first_seen_at"}  # a text that its example shows as a number

url, description = sys.argv[1], json.load(open(sys.argv[2]))
schemas = description["components"]["schemas"]
templates = [(method.upper(), path) for path, item in description["paths"].items() for method in item
             if method in ("get", "post", "put", "patch", "delete")]
values = {"query": "order", "locale": "en", "attachment_id": "fil_1", "application_uid": "app",
          "next_year": time.time() + 365 * 86400}


def ask(method, path, body=None, token="mock-token"):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, method=method, headers={"Content-Type": "application/json"})
    request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    try:
        return status, json.loads(text) if text else None
    except ValueError:
        return status, text


def resolve(schema):
    while "$ref" in schema:
        schema = schemas[schema["$ref"].split("/")[-1]]
    return schema


def compare(schema, value, path, found):
    """Adds what is wrong with VALUE to FOUND."""
    nullable, schema = schema.get("nullable"), resolve(schema)
    name = path.split(".")[-1]
    if name in WRONG_TYPE:
        return
    if value is None:
        if not nullable and not schema.get("nullable") and name not in NULLS:
            found.add(path + ": is null")
        return
    for one in schema.get("allOf", []):
        compare(one, value, path, found)
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices:
        if isinstance(value, list) and path.endswith("data"):  # its list of inboxes has no items in the description
            value, choices = value[0], [{"$ref": "#/components/schemas/InboxResponse"}]
        if path.endswith("target.data"):  # nor is a custom field among its choices
            choices = choices + [{"$ref": "#/components/schemas/CustomFieldResponse"}]
        tries = []
        for choice in choices:
            tries.append(set())
            compare(choice, value, path, tries[-1])
        found |= min(tries, key=len)
        return
    kind = schema.get("type", "object" if "properties" in schema else None)
    fits = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int}.get(kind)
    if fits and (not isinstance(value, fits) or isinstance(value, bool) and kind != "boolean"):
        found.add(f"{path}: {type(value).__name__} instead of {kind}")
    elif kind == "object" and schema.get("properties"):
        properties = schema["properties"]
        for required in schema.get("required", []):
            if required in properties and required not in value:
                found.add(f"{path}.{required}: is missing")
        for member, inner in value.items():
            if member in properties:
                compare(properties[member], inner, path + "." + member, found)
            elif member not in UNDOCUMENTED:
                found.add(f"{path}.{member}: is not Front's")
    elif kind == "array":
        for item in value:
            compare(schema.get("items", {}), item, path + "[]", found)
    elif "enum" in schema and value not in schema["enum"]:
        found.add(f"{path}: {value} is none of the described")


def template_of(method, path):
    """The described path that PATH of a step is, whatever its values are called."""
    plain = re.sub(r"\{\w+\}", "{}", path)
    for other, template in templates:
        if other == method and re.sub(r"\{\w+\}", "{}", template) == plain:
            return template
    sys.exit(f"{method} {path} is not described")


def take(answer, names):
    """Keeps what a step wants from its answer."""
    source = answer.get("_results", answer) if isinstance(answer, dict) else answer
    for pair in names.split():
        name, member = pair.split("=")
        at = source
        for part in member.split("."):
            at = at[int(part)] if part.isdigit() else at[part]
        values[name] = at


def fill(text):
    def one(match):
        return json.dumps(values[match.group(1)])
    return re.sub(r'"\$(\w+)"', one, text)


called = set()
ask("POST", "/_mock/ticketing", {"enabled": True})
for step in STEPS.strip().split("\n"):
    call, _, names = step.partition(" > ")
    method, path, body = (call.split(" ", 2) + [None])[:3]
    template = template_of(method, path)
    called.add((method, template))
    operation = description["paths"][template][method.lower()]
    code = min(code for code in operation["responses"] if code.startswith("2"))
    response = operation["responses"][code]
    if "$ref" in response:
        response = description["components"]["responses"][response["$ref"].split("/")[-1]]
    schema = response.get("content", {}).get("application/json", {}).get("schema")
    status, answer = ask(method, re.sub(r"\{(\w+)\}", lambda m: values[m.group(1)], path), body and json.loads(fill(body)))
    found = set()
    if str(status) != code:
        found.add(f"{status} instead of {code}: {answer}")
    elif schema:
        compare(schema, answer, "", found)
    elif status == 204 and answer is not None:
        found.add("204 with a body")
    for line in sorted(found):
        print(method, template, line)
    if names and str(status) == code:
        take(answer, names)



def members(schema):
    schema = resolve(schema)
    found = set(schema.get("properties", {}))
    for one in schema.get("allOf", []) + schema.get("oneOf", []):
        found |= members(one)
    return found


# An odd body is refused or taken, but never an error of the mock.
for method, template in templates:
    content = description["paths"][template][method.lower()].get("requestBody", {}).get("content", {})
    path = re.sub(r"\{(\w+)\}", lambda m: values.get(m.group(1), "x"), template)
    for schema in [one["schema"] for one in content.values()][:1]:
        for odd in [[], "x"] + [{name: value} for name in sorted(members(schema)) for value in ([[]], {"a": None})]:
            status, answer = ask(method, path, odd)
            if status >= 500:
                print(method, template, odd, answer)

downloads = {(m, p) for m, p in templates if "/download/" in p}
for method, path in sorted(set(templates) - called - downloads):
    print(method, path, "was not called")
print(len(called))
