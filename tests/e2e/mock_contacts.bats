#!/usr/bin/env bats
# The mock's contacts and accounts: what a change does to the next read.

load helper
load front_api

setup_file() {
  BATS_TEST_TMPDIR= start_mock
  export MOCK MOCK_PID
}

teardown_file() {
  kill "$MOCK_PID"
}

# contact HANDLE [MEMBERS]: creates a contact; prints its id.
contact() {
  answers 201 POST /contacts "{\"handles\": [{\"handle\": \"$1\", \"source\": \"email\"}] ${2:+, $2}}" >&2 || return 1
  get .id
}

@test "an update erases the custom fields that it leaves out, and keeps them without the member" {
  local id
  id=$(contact fields@mail.example '"custom_fields": {"city": "Bern", "isVIP": true, "Colour": "red"}')
  answers 204 PATCH "/contacts/$id" '{"name": "Fay"}'
  answers 200 GET "/contacts/$id"
  shows '[.name, .custom_fields]' '["Fay",{"Colour":"red","city":"Bern","isVIP":true}]'
  answers 204 PATCH "/contacts/$id" '{"custom_fields": {"city": "Basel"}}'
  answers 200 GET "/contacts/$id"
  shows '[.name, .custom_fields]' '["Fay",{"city":"Basel"}]'
  refuses PATCH "/contacts/$id" '{"custom_fields": {"sla_time": "soon"}}' 'custom_fields.sla_time: must be of type number'
  answers 404 PATCH /contacts/crd_none '{"name": "x"}'
}

@test "another person changes a field: the others remain; also between a lost answer and its repetition" {
  local id
  id=$(contact another@mail.example '"custom_fields": {"city": "Bern", "isVIP": true}')
  mock_post "contacts/$id" '{"custom_fields": {"city": "Chur", "Job Title": "Cook"}}' >/dev/null
  mock_post "contacts/$id" '{"custom_fields": {"isVIP": null}}' >/dev/null
  answers 200 GET "/contacts/$id"
  shows .custom_fields '{"Job Title":"Cook","city":"Chur"}'
  mock_post faults "{\"kind\": \"drop-after\", \"match\": {\"method\": \"PATCH\"},
    \"then\": {\"path\": \"/_mock/contacts/$id\", \"body\": {\"custom_fields\": {\"sla_time\": 5}}}}" >/dev/null
  run mock_post faults '{"kind": "drop", "then": {"method": "PATCH"}}'
  [ "$status" -ne 0 ]
  run front PATCH "/contacts/$id" '{"custom_fields": {"city": "Davos"}}'
  [ "$status" -ne 0 ]
  answers 200 GET "/contacts/$id"
  shows .custom_fields '{"city":"Davos","sla_time":5}'
}

@test "updated_after, sorted, each page; a change moves a contact to the end" {
  local first second
  mock_post clock '{"now": 1800000000}' >/dev/null
  first=$(contact a1@mail.example)
  mock_post clock '{"now": 1800000001.25}' >/dev/null
  second=$(contact a2@mail.example)
  answers 200 GET '/contacts?q[updated_after]=1799999999&sort_by=updated_at&sort_order=asc'
  shows '[._results[].id]' "[\"$first\",\"$second\"]"
  answers 200 GET '/contacts?q[updated_after]=1800000000&sort_by=updated_at&sort_order=asc'
  shows '[._results[] | .id, .updated_at]' "[\"$second\",1800000001.25]"
  mock_post clock '{"now": 1800000002}' >/dev/null
  answers 204 PATCH "/contacts/$first" '{"description": "x"}'
  answers 200 GET '/contacts?q[updated_after]=1799999999&sort_by=updated_at&sort_order=asc&limit=1'
  shows '[._results[].id]' "[\"$second\"]"
  answers 200 GET "$(get ._pagination.next | sed "s|$MOCK||")"
  shows '[[._results[].id], ._pagination.next]' "[[\"$first\"],null]"
  answers 200 GET '/contacts?q[updated_after]=1799999999' # by creation, the newest first
  shows '[._results[].id]' "[\"$second\",\"$first\"]"
  answers 200 GET '/contacts?q[updated_before]=1800000002&q[updated_after]=1800000001&sort_by=updated_at'
  shows '[._results[].id]' "[\"$second\"]"
  answers 400 GET '/contacts?q[updated_after]=yesterday'
  answers 400 GET '/contacts?sort_by=name'
}

@test "handles: one contact each; the last one goes by force, and the contact with it" {
  local id
  id=$(contact h1@mail.example)
  answers 204 POST "/contacts/$id/handles" '{"handle": "+41 44 123", "source": "phone"}'
  answers 200 GET '/contacts/alt:phone:%2B4144123'
  shows .id "$id"
  answers 409 POST "/contacts/$id/handles" '{"handle": "customer1@mail1.example", "source": "email"}'
  refuses POST "/contacts/$id/handles" '{"handle": "x", "source": "fax"}' 'handles[0].source: is not a known source'
  answers 204 DELETE "/contacts/$id/handles" '{"handle": "h1@mail.example", "source": "email"}'
  answers 404 GET '/contacts/alt:email:h1@mail.example'
  answers 404 DELETE "/contacts/$id/handles" '{"handle": "h1@mail.example", "source": "email"}'
  answers 400 DELETE "/contacts/$id/handles" '{"handle": "+4144123", "source": "phone"}'
  answers 204 DELETE "/contacts/$id/handles" '{"handle": "+4144123", "source": "phone", "force": true}'
  answers 404 GET "/contacts/$id"
  contact h1@mail.example >/dev/null # the handle is free again
}

@test "merged contacts: one with all handles, fields, notes and conversations; deleted ones are gone" {
  local one two conversation
  one=$(contact m1@mail.example '"custom_fields": {"city": "Bern"}')
  two=$(contact m2@mail.example '"custom_fields": {"city": "Rome", "sla_time": 4}, "list_names": ["Newsletter"]')
  conversation=$(mock_post inbound '{"from": "m2@mail.example", "body": "Hi"}' | jq -r .conversation.id)
  answers 201 POST "/contacts/$two/notes" '{"author_id": "alt:email:leela@acme.example", "body": "Kind"}'
  refuses POST /contacts/merge "{\"contact_ids\": [\"$one\"]}" 'contact_ids: two different contacts are required'
  answers 200 POST /contacts/merge "{\"contact_ids\": [\"$two\"], \"target_contact_id\": \"$one\"}"
  shows '[.id, [.handles[].handle], .custom_fields, .lists[].name]' \
    "[\"$one\",[\"m1@mail.example\",\"m2@mail.example\"],{\"city\":\"Bern\",\"sla_time\":4},\"Newsletter\"]"
  answers 404 GET "/contacts/$two"
  answers 200 GET '/contacts/alt:email:m2@mail.example'
  shows .id "$one"
  answers 200 GET "/contacts/$one/conversations"
  shows '[._results[].id]' "[\"$conversation\"]"
  answers 202 GET "/contacts/$one/notes"
  shows '[._results[] | .body, .author.username]' '["Kind","leela"]'
  answers 204 DELETE "/contacts/$one"
  answers 404 GET '/contacts/alt:email:m1@mail.example'
}

@test "lists: by name, of teams, their contacts" {
  local id list
  answers 204 POST /contact_lists '{"name": "Winter sale"}'
  answers 200 GET /contact_lists
  list=$(get '._results[] | select(.name == "Winter sale") | .id')
  id=$(contact l1@mail.example)
  answers 204 POST "/contact_lists/$list/contacts" "{\"contact_ids\": [\"$id\", \"alt:email:customer1@mail1.example\"]}"
  answers 200 GET "/contact_lists/$list/contacts"
  shows '._results | length' 2
  answers 204 DELETE "/contact_lists/$list/contacts" '{"contact_ids": ["alt:email:customer1@mail1.example"]}'
  answers 200 GET "/contacts/$id"
  shows '[.lists[].name]' '["Winter sale"]'
  answers 204 PATCH "/contacts/$id" '{"list_names": ["Customers", "Spring sale"]}'
  answers 200 GET "/contacts/$id"
  shows '[.lists[].name]' '["Customers","Spring sale"]'
  answers 204 DELETE "/contact_lists/$list"
  answers 404 GET "/contact_lists/$list/contacts"
  front GET /teams
  local team
  team=$(get '._results[1].id')
  answers 204 POST "/teams/$team/contact_lists" '{"name": "Office"}'
  answers 200 GET "/teams/$team/contact_lists"
  shows '[._results[].name]' '["Office"]'
  answers 201 POST "/teams/$team/contacts" '{"handles": [{"handle": "t1@mail.example", "source": "email"}]}'
  answers 200 GET "/teams/$team/contacts"
  shows '[._results[].handles[].handle]' '["t1@mail.example"]'
}

@test "accounts: by domain and external id, their contacts, replaced custom fields" {
  local id
  answers 201 POST /accounts '{"name": "Wernham Hogg", "domains": ["wernham.example"], "external_id": "W-1", "custom_fields": {"city": "Slough"}}'
  id=$(get .id)
  answers 200 GET '/accounts/alt:domain:WERNHAM.example'
  shows .id "$id"
  answers 200 GET '/accounts/alt:ext_id:W-1'
  shows .name 'Wernham Hogg'
  answers 409 POST /accounts '{"name": "Other", "domains": ["wernham.example"]}'
  answers 200 PATCH "/accounts/$id" '{"custom_fields": {"sla_time": 3}, "description": "Paper"}'
  shows '[.custom_fields, .description, .external_id]' '[{"sla_time":3},"Paper","W-1"]'
  answers 204 POST "/accounts/$id/contacts" '{"contact_ids": ["alt:email:customer2@mail2.example"]}'
  answers 200 GET "/accounts/$id/contacts"
  shows '[._results[].handles[0].handle]' '["customer2@mail2.example"]'
  answers 204 DELETE "/accounts/$id/contacts" '{"contact_ids": ["alt:email:customer2@mail2.example"]}'
  answers 200 GET "/accounts/$id/contacts"
  shows ._results '[]'
  answers 204 DELETE "/accounts/$id"
  answers 404 GET "/accounts/$id"
}
